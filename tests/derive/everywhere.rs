//! Each attribute on each shape of type that it may stand on.

use std::fmt::Debug;

use ndarray::{Array1, Array2, array};
use safejax::{Checkpoint, Deserialize, Dtype, Naming, Options, Serialize, Tensor};
use serde::de::DeserializeOwned;

/// A value in a framework, which comes back.
fn file<T: Serialize + DeserializeOwned + Debug + PartialEq>(value: &T, naming: &Naming) -> Checkpoint<'static> {
    let options = Options::new().naming(naming.clone());
    let bytes = options.to_bytes(value).unwrap();
    assert_eq!(&options.from_bytes::<T>(&bytes).unwrap(), value);
    Checkpoint::from_bytes(bytes.leak()).unwrap()
}

fn keys(file: &Checkpoint<'_>) -> Vec<String> {
    file.keys().map(str::to_owned).collect()
}

/// The only tensor of a file.
fn tensor(file: &Checkpoint<'_>) -> Tensor {
    let keys = keys(file);
    assert_eq!(keys.len(), 1, "{keys:?}");
    file.tensor(&keys[0]).unwrap()
}

/// A field behind pointers.
#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Holder<T> {
    inner: Option<Box<T>>,
}

fn hold<T>(inner: T) -> Holder<T> {
    Holder { inner: Some(Box::new(inner)) }
}

/// Tests of one tensor field with these attributes in each shape of type: `$check` gets the file.
macro_rules! on_each_shape {
    ($name:ident: #[$($attribute:tt)*] $ty:ty = $value:expr, in $naming:expr, $check:expr) => {
        mod $name {
            use super::*;

            #[derive(Serialize, Deserialize, Debug, PartialEq)]
            struct Named {
                #[$($attribute)*]
                field: $ty,
                other: u8,
            }

            #[derive(Serialize, Deserialize, Debug, PartialEq)]
            struct Tuple(#[$($attribute)*] $ty, u8);

            #[derive(Serialize, Deserialize, Debug, PartialEq)]
            enum Variants {
                Named {
                    #[$($attribute)*]
                    field: $ty,
                    other: u8,
                },
                Tuple(#[$($attribute)*] $ty, u8),
            }

            #[derive(Serialize, Deserialize, Debug, PartialEq)]
            struct Generic<T, const N: usize>
            where
                T: PartialEq,
            {
                other: Option<T>,
                #[$($attribute)*]
                field: $ty,
                bytes: Vec<[u8; 2]>,
            }

            #[test]
            fn is_heeded() {
                let check = $check;
                check(&file(&Named { field: $value, other: 1 }, &$naming));
                check(&file(&hold(Named { field: $value, other: 1 }), &$naming));
                check(&file(&hold(Tuple($value, 1)), &$naming));
                check(&file(&hold(Variants::Named { field: $value, other: 1 }), &$naming));
                check(&file(&hold(Variants::Tuple($value, 1)), &$naming));
                let generic: Generic<u8, 3> = Generic { other: None, field: $value, bytes: vec![[1, 2]] };
                check(&file(&generic, &$naming));
            }
        }
    };
}

/// The same in newtypes, which have no names of their own.
macro_rules! in_newtypes {
    ($name:ident: #[$($attribute:tt)*] $ty:ty = $value:expr, in $naming:expr, $check:expr) => {
        mod $name {
            use super::*;

            #[derive(Serialize, Deserialize, Debug, PartialEq)]
            struct Newtype(#[$($attribute)*] $ty);

            #[derive(Serialize, Deserialize, Debug, PartialEq)]
            enum Variants {
                Newtype(#[$($attribute)*] $ty),
            }

            #[test]
            fn is_heeded() {
                let check = $check;
                check(&file(&hold(Newtype($value)), &$naming));
                check(&file(&hold(Variants::Newtype($value)), &$naming));
            }
        }
    };
}

macro_rules! on_tensors {
    ($name:ident, $newtypes:ident: $($rest:tt)*) => {
        on_each_shape!($name: $($rest)*);
        in_newtypes!($newtypes: $($rest)*);
    };
}

fn pair() -> Array2<f32> {
    array![[1.0, 2.0]]
}

on_tensors!(a_vec, a_vec_in_newtypes: #[tensor] Vec<f32> = vec![1.0], in Naming::flax(), |file: &_| {
    assert_eq!(tensor(file).shape(), [1]);
});
on_tensors!(dtype, dtype_in_newtypes: #[tensor(dtype = "I16")] Vec<i64> = vec![1], in Naming::flax(), |file: &_| {
    assert_eq!(tensor(file).dtype(), Dtype::I16);
});
on_tensors!(transpose, transpose_in_newtypes: #[tensor(transpose)] Array2<f32> = pair(), in Naming::flax(), |file: &_| {
    assert_eq!(tensor(file).shape(), [2, 1]);
});
on_tensors!(permute, permute_in_newtypes: #[tensor(permute(1, 0))] Array2<f32> = pair(), in Naming::flax(), |file: &_| {
    assert_eq!(tensor(file).shape(), [2, 1]);
});
on_tensors!(
    shape, shape_in_newtypes: #[tensor(shape(1, _), transpose)] Array2<f32> = pair(), in Naming::flax(), |file: &_| {
        assert_eq!(tensor(file).shape(), [2, 1]);
    }
);
on_tensors!(
    reshape, reshape_in_newtypes: #[tensor(reshape(haiku = (_, 1)))] Array1<f32> = array![1.0, 2.0], in Naming::haiku(), |file: &_| {
        assert_eq!(tensor(file).shape(), [2, 1]);
    }
);
on_tensors!(
    metadata, metadata_in_newtypes: #[safejax(metadata)] Array1<f32> = array![1.0], in Naming::flax(), |file: &_| {
        assert_eq!(keys(file).len(), 0);
    }
);

on_each_shape!(flax: #[tensor(flax = "name")] Vec<f32> = vec![1.0], in Naming::flax(), |file: &_| {
    assert_eq!(keys(file)[0].rsplit('.').next(), Some("name"));
});
on_each_shape!(haiku: #[tensor(haiku = "name")] Vec<f32> = vec![1.0], in Naming::haiku(), |file: &_| {
    assert_eq!(keys(file)[0].rsplit('.').next(), Some("name"));
});
on_each_shape!(objax: #[tensor(objax = "name")] Vec<f32> = vec![1.0], in Naming::objax(), |file: &_| {
    assert_eq!(keys(file)[0].rsplit('.').next(), Some("name::TrainVar"));
});
on_each_shape!(var: #[tensor(objax = "name", var = "StateVar")] Vec<f32> = vec![1.0], in Naming::objax(), |file: &_| {
    assert_eq!(keys(file)[0].rsplit('.').next(), Some("name::StateVar"));
});
on_each_shape!(
    collection: #[tensor(collection(flax = "stats"))] Vec<f32> = vec![1.0], in Naming::flax(), |file: &_| {
        assert_eq!(keys(file)[0].split('.').next(), Some("stats"));
    }
);
on_each_shape!(
    only: #[tensor(only(haiku))] Option<Vec<f32>> = Some(vec![1.0]), in Naming::haiku(), |file: &_| {
        assert_eq!(keys(file).len(), 1);
    }
);
on_each_shape!(
    only_elsewhere: #[tensor(only(haiku))] Option<Vec<f32>> = None, in Naming::flax(), |file: &_| {
        assert_eq!(keys(file).len(), 0);
    }
);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Linear {
    #[tensor]
    w: Vec<f32>,
}

fn linear() -> Linear {
    Linear { w: vec![1.0] }
}

on_each_shape!(
    name_of_a_submodule: #[safejax(flax = "name")] Linear = linear(), in Naming::flax(), |file: &_| {
        assert!(keys(file)[0].ends_with("name.w"), "{:?}", keys(file));
    }
);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum Lists {
    #[safejax(list = "suffix")]
    Newtype(Vec<Linear>),
    Named {
        #[safejax(list = "suffix")]
        field: Vec<Linear>,
    },
}

#[test]
fn a_list_on_a_variant_and_in_one() {
    let lists = || vec![linear(), linear()];
    let flax = |value| keys(&file(&hold(value), &Naming::flax()));
    assert_eq!(flax(Lists::Newtype(lists())), ["inner.Newtype_0.w", "inner.Newtype_1.w"]);
    assert_eq!(flax(Lists::Named { field: lists() }), ["inner.Named.field_0.w", "inner.Named.field_1.w"]);
}

/// A scope is below a module.
#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Below<T> {
    net: T,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Scoped {
    #[safejax(scope = "~encode", haiku = "linear")]
    field: Linear,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct ScopedTuple(#[safejax(scope = "~encode", haiku = "linear")] Linear, u8);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct ScopedNewtype(#[safejax(scope = "~encode", haiku = "linear")] Linear);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum ScopedVariants {
    #[safejax(scope = "~encode", haiku = "linear")]
    Newtype(Linear),
    Named {
        #[safejax(scope = "~encode", haiku = "linear")]
        field: Linear,
    },
}

#[test]
fn a_scope_on_each_shape() {
    fn key<T: Serialize + DeserializeOwned + Debug + PartialEq>(net: T) -> String {
        keys(&file(&Below { net }, &Naming::haiku())).concat()
    }
    assert_eq!(key(Scoped { field: linear() }), "net/~encode/linear.w");
    assert_eq!(key(ScopedTuple(linear(), 1)), "net/~encode/linear.w");
    assert_eq!(key(ScopedNewtype(linear())), "net/~encode/linear.w");
    assert_eq!(key(ScopedVariants::Newtype(linear())), "net/~encode/linear.w");
    assert_eq!(key(ScopedVariants::Named { field: linear() }), "net/~/Named/~encode/linear.w");
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum Variants {
    #[safejax(collection(flax = "stats"))]
    Collected(Linear),
    #[safejax(list = "suffix", flax = "layers")]
    List(Vec<Linear>),
    #[safejax(objax = "fields")]
    Fields {
        #[tensor]
        w: Vec<f32>,
    },
}

#[test]
fn keys_on_variants() {
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Net {
        one: Variants,
        two: Variants,
    }
    let flax = |one| keys(&file(&Net { one, two: Variants::Fields { w: vec![1.0] } }, &Naming::flax()));
    assert_eq!(flax(Variants::Collected(linear())), ["params.two.Fields.w", "stats.one.Collected.w"]);
    assert_eq!(flax(Variants::List(vec![linear()])), ["one.layers_0.w", "two.Fields.w"]);
    let objax = keys(&file(&Below { net: Variants::Fields { w: vec![1.0] } }, &Naming::objax())).concat();
    assert!(objax.contains(".fields"), "{objax}");
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[safejax(class = "Tuple2D", collection(haiku = "state"))]
struct TypeTuple(Linear, u8);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[safejax(class = "List2D", collection(haiku = "state"))]
struct TypeNewtype(Vec<Linear>);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[safejax(class = "Module2D", scope = "", collection(haiku = "state"))]
struct TypeModule(#[safejax(haiku = "linear", objax = "fc")] Linear);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[safejax(scope = "", collection(haiku = "state"))]
enum TypeEnum {
    Linear(Linear),
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Outer<T> {
    outer: Below<T>,
}

#[test]
fn keys_on_types() {
    fn key<T: Serialize + DeserializeOwned + Debug + PartialEq>(net: T, naming: Naming) -> String {
        keys(&file(&Outer { outer: Below { net } }, &naming)).concat()
    }
    assert_eq!(key(TypeTuple(linear(), 1), Naming::haiku()), "state.outer/~/net.w");
    assert_eq!(key(TypeEnum::Linear(linear()), Naming::haiku()), "state.outer/net/~/Linear.w");
    let objax = key(TypeTuple(linear(), 1), Naming::objax());
    assert!(objax.contains(".net(Tuple2D)"), "{objax}");
    let objax = key(TypeNewtype(vec![linear()]), Naming::objax());
    assert!(objax.contains(".net(List2D)[0]"), "{objax}");
    assert_eq!(key(TypeNewtype(vec![linear()]), Naming::haiku()), "state.outer/~/net.w");
    assert_eq!(key(TypeModule(linear()), Naming::haiku()), "state.outer/net/~/linear.w");
    let objax = key(TypeModule(linear()), Naming::objax());
    assert!(objax.contains(".net(Module2D).fc(Linear)"), "{objax}");
}
