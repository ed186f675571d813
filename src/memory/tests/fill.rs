//! Memory that is filled without being written first.

use std::mem::MaybeUninit;

use super::super::*;
use super::sample;

#[test]
fn copied_elements_are_those_of_the_bytes_however_many_and_wherever_they_lie() {
    for count in [0, 1, 16, 1023, 1024, 1025, 5000] {
        let source: Vec<f32> = (0..count).map(|index| index as f32).collect();
        let mut shifted = vec![0];
        shifted.extend_from_slice(bytes_of(&source));
        assert_eq!(copied_vec::<f32>(&shifted[1..]).unwrap(), source);
    }
    assert_eq!(copied_vec::<bool>(&[1, 0]).unwrap(), [true, false]);
}

#[test]
fn bytes_that_are_no_elements_are_not_copied() {
    assert!(copied_vec::<bool>(&[1, 2]).is_err());
    assert!(copied_vec::<f32>(&[0; 7]).is_err());
    assert!(copied_vec::<f32>(&[0; 8191]).is_err());
}

#[test]
fn a_vec_is_filled_without_being_written_first() {
    let source = sample::<f32>(100);
    let read = read_vec::<f32>(100, |region| copy_into(region, bytes_of(&source))).unwrap();
    assert_eq!(bytes_of(&read), bytes_of(&source));
    assert_eq!(read.capacity(), 100);
    assert_eq!(read_vec::<f64>(0, |region| copy_into(region, &[])).unwrap(), Vec::<f64>::new());
    assert_eq!(read_vec::<i16>(3, |region| Ok(zeroed(region))).unwrap(), [0; 3]);
}

type Fill = for<'b> fn(&'b mut [MaybeUninit<u8>]) -> Result<&'b mut [u8]>;

/// What fills nothing, not all, or something else.
const CHEATS: [Fill; 6] = [
    |_| Ok(&mut []),
    |region| Ok(Box::leak(vec![1; region.len()].into_boxed_slice())),
    |region| Ok(zeroed(region.split_at_mut(4).0)),
    |region| Ok(zeroed(region.split_at_mut(4).1)),
    |region| Ok(&mut zeroed(region)[1..]),
    |_| Err(Error::unsupported("no")),
];

#[test]
fn memory_that_was_not_filled_never_counts() {
    for cheat in CHEATS {
        assert!(read_vec::<f32>(2, cheat).is_err());
        assert!(AlignedBytes::read(8, cheat).is_err());
        assert!(fill_in_parts(&mut [MaybeUninit::uninit(); 8], |_, _| Ok(Some(&mut []))).is_err());
        let mut region = Region::new([8, 8]).unwrap();
        assert!(region.put(1, cheat).is_err());
        // It may be tried again.
        region.put(1, |slot| copy_into(slot, &[1; 8])).unwrap();
        assert!(region.finish().is_err());
    }
}

#[test]
fn memory_that_there_is_not_is_an_error() {
    let never: Fill = |_| unreachable!();
    assert!(read_vec::<f64>(usize::MAX / 8, never).is_err());
    assert!(read_vec::<f64>(usize::MAX, never).is_err());
    assert!(AlignedBytes::read(usize::MAX, never).is_err());
    assert!(Region::new([usize::MAX]).is_err());
    assert!(Region::new([usize::MAX, 1]).is_err());
}

#[test]
fn a_region_is_filled_slot_by_slot_in_any_order() {
    let mut region = Region::new([3, 0, 2]).unwrap();
    region.put(2, |slot| copy_into(slot, &[4, 5])).unwrap();
    region.put(1, |slot| copy_into(slot, &[])).unwrap();
    assert!(region.put(2, |slot| copy_into(slot, &[6, 7])).is_err());
    assert!(region.put(3, |slot| copy_into(slot, &[])).is_err());
    assert!(region.put(usize::MAX, |slot| copy_into(slot, &[])).is_err());
    region.put(0, |slot| copy_into(slot, &[1, 2, 3])).unwrap();
    assert_eq!(region.finish().unwrap(), [1, 2, 3, 4, 5]);
    assert_eq!(Region::new([]).unwrap().finish().unwrap(), [0u8; 0]);
    let mut unfinished = Region::new([1, 0]).unwrap();
    unfinished.put(0, |slot| copy_into(slot, &[1])).unwrap();
    assert!(unfinished.finish().is_err());
}

#[test]
fn a_slot_is_filled_in_parts() {
    let mut region = Region::new([2, 4, 0, 2]).unwrap();
    region.append(1, &[3]).unwrap();
    region.append(1, &[4, 5]).unwrap();
    assert!(region.append(1, &[6, 7]).is_err(), "there is room for one byte");
    region.append(1, &[6]).unwrap();
    assert!(region.append(1, &[]).is_err(), "it is filled");
    region.append(2, &[]).unwrap();
    region.append(0, &[1]).unwrap();
    // The next one counts from the start of another slot, and so does the one after.
    region.append(3, &[7, 8]).unwrap();
    assert!(region.append(0, &[9, 9, 9]).is_err());
    region.append(0, &[1, 2]).unwrap();
    assert!(region.append(4, &[]).is_err());
    assert_eq!(region.finish().unwrap(), [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn parts_of_a_slot_do_not_count_once_it_was_filled_otherwise() {
    let mut region = Region::new([4]).unwrap();
    region.append(0, &[1, 2, 3]).unwrap();
    // Whoever fills it may leave less behind than was there.
    let undone = region.put(0, |slot| {
        slot.fill(MaybeUninit::uninit());
        Err(Error::unsupported("no"))
    });
    assert!(undone.is_err());
    region.append(0, &[4]).unwrap();
    assert!(region.finish().is_err());
}

#[test]
fn parts_add_up() {
    let source: Vec<u8> = (0..100).collect();
    let read = read_vec::<u8>(100, |region| {
        fill_in_parts(region, |done, rest| {
            let len = rest.len().min(7);
            copy_into(rest.split_at_mut(len).0, &source[done..done + len]).map(Some)
        })
    });
    assert_eq!(read.unwrap(), source);
    let mut calls = Vec::new();
    let interrupted = read_vec::<u8>(100, |region| {
        fill_in_parts(region, |done, rest| {
            calls.push(done);
            // Nothing at every other call, as a read that a signal interrupts.
            let len = rest.len().min(50);
            let again = calls.len() % 2 == 1;
            if again { Ok(None) } else { copy_into(rest.split_at_mut(len).0, &source[done..done + len]).map(Some) }
        })
    });
    assert_eq!(interrupted.unwrap(), source);
    assert_eq!(calls, [0, 0, 50, 50]);
    let cut_short = read_vec::<u8>(100, |region| {
        fill_in_parts(region, |done, rest| match done {
            0 => copy_into(&mut rest[..9], &[0; 9]).map(Some),
            _ => Ok(Some(&mut [])),
        })
    });
    assert_eq!(cut_short.unwrap_err().to_string(), "the bytes end after 9 of 100");
}
