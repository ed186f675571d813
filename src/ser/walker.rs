//! The one serializer behind every way to save: it walks a value.
//!
//! A save takes two walks. The first builds a [`Skeleton`], the second puts each tensor at the place
//! that was planned for it. Both are this type, so that a model's `Serialize` implementations are
//! compiled once.

use serde::Serialize;

use crate::memory::{self, Recogniser, Strided};
use crate::ser::array::{Array, Focus};
use crate::ser::compound::{Described, State};
use crate::ser::leaf::Form;
use crate::ser::skeleton::{Body, Skeleton, Step};
use crate::ser::trace::{Event, Trace};
use crate::ser::writer::Writer;
use crate::spec::{FieldSpec, TypeSpec};
use crate::tensor::Saved;
use crate::tensor::Tensor;
use crate::{Dtype, Error, ErrorKind, Result};

/// What the walk is for.
pub(crate) enum Mode<'w> {
    Skeleton(Skeleton),
    Write(Writer<'w>),
}

pub(crate) struct Walker<'w> {
    pub(crate) mode: Mode<'w>,
    pub(crate) focus: Focus,
    /// The newtype struct around the value that comes next.
    class: Option<&'static str>,
    /// What is known of the type whose value comes next.
    spec: Option<&'static TypeSpec>,
    depth: usize,
    max_depth: usize,
    /// What the walk has come by.
    trace: Trace,
    recogniser: Recogniser,
    /// Whether everything is a leaf, tensors too.
    pub(crate) plain: bool,
    /// The memory of the elements that wait, between one array and the next.
    pub(crate) spare: Vec<u8>,
}

impl memory::Announce for &mut Walker<'_> {
    type Message = &'static TypeSpec;

    fn announce(&mut self, spec: &'static TypeSpec) {
        self.spec = Some(spec);
    }
}

impl memory::Accept<Saved<'_>> for &mut Walker<'_> {
    type Output = Result<()>;

    fn accept(self, saved: Saved<'_>) -> Result<()> {
        self.tensor_field(saved)
    }
}

impl<'w> Walker<'w> {
    pub(crate) fn new(mode: Mode<'w>, max_depth: usize) -> Self {
        Self {
            mode,
            focus: Focus::Value,
            class: None,
            spec: None,
            depth: 0,
            max_depth,
            trace: Trace::default(),
            recogniser: Recogniser::default(),
            plain: false,
            spare: Vec::new(),
        }
    }

    /// A value as one leaf: its JSON text.
    pub(crate) fn whole<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        let skeleton = Skeleton::of_metadata();
        let left = self.max_depth.saturating_sub(self.depth);
        let mut walker = Walker { plain: true, ..Walker::new(Mode::Skeleton(skeleton), left) };
        value.serialize(&mut walker).map_err(|error| self.locate(error))?;
        let Mode::Skeleton(skeleton) = walker.mode else { return Ok(()) };
        self.leaf(&skeleton.json()?, Form::Json)
    }

    pub(crate) fn trace(&self) -> Trace {
        self.trace
    }

    pub(crate) fn came_by(&mut self, event: Event) {
        self.trace.event(event);
    }

    /// Walks a value: a tensor by its type, anything else by its `Serialize`.
    #[inline]
    pub(crate) fn value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        if matches!(self.focus, Focus::Value)
            && !self.plain
            && let Some(tensor) = &self.recogniser.recognise(value)
        {
            return self.tensor(tensor);
        }
        value.serialize(&mut *self)
    }

    /// What was said of the next value has been used, or did not matter.
    fn forget(&mut self) {
        self.class = None;
        self.spec = None;
    }

    /// What is known of the type whose value comes now.
    pub(crate) fn take_spec(&mut self) -> Option<&'static TypeSpec> {
        self.spec.take()
    }

    /// The value that comes next stands in a newtype.
    pub(crate) fn newtype(&mut self, name: &'static str, spec: Option<&'static TypeSpec>) {
        self.set_class(spec.and_then(|spec| spec.class).unwrap_or(name));
        if let (Mode::Skeleton(skeleton), Some(spec)) = (&mut self.mode, spec) {
            skeleton.expect_newtype(spec);
        }
    }

    pub(crate) fn set_class(&mut self, class: &'static str) {
        self.class = Some(class);
    }

    /// Walks one part of an array with the eyes on that part alone.
    pub(crate) fn look<T: ?Sized + Serialize>(
        &mut self,
        array: &mut Array,
        focus: fn(Array) -> Focus,
        value: &T,
    ) -> Result<()> {
        let depth = self.depth;
        self.focus = focus(std::mem::take(array));
        let walked = value.serialize(&mut *self);
        *array = std::mem::take(&mut self.focus).into_array();
        // A walk that was stopped at the first element did not come back up by itself.
        self.depth = depth;
        walked
    }

    /// Names the place where the walk stands in an error.
    #[cold]
    pub(crate) fn locate(&self, error: Error) -> Error {
        match &self.mode {
            Mode::Skeleton(skeleton) => error.at_path(|| skeleton.path()),
            Mode::Write(writer) => match writer.next_key() {
                Some(key) => error.at(|| key.to_owned()),
                None => error,
            },
        }
    }

    pub(crate) fn tensor(&mut self, tensor: &Strided<'_>) -> Result<()> {
        self.forget();
        self.came_by(Event::Tensor);
        match &mut self.mode {
            Mode::Write(writer) => writer.tensor(tensor),
            Mode::Skeleton(skeleton) => {
                skeleton.tensor(tensor.dtype(), tensor.shape());
                if skeleton.keeps() {
                    let bytes = tensor.to_bytes()?.into_owned();
                    skeleton.keep(Tensor::new(tensor.dtype(), tensor.shape().to_vec(), bytes)?);
                }
                Ok(())
            }
        }
    }

    /// A `#[tensor]` field, as its attributes say that it is stored.
    fn tensor_field(&mut self, Saved { spec, tensor }: Saved<'_>) -> Result<()> {
        if self.plain {
            return tensor.stored(spec)?.into_tensor()?.serialize(self);
        }
        if !matches!(self.focus, Focus::Value) {
            return Err(self.not_an_element("a tensor"));
        }
        match &mut self.mode {
            Mode::Skeleton(skeleton) => {
                let element = tensor.dtype();
                let (dtype, shape) = tensor.stored_form(spec).map_err(|error| error.at_path(|| skeleton.path()))?;
                skeleton.described_tensor(dtype, &shape, element, Some(spec));
                if skeleton.keeps() {
                    skeleton.keep(tensor.stored(spec)?.into_tensor()?);
                }
            }
            Mode::Write(writer) => {
                if !writer.skips_next() {
                    let written = tensor.stored(spec)?.with_elements(|elements| writer.tensor(elements));
                    written.map_err(|error| self.locate(error))?;
                }
            }
        }
        self.forget();
        self.came_by(Event::Tensor);
        Ok(())
    }

    /// A tensor whose bytes are at hand in file order.
    pub(crate) fn tensor_bytes(&mut self, dtype: Dtype, shape: &[usize], bytes: &[u8]) -> Result<()> {
        self.forget();
        self.came_by(Event::Tensor);
        match &mut self.mode {
            Mode::Write(writer) => {
                writer.begin(dtype, shape)?;
                writer.part(bytes)?;
                writer.end()
            }
            Mode::Skeleton(skeleton) => {
                skeleton.tensor(dtype, shape);
                if skeleton.keeps() {
                    skeleton.keep(Tensor::new(dtype, shape.to_vec(), bytes.to_vec())?);
                }
                Ok(())
            }
        }
    }

    /// A field or a variant leads to the value that comes next.
    #[inline]
    pub(crate) fn expect(
        &mut self,
        step: impl FnOnce(&'static str) -> Step,
        name: &'static str,
        field: Option<&'static FieldSpec>,
    ) {
        self.trace.name(name);
        if let Mode::Skeleton(skeleton) = &mut self.mode {
            skeleton.expect(step(name), field);
        }
    }

    pub(crate) fn expect_key(&mut self, key: &str, integer: bool, field: Option<&'static FieldSpec>) {
        self.came_by(if integer { Event::IntKey } else { Event::Key });
        self.trace.name(key);
        if let Mode::Skeleton(skeleton) = &mut self.mode {
            let span = skeleton.intern(key);
            skeleton.expect(if integer { Step::IntKey(span) } else { Step::Key(span) }, field);
        }
    }

    /// An item comes next; in a tuple struct its field may be described.
    pub(crate) fn expect_item(&mut self, field: Option<&'static FieldSpec>) {
        if let Mode::Skeleton(skeleton) = &mut self.mode {
            skeleton.expect_item(field);
        }
    }

    pub(crate) fn descend(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > self.max_depth {
            return Err(self.locate(Error::new(ErrorKind::Depth { limit: self.max_depth })));
        }
        Ok(())
    }

    pub(crate) fn ascend(&mut self) {
        self.depth -= 1;
    }

    pub(crate) fn open(&mut self, body: Body, spec: Option<&'static TypeSpec>) -> Result<()> {
        self.descend()?;
        self.forget();
        self.came_by(match body {
            Body::Struct(_) => Event::Struct,
            Body::Map => Event::Map,
            Body::List { tuple: false, .. } => Event::List,
            Body::List { tuple: true, .. } => Event::Tuple,
            Body::Enum => Event::Enum,
            Body::Tensor => Event::Tensor,
            Body::Leaf(_) => Event::Leaf,
            Body::Nothing => Event::Nothing,
        });
        if let Mode::Skeleton(skeleton) = &mut self.mode {
            skeleton.open(body, spec);
        }
        Ok(())
    }

    pub(crate) fn close(&mut self) -> Result<()> {
        self.ascend();
        self.came_by(Event::Close);
        match &mut self.mode {
            Mode::Skeleton(skeleton) => skeleton.close().map_err(|error| error.at_path(|| skeleton.path())),
            Mode::Write(_) => Ok(()),
        }
    }

    pub(crate) fn nothing(&mut self) -> Result<()> {
        self.forget();
        if !matches!(self.focus, Focus::Value) {
            return Err(self.not_an_element("a unit or None"));
        }
        self.came_by(Event::Nothing);
        if let Mode::Skeleton(skeleton) = &mut self.mode {
            skeleton.nothing();
        }
        Ok(())
    }

    pub(crate) fn leaf(&mut self, text: &str, form: Form) -> Result<()> {
        self.forget();
        match &mut self.focus {
            Focus::Value => {
                self.came_by(Event::Leaf);
                if let Mode::Skeleton(skeleton) = &mut self.mode {
                    skeleton.leaf(form, text);
                }
                Ok(())
            }
            Focus::Dtype(array) => array.set_dtype(text),
            _ => Err(self.not_an_element("text")),
        }
    }

    pub(crate) fn number(&mut self, text: impl FnOnce() -> (Form, String)) -> Result<()> {
        self.forget();
        self.came_by(Event::Leaf);
        if let Mode::Skeleton(skeleton) = &mut self.mode {
            let (form, text) = text();
            return skeleton.number(form, &text).map_err(|error| error.at_path(|| skeleton.path()));
        }
        Ok(())
    }

    #[cold]
    pub(crate) fn not_an_element(&self, found: &str) -> Error {
        let expected = match self.focus {
            Focus::Value => "a value",
            Focus::Dims(_) => "the extents of an array",
            Focus::Elements(_) => "a number as the element of an array",
            Focus::Dtype(_) => "the name of a dtype",
            Focus::Bytes(_) => "the bytes of a tensor",
        };
        self.locate(Error::types(expected, found))
    }

    pub(crate) fn sequence(&mut self, tuple: bool) -> Result<State> {
        match &mut self.focus {
            Focus::Value => {
                let class = self.class.take();
                let spec = self.spec.take().filter(|_| tuple);
                self.open(Body::List { class, tuple }, spec)?;
                Ok(State::Node(Described::of(spec)))
            }
            Focus::Elements(array) if tuple => {
                array.begin_complex()?;
                Ok(State::Complex)
            }
            Focus::Dims(_) | Focus::Elements(_) => Ok(State::Pass),
            _ => Err(self.not_an_element("a sequence")),
        }
    }

    pub(crate) fn container(&mut self, body: Body, spec: Option<&'static TypeSpec>) -> Result<State> {
        if !matches!(self.focus, Focus::Value) {
            return Err(self.not_an_element("a struct or a map"));
        }
        self.open(body, spec)?;
        Ok(State::Node(Described::of(spec)))
    }

    /// The variant of an enum, up to its payload.
    pub(crate) fn enter(&mut self, variant: &'static str) -> Result<Described> {
        let spec = self.spec.take();
        self.container(Body::Enum, spec)?;
        let variant_spec = spec.and_then(|spec| spec.saved_variant(variant));
        self.expect(Step::Variant, variant, variant_spec.map(|spec| &spec.field));
        Ok(variant_spec.map_or_else(Described::default, |spec| Described::by(spec.fields)))
    }

    pub(crate) fn variant(&mut self, variant: &'static str, body: Body) -> Result<State> {
        let described = self.enter(variant)?;
        self.container(body, None)?;
        Ok(State::Variant(described))
    }
}
