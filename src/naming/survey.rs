//! What one look at each key tells of all of them.
//!
//! Keys come in some order, mostly sorted, and then each has much in common with the one before it:
//! only the rest is looked at.

/// What is known of keys, in the order in which they were [added](Survey::add).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Survey {
    /// Whether each key sorts after the one before it, so that no two are alike.
    pub(crate) sorted: bool,
    /// Whether some key begins with all of the one before it.
    pub(crate) nested: bool,
    /// Which of the bytes that tell namings apart there are in some key.
    marks: u8,
}

impl Default for Survey {
    fn default() -> Self {
        Self { sorted: true, nested: false, marks: 0 }
    }
}

const SLASH: u8 = 1;
const TILDE: u8 = 1 << 1;
const COLON: u8 = 1 << 2;
const COMMA: u8 = 1 << 3;
const BRACKET: u8 = 1 << 4;
const PARENTHESIS: u8 = 1 << 5;

#[inline]
fn mark_of(byte: u8) -> u8 {
    match byte {
        b'/' => SLASH,
        b'~' => TILDE,
        b':' => COLON,
        b',' => COMMA,
        b'[' => BRACKET,
        b'(' => PARENTHESIS,
        _ => 0,
    }
}

impl Survey {
    /// Looks at one more key, which comes after `last`.
    #[inline]
    pub(crate) fn add(&mut self, last: Option<&[u8]>, key: &[u8]) {
        let common = match last {
            Some(last) => {
                let common = common_len(last, key);
                match (last.get(common), key.get(common)) {
                    (Some(a), Some(b)) => self.sorted &= a < b,
                    (None, after) => {
                        self.nested = true;
                        self.sorted &= after.is_some();
                    }
                    (Some(_), None) => self.sorted = false,
                }
                common
            }
            None => 0,
        };
        for byte in key.get(common..).unwrap_or_default() {
            self.marks |= mark_of(*byte);
        }
    }

    /// What there is to know of these keys.
    pub(crate) fn of<'k>(keys: impl IntoIterator<Item = &'k str>) -> Self {
        let mut survey = Self::default();
        let mut last = None;
        for key in keys {
            let key = key.as_bytes();
            survey.add(last, key);
            last = Some(key);
        }
        survey
    }

    /// Whether the keys are sorted, and none begins with another one.
    pub(crate) fn is_flat_and_sorted(&self) -> bool {
        self.sorted && !self.nested
    }

    /// Whether nothing speaks for another naming than flax with the separator `.`.
    pub(super) fn has_no_marks(&self) -> bool {
        self.marks == 0
    }

    /// Whether some key may be one of objax: with a `::Kind` or a `(Class)`.
    pub(super) fn may_be_objax(&self) -> bool {
        self.marks & (COLON | PARENTHESIS) != 0
    }

    /// Whether some key may be one of keystr.
    pub(super) fn may_be_keystr(&self) -> bool {
        self.marks & BRACKET != 0
    }

    /// Whether some key may be one of haiku.
    pub(super) fn may_be_haiku(&self) -> bool {
        self.marks & (SLASH | TILDE) != 0
    }
}

/// How many bytes at their beginning are the same.
#[inline]
fn common_len(a: &[u8], b: &[u8]) -> usize {
    let mut at = 0;
    let words = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
    for (x, y) in words {
        let differing = u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y);
        if differing != 0 {
            return at + differing.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let shorter = a.len().min(b.len());
    let window = |text: &[u8]| shorter.checked_sub(8).and_then(|start| text.get(start..)?.first_chunk().copied());
    if let (Some(x), Some(y)) = (window(a), window(b)) {
        let differing = u64::from_le_bytes(x) ^ u64::from_le_bytes(y);
        return shorter - 8 + (differing.trailing_zeros() / 8) as usize;
    }
    let rests = a.get(at..).unwrap_or_default().iter().zip(b.get(at..).unwrap_or_default());
    at + rests.take_while(|(x, y)| x == y).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_survey_knows_what_looking_at_every_key_shows(
            mut keys in prop::collection::vec("(aaaaaaaa|b){0,3}[ab/~:,(.\\[é]{0,3}", 0..8),
            sorted: bool,
        ) {
            if sorted {
                keys.sort();
            }
            let survey = Survey::of(keys.iter().map(String::as_str));
            prop_assert_eq!(survey.sorted, keys.is_sorted_by(|a, b| a < b));
            prop_assert_eq!(survey.nested, keys.windows(2).any(|pair| pair[1].starts_with(&pair[0])));
            let has = |marks: &[char]| keys.iter().any(|key| key.contains(marks));
            prop_assert_eq!(survey.has_no_marks(), !has(&['/', '~', ':', ',', '[', '(']));
            prop_assert_eq!(survey.may_be_objax(), has(&[':', '(']));
            prop_assert_eq!(survey.may_be_keystr(), has(&['[']));
            prop_assert_eq!(survey.may_be_haiku(), has(&['/', '~']));
        }
    }
}
