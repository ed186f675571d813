//! The order of keys, byte by byte.
//!
//! Keys of one module have much in common, and comparing two of them from the start would look at it
//! again and again. So eight bytes of each are looked at, after what all have in common, as one
//! number; where those are alike, the next ones.

/// This few are compared as they are.
const FEW: usize = 24;

/// A key, as far as it has been looked at.
#[derive(Clone, Copy)]
struct Entry {
    /// The bytes that decide next, the first one uppermost; zeros after the end.
    head: u64,
    index: u32,
}

/// Sorts indices by the keys that they stand for; those of one key by themselves.
pub(crate) fn sort<'k>(indices: &mut [u32], key: impl Fn(u32) -> &'k [u8]) {
    let mut entries: Vec<Entry> = indices.iter().map(|&index| Entry { head: 0, index }).collect();
    let mut open = vec![(0, entries.len(), 0)];
    while let Some((start, end, at)) = open.pop() {
        let Some(run) = entries.get_mut(start..end) else { continue };
        let rest = |index: u32, at: usize| key(index).get(at..).unwrap_or_default();
        if run.len() <= FEW {
            run.sort_unstable_by(|a, b| rest(a.index, at).cmp(rest(b.index, at)).then(a.index.cmp(&b.index)));
            continue;
        }
        let at = at + common(run.iter().map(|entry| rest(entry.index, at)));
        for entry in &mut *run {
            entry.head = head(rest(entry.index, at));
        }
        run.sort_unstable_by_key(|entry| (entry.head, entry.index));
        // What is alike so far: some may have ended, the others go on.
        let mut begin = start;
        for alike in run.chunk_by_mut(|a, b| a.head == b.head) {
            let len = alike.len();
            if len > 1 {
                alike.sort_by_key(|entry| key(entry.index).len().min(at + 8));
                let ended = alike.iter().take_while(|entry| key(entry.index).len() < at + 8).count();
                open.push((begin + ended, begin + len, at + 8));
            }
            begin += len;
        }
    }
    for (to, from) in indices.iter_mut().zip(entries) {
        *to = from.index;
    }
}

/// How many bytes all of them begin with.
fn common<'k>(mut texts: impl Iterator<Item = &'k [u8]>) -> usize {
    let Some(first) = texts.next() else { return 0 };
    let mut common = first;
    for text in texts {
        if !text.starts_with(common) {
            let len = common.iter().zip(text).take_while(|(a, b)| a == b).count();
            common = common.get(..len).unwrap_or_default();
        }
    }
    common.len()
}

/// The first eight bytes as a number that sorts as they do.
fn head(text: &[u8]) -> u64 {
    match text.first_chunk() {
        Some(chunk) => u64::from_be_bytes(*chunk),
        None => text.iter().fold(0, |head, byte| head << 8 | u64::from(*byte)) << (64 - 8 * text.len().max(1)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn keys_sort_as_their_bytes_do(
            keys in prop::collection::vec("(blocks\\.|a)?[0-9]{0,2}(\\.long_name_of_a_tensor)?[ab\u{0}é]{0,9}", 0..120),
        ) {
            let mut sorted: Vec<u32> = (0..keys.len() as u32).collect();
            sort(&mut sorted, |index| keys[index as usize].as_bytes());
            let mut expected: Vec<u32> = (0..keys.len() as u32).collect();
            expected.sort_by_key(|index| keys[*index as usize].as_bytes());
            prop_assert_eq!(sorted, expected);
        }
    }
}
