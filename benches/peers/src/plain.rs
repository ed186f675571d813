//! What the targets are measured by: plain copies, reads and writes of the same bytes.

use std::fs::File;
use std::mem::MaybeUninit;
use std::path::Path;

/// One fresh `Vec` with a copy of the bytes.
pub fn copy(bytes: &[u8]) -> Vec<u8> {
    bytes.to_vec()
}

/// [`copy`] into memory for which huge pages were asked.
pub fn copy_hinted(bytes: &[u8]) -> Vec<u8> {
    let mut copy = Vec::with_capacity(bytes.len());
    advise_huge_pages(&mut copy);
    copy.extend_from_slice(bytes);
    copy
}

#[cfg(target_os = "linux")]
fn advise_huge_pages(vec: &mut Vec<u8>) {
    use rustix::mm::{Advice, madvise};
    const PAGE: usize = 4096;
    let first = vec.as_ptr().addr();
    let (start, end) = (first.next_multiple_of(PAGE) - first, (first + vec.capacity()) / PAGE * PAGE - first);
    if start < end {
        // SAFETY: the range is within the capacity, and the advice changes no contents.
        let _ = unsafe { madvise(vec.as_mut_ptr().add(start).cast(), end - start, Advice::LinuxHugepage) };
    }
}

#[cfg(not(target_os = "linux"))]
fn advise_huge_pages(_vec: &mut Vec<u8>) {}

/// `bytes` as a `Vec` of elements of any plain type.
pub fn copy_elements<E: Copy>(bytes: &[u8]) -> Vec<E> {
    let len = bytes.len() / size_of::<E>();
    let mut vec = Vec::<E>::with_capacity(len);
    // SAFETY: the capacity holds the bytes. Every `E` that this is used with is a number for which
    // all patterns do, or a `bool` whose bytes come from a slice of `bool`.
    unsafe {
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), vec.as_mut_ptr().cast(), len * size_of::<E>());
        vec.set_len(len);
    }
    // A copy that nobody looks at might not be made.
    std::hint::black_box(vec)
}

/// The bytes of elements.
pub fn bytes_of<E: Copy>(elements: &[E]) -> &[u8] {
    // SAFETY: as for `copy_elements`: plain numbers without padding.
    unsafe { std::slice::from_raw_parts(elements.as_ptr().cast(), size_of_val(elements)) }
}

/// One positioned read into a buffer of its own.
pub fn read_elements(file: &File, offset: u64, len: usize) -> Vec<f32> {
    let mut vec = Vec::<f32>::with_capacity(len);
    let spare = vec.spare_capacity_mut();
    // SAFETY: the memory of `len` elements; any bytes are a `MaybeUninit<u8>`.
    let mut spare = unsafe { std::slice::from_raw_parts_mut(spare.as_mut_ptr().cast::<MaybeUninit<u8>>(), len * 4) };
    let mut at = offset;
    while !spare.is_empty() {
        let (read, rest) = rustix::io::pread(file, spare, at).expect("the file can be read");
        assert!(!read.is_empty(), "the file ends early");
        at += read.len() as u64;
        spare = rest;
    }
    // SAFETY: all were read.
    unsafe { vec.set_len(len) };
    vec
}

/// One write of ready bytes, on disk when it returns.
pub fn write_durably(path: &Path, bytes: &[u8]) {
    use std::io::Write;
    let mut file = File::create(path).expect("the file can be created");
    file.write_all(bytes).expect("the file can be written");
    file.sync_data().expect("the file can be synced");
}
