//! The keys whose values are names, and what a name may look like.

use syn::LitStr;

use super::values::string;
use super::{Framework, Item};
use crate::errors::Errors;

/// A name in a framework, which may be a path inside the module.
pub(super) fn name(framework: Framework, item: &Item, errors: &mut Errors) -> Option<LitStr> {
    let literal = string(item, errors)?;
    let name = literal.value();
    let wrong = match framework {
        _ if name.is_empty() => Some("a name is not empty"),
        Framework::Flax if name.split('.').any(str::is_empty) => {
            Some("expected a name, or a path of names joined by `.`, as in `flax = \"norm.mean\"`")
        }
        Framework::Haiku if name.ends_with(['/', '.']) || name.contains("..") || name.contains("//") => {
            Some("expected a name, or a path inside the module, as in `haiku = \"~/mean_ema.average\"`")
        }
        Framework::Objax if name.contains("::") => {
            Some("the kind of a variable has a key of its own: write `objax = \"running_mean\", var = \"StateVar\"`")
        }
        Framework::Objax if name.contains(['.', '[', ']', '(', ')', ':']) => {
            Some("a name in objax is that of one attribute: it is no path, and holds none of `.[]():`")
        }
        Framework::Flax | Framework::Haiku | Framework::Objax => None,
    };
    checked(literal, wrong, errors)
}

/// A variable kind of objax.
pub(super) fn var(item: &Item, errors: &mut Errors) -> Option<LitStr> {
    class_name(item, "a variable kind is the name of a class, such as `StateVar` or `TrainVar`", errors)
}

/// A class of objax.
pub(super) fn class(item: &Item, errors: &mut Errors) -> Option<LitStr> {
    class_name(item, "expected the name of a class, such as `Conv2D`", errors)
}

fn class_name(item: &Item, expected: &str, errors: &mut Errors) -> Option<LitStr> {
    let literal = string(item, errors)?;
    let name = literal.value();
    let is_identifier = name.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && name.chars().all(|char| char.is_alphanumeric() || char == '_');
    checked(literal, (!is_identifier).then_some(expected), errors)
}

/// Where haiku creates a submodule.
pub(super) fn scope(item: &Item, errors: &mut Errors) -> Option<LitStr> {
    let literal = string(item, errors)?;
    let scope = literal.value();
    let is_method =
        scope.strip_prefix('~').is_some_and(|method| method.chars().all(|char| char.is_alphanumeric() || char == '_'));
    let wrong = (!scope.is_empty() && !is_method).then_some(
        "a scope is `\"~\"` (created in `__init__`), `\"~method\"` (in that method) or `\"\"` (in `__call__`)",
    );
    checked(literal, wrong, errors)
}

fn checked(literal: LitStr, wrong: Option<&str>, errors: &mut Errors) -> Option<LitStr> {
    match wrong {
        None => Some(literal),
        Some(message) => {
            errors.at(&literal, message);
            None
        }
    }
}
