//! What the compiler says of wrong attributes, and of what would outlive the bytes that it borrows.

#[test]
fn wrong_use_is_an_error_on_the_token() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
}
