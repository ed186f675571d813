//! The vocabulary that all namings share: what a path is made of, and what a key is read as.

use std::borrow::Cow;

use crate::spec::ListForm;

/// One step of a path from the root of a value to a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Segment<'a> {
    /// A field of a struct.
    Field(&'a str),
    /// The variant of an enum.
    Variant(&'a str),
    /// A key of a map.
    Key(&'a str),
    /// A key of a map that was an integer, as text.
    IntKey(&'a str),
    /// An item of a sequence or tuple.
    Index(usize),
}

/// What a step of a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content<'a> {
    /// A struct or a map.
    Module {
        /// The name of the type.
        class: Option<&'a str>,
        /// Whether a direct child is a tensor or a leaf.
        holds_tensor: bool,
        /// Whether it is a map.
        map: bool,
    },
    /// A sequence or a tuple that holds a tensor.
    List {
        /// The name of the newtype struct around it.
        class: Option<&'a str>,
        /// How its items are written in flax, where its field says so.
        form: Option<ListForm>,
    },
    /// A tensor.
    Tensor,
    /// A value that is no tensor.
    Leaf,
}

impl Content<'_> {
    fn list_form(&self) -> Option<ListForm> {
        match self {
            Content::List { form, .. } => *form,
            _ => None,
        }
    }

    /// Whether the path ends here.
    pub(super) fn is_end(&self) -> bool {
        matches!(self, Content::Tensor | Content::Leaf)
    }
}

/// Where a container stands, as far as the names of its children depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The root of the file, with nothing written yet; `map` when it is a map.
    Root { map: bool },
    /// Directly under a haiku collection: a second root.
    Collection,
    /// Anywhere else.
    Inside,
}

/// The name of a haiku list, which is not written before it is known what its items are.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) name: String,
    /// The list is the value of a map key, so its items join as map keys do.
    pub(super) keyed: bool,
}

/// What a naming has to remember of a container to name the children in it.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    pub(super) place: Place,
    /// Where the container's own name begins in the key.
    pub(super) start: usize,
    /// The container is a list.
    pub(super) list: bool,
    /// How its items are written in flax, where its field says so.
    pub(super) form: Option<ListForm>,
    pub(super) pending: Option<Pending>,
}

impl Level {
    /// The level of a root whose content is `content`.
    pub(super) fn root(content: &Content<'_>) -> Self {
        Level {
            place: Place::Root { map: matches!(content, Content::Module { map: true, .. }) },
            start: 0,
            list: matches!(content, Content::List { .. }),
            form: content.list_form(),
            pending: None,
        }
    }

    /// The level of a list whose items haiku creates in this scope, unless its name has one.
    pub(crate) fn in_scope(&self, scope: &str) -> Option<Self> {
        let list = self.pending.as_ref().filter(|list| !list.keyed)?;
        let pending = Pending { name: in_scope(scope, &list.name)?, keyed: false };
        Some(Self { pending: Some(pending), ..self.clone() })
    }

    /// The level of a container below the root whose name begins at `start`.
    pub(super) fn inside(start: usize, content: &Content<'_>) -> Self {
        Level {
            place: Place::Inside,
            start,
            list: matches!(content, Content::List { .. }),
            form: content.list_form(),
            pending: None,
        }
    }
}

/// The name of a submodule that haiku creates in this scope, unless the name has one.
pub(crate) fn in_scope(scope: &str, name: &str) -> Option<String> {
    (!name.contains('/')).then(|| format!("{scope}/{name}"))
}

/// Why a path has no key: a sentence with a way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) String);

/// A part of a key: the written form of one step of the path.
///
/// Tokens partition a key, and keys of one subtree share their first tokens byte for byte, so a
/// node of the tree is a range of sorted keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token<'k> {
    /// What a field is matched with.
    pub(crate) name: Cow<'k, str>,
    /// The text that selects this token where `name` is not enough: in haiku with the scope
    /// (`~/linear`, `/linear`, `~encode/enc`), elsewhere the token as it is written.
    pub(crate) scoped: &'k str,
    /// The byte offset in the key just after this token.
    pub(crate) end: usize,
    /// Whether this is the last token. That is `end == key.len()`, but for one case: the flax key
    /// `a.` is the token `a.` and then an empty one, and both end where the key does.
    pub(crate) leaf: bool,
    /// Whether it is written as an index of a list (`[0]` in objax and keystr).
    pub(crate) index: bool,
}

/// Whether `text` is a decimal number in its one canonical form.
pub(super) fn is_canonical_index(text: &str) -> bool {
    text == "0" || (!text.is_empty() && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// An index as it is written: decimal digits without leading zeros.
pub(crate) fn index(text: &str) -> Option<usize> {
    if is_canonical_index(text) { text.parse().ok() } else { None }
}

/// Whether a name is that of an item of `base`, or of an item of an item.
pub(super) fn is_item(name: &str, base: &str) -> bool {
    let indices = name.strip_prefix(base).and_then(|rest| rest.strip_prefix('_'));
    indices.is_some_and(|indices| indices.split('_').all(|text| index(text).is_some()))
}

/// Where `separator` first occurs in `text`.
///
/// Preparing the search of a string costs more than searching a key, and most separators are one
/// byte.
pub(super) fn find(text: &str, separator: &str) -> Option<usize> {
    match separator.as_bytes() {
        [byte] => text.bytes().position(|other| other == *byte),
        [first, ..] if !text.as_bytes().contains(first) => None,
        _ => text.find(separator),
    }
}

#[cfg(test)]
mod tests {
    use super::{index, is_item};

    #[test]
    fn an_index_is_a_canonical_decimal() {
        let cases =
            [("0", Some(0)), ("12", Some(12)), ("01", None), ("", None), ("+1", None), ("1a", None), ("٣", None)];
        for (text, expected) in cases {
            assert_eq!(index(text), expected, "{text}");
        }
        assert_eq!(index("99999999999999999999999"), None);
    }

    #[test]
    fn an_item_is_named_by_its_list_and_indices() {
        assert!(is_item("layers_3", "layers"));
        assert!(!is_item("layers3", "layers"));
        assert!(!is_item("layers_x", "layers"));
        assert!(!is_item("layer_3", "layers"));
        assert!(is_item("layers_3_0", "layers"));
        assert!(!is_item("layers_3_x", "layers"));
    }
}
