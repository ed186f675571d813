//! A stretch of a file in the making, for those who take it in pieces and in order.

use std::ops::Range;

use crate::Result;

/// The bytes of a file from some offset on. A walk over the value fills it with what lies there.
pub(crate) struct Window {
    begin: u64,
    bytes: Vec<u8>,
}

impl Window {
    pub(crate) fn new(range: Range<u64>) -> Self {
        Self { begin: range.start, bytes: vec![0; (range.end - range.start) as usize] }
    }

    /// Has `put` write a tensor, if any of it lies here.
    pub(crate) fn if_within(
        &mut self,
        offset: u64,
        len: usize,
        put: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let end = self.begin + self.bytes.len() as u64;
        if offset < end && offset + len as u64 > self.begin { put(self) } else { Ok(()) }
    }

    /// Takes what lies here of the bytes at an offset of the file.
    pub(crate) fn put(&mut self, offset: u64, bytes: &[u8]) {
        let skipped = usize::try_from(self.begin.saturating_sub(offset)).unwrap_or(usize::MAX);
        let at = usize::try_from(offset.saturating_sub(self.begin)).unwrap_or(usize::MAX);
        if let (Some(from), Some(to)) = (bytes.get(skipped..), self.bytes.get_mut(at..)) {
            let len = to.len().min(from.len());
            if let (Some(to), Some(from)) = (to.get_mut(..len), from.get(..len)) {
                to.copy_from_slice(from);
            }
        }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::Window;

    #[test]
    fn a_window_takes_what_lies_within() {
        let mut window = Window::new(4..8);
        window.put(0, &[1, 2, 3]);
        window.put(3, &[1, 2]);
        window.put(5, &[3, 4, 5, 6, 7]);
        window.put(8, &[9]);
        assert_eq!(window.into_bytes(), [2, 3, 4, 5]);
    }
}
