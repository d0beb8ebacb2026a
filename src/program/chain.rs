//! The path that a block covers, composed of its own path and those of the blocks around it.
//!
//! A block nested under a glob that is not the last segment of its own path is peculiar (asked of the official engine):
//! the official engine matches what follows the glob in the outer path with the same segments as the inner path, which must
//! have more of them. So under `match /{x=**}/songs/{s}` a block `match /songs/{a}/{b}` covers `/…/songs/1/2`, and `match /c/{d}`
//! covers nothing.

use crate::syntax::ast::Segment;

use super::{Block, CaptureAt, Id, SegmentPattern};

/// One segment that a request must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell<'s> {
    /// This text.
    Literal(&'s str),
    /// Any text.
    Any,
    /// Any number of segments.
    Glob,
}

impl<'s> Cell<'s> {
    fn of(segment: &'s Segment) -> Self {
        match segment {
            Segment::Literal(text, _) => Cell::Literal(text),
            Segment::Capture(capture) if capture.glob => Cell::Glob,
            Segment::Capture(_) => Cell::Any,
        }
    }

    pub(super) fn pattern(self) -> SegmentPattern {
        match self {
            Cell::Literal(text) => SegmentPattern::Literal(text.to_owned()),
            Cell::Any => SegmentPattern::Any,
            Cell::Glob => SegmentPattern::Glob,
        }
    }

    /// What satisfies both; `None` where nothing does.
    fn and(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Cell::Any, cell) | (cell, Cell::Any) => Some(cell),
            (a, b) => (a == b).then_some(a),
        }
    }
}

/// The paths of a block and those around it.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain<'s> {
    /// Up to the end, or up to and with a glob.
    base: Vec<Cell<'s>>,
    /// What follows the glob in its own block's path.
    suffix: Vec<Cell<'s>>,
    /// Paths of the blocks below the glob's.
    nested: Vec<Cell<'s>>,
    /// The block whose path has the glob.
    pub(super) owner: Option<Id<Block>>,
}

impl<'s> Chain<'s> {
    /// The chain of a block inside, which has that id. Adds its path to `text`, as rules write it, and its wildcards to
    /// `captures`.
    pub(super) fn with(
        &self,
        path: &'s [Segment],
        block: Id<Block>,
        text: &mut String,
        captures: &mut Vec<CaptureAt>,
    ) -> Self {
        let mut base = Vec::with_capacity(self.base.len() + path.len());
        base.extend_from_slice(&self.base);
        let mut chain = Chain { base, suffix: self.suffix.clone(), nested: self.nested.clone(), owner: self.owner };
        for segment in path {
            let cell = Cell::of(segment);
            let list = match (chain.owner, cell) {
                (None, _) => &mut chain.base,
                (Some(owner), _) if owner == block => &mut chain.suffix,
                (Some(_), _) => &mut chain.nested,
            };
            list.push(cell);
            let at = list.len() - 1;
            let segment_at = if chain.owner.is_none() { at } else { chain.base.len() + at };
            match segment {
                Segment::Literal(name, _) => text.extend(["/", name]),
                Segment::Capture(capture) => {
                    let glob = capture.glob;
                    captures.push(CaptureAt { name: capture.name.text.clone(), segment: segment_at, glob });
                    text.extend(["/{", &capture.name.text, if glob { "=**" } else { "" }, "}"]);
                }
            }
            if cell == Cell::Glob {
                chain.owner = Some(block);
            }
        }
        chain
    }

    /// Which segment is the glob.
    pub(super) fn glob(&self) -> Option<usize> {
        self.owner.map(|_| self.base.len() - 1)
    }

    /// Adds what a request's path must have for the block; `None` where no path has it.
    pub(super) fn cells(&self, cells: &mut Vec<Cell<'s>>) -> Option<()> {
        cells.extend_from_slice(&self.base);
        if self.nested.is_empty() {
            cells.extend_from_slice(&self.suffix);
            return Some(());
        }
        if !self.suffix.is_empty() && self.nested.len() <= self.suffix.len() {
            return None;
        }
        let any = std::iter::repeat(&Cell::Any);
        for (inner, outer) in self.nested.iter().zip(self.suffix.iter().chain(any)) {
            cells.push(inner.and(*outer)?);
        }
        Some(())
    }
}
