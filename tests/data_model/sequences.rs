//! Sequences, tuples and sets.

use std::collections::{BTreeSet, HashSet, LinkedList, VecDeque};

use ndarray::{Array1, Array2, array};
use serde::{Deserialize, Serialize};

use crate::{Dense, config, dense, keys_and_metadata, leaf_text, refused, round_trip, round_trip_everywhere, unsaved};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Field<T> {
    value: T,
}

#[test]
fn sequences_come_back_wherever_they_stand() {
    round_trip(&Field { value: vec![1, 2, 3] });
    round_trip_everywhere(vec![0.5f32, f32::NEG_INFINITY]);
    round_trip(&Field { value: vec!["a".to_owned(), "5".to_owned()] });
    round_trip_everywhere(vec![config(), config()]);
    round_trip_everywhere(vec![array![1.0f32, 2.0], array![3.0]]);
    round_trip_everywhere(vec![dense(1.0), dense(2.0)]);
    round_trip(&Field { value: vec![true, false] });
    round_trip(&Field { value: vec!['a', '1'] });
    round_trip_everywhere(vec![(1, dense(1.0)), (2, dense(2.0))]);
    round_trip(&Field { value: VecDeque::from([dense(1.0)]) });
    round_trip(&Field { value: LinkedList::from([1, 2]) });
    round_trip(&Field { value: BTreeSet::from([3, 1, 2]) });
    round_trip(&Field { value: HashSet::from(["a".to_owned(), "b".to_owned()]) });
    round_trip(&Field { value: vec![1, 2].into_boxed_slice() });
}

#[test]
fn tuples_come_back_wherever_they_stand() {
    round_trip(&Field { value: (1,) });
    round_trip_everywhere((1, "a".to_owned(), 2.5, 'x', true));
    round_trip(&Field { value: (array![1.0f32], array![[2i64]]) });
    round_trip(&Field { value: (array![1.0f32], 5, "a".to_owned(), config(), dense(1.0)) });
    round_trip_everywhere(((), dense(1.0), ()));
    round_trip(&Field { value: ((), ((), ())) });
    round_trip(&Field { value: ((1, (2, dense(1.0))), [dense(2.0), dense(3.0)]) });
    round_trip(&Field { value: [1u8, 2, 3] });
    round_trip_everywhere([dense(1.0), dense(2.0)]);
    round_trip(&Field { value: [0u8; 0] });
}

#[test]
fn sequences_nest() {
    round_trip(&Field { value: vec![vec![1, 2], vec![], vec![3]] });
    round_trip_everywhere(vec![vec![dense(1.0)], vec![dense(2.0), dense(3.0)]]);
    round_trip_everywhere(vec![vec![], vec![dense(2.0)], vec![], vec![]]);
    round_trip(&Field { value: vec![vec![vec![array![1u8]], vec![]], vec![]] });
    round_trip(&Field { value: vec![Vec::<Dense>::new(), Vec::new()] });
    round_trip(&Field { value: vec![Vec::<Vec<Dense>>::new()] });
}

#[test]
fn a_sequence_without_tensors_is_one_leaf() {
    for (text, expected) in [
        (leaf_text([64, 64]), "[64,64]"),
        (leaf_text(("a", 1.5, true, None::<u8>)), r#"["a",1.5,true,null]"#),
        (leaf_text(vec![f64::NAN, 1.0]), r#"["NaN",1.0]"#),
        (leaf_text(vec![u128::MAX]), r#"["340282366920938463463374607431768211455"]"#),
        (leaf_text(vec![vec![1], vec![]]), "[[1],[]]"),
        (leaf_text([config()]), r#"[{"name":"a","sizes":[3,4],"rate":0.5}]"#),
        (leaf_text(Vec::<u8>::new()), "[]"),
    ] {
        assert_eq!(text, expected);
    }
}

#[test]
fn a_sequence_with_a_tensor_is_its_items() {
    let value = Field { value: (array![1.0f32], 5, [1, 2], dense(1.0)) };
    let (keys, metadata) = keys_and_metadata(&safejax::to_bytes(&value).unwrap());
    assert_eq!(keys, ["value.0", "value.3.bias", "value.3.kernel"]);
    assert_eq!((metadata["value.1"].as_str(), metadata["value.2"].as_str()), ("5", "[1,2]"));
}

#[test]
fn a_tuple_refuses_more_items_than_it_has() {
    let bytes = safejax::to_bytes(&Field { value: vec![dense(1.0), dense(2.0), dense(3.0)] }).unwrap();
    assert_eq!(refused::<Field<(Dense, Dense)>>(&bytes), "`value`: expected a tuple of 2, found an item of index 2");
    let bytes = safejax::to_bytes(&Field { value: vec![1, 2, 3] }).unwrap();
    assert_eq!(refused::<Field<(u8, u8)>>(&bytes), "`value`: invalid length 3, expected 2 items");
}

#[test]
fn a_tuple_refuses_fewer_items_than_it_has() {
    let bytes = safejax::to_bytes(&Field { value: vec![dense(1.0)] }).unwrap();
    let message = refused::<Field<(Dense, Dense)>>(&bytes);
    assert!(message.starts_with("`value.1.kernel`: missing"), "{message}");
}

#[test]
fn a_long_numeric_leaf_is_refused_by_naming_the_way_out() {
    let numbers: Vec<f64> = (0..20_000).map(|n| f64::from(n) + 0.5).collect();
    let way = "make it a tensor, as an ndarray array, a safejax::Tensor or a #[tensor] field";
    for message in [
        unsaved(&Field { value: numbers.clone() }),
        unsaved(&Field { value: numbers.chunks(2).map(<[f64]>::to_vec).collect::<Vec<_>>() }),
        unsaved(&Field { value: vec![Field { value: numbers.clone() }] }),
    ] {
        assert!(message.starts_with("`value") && message.contains(way), "{message}");
    }
    round_trip(&Field { value: numbers.iter().take(1000).copied().collect::<Vec<_>>() });
}

#[test]
fn the_limit_is_64_kib_of_text() {
    // Each number takes one byte, and one more for the comma or the bracket after it.
    let fits = vec![1u8; 32 * 1024];
    round_trip(&Field { value: fits.clone() });
    let mut beyond = fits;
    beyond.push(1);
    assert!(unsaved(&Field { value: beyond }).contains("#[tensor]"));
}

#[test]
fn long_lists_of_strings_are_leaves() {
    let words: Vec<String> = (0..20_000).map(|n| format!("word {n}")).collect();
    round_trip(&Field { value: words });
}

#[test]
fn a_long_list_of_numbers_among_tensors_is_not_counted_together() {
    let layer = |n| (Array1::<f32>::zeros(1), vec![n; 1000]);
    round_trip(&Field { value: (0..100).map(|n| layer(n + 100_000)).collect::<Vec<_>>() });
}

#[test]
fn the_order_of_many_items_is_kept() {
    round_trip(&Field { value: (0..120).map(|n| array![n as f32]).collect::<Vec<_>>() });
    round_trip(&(0..12).map(|n| Array2::from_elem((n, 1), n)).collect::<Vec<_>>());
}
