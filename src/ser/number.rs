//! Numbers, as the elements of an array that come one by one, and as leaves.

use crate::ser::array::Focus;
use crate::ser::leaf::{Form, non_finite_word};
use crate::ser::walker::Walker;
use crate::{Dtype, Result};

#[derive(Clone, Copy)]
pub(crate) enum Number {
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    F32(f32),
    F64(f64),
}

impl Number {
    fn text(self) -> (Form, String) {
        match self {
            Self::Bool(value) => (Form::Json, value.to_string()),
            Self::Signed(value) => (Form::Json, value.to_string()),
            Self::Unsigned(value) => (Form::Json, value.to_string()),
            Self::F32(value) => float(f64::from(value), || serde_json::to_string(&value)),
            Self::F64(value) => float(value, || serde_json::to_string(&value)),
        }
    }
}

fn float(value: f64, text: impl FnOnce() -> serde_json::Result<String>) -> (Form, String) {
    match text() {
        Ok(text) if value.is_finite() => (Form::Json, text),
        _ => (Form::Bare, non_finite_word(value).to_owned()),
    }
}

impl Walker<'_> {
    /// A scalar: an element or an extent where an array is being walked, else a leaf.
    ///
    /// Compiled into the loop of whoever hands out elements, so that it is no more than a comparison
    /// and a store for most of them.
    #[inline]
    pub(crate) fn scalar<const N: usize>(&mut self, dtype: Dtype, bytes: [u8; N], number: Number) -> Result<()> {
        if let Focus::Elements(array) = &mut self.focus
            && array.push_another(dtype, bytes)
        {
            return Ok(());
        }
        self.scalar_of_any_kind(dtype, &bytes, number)
    }

    fn scalar_of_any_kind(&mut self, dtype: Dtype, bytes: &[u8], number: Number) -> Result<()> {
        match &mut self.focus {
            Focus::Value => self.number(|| number.text()),
            Focus::Dims(array) => array.push_dim(&number.text().1),
            Focus::Elements(array) => {
                array.push_element(dtype, bytes)?;
                self.write_elements()
            }
            Focus::Dtype(_) | Focus::Bytes(_) => Err(self.not_an_element("a number")),
        }
    }
}
