//! Tensor fields that borrow: from the bytes, from a file that was loaded, from a map of it.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::borrow::Cow;
use std::ops::Range;

use half::bf16;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, CowArray, Ix1, array};
use safejax::{Checkpoint, Dtype, ErrorKind, Tensor, TensorView};

#[derive(safejax::Serialize, Debug)]
struct Owned {
    #[tensor]
    kernel: Array2<f32>,
    #[tensor]
    cow: Array1<f32>,
    #[tensor]
    view: Array1<f32>,
    #[tensor]
    slice: Vec<f32>,
    #[tensor]
    rows: Vec<[f32; 2]>,
    #[tensor]
    array: [f32; 2],
    #[tensor]
    cow_slice: Vec<f32>,
    #[tensor]
    mask: Vec<bool>,
}

#[derive(safejax::Deserialize, Debug, PartialEq)]
struct Borrowed<'a> {
    #[tensor]
    kernel: ArrayView2<'a, f32>,
    #[tensor]
    cow: CowArray<'a, f32, Ix1>,
    #[tensor]
    view: TensorView<'a>,
    #[tensor]
    slice: &'a [f32],
    #[tensor]
    rows: &'a [[f32; 2]],
    #[tensor]
    array: &'a [f32; 2],
    #[tensor]
    cow_slice: Cow<'a, [f32]>,
    #[tensor]
    mask: &'a [bool],
}

fn owned() -> Owned {
    Owned {
        kernel: array![[1.0, 2.0], [3.0, 4.0]],
        cow: array![5.0],
        view: array![6.0, 7.0],
        slice: vec![8.0],
        rows: vec![[9.0, 10.0]],
        array: [11.0, 12.0],
        cow_slice: vec![13.0],
        mask: vec![true, false],
    }
}

fn assert_is_owned(borrowed: &Borrowed<'_>) {
    let owned = owned();
    assert_eq!(borrowed.kernel, owned.kernel);
    assert_eq!(borrowed.cow, owned.cow);
    assert_eq!(borrowed.view, Tensor::from(owned.view).view());
    assert_eq!(borrowed.slice, owned.slice);
    assert_eq!(borrowed.rows, owned.rows);
    assert_eq!(*borrowed.array, owned.array);
    assert_eq!(borrowed.cow_slice, owned.cow_slice);
    assert_eq!(borrowed.mask, owned.mask);
}

/// The addresses of everything that is borrowed.
fn addresses(borrowed: &Borrowed<'_>) -> [*const u8; 8] {
    assert!(borrowed.cow.is_view() && matches!(borrowed.cow_slice, Cow::Borrowed(_)));
    [
        borrowed.kernel.as_ptr().cast(),
        borrowed.cow.as_ptr().cast(),
        borrowed.view.bytes().as_ptr(),
        borrowed.slice.as_ptr().cast(),
        borrowed.rows.as_ptr().cast(),
        borrowed.array.as_ptr().cast(),
        borrowed.cow_slice.as_ptr().cast(),
        borrowed.mask.as_ptr().cast(),
    ]
}

/// A copy of `bytes` that starts `offset` bytes after a multiple of 8, and where it starts.
fn shifted(bytes: &[u8], offset: usize) -> (Vec<u8>, Range<usize>) {
    let mut buffer = vec![0; bytes.len() + 16];
    let start = buffer.as_ptr().align_offset(8) + offset;
    buffer[start..start + bytes.len()].copy_from_slice(bytes);
    (buffer, start..start + bytes.len())
}

#[test]
fn everything_is_borrowed_from_the_bytes() {
    let (buffer, range) = shifted(&safejax::to_bytes(&owned()).unwrap(), 0);
    let bytes = &buffer[range];
    let borrowed: Borrowed<'_> = safejax::from_bytes(bytes).unwrap();
    assert_is_owned(&borrowed);
    assert!(addresses(&borrowed).iter().all(|address| bytes.as_ptr_range().contains(address)));
}

#[test]
fn everything_is_borrowed_from_a_loaded_and_from_a_mapped_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    safejax::to_file(&path, &owned()).unwrap();
    // SAFETY: nobody else knows the file.
    #[allow(unsafe_code)]
    let mapped = unsafe { Checkpoint::map(&path) }.unwrap();
    for checkpoint in [Checkpoint::load(&path).unwrap(), mapped] {
        let borrowed: Borrowed<'_> = checkpoint.get().unwrap();
        assert_is_owned(&borrowed);
        // The same memory each time it is asked for, where another view of it is.
        assert_eq!(addresses(&borrowed), addresses(&checkpoint.get().unwrap()));
        assert_eq!(addresses(&borrowed)[0], checkpoint.view("kernel").unwrap().bytes().as_ptr());
    }
}

#[test]
fn a_file_that_is_read_on_request_names_what_lends() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    safejax::to_file(&path, &owned()).unwrap();
    let checkpoint = Checkpoint::open(&path).unwrap();
    let error = checkpoint.get::<Borrowed<'_>>().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Borrow { .. }));
    let text = error.to_string();
    for name in ["Checkpoint::load", "Checkpoint::map", "from_bytes"] {
        assert!(text.contains(name), "{text}");
    }
}

#[derive(safejax::Deserialize, Debug)]
struct Cows<'a> {
    #[tensor]
    cow: CowArray<'a, f32, Ix1>,
    #[tensor]
    cow_slice: Cow<'a, [f32]>,
}

#[test]
fn a_cow_copies_from_a_file_that_is_read_on_request() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    safejax::to_file(&path, &owned()).unwrap();
    let checkpoint = Checkpoint::open(&path).unwrap();
    let cows: Cows<'_> = checkpoint.get().unwrap();
    assert!(!cows.cow.is_view() && matches!(cows.cow_slice, Cow::Owned(_)));
    assert_eq!((cows.cow, &*cows.cow_slice), (array![5.0].into(), [13.0].as_slice()));
}

#[test]
fn a_cow_copies_what_is_not_aligned() {
    let (buffer, range) = shifted(&safejax::to_bytes(&owned()).unwrap(), 1);
    let cows: Cows<'_> = safejax::from_bytes(&buffer[range]).unwrap();
    assert!(!cows.cow.is_view() && matches!(cows.cow_slice, Cow::Owned(_)));
    assert_eq!((cows.cow, &*cows.cow_slice), (array![5.0].into(), [13.0].as_slice()));
}

#[derive(safejax::Deserialize, Debug)]
struct View<'a> {
    #[tensor]
    #[allow(dead_code)]
    kernel: ArrayView2<'a, f32>,
}

#[derive(safejax::Deserialize, Debug)]
struct Slice<'a> {
    #[tensor]
    #[allow(dead_code)]
    slice: &'a [f32],
}

#[test]
fn a_view_says_that_the_bytes_are_not_aligned() {
    let (buffer, range) = shifted(&safejax::to_bytes(&owned()).unwrap(), 1);
    let bytes = &buffer[range];
    let text = "cannot borrow: the bytes are not aligned for f32: use Checkpoint::load, from_bytes on an aligned buffer, \
                or an owned type";
    let error = safejax::from_bytes::<View<'_>>(bytes).unwrap_err();
    assert_eq!(error.to_string(), format!("`kernel`: {text}"));
    assert!(matches!(error.kind(), ErrorKind::Borrow { .. }));
    assert_eq!(safejax::from_bytes::<Slice<'_>>(bytes).unwrap_err().to_string(), format!("`slice`: {text}"));
    // Bytes are aligned anywhere.
    assert!(safejax::from_bytes::<Mask<'_>>(bytes).is_ok());
}

#[test]
fn a_view_says_that_it_cannot_convert_and_a_cow_converts() {
    #[derive(safejax::Serialize)]
    struct Halves {
        #[tensor]
        kernel: Array2<bf16>,
        #[tensor]
        cow: [bf16; 1],
        #[tensor]
        cow_slice: [bf16; 1],
    }
    let halves = Halves { kernel: array![[bf16::ONE]], cow: [bf16::ONE], cow_slice: [bf16::ONE] };
    let bytes = safejax::to_bytes(&halves).unwrap();
    let error = safejax::from_bytes::<View<'_>>(&bytes).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`kernel`: expected dtype F32 to borrow, found dtype BF16; an owned type or a CowArray converts it"
    );
    let cows: Cows<'_> = safejax::from_bytes(&bytes).unwrap();
    assert_eq!((cows.cow, &*cows.cow_slice), (array![1.0].into(), [1.0].as_slice()));
}

#[derive(safejax::Deserialize, Debug)]
struct Mask<'a> {
    #[tensor]
    mask: ArrayView1<'a, bool>,
}

#[derive(safejax::Deserialize, Debug)]
struct CowMask<'a> {
    #[tensor]
    #[allow(dead_code)]
    mask: CowArray<'a, bool, Ix1>,
}

#[test]
fn a_bool_is_checked_before_it_is_borrowed() {
    #[derive(safejax::Serialize)]
    struct Bytes {
        #[tensor]
        mask: Tensor,
    }
    let file = |bytes: Vec<u8>| {
        let mask = Tensor::new(Dtype::BOOL, vec![bytes.len()], bytes).unwrap();
        safejax::to_bytes(&Bytes { mask }).unwrap()
    };
    let good = file(vec![0, 1]);
    assert_eq!(safejax::from_bytes::<Mask<'_>>(&good).unwrap().mask, array![false, true]);
    let bad = file(vec![0, 2]);
    let text = "`mask`: expected BOOL bytes of 0 or 1, found 2 at index 1";
    assert_eq!(safejax::from_bytes::<Mask<'_>>(&bad).unwrap_err().to_string(), text);
    assert_eq!(safejax::from_bytes::<CowMask<'_>>(&bad).unwrap_err().to_string(), text);
}

#[test]
fn an_optional_view_borrows_or_is_none() {
    #[derive(safejax::Deserialize, Debug)]
    struct Optional<'a> {
        #[tensor]
        kernel: Option<ArrayView2<'a, f32>>,
        #[tensor]
        absent: Option<&'a [f32]>,
    }
    let (buffer, range) = shifted(&safejax::to_bytes(&owned()).unwrap(), 0);
    let optional: Optional<'_> = safejax::from_bytes(&buffer[range]).unwrap();
    assert_eq!(optional.kernel.unwrap(), owned().kernel);
    assert!(optional.absent.is_none());
}
