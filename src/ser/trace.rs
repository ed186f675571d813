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
        let (words, rest) = name.as_bytes().as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        self.mix(u64::from_le_bytes(last));
        self.mix(name.len() as u64);
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.mix(event as u64);
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
