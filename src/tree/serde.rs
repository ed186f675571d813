//! A tree through serde.

use std::fmt;

use indexmap::IndexMap;
use indexmap::map::Entry;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

use super::Tree;
use super::key::Key;
use crate::tensor::{BufferedElements, VersionTag};
use crate::{Dtype, Tensor, handshake};

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Tensor(tensor) => tensor.serialize(serializer),
            Self::Leaf(Value::String(text)) if is_number(text) => {
                serializer.serialize_newtype_struct(handshake::BARE, text)
            }
            Self::Leaf(value) => value.serialize(serializer),
            Self::Map(map) => serializer.collect_map(map),
            Self::List(list) => serializer.collect_seq(list),
        }
    }
}

/// Whether a string stands for a number that [`Value`] has no room for, as reading turns it into
/// a string.
fn is_number(text: &str) -> bool {
    if matches!(text, "NaN" | "Infinity" | "-Infinity") {
        return true;
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical =
        digits.starts_with(|c: char| matches!(c, '1'..='9')) && digits.bytes().all(|byte| byte.is_ascii_digit());
    canonical && text.parse::<i64>().is_err() && text.parse::<u64>().is_err()
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(handshake::TREE, TreeVisitor { inside: false })
    }
}

/// Takes whatever a format has.
#[derive(Clone, Copy)]
struct TreeVisitor {
    /// Whether the newtype that asks for a tree has been unwrapped. One that comes after it is how
    /// this crate's deserializer marks a tensor, which any format's maps could be mistaken for.
    inside: bool,
}

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tensor, a map, a sequence or a scalar")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        if self.inside {
            Tensor::deserialize(deserializer).map(Tree::Tensor)
        } else {
            deserializer.deserialize_any(Self { inside: true })
        }
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_none<E: de::Error>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf(Value::Null))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf(Value::Null))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Tree, E> {
        let narrow = i64::try_from(value).map(Value::from).or_else(|_| u64::try_from(value).map(Value::from));
        Ok(Tree::Leaf(narrow.unwrap_or_else(|_| value.to_string().into())))
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Tree, E> {
        let narrow = u64::try_from(value).map(Value::from);
        Ok(Tree::Leaf(narrow.unwrap_or_else(|_| value.to_string().into())))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Leaf(match serde_json::Number::from_f64(value) {
            Some(finite) => finite.into(),
            None if value.is_nan() => "NaN".into(),
            None if value > 0.0 => "Infinity".into(),
            None => "-Infinity".into(),
        }))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_bytes<E: de::Error>(self, value: &[u8]) -> Result<Tree, E> {
        self.visit_byte_buf(value.to_vec())
    }

    fn visit_byte_buf<E: de::Error>(self, value: Vec<u8>) -> Result<Tree, E> {
        Tensor::new(Dtype::U8, vec![value.len()], value).map(Tree::Tensor).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        if items.iter().any(|item: &Tree| item.tensors().next().is_some()) {
            return Ok(Tree::List(items));
        }
        Ok(Tree::Leaf(items.into_iter().filter_map(into_value).collect()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        match map.next_key_seed(Key)? {
            None => Ok(Tree::default()),
            Some(first) if handshake::ARRAY_FIELDS.first() == Some(&first.as_str()) => array_or_map(map, first),
            Some(first) => rest_of_map(map, IndexMap::new(), first),
        }
    }
}

/// The JSON of a part that is about to be inside a leaf, or `None` where there is a tensor.
fn into_value(tree: Tree) -> Option<Value> {
    match tree {
        Tree::Tensor(_) => None,
        Tree::Leaf(value) => Some(value),
        Tree::List(items) => items.into_iter().map(into_value).collect(),
        Tree::Map(entries) => {
            let entries = entries.into_iter().map(|(key, child)| Some((key, into_value(child)?)));
            entries.collect::<Option<serde_json::Map<_, _>>>().map(Value::Object)
        }
    }
}

/// A map whose first key is that of ndarray's own form, `{v, dim, data}`.
///
/// Inside flattened and untagged types serde buffers what it reads, so a tensor arrives in that
/// form. The key is read, its value is not.
fn array_or_map<'de, A: MapAccess<'de>>(mut map: A, first: String) -> Result<Tree, A::Error> {
    let (version, value) = map.next_value_seed(MaybeVersion { inside: false })?;
    let mut entries = IndexMap::from([(first, value)]);
    let Some(version) = version else { return rest_after(map, entries) };
    let [_, dim, data] = handshake::ARRAY_FIELDS else { return rest_after(map, entries) };
    match map.next_key_seed(Key)? {
        Some(key) if key == *dim => {
            let shape: Tree = map.next_value()?;
            let extents = shape.as_leaf().and_then(|shape| Vec::<usize>::deserialize(shape).ok());
            entries.insert(key, shape);
            match (extents, map.next_key_seed(Key)?) {
                (Some(extents), Some(key)) if key == *data => {
                    let (dtype, bytes) = map.next_value_seed(BufferedElements(version))?;
                    match map.next_key_seed(Key)? {
                        None => Tensor::new(dtype, extents, bytes).map(Tree::Tensor).map_err(de::Error::custom),
                        Some(key) => Err(de::Error::custom(format_args!("an array has no entry `{key}`"))),
                    }
                }
                (_, None) => Ok(Tree::Map(entries)),
                (_, Some(key)) => rest_of_map(map, entries, key),
            }
        }
        Some(key) => rest_of_map(map, entries, key),
        None => Ok(Tree::Map(entries)),
    }
}

/// A map of which `entries` are read.
fn rest_after<'de, A: MapAccess<'de>>(mut map: A, entries: IndexMap<String, Tree>) -> Result<Tree, A::Error> {
    match map.next_key_seed(Key)? {
        Some(key) => rest_of_map(map, entries, key),
        None => Ok(Tree::Map(entries)),
    }
}

/// The value of `v`: the version of an array where it is a 1 of a narrow integer type.
///
/// Text formats have wide integers alone, and in those a map of these names is a map.
struct MaybeVersion {
    /// As [`TreeVisitor::inside`].
    inside: bool,
}

impl<'de> DeserializeSeed<'de> for MaybeVersion {
    type Value = (Option<VersionTag>, Tree);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_newtype_struct(handshake::TREE, self)
    }
}

macro_rules! narrow_versions {
    ($($method:ident($ty:ty) = $tag:ident),*) => {
        $(fn $method<E: de::Error>(self, value: $ty) -> Result<Self::Value, E> {
            Ok(((value == 1).then_some(VersionTag::$tag), Tree::Leaf(value.into())))
        })*
    };
}

macro_rules! other_values {
    ($($method:ident($ty:ty)),*) => {
        $(fn $method<E: de::Error>(self, value: $ty) -> Result<Self::Value, E> {
            Ok((None, TreeVisitor { inside: true }.$method(value)?))
        })*
    };
}

impl<'de> Visitor<'de> for MaybeVersion {
    type Value = (Option<VersionTag>, Tree);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        TreeVisitor { inside: true }.expecting(f)
    }

    narrow_versions! {
        visit_u8(u8) = U8, visit_u16(u16) = U16, visit_u32(u32) = U32,
        visit_i8(i8) = I8, visit_i16(i16) = I16, visit_i32(i32) = I32
    }

    other_values! {
        visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_i128(i128), visit_u128(u128), visit_f64(f64),
        visit_str(&str), visit_string(String), visit_bytes(&[u8]), visit_byte_buf(Vec<u8>)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.inside {
            return Ok((None, Tensor::deserialize(deserializer).map(Tree::Tensor)?));
        }
        deserializer.deserialize_any(Self { inside: true })
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok((None, Tree::Leaf(Value::Null)))
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Ok((None, Tree::deserialize(deserializer)?))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        Ok((None, TreeVisitor { inside: true }.visit_seq(seq)?))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Ok((None, TreeVisitor { inside: true }.visit_map(map)?))
    }
}

/// A map of which `entries` and one more key are read.
fn rest_of_map<'de, A: MapAccess<'de>>(
    mut map: A,
    mut entries: IndexMap<String, Tree>,
    first: String,
) -> Result<Tree, A::Error> {
    let mut next = Some(first);
    while let Some(key) = next {
        match entries.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(map.next_value()?);
            }
            // To keep one of them would lose the other without a word.
            Entry::Occupied(entry) => {
                return Err(de::Error::custom(format_args!("two entries have the key `{}`", entry.key())));
            }
        }
        next = map.next_key_seed(Key)?;
    }
    Ok(Tree::Map(entries))
}

#[cfg(test)]
mod tests {
    use serde::de::IntoDeserializer;
    use serde::de::value::{
        BoolDeserializer, BytesDeserializer, Error, F64Deserializer, I128Deserializer, MapDeserializer,
        SeqDeserializer, U64Deserializer, U128Deserializer,
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
        for text in [
            "018446744073709551616",
            "+18446744073709551616",
            "99999999999999999999.0",
            "1e99",
            "--99999999999999999999",
        ] {
            assert!(!is_number(text), "{text}");
        }
    }

    #[test]
    fn a_bare_word_is_an_ordinary_string_elsewhere() {
        assert_eq!(serde_json::to_string(&leaf("NaN".into())).unwrap(), "\"NaN\"");
    }
}
