//! serde's attributes keep their meaning, beside ours and without them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ndarray::{Array1, array};
use safejax::{Deserialize, Serialize};

use crate::{back, keys};

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(rename = "net", rename_all = "SCREAMING-KEBAB-CASE", deny_unknown_fields)]
struct Renamed {
    #[tensor]
    big_kernel: Vec<f32>,
    #[serde(rename = "b", alias = "bias", alias = "offset")]
    #[tensor]
    the_bias: Vec<f32>,
    #[serde(rename(serialize = "out", deserialize = "in"))]
    scale: u8,
}

#[test]
fn rename_rename_all_and_alias() {
    let value = Renamed { big_kernel: vec![1.0], the_bias: vec![2.0], scale: 3 };
    assert_eq!(keys(&value), ["BIG-KERNEL", "b"]);
    let text = r#"{"BIG-KERNEL":[1.0],"b":[2.0],"out":3}"#;
    assert_eq!(serde_json::to_string(&value).unwrap(), text);
    let text = r#"{"BIG-KERNEL":[1.0],"offset":[2.0],"in":3}"#;
    assert_eq!(serde_json::from_str::<Renamed>(text).unwrap(), value);
    let error = serde_json::from_str::<Renamed>(r#"{"kernel":1}"#).unwrap_err().to_string();
    assert_eq!(error, serde_json::from_str::<PlainRenamed>(r#"{"kernel":1}"#).unwrap_err().to_string());

    #[derive(serde::Deserialize, Debug)]
    #[serde(rename = "net", rename_all = "SCREAMING-KEBAB-CASE", deny_unknown_fields)]
    #[allow(dead_code)]
    struct PlainRenamed {
        big_kernel: Vec<f32>,
        #[serde(rename = "b", alias = "bias", alias = "offset")]
        the_bias: Vec<f32>,
        #[serde(rename(serialize = "out", deserialize = "in"))]
        scale: u8,
    }
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(rename_all_fields = "camelCase", rename_all = "lowercase")]
enum Fields {
    First {
        #[tensor]
        the_kernel: Vec<f32>,
    },
    #[serde(rename_all = "UPPERCASE", alias = "other")]
    Second {
        #[tensor]
        the_bias: Vec<f32>,
    },
}

#[test]
fn rename_all_fields() {
    let value = Fields::First { the_kernel: vec![1.0] };
    assert_eq!(keys(&value), ["first.theKernel"]);
    assert_eq!(back(&value), value);
    let value = Fields::Second { the_bias: vec![1.0] };
    assert_eq!(keys(&value), ["second.THE_BIAS"]);
    assert_eq!(back(&value), value);
    assert_eq!(serde_json::from_str::<Fields>(r#"{"other":{"THE_BIAS":[1.0]}}"#).unwrap(), value);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Defaults {
    #[tensor]
    #[serde(default)]
    kernel: Vec<f32>,
    #[tensor]
    #[serde(default = "ones")]
    ones: Vec<f32>,
    #[tensor]
    #[serde(default = "some")]
    option: Option<Vec<f32>>,
    #[tensor]
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    absent: Vec<f32>,
    #[tensor]
    #[serde(skip_serializing_if = "Option::is_none")]
    none: Option<Vec<f32>>,
    #[serde(skip_serializing, default)]
    not_saved: u8,
    #[serde(skip_deserializing)]
    not_loaded: u8,
    #[serde(skip)]
    neither: BTreeMap<u8, u8>,
}

fn ones() -> Vec<f32> {
    vec![1.0]
}

#[allow(clippy::unnecessary_wraps)]
fn some() -> Option<Vec<f32>> {
    Some(vec![2.0])
}

#[derive(Serialize)]
struct Nothing {}

#[test]
fn defaults_and_skips() {
    let value: Defaults = safejax::from_bytes(&safejax::to_bytes(&Nothing {}).unwrap()).unwrap();
    let expected = Defaults {
        kernel: vec![],
        ones: vec![1.0],
        option: Some(vec![2.0]),
        absent: vec![],
        none: None,
        not_saved: 0,
        not_loaded: 0,
        neither: BTreeMap::new(),
    };
    assert_eq!(value, expected);
    assert_eq!(keys(&value), ["kernel", "ones", "option"]);
    let value = Defaults { not_saved: 1, not_loaded: 2, neither: [(1, 2)].into(), ..value };
    assert_eq!(back(&value), expected);
    assert_eq!(serde_json::to_string(&value).unwrap(), r#"{"kernel":[],"ones":[1.0],"option":[2.0],"not_loaded":2}"#);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(default)]
struct ByDefault {
    #[tensor(shape(_))]
    kernel: Vec<f32>,
    #[tensor]
    bias: Option<Vec<f32>>,
    steps: u8,
}

impl Default for ByDefault {
    fn default() -> Self {
        Self { kernel: vec![1.0], bias: Some(vec![2.0]), steps: 3 }
    }
}

#[test]
fn a_default_of_the_type() {
    let value: ByDefault = safejax::from_bytes(&safejax::to_bytes(&Nothing {}).unwrap()).unwrap();
    assert_eq!(value, ByDefault::default());
    assert_eq!(back(&value), value);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(default)]
struct GenericDefault<T, const N: usize>
where
    T: Default,
{
    #[tensor]
    values: Vec<T>,
    #[serde(skip)]
    rest: Rest<T>,
}

#[derive(Debug, PartialEq)]
struct Rest<T>(Option<T>);

impl<T> Default for Rest<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Default, const N: usize> Default for GenericDefault<T, N> {
    fn default() -> Self {
        Self { values: Vec::new(), rest: Rest(None) }
    }
}

#[test]
fn a_default_of_a_generic_type() {
    let value: GenericDefault<f32, 2> = GenericDefault { values: vec![1.0], rest: Rest(None) };
    assert_eq!(back(&value), value);
}

mod seconds {
    use safejax::{Deserialize, Serialize};

    pub(super) fn serialize<S: serde::Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        format!("{value}s").serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.trim_end_matches('s').parse().map_err(serde::de::Error::custom)
    }
}

#[test]
fn with() {
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Timed {
        #[serde(with = "seconds")]
        time: u64,
        #[tensor]
        kernel: Vec<f32>,
    }
    let value = Timed { time: 3, kernel: vec![1.0] };
    assert_eq!(serde_json::to_string(&value).unwrap(), r#"{"time":"3s","kernel":[1.0]}"#);
    assert_eq!(back(&value), value);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Flat {
    #[tensor(dtype = "F16")]
    kernel: Vec<f32>,
    #[serde(flatten)]
    rest: BTreeMap<String, Array1<f32>>,
    #[serde(flatten)]
    more: Option<More>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct More {
    #[tensor]
    scale: Vec<i8>,
}

#[test]
fn flatten() {
    let value = Flat { kernel: vec![1.0], rest: [("a".into(), array![1.0])].into(), more: None };
    assert_eq!(keys(&value), ["a", "kernel"]);
    assert_eq!(back(&value), value);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Borrowing<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    text: &'a str,
    #[serde(borrow)]
    names: Vec<&'a str>,
    #[tensor]
    kernel: Vec<f32>,
}

#[test]
fn borrow() {
    let text = r#"{"name":"a","text":"b","names":["c"],"kernel":[1.0]}"#;
    let value: Borrowing<'_> = serde_json::from_str(text).unwrap();
    assert!(matches!(value.name, Cow::Borrowed("a")));
    assert_eq!((value.text, &value.names[..]), ("b", &["c"][..]));
    assert_eq!(serde_json::to_string(&value).unwrap(), text);
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Identifier {
    Kernel,
    Bias,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(tag = "kind", expecting = "a struct of a kind")]
struct TaggedStruct {
    #[tensor(flax = "w")]
    kernel: Vec<f32>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum Others {
    #[serde(skip)]
    Hidden,
    Known(#[tensor] Vec<f32>),
    #[serde(other)]
    Other,
}

#[test]
fn what_else_serde_has() {
    assert_eq!(serde_json::from_str::<Identifier>(r#""bias""#).unwrap(), Identifier::Bias);
    assert_eq!(serde_json::from_str::<Identifier>(r#""kernel""#).unwrap(), Identifier::Kernel);
    let value = TaggedStruct { kernel: vec![1.0] };
    assert_eq!(serde_json::to_string(&value).unwrap(), r#"{"kind":"TaggedStruct","kernel":[1.0]}"#);
    assert_eq!(back(&value), value);
    assert_eq!(keys(&value), ["w"]);
    let error = serde_json::from_str::<TaggedStruct>("3").unwrap_err().to_string();
    assert!(error.contains("a struct of a kind"), "{error}");
    assert!(safejax::to_bytes(&vec![Others::Hidden]).is_err());
    assert_eq!(serde_json::from_str::<Others>(r#""Unknown""#).unwrap(), Others::Other);
    assert_eq!(back(&vec![Others::Known(vec![1.0])]), [Others::Known(vec![1.0])]);
}
