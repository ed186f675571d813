//! The heap: how much memory a piece of work takes at most, counted by the allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static ON: AtomicBool = AtomicBool::new(false);
static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn more(size: usize) {
    if ON.load(Relaxed) {
        PEAK.fetch_max(NOW.fetch_add(size, Relaxed).wrapping_add(size), Relaxed);
    }
}

fn less(size: usize) {
    if ON.load(Relaxed) {
        NOW.fetch_sub(size, Relaxed);
    }
}

// SAFETY: everything is the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        more(layout.size());
        // SAFETY: passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        more(layout.size());
        // SAFETY: passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        less(layout.size());
        // SAFETY: passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        more(size);
        less(layout.size());
        // SAFETY: passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// The most bytes that were allocated at a time during `work`, beyond what was before. What `work`
/// returns counts, and must have been allocated by it.
pub fn peak<T>(work: impl FnOnce() -> T) -> usize {
    const BASE: usize = 1 << 40;
    NOW.store(BASE, Relaxed);
    PEAK.store(BASE, Relaxed);
    ON.store(true, Relaxed);
    let value = work();
    ON.store(false, Relaxed);
    drop(value);
    PEAK.load(Relaxed) - BASE
}

/// Has every large allocation be fresh memory, as it is in a process that has just begun. The allocator
/// would keep some and not others, by what came before, which is for no contestant to gain by.
pub fn always_fresh() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it changes a number, before any other thread is there.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 128 << 10);
    }
}

/// Gives free memory back to the system, which an allocator may keep for the next one who asks.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it only gives back what is free.
    unsafe {
        libc::malloc_trim(0);
    }
}
