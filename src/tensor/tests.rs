use ::ndarray::{arr0, array};
use ::safetensors::View;
use ::serde::de::value::{MapDeserializer, SeqDeserializer};
use ::serde::de::{Deserializer, IntoDeserializer, Visitor};
use ::serde::{Deserialize, forward_to_deserialize_any};

use super::*;
use crate::memory::AlignedBytes;

/// A value with every type that serde's data model has, as a deserializer may yield it.
#[derive(Clone, Debug)]
enum Value {
    Bool(bool),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    F32(f32),
    F64(f64),
    Str(&'static str),
    Bytes(Vec<u8>),
    BorrowedBytes(&'static [u8]),
    Seq(Vec<Value>),
    Map(Vec<(&'static str, Value)>),
}

type Failure = ::serde::de::value::Error;

impl IntoDeserializer<'static> for Value {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl Deserializer<'static> for Value {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'static>>(self, visitor: V) -> std::result::Result<V::Value, Failure> {
        match self {
            Self::Bool(value) => visitor.visit_bool(value),
            Self::U8(value) => visitor.visit_u8(value),
            Self::U16(value) => visitor.visit_u16(value),
            Self::U32(value) => visitor.visit_u32(value),
            Self::U64(value) => visitor.visit_u64(value),
            Self::I8(value) => visitor.visit_i8(value),
            Self::I16(value) => visitor.visit_i16(value),
            Self::I32(value) => visitor.visit_i32(value),
            Self::I64(value) => visitor.visit_i64(value),
            Self::F32(value) => visitor.visit_f32(value),
            Self::F64(value) => visitor.visit_f64(value),
            Self::Str(value) => visitor.visit_str(value),
            Self::Bytes(value) => visitor.visit_byte_buf(value),
            Self::BorrowedBytes(value) => visitor.visit_borrowed_bytes(value),
            Self::Seq(values) => visitor.visit_seq(SeqDeserializer::new(values.into_iter())),
            Self::Map(entries) => visitor.visit_map(MapDeserializer::new(entries.into_iter())),
        }
    }

    forward_to_deserialize_any! {
        <V: Visitor<'static>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

/// serde buffers what an untagged enum is read from.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Buffered {
    Tensor(Tensor),
}

fn ndarray_form(version: Value, elements: Vec<Value>) -> Value {
    let dim = Value::Seq(vec![Value::U64(elements.len() as u64)]);
    Value::Map(vec![("v", version), ("dim", dim), ("data", Value::Seq(elements))])
}

/// Reads the form by itself and buffered.
fn read(form: Value) -> std::result::Result<Tensor, Failure> {
    let tensor = Tensor::deserialize(form.clone())?;
    let Buffered::Tensor(buffered) = Buffered::deserialize(form)?;
    assert_eq!(buffered, tensor);
    Ok(tensor)
}

fn version(tag: VersionTag) -> Value {
    match tag {
        VersionTag::U8 => Value::U8(1),
        VersionTag::U16 => Value::U16(1),
        VersionTag::U32 => Value::U32(1),
        VersionTag::U64 => Value::U64(1),
        VersionTag::I8 => Value::I8(1),
        VersionTag::I16 => Value::I16(1),
        VersionTag::I32 => Value::I32(1),
        VersionTag::I64 => Value::I64(1),
    }
}

/// An element as the form holds it.
fn element(dtype: Dtype, bytes: &[u8]) -> Value {
    macro_rules! le {
        ($int:ty) => {
            <$int>::from_le_bytes(bytes.try_into().unwrap())
        };
    }
    match dtype {
        Dtype::BOOL => Value::Bool(bytes[0] != 0),
        Dtype::I8 => Value::I8(le!(i8)),
        Dtype::U16 | Dtype::F16 | Dtype::BF16 => Value::U16(le!(u16)),
        Dtype::I16 => Value::I16(le!(i16)),
        Dtype::U32 => Value::U32(le!(u32)),
        Dtype::I32 => Value::I32(le!(i32)),
        Dtype::U64 => Value::U64(le!(u64)),
        Dtype::I64 => Value::I64(le!(i64)),
        Dtype::F32 => Value::F32(le!(f32)),
        Dtype::F64 => Value::F64(le!(f64)),
        Dtype::C64 => Value::Seq(bytes.chunks(4).map(|part| element(Dtype::F32, part)).collect()),
        _ => Value::U8(bytes[0]),
    }
}

#[test]
fn the_form_of_ndarray_holds_every_dtype_of_whole_bytes() {
    for &dtype in Dtype::ALL {
        let Some(tag) = buffered_version(dtype) else {
            assert!(dtype.bits() < 8);
            continue;
        };
        let size = dtype.bits() / 8;
        let bytes: Vec<u8> = if dtype == Dtype::BOOL { vec![1, 0, 1] } else { (1..=3 * size as u8).collect() };
        let elements = bytes.chunks(size).map(|bytes| element(dtype, bytes)).collect();
        let tensor = read(ndarray_form(version(tag), elements)).unwrap();
        assert_eq!(tensor, Tensor::new(dtype, vec![3], bytes).unwrap());

        let empty = read(ndarray_form(version(tag), vec![])).unwrap();
        let known = if tag == VersionTag::U8 { Dtype::F32 } else { dtype };
        assert_eq!(empty, Tensor::new(known, vec![0], vec![]).unwrap());
    }
}

#[test]
fn the_form_of_ndarray_in_text_has_64_bits_for_everything() {
    let read = |text: &str| serde_json::from_str::<Tensor>(text);
    assert_eq!(read(r#"{"v":1,"dim":[2],"data":[1,2]}"#).unwrap(), Tensor::from_slice(&[1u64, 2]));
    assert_eq!(read(r#"{"v":1,"dim":[2],"data":[1.0,2.5]}"#).unwrap(), Tensor::from_slice(&[1.0, 2.5]));
    assert_eq!(read(r#"{"v":1,"dim":[3],"data":[-1,2,-3]}"#).unwrap(), Tensor::from_slice(&[-1i64, 2, -3]));
    assert_eq!(read(r#"{"v":1,"dim":[3],"data":[1,2,-3]}"#).unwrap(), Tensor::from_slice(&[1i64, 2, -3]));
    assert_eq!(read(r#"{"v":1,"dim":[2],"data":[true,false]}"#).unwrap(), Tensor::from_slice(&[true, false]));
    let array = array![[1.5, 2.0], [3.0, -4.0]];
    assert_eq!(read(&serde_json::to_string(&array).unwrap()).unwrap(), Tensor::from(array));
    assert!(read(r#"{"v":1,"dim":[2],"data":[-1,18446744073709551615]}"#).is_err());
    assert!(read(r#"{"v":1,"dim":[2],"data":[18446744073709551615,-1]}"#).is_err());
    assert!(read(r#"{"v":1,"dim":[2],"data":[1,2.5]}"#).is_err());
    assert!(read(r#"{"v":1,"dim":[2],"data":[[[[1]]],2]}"#).is_err());
}

#[test]
fn a_broken_form_of_ndarray_is_an_error() {
    let elements = || vec![Value::F32(1.0), Value::F32(2.0)];
    assert!(read(ndarray_form(Value::U8(1), elements())).is_ok());
    for broken in [
        ndarray_form(Value::U8(2), elements()),
        ndarray_form(Value::F32(1.0), elements()),
        ndarray_form(Value::U8(1), vec![Value::F32(1.0), Value::F64(1.0)]),
        ndarray_form(Value::U8(1), vec![Value::Str("1")]),
        ndarray_form(Value::U8(1), vec![Value::Seq(vec![Value::F32(1.0)])]),
        ndarray_form(Value::U8(1), vec![Value::Seq(elements()), Value::F32(1.0)]),
        ndarray_form(Value::U8(1), vec![Value::F32(1.0), Value::Seq(elements())]),
        ndarray_form(Value::U8(1), vec![Value::Seq([elements(), elements()].concat())]),
        Value::Map(vec![
            ("v", Value::U8(1)),
            ("dim", Value::Seq(vec![Value::U64(3)])),
            ("data", Value::Seq(elements())),
        ]),
        Value::Map(vec![("v", Value::U8(1)), ("data", Value::Seq(elements()))]),
        Value::Map(vec![("v", Value::U8(1)), ("v", Value::U8(1))]),
        Value::Map(vec![]),
    ] {
        assert!(read(broken.clone()).is_err(), "{broken:?}");
    }
}

#[test]
fn a_tensor_goes_through_json_and_comes_back() {
    for tensor in [
        Tensor::from(array![[1.0f32, 2.0], [3.0, f32::NAN]]),
        Tensor::from(arr0(7i64)),
        Tensor::new(Dtype::F4, vec![0, 4], vec![]).unwrap(),
        Tensor::new(Dtype::F6_E2M3, vec![4], vec![1, 2, 3]).unwrap(),
    ] {
        let text = serde_json::to_string(&tensor).unwrap();
        assert_eq!(serde_json::to_string(&tensor.view()).unwrap(), text);
        assert_eq!(serde_json::from_str::<Tensor>(&text).unwrap(), tensor);
        assert!(serde_json::from_str::<TensorView<'_>>(&text).unwrap_err().to_string().contains("Checkpoint::load"));
    }
    let text = serde_json::to_string(&Tensor::from_slice(&[258u16])).unwrap();
    assert_eq!(text, r#"{"dtype":"U16","shape":[1],"data":[2,1]}"#);
}

#[test]
fn a_tensor_is_read_from_bytes_of_any_kind_and_a_view_from_borrowed_ones() {
    let form = |data: Value| {
        let shape = Value::Seq(vec![Value::U64(2)]);
        Value::Map(vec![("data", data), ("dtype", Value::Str("I16")), ("shape", shape)])
    };
    let tensor = Tensor::from_slice(&[1i16, 2]);
    let owned = vec![1, 0, 2, 0];
    let address = owned.as_ptr();
    let read = Tensor::deserialize(form(Value::Bytes(owned.clone()))).unwrap();
    assert_eq!(read, tensor);
    // Moved, not copied.
    let moved = Tensor::deserialize(form(Value::Bytes(owned))).unwrap();
    assert_eq!(moved.bytes().as_ptr(), address);
    assert_eq!(Tensor::deserialize(form(Value::BorrowedBytes(&[1, 0, 2, 0]))).unwrap(), tensor);

    let view = TensorView::deserialize(form(Value::BorrowedBytes(&[1, 0, 2, 0]))).unwrap();
    assert_eq!(view, tensor.view());
    let error = TensorView::deserialize(form(Value::Bytes(vec![1, 0, 2, 0]))).unwrap_err();
    assert!(error.to_string().contains("Checkpoint::map"), "{error}");
    assert!(TensorView::deserialize(ndarray_form(Value::U8(1), vec![Value::U8(1)])).is_err());

    let sequence =
        Value::Seq(vec![Value::Str("I16"), Value::Seq(vec![Value::U64(2)]), Value::BorrowedBytes(&[1, 0, 2, 0])]);
    assert_eq!(Tensor::deserialize(sequence.clone()).unwrap(), tensor);
    assert_eq!(TensorView::deserialize(sequence).unwrap(), tensor.view());
    assert!(Tensor::deserialize(Value::Seq(vec![Value::Str("I16")])).is_err());
}

#[test]
fn a_broken_tensor_is_an_error() {
    let read = |text: &str| serde_json::from_str::<Tensor>(text).unwrap_err().to_string();
    assert!(read(r#"{"dtype":"I16","shape":[2],"data":[1]}"#).contains("4 bytes for I16 [2]"));
    assert!(read(r#"{"dtype":"int16","shape":[2],"data":[1]}"#).contains("the name of a dtype"));
    assert!(read(r#"{"dtype":"I16","shape":[2]}"#).contains("missing field `data`"));
    assert!(read(r#"{"dtype":"I16","dtype":"I16"}"#).contains("duplicate field `dtype`"));
    assert!(read(r#"{"type":"I16"}"#).contains("unknown field `type`"));
    assert!(read(r#"{"dtype":"U8","shape":[1],"data":[256]}"#).contains("256"));
    assert!(read(r#"[]"#).contains("invalid length 0"));
    assert!(read("3").contains("expected a tensor"));
}

#[test]
fn bytes_must_fit_dtype_and_shape() {
    assert!(Tensor::new(Dtype::F32, vec![2], vec![0; 8]).is_ok());
    let error = Tensor::new(Dtype::F32, vec![2], vec![0; 7]).unwrap_err();
    assert_eq!(error.to_string(), "expected 8 bytes for F32 [2], found 7 bytes");
    assert!(Tensor::new(Dtype::F4, vec![3], vec![0; 2]).is_err());
    assert!(Tensor::new(Dtype::U8, vec![usize::MAX, 2], vec![]).is_err());
    assert!(TensorView::new(Dtype::U8, &[2], &[1]).is_err());
    assert!(TensorView::new(Dtype::U8, vec![1], &[1]).is_ok());
}

#[test]
fn what_a_tensor_says_of_itself() {
    let tensor = Tensor::from(array![[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    assert_eq!(format!("{tensor:?} {:?}", tensor.view()), "Tensor(F32 [2, 3]) TensorView(F32 [2, 3])");
    assert_eq!((tensor.len(), tensor.is_empty()), (6, false));
    assert_eq!((tensor.view().len(), tensor.view().is_empty()), (6, false));
    assert!(Tensor::from_slice::<f64>(&[]).is_empty());
    assert_eq!(tensor.view().to_owned(), tensor);
    assert_eq!(Tensor::from(TensorView::from(&tensor)), tensor);
    assert_eq!(tensor.clone().into_bytes(), tensor.bytes());
}

#[test]
fn arrays_come_back_as_they_were() {
    let array = array![[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]];
    assert_eq!(Tensor::from(array.clone()).to_array::<f32>().unwrap(), array.clone().into_dyn());
    assert_eq!(Tensor::from_array(&array.t()).to_array::<f64>().unwrap(), array.t().mapv(f64::from).into_dyn());
    assert_eq!(Tensor::from(array.clone().reversed_axes()), Tensor::from_array(&array.t()));
    assert!(Tensor::from_array(&array).to_array::<half::f16>().is_err());
    let halves = Tensor::from_array(&array).to_array_with::<half::f16>(Casts::Lossy).unwrap();
    assert_eq!(halves[[1, 2]], half::f16::from_f32(6.0));
    assert_eq!(Tensor::from(arr0(true)).to_array::<bool>().unwrap(), arr0(true).into_dyn());

    let wide = Tensor::new(Dtype::U8, vec![usize::MAX, 0], vec![]).unwrap();
    assert!(matches!(wide.to_array::<u8>().unwrap_err().kind(), ErrorKind::Shape { .. }));
    assert!(wide.view().as_array::<u8>().is_err());
}

#[test]
fn a_scalar_has_no_axes() {
    assert_eq!(Tensor::from(arr0(7i32)).to_scalar::<i64>().unwrap(), 7);
    let error = Tensor::from_slice(&[7i32]).to_scalar::<i32>().unwrap_err();
    assert_eq!(error.to_string(), "expected one element without axes, found shape [1]");
    assert!(Tensor::from(arr0(7i32)).to_scalar::<i16>().is_err());
}

#[test]
fn an_array_is_borrowed_where_it_can_be() {
    let bytes = memory::bytes_of(&[1.0f32, 2.0, 3.0, 4.0]);
    let buffer = AlignedBytes::read(17, |region| memory::copy_into(region, &[&[0], bytes].concat()));
    let buffer = buffer.unwrap();
    let array = TensorView::new(Dtype::F32, &[2, 2], bytes).unwrap().as_array::<f32>().unwrap();
    assert_eq!(array, array![[1.0, 2.0], [3.0, 4.0]].into_dyn());
    assert_eq!(array.as_ptr().cast(), bytes.as_ptr());

    let unaligned = TensorView::new(Dtype::F32, &[2, 2], &buffer[1..]).unwrap();
    assert!(matches!(unaligned.as_array::<f32>().unwrap_err().kind(), ErrorKind::Borrow { .. }));
    assert_eq!(unaligned.to_array::<f32>().unwrap(), array);
    assert!(matches!(unaligned.as_array::<f64>().unwrap_err().kind(), ErrorKind::Dtype { lossy: true, .. }));
}

#[test]
fn the_safetensors_crate_takes_a_tensor_and_gives_it_back() {
    let tensor = Tensor::from(array![[1i16, 2], [3, 4]]);
    assert_eq!((View::dtype(&tensor), View::data_len(&&tensor)), (::safetensors::Dtype::I16, 8));
    let file = ::safetensors::serialize([("a", &tensor)], None).unwrap();
    assert_eq!(file, ::safetensors::serialize([("a", tensor.view())], None).unwrap());
    let read = ::safetensors::SafeTensors::deserialize(&file).unwrap();
    let theirs = read.tensor("a").unwrap();
    assert_eq!(TensorView::try_from(theirs.clone()).unwrap(), tensor.view());
    assert_eq!(Tensor::try_from(theirs.clone()).unwrap(), tensor);
    assert_eq!(::safetensors::tensor::TensorView::try_from(&tensor).unwrap(), theirs);
}
