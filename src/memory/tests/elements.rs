//! Bytes as elements: checked, aligned, borrowed.

use super::super::*;
use super::sample;

#[test]
fn a_bool_is_0_or_1() {
    let source = |index: usize| {
        let mut bytes = vec![1; 10_000];
        bytes[index] = 7;
        bytes
    };
    for index in [0, 4095, 4096, 9999] {
        let bytes = source(index);
        let error = read_vec::<bool>(10_000, |region| copy_into(region, &bytes)).unwrap_err();
        assert_eq!(error.to_string(), format!("expected BOOL bytes of 0 or 1, found 7 at index {index}"));
        assert!(borrow_slice::<bool>(&bytes).is_err());
        assert!(elements::<bool>(&bytes).is_err());
        assert!(element::<bool>(&bytes, index).is_err());
        assert_eq!(element::<bool>(&bytes, index ^ 1).unwrap(), Some(true));
    }
    assert_eq!(read_vec::<bool>(3, |region| copy_into(region, &[1, 0, 1])).unwrap(), [true, false, true]);
}

#[test]
fn an_aligned_buffer_is_aligned() {
    for len in [0, 1, 64, 65, 1000] {
        let source = sample::<u8>(len);
        let buffer = AlignedBytes::read(len, |region| copy_into(region, &source)).unwrap();
        assert_eq!(*buffer, *source);
        assert!(buffer.as_ptr().addr().is_multiple_of(64));
    }
    fn shared<T: Send + Sync>() {}
    shared::<AlignedBytes>();
}

#[test]
fn a_slice_is_borrowed_where_it_is_aligned() {
    let buffer = AlignedBytes::read(64, |region| Ok(zeroed(region))).unwrap();
    assert_eq!(borrow_slice::<f64>(&buffer).unwrap(), [0.0; 8]);
    assert!(borrow_slice::<f64>(&buffer[..7]).is_err());
    assert!(borrow_slice::<f64>(&buffer[1..1]).unwrap().is_empty());
    assert_eq!(borrow_slice::<u8>(&buffer[1..3]).unwrap(), [0, 0]);
    let error = borrow_slice::<f32>(&buffer[1..5]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Borrow { .. }));
    assert!(error.to_string().contains("not aligned for f32: use Checkpoint::load"), "{error}");
}

#[test]
fn an_element_is_read_wherever_it_lies() {
    let bytes = [0, 1, 0, 2, 0, 3, 0];
    assert_eq!(element::<u16>(&bytes[1..], 2).unwrap(), Some(3));
    assert_eq!(element::<u16>(&bytes[1..], 3).unwrap(), None);
    assert_eq!(element::<u16>(&bytes, 3).unwrap(), None);
    assert_eq!(element::<u64>(&bytes, usize::MAX).unwrap(), None);
    assert_eq!(elements::<u16>(&bytes[1..]).unwrap().collect::<Vec<_>>(), [1, 2, 3]);
    assert!(elements::<u16>(&bytes).is_err());
}
