//! Large pages for large memory, where the system takes the hint.

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
    /// A multiple of every size that plain pages have.
    const PAGE: usize = 64 << 10;
    let len = size_of_val(region);
    if len < LEAST {
        return;
    }
    let start: *mut u8 = region.as_mut_ptr().cast();
    // Whole pages alone: what else lies in the first and the last one belongs to somebody else.
    let before = start.addr().next_multiple_of(PAGE) - start.addr();
    let inner = (len - before) / PAGE * PAGE;
    // SAFETY: `before + inner` is at most `len`, so this range is memory that `region` borrows
    // exclusively. The advice has an effect on how the system backs it, and none on its contents.
    // Where the system does not know the advice it does nothing, which is well too.
    let _ = unsafe { rustix::mm::madvise(start.add(before).cast(), inner, rustix::mm::Advice::LinuxHugepage) };
}

#[cfg(not(target_os = "linux"))]
pub(super) fn prefer_huge<T>(_region: &mut [MaybeUninit<T>]) {}
