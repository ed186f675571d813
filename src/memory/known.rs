//! Values of generic types that are known by their exact type.
//!
//! As in [`recognise`](super::recognise), `typeid::of` names a type and erases its lifetimes. So a
//! generic value is taken for what it is, but for lifetimes; what becomes of it must not depend on
//! those.

use std::any::TypeId;
use std::mem::{self, ManuallyDrop};
use std::result::Result;

use serde::Deserializer;

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

/// A deserializer of this crate that does more than serde asks of one.
///
/// It is implemented for every lifetime of the type alike, and the type is a `Deserializer<'de>`
/// for that same `'de` alone.
pub(crate) trait Take<'de, Request> {
    type Output;

    fn take(self, request: Request) -> Self::Output;
}

/// Asks `deserializer`, if it is a `T` but for lifetimes; gives it back if it is not.
pub(crate) fn take<'de, T, Request, D>(deserializer: D, request: Request) -> Result<T::Output, (D, Request)>
where
    T: Take<'de, Request>,
    D: Deserializer<'de>,
{
    if typeid::of::<D>() != typeid::of::<T>() {
        return Err((deserializer, request));
    }
    let deserializer = ManuallyDrop::new(deserializer);
    // SAFETY: `D` is `T` but for lifetimes (see the module), so layout and validity are the same;
    // the original is not dropped, so there is one owner. Both read from the same `'de` (see
    // `Take`). `T` is not seen but by `T::take`, which consumes it and is implemented for every
    // lifetime alike, so that what it gives cannot depend on the others.
    let known = unsafe { mem::transmute_copy::<ManuallyDrop<D>, T>(&deserializer) };
    Ok(known.take(request))
}
