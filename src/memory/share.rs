//! Large memory that several threads work on (feature `parallel`).

use std::mem::MaybeUninit;

use crate::Result;

/// Has `fill` write all of `region`, by several threads if there are to be some: it gets a stretch and
/// where in the region that begins.
///
/// # Errors
///
/// Those of `fill`, and when it did not write all of a stretch.
#[cfg(feature = "parallel")]
pub(crate) fn fill_by<F>(threads: usize, region: &mut [MaybeUninit<u8>], fill: F) -> Result<&mut [u8]>
where
    F: for<'s> Fn(usize, &'s mut [MaybeUninit<u8>]) -> Result<&'s mut [u8]> + Sync,
{
    use super::fill::{assume_filled, prove};
    use std::panic::resume_unwind;
    use std::sync::{Mutex, PoisonError};

    /// Two threads in one huge page would be in each other's way.
    const HUGE: usize = 2 << 20;
    if threads <= 1 || region.is_empty() {
        return fill(0, region);
    }
    let stretch = region.len().div_ceil(threads).next_multiple_of(HUGE);
    let others = region.len().div_ceil(stretch) - 1;
    let stretches = Mutex::new(region.chunks_mut(stretch).enumerate());
    // Whoever is free takes the next one, so it does not matter how many threads could be started.
    let work = || loop {
        let next = stretches.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some((number, part)) = next else { return Ok(()) };
        prove(part, |part| fill(number * stretch, part)).map_err(|error| (number, error))?;
    };
    let failed = std::thread::scope(|scope| {
        let spawn = |_| std::thread::Builder::new().name("safejax".to_owned()).spawn_scoped(scope, work).ok();
        let others: Vec<_> = (0..others).filter_map(spawn).collect();
        let own = work().err();
        let joined = others.into_iter().map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        joined.filter_map(|worked| worked.err()).chain(own).min_by_key(|(number, _)| *number)
    });
    if let Some((_, error)) = failed {
        return Err(error);
    }
    // SAFETY: the stretches tile the region. This thread has gone on until there were none left, and
    // no thread has failed, so whoever took one has proved it to be initialised.
    Ok(unsafe { assume_filled(region) })
}

/// Has `fill` write all of `region`: it gets all of it, which begins at 0.
///
/// # Errors
///
/// Those of `fill`.
#[cfg(not(feature = "parallel"))]
pub(crate) fn fill_by<F>(_threads: usize, region: &mut [MaybeUninit<u8>], fill: F) -> Result<&mut [u8]>
where
    F: for<'s> Fn(usize, &'s mut [MaybeUninit<u8>]) -> Result<&'s mut [u8]> + Sync,
{
    fill(0, region)
}

/// A thread that has the system back memory with pages ahead of whoever writes to it.
///
/// Most of the cost of fresh memory is that the system clears it. The thread does nothing else, and
/// whatever it has not come to yet is cleared as ever, so the two need not agree on an order.
#[cfg(all(feature = "parallel", target_os = "linux"))]
pub(super) struct Ahead {
    stop: std::sync::Arc<std::sync::atomic::AtomicBool>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

#[cfg(all(feature = "parallel", target_os = "linux"))]
impl Ahead {
    /// How much is backed in one go, and how far ahead of the writer the first thread begins.
    const STEP: usize = 4 << 20;

    /// Begins with `threads` threads.
    ///
    /// # Safety
    ///
    /// The memory is not given back before the result is dropped.
    pub(super) unsafe fn of(region: &mut [MaybeUninit<u8>], threads: usize) -> Self {
        use std::sync::atomic::{AtomicBool, Ordering};
        let stop = std::sync::Arc::new(AtomicBool::new(false));
        let (_, rest) = region.split_at_mut(region.len().min(2 * Self::STEP));
        let stretch = rest.len().div_ceil(threads.max(1)).next_multiple_of(Self::STEP);
        let backing = |part: &mut [MaybeUninit<u8>]| {
            let (stop, start, len) = (std::sync::Arc::clone(&stop), part.as_mut_ptr().addr(), part.len());
            let work = move || {
                for done in (0..len).step_by(Self::STEP) {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    // SAFETY: within the memory that `of` was given, which is there until this thread
                    // has ended, as the caller says, and `drop` waits for that.
                    unsafe { super::pages::populate(start + done, Self::STEP.min(len - done)) };
                }
            };
            // Without a thread it is as it always is.
            std::thread::Builder::new().name("safejax".to_owned()).spawn(work).ok()
        };
        let threads = rest.chunks_mut(stretch.max(1)).filter_map(backing).collect();
        Self { stop, threads }
    }
}

#[cfg(all(feature = "parallel", target_os = "linux"))]
impl Drop for Ahead {
    fn drop(&mut self) {
        self.stop.store(true, std::sync::atomic::Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // It does not panic, and there is nothing to hand on if it did.
            let _ = thread.join();
        }
    }
}

#[cfg(all(test, feature = "parallel"))]
mod tests {
    use super::*;
    use crate::Error;
    use crate::memory::{Region, copy_into, read_vec, zeroed};

    const LEN: usize = (5 << 20) + 3;

    fn sample() -> Vec<u8> {
        (0..LEN).map(|i| (i % 251) as u8).collect()
    }

    #[test]
    fn stretches_tile_the_region() {
        let source = sample();
        for threads in 0..6 {
            let read = read_vec::<u8>(LEN, |region| {
                fill_by(threads, region, |from, part| copy_into(part, &source[from..from + part.len()]))
            });
            assert!(read.unwrap() == source, "by {threads} threads");
        }
        let none = read_vec::<u8>(0, |region| fill_by(3, region, |_, part| copy_into(part, &[])));
        assert_eq!(none.unwrap(), [0u8; 0]);
    }

    #[test]
    fn a_stretch_that_was_not_filled_never_counts() {
        for bad in [0, 2 << 20, 4 << 20] {
            let read = read_vec::<u8>(LEN, |region| {
                fill_by(3, region, |from, part| if from == bad { Ok(&mut []) } else { Ok(zeroed(part)) })
            });
            assert!(read.is_err(), "the stretch from {bad} on");
        }
    }

    #[test]
    fn the_first_error_of_a_stretch_is_the_error() {
        let read = read_vec::<u8>(LEN, |region| {
            fill_by(3, region, |from, _| Err(Error::unsupported(format!("from {from} on"))))
        });
        assert_eq!(read.unwrap_err().to_string(), "from 0 on");
    }

    #[test]
    fn a_panic_in_a_stretch_is_handed_on() {
        for bad in [0, 2 << 20, 4 << 20] {
            let read = std::panic::catch_unwind(|| {
                read_vec::<u8>(LEN, |region| {
                    fill_by(3, region, |from, part| if from == bad { panic!("{from}") } else { Ok(zeroed(part)) })
                })
            });
            assert!(read.is_err(), "the stretch from {bad} on");
        }
    }

    #[test]
    fn a_region_that_is_backed_ahead_is_filled_as_any_other() {
        let source = sample();
        for threads in 1..4 {
            let mut region = Region::new([LEN, LEN, LEN]).unwrap().shared_by(threads);
            for slot in [2, 0, 1] {
                region.put(slot, |place| copy_into(place, &source)).unwrap();
            }
            assert!(region.finish().unwrap() == [&source[..]; 3].concat(), "by {threads} threads");
        }
        // One that is given up waits for the threads.
        drop(Region::new([64 << 20]).unwrap().shared_by(3));
    }
}
