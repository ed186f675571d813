//! How many threads share the copies of large data (feature `parallel`).

/// At most so many threads at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Threads(usize);

impl Threads {
    /// More hardly help: a few saturate the memory.
    #[cfg(feature = "parallel")]
    const MOST: usize = 4;

    #[cfg(feature = "parallel")]
    pub(crate) fn new(threads: usize) -> Self {
        Self(threads.max(1))
    }

    /// How many of them are worth it for `len` bytes.
    #[cfg_attr(not(feature = "parallel"), allow(clippy::unused_self))]
    pub(crate) fn for_len(self, len: usize) -> usize {
        /// What one thread does in the time that it takes to start another, and much more.
        const LEAST: usize = 4 << 20;
        self.0.min(len / LEAST).max(1)
    }
}

impl Default for Threads {
    #[cfg(feature = "parallel")]
    fn default() -> Self {
        Self(std::thread::available_parallelism().map_or(1, usize::from).min(Self::MOST))
    }

    #[cfg(not(feature = "parallel"))]
    fn default() -> Self {
        Self(1)
    }
}
