//! Values of generic types that are known by their exact type.
//!
//! As in [`recognise`](super::recognise), `typeid::of` names a type and erases its lifetimes. So a
//! generic value is taken for what it is, but for lifetimes; what becomes of it must not depend on
//! those.

use std::any::TypeId;
use std::mem::{self, ManuallyDrop};
use std::result::Result;

use serde::{Deserializer, Serializer};

/// `value` as the `B` that it is; itself again when `B` is another type.
pub(crate) fn same<A: 'static, B>(value: A) -> Result<B, A> {
    if typeid::of::<B>() != TypeId::of::<A>() {
        return Err(value);
    }
    let value = ManuallyDrop::new(value);
    // SAFETY: `B` is `A`: the identities are equal, and as `A: 'static`, there is no lifetime in
    // which they could differ. The original is not dropped, so there is one owner.
    Ok(unsafe { mem::transmute_copy::<ManuallyDrop<A>, B>(&value) })
}

/// A serializer or deserializer of this crate, which is told of a type before its values come.
///
/// It is implemented for every lifetime of the type alike.
pub(crate) trait Announce {
    /// What is told.
    type Message: 'static;

    fn announce(&mut self, message: Self::Message);
}

/// Tells `value`, if it is a `T` but for lifetimes; gives the message back if it is not.
pub(crate) fn announce<T: Announce, S>(value: &mut S, message: T::Message) -> Result<(), T::Message> {
    if typeid::of::<S>() != typeid::of::<T>() {
        return Err(message);
    }
    // SAFETY: `S` is `T` but for lifetimes (see the module), so layout and validity are the same.
    // `T` is not seen but by `T::announce`, which is implemented for every lifetime alike, so that
    // it cannot depend on those of `T`; the message has none.
    unsafe { &mut *(&raw mut *value).cast::<T>() }.announce(message);
    Ok(())
}

/// A serializer of this crate that does more than serde asks of one.
///
/// It is implemented for every lifetime of the type alike.
pub(crate) trait Accept<Request> {
    type Output;

    fn accept(self, request: Request) -> Self::Output;
}

/// Asks `serializer`, if it is a `T` but for lifetimes; gives it back if it is not.
pub(crate) fn accept<T: Accept<Request>, Request, S: Serializer>(
    serializer: S,
    request: Request,
) -> Result<T::Output, (S, Request)> {
    match but_for_lifetimes::<S, T>(serializer) {
        // `T` is not seen but by `T::accept`, which consumes it and is implemented for every lifetime
        // alike, so that what it gives cannot depend on any.
        Ok(known) => Ok(known.accept(request)),
        Err(serializer) => Err((serializer, request)),
    }
}

/// A deserializer of this crate that does more than serde asks of one.
///
/// It is implemented for every lifetime of the type alike, and the type is a `Deserializer<'de>`
/// for that same `'de` alone.
pub(crate) trait Give<'de, Request> {
    type Output;

    fn give_to(self, request: Request) -> Self::Output;
}

/// Asks `deserializer`, if it is a `T` but for lifetimes; gives it back if it is not.
pub(crate) fn give<'de, T, Request, D>(deserializer: D, request: Request) -> Result<T::Output, (D, Request)>
where
    T: Give<'de, Request>,
    D: Deserializer<'de>,
{
    match but_for_lifetimes::<D, T>(deserializer) {
        // Both read from the same `'de`. `T` is not seen but by `T::give_to`, which consumes it and
        // is implemented for every lifetime alike, so that what it gives cannot depend on the others.
        Ok(known) => Ok(known.give_to(request)),
        Err(deserializer) => Err((deserializer, request)),
    }
}

/// `value` as the `B` that it is but for lifetimes. The caller makes sure that nothing that comes of
/// it depends on those of `B`.
fn but_for_lifetimes<A, B>(value: A) -> Result<B, A> {
    if typeid::of::<A>() != typeid::of::<B>() {
        return Err(value);
    }
    let value = ManuallyDrop::new(value);
    // SAFETY: `A` is `B` but for lifetimes (see the module), so layout and validity are the same, and
    // the original is not dropped, so there is one owner. Both callers hand the result to a method
    // that takes it by value and is implemented for every lifetime alike: no lifetime of `B` that is
    // longer than that of `A` is there to be relied on.
    Ok(unsafe { mem::transmute_copy::<ManuallyDrop<A>, B>(&value) })
}
