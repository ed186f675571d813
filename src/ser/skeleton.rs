//! The skeleton of a value: its structure, names, dtypes and shapes, without its tensor data.
//!
//! The first walk over a value builds one. Nodes stand in one vector in the order of the walk, a
//! node before its children, and each knows where its subtree ends.

mod leaves;
mod said;

use self::said::Said;
use crate::ser::leaf::{Form, Leaf, Span};
use crate::ser::trace::Trace;
use crate::spec::{FieldSpec, TensorSpec, TypeSpec};
use crate::tensor::Tensor;
use crate::{Dtype, Error, Result};

/// A tensor-free sequence of numbers may take this many bytes of metadata text, no more.
const NUMBERS_LIMIT: usize = 64 * 1024;

/// What led from a node's parent to it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Root,
    Field(&'static str),
    Variant(&'static str),
    Key(Span),
    IntKey(Span),
    Index(usize),
}

/// What a node is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Body {
    Struct(&'static str),
    Map,
    /// A sequence or a tuple, which may stand in a newtype struct that names its class.
    List {
        class: Option<&'static str>,
        tuple: bool,
    },
    /// An enum variant with a payload, which is the only child.
    Enum,
    /// The next tensor of the walk.
    Tensor,
    Leaf(Leaf),
    /// `None` or a unit.
    Nothing,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) step: Step,
    pub(crate) body: Body,
    /// The index just after the last node of this subtree.
    pub(crate) end: usize,
    /// Whether a tensor or a leaf is here or below.
    pub(crate) stores: bool,
    /// Which of [`Skeleton::said`] is about it, counted from 1; 0 where nothing is said, as of all
    /// nodes of most models.
    said: usize,
}

impl Node {
    /// Whether nothing is said of it.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.said == 0
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct TensorInfo {
    pub(crate) dtype: Dtype,
    /// The dtype of its elements in memory.
    pub(crate) element: Dtype,
    dims: (usize, usize),
    /// What is said of it, when it is a `#[tensor]` field.
    pub(crate) spec: Option<&'static TensorSpec>,
}

/// A container that is being walked.
struct Open {
    node: usize,
    children: usize,
    holds_tensor: bool,
    stores: bool,
    numbers: usize,
    /// Where the texts of what is inside begin.
    text: usize,
}

#[derive(Default)]
pub(crate) struct Skeleton {
    nodes: Vec<Node>,
    text: String,
    tensors: Vec<TensorInfo>,
    dims: Vec<usize>,
    open: Vec<Open>,
    next: Option<Step>,
    next_field: Option<&'static FieldSpec>,
    said: Vec<Said>,
    /// Newtypes of which something is said.
    newtypes: Vec<&'static TypeSpec>,
    /// How many of them are around nodes that came.
    placed: usize,
    /// Whether sequences of numbers may be as long as they like.
    unlimited: bool,
    /// What the walk came by, once it is over.
    pub(crate) trace: Trace,
    /// The tensors themselves, when the walk is to keep them.
    kept: Option<Vec<Tensor>>,
}

impl Skeleton {
    /// A skeleton that holds the tensors too.
    pub(crate) fn keeping() -> Self {
        Self { kept: Some(Vec::new()), ..Self::default() }
    }

    /// A skeleton of a value that is one leaf.
    pub(crate) fn of_metadata() -> Self {
        Self { unlimited: true, ..Self::default() }
    }

    pub(crate) fn keeps(&self) -> bool {
        self.kept.is_some()
    }

    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub(crate) fn node(&self, index: usize) -> Option<&Node> {
        self.nodes.get(index)
    }

    pub(crate) fn tensors(&self) -> &[TensorInfo] {
        &self.tensors
    }

    pub(crate) fn take_kept(&mut self) -> Vec<Tensor> {
        self.kept.take().unwrap_or_default()
    }

    pub(crate) fn shape(&self, tensor: &TensorInfo) -> &[usize] {
        self.dims.get(tensor.dims.0..tensor.dims.1).unwrap_or_default()
    }

    pub(crate) fn text(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    pub(crate) fn text_of(&self, leaf: Leaf) -> &str {
        self.text(leaf.span)
    }

    /// The direct children of a node, as indices.
    pub(crate) fn children(&self, parent: usize) -> impl Iterator<Item = usize> {
        let end = self.nodes.get(parent).map_or(0, |node| node.end);
        let mut next = parent + 1;
        std::iter::from_fn(move || {
            let child = next;
            next = self.nodes.get(child).filter(|_| child < end)?.end;
            Some(child)
        })
    }

    /// Stores `text` and says where.
    pub(crate) fn intern(&mut self, text: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(text);
        Span { start, end: self.text.len() }
    }

    /// Says what leads to the value that comes next.
    #[inline]
    pub(crate) fn expect(&mut self, step: Step, field: Option<&'static FieldSpec>) {
        self.next = Some(step);
        self.next_field = field;
    }

    /// The same for an item, whose place is its step.
    pub(crate) fn expect_item(&mut self, field: Option<&'static FieldSpec>) {
        self.next = self.open.last().map(|open| Step::Index(open.children));
        self.next_field = field;
    }

    /// Says that a newtype is around the value that comes next.
    pub(crate) fn expect_newtype(&mut self, spec: &'static TypeSpec) {
        self.newtypes.push(spec);
    }

    /// The path of the value that comes next, for an error.
    pub(crate) fn path(&self) -> String {
        let steps = self.open.iter().filter_map(|open| self.nodes.get(open.node)).map(|node| node.step);
        self.describe(steps.chain(self.next))
    }

    /// The path of a node, for an error.
    pub(crate) fn path_of(&self, target: usize) -> String {
        let steps = self.nodes.iter().enumerate().take(target + 1);
        self.describe(steps.filter(|(i, node)| *i == target || node.end > target).map(|(_, node)| node.step))
    }

    fn describe(&self, steps: impl Iterator<Item = Step>) -> String {
        let mut path = String::new();
        for step in steps {
            match step {
                Step::Root => {}
                Step::Index(index) => path.push_str(&format!("[{index}]")),
                Step::Field(name) | Step::Variant(name) => push_dotted(&mut path, name),
                Step::Key(span) | Step::IntKey(span) => push_dotted(&mut path, self.text(span)),
            }
        }
        path
    }

    fn push(&mut self, body: Body, stores: bool, kind: Option<&'static TypeSpec>) -> usize {
        let step = match (self.next.take(), self.open.last_mut()) {
            (Some(step), _) => step,
            (None, Some(open)) => Step::Index(open.children),
            (None, None) => Step::Root,
        };
        if let Some(open) = self.open.last_mut() {
            open.children += 1;
            open.stores |= stores;
        }
        let index = self.nodes.len();
        let newtypes = (std::mem::replace(&mut self.placed, self.newtypes.len()), self.newtypes.len());
        let field = self.next_field.take();
        let said = self.say(Said { field, kind, newtypes });
        make_room(&mut self.nodes);
        self.nodes.push(Node { step, body, end: index + 1, stores, said });
        index
    }

    pub(crate) fn open(&mut self, body: Body, kind: Option<&'static TypeSpec>) {
        let node = self.push(body, false, kind);
        self.open.push(Open {
            node,
            children: 0,
            holds_tensor: false,
            stores: false,
            numbers: 0,
            text: self.text.len(),
        });
    }

    pub(crate) fn tensor(&mut self, dtype: Dtype, shape: &[usize]) {
        self.described_tensor(dtype, shape, dtype, None);
    }

    /// A tensor as it is stored, the dtype of its elements in memory, and what is said of it.
    pub(crate) fn described_tensor(
        &mut self,
        dtype: Dtype,
        shape: &[usize],
        element: Dtype,
        spec: Option<&'static TensorSpec>,
    ) {
        // Many tensors have the shape of the one before them.
        let dims = match self.tensors.last() {
            Some(last) if self.shape(last) == shape => last.dims,
            _ => {
                let start = self.dims.len();
                self.dims.extend_from_slice(shape);
                (start, self.dims.len())
            }
        };
        make_room(&mut self.tensors);
        self.tensors.push(TensorInfo { dtype, element, dims, spec });
        self.push(Body::Tensor, true, None);
        if let Some(open) = self.open.last_mut() {
            open.holds_tensor = true;
        }
    }

    pub(crate) fn keep(&mut self, tensor: Tensor) {
        if let Some(kept) = &mut self.kept {
            kept.push(tensor);
        }
    }

    pub(crate) fn leaf(&mut self, form: Form, text: &str) {
        let span = self.intern(text);
        self.push(Body::Leaf(Leaf { span, form }), true, None);
    }

    pub(crate) fn number(&mut self, form: Form, text: &str) -> Result<()> {
        self.leaf(form, text);
        self.count_numbers(text.len() + 1)
    }

    fn count_numbers(&mut self, bytes: usize) -> Result<()> {
        let Some(open) = self.open.last_mut() else { return Ok(()) };
        open.numbers += bytes;
        let list = self.nodes.get(open.node).is_some_and(|node| matches!(node.body, Body::List { .. }));
        if list && !open.holds_tensor && open.numbers > NUMBERS_LIMIT && !self.unlimited {
            return Err(too_many_numbers());
        }
        Ok(())
    }

    pub(crate) fn nothing(&mut self) {
        // In a map the key itself is worth keeping, and at the root there is nothing else.
        let above = self.open.last().and_then(|open| self.nodes.get(open.node));
        if above.is_none_or(|node| matches!(node.body, Body::Map)) {
            self.leaf(Form::Json, "null");
        } else {
            self.push(Body::Nothing, false, None);
        }
    }

    /// Ends the innermost container.
    pub(crate) fn close(&mut self) -> Result<()> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let end = self.nodes.len();
        let Some(node) = self.nodes.get_mut(open.node) else { return Ok(()) };
        node.end = end;
        let body = node.body;
        let stores = match body {
            Body::List { .. } if !open.holds_tensor => self.collapse(open.node, open.text)?,
            Body::List { tuple: false, .. } => self.record_trailing(open.node),
            // An empty map at the root is a file without keys.
            Body::Map if open.children == 0 && open.node > 0 => self.collapse(open.node, open.text)?,
            Body::Enum if !open.stores => self.collapse(open.node, open.text)?,
            Body::Map => self.record_empty(open.node),
            _ => open.stores,
        };
        if let Some(node) = self.nodes.get_mut(open.node) {
            node.stores = stores;
        }
        if let Some(above) = self.open.last_mut() {
            above.holds_tensor |= open.holds_tensor;
            above.stores |= stores;
        }
        if open.holds_tensor { Ok(()) } else { self.count_numbers(open.numbers) }
    }

    /// The name that a step has in a map.
    pub(crate) fn step_text(&self, step: Step) -> String {
        match step {
            Step::Root => String::new(),
            Step::Field(name) | Step::Variant(name) => name.to_owned(),
            Step::Key(span) | Step::IntKey(span) => self.text(span).to_owned(),
            Step::Index(index) => index.to_string(),
        }
    }
}

/// Grows fourfold what is full: less is copied than if it grew twofold, and memory that is not used
/// costs nothing.
fn make_room<T>(list: &mut Vec<T>) {
    if list.len() == list.capacity() {
        list.reserve(3 * list.len());
    }
}

fn push_dotted(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}

#[cold]
fn too_many_numbers() -> Error {
    Error::unsupported(format!(
        "a sequence of numbers of more than {NUMBERS_LIMIT} bytes of text does not belong in a file's metadata: \
         make it a tensor, as an ndarray array, a safejax::Tensor or a #[tensor] field"
    ))
}
