//! A checkpoint as a table of contents.

use std::fmt::{self, Write};

use super::{Checkpoint, Source};
use crate::de::contents::Item;
use crate::de::node::{Child, Node};
use crate::naming::Shape;

/// Levels below this one are left out: their indentation alone would outgrow the table.
const DEEPEST: usize = 128;

/// A longer name does not push the columns of all others to the right.
const WIDEST: usize = 60;

/// The characters of a leaf that are shown.
const LONGEST: usize = 60;

/// One line for every module, tensor and leaf: the name, the dtype, the shape, the size.
///
/// The size of a module is that of all tensors below it.
impl fmt::Display for Checkpoint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, bytes) = (self.len(), Size(self.contents.header().data_len()));
        let tensors = if count == 1 { "tensor" } else { "tensors" };
        write!(f, "{count} {tensors}, {bytes}, {}", self.naming())?;
        if let Some(path) = &self.path {
            write!(f, ", {}", path.display())?;
        }
        let rows = self.rows();
        let widest = |width: &dyn Fn(&Row) -> usize| {
            rows.iter().map(width).filter(|width| *width <= WIDEST).max().unwrap_or_default()
        };
        let name = widest(&|row| 2 * row.depth + row.name.chars().count());
        let dtype = widest(&|row| row.dtype.len());
        let shape = widest(&|row| row.shape.len());
        let size = widest(&|row| row.size.len());
        for row in &rows {
            let mut line = format!("{:indent$}", "", indent = 2 * row.depth);
            let rest = name.saturating_sub(2 * row.depth);
            write!(line, "{:rest$}", row.name)?;
            if let Some(text) = &row.leaf {
                write!(line, "  {text}")?;
            } else {
                write!(line, "  {:dtype$}  {:shape$}  {:>size$}", row.dtype, row.shape, row.size)?;
            }
            write!(f, "\n{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// Where it is from, and the table of contents.
impl fmt::Debug for Checkpoint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match &self.source {
            Source::Bytes(_) => "of bytes",
            Source::Loaded(_) => "loaded",
            Source::Mapped(_) => "mapped",
            Source::File(_) => "opened",
            Source::Shards(_) => "of shards",
        };
        write!(f, "Checkpoint {source}: {self}")
    }
}

#[derive(Default)]
struct Row {
    depth: usize,
    name: String,
    dtype: &'static str,
    shape: String,
    size: String,
    leaf: Option<String>,
}

impl Checkpoint<'_> {
    fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let below = |node: Node, depth: usize| {
            // In reverse, so that the first comes off the end first.
            let children: Vec<Child<'_>> = node.children(&self.contents).collect();
            children.into_iter().rev().map(move |child| (depth, child))
        };
        let mut open: Vec<(usize, Child<'_>)> = below(Node::root(&self.contents), 0).collect();
        while let Some((depth, child)) = open.pop() {
            let name = self.label(&child);
            let row = Row { depth, name, ..Row::default() };
            match child.item.and_then(|item| self.contents.item(item)) {
                Some(item) => rows.push(self.row_of(item, row)),
                None => {
                    let size = child.node.into_iter().flat_map(Node::range).map(|item| self.size(item)).sum();
                    let leaf = (depth + 1 == DEEPEST).then(|| "…".to_owned());
                    rows.push(Row { size: Size(size).to_string(), leaf, ..row });
                }
            }
            if let Some(node) = child.node
                && depth + 1 < DEEPEST
            {
                open.extend(below(node, depth + 1));
            }
        }
        rows
    }

    fn row_of(&self, item: Item, row: Row) -> Row {
        let header = self.contents.header();
        match item {
            Item::Tensor(index) => match self.contents.tensor(index) {
                Some(entry) => Row {
                    dtype: entry.dtype.name(),
                    shape: format!("{:?}", header.shape(entry)),
                    size: Size(entry.end - entry.begin).to_string(),
                    ..row
                },
                None => row,
            },
            Item::Leaf(index) => {
                let text = self.contents.leaf(index).map_or("", |text| header.text(text));
                Row { leaf: Some(cut(text)), ..row }
            }
        }
    }

    fn size(&self, item: u32) -> u64 {
        match self.contents.item(item) {
            Some(Item::Tensor(index)) => self.contents.tensor(index).map_or(0, |entry| entry.end - entry.begin),
            _ => 0,
        }
    }

    /// The name as it stands, in quotes where it would not be seen or would break the line.
    fn label(&self, child: &Child<'_>) -> String {
        let nested = self.naming().shape() == Shape::Nested;
        let name = if nested { child.token.name.as_ref() } else { child.token.scoped };
        match name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control()) {
            true => format!("{name:?}"),
            false => name.to_owned(),
        }
    }
}

fn cut(text: &str) -> String {
    let escaped = text.escape_debug().to_string();
    match escaped.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", escaped.get(..end).unwrap_or_default()),
        None => escaped,
    }
}

/// A number of bytes for people to read.
struct Size(u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut size = self.0 as f64;
        let mut unit = "B";
        for larger in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
            if size < 1024.0 {
                break;
            }
            (size, unit) = (size / 1024.0, larger);
        }
        match unit {
            "B" => write!(f, "{} B", self.0),
            _ => write!(f, "{size:.1} {unit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Size;

    #[test]
    fn a_size_has_the_unit_that_suits_it() {
        let cases = [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 << 30, "5.0 GiB"), (u64::MAX, "16.0 EiB")];
        for (bytes, text) in cases {
            assert_eq!(Size(bytes).to_string(), text);
        }
    }
}
