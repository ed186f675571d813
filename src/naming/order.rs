//! The order of keys under a naming, and what sorted keys show.

use std::cmp::Ordering;

use super::{Naming, Scheme, Survey, keystr, objax};

impl Naming {
    /// The order of keys in which those with the same first tokens are neighbours.
    ///
    /// In flax and flat it is plain byte order. Elsewhere tokens are compared one by one, since a
    /// byte below the join may follow a name: `a-b` lies between `a` and `a.b` in byte order.
    pub(crate) fn compare(&self, a: &str, b: &str) -> Ordering {
        let token_end: &dyn Fn(&str, usize) -> usize = match &self.scheme {
            Scheme::Flax(_) | Scheme::Flat => return a.cmp(b),
            Scheme::Haiku(haiku) => &|key, at| haiku.token_end(key, at),
            Scheme::Objax(_) => &objax::token_end,
            Scheme::Keystr(_) => &keystr::token_end,
        };
        let mut at = 0;
        loop {
            let (a_end, b_end) = (token_end(a, at), token_end(b, at));
            let order = a.get(at..a_end).cmp(&b.get(at..b_end));
            if order != Ordering::Equal || a_end == a.len() || b_end == b.len() {
                return order.then_with(|| a.len().cmp(&b.len()));
            }
            at = a_end;
        }
    }

    /// Whether [`compare`](Naming::compare) is plain byte order.
    pub(crate) fn sorts_by_bytes(&self) -> bool {
        matches!(self.scheme, Scheme::Flax(_) | Scheme::Flat)
    }

    /// Sorts keys, which are in order already as often as not.
    pub(crate) fn sort(&self, keys: &mut [&str]) {
        if !keys.is_sorted_by(|a, b| self.compare(a, b).is_le()) {
            keys.sort_by(|a, b| self.compare(a, b));
        }
    }

    /// Whether [`fits`](Naming::fits) needs no more than a survey of the keys to agree.
    pub(crate) fn fits_at_once(&self, survey: &Survey) -> bool {
        match self.scheme {
            Scheme::Flax(_) => survey.is_flat_and_sorted(),
            Scheme::Flat => true,
            Scheme::Haiku(_) | Scheme::Objax(_) | Scheme::Keystr(_) => false,
        }
    }

    /// Whether tensors with these keys, in the order of [`compare`](Naming::compare), can be read
    /// in this naming; else the key that cannot and the reason.
    pub(crate) fn fits<'k>(&self, sorted_keys: &[&'k str]) -> Result<(), (&'k str, String)> {
        for key in sorted_keys {
            self.accepts(key).map_err(|reason| (*key, reason))?;
        }
        if let Scheme::Flax(flax) = &self.scheme
            && let Some((key, above)) = flax.conflict(sorted_keys)
        {
            return Err((key, format!("it lies below `{above}`, which is a tensor")));
        }
        Ok(())
    }
}
