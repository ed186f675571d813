//! What the namings write and read, example by example; files and generated values in the
//! modules below.

mod golden;
mod haiku;
mod property;

use serde_json::json;

use super::*;

pub(super) const NET: Content<'static> = Content::Module { class: Some("Net"), holds_tensor: true, map: false };
const BARE: Content<'static> = Content::Module { class: None, holds_tensor: false, map: true };
const LIST: Content<'static> = Content::List { class: None, form: None };

/// Every naming with every option.
pub(super) fn all() -> Vec<Naming> {
    let mut namings = vec![Naming::flat()];
    for separator in [".", "/", ":::", ",", "_", "aba"] {
        for suffix in [false, true] {
            namings.push(Naming::flax().separator(separator).suffix_lists(suffix));
        }
    }
    for separator in super::haiku::SEPARATORS {
        namings.push(Naming::haiku().separator(separator));
    }
    for flag in [false, true] {
        namings.push(Naming::objax().kinds(flag));
        namings.push(Naming::keystr().leading_dot(flag));
    }
    namings
}

/// Splits a key: the raw texts and the tokens.
pub(super) fn split<'k>(naming: &Naming, key: &'k str) -> Vec<(&'k str, Token<'k>)> {
    let mut tokens = Vec::new();
    let mut at = naming.root_end(key);
    loop {
        let token = naming.token(key, at);
        let (raw, end, leaf) = (&key[at..token.end], token.end, token.leaf);
        assert!(end > at || leaf, "no progress at {at} of {key:?}");
        tokens.push((raw, token));
        if leaf {
            assert_eq!(end, key.len());
            return tokens;
        }
        at = end;
    }
}

fn names(naming: &Naming, key: &str) -> Vec<String> {
    let tokens = split(naming, key);
    tokens.iter().map(|(_, token)| token.name.to_string()).collect()
}

fn raws<'k>(naming: &Naming, key: &'k str) -> Vec<&'k str> {
    split(naming, key).iter().map(|(raw, _)| *raw).collect()
}

type Path<'a> = [(Segment<'a>, Content<'a>)];

fn encode(naming: &Naming, root: Content<'_>, path: &Path<'_>) -> Result<String, String> {
    let mut key = String::new();
    let mut level = naming.root(&mut key, &root).map_err(|refusal| refusal.0)?;
    for (segment, content) in path {
        level = naming.push(&mut key, &level, segment, content).map_err(|refusal| refusal.0)?;
    }
    Ok(key)
}

use Content::{Leaf, Tensor};
use Segment::{Field, Index, IntKey, Key};

fn module(class: &str) -> Content<'_> {
    Content::Module { class: Some(class), holds_tensor: true, map: false }
}

fn collection() -> Content<'static> {
    Content::Module { class: None, holds_tensor: false, map: false }
}

#[test]
fn the_example_of_every_naming() {
    let path = [(Field("layers"), LIST), (Index(1), module("Dense")), (Field("kernel"), Tensor)];
    for (naming, key) in [
        (Naming::flax(), "layers.1.kernel"),
        (Naming::flax().separator(":::"), "layers:::1:::kernel"),
        (Naming::flax().suffix_lists(true), "layers_1.kernel"),
        (Naming::haiku(), "layers_1.kernel"),
        (Naming::objax(), "(Net).layers(ModuleList)[1](Dense).kernel::TrainVar"),
        (Naming::objax().kinds(false), "(Net).layers(ModuleList)[1](Dense).kernel"),
        (Naming::keystr(), ".layers[1].kernel"),
        (Naming::keystr().leading_dot(false), "layers[1].kernel"),
    ] {
        assert_eq!(encode(&naming, NET, &path).as_deref(), Ok(key));
        let back = match key.contains("_1") {
            true => names(&naming, key) == ["layers_1", "kernel"],
            false => names(&naming, key) == ["layers", "1", "kernel"],
        };
        assert!(back, "{naming}: {:?}", names(&naming, key));
    }
    assert!(encode(&Naming::flat(), NET, &path).is_err());
}

#[test]
fn flax_separators() {
    let slash = Naming::flax().separator("/");
    let net = module("Net");
    let path = [(Key("a.b"), net), (Key("w"), Tensor)];
    let refusal = encode(&Naming::flax(), BARE, &path).unwrap_err();
    assert!(refusal.contains("Naming::flax().separator(\"/\")"), "{refusal}");
    assert_eq!(encode(&slash, BARE, &path).as_deref(), Ok("a.b/w"));
    let path = [(Field("a.b"), net), (Field("w"), Tensor)];
    assert_eq!(encode(&Naming::flax(), NET, &path).as_deref(), Ok("a.b.w"));

    let colons = Naming::flax().separator(":::");
    let path = [(Key("a:"), net), (Key("w"), Tensor)];
    assert!(encode(&colons, BARE, &path).is_err());
    let path = [(Key("a"), net), (Key(":w"), Tensor)];
    assert_eq!(encode(&colons, BARE, &path).as_deref(), Ok("a::::w"));
    assert_eq!(names(&colons, "a::::w"), ["a", ":w"]);

    // `a:` is no level of `a::::w`, and neither is a conflict.
    assert_eq!(colons.fits(&["a:", "a::::w"]), Ok(()));
    assert!(colons.fits(&["a", "a::::w"]).is_err());
    // `layers_1` would split after `layer`, or before the `1`.
    for separator in ["s_", "1"] {
        let naming = Naming::flax().separator(separator).suffix_lists(true);
        let path = [(Field("layers"), LIST), (Index(1), Tensor)];
        assert!(encode(&naming, NET, &path).is_err());
    }

    assert_eq!(encode(&Naming::flax(), Tensor, &[]).as_deref(), Ok(""));
    assert_eq!(names(&Naming::flax(), ""), [""]);
    assert_eq!(raws(&Naming::flax(), "a."), ["a.", ""]);
    assert_eq!(raws(&Naming::flax(), "a..b"), ["a.", ".", "b"]);

    let suffix = Naming::flax().suffix_lists(true);
    let path = [(Field("l"), LIST), (Index(0), LIST), (Index(1), Tensor)];
    assert_eq!(encode(&suffix, NET, &path).as_deref(), Ok("l_0_1"));
    let path = [(Index(0), LIST), (Index(1), net), (Field("w"), Tensor)];
    assert_eq!(encode(&suffix, LIST, &path).as_deref(), Ok("0_1.w"));
}

#[test]
fn objax_names() {
    let objax = Naming::objax();
    let untyped = Naming::objax().kinds(false);
    let linear = module("Linear");
    for (root, path, key) in [
        (BARE, vec![(Key("model"), linear), (Field("b"), Tensor)], "model(Linear).b::TrainVar"),
        (BARE, vec![(Key("a::StateVar"), Tensor)], "a::StateVar"),
        (BARE, vec![(Key("a"), Tensor)], "a"),
        (NET, vec![(Field("m::StateVar"), Tensor)], "(Net).m::StateVar"),
        (NET, vec![(Field("m"), Leaf)], "(Net).m"),
        (collection(), vec![(Field("m"), linear), (Field("w"), Tensor)], "m(Linear).w::TrainVar"),
        (
            Content::List { class: Some("Sequential"), form: None },
            vec![(Index(0), linear), (Field("w"), Tensor)],
            "(Sequential)[0](Linear).w::TrainVar",
        ),
        (NET, vec![(Field("m"), LIST), (Index(3), Tensor)], "(Net).m(ModuleList)[3]::TrainVar"),
    ] {
        assert_eq!(encode(&objax, root, &path).as_deref(), Ok(key));
        let (before, _) = key.split_once("::").unwrap_or((key, ""));
        assert_eq!(encode(&untyped, root, &path).as_deref(), Ok(before));
    }
    for path in [
        vec![(Field("a.b"), Tensor)],
        vec![(Field(""), Tensor)],
        vec![(Field("a"), BARE)],
        vec![(Field("m::StateVar"), linear)],
        vec![(Field("a"), module("A<B>::C"))],
    ] {
        assert!(encode(&objax, NET, &path).is_err(), "{path:?}");
    }
    assert!(encode(&objax, Leaf, &[]).is_err());

    let key = "(Res).blocks(ModuleList)[0](Conv2D).b::TrainVar";
    assert_eq!(objax.root_end(key), 5);
    assert_eq!(raws(&objax, key), [".blocks(ModuleList)", "[0](Conv2D)", ".b::TrainVar"]);
    assert_eq!(names(&objax, key), ["blocks", "0", "b"]);
    assert!(split(&objax, key)[1].1.index);
    assert_eq!(raws(&objax, "model(Linear).b::T"), ["model(Linear)", ".b::T"]);
    for key in ["a:::T", "::T", "a::", "a::b::T", "a", "a::b c", "a:b::T"] {
        assert!(objax.accepts(key).is_err(), "{key}");
    }
    for key in ["(Net)", "a..b", "a[01]", "(A)[0]b", "a()", "a::T", "", "(A"] {
        assert!(untyped.accepts(key).is_err(), "{key}");
    }
}

#[test]
fn keystr_items() {
    let keystr = Naming::keystr();
    let net = module("Net");
    // What Python 3 prints for repr().
    for (text, written) in [
        ("a", r"['a']"),
        ("it's", r#"["it's"]"#),
        ("\"'", r#"['"\'']"#),
        ("a\\\n\t\r", r"['a\\\n\t\r']"),
        ("\0\x7f\u{a0}\u{ad}", r"['\x00\x7f\xa0\xad']"),
        ("\u{2028}é中😀", r"['\u2028é中😀']"),
        ("e\u{301}", "['e\u{301}']"),
        ("\u{e0001}\u{ffff}", r"['\U000e0001\uffff']"),
        ("", "['']"),
    ] {
        let path = [(Key(text), net), (Key("w"), Tensor)];
        let key = encode(&keystr, BARE, &path).unwrap();
        assert_eq!(key, format!("{written}['w']"));
        assert_eq!(names(&keystr, &key), [text, "w"]);
        assert_eq!(keystr.accepts(&key), Ok(()));
    }
    let path = [(IntKey("-3"), net), (Index(1), Tensor)];
    assert_eq!(encode(&keystr, BARE, &path).as_deref(), Ok("[-3][1]"));
    assert_eq!(names(&keystr, "[-3][1]"), ["-3", "1"]);
    for key in ["['a']", "a.b", "0"] {
        assert_eq!(encode(&keystr, BARE, &[(Key(key), Tensor)]).as_deref(), Ok(key));
    }
    assert!(encode(&keystr, NET, &[(Field("a.b"), Tensor)]).is_err());
    assert_eq!(raws(&keystr, "[1][0].mu['dense']['bias']"), ["[1]", "[0]", ".mu", "['dense']", "['bias']"]);
    for key in [".", "a..b", "[01]", "[-0]", "['a'", "['a]", "['a'b]", "[a]", "[0]a", r"['\q']", "a]", "[1.5]"] {
        assert!(keystr.accepts(key).is_err(), "{key}");
    }
}

#[test]
fn detected_or_not() {
    let flax = Naming::flax;
    for (keys, naming) in [
        (&[][..], flax()),
        (&["a", "a.b"], Naming::flat()),
        (&["a", "a-c", "a.b"], Naming::flat()),
        (&["a.b", "a"], Naming::flat()),
        (&["a", "ab.c"], flax()),
        (&["", "."], Naming::flat()),
        (&["a:::b", "c"], flax().separator(":::")),
        (&["a,b", "c"], flax().separator(",")),
        (&["a.b/c"], Naming::flat().clone()),
        (&["a::TrainVar", "b"], flax()),
        (&["a:::TrainVar"], flax().separator(":::")),
        (&["::TrainVar"], flax()),
        (&["a::MyVar"], Naming::objax()),
        (&["(A).b", "c"], flax()),
        (&["model(Linear).b", "(A).c"], Naming::objax().kinds(false)),
        (&["a[0]", ".b"], Naming::keystr()),
        (&["~.top", "a.w"], Naming::haiku()),
        (&["~:top", "a:w"], Naming::haiku().separator(":")),
        (&["params.~.top"], Naming::haiku()),
        (&["mlp/~/l//w"], Naming::haiku().separator("//")),
        (&["a/b/w"], flax().separator("/")),
        (&["a/~/w"], Naming::haiku().separator("/")),
        (&["a/b.w", "c"], flax()),
    ] {
        // A module path and a parameter, so haiku's.
        let naming = if keys == ["a.b/c"] { flax() } else { naming };
        assert_eq!(Naming::detect(keys.iter().copied()), naming, "{keys:?}");
    }
}

#[test]
fn options_of_a_scheme() {
    let keys = ["a/b", "c/d"];
    assert_eq!(Naming::flax().detect_scheme(&keys), Some(Naming::flax().separator("/")));
    assert_eq!(Naming::haiku().detect_scheme(&keys), Some(Naming::haiku().separator("/")));
    assert_eq!(Naming::objax().detect_scheme(&["a"]), Some(Naming::objax().kinds(false)));
    assert_eq!(Naming::objax().detect_scheme(&["a", "b::T"]), None);
    assert_eq!(Naming::keystr().detect_scheme(&["a"]), Some(Naming::keystr().leading_dot(false)));
    assert_eq!(Naming::flax().detect_scheme(&["a", "a.b"]), None);
    let plus = Naming::flax().separator("+").suffix_lists(true);
    assert_eq!(plus.detect_scheme(&["a+b"]), Some(plus.clone()));
    assert_eq!(Naming::flax().fits(&["a", "a-c", "a.b"]).unwrap_err().0, "a.b");
    assert_eq!(Naming::haiku().fits(&["a.w", "b"]).unwrap_err().0, "b");
}

#[test]
fn descriptions_come_back() {
    for naming in all() {
        assert_eq!(Naming::from_description(&naming.describe()), Some(naming));
    }
    assert_eq!(Naming::flax().describe(), json!({"naming": "flax", "separator": "."}));
    for wrong in [
        json!(null),
        json!({}),
        json!({"naming": "other"}),
        json!({"naming": "flax", "separator": ""}),
        json!({"naming": "flax", "separator": 1}),
        json!({"naming": "haiku", "separator": "+"}),
        json!({"naming": "objax", "kinds": "no"}),
    ] {
        assert_eq!(Naming::from_description(&wrong), None, "{wrong}");
    }
}
