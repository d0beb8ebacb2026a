//! The path that a block covers, composed of its own path and those of the blocks around it.
//!
//! A block nested under a glob that is not the last segment of its own path is peculiar (asked of the official engine):
//! the official engine matches what follows the glob in the outer path with the same segments as the inner path, which must
//! have more of them. So under `match /{x=**}/songs/{s}` a block `match /songs/{a}/{b}` covers `/…/songs/1/2`, and `match /c/{d}`
//! covers nothing.

use crate::syntax::ast::Segment;

use super::{Block, CaptureAt, Id};

/// The segment that what satisfies both satisfies; `None` where nothing does.
fn both<'s>(a: &'s Segment, b: &'s Segment) -> Option<&'s Segment> {
    match (a, b) {
        (Segment::Capture(capture), other) | (other, Segment::Capture(capture)) if !capture.glob => Some(other),
        (Segment::Literal(x, _), Segment::Literal(y, _)) => (x == y).then_some(a),
        (Segment::Capture(_), Segment::Capture(_)) => Some(a),
        _ => None,
    }
}

/// The paths of a block and those around it.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain<'s> {
    /// Up to the end, or up to and with a glob.
    base: Vec<&'s Segment>,
    /// What follows the glob in its own block's path.
    suffix: Vec<&'s Segment>,
    /// Paths of the blocks below the glob's.
    nested: Vec<&'s Segment>,
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
            let list = match chain.owner {
                None => &mut chain.base,
                Some(owner) if owner == block => &mut chain.suffix,
                Some(_) => &mut chain.nested,
            };
            list.push(segment);
            let at = list.len() - 1;
            let segment_at = if chain.owner.is_none() { at } else { chain.base.len() + at };
            match segment {
                Segment::Literal(name, _) => text.extend(["/", name]),
                Segment::Capture(capture) => {
                    let glob = capture.glob;
                    captures.push(CaptureAt { name: capture.name.text.clone(), segment: segment_at, glob });
                    text.extend(["/{", &capture.name.text, if glob { "=**" } else { "" }, "}"]);
                    if glob {
                        chain.owner = Some(block);
                    }
                }
            }
        }
        chain
    }

    /// Which segment is the glob.
    pub(super) fn glob(&self) -> Option<usize> {
        self.owner.map(|_| self.base.len() - 1)
    }

    /// Adds the segments that a request's path must have for the block; `None` where no path has them.
    pub(super) fn segments(&self, segments: &mut Vec<&'s Segment>) -> Option<()> {
        segments.extend_from_slice(&self.base);
        if self.nested.is_empty() {
            segments.extend_from_slice(&self.suffix);
            return Some(());
        }
        if !self.suffix.is_empty() && self.nested.len() <= self.suffix.len() {
            return None;
        }
        for (at, inner) in self.nested.iter().enumerate() {
            segments.push(self.suffix.get(at).map_or(Some(*inner), |outer| both(inner, outer))?);
        }
        Some(())
    }
}
