//! Finds the blocks that cover a path. All match paths of a service are merged into one tree of segments, so that the cost
//! of a request does not grow with the number of blocks.

use std::ops::Range;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::{
    request::ServiceProduct,
    syntax::ast::{Segment, Version},
    value::{PathPrefix, SegmentRange, Segments, same_bytes},
};

use super::{Block, Corrupt, Id, Table};

/// The number of branches up to which a name is compared with each.
const SCAN: usize = 4;

/// A tree of segments.
#[derive(Clone, Debug)]
pub struct Matcher {
    branches: Table<Branch>,
    /// The names in the segments that every path begins with, as in `/b/{bucket}/o` of Storage, each with its index.
    lead: Vec<(usize, Box<str>)>,
    /// The number of segments that every path begins with.
    led: usize,
    /// The prefix of a product, if the first two of these names are its names.
    prefix: Option<&'static PathPrefix>,
    /// The branch after them.
    start: Id<Branch>,
    /// The number of segments that a glob takes at least: one in version 1.
    shortest_glob: usize,
}

#[derive(Clone, Debug, Default)]
struct Branch {
    few: Vec<(Box<str>, Id<Branch>)>,
    many: FxHashMap<Box<[u8]>, Id<Branch>>,
    wildcard: Option<Id<Branch>>,
    /// The branch after a glob, and the number of segments that can follow the glob at most.
    glob: Option<(Id<Branch>, usize)>,
    /// The blocks whose path ends here.
    blocks: Vec<Id<Block>>,
}

impl Matcher {
    /// Merges the paths of blocks; `None` is the path of a block that covers nothing.
    pub(super) fn new(blocks: &Table<Block>, paths: &[Option<&[&Segment]>], version: Version) -> Result<Self, Corrupt> {
        let shortest_glob = usize::from(version == Version::V1);
        let mut branches = Table::default();
        let start = branches.push(Branch::default());
        let mut matcher = Matcher { branches, lead: Vec::new(), led: 0, prefix: None, start, shortest_glob };
        for (id, (block, path)) in blocks.ids().zip(blocks.iter().zip(paths)) {
            if let Some(path) = path.filter(|_| !block.statements.is_empty()) {
                matcher.add(id, path)?;
            }
        }
        while let Some((name, next)) = matcher.branches.get(matcher.start)?.only() {
            matcher.lead.extend(name.map(|name| (matcher.led, name)));
            matcher.led += 1;
            matcher.start = next;
        }
        if let [(0, first), (2, last), ..] = matcher.lead.as_slice() {
            let mut prefixes = ServiceProduct::ALL.into_iter().map(ServiceProduct::prefix);
            matcher.prefix = prefixes.find(|prefix| (prefix.first, prefix.last) == (&**first, &**last));
        }
        for branch in matcher.branches.iter_mut() {
            branch.blocks.sort_unstable_by_key(|block| rank(blocks, *block));
        }
        Ok(matcher)
    }

    /// The number of segments that a glob takes at least: one in version 1.
    pub fn shortest_glob(&self) -> usize {
        self.shortest_glob
    }

    fn add(&mut self, block: Id<Block>, path: &[&Segment]) -> Result<(), Corrupt> {
        let mut at = self.start;
        for (i, segment) in path.iter().enumerate() {
            let branch = self.branches.get(at)?;
            let found = match segment {
                Segment::Literal(text, _) => branch.literal(text.as_bytes()),
                Segment::Capture(capture) if capture.glob => branch.glob.map(|g| g.0),
                Segment::Capture(_) => branch.wildcard,
            };
            let next = found.unwrap_or_else(|| self.branches.push(Branch::default()));
            let branch = self.branches.get_mut(at)?;
            match segment {
                Segment::Literal(text, _) if found.is_none() => {
                    branch.few.push((text.as_str().into(), next));
                    branch.index();
                }
                Segment::Capture(capture) if capture.glob => {
                    let longest = branch.glob.map_or(0, |g| g.1).max(path.len() - i - 1);
                    branch.glob = Some((next, longest));
                }
                Segment::Capture(_) => branch.wildcard = Some(next),
                Segment::Literal(..) => {}
            }
            at = next;
        }
        self.branches.get_mut(at)?.blocks.push(block);
        Ok(())
    }

    /// The blocks that cover a path, in the order of evaluation.
    ///
    /// # Errors
    ///
    /// The tree does not have a branch that it leads to; likewise below.
    pub fn find(&self, blocks: &Table<Block>, path: &Segments<'_>) -> Result<SmallVec<[Id<Block>; 8]>, Corrupt> {
        match self.straight(path)? {
            Some(blocks) => Ok(blocks.into()),
            None => self.fork(blocks, path),
        }
    }

    /// Whether a path begins as all do.
    #[inline(always)]
    fn leads(&self, path: &Segments<'_>) -> bool {
        let same = path.prefix().zip(self.prefix).is_some_and(|(path, rules)| std::ptr::eq(path, rules));
        let known = if same { 2 } else { 0 };
        for (at, name) in self.lead.iter().skip(known) {
            if !same_bytes(name.as_bytes(), path.bytes(*at)) {
                return false;
            }
        }
        path.len() >= self.led
    }

    /// The blocks of a path that leads one way only; `None` where there are several. No copy is made of them.
    ///
    /// # Errors
    ///
    /// As for [`Self::find`].
    #[inline(always)]
    pub fn straight(&self, path: &Segments<'_>) -> Result<Option<&[Id<Block>]>, Corrupt> {
        if !self.leads(path) {
            return Ok(Some(&[]));
        }
        if let Some(any_depth) = path.any_depth() {
            return Ok(if any_depth < self.led { Some(&[]) } else { None });
        }
        let mut branch = self.branches.get(self.start)?;
        let (mut at, end) = (self.led, path.len());
        while at < end {
            if let Some((after, longest)) = branch.glob {
                // Where nothing else continues from here, the glob takes all that is left.
                let only = longest == 0 && branch.wildcard.is_none() && branch.few.is_empty();
                return if only { Ok(Some(&self.branches.get(after)?.blocks)) } else { Ok(None) };
            }
            branch = match (branch.literal(path.bytes(at)), branch.wildcard) {
                (Some(_), Some(_)) => return Ok(None),
                (Some(next), None) | (None, Some(next)) => self.branches.get(next)?,
                (None, None) => return Ok(Some(&[])),
            };
            at += 1;
        }
        Ok(branch.glob.is_none().then_some(&*branch.blocks))
    }

    /// The blocks of a path that can lead several ways.
    ///
    /// # Errors
    ///
    /// As for [`Self::find`].
    #[inline(never)]
    pub fn fork(&self, blocks: &Table<Block>, path: &Segments<'_>) -> Result<SmallVec<[Id<Block>; 8]>, Corrupt> {
        let mut matched = SmallVec::new();
        self.walk(self.start, path, self.led, &mut matched)?;
        matched.sort_unstable_by_key(|block| rank(blocks, *block));
        Ok(matched)
    }

    /// Follows all ways from a branch. The recursion ends with the path of the rules, which has at most 100 segments.
    fn walk(
        &self,
        mut next: Id<Branch>,
        path: &Segments<'_>,
        mut at: usize,
        matched: &mut SmallVec<[Id<Block>; 8]>,
    ) -> Result<(), Corrupt> {
        loop {
            let branch = self.branches.get(next)?;
            let left = path.len() - at;
            if let Some((after, longest)) = branch.glob {
                // The glob takes whatever makes the segments after it fit.
                for following in 0..=longest.min(left) {
                    if left - following >= self.shortest_glob {
                        self.walk(after, path, path.len() - following, matched)?;
                    }
                }
            }
            if left == 0 {
                matched.extend_from_slice(&branch.blocks);
                return Ok(());
            }
            if path.any_depth() == Some(at) {
                // Only a glob covers any number of segments.
                return Ok(());
            }
            next = match (branch.literal(path.bytes(at)), branch.wildcard) {
                (Some(literal), Some(wildcard)) => {
                    self.walk(literal, path, at + 1, matched)?;
                    wildcard
                }
                (Some(next), None) | (None, Some(next)) => next,
                (None, None) => return Ok(()),
            };
            at += 1;
        }
    }
}

/// The position of a block in the order of evaluation; that of a block which is not there is the last.
fn rank(blocks: &Table<Block>, block: Id<Block>) -> u32 {
    blocks.get(block).map_or(u32::MAX, |block| block.rank)
}

impl Branch {
    /// The name, if it has one, and the branch of the only way from here, where no path ends here.
    fn only(&self) -> Option<(Option<Box<str>>, Id<Branch>)> {
        if self.glob.is_some() || !self.blocks.is_empty() {
            return None;
        }
        match (self.few.as_slice(), self.wildcard) {
            ([(name, next)], None) => Some((Some(name.clone()), *next)),
            ([], Some(next)) => Some((None, next)),
            _ => None,
        }
    }

    /// Adds the newest of many branches to the map; with the first that is one too many to scan, all before it.
    fn index(&mut self) {
        if self.few.len() > SCAN {
            let known = if self.many.is_empty() { 0 } else { self.few.len() - 1 };
            let new = self.few.iter().skip(known);
            self.many.extend(new.map(|(name, next)| (name.as_bytes().into(), *next)));
        }
    }

    #[inline]
    fn literal(&self, name: &[u8]) -> Option<Id<Branch>> {
        if self.few.len() <= SCAN {
            return self.few.iter().find(|(known, _)| same_bytes(known.as_bytes(), name)).map(|(_, next)| *next);
        }
        self.many.get(name).copied()
    }
}

/// Gives each block its rank (language specification, section 6, rule 5): source order, a block before those inside
/// it. The official engine tries a block that ends in a glob with the glob taking ever more segments, so among a glob's
/// block and those below it the one with most segments after the glob comes first. `owners` are the blocks, itself or
/// around it, whose own path has the glob that applies to each block.
pub(super) fn order(blocks: &mut Table<Block>, owners: &[Option<Id<Block>>]) {
    // Blocks are in source order already; those of one glob are a run within it.
    let mut order: Vec<usize> = (0..blocks.len()).collect();
    let fixed: Vec<usize> = blocks.iter().map(|block| block.fixed).collect();
    let mut start = 0;
    while let Some(owner) = owners.get(start).copied() {
        let mut end = start + 1;
        while owner.is_some() && owners.get(end).copied() == Some(owner) {
            end += 1;
        }
        if let Some(run) = order.get_mut(start..end) {
            run.sort_by_key(|at| (std::cmp::Reverse(fixed.get(*at).copied()), *at));
        }
        start = end;
    }
    let mut ranks = vec![0; order.len()];
    for (rank, at) in (0..).zip(order) {
        if let Some(slot) = ranks.get_mut(at) {
            *slot = rank;
        }
    }
    blocks.iter_mut().zip(ranks).for_each(|(block, rank)| block.rank = rank);
}

impl Block {
    /// The segments of a request that a wildcard of this block stands for, and whether the wildcard is a glob.
    pub fn captured<'a>(&self, capture: usize, path: &'a Segments<'a>) -> Option<(SegmentRange<'a>, bool)> {
        let (taken, glob) = self.captured_at(capture, path.len())?;
        Some((path.range(taken.start, taken.end)?, glob))
    }

    /// The same as indices, in a path of that many segments.
    pub fn captured_at(&self, capture: usize, len: usize) -> Option<(Range<usize>, bool)> {
        let at = self.captures.get(capture)?;
        let taken = len.saturating_sub(self.fixed);
        if at.glob {
            return Some((at.segment..at.segment + taken, true));
        }
        // A glob before it shifts it by what the glob took beyond its one place.
        let shifted = match self.glob {
            Some(glob) if glob < at.segment => (at.segment + taken).checked_sub(1)?,
            _ => at.segment,
        };
        Some((shifted..shifted + 1, false))
    }
}
