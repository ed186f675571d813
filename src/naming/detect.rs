//! Which naming the keys of a file follow.
//!
//! The first of objax, keystr, haiku, flax that fits, else flat:
//!
//! ```text
//! objax   every key is a name and one `::Kind`; or none has `::`, all follow objax's grammar, and
//!         there is a `(Class)` in every one
//! keystr  every key follows its grammar, and some key has a `[`
//! haiku   every key has the parameter separator, and the module before it has a `/` or is the
//!         lone `~` in some key (where `/` is the separator, a lone `~` between slashes)
//! flax    no key lies below another one, split at the most frequent of its separators
//! ```
//!
//! Most schemes are ruled out by the survey of the bytes in the keys, or by the first key.

use super::flax::{self, Flax};
use super::haiku::{self, Haiku};
use super::keystr::Keystr;
use super::objax::{self, Objax};
use super::{Naming, Scheme, Survey};

pub(super) fn detect(keys: &[&str], survey: &Survey) -> Naming {
    let scheme = if survey.may_be_objax() { objax_typed(keys).or_else(|| telling_objax(keys)) } else { None }
        .map(Scheme::Objax)
        .or_else(|| if survey.may_be_keystr() { keystr(keys).map(Scheme::Keystr) } else { None })
        .or_else(|| if survey.may_be_haiku() { telling_haiku(keys).map(Scheme::Haiku) } else { None })
        .or_else(|| telling_flax(keys, survey).map(Scheme::Flax))
        .unwrap_or(Scheme::Flat);
    Naming { scheme }
}

/// The options of the same scheme with which the keys fit.
pub(super) fn detect_options(naming: &Naming, keys: &[&str]) -> Option<Naming> {
    let scheme = match &naming.scheme {
        Scheme::Flax(flax) => Scheme::Flax(any_flax(flax, keys)?),
        Scheme::Haiku(_) => Scheme::Haiku(any_haiku(keys)?),
        Scheme::Objax(_) => Scheme::Objax(objax_typed(keys).or_else(|| objax_untyped(keys))?),
        Scheme::Keystr(_) => Scheme::Keystr(keystr(keys)?),
        Scheme::Flat => Scheme::Flat,
    };
    Some(Naming { scheme })
}

fn objax_typed(keys: &[&str]) -> Option<Objax> {
    let fits = !keys.is_empty() && keys.iter().all(|key| objax::typed(key).is_some());
    fits.then_some(Objax { kinds: true })
}

fn objax_untyped(keys: &[&str]) -> Option<Objax> {
    let objax = Objax { kinds: false };
    let fits = !keys.is_empty() && keys.iter().all(|key| objax.accepts(key).is_ok());
    fits.then_some(objax)
}

fn telling_objax(keys: &[&str]) -> Option<Objax> {
    let is_telling = keys.iter().all(|key| objax::has_class(key));
    is_telling.then(|| objax_untyped(keys))?
}

fn keystr(keys: &[&str]) -> Option<Keystr> {
    let is_bare = |key: &&str| !key.starts_with(['.', '[']);
    let keystr = Keystr { leading_dot: keys.iter().any(|key| key.starts_with('.')) || !keys.iter().any(is_bare) };
    keys.iter().all(|key| keystr.accepts(key).is_ok()).then_some(keystr)
}

fn any_haiku(keys: &[&str]) -> Option<Haiku> {
    haiku::SEPARATORS
        .into_iter()
        .map(|separator| Haiku { separator })
        .find(|haiku| keys.iter().all(|key| haiku.accepts(key).is_ok()))
}

fn telling_haiku(keys: &[&str]) -> Option<Haiku> {
    haiku::SEPARATORS
        .into_iter()
        .map(|separator| Haiku { separator })
        .find(|haiku| keys.iter().all(|key| haiku.accepts(key).is_ok()) && keys.iter().any(|key| haiku.is_telling(key)))
}

fn telling_flax(keys: &[&str], survey: &Survey) -> Option<Flax> {
    // The other separators are marks.
    let separator = if survey.has_no_marks() {
        flax::SEPARATORS.first().copied()?
    } else {
        Flax::separators_seen(keys, &flax::SEPARATORS).into_iter().next()?
    };
    if survey.is_flat_and_sorted() {
        return Some(Flax { separator: separator.to_owned(), suffix_lists: false, field_names: false });
    }
    fitting_flax(separator, false, keys)
}

fn any_flax(flax: &Flax, keys: &[&str]) -> Option<Flax> {
    let mut candidates = flax::SEPARATORS.to_vec();
    if !candidates.contains(&flax.separator.as_str()) {
        candidates.push(&flax.separator);
    }
    Flax::separators_seen(keys, &candidates)
        .into_iter()
        .find_map(|separator| fitting_flax(separator, flax.suffix_lists, keys))
}

fn fitting_flax(separator: &str, suffix_lists: bool, keys: &[&str]) -> Option<Flax> {
    let flax = Flax { separator: separator.to_owned(), suffix_lists, field_names: false };
    let conflict = if keys.is_sorted() {
        flax.conflict(keys)
    } else {
        let mut sorted = keys.to_vec();
        sorted.sort_unstable();
        flax.conflict(&sorted)
    };
    conflict.is_none().then_some(flax)
}
