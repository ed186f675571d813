//! Trees through other formats and serde's buffers.

use serde::de::IntoDeserializer;
use serde::de::value::{
    BoolDeserializer, BytesDeserializer, Error, F64Deserializer, I128Deserializer, MapDeserializer, SeqDeserializer,
    U64Deserializer, U128Deserializer,
};
use serde::forward_to_deserialize_any;
use serde_json::json;

use super::*;

/// A format that marks tensors as this crate's own deserializer does.
#[derive(Clone)]
enum Node {
    Tensor(u8),
    Json(Value),
    Map(Vec<(&'static str, Node)>),
    Seq(Vec<Node>),
}

/// The parts of a tensor, behind its mark.
struct Parts(u8);

impl<'de> Deserializer<'de> for Node {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self {
            Self::Tensor(byte) => visitor.visit_newtype_struct(Parts(byte)),
            Self::Json(value) => value.deserialize_any(visitor),
            Self::Map(entries) => visitor.visit_map(MapDeserializer::new(entries.into_iter())),
            Self::Seq(items) => visitor.visit_seq(SeqDeserializer::new(items.into_iter())),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        assert_eq!(name, handshake::TREE);
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> Deserializer<'de> for Parts {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(de::Error::custom("only a tensor knows what to ask for"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        assert_eq!(name, handshake::TENSOR);
        let parts = json!({"dtype": "U8", "shape": [1], "data": [self.0]});
        parts.deserialize_struct(name, fields, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl IntoDeserializer<'_, serde_json::Error> for Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

fn tensor(byte: u8) -> Tree {
    Tensor::new(Dtype::U8, vec![1], vec![byte]).unwrap().into()
}

fn map<const N: usize>(entries: [(&str, Tree); N]) -> Tree {
    entries.into_iter().collect()
}

fn leaf(value: Value) -> Tree {
    Tree::Leaf(value)
}

fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Tree {
    Tree::deserialize(deserializer).unwrap_or_else(|error| panic!("{error}"))
}

fn read_json(text: &str) -> Tree {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_marked_tensor_is_a_tensor_wherever_it_stands() {
    let list = Node::Seq(vec![Node::Tensor(1), Node::Json(json!([2]))]);
    let tree = read(Node::Map(vec![("a", list), ("b", Node::Tensor(3))]));
    let list = vec![tensor(1), leaf(json!([2]))];
    assert_eq!(tree, map([("a", list.into()), ("b", tensor(3))]));
    assert_eq!(read(Node::Tensor(4)), tensor(4));
}

#[test]
fn a_map_that_looks_like_a_tensor_is_a_map() {
    let tree = read_json(r#"{"dtype": "U8", "shape": [1], "data": [1]}"#);
    assert_eq!(tree.get("dtype"), Some(&leaf("U8".into())));
}

#[test]
fn entries_keep_their_order() {
    let tree = read_json(r#"{"z": 1, "a": {"y": 2, "b": 3}, "m": 4}"#);
    let paths: Vec<String> = tree.leaves().map(|(path, _)| path).collect();
    assert_eq!(paths, ["z", "a.y", "a.b", "m"]);
    assert_eq!(serde_json::to_string(&tree).unwrap(), r#"{"z":1,"a":{"y":2,"b":3},"m":4}"#);
}

#[test]
fn a_sequence_without_a_tensor_is_one_leaf() {
    for text in ["[]", "[1,[2.5,null]]", r#"[{"a":[{}],"b":true},[]]"#] {
        assert_eq!(read_json(text), leaf(serde_json::from_str(text).unwrap()), "{text}");
    }
}

#[test]
fn a_sequence_with_a_tensor_far_inside_stays_a_list() {
    let inner = Node::Map(vec![("x", Node::Seq(vec![Node::Tensor(1)]))]);
    let tree = read(Node::Seq(vec![Node::Json(json!({"s": 1})), inner]));
    let inner = map([("x", vec![tensor(1)].into())]);
    assert_eq!(tree, Tree::List(vec![map([("s", leaf(json!(1)))]), inner]));
}

#[test]
fn an_empty_map_is_a_map() {
    assert_eq!(read_json("{}"), Tree::default());
}

#[test]
fn a_tree_comes_back_from_json() {
    let tree = Tree::from(json!({
        "a": {"empty": {}, "none": null, "text": "3"},
        "b": [1, -2, 0.1, [true, {"c": "x"}]],
        "c": 18446744073709551615u64,
    }));
    assert_eq!(read_json(&serde_json::to_string(&tree).unwrap()), tree);
}

#[test]
fn scalars_are_leaves() {
    assert_eq!(read::<BoolDeserializer<Error>>(true.into_deserializer()), leaf(json!(true)));
    assert_eq!(read::<U64Deserializer<Error>>(u64::MAX.into_deserializer()), leaf(json!(u64::MAX)));
    assert_eq!(read_json("\"é\""), leaf(json!("é")));
    assert_eq!(read_json("null"), leaf(Value::Null));
}

#[test]
fn what_json_has_no_number_for_is_a_string() {
    let float = |value: f64| read::<F64Deserializer<Error>>(value.into_deserializer());
    assert_eq!(float(f64::NAN), leaf("NaN".into()));
    assert_eq!(float(f64::INFINITY), leaf("Infinity".into()));
    assert_eq!(float(f64::NEG_INFINITY), leaf("-Infinity".into()));
    let signed = |value: i128| read::<I128Deserializer<Error>>(value.into_deserializer());
    assert_eq!(signed(-1), leaf(json!(-1)));
    assert_eq!(signed(u64::MAX.into()), leaf(json!(u64::MAX)));
    assert_eq!(signed(i128::MIN), leaf(i128::MIN.to_string().into()));
    let unsigned = |value: u128| read::<U128Deserializer<Error>>(value.into_deserializer());
    assert_eq!(unsigned(7), leaf(json!(7)));
    assert_eq!(unsigned(u128::MAX), leaf(u128::MAX.to_string().into()));
}

#[test]
fn bytes_are_a_tensor() {
    let expected = Tensor::new(Dtype::U8, vec![3], vec![1, 2, 3]).unwrap();
    assert_eq!(read(BytesDeserializer::<Error>::new(&[1, 2, 3])), expected.into());
}

#[test]
fn one_key_twice_is_an_error() {
    let error = serde_json::from_str::<Tree>(r#"{"w": 1, "w": 2}"#).unwrap_err();
    assert!(error.to_string().starts_with("two entries have the key `w`"), "{error}");
}

#[test]
fn buffered_values_are_read_too() {
    #[derive(serde::Deserialize)]
    struct Outer {
        #[serde(flatten)]
        tree: Tree,
    }
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Either {
        #[allow(dead_code)]
        Number(i8),
        Tree(Tree),
    }
    let outer: Outer = serde_json::from_str(r#"{"a": {"b": [1]}}"#).unwrap();
    assert_eq!(outer.tree, Tree::from(json!({"a": {"b": [1]}})));
    let Either::Tree(tree) = serde_json::from_str(r#"{"a": "x"}"#).unwrap() else { panic!() };
    assert_eq!(tree, Tree::from(json!({"a": "x"})));
}

#[test]
fn only_numbers_beyond_json_are_written_bare() {
    for text in ["NaN", "Infinity", "-Infinity", "18446744073709551616", "-9223372036854775809"] {
        assert!(is_number(text), "{text}");
    }
    let others = ["", "-", "nan", "inf", "+Infinity", "0", "-0", "18446744073709551615", "-9223372036854775808"];
    for text in others {
        assert!(!is_number(text), "{text}");
    }
    for text in
        ["018446744073709551616", "+18446744073709551616", "99999999999999999999.0", "1e99", "--99999999999999999999"]
    {
        assert!(!is_number(text), "{text}");
    }
}

#[test]
fn a_bare_word_is_an_ordinary_string_elsewhere() {
    assert_eq!(serde_json::to_string(&leaf("NaN".into())).unwrap(), "\"NaN\"");
}
