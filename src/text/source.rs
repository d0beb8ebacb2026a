//! A named text, and where in it a byte stands.

use std::sync::Arc;

use super::Span;

/// A line and a column, both counted from one; columns count Unicode code points, as the official compiler does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct LineColumn {
    /// The line, from 1; only a line feed ends one.
    pub line: u32,
    /// The column, from 1, in code points.
    pub column: u32,
}

/// The text of a rules file and the name messages give it. Cheap to clone.
#[derive(Clone)]
pub struct Source {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    text: String,
    /// Byte offset at which each line starts.
    lines: Vec<u32>,
    /// Code points before each block of the text, so that a column in a very long line is found at once.
    blocks: Vec<u32>,
}

/// Bytes of a block.
const BLOCK: usize = 1024;

fn code_points(bytes: &[u8]) -> u32 {
    number(bytes.iter().filter(|b| **b & 0xC0 != 0x80).count())
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Source {
    /// A source called `name` in messages, usually the path of its file.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let starts = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1);
        let lines = std::iter::once(0).chain(starts).map(number).collect();
        let before = |sum: &mut u32, block: &[u8]| {
            let before = *sum;
            *sum = sum.saturating_add(code_points(block));
            Some(before)
        };
        let blocks = text.as_bytes().chunks(BLOCK).scan(0, before).collect();
        Source { inner: Arc::new(Inner { name: name.into(), text, lines, blocks }) }
    }

    /// What messages call this text.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.inner.text
    }

    /// The part of the text that a span covers; empty where the span does not fit.
    pub fn slice(&self, span: Span) -> &str {
        self.inner.text.get(span.range()).unwrap_or("")
    }

    /// Line and column of a byte offset; an offset beyond the end is the end.
    pub fn position(&self, offset: u32) -> LineColumn {
        let line = self.inner.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.inner.lines.get(line - 1).copied().unwrap_or(0);
        let chars = self.code_points_before(offset).saturating_sub(self.code_points_before(start));
        LineColumn { line: number(line), column: chars.saturating_add(1) }
    }

    /// Unicode code points before a byte offset; an offset beyond the end is the end.
    pub fn code_points_before(&self, offset: u32) -> u32 {
        let end = (offset as usize).min(self.inner.text.len());
        let block = (end / BLOCK).min(self.inner.blocks.len().saturating_sub(1));
        let rest = self.inner.text.as_bytes().get(block * BLOCK..end).unwrap_or(&[]);
        self.inner.blocks.get(block).copied().unwrap_or(0).saturating_add(code_points(rest))
    }

    /// What stands in a line (counted from one) before a byte offset in it, and from it on.
    pub(super) fn around(&self, number: u32, offset: u32) -> (&str, &str) {
        let line = self.line(number);
        let start = (number as usize).checked_sub(1).and_then(|at| self.inner.lines.get(at)).copied().unwrap_or(0);
        line.split_at_checked(offset.saturating_sub(start) as usize).unwrap_or((line, ""))
    }

    /// The text of a line (counted from one), without its line feed.
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
