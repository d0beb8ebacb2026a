//! A named source text, and conversions of byte offsets to lines and columns.

use std::sync::Arc;

use super::Span;

/// A line and a column, from 1. Columns count Unicode code points, as in the official compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct LineColumn {
    /// The line, from 1. Only a line feed ends a line.
    pub line: u32,
    /// The column, from 1, in code points.
    pub column: u32,
}

/// The text of a rules file, and its name in messages. Clones share the text.
#[derive(Clone)]
pub struct Source {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    text: String,
    /// The byte offset of the start of each line.
    lines: Vec<u32>,
    /// The number of code points before each block of the text, which makes columns in very long lines cheap.
    blocks: Vec<u32>,
}

/// The size of a block, in bytes.
const BLOCK: usize = 1024;

fn code_points(bytes: &[u8]) -> u32 {
    to_u32(bytes.iter().filter(|b| **b & 0xC0 != 0x80).count())
}

fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Source {
    /// A source with the name that messages use, usually the path of its file.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let starts = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1);
        let lines = std::iter::once(0).chain(starts).map(to_u32).collect();
        let before = |sum: &mut u32, block: &[u8]| {
            let before = *sum;
            *sum = sum.saturating_add(code_points(block));
            Some(before)
        };
        let blocks = text.as_bytes().chunks(BLOCK).scan(0, before).collect();
        Source { inner: Arc::new(Inner { name: name.into(), text, lines, blocks }) }
    }

    /// The name in messages.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.inner.text
    }

    /// The text of a span; empty if the span is out of range or splits a character.
    pub fn slice(&self, span: Span) -> &str {
        self.inner.text.get(span.range()).unwrap_or("")
    }

    /// The line and column of a byte offset, which is clamped to the end of the text.
    pub fn position(&self, offset: u32) -> LineColumn {
        let line = self.inner.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.inner.lines.get(line - 1).copied().unwrap_or(0);
        let chars = self.code_points_before(offset).saturating_sub(self.code_points_before(start));
        LineColumn { line: to_u32(line), column: chars.saturating_add(1) }
    }

    /// The number of code points before a byte offset, which is clamped to the end of the text.
    pub fn code_points_before(&self, offset: u32) -> u32 {
        let end = (offset as usize).min(self.inner.text.len());
        let block = (end / BLOCK).min(self.inner.blocks.len().saturating_sub(1));
        let rest = self.inner.text.as_bytes().get(block * BLOCK..end).unwrap_or(&[]);
        self.inner.blocks.get(block).copied().unwrap_or(0).saturating_add(code_points(rest))
    }

    /// Splits a line, counted from 1, at a byte offset of the source.
    pub(super) fn split_line(&self, number: u32, offset: u32) -> (&str, &str) {
        let line = self.line(number);
        let start = (number as usize).checked_sub(1).and_then(|at| self.inner.lines.get(at)).copied().unwrap_or(0);
        line.split_at_checked(offset.saturating_sub(start) as usize).unwrap_or((line, ""))
    }

    /// The text of a line, counted from 1, without its line break.
    pub fn line(&self, line: u32) -> &str {
        let at = |n: u32| self.inner.lines.get(n as usize).map(|o| *o as usize);
        let Some(start) = line.checked_sub(1).and_then(at) else { return "" };
        let end = at(line).map_or(self.inner.text.len(), |next| next - 1);
        self.inner.text.get(start..end).unwrap_or("").trim_end_matches('\r')
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Source({:?}, {} bytes)", self.inner.name, self.inner.text.len())
    }
}
