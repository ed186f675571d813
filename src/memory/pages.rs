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
    if size_of_val(region) >= LEAST {
        advise(region, rustix::mm::Advice::LinuxHugepage);
    }
}

/// Has the system back `region`, which is about to be written to, at once and not page by page.
#[cfg(target_os = "linux")]
pub(crate) fn prefault<T>(region: &mut [MaybeUninit<T>]) {
    /// For less the call is not worth it.
    const LEAST: usize = 128 << 10;
    if size_of_val(region) >= LEAST {
        advise(region, rustix::mm::Advice::LinuxPopulateWrite);
    }
}

/// Gives a hint about the whole pages of `region`: what else lies in its first and its last one
/// belongs to somebody else.
#[cfg(target_os = "linux")]
fn advise<T>(region: &mut [MaybeUninit<T>], advice: rustix::mm::Advice) {
    // Where pages are larger, the system refuses what is not a multiple of them.
    const PAGE: usize = 4 << 10;
    let start: *mut u8 = region.as_mut_ptr().cast();
    let before = start.addr().next_multiple_of(PAGE) - start.addr();
    let inner = size_of_val(region).saturating_sub(before) / PAGE * PAGE;
    if inner > 0 {
        // SAFETY: `before + inner` is at most the length, so this range is memory that `region`
        // borrows exclusively. Both hints that are given here have an effect on how the system backs
        // it, and none on its contents. A hint that fails does nothing, which is well too.
        let _ = unsafe { rustix::mm::madvise(start.add(before).cast(), inner, advice) };
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn prefer_huge<T>(_region: &mut [MaybeUninit<T>]) {}

#[cfg(not(target_os = "linux"))]
pub(crate) fn prefault<T>(_region: &mut [MaybeUninit<T>]) {}
