//! Which blocks cover a path: all match paths of a service merged into one tree of segments, so that the cost of a
//! request does not grow with the number of blocks.

use arrayvec::ArrayVec;
use rustc_hash::FxHashMap;

use crate::{syntax::ast::Version, value::same_text};

use super::{Block, chain::Cell};

/// Branches by name are searched by comparing up to this many.
const SCAN: usize = 4;

/// A tree of segments.
#[derive(Clone, Debug)]
pub struct Matcher {
    nodes: Vec<Branch>,
    /// What every path begins with, as `/b/{bucket}/o` of Storage: names, and `None` where any will do.
    lead: Vec<Option<Box<str>>>,
    /// The branch after it.
    start: u32,
    /// Segments that a glob takes at least: one in version 1.
    shortest_glob: usize,
}

#[derive(Clone, Debug, Default)]
struct Branch {
    few: Vec<(Box<str>, u32)>,
    many: FxHashMap<Box<str>, u32>,
    wildcard: Option<u32>,
    /// The branch after a glob, and how many segments may follow the glob at most.
    glob: Option<(u32, usize)>,
    /// Blocks whose path ends here.
    blocks: Vec<u32>,
}

/// Blocks found for a path, in the order in which they are tried.
#[derive(Clone, Debug, Default)]
pub struct Matched {
    few: ArrayVec<u32, 8>,
    /// All of them, where they are more.
    more: Vec<u32>,
}

impl Matched {
    fn push(&mut self, block: u32) {
        if !self.more.is_empty() || self.few.try_push(block).is_err() {
            if self.more.is_empty() {
                self.more.extend_from_slice(&self.few);
            }
            self.more.push(block);
        }
    }

    /// Numbers of blocks.
    pub fn as_slice(&self) -> &[u32] {
        if self.more.is_empty() { &self.few } else { &self.more }
    }

    fn sort_by_key(&mut self, key: impl Fn(u32) -> u32) {
        let list = if self.more.is_empty() { self.few.as_mut_slice() } else { &mut self.more };
        if list.len() > 1 {
            list.sort_unstable_by_key(|block| key(*block));
        }
    }
}

impl Matcher {
    pub(super) fn new(blocks: &[Block], cells: &[Option<Vec<Cell<'_>>>], version: Version) -> Self {
        let shortest_glob = usize::from(version == Version::V1);
        let mut matcher = Matcher { nodes: vec![Branch::default()], lead: Vec::new(), start: 0, shortest_glob };
        for (id, (block, cells)) in blocks.iter().zip(cells).enumerate() {
            if let Some(cells) = cells.as_ref().filter(|_| block.statements.len > 0) {
                matcher.add(id as u32, cells);
            }
        }
        while let Some((cell, next)) = matcher.nodes.get(matcher.start as usize).and_then(Branch::only) {
            matcher.lead.push(cell);
            matcher.start = next;
        }
        matcher
    }

    fn add(&mut self, block: u32, path: &[Cell<'_>]) {
        let mut at = 0;
        for (i, cell) in path.iter().enumerate() {
            let found = self.nodes.get(at as usize).and_then(|branch| match cell {
                Cell::Literal(text) => branch.literal(text),
                Cell::Glob => branch.glob.map(|g| g.0),
                Cell::Any => branch.wildcard,
            });
            let next = found.unwrap_or_else(|| {
                self.nodes.push(Branch::default());
                self.nodes.len() as u32 - 1
            });
            if let Some(branch) = self.nodes.get_mut(at as usize) {
                match cell {
                    Cell::Literal(text) if found.is_none() => {
                        branch.few.push(((*text).into(), next));
                        branch.many.insert((*text).into(), next);
                    }
                    Cell::Glob => {
                        let longest = branch.glob.map_or(0, |g| g.1).max(path.len() - i - 1);
                        branch.glob = Some((next, longest));
                    }
                    Cell::Any => branch.wildcard = Some(next),
                    Cell::Literal(_) => {}
                }
            }
            at = next;
        }
        if let Some(branch) = self.nodes.get_mut(at as usize) {
            branch.blocks.push(block);
        }
    }

    /// The blocks that cover a path, in the order in which their statements are tried.
    pub fn find(&self, blocks: &[Block], segments: &[&str]) -> Matched {
        let mut matched = Matched::default();
        let Some((lead, rest)) = segments.split_at_checked(self.lead.len()) else { return matched };
        let fits = |(cell, segment): (&Option<Box<str>>, &&str)| match cell {
            Some(name) => same_text(name, segment),
            None => true,
        };
        if self.lead.iter().zip(lead).all(fits) {
            self.walk(self.start, rest, &mut matched);
        }
        matched.sort_by_key(|block| blocks.get(block as usize).map_or(0, |b| b.rank));
        matched
    }

    /// Recursion, which only forks need, ends with the rule's path, which has at most 100 segments.
    fn walk(&self, mut at: u32, mut rest: &[&str], matched: &mut Matched) {
        while let Some(branch) = self.nodes.get(at as usize) {
            if let Some((after, longest)) = branch.glob {
                // The glob takes whatever makes the segments after it fit.
                for following in 0..=longest.min(rest.len()) {
                    let taken = rest.len() - following;
                    if taken >= self.shortest_glob {
                        self.walk(after, rest.get(taken..).unwrap_or(&[]), matched);
                    }
                }
            }
            let Some((first, others)) = rest.split_first() else {
                branch.blocks.iter().for_each(|block| matched.push(*block));
                return;
            };
            at = match (branch.literal(first), branch.wildcard) {
                (Some(literal), Some(wildcard)) => {
                    self.walk(literal, others, matched);
                    wildcard
                }
                (Some(next), None) | (None, Some(next)) => next,
                (None, None) => return,
            };
            rest = others;
        }
    }
}

impl Branch {
    /// The only way on, where a path that is covered cannot end here.
    fn only(&self) -> Option<(Option<Box<str>>, u32)> {
        if self.glob.is_some() || !self.blocks.is_empty() {
            return None;
        }
        match (self.few.as_slice(), self.wildcard) {
            ([(name, next)], None) => Some((Some(name.clone()), *next)),
            ([], Some(next)) => Some((None, next)),
            _ => None,
        }
    }

    fn literal(&self, text: &str) -> Option<u32> {
        if self.few.len() <= SCAN {
            return self.few.iter().find(|(name, _)| same_text(name, text)).map(|(_, next)| *next);
        }
        self.many.get(text).copied()
    }
}

/// Gives each block its rank (language specification, section 6, rule 5): source order, a block before those inside
/// it. A block that ends in a glob is tried with the glob taking ever more segments, so among a glob's block and those
/// below it the one with most segments after the glob comes first.
pub(super) fn order(blocks: &mut [Block], owners: &[Option<u32>]) {
    // Blocks stand in source order already; those of one glob are a run within it.
    let mut order: Vec<usize> = (0..blocks.len()).collect();
    let mut start = 0;
    while let Some(owner) = owners.get(start).copied() {
        let mut end = start + 1;
        while owner.is_some() && owners.get(end).copied() == Some(owner) {
            end += 1;
        }
        if let Some(run) = order.get_mut(start..end) {
            run.sort_by_key(|at| (std::cmp::Reverse(blocks.get(*at).map_or(0, |b| b.fixed)), *at));
        }
        start = end;
    }
    for (rank, at) in order.into_iter().enumerate() {
        if let Some(block) = blocks.get_mut(at) {
            block.rank = rank as u32;
        }
    }
}

impl Block {
    /// The segments of a request that a wildcard of this block stands for.
    pub fn captured<'r, 'a>(&self, capture: usize, segments: &'r [&'a str]) -> Option<(&'r [&'a str], bool)> {
        let at = self.captures.get(capture)?;
        let taken = segments.len().saturating_sub(self.fixed);
        if at.glob {
            return Some((segments.get(at.segment..at.segment + taken)?, true));
        }
        // A glob before it shifts it by what the glob took beyond its one place.
        let shifted = match self.glob {
            Some(glob) if glob < at.segment => (at.segment + taken).checked_sub(1)?,
            _ => at.segment,
        };
        Some((segments.get(shifted..shifted + 1)?, false))
    }
}
