//! Where haiku creates a submodule: `scope`, on fields and on types.

use ndarray::{Array1, arr1};
use safejax::{Deserialize, ErrorKind, Naming, Serialize, haiku};

use crate::values::{assert_keys, assert_reads_back, keys};

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Linear {
    w: Array1<f32>,
}

fn linear(value: f32) -> Linear {
    Linear { w: arr1(&[value]) }
}

/// Created in a method, wherever it stands.
#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[safejax(scope = "~encode")]
struct Encoder {
    w: Array1<f32>,
}

/// Created in `__call__`.
#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[safejax(scope = "")]
struct Called(Vec<Linear>);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Module {
    plain: Linear,
    #[safejax(scope = "~")]
    init: Linear,
    #[safejax(scope = "")]
    call: Linear,
    #[safejax(scope = "~decode", haiku = "dec")]
    decoder: Linear,
    typed: Encoder,
    #[safejax(scope = "~other")]
    both: Encoder,
    #[safejax(haiku = "~third/named")]
    path: Encoder,
    #[safejax(scope = "")]
    list: Vec<Linear>,
    items: Vec<Encoder>,
    variant: Block,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum Block {
    Encoder(Encoder),
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Root {
    module: Module,
}

fn root() -> Root {
    let encoder = |value| Encoder { w: arr1(&[value]) };
    Root {
        module: Module {
            plain: linear(0.0),
            init: linear(1.0),
            call: linear(2.0),
            decoder: linear(3.0),
            typed: encoder(4.0),
            both: encoder(5.0),
            path: encoder(6.0),
            list: vec![linear(7.0), linear(8.0)],
            items: vec![encoder(9.0), encoder(10.0)],
            variant: Block::Encoder(encoder(11.0)),
        },
    }
}

#[test]
fn every_scope_stands_in_the_key() {
    let expected = [
        "module/call.w",
        "module/list.w",
        "module/list_1.w",
        "module/~/init.w",
        "module/~/plain.w",
        "module/~/variant/~encode/Encoder.w",
        "module/~decode/dec.w",
        "module/~encode/items.w",
        "module/~encode/items_1.w",
        "module/~encode/typed.w",
        "module/~other/both.w",
        "module/~third/named.w",
    ];
    assert_eq!(keys(Naming::haiku(), &root()), expected);
    assert_reads_back(Naming::haiku(), &root());
}

#[test]
fn other_frameworks_have_no_scopes() {
    let flax = keys(Naming::flax(), &root());
    assert!(flax.iter().all(|key| !key.contains('~') && !key.contains('/')), "{flax:?}");
    assert!(flax.contains(&"module.items.1.w".to_owned()), "{flax:?}");
    assert_reads_back(Naming::flax(), &root());
    assert_reads_back(Naming::objax(), &root());
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct AtTheRoot {
    #[safejax(scope = "")]
    call: Linear,
    #[safejax(scope = "~method")]
    list: Vec<Linear>,
    typed: Encoder,
    #[safejax(scope = "~")]
    map: std::collections::BTreeMap<String, Linear>,
}

#[test]
fn at_the_root_a_scope_is_not_written() {
    let value = AtTheRoot {
        call: linear(1.0),
        list: vec![linear(2.0), linear(3.0)],
        typed: Encoder { w: arr1(&[4.0]) },
        map: [("a".to_owned(), linear(5.0))].into(),
    };
    assert_eq!(keys(Naming::haiku(), &value), ["call.w", "list.w", "list_1.w", "map.a.w", "typed.w"]);
    assert_reads_back(Naming::haiku(), &value);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct WithCalled {
    inner: InnerCalled,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct InnerCalled {
    layers: Called,
}

#[test]
fn the_scope_of_a_newtype_around_a_list_is_that_of_its_items() {
    let value = WithCalled { inner: InnerCalled { layers: Called(vec![linear(1.0), linear(2.0)]) } };
    assert_eq!(keys(Naming::haiku(), &value), ["inner/layers.w", "inner/layers_1.w"]);
    assert_reads_back(Naming::haiku(), &value);
}

/// A file of modules with these names in the module `net`, each with one parameter of its place.
fn file(modules: &[&str]) -> Vec<u8> {
    let tensors: Vec<(String, Array1<f32>)> =
        modules.iter().enumerate().map(|(index, module)| (format!("net{module}.w"), arr1(&[index as f32]))).collect();
    let tensors: std::collections::BTreeMap<String, Array1<f32>> = tensors.into_iter().collect();
    safejax::Options::new().naming(Naming::flat()).to_bytes(&tensors).unwrap()
}

#[derive(Deserialize, Debug)]
struct Net<T> {
    net: T,
}

#[derive(Deserialize, Debug)]
struct Bare {
    #[safejax(haiku = "linear")]
    layer: Linear,
}

#[test]
fn a_bare_name_is_found_in_any_scope() {
    for scope in ["/~/linear", "/linear", "/~method/linear", ".linear"] {
        let net: Net<Bare> = haiku::from_bytes(&file(&[scope, "/~/other"])).unwrap();
        assert_eq!(net.net.layer, linear(0.0), "{scope}");
    }
}

#[test]
fn a_bare_name_that_two_scopes_have_is_an_error_that_names_both() {
    let bytes = file(&["/~/linear", "/~method/linear"]);
    let error = haiku::from_bytes::<Net<Bare>>(&bytes).unwrap_err();
    let ErrorKind::Ambiguous { first, second } = error.kind() else { panic!("{error}") };
    assert_eq!([first.as_str(), second.as_str()], ["net/~/linear", "net/~method/linear"]);
    assert!(error.to_string().contains("safejax(haiku"), "{error}");
}

#[derive(Deserialize, Debug)]
struct Scoped {
    #[safejax(haiku = "linear", scope = "~")]
    init: Linear,
    #[safejax(haiku = "linear", scope = "")]
    call: Linear,
    #[safejax(haiku = "linear", scope = "~method")]
    method: Linear,
}

#[test]
fn a_scope_tells_modules_of_one_name_apart() {
    let net: Net<Scoped> = haiku::from_bytes(&file(&["/~method/linear", "/linear", "/~/linear"])).unwrap();
    assert_eq!([net.net.method, net.net.call, net.net.init], [linear(0.0), linear(1.0), linear(2.0)]);
}

#[derive(Deserialize, Debug)]
struct ScopedLists {
    #[safejax(haiku = "linear", scope = "~")]
    init: Vec<Linear>,
    #[safejax(haiku = "linear", scope = "")]
    call: Vec<Linear>,
}

#[test]
fn lists_of_one_name_in_two_scopes_keep_their_items() {
    let modules = ["/linear", "/linear_1", "/linear_2", "/~/linear", "/~/linear_1"];
    let net: Net<ScopedLists> = haiku::from_bytes(&file(&modules)).unwrap();
    assert_eq!(net.net.call, [linear(0.0), linear(1.0), linear(2.0)]);
    assert_eq!(net.net.init, [linear(3.0), linear(4.0)]);
}

#[derive(Deserialize, Debug)]
struct BareList {
    linear: Vec<Linear>,
}

#[test]
fn a_bare_list_takes_the_items_of_its_own_scope_alone() {
    let net: Net<BareList> = haiku::from_bytes(&file(&["/~/linear", "/~/linear_1", "/linear_2"])).unwrap();
    assert_eq!(net.net.linear, [linear(0.0), linear(1.0)]);
}

#[test]
fn scopes_leave_the_classes_of_objax_alone() {
    assert_keys(
        &InnerCalled { layers: Called(vec![linear(1.0)]) },
        [&["layers.0.w"], &["layers.w"], &["(InnerCalled).layers(Called)[0](Linear).w::TrainVar"]],
    );
}
