//! What the attributes of the derives say of a type, as constants that travel with its values.
//!
//! The derives build these at compile time. A type's spec is announced before its fields come, so
//! that saving and loading know each field's name in the framework at hand.

// The code that the derives write is the only reader.
#![allow(missing_docs)]

use crate::Dtype;

/// A framework in which a field may have a name, a place and a shape of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framework {
    Flax,
    Haiku,
    Objax,
}

/// Something that may differ between the frameworks.
#[derive(Clone, Copy, Debug)]
pub struct PerFramework<T> {
    pub flax: Option<T>,
    pub haiku: Option<T>,
    pub objax: Option<T>,
}

impl<T: Copy> PerFramework<T> {
    /// The same in every framework: nothing of their own.
    pub const NONE: Self = Self { flax: None, haiku: None, objax: None };

    pub(crate) fn get(&self, framework: Option<Framework>) -> Option<T> {
        match framework? {
            Framework::Flax => self.flax,
            Framework::Haiku => self.haiku,
            Framework::Objax => self.objax,
        }
    }

    pub(crate) fn is_none(&self) -> bool {
        self.flax.is_none() && self.haiku.is_none() && self.objax.is_none()
    }
}

/// A type, as its attributes describe it.
#[derive(Clone, Copy, Debug)]
pub struct TypeSpec {
    /// The name by which serde knows it.
    pub name: &'static str,
    /// Its class in objax, where that is another name.
    pub class: Option<&'static str>,
    /// Where haiku creates it, unless the field that holds it says otherwise: `~`, `~method` or
    /// nothing at all (in `__call__`).
    pub scope: Option<&'static str>,
    /// The root collection of everything in it.
    pub collection: PerFramework<&'static str>,
    /// The fields of a struct; those of a tuple struct are called `0`, `1`, ….
    pub fields: &'static [FieldSpec],
    /// The variants of an enum.
    pub variants: &'static [VariantSpec],
    /// It is a newtype whose field has a name of its own, and so is a module of one field.
    pub is_module: bool,
    /// Some field is flattened, so that serde hands the type over as a map.
    pub flattens: bool,
}

/// A variant of an enum.
#[derive(Clone, Copy, Debug)]
pub struct VariantSpec {
    /// The variant itself, which counts as a field.
    pub field: FieldSpec,
    /// The fields in it.
    pub fields: &'static [FieldSpec],
}

/// A field of a struct or a variant.
#[derive(Clone, Copy, Debug)]
pub struct FieldSpec {
    /// The name by which serde saves it.
    pub name: &'static str,
    /// The names by which serde loads it, aliases included.
    pub loads: &'static [&'static str],
    /// Its name in each framework: in haiku with the scope (`/linear`, `~encode/linear`), in objax
    /// with the kind (`mean::StateVar`).
    pub names: PerFramework<&'static str>,
    /// The root collection of everything in it.
    pub collection: PerFramework<&'static str>,
    /// The frameworks that have it, if not all.
    pub only: Option<&'static [Framework]>,
    /// How flax writes the items of the list that it is.
    pub list: Option<ListForm>,
    /// How it is stored, when it is a `#[tensor]`.
    pub tensor: Option<&'static TensorSpec>,
}

/// How the items of a list are written in flax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListForm {
    /// `layers.0`
    Dot,
    /// `layers_0`
    Suffix,
}

/// How a `#[tensor]` field is stored.
#[derive(Clone, Copy, Debug)]
pub struct TensorSpec {
    /// The field, for an error: `kernel` or `0`.
    pub field: &'static str,
    /// The dtype in the file, if not that of the elements.
    pub dtype: Option<Dtype>,
    /// The shape in memory.
    pub shape: Option<&'static [Extent]>,
    /// The order of the axes in the file.
    pub permutation: Option<Permutation>,
    /// The shape in the file; `None` is an axis of memory (as the permutation leaves it).
    pub reshape: PerFramework<&'static [Option<usize>]>,
}

/// The order in which axes are stored.
#[derive(Clone, Copy, Debug)]
pub enum Permutation {
    /// From the last to the first.
    Transpose,
    /// The n-th axis in the file is this axis of memory.
    Axes(&'static [usize]),
}

/// One axis of a `shape(…)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// `_`
    Any,
    /// A number.
    Is(usize),
    /// A name, which stands for one number in all of a struct.
    Named(&'static str),
}

impl TypeSpec {
    /// Whether saving and loading must know of it: something in it depends on the framework.
    pub(crate) fn is_telling(&self) -> bool {
        self.is_module
            || !self.collection.is_none()
            || self.fields.iter().any(FieldSpec::is_telling)
            || self
                .variants
                .iter()
                .any(|variant| variant.field.is_telling() || variant.fields.iter().any(FieldSpec::is_telling))
    }

    /// The field that serde saves under this name.
    pub(crate) fn saved(&self, name: &str) -> Option<&'static FieldSpec> {
        saved(self.fields, name)
    }

    /// The variant that serde saves under this name.
    pub(crate) fn saved_variant(&self, name: &str) -> Option<&'static VariantSpec> {
        self.variants.iter().find(|variant| variant.field.name == name)
    }

    /// The variant that serde loads under this name.
    pub(crate) fn loaded_variant(&self, name: &str) -> Option<&'static VariantSpec> {
        self.variants.iter().find(|variant| variant.field.loads.contains(&name))
    }
}

/// The field that serde saves under this name.
pub(crate) fn saved(fields: &'static [FieldSpec], name: &str) -> Option<&'static FieldSpec> {
    fields.iter().find(|field| field.name == name)
}

/// The field that serde loads under this name.
pub(crate) fn loaded(fields: &'static [FieldSpec], name: &str) -> Option<&'static FieldSpec> {
    fields.iter().find(|field| field.loads.contains(&name))
}

impl FieldSpec {
    fn is_telling(&self) -> bool {
        !self.names.is_none() || !self.collection.is_none() || self.only.is_some() || self.list.is_some()
    }

    /// Whether a framework has the field. Where no framework is meant, it is there.
    pub(crate) fn exists_in(&self, framework: Option<Framework>) -> bool {
        match (self.only, framework) {
            (Some(only), Some(framework)) => only.contains(&framework),
            (Some(_) | None, _) => true,
        }
    }
}
