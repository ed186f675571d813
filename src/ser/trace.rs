//! The structure of a value in one number, by which two walks are compared.

/// The structure of a value in one number: two walks that come by the same names, containers,
/// tensors and leaves in the same order have the same, whatever the values of the leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trace(u64);

impl Trace {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    pub(crate) fn name(&mut self, name: &str) {
        let name = name.as_bytes();
        let (words, rest) = name.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        self.mix(last_bytes(name, rest));
        self.mix(name.len() as u64);
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.mix(event as u64);
    }
}

/// What eight bytes at a time leave of a name, as a number that is another for every other rest, given
/// the length.
fn last_bytes(name: &[u8], rest: &[u8]) -> u64 {
    if let Some(last) = name.last_chunk::<8>() {
        // Some of them have been counted already, which does no harm.
        return u64::from_le_bytes(*last);
    }
    match (rest.first_chunk::<4>(), rest.last_chunk::<4>(), rest) {
        (Some(first), Some(last), _) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
        }
        (_, _, [first, second, third]) => u64::from_le_bytes([*first, *second, *third, 0, 0, 0, 0, 0]),
        (_, _, [first, second]) => u64::from_le_bytes([*first, *second, 0, 0, 0, 0, 0, 0]),
        (_, _, [first]) => u64::from(*first),
        _ => 0,
    }
}

/// What a walk comes by, besides names.
#[derive(Clone, Copy)]
pub(crate) enum Event {
    Tensor = 1,
    Leaf,
    Nothing,
    Key,
    IntKey,
    Struct,
    Map,
    List,
    Tuple,
    Enum,
    Close,
}
