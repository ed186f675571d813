//! Values of generic types that are known by their exact type.
//!
//! As in [`recognise`](super::recognise), `typeid::of` names a type and erases its lifetimes. The
//! compiler does so too before it lays out a type or generates code, so of types that differ in
//! nothing else, the layout is the same, and so is what a method does that is implemented for all of
//! them. Therefore a generic value may be handed to the method of a type that it is but for lifetimes:
//! what runs is the method of the value's own type. Two things are asked of that:
//!
//! - that its own type has the method, which [`AnyLifetime`] says;
//! - that what comes of it does not claim a lifetime that the value does not have: no type that goes
//!   in or comes out names one of those that were erased.

use std::any::TypeId;
use std::mem::{self, ManuallyDrop};
use std::result::Result;

use serde::{Deserializer, Serializer};

use crate::de::value::Value;
use crate::ser::walker::Walker;
use crate::tensor::{FromTensor, Request, Saved};
use crate::{Error, Tree};

/// A type without a lifetime: it has no parameter for one, and its parameters have none either.
///
/// More than `'static`, as `fn(&'static str)` is that, and has the identity of `fn(&'a str)`.
///
/// # Safety
///
/// It is so.
pub(crate) unsafe trait WithoutLifetime: 'static {}

// SAFETY: no parameters.
unsafe impl WithoutLifetime for () {}
// SAFETY: no parameters.
unsafe impl WithoutLifetime for Error {}
// SAFETY: no parameters.
unsafe impl WithoutLifetime for Tree {}

/// `value` as the `B` that it is; itself again when `B` is another type.
pub(crate) fn same<A: WithoutLifetime, B>(value: A) -> Result<B, A> {
    if typeid::of::<B>() != TypeId::of::<A>() {
        return Err(value);
    }
    let value = ManuallyDrop::new(value);
    // SAFETY: `B` is `A`: the identities are equal, and there is no lifetime in which they could
    // differ, as `WithoutLifetime` says. The original is not dropped, so there is one owner.
    Ok(unsafe { mem::transmute_copy::<ManuallyDrop<A>, B>(&value) })
}

/// A serializer or deserializer of this crate, which is known as such behind a generic parameter.
///
/// # Safety
///
/// [`Announce`], [`Accept`] and [`Give`] are implemented for it whatever its lifetimes are, and their
/// outputs name none of them, but for the `'de` of `Give`.
pub(crate) unsafe trait AnyLifetime {}

// SAFETY: `_for_every_lifetime` compiles.
unsafe impl AnyLifetime for &mut Walker<'_> {}
// SAFETY: it has no lifetime.
unsafe impl AnyLifetime for crate::Serializer {}
// SAFETY: `_for_every_lifetime` compiles.
unsafe impl AnyLifetime for Value<'_, '_, '_> {}
// SAFETY: `_for_every_lifetime` compiles.
unsafe impl AnyLifetime for crate::Deserializer<'_> {}
// SAFETY: `_for_every_lifetime` compiles.
unsafe impl AnyLifetime for &crate::Deserializer<'_> {}
// SAFETY: `_for_every_lifetime` compiles.
unsafe impl AnyLifetime for &mut crate::Deserializer<'_> {}

/// The compiler's word for [`AnyLifetime`]: the lifetimes are free here, and no output is made of them.
fn _for_every_lifetime<'a, 'w, 's, 'r, 'x, 'de, F: FromTensor<'de>>(
    _: &'a mut Walker<'w>,
    _: Saved<'s>,
    _: Value<'r, 'x, 'de>,
) {
    fn announces<T: Announce>() {}
    fn accepts<T: Accept<Request, Output = Output>, Request, Output>() {}
    fn gives<'de, T: Give<'de, Request, Output = Output>, Request, Output>() {}
    announces::<&'a mut Walker<'w>>();
    announces::<Value<'r, 'x, 'de>>();
    announces::<crate::Deserializer<'de>>();
    announces::<&'r crate::Deserializer<'de>>();
    announces::<&'r mut crate::Deserializer<'de>>();
    accepts::<&'a mut Walker<'w>, Saved<'s>, crate::Result<()>>();
    gives::<'de, Value<'r, 'x, 'de>, Request<F>, crate::Result<F>>();
}

/// What is told of a type before its values come.
pub(crate) trait Announce {
    /// What is told.
    type Message: 'static;

    fn announce(&mut self, message: Self::Message);
}

/// Tells `value`, if it is a `T` but for lifetimes; gives the message back if it is not.
pub(crate) fn announce<T, S>(value: &mut S, message: T::Message) -> Result<(), T::Message>
where
    T: Announce + AnyLifetime,
{
    if typeid::of::<S>() != typeid::of::<T>() {
        return Err(message);
    }
    // SAFETY: `S` is `T` but for lifetimes, so layout and validity are the same, and nobody but
    // `T::announce` sees it as a `T`. That is the method of `S` as well, says `AnyLifetime`, so it
    // leaves an `S` behind. No lifetime comes in with the message, nor out (see the module).
    unsafe { &mut *(&raw mut *value).cast::<T>() }.announce(message);
    Ok(())
}

/// A serializer of this crate that does more than serde asks of one.
pub(crate) trait Accept<Request> {
    /// What comes of it. That it is `'static` keeps the lifetimes of the serializer out of it.
    type Output: 'static;

    fn accept(self, request: Request) -> Self::Output;
}

/// Asks `serializer`, if it is a `T` but for lifetimes; gives it back if it is not.
pub(crate) fn accept<T, Request, S>(serializer: S, request: Request) -> Result<T::Output, (S, Request)>
where
    T: Accept<Request> + AnyLifetime,
    S: Serializer,
{
    // SAFETY: the `T` goes nowhere but into `T::accept`, which is the method of `S` as well, and whose
    // output names no lifetime of it, says `AnyLifetime`.
    match unsafe { but_for_lifetimes::<S, T>(serializer) } {
        Ok(known) => Ok(known.accept(request)),
        Err(serializer) => Err((serializer, request)),
    }
}

/// A deserializer of this crate that does more than serde asks of one: a `Deserializer<'de>` for this
/// very `'de`, and for no other.
pub(crate) trait Give<'de, Request>: Deserializer<'de> {
    type Output;

    fn give_to(self, request: Request) -> Self::Output;
}

/// Asks `deserializer`, if it is a `T` but for lifetimes; gives it back if it is not.
pub(crate) fn give<'de, T, Request, D>(deserializer: D, request: Request) -> Result<T::Output, (D, Request)>
where
    T: Give<'de, Request> + AnyLifetime,
    D: Deserializer<'de>,
{
    // SAFETY: the `T` goes nowhere but into `T::give_to`, which is the method of `D` as well, and
    // whose output names no lifetime of it but `'de`, says `AnyLifetime`. That one is the same in
    // both: there is one `impl Deserializer<'de>` for the type, and both are a `Deserializer<'de>`.
    match unsafe { but_for_lifetimes::<D, T>(deserializer) } {
        Ok(known) => Ok(known.give_to(request)),
        Err(deserializer) => Err((deserializer, request)),
    }
}

/// `value` as the `B` that it is but for lifetimes; itself again when `B` is another type.
///
/// # Safety
///
/// Nothing is done with the `B` that could not be done with the `A`.
unsafe fn but_for_lifetimes<A, B>(value: A) -> Result<B, A> {
    if typeid::of::<A>() != typeid::of::<B>() {
        return Err(value);
    }
    let value = ManuallyDrop::new(value);
    // SAFETY: `A` is `B` but for lifetimes, so layout and validity are the same, and the original is
    // not dropped, so there is one owner. What becomes of it is up to the caller.
    Ok(unsafe { mem::transmute_copy::<ManuallyDrop<A>, B>(&value) })
}
