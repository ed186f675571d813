//! The keys, and where each of them may stand.

use proc_macro2::Ident;

use crate::errors::{self, Errors};

/// A key of `#[tensor(…)]` or `#[safejax(…)]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Dtype,
    Shape,
    Permute,
    Transpose,
    Reshape,
    Var,
    Flax,
    Haiku,
    Objax,
    Collection,
    Class,
    Scope,
    List,
    Only,
    Metadata,
    Crate,
}

impl Key {
    /// Every key, those of tensors alone first.
    const ALL: &[Self] = &[
        Self::Dtype,
        Self::Shape,
        Self::Permute,
        Self::Transpose,
        Self::Reshape,
        Self::Var,
        Self::Flax,
        Self::Haiku,
        Self::Objax,
        Self::Collection,
        Self::Scope,
        Self::List,
        Self::Only,
        Self::Metadata,
        Self::Class,
        Self::Crate,
    ];

    /// As it is written.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dtype => "dtype",
            Self::Shape => "shape",
            Self::Permute => "permute",
            Self::Transpose => "transpose",
            Self::Reshape => "reshape",
            Self::Var => "var",
            Self::Flax => "flax",
            Self::Haiku => "haiku",
            Self::Objax => "objax",
            Self::Collection => "collection",
            Self::Class => "class",
            Self::Scope => "scope",
            Self::List => "list",
            Self::Only => "only",
            Self::Metadata => "metadata",
            Self::Crate => "crate",
        }
    }

    /// The key with a value, for an error.
    pub(crate) fn form(self) -> &'static str {
        match self {
            Self::Dtype => "dtype = \"BF16\"",
            Self::Shape => "shape(3, 3, _, channels)",
            Self::Permute => "permute(3, 2, 0, 1)",
            Self::Transpose => "transpose",
            Self::Reshape => "reshape(objax = (1, _, 1, 1))",
            Self::Var => "var = \"StateVar\"",
            Self::Flax => "flax = \"kernel\"",
            Self::Haiku => "haiku = \"w\"",
            Self::Objax => "objax = \"w\"",
            Self::Collection => "collection(flax = \"batch_stats\", haiku = \"state\")",
            Self::Class => "class = \"Conv2D\"",
            Self::Scope => "scope = \"~method\"",
            Self::List => "list = \"suffix\"",
            Self::Only => "only(haiku)",
            Self::Metadata => "metadata",
            Self::Crate => "crate = \"path::to::safejax\"",
        }
    }

    /// The form of the key of this name.
    pub(super) fn form_of(ident: &Ident) -> &'static str {
        Self::ALL.iter().find(|key| ident == key.name()).map_or("", |key| key.form())
    }

    /// Whether it stands on types alone.
    fn is_of_types(self) -> bool {
        matches!(self, Self::Class | Self::Crate)
    }

    /// Whether it says something of a tensor, so that `#[safejax]` has no use for it.
    pub(crate) fn is_of_tensors(self) -> bool {
        matches!(self, Self::Dtype | Self::Shape | Self::Permute | Self::Transpose | Self::Reshape | Self::Var)
    }

    /// The key of an item, if it may stand in the attribute.
    pub(super) fn of(ident: &Ident, in_tensor: bool, errors: &mut Errors) -> Option<Self> {
        let name = ident.to_string();
        let attribute = if in_tensor { "tensor" } else { "safejax" };
        let Some(key) = Self::ALL.iter().copied().find(|key| key.name() == name) else {
            let allowed = Self::ALL.iter().filter(|key| key.may_stand_in(in_tensor)).map(|key| key.name());
            errors.at(ident, errors::unknown(&format!("key of `#[{attribute}(…)]`"), &name, allowed));
            return None;
        };
        if key.may_stand_in(in_tensor) {
            return Some(key);
        }
        let place = if in_tensor {
            format!("`{name}` says something of a type: write `#[safejax({})]` above the type", key.form())
        } else {
            format!("`{name}` says something of a tensor: write `#[tensor({})]` on a tensor field", key.form())
        };
        errors.at(ident, place);
        None
    }

    fn may_stand_in(self, in_tensor: bool) -> bool {
        if in_tensor { !self.is_of_types() } else { !self.is_of_tensors() }
    }
}
