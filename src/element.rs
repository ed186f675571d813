//! [`Element`], the Rust scalars that are elements of a tensor.

use serde::{Serialize, de::DeserializeOwned};

use crate::cast::Cast;
use crate::memory::Scalar;
use crate::{Dtype, FromTensor, ToTensor};

/// A Rust scalar that is an element of a tensor.
///
/// Implemented for `bool`, the integers up to 64 bits, `usize` and `isize` (64 bits or 32, as on
/// the machine), `f32`, `f64`, [`half::f16`], [`half::bf16`] and [`num_complex::Complex<f32>`]. It
/// cannot be implemented elsewhere: its bytes are copied as they stand. With feature `float8` there
/// are `float8::F8E4M3` and `float8::F8E5M2` as well.
///
/// # Examples
///
/// ```
/// use safejax::{Dtype, Element};
///
/// assert_eq!(f32::DTYPE, Dtype::F32);
/// assert_eq!(half::bf16::DTYPE, Dtype::BF16);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an element of a tensor",
    label = "no element",
    note = "elements are `bool`, the integers up to 64 bits, `f32`, `f64`, `half::f16`, `half::bf16` and `num_complex::Complex<f32>`"
)]
pub trait Element: Scalar + Cast + Serialize + DeserializeOwned + ToTensor + for<'de> FromTensor<'de> {
    /// The dtype under which it is stored.
    const DTYPE: Dtype;
}

/// Calls the macro `$row` with one `(type, variant of ElementKind, variant of Dtype)` per element.
macro_rules! for_each_element {
    ($row:ident) => {
        $crate::element::with_float8! { $row
            (bool, Bool, BOOL) (u8, U8, U8) (i8, I8, I8) (u16, U16, U16) (i16, I16, I16)
            (u32, U32, U32) (i32, I32, I32) (u64, U64, U64) (i64, I64, I64)
            (usize, Usize, USIZE) (isize, Isize, ISIZE) (f32, F32, F32) (f64, F64, F64)
            (half::f16, F16, F16) (half::bf16, Bf16, BF16) (num_complex::Complex<f32>, C64, C64)
        }
    };
}
pub(crate) use for_each_element;

/// Adds the elements of the feature `float8` to the others.
#[cfg(feature = "float8")]
macro_rules! with_float8 {
    ($row:ident $($element:tt)*) => {
        $row! { $($element)* (float8::F8E4M3, F8E4M3, F8_E4M3) (float8::F8E5M2, F8E5M2, F8_E5M2) }
    };
}
#[cfg(not(feature = "float8"))]
macro_rules! with_float8 {
    ($row:ident $($element:tt)*) => {
        $row! { $($element)* }
    };
}
pub(crate) use with_float8;

/// `usize` and `isize` have no dtype of their own: they take that of their width.
impl Dtype {
    const USIZE: Self = if usize::BITS == 64 { Self::U64 } else { Self::U32 };
    const ISIZE: Self = if isize::BITS == 64 { Self::I64 } else { Self::I32 };
}

/// The compiler names others first to whom something else is no element.
macro_rules! element {
    ($element:ty, F8E4M3, $dtype:expr) => { element! { #[diagnostic::do_not_recommend] $element, $dtype } };
    ($element:ty, F8E5M2, $dtype:expr) => { element! { #[diagnostic::do_not_recommend] $element, $dtype } };
    ($element:ty, $kind:ident, $dtype:expr) => { element! { $element, $dtype } };
    ($(#[$attribute:meta])? $element:ty, $dtype:expr) => {
        $(#[$attribute])?
        impl Element for $element { const DTYPE: Dtype = $dtype; }
    };
}

macro_rules! elements {
    ($(($element:ty, $kind:ident, $dtype:ident))*) => {
        $(element! { $element, $kind, Dtype::$dtype })*

        /// Which [`Element`] it is, as a value. Finer than [`Dtype`]: `usize` is not `u64`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum ElementKind { $($kind),* }

        impl ElementKind {
            /// Every kind.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The dtype under which it is stored.
            pub(crate) const fn dtype(self) -> Dtype {
                match self { $(Self::$kind => Dtype::$dtype),* }
            }

            /// Calls the visitor with the type that `self` stands for.
            pub(crate) fn visit<V: ElementVisitor>(self, visitor: V) -> V::Value {
                match self { $(Self::$kind => visitor.visit::<$element>()),* }
            }
        }
    };
}
for_each_element!(elements);

impl ElementKind {
    /// The element of that dtype, if Rust has one. Never `usize` or `isize`.
    pub(crate) fn of_dtype(dtype: Dtype) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.dtype() == dtype)
    }
}

/// What [`ElementKind::visit`] does once the type is known.
pub(crate) trait ElementVisitor {
    /// What comes of it.
    type Value;

    /// Called with the type.
    fn visit<E: Element>(self) -> Self::Value;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_visits_an_element_of_its_dtype_and_size() {
        struct Size;
        impl ElementVisitor for Size {
            type Value = (Dtype, usize);
            fn visit<E: Element>(self) -> (Dtype, usize) {
                (E::DTYPE, size_of::<E>() * 8)
            }
        }
        for &kind in ElementKind::ALL {
            assert_eq!(kind.visit(Size), (kind.dtype(), kind.dtype().bits()));
        }
    }

    #[test]
    fn a_dtype_has_the_element_of_its_own_name() {
        assert_eq!(ElementKind::of_dtype(Dtype::U64), Some(ElementKind::U64));
        assert_eq!(ElementKind::of_dtype(Dtype::I64), Some(ElementKind::I64));
        assert_eq!(ElementKind::of_dtype(Dtype::F8_E8M0), None);
    }
}
