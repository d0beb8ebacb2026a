//! Which blocks cover a path: all match paths of a service merged into one tree of segments, so that the cost of a
//! request does not grow with the number of blocks.

use arrayvec::ArrayVec;
use rustc_hash::FxHashMap;

use crate::{
    request::ServiceProduct,
    syntax::ast::Version,
    value::{PathPrefix, SegmentRange, Segments, same_bytes},
};

use super::{Block, chain::Cell};

/// Branches by name are searched by comparing up to this many.
const SCAN: usize = 4;

/// A tree of segments.
#[derive(Clone, Debug)]
pub struct Matcher {
    nodes: Vec<Branch>,
    /// The names in what every path begins with, as `/b/{bucket}/o` of Storage, each with its place.
    lead: Vec<(usize, Box<str>)>,
    /// How many segments that has.
    led: usize,
    /// The prefix of a product, if the first two of these names are its names.
    prefix: Option<&'static PathPrefix>,
    /// The branch after it.
    start: u32,
    /// Segments that a glob takes at least: one in version 1.
    shortest_glob: usize,
}

#[derive(Clone, Debug, Default)]
struct Branch {
    few: Vec<(Box<str>, u32)>,
    many: FxHashMap<Box<[u8]>, u32>,
    wildcard: Option<u32>,
    /// The branch after a glob, and how many segments may follow the glob at most.
    glob: Option<(u32, usize)>,
    /// Blocks whose path ends here.
    blocks: Vec<u32>,
}

/// Blocks found for a path, in the order in which they are tried.
#[derive(Clone, Debug)]
pub enum Matched<'m> {
    /// Those of one branch.
    One(&'m [u32]),
    /// Those of several.
    Several(ArrayVec<u32, 8>),
    /// Those of several that are many.
    Many(Vec<u32>),
}

impl Matched<'_> {
    fn push(&mut self, block: u32) {
        match self {
            Matched::Several(few) => {
                if few.try_push(block).is_err() {
                    let mut many = few.to_vec();
                    many.push(block);
                    *self = Matched::Many(many);
                }
            }
            Matched::Many(many) => many.push(block),
            Matched::One(_) => {}
        }
    }

    /// Numbers of blocks.
    #[inline]
    pub fn as_slice(&self) -> &[u32] {
        match self {
            Matched::One(blocks) => blocks,
            Matched::Several(few) => few,
            Matched::Many(many) => many,
        }
    }
}

impl Matcher {
    pub(super) fn new(blocks: &[Block], cells: &[Option<&[Cell<'_>]>], version: Version) -> Self {
        let shortest_glob = usize::from(version == Version::V1);
        let mut matcher =
            Matcher { nodes: vec![Branch::default()], lead: Vec::new(), led: 0, prefix: None, start: 0, shortest_glob };
        for (id, (block, cells)) in blocks.iter().zip(cells).enumerate() {
            if let Some(cells) = cells.filter(|_| block.statements.len > 0) {
                matcher.add(id as u32, cells);
            }
        }
        while let Some((cell, next)) = matcher.nodes.get(matcher.start as usize).and_then(Branch::only) {
            matcher.lead.extend(cell.map(|name| (matcher.led, name)));
            matcher.led += 1;
            matcher.start = next;
        }
        if let [(0, first), (2, last), ..] = matcher.lead.as_slice() {
            let mut prefixes = ServiceProduct::ALL.into_iter().map(ServiceProduct::prefix);
            matcher.prefix = prefixes.find(|prefix| (prefix.first, prefix.last) == (&**first, &**last));
        }
        for branch in &mut matcher.nodes {
            branch.blocks.sort_unstable_by_key(|block| rank(blocks, *block));
        }
        matcher
    }

    /// Segments that a glob takes at least: one in version 1.
    pub fn shortest_glob(&self) -> usize {
        self.shortest_glob
    }

    fn add(&mut self, block: u32, path: &[Cell<'_>]) {
        let mut at = 0;
        for (i, cell) in path.iter().enumerate() {
            let found = self.nodes.get(at as usize).and_then(|branch| match cell {
                Cell::Literal(text) => branch.literal(text.as_bytes()),
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
                        branch.index();
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
    pub fn find(&self, blocks: &[Block], path: &Segments<'_>) -> Matched<'_> {
        self.straight(path).map_or_else(|| self.fork(blocks, path), Matched::One)
    }

    /// Whether a path begins as all do.
    #[inline(always)]
    fn leads(&self, path: &Segments<'_>) -> bool {
        let same = path.prefix().zip(self.prefix).is_some_and(|(path, rules)| std::ptr::eq(path, rules));
        let known = if same { 2 } else { 0 };
        for (at, name) in self.lead.get(known..).unwrap_or(&[]) {
            if !same_bytes(name.as_bytes(), path.bytes(*at)) {
                return false;
            }
        }
        path.len() >= self.led
    }

    /// The blocks of a path that leads only one way; `None` where there are several.
    #[inline(always)]
    pub fn straight(&self, path: &Segments<'_>) -> Option<&[u32]> {
        if !self.leads(path) {
            return Some(&[]);
        }
        if let Some(any_depth) = path.any_depth() {
            return if any_depth < self.led { Some(&[]) } else { None };
        }
        let mut branch = self.nodes.get(self.start as usize)?;
        let (mut at, end) = (self.led, path.len());
        while at < end {
            if let Some((after, longest)) = branch.glob {
                // Where nothing else goes on from here, the glob takes all that is left.
                let only = longest == 0 && branch.wildcard.is_none() && branch.few.is_empty();
                return if only { self.nodes.get(after as usize).map(|branch| &*branch.blocks) } else { None };
            }
            branch = match (branch.literal(path.bytes(at)), branch.wildcard) {
                (Some(_), Some(_)) => return None,
                (Some(next), None) | (None, Some(next)) => self.nodes.get(next as usize)?,
                (None, None) => return Some(&[]),
            };
            at += 1;
        }
        branch.glob.is_none().then_some(&*branch.blocks)
    }

    /// The same of one that may lead several ways.
    #[inline(never)]
    pub fn fork(&self, blocks: &[Block], path: &Segments<'_>) -> Matched<'_> {
        let mut matched = Matched::Several(ArrayVec::new());
        self.walk(self.start, path, self.led, &mut matched);
        match &mut matched {
            Matched::Several(few) => few.sort_unstable_by_key(|block| rank(blocks, *block)),
            Matched::Many(many) => many.sort_unstable_by_key(|block| rank(blocks, *block)),
            Matched::One(_) => {}
        }
        matched
    }

    /// Recursion, which only forks need, ends with the rule's path, which has at most 100 segments.
    fn walk(&self, mut node: u32, path: &Segments<'_>, mut at: usize, matched: &mut Matched<'_>) {
        while let Some(branch) = self.nodes.get(node as usize) {
            let left = path.len() - at;
            if let Some((after, longest)) = branch.glob {
                // The glob takes whatever makes the segments after it fit.
                for following in 0..=longest.min(left) {
                    if left - following >= self.shortest_glob {
                        self.walk(after, path, path.len() - following, matched);
                    }
                }
            }
            if left == 0 {
                branch.blocks.iter().for_each(|block| matched.push(*block));
                return;
            }
            if path.any_depth() == Some(at) {
                // Only a glob covers any number of segments.
                return;
            }
            node = match (branch.literal(path.bytes(at)), branch.wildcard) {
                (Some(literal), Some(wildcard)) => {
                    self.walk(literal, path, at + 1, matched);
                    wildcard
                }
                (Some(next), None) | (None, Some(next)) => next,
                (None, None) => return,
            };
            at += 1;
        }
    }
}

fn rank(blocks: &[Block], block: u32) -> u32 {
    blocks.get(block as usize).map_or(0, |block| block.rank)
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

    /// Enters the newest of many branches by name, and with the first that are many all before it.
    fn index(&mut self) {
        if self.few.len() > SCAN {
            let new = if self.many.is_empty() { 0 } else { self.few.len() - 1 };
            let new = self.few.get(new..).unwrap_or(&[]).iter();
            self.many.extend(new.map(|(name, next)| (name.as_bytes().into(), *next)));
        }
    }

    #[inline]
    fn literal(&self, name: &[u8]) -> Option<u32> {
        if self.few.len() <= SCAN {
            return self.few.iter().find(|(known, _)| same_bytes(known.as_bytes(), name)).map(|(_, next)| *next);
        }
        self.many.get(name).copied()
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
    /// The segments of a request that a wildcard of this block stands for, and whether it is a glob.
    pub fn captured<'a>(&self, capture: usize, path: &'a Segments<'a>) -> Option<(SegmentRange<'a>, bool)> {
        let at = self.captures.get(capture)?;
        let taken = path.len().saturating_sub(self.fixed);
        if at.glob {
            return Some((path.range(at.segment, at.segment + taken)?, true));
        }
        // A glob before it shifts it by what the glob took beyond its one place.
        let shifted = match self.glob {
            Some(glob) if glob < at.segment => (at.segment + taken).checked_sub(1)?,
            _ => at.segment,
        };
        Some((path.range(shifted, shifted + 1)?, false))
    }
}
