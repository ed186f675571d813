//! Where the fields of a type were found last.
//!
//! Modules of one type mostly have their keys in the same places, so that a field is looked for first
//! where the module before had it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// The layouts of the types that a load came by.
#[derive(Default)]
pub(crate) struct Layouts(RefCell<Vec<Rc<Layout>>>);

/// Where the fields of one type were.
pub(crate) struct Layout {
    names: &'static [&'static str],
    fields: Box<[Cell<Stretch>]>,
}

/// The keys of a field, counted from the first key of its module.
#[derive(Clone, Copy, Default)]
pub(crate) struct Stretch {
    pub(crate) from: u32,
    pub(crate) count: u32,
}

impl Layouts {
    /// So many types are kept in mind.
    const MANY: usize = 64;

    /// The layout of the type that has these names.
    pub(crate) fn of(&self, names: &'static [&'static str]) -> Rc<Layout> {
        let mut layouts = self.0.borrow_mut();
        if let Some(known) = layouts.iter().find(|known| std::ptr::eq(known.names, names)) {
            return Rc::clone(known);
        }
        if layouts.len() == Self::MANY {
            layouts.clear();
        }
        let layout = Rc::new(Layout { names, fields: names.iter().map(|_| Cell::default()).collect() });
        layouts.push(Rc::clone(&layout));
        layout
    }
}

impl Layout {
    /// Where the field of this index was; nowhere, if the count is 0.
    pub(crate) fn field(&self, index: usize) -> Stretch {
        self.fields.get(index).map(Cell::get).unwrap_or_default()
    }

    pub(crate) fn note(&self, index: usize, stretch: Stretch) {
        if let Some(field) = self.fields.get(index) {
            field.set(stretch);
        }
    }
}
