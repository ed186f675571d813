//! The text of non-tensor leaves in a file's metadata.
//!
//! A leaf is its JSON text, but a string stands bare unless the bare text would read as something
//! else. Numbers that JSON lacks stand as words (`NaN`, `Infinity`, `-Infinity`, as Python's json
//! writes them) or as digits (integers beyond 64 bits); inside a list they are strings.

/// A range of the text of a skeleton.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// How a leaf's text is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A string, here without quotes.
    Text,
    /// JSON.
    Json,
    /// A number that JSON does not have.
    Bare,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaf {
    pub(crate) span: Span,
    pub(crate) form: Form,
}

impl Leaf {
    /// The leaf as a part of a larger JSON text.
    pub(crate) fn write_json(self, text: &str, out: &mut String) {
        match self.form {
            Form::Json => out.push_str(text),
            Form::Text | Form::Bare => out.push_str(&quoted(text)),
        }
    }

    /// The leaf as a metadata entry of its own.
    pub(crate) fn entry(self, text: &str) -> String {
        match self.form {
            Form::Text if reads_as_something_else(text) => quoted(text),
            _ => text.to_owned(),
        }
    }
}

/// How deep the JSON of a leaf may nest: no more than serde_json reads.
pub(crate) const MAX_NESTING: usize = 127;

/// How deep a JSON text nests.
pub(crate) fn nesting(json: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let (mut quoted, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The words for the numbers that JSON cannot write.
pub(crate) fn non_finite(word: &str) -> Option<f64> {
    match word {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

pub(crate) fn non_finite_word(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

fn reads_as_something_else(text: &str) -> bool {
    non_finite(text).is_some() || serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ser::skeleton::Skeleton;

    #[test]
    fn a_string_is_quoted_only_where_the_bare_text_would_read_as_something_else() {
        for (text, entry) in [
            ("relu", "relu"),
            ("", ""),
            ("5", "\"5\""),
            ("true", "\"true\""),
            ("null", "\"null\""),
            ("NaN", "\"NaN\""),
            ("-Infinity", "\"-Infinity\""),
            ("[1]", "\"[1]\""),
            (" 1 ", "\" 1 \""),
            ("\"a\"", "\"\\\"a\\\"\""),
            ("nan", "nan"),
        ] {
            let span = Skeleton::default().intern(text);
            assert_eq!(Leaf { span, form: Form::Text }.entry(text), entry);
        }
    }
}
