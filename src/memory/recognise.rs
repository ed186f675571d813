//! Which array a generic value is, by its exact type.
//!
//! serde hands values over as `T: Serialize`, which says nothing of arrays. `typeid::of::<T>()` does:
//! it names any type, and erases lifetimes. So a row of the table is looked up by an identity that
//! `ArrayView<'x, f32, Ix1>` shares for every `'x`; lifetimes are all that such types may differ in,
//! so layout and validity are those of the row's type. What comes out borrows the value it came out
//! of, for the lifetime of that borrow, which the types outlive whatever their own lifetimes are.

use std::any::TypeId;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::sync::{Arc, LazyLock};

use ndarray::{ArcArray, Array, ArrayBase, ArrayView, CowArray, Data, Dimension};
use ndarray::{Ix0, Ix1, Ix2, Ix3, Ix4, Ix5, Ix6, IxDyn};

use super::Strided;
use crate::element::{ElementKind, for_each_element};
use crate::{Element, Error, Tensor, TensorView};

/// A `TypeId` is a hash already.
#[derive(Default)]
struct PassThrough(u64);

impl Hasher for PassThrough {
    fn write(&mut self, bytes: &[u8]) {
        // `TypeId` calls `write_u64`. Should it ever call this, it is still a hash.
        self.0 = bytes.iter().fold(self.0, |hash, &byte| hash.rotate_left(8) ^ u64::from(byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

type ByType<V> = HashMap<TypeId, V, BuildHasherDefault<PassThrough>>;

/// From a value to the array in it.
#[derive(Clone, Copy)]
struct Row {
    reach: Reach,
    array: ArrayAt,
}

/// From the value to the array: through the pointer, if it is one.
///
/// # Safety
///
/// The argument points to a value of the row's type, borrowed for as long as the result is used.
type Reach = unsafe fn(*const ()) -> *const ();

/// The array as it lies in memory.
///
/// # Safety
///
/// The argument points to an array of the row's type, lifetimes aside, that is borrowed for `'a`.
type ArrayAt = for<'a> unsafe fn(*const (), Borrow<'a>) -> Strided<'a>;

/// For how long something is borrowed, where a bare pointer does not say.
type Borrow<'a> = PhantomData<&'a ()>;

static ARRAYS: LazyLock<ByType<Row>> = LazyLock::new(arrays);

/// Knows arrays by their type, and what it looked up last: a model has few types of arrays, and most
/// values are of the type of the one before.
#[derive(Default)]
pub(crate) struct Recogniser {
    array: Option<(TypeId, Row)>,
    /// A type that is none.
    other: Option<TypeId>,
}

impl Recogniser {
    /// The array that `value` is, if it is one of those that are known: an ndarray array of an
    /// [`Element`] (`Array`, `ArcArray`, `ArrayView`, `CowArray`, of up to 6 axes or `IxDyn`), a
    /// [`Tensor`] or a [`TensorView`], by itself or behind `&`, `Box` or `Arc`.
    #[inline]
    pub(crate) fn recognise<'v, T: ?Sized>(&mut self, value: &'v T) -> Option<Strided<'v>> {
        // Every type in the table holds a pointer, which most scalars have no room for: known when
        // compiled, so that their elements cost nothing here.
        if size_of_val(value) < size_of::<usize>() || align_of_val(value) < align_of::<usize>() {
            return None;
        }
        let row = self.row_of(typeid::of::<T>())?;
        // SAFETY: the row was found by the type of `value`, lifetimes aside (see the module), and
        // `value` is borrowed for the lifetime of the result.
        unsafe { Some((row.array)((row.reach)((&raw const *value).cast()), PhantomData)) }
    }

    /// The row of this very type.
    #[inline]
    fn row_of(&mut self, id: TypeId) -> Option<Row> {
        match self.array {
            Some((known, row)) if known == id => Some(row),
            _ if self.other == Some(id) => None,
            _ => self.look_up(id),
        }
    }

    /// The look-up, which need not be compiled for every type.
    #[inline(never)]
    fn look_up(&mut self, id: TypeId) -> Option<Row> {
        let row = ARRAYS.get(&id).copied();
        match row {
            Some(row) => self.array = Some((id, row)),
            None => self.other = Some(id),
        }
        row
    }
}

fn arrays() -> ByType<Row> {
    let mut table = ByType::default();
    // 16 elements, 8 dimensions, 4 arrays, 4 ways to hold one, and the two tensors: one allocation.
    table.reserve(16 * 8 * 4 * 4 + 2 * 4);
    macro_rules! of_element {
        ($(($element:ty, $kind:ident, $dtype:ident))*) => { $(of_dimension!($element, Ix0 Ix1 Ix2 Ix3 Ix4 Ix5 Ix6 IxDyn);)* };
    }
    macro_rules! of_dimension {
        ($element:ty, $($dim:ident)*) => { $(
            insert::<Array<$element, $dim>>(&mut table);
            insert::<ArcArray<$element, $dim>>(&mut table);
            insert::<ArrayView<'static, $element, $dim>>(&mut table);
            insert::<CowArray<'static, $element, $dim>>(&mut table);
        )* };
    }
    for_each_element!(of_element);
    insert::<Tensor>(&mut table);
    insert::<TensorView<'static>>(&mut table);
    table
}

/// Adds the rows of `T` and of the pointers to it.
fn insert<T: AsStrided + 'static>(table: &mut ByType<Row>) {
    insert_rows(
        table,
        array::<T>,
        [
            (TypeId::of::<T>(), here),
            (TypeId::of::<&'static T>(), through_pointer),
            (TypeId::of::<Box<T>>(), through_pointer),
            (TypeId::of::<Arc<T>>(), through_arc::<T>),
        ],
    );
}

#[inline(never)]
fn insert_rows(table: &mut ByType<Row>, array: ArrayAt, rows: [(TypeId, Reach); 4]) {
    table.extend(rows.map(|(id, reach)| (id, Row { reach, array })));
}

/// The value is the array itself.
unsafe fn here(value: *const ()) -> *const () {
    value
}

/// The value is a `&T` or a `Box<T>`, `T: Sized`: both are laid out as a pointer to the `T`.
unsafe fn through_pointer(value: *const ()) -> *const () {
    // SAFETY: `value` points to a pointer, as the row says (see `Reach`).
    unsafe { *value.cast::<*const ()>() }
}

/// The value is an `Arc<T>`.
unsafe fn through_arc<T>(value: *const ()) -> *const () {
    // SAFETY: `value` points to an `Arc<T>`, as the row says (see `Reach`).
    let arc = unsafe { &*value.cast::<Arc<T>>() };
    Arc::as_ptr(arc).cast()
}

/// The value is, lifetimes aside, a `T`.
unsafe fn array<'a, T: AsStrided + 'static>(value: *const (), _: Borrow<'a>) -> Strided<'a> {
    // SAFETY: `value` points to a `T`, borrowed for `'a` (see `ArrayAt`). Its lifetimes may be
    // shorter than the `'static` of `T`, though not than `'a`. `AsStrided` is implemented for every
    // lifetime of its types alike, and gives nothing that outlasts the borrow.
    unsafe { &*value.cast::<T>() }.as_strided()
}

/// An array that can be seen as a [`Strided`], for no longer than it is borrowed itself. Each
/// implementation is for every lifetime of the type.
trait AsStrided {
    fn as_strided(&self) -> Strided<'_>;
}

impl<S: Data<Elem: Element>, D: Dimension> AsStrided for ArrayBase<S, D> {
    fn as_strided(&self) -> Strided<'_> {
        Strided::of_array(self)
    }
}

impl AsStrided for Tensor {
    fn as_strided(&self) -> Strided<'_> {
        Strided::contiguous(self.dtype(), self.shape(), self.bytes())
    }
}

impl AsStrided for TensorView<'_> {
    fn as_strided(&self) -> Strided<'_> {
        Strided::contiguous(self.dtype(), self.shape(), self.bytes())
    }
}

/// The element of the `Vec` that the seed reads, if it is the seed of serde's own `Vec` of an
/// [`Element`]. Then `S::Value` is that `Vec`, and [`vec_by`] reads one.
#[inline]
pub(crate) fn element_of_vec_seed<S>() -> Option<ElementKind> {
    // Known when compiled: a seed that holds something is not that one.
    if size_of::<S>() != 0 {
        return None;
    }
    element_of_seed(typeid::of::<S>())
}

fn element_of_seed(id: TypeId) -> Option<ElementKind> {
    // The likeliest first: the others are compared only when it is none of these.
    if id == TypeId::of::<PhantomData<Vec<f32>>>() {
        return Some(ElementKind::F32);
    }
    macro_rules! of_element {
        ($(($element:ty, $kind:ident, $dtype:ident))*) => {
            [$((TypeId::of::<PhantomData<Vec<$element>>>(), ElementKind::$kind)),*]
        };
    }
    for_each_element!(of_element).into_iter().find(|(seed, _)| *seed == id).map(|(_, kind)| kind)
}

/// A place for a value of which nothing is known here but its identity.
///
/// So what reads a `Vec` of any element is compiled once, and not for each type that asks for one.
pub(crate) struct VecPlace<'p> {
    id: TypeId,
    place: *mut (),
    filled: bool,
    borrow: PhantomData<&'p mut ()>,
}

impl VecPlace<'_> {
    /// Puts `vec` there.
    ///
    /// # Errors
    ///
    /// When something else belongs there, or when it is taken.
    pub(crate) fn put<E: Element>(&mut self, vec: Vec<E>) -> crate::Result<()> {
        if self.filled || self.id != TypeId::of::<Vec<E>>() {
            return Err(Error::unsupported("a Vec of another type than was asked for"));
        }
        // SAFETY: `vec_by` made this of an empty place for the type that the identity is of, which is
        // there for as long as `self`; that type is `Vec<E>`, as a `Scalar` names no lifetime in which it
        // could differ.
        unsafe { self.place.cast::<Vec<E>>().write(vec) };
        self.filled = true;
        Ok(())
    }
}

/// The `T` that `read` puts into the place, which must be a `Vec` of elements.
///
/// # Errors
///
/// Those of `read`, and when it puts nothing there.
pub(crate) fn vec_by<T>(read: impl FnOnce(&mut VecPlace<'_>) -> crate::Result<()>) -> crate::Result<T> {
    let mut value = MaybeUninit::<T>::uninit();
    let mut place =
        VecPlace { id: typeid::of::<T>(), place: value.as_mut_ptr().cast(), filled: false, borrow: PhantomData };
    let read = read(&mut place);
    if !place.filled {
        return Err(read.err().unwrap_or_else(|| Error::unsupported("no Vec where one was asked for")));
    }
    // SAFETY: the one way to fill the place is `put`, which wrote a value of the type whose identity
    // that of `T` is, and did so here: as `read` takes a place of any lifetime, it cannot exchange this
    // one for another, and nobody else makes places.
    let value = unsafe { value.assume_init() };
    read.map(|()| value)
}
