//! How the system backs large memory with pages, where it takes a hint.

use std::mem::MaybeUninit;

/// Asks that `region`, memory which nothing was written to yet, be backed by huge pages.
///
/// Most of the time of a first write goes to faults of pages of 4 KiB; with pages of 2 MiB there are
/// 512 times fewer. What is too small to have many such pages is left alone, and where there are none,
/// nothing changes.
#[cfg(target_os = "linux")]
pub(super) fn prefer_huge<T>(region: &mut [MaybeUninit<T>]) {
    /// Twice a huge page of the usual size.
    const LEAST: usize = 4 << 20;
    let len = size_of_val(region);
    if len >= LEAST {
        // SAFETY: `region` borrows the memory, and the size of pages is nothing to its contents.
        unsafe { advise(region.as_mut_ptr().addr(), len, rustix::mm::Advice::LinuxHugepage) };
    }
}

/// Has the system back `region`, which is about to be written to, at once and not page by page.
#[cfg(target_os = "linux")]
pub(crate) fn prefault<T>(region: &mut [MaybeUninit<T>]) {
    /// For less the call is not worth it.
    const LEAST: usize = 128 << 10;
    let len = size_of_val(region);
    if len >= LEAST {
        // SAFETY: `region` borrows the memory.
        unsafe { populate(region.as_mut_ptr().addr(), len) };
    }
}

/// Has the system back the memory from `start` on.
///
/// # Safety
///
/// It is allocated, and stays so for the time of the call.
#[cfg(target_os = "linux")]
pub(super) unsafe fn populate(start: usize, len: usize) {
    // SAFETY: allocated, as the caller says. A page that is there stays as it is, and one that is not
    // yet comes as it would at the first write to it.
    unsafe { advise(start, len, rustix::mm::Advice::LinuxPopulateWrite) };
}

/// Gives a hint about the whole pages from `start` on: what else lies in the first and the last one
/// belongs to somebody else.
///
/// # Safety
///
/// The memory is allocated, and stays so for the time of the call; the advice leaves its contents as
/// they are.
#[cfg(target_os = "linux")]
unsafe fn advise(start: usize, len: usize, advice: rustix::mm::Advice) {
    let page = page_size();
    let before = start.next_multiple_of(page) - start;
    let inner = len.saturating_sub(before) / page * page;
    if inner > 0 {
        let first = std::ptr::without_provenance_mut(start + before);
        // SAFETY: `before + inner` is at most the length, so these pages are within the memory, and
        // `first` is a multiple of the system's own page, so that it does not round up to others. How
        // the memory is backed changes and nothing else, which whoever reads or writes it meanwhile
        // does not notice; so the address is enough. A hint that fails does nothing, which is well too.
        let _ = unsafe { rustix::mm::madvise(first, inner, advice) };
    }
}

/// How large a page is.
///
/// libc was told when the program started. `rustix` finds out by itself, from what the system put on the
/// stack, and what valgrind puts there ends the process.
#[cfg(target_os = "linux")]
fn page_size() -> usize {
    /// A multiple of what Linux has.
    const LARGE: usize = 64 << 10;
    // SAFETY: a question for a number, about no memory.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).ok().filter(|size| size.is_power_of_two()).unwrap_or(LARGE)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn prefer_huge<T>(_region: &mut [MaybeUninit<T>]) {}

#[cfg(all(unix, not(target_os = "linux")))]
pub(crate) fn prefault<T>(_region: &mut [MaybeUninit<T>]) {}
