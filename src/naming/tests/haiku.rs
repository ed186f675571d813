//! Modules, scopes and parameters, example by example.

use super::*;

#[test]
fn haiku_modules() {
    let haiku = Naming::haiku();
    let encode = |root, path: &Path<'_>| encode(&haiku, root, path);
    let net = module("Net");
    for (path, key) in [
        (vec![(Field("a"), net), (Field("b"), net), (Field("w"), Tensor)], "a/~/b.w"),
        (vec![(Field("a"), net), (Field("/b"), net), (Field("w"), Tensor)], "a/b.w"),
        (vec![(Field("a"), net), (Field("~m/b"), net), (Field("w"), Leaf)], "a/~m/b.w"),
        (vec![(Field("~m/b"), net), (Field("w"), Tensor)], "b.w"),
        (vec![(Field("/b"), net), (Field("w"), Tensor)], "b.w"),
        (vec![(Key("a/~/b"), net), (Key("w"), Tensor)], "a/~/b.w"),
        (vec![(Field("m"), net), (Key("a"), net), (Field("w"), Tensor)], "m.a.w"),
        (vec![(Field("m"), net), (Key("~/a"), net), (Field("w"), Tensor)], "m/~/a.w"),
        (vec![(Field("m"), net), (Key("/a"), net), (Field("w"), Tensor)], "m/a.w"),
        (vec![(Field("top"), Tensor)], "~.top"),
        (vec![(Key("~"), BARE), (Key("top"), Tensor)], "~.top"),
        (vec![(Field("a"), net), (Field("~/ema.average"), Tensor)], "a/~/ema.average"),
        (vec![(Field("params"), collection()), (Field("a"), net), (Field("w"), Tensor)], "params.a.w"),
        (vec![(Key("state"), BARE), (Key("a"), net), (Field("b"), net), (Field("w"), Tensor)], "state.a/~/b.w"),
        (vec![(Key("params"), BARE), (Key("~"), BARE), (Key("w"), Tensor)], "params.~.w"),
        (vec![(Field("params"), net), (Field("b"), net), (Field("w"), Tensor)], "params/~/b.w"),
        (
            vec![(Field("a"), net), (Field("params"), collection()), (Field("b"), net), (Field("w"), Tensor)],
            "a/~/params/~/b.w",
        ),
        (vec![(Field("a"), net), (Field("l"), LIST), (Index(0), Tensor)], "a.l"),
        (vec![(Field("a"), net), (Field("l"), LIST), (Index(2), Tensor)], "a.l_2"),
        (vec![(Field("l"), LIST), (Index(1), Tensor)], "~.l_1"),
        (vec![(Field("l"), LIST), (Index(1), LIST), (Index(2), net), (Field("w"), Tensor)], "l_1_2.w"),
        (vec![(Field("l"), LIST), (Index(1), LIST), (Index(0), net), (Field("w"), Tensor)], "l_1.w"),
        (vec![(Field("l"), LIST), (Index(0), LIST), (Index(1), net), (Field("w"), Tensor)], "l_0_1.w"),
        (
            vec![(Field("a"), net), (Field("l"), LIST), (Index(1), net), (Field("b"), net), (Field("w"), Tensor)],
            "a/~/l_1/~/b.w",
        ),
    ] {
        assert_eq!(encode(NET, &path).as_deref(), Ok(key));
    }
    assert_eq!(encode(LIST, &[(Index(1), net), (Field("w"), Tensor)]).as_deref(), Ok("1.w"));
    for path in [
        vec![(Field(""), net)],
        vec![(Field("a"), net), (Field(""), Tensor)],
        vec![(Key("a"), net), (Key("a.b"), Tensor)],
        vec![(Key("a//b"), net)],
        vec![(Key("/b"), net)],
        vec![(Field("~a"), net)],
        vec![(Key("~a"), net), (Field("b"), net)],
    ] {
        assert!(encode(NET, &path).is_err(), "{path:?}");
    }
    assert!(encode(Tensor, &[]).is_err());
    for (separator, key) in [("//", "a/~/b//w"), (":", "a/~/b:w"), ("/", "a/~/b/w")] {
        let naming = haiku.clone().separator(separator);
        let path = [(Field("a"), net), (Field("b"), net), (Field("w"), Tensor)];
        assert_eq!(super::encode(&naming, NET, &path).as_deref(), Ok(key));
        assert_eq!(names(&naming, key), ["a", "b", "w"]);
    }
}

#[test]
fn haiku_tokens() {
    let haiku = Naming::haiku();
    for (key, expected) in [
        ("methods/~/linear.w", &["methods", "/~/linear", ".w"][..]),
        ("methods/linear.w", &["methods", "/linear", ".w"]),
        ("m/~encode/enc.b", &["m", "/~encode/enc", ".b"]),
        ("~.top_level", &["~.top_level"]),
        ("params.~.x", &["params", ".~.x"]),
        ("params.enc/~/a.w", &["params", ".enc", "/~/a", ".w"]),
        ("m.w/x", &["m", ".w/x"]),
        ("~.a.w", &["~", ".a", ".w"]),
        ("", &[""]),
        ("...", &[".", ".", "."]),
    ] {
        assert_eq!(raws(&haiku, key), expected);
    }
    assert_eq!(raws(&haiku.clone().separator("//"), "a/~/b//w"), ["a", "/~/b", "//w"]);
    assert_eq!(raws(&haiku.clone().separator(":"), "a:b/~/c:w"), ["a:b", "/~/c", ":w"]);
    assert_eq!(raws(&haiku.clone().separator("/"), "~/w"), ["~/w"]);
    assert_eq!(raws(&haiku.clone().separator("/"), "a/~/b/w.x"), ["a", "/~/b", "/w.x"]);
    let scope = |key, position: usize| {
        let (_, token) = split(&haiku, key)[position].clone();
        (token.name.into_owned(), token.scoped.to_owned())
    };
    for (key, position, name, scoped) in [
        ("m/~/linear.w", 1, "linear", "~/linear"),
        ("m/linear.w", 1, "linear", "/linear"),
        ("m/~encode/enc.w", 1, "enc", "~encode/enc"),
        ("params.enc.w", 1, "enc", "enc"),
        ("params.~.x", 1, "x", "~.x"),
        ("~.top_level", 0, "top_level", "~.top_level"),
        ("m.w", 1, "w", "w"),
    ] {
        assert_eq!(scope(key, position), (name.to_owned(), scoped.to_owned()));
    }
    let (_, token) = split(&haiku, "m/~/linear.w")[1].clone();
    for (field, selected) in [("linear", true), ("~/linear", true), ("/linear", false)] {
        assert_eq!(haiku.selects(field, &token), selected);
    }
    let (_, token) = split(&haiku, "linear.w")[0].clone();
    assert!(haiku.selects("/linear", &token) && haiku.selects("~m/linear", &token));
}
