//! A naming in words: for messages, and as the JSON that a file's metadata keeps.
//!
//! ```text
//! {"naming": "flax", "separator": "."}        also "suffix_lists": true
//! {"naming": "haiku", "separator": "."}
//! {"naming": "objax"}                         also "kinds": false
//! {"naming": "keystr"}                        also "leading_dot": false
//! {"naming": "flat"}
//! ```

use std::borrow::Cow;
use std::fmt;

use serde_json::{Value, json};

use super::{Keystr, Naming, Objax, Scheme};

impl Naming {
    /// The naming as JSON; what is as usual is left out.
    pub(crate) fn describe(&self) -> Value {
        match &self.scheme {
            Scheme::Flax(flax) if flax.suffix_lists => {
                json!({"naming": "flax", "separator": flax.separator, "suffix_lists": true})
            }
            Scheme::Flax(flax) => json!({"naming": "flax", "separator": flax.separator}),
            Scheme::Haiku(haiku) => json!({"naming": "haiku", "separator": haiku.separator}),
            Scheme::Objax(Objax { kinds: true }) => json!({"naming": "objax"}),
            Scheme::Objax(Objax { kinds: false }) => json!({"naming": "objax", "kinds": false}),
            Scheme::Keystr(Keystr { leading_dot: true }) => json!({"naming": "keystr"}),
            Scheme::Keystr(Keystr { leading_dot: false }) => {
                json!({"naming": "keystr", "leading_dot": false})
            }
            Scheme::Flat => json!({"naming": "flat"}),
        }
    }

    /// The naming that [`describe`](Naming::describe) described. Entries that it does not know
    /// are left to others.
    pub(crate) fn from_description(description: &Value) -> Option<Naming> {
        let flag = |name: &str, usual: bool| match description.get(name) {
            None => Some(usual),
            Some(value) => value.as_bool(),
        };
        let separator = |naming: Naming| match description.get("separator") {
            None => Some(naming),
            Some(value) => {
                let separator = value.as_str()?;
                let naming = naming.separator(separator);
                (naming.current_separator() == Some(separator)).then_some(naming)
            }
        };
        match description.get("naming")?.as_str()? {
            "flax" => Some(separator(Naming::flax())?.suffix_lists(flag("suffix_lists", false)?)),
            "haiku" => separator(Naming::haiku()),
            "objax" => Some(Naming::objax().kinds(flag("kinds", true)?)),
            "keystr" => Some(Naming::keystr().leading_dot(flag("leading_dot", true)?)),
            "flat" => Some(Naming::flat()),
            _ => None,
        }
    }

    fn current_separator(&self) -> Option<&str> {
        match &self.scheme {
            Scheme::Flax(flax) => Some(&flax.separator),
            Scheme::Haiku(haiku) => Some(haiku.separator),
            Scheme::Objax(_) | Scheme::Keystr(_) | Scheme::Flat => None,
        }
    }
}

impl fmt::Display for Naming {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: Cow<'static, str> = match &self.scheme {
            Scheme::Flax(flax) if flax.suffix_lists => {
                format!("flax (separator `{}`, lists as `layers_0`)", flax.separator).into()
            }
            Scheme::Flax(flax) => format!("flax (separator `{}`)", flax.separator).into(),
            Scheme::Haiku(haiku) => format!("haiku (parameter separator `{}`)", haiku.separator).into(),
            Scheme::Objax(Objax { kinds: true }) => "objax".into(),
            Scheme::Objax(Objax { kinds: false }) => "objax (without kinds)".into(),
            Scheme::Keystr(Keystr { leading_dot: true }) => "keystr".into(),
            Scheme::Keystr(Keystr { leading_dot: false }) => "keystr (without the leading dot)".into(),
            Scheme::Flat => "flat".into(),
        };
        formatter.write_str(&text)
    }
}
