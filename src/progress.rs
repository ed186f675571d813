//! How far a save or a load has come.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How far a save or a load has come: [`Options::on_progress`](crate::Options::on_progress).
///
/// # Examples
///
/// ```
/// use safejax::{Options, Progress};
///
/// let options = Options::new().on_progress(|Progress { bytes_done, bytes_total, key, .. }| {
///     eprintln!("{key}: {bytes_done} of {bytes_total} bytes");
/// });
/// # let _ = options;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'k> {
    /// The bytes of tensors that are written or read.
    pub bytes_done: u64,
    /// The bytes of all tensors. A load whose type does not ask for all of them ends before.
    pub bytes_total: u64,
    /// The tensor that the last bytes were of.
    pub key: &'k str,
}

/// Whom to tell.
#[derive(Clone)]
pub(crate) struct Watch(Arc<dyn Fn(Progress<'_>) + Send + Sync>);

impl Watch {
    pub(crate) fn new(watch: impl Fn(Progress<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(watch))
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

/// The count of one save or load.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    watch: Option<Watch>,
    done: AtomicU64,
    total: u64,
}

impl Meter {
    /// The greatest step between two reports.
    pub(crate) const STEP: usize = 4 * 1024 * 1024;

    pub(crate) fn new(watch: Option<&Watch>, total: u64) -> Self {
        Self { watch: watch.cloned(), done: AtomicU64::new(0), total }
    }

    /// The same from the beginning.
    pub(crate) fn again(&self) -> Self {
        Self::new(self.watch.as_ref(), self.total)
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.watch.is_some()
    }

    /// Counts bytes, and reports them.
    pub(crate) fn add<'k>(&self, bytes: usize, key: impl FnOnce() -> &'k str) {
        if let Some(watch) = &self.watch {
            // What has to be read again does not count again.
            let done = self.done.fetch_add(bytes as u64, Ordering::Relaxed).saturating_add(bytes as u64);
            let done = done.min(self.total);
            (watch.0)(Progress { bytes_done: done, bytes_total: self.total, key: key() });
        }
    }
}
