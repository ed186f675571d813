//! How many threads share the copies of large data (feature `parallel`).

/// At most so many threads at a time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Threads {
    /// As many as there are cores, up to a few, where nothing is said.
    #[cfg(feature = "parallel")]
    asked: Option<usize>,
}

impl Threads {
    #[cfg(feature = "parallel")]
    pub(crate) fn new(threads: usize) -> Self {
        Self { asked: Some(threads.max(1)) }
    }

    /// How many of them are worth it for `len` bytes.
    #[cfg(feature = "parallel")]
    pub(crate) fn for_len(self, len: usize) -> usize {
        /// What one thread does in the time that it takes to start another, and much more.
        const LEAST: usize = 4 << 20;
        let worth_it = (len / LEAST).max(1);
        // To ask how many cores there are takes reading files of the system.
        if worth_it == 1 { 1 } else { worth_it.min(self.asked.unwrap_or_else(|| *CORES)) }
    }

    #[cfg(not(feature = "parallel"))]
    pub(crate) fn for_len(self, _: usize) -> usize {
        1
    }
}

/// The cores, up to a number beyond which more hardly help: a few saturate the memory.
#[cfg(feature = "parallel")]
static CORES: std::sync::LazyLock<usize> =
    std::sync::LazyLock::new(|| std::thread::available_parallelism().map_or(1, usize::from).min(4));
