//! What is known by its type, and what is not.

use std::cell::Cell;

use serde::Deserialize;
use serde::de::value::{BorrowedBytesDeserializer, BorrowedStrDeserializer, StrDeserializer};

use super::super::known::AnyLifetime;
use super::super::*;
use crate::{Tensor, Tree};

#[test]
fn a_value_is_itself_or_nothing_else() {
    let tree = || Tree::List(vec![Tree::Tensor(Tensor::from_slice(&[1u8, 2]))]);
    assert_eq!(same::<Tree, Tree>(tree()).ok(), Some(tree()));
    assert_eq!(same::<Tree, Box<Tree>>(tree()).err(), Some(tree()));
    assert_eq!(same::<Tree, Option<Tree>>(tree()).err(), Some(tree()));
    assert_eq!(same::<(), ()>(()), Ok(()));
    assert_eq!(same::<(), [u8; 0]>(()), Err(()));
    let error = same::<Error, Error>(Error::unsupported("this")).ok();
    assert_eq!(error.map(|error| error.to_string()), Some("this".to_owned()));
}

/// Is told numbers.
#[repr(transparent)]
struct Told<'a>(&'a Cell<u32>);

// SAFETY: below it is implemented for every lifetime.
unsafe impl AnyLifetime for Told<'_> {}

impl Announce for Told<'_> {
    type Message = u32;

    fn announce(&mut self, message: u32) {
        self.0.set(message);
    }
}

#[test]
fn a_type_is_told_whatever_its_lifetime_and_no_other() {
    #[repr(transparent)]
    struct Around<'a>(Told<'a>);

    let cell = Cell::new(0);
    let mut told = Told(&cell);
    assert_eq!(announce::<Told<'static>, _>(&mut told, 1), Ok(()));
    assert_eq!(cell.get(), 1);
    assert_eq!(announce::<Told<'static>, _>(&mut &mut told, 2), Err(2));
    assert_eq!(announce::<Told<'static>, _>(&mut Some(Told(&cell)), 3), Err(3));
    assert_eq!(announce::<Told<'static>, _>(&mut &cell, 4), Err(4));
    assert_eq!(announce::<Told<'static>, _>(&mut Around(told), 5), Err(5));
    assert_eq!(cell.get(), 1);
}

impl Accept<u32> for crate::Serializer {
    type Output = u32;

    fn accept(self, request: u32) -> u32 {
        request + 1
    }
}

#[test]
fn a_serializer_that_is_another_one_is_given_back() {
    assert_eq!(accept::<crate::Serializer, u32, _>(crate::Serializer::new(), 1).ok(), Some(2));
    let (other, request) = accept::<crate::Serializer, u32, _>(serde_json::value::Serializer, 1).unwrap_err();
    assert_eq!((serde::Serialize::serialize(&5, other).unwrap(), request), (serde_json::json!(5), 1));
}

// SAFETY: below it is implemented for every lifetime, and lends for that of the deserializer alone.
unsafe impl AnyLifetime for BorrowedStrDeserializer<'_, Error> {}

impl<'de> Give<'de, usize> for BorrowedStrDeserializer<'de, Error> {
    type Output = &'de str;

    fn give_to(self, from: usize) -> &'de str {
        &<&'de str>::deserialize(self).unwrap()[from..]
    }
}

#[test]
fn a_deserializer_that_is_another_one_is_given_back() {
    fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Option<&'de str> {
        give::<BorrowedStrDeserializer<'de, Error>, _, _>(deserializer, 2).ok()
    }
    let owned = "a text".to_owned();
    assert_eq!(text(BorrowedStrDeserializer::<Error>::new(&owned)), Some("text"));
    assert_eq!(text(BorrowedStrDeserializer::<serde_json::Error>::new(&owned)), None);
    assert_eq!(text(StrDeserializer::<Error>::new(&owned)), None);
    assert_eq!(text(BorrowedBytesDeserializer::<Error>::new(owned.as_bytes())), None);
}
