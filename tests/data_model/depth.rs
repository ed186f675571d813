//! How deep a value may nest.

use ndarray::{Array1, array};
use safejax::{ErrorKind, Options, Tree};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Chain {
    #[serde(default)]
    weight: Array1<f32>,
    next: Vec<Chain>,
}

/// A chain of that many structs, which nest in a list each.
fn chain(length: usize) -> Chain {
    (1..length)
        .fold(Chain { weight: array![1.0], next: vec![] }, |next, _| Chain { weight: array![], next: vec![next] })
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum List {
    Nil,
    Cons(u8, Box<List>),
}

fn list(length: usize) -> List {
    (0..length).fold(List::Nil, |rest, n| List::Cons(n as u8, Box::new(rest)))
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Nested(Vec<Nested>);

fn nested(depth: usize) -> Nested {
    (1..depth).fold(Nested(vec![]), |inner, _| Nested(vec![inner]))
}

/// How often the value may grow before it is not saved any more, and whether all before loads.
fn limit<T: Serialize + DeserializeOwned + PartialEq>(options: &Options, value: impl Fn(usize) -> T) -> usize {
    (1..400)
        .take_while(|size| {
            let value = value(*size);
            match options.to_bytes(&value) {
                Ok(bytes) => {
                    let loaded: T = options.from_bytes(&bytes).unwrap_or_else(|error| panic!("{size}: {error}"));
                    loaded == value
                }
                Err(_) => false,
            }
        })
        .count()
}

#[test]
fn what_is_saved_can_be_loaded_at_any_depth() {
    let usual = Options::new();
    // A struct and a list a link.
    assert_eq!(limit(&usual, chain), 64);
    // A newtype and a list a level.
    assert_eq!(limit(&usual, nested), 64);
    // A variant and its tuple a link.
    assert_eq!(limit(&usual, list), 64);
    let deep = Options::new().max_depth(300);
    assert_eq!(limit(&deep, chain), 150);
    // Leaves are JSON, which is read 127 levels deep.
    assert_eq!(limit(&deep, nested), 127);
    assert_eq!(limit(&deep, list), 64);
    assert_eq!(limit(&Options::new().max_depth(10), chain), 5);
}

#[test]
fn beyond_the_limit_saving_and_loading_are_errors() {
    let error = safejax::to_bytes(&chain(65)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Depth { limit: 128 }), "{error}");
    assert!(error.to_string().ends_with("nested deeper than 128 levels (Options::max_depth)"), "{error}");
    // Whoever raises the limit has to have the stack for it.
    let deep = || Options::new().max_depth(10_000).to_bytes(&chain(1000)).unwrap();
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(deep).unwrap();
    let bytes = thread.join().unwrap();
    let error = safejax::from_bytes::<Chain>(&bytes).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Depth { limit: 128 }), "{error}");
    let error = safejax::from_bytes::<Tree>(&bytes).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Depth { limit: 128 }), "{error}");
    let error = safejax::to_tree(&chain(1000)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Depth { limit: 128 }), "{error}");
}

#[test]
fn a_leaf_too_deep_for_json_is_refused_when_it_is_saved() {
    let error = Options::new().max_depth(300).to_bytes(&nested(128)).unwrap_err();
    assert!(error.to_string().ends_with("which nests no deeper than 127 levels"), "{error}");
}

#[test]
fn an_endless_value_is_an_error() {
    struct Endless;
    impl Serialize for Endless {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq([Endless])
        }
    }
    struct Newtypes;
    impl Serialize for Newtypes {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_newtype_struct("Newtypes", self)
        }
    }
    struct Options_;
    impl Serialize for Options_ {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_some(self)
        }
    }
    for error in [safejax::to_bytes(&Endless), safejax::to_bytes(&Newtypes), safejax::to_bytes(&Options_)] {
        assert!(matches!(error.unwrap_err().kind(), ErrorKind::Depth { limit: 128 }));
    }
}

#[test]
fn an_endless_type_does_not_overflow() {
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Endless(Box<Endless>);
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Option_(Option<Box<Option_>>);
    let bytes = safejax::to_bytes(&array![1.0f32]).unwrap();
    assert!(safejax::from_bytes::<Endless>(&bytes).unwrap_err().to_string().contains("nested deeper"));
    assert!(safejax::from_bytes::<Option_>(&bytes).unwrap_err().to_string().contains("nested deeper"));
    for text in ["5", "text", "[1]"] {
        let bytes = safejax::to_bytes(&text.to_owned()).unwrap();
        assert!(safejax::from_bytes::<Endless>(&bytes).unwrap_err().to_string().contains("nested deeper"));
    }
    let bytes = safejax::to_bytes(&vec![vec![5]]).unwrap();
    assert!(safejax::from_bytes::<(Endless,)>(&bytes).unwrap_err().to_string().contains("nested deeper"));
}
