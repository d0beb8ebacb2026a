//! Matches whole texts without the regex engine, for the patterns that most rules use.

use super::classes::{MAX, Set};
use super::parse::{Look, Node, Repeat};
use crate::value::{Str, match_mask, same_bytes, strip_prefix};

/// A pattern simple enough to compare with a text directly.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// A prefix, then any characters: `image/.*`.
    StartsWith(Prefix),
    /// Any of these: `image/png`, `^(draft|live)$`, `image/.*|video/.*`, `.*[.](png|jpg)`.
    AnyOf(Box<[Alternative]>),
    /// Runs of characters: `[a-z0-9_]{3,20}`, `\d{4}-\d\d`, `\p{L}{1,50}`.
    Runs(Box<[CharRun]>),
}

/// A prefix, and whether a line feed may follow it.
#[derive(Clone, Debug)]
pub(super) struct Prefix {
    prefix: Box<str>,
    newline: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Alternative {
    Text(Box<str>),
    Gaps(Box<GapSequence>),
}

/// `prefix`, then any characters up to each of `middles`, then any up to `suffix`. None of these texts contains a line
/// feed unless `newline` is set, so that gaps only end where they must.
#[derive(Clone, Debug)]
pub(super) struct GapSequence {
    prefix: Box<str>,
    middles: Box<[(Gap, Box<str>)]>,
    last: Gap,
    suffix: Box<str>,
    newline: bool,
}

/// `.*` or, if `nonempty`, `.+`.
#[derive(Clone, Copy, Debug)]
struct Gap {
    nonempty: bool,
}

/// `min` to `max` characters of a set. Runs are greedy, which loses no match: what may follow never starts with a
/// character of the set.
#[derive(Clone, Debug)]
pub(super) struct CharRun {
    set: CharSet,
    min: usize,
    max: usize,
}

#[derive(Clone, Debug)]
struct CharSet {
    ascii: [u64; 2],
    /// The ranges beyond ASCII.
    beyond: Box<[(u32, u32)]>,
}

/// Maximum number of alternatives that a shape lists.
const MAX_ALTERNATIVES: usize = 32;

impl Shape {
    /// The shape of a pattern, if it has one.
    pub(super) fn of(node: &Node) -> Option<Shape> {
        let nodes = unanchored(node);
        if let Some(alternatives) = alternatives(nodes) {
            if let [Alternative::Gaps(gaps)] = alternatives.as_slice()
                && let Some(prefix) = gaps.prefix_only()
            {
                return Some(Shape::StartsWith(prefix));
            }
            return Some(Shape::AnyOf(alternatives.into_boxed_slice()));
        }
        runs(nodes).map(|runs| Shape::Runs(runs.into_boxed_slice()))
    }

    /// Whether the whole of `text` matches.
    #[inline]
    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Shape::StartsWith(prefix) => prefix.matches(text),
            shape => shape.matches_any(text),
        }
    }

    #[inline(never)]
    fn matches_any(&self, text: &str) -> bool {
        match self {
            Shape::StartsWith(prefix) => prefix.matches(text),
            Shape::AnyOf(alternatives) => alternatives.iter().any(|alternative| match alternative {
                Alternative::Text(known) => **known == *text,
                Alternative::Gaps(gaps) => gaps.matches(text),
            }),
            Shape::Runs(runs) => match_runs(runs, text.chars().map(u32::from)),
        }
    }

    /// [`Shape::matches`] with UTF-16 units as characters; `None` if only the engine can tell.
    pub(super) fn matches_units(&self, text: Str<'_>) -> Option<bool> {
        match (self, text) {
            (Shape::StartsWith(_) | Shape::AnyOf(_), Str::Utf8(text)) => Some(self.matches(text)),
            (Shape::StartsWith(_) | Shape::AnyOf(_), Str::Wide(_)) => None,
            (Shape::Runs(runs), Str::Utf8(text)) => Some(match &**runs {
                [run] if text.bytes().all(|byte| run.set.has_ascii(byte)) => {
                    run.min <= text.len() && text.len() <= run.max
                }
                runs if text.is_ascii() => match_runs(runs, text.bytes().map(u32::from)),
                runs => match_runs(runs, Str::Utf8(text).units().map(u32::from)),
            }),
            (Shape::Runs(runs), text) => Some(match_runs(runs, text.units().map(u32::from))),
        }
    }

    /// Whether [`Shape::matches_units`] is applicable. Two adjacent `.+` can share a surrogate pair.
    pub(super) fn splits_no_pair(&self) -> bool {
        let split = |alternative: &Alternative| match alternative {
            Alternative::Text(_) => false,
            Alternative::Gaps(gaps) => gaps.middles.iter().any(|(_, middle)| middle.is_empty()),
        };
        !matches!(self, Shape::AnyOf(alternatives) if alternatives.iter().any(split))
    }
}

impl Prefix {
    #[inline]
    fn matches(&self, text: &str) -> bool {
        let (text, prefix) = (text.as_bytes(), self.prefix.as_bytes());
        match text.split_at_checked(prefix.len()) {
            Some((start, rest)) => same_bytes(start, prefix) && (self.newline || !has_line_feed(rest)),
            None => false,
        }
    }
}

impl GapSequence {
    /// The prefix, if nothing else is required.
    fn prefix_only(&self) -> Option<Prefix> {
        let open = self.middles.is_empty() && self.suffix.is_empty() && !self.last.nonempty;
        open.then(|| Prefix { prefix: self.prefix.clone(), newline: self.newline })
    }

    fn matches(&self, text: &str) -> bool {
        self.last_gap(text).is_some_and(|length| length > 0 || !self.last.nonempty)
            && (self.newline || !has_line_feed(text.as_bytes()))
    }

    /// Number of bytes left for the last gap. The leftmost occurrence of each text is as good as any other.
    fn last_gap(&self, text: &str) -> Option<usize> {
        let mut rest = strip_prefix(text, &self.prefix)?;
        for (gap, middle) in &*self.middles {
            if gap.nonempty {
                let mut chars = rest.chars();
                chars.next()?;
                rest = chars.as_str();
            }
            rest = rest.split_once(&**middle)?.1;
        }
        let suffix = &*self.suffix;
        (suffix.is_empty() || rest.ends_with(suffix)).then(|| rest.len() - suffix.len())
    }
}

/// The general search would cost more than scanning a short text.
#[inline]
fn has_line_feed(text: &[u8]) -> bool {
    if text.len() < 8 { text.iter().copied().any(|byte| byte == b'\n') } else { has_line_feed_long(text) }
}

#[inline(never)]
fn has_line_feed_long(text: &[u8]) -> bool {
    if text.len() > 64 {
        return text.contains(&b'\n');
    }
    let (chunks, rest) = text.as_chunks::<8>();
    chunks.iter().any(|chunk| match_mask(b'\n', *chunk) != 0) || rest.contains(&b'\n')
}

fn match_runs(runs: &[CharRun], mut chars: impl Iterator<Item = u32>) -> bool {
    let mut next = chars.next();
    for run in runs {
        let mut count = 0;
        while count < run.max && next.is_some_and(|c| run.set.has(c)) {
            count += 1;
            next = chars.next();
        }
        if count < run.min {
            return false;
        }
    }
    next.is_none()
}

/// Removes anchors that always hold for a whole text: leading `^`, `\A`, trailing `$`, `\z`.
fn unanchored(node: &Node) -> &[Node] {
    let mut nodes = sequence(node);
    while let [Node::Look(Look::TextStart), rest @ ..] = nodes {
        nodes = rest;
    }
    while let [rest @ .., Node::Look(Look::TextEnd)] = nodes {
        nodes = rest;
    }
    nodes
}

fn sequence(node: &Node) -> &[Node] {
    match node {
        Node::Concat(nodes) => nodes,
        Node::Capture(_, node) => sequence(node),
        node => std::slice::from_ref(node),
    }
}

fn alternatives(nodes: &[Node]) -> Option<Vec<Alternative>> {
    let branches = match nodes {
        [Node::Alternate(branches)] => branches,
        [Node::Capture(_, node)] => return alternatives(unanchored(node)),
        _ => return sequence_alternatives(nodes),
    };
    let mut out = Vec::new();
    for branch in branches {
        out.extend(alternatives(unanchored(branch))?);
        if out.len() > MAX_ALTERNATIVES {
            return None;
        }
    }
    Some(out)
}

/// The alternatives of a sequence: one for each choice of its texts.
fn sequence_alternatives(nodes: &[Node]) -> Option<Vec<Alternative>> {
    if count(nodes)? > MAX_ALTERNATIVES {
        return None;
    }
    let mut gaps = Vec::new();
    let mut newlines = Vec::new();
    // The choices, each a list of the texts between the gaps.
    let mut choices = vec![vec![String::new()]];
    for node in nodes {
        if let Some((gap, newline)) = gap(node) {
            gaps.push(gap);
            newlines.push(newline);
            for choice in &mut choices {
                choice.push(String::new());
            }
            continue;
        }
        if let Node::Literal(c) = node {
            let c = char::from_u32(*c)?;
            choices.iter_mut().filter_map(|choice| choice.last_mut()).for_each(|text| text.push(c));
            continue;
        }
        let texts = texts(node)?;
        if let [text] = texts.as_slice() {
            choices.iter_mut().filter_map(|choice| choice.last_mut()).for_each(|t| t.push_str(text));
            continue;
        }
        let longer = choices.iter().flat_map(|choice| {
            texts.iter().map(move |text| {
                let mut choice = choice.clone();
                if let Some(last) = choice.last_mut() {
                    last.push_str(text);
                }
                choice
            })
        });
        choices = longer.collect();
    }
    let newline = newlines.iter().all(|&newline| newline);
    let clear = newline || newlines.iter().all(|&newline| !newline);
    if !gaps.is_empty() && !newline && (!clear || choices.iter().flatten().any(|t| t.contains('\n'))) {
        return None;
    }
    choices.into_iter().map(|choice| assemble(choice, &gaps, newline)).collect()
}

fn assemble(texts: Vec<String>, gaps: &[Gap], newline: bool) -> Option<Alternative> {
    let mut texts = texts.into_iter().map(String::into_boxed_str);
    let prefix = texts.next()?;
    let Some((&last, before)) = gaps.split_last() else { return Some(Alternative::Text(prefix)) };
    let middles = before.iter().copied().zip(texts.by_ref()).collect();
    let suffix = texts.next()?;
    Some(Alternative::Gaps(Box::new(GapSequence { prefix, middles, last, suffix, newline })))
}

/// Whether a node is `.*` or `.+`, and whether it matches line feeds.
fn gap(node: &Node) -> Option<(Gap, bool)> {
    let node = match node {
        Node::Capture(_, node) => node,
        node => node,
    };
    let Node::Repeat(repeat) = node else { return None };
    let Repeat { min: min @ 0..=1, max: None, node: Node::Class(set), .. } = &**repeat else {
        return None;
    };
    let newline = u32::from('\n');
    let gap = Gap { nonempty: *min == 1 };
    match *set.ranges() {
        [(0, MAX)] => Some((gap, true)),
        [(0, a), (b, MAX)] if a == newline - 1 && b == newline + 1 => Some((gap, false)),
        _ => None,
    }
}

/// Number of texts that a sequence can match, not counting its gaps; computed before listing any.
fn count(nodes: &[Node]) -> Option<usize> {
    nodes.iter().try_fold(1_usize, |product, node| {
        let texts = if gap(node).is_some() { 1 } else { count_one(node)? };
        product.checked_mul(texts).filter(|&product| product <= MAX_ALTERNATIVES)
    })
}

fn count_one(node: &Node) -> Option<usize> {
    match node {
        Node::Empty | Node::Literal(_) => Some(1),
        Node::Class(set) => {
            let size = set.ranges().iter().map(|&(low, high)| (high - low) as usize + 1).sum();
            // Only tiny sets, such as `[.]` or the two cases of a letter.
            (1..=4).contains(&size).then_some(size)
        }
        Node::Capture(_, node) => count_one(node),
        Node::Concat(nodes) => count(nodes),
        Node::Alternate(nodes) => nodes.iter().map(count_one).sum(),
        Node::Repeat(repeat) if repeat.min == 0 && repeat.max == Some(1) => {
            count_one(&repeat.node).map(|count| count + 1)
        }
        Node::Look(_) | Node::Repeat(_) => None,
    }
}

/// All texts that a node can match; `count` ensures that they are few.
fn texts(node: &Node) -> Option<Vec<String>> {
    match node {
        Node::Empty => Some(vec![String::new()]),
        Node::Literal(c) => Some(vec![char::from_u32(*c)?.to_string()]),
        Node::Class(set) => {
            let members = set.ranges().iter().flat_map(|&(low, high)| low..=high);
            members.map(|c| char::from_u32(c).map(String::from)).collect()
        }
        Node::Capture(_, node) => texts(node),
        Node::Concat(nodes) => sequence_alternatives(nodes)?.into_iter().map(Alternative::into_text).collect(),
        Node::Alternate(nodes) => {
            let mut out = Vec::new();
            for node in nodes {
                out.extend(texts(node)?);
            }
            Some(out)
        }
        Node::Repeat(repeat) if repeat.min == 0 && repeat.max == Some(1) => {
            let mut out = texts(&repeat.node)?;
            out.push(String::new());
            Some(out)
        }
        Node::Look(_) | Node::Repeat(_) => None,
    }
}

impl Alternative {
    fn into_text(self) -> Option<String> {
        match self {
            Alternative::Text(text) => Some(text.into_string()),
            Alternative::Gaps(_) => None,
        }
    }
}

fn runs(nodes: &[Node]) -> Option<Vec<CharRun>> {
    let mut out: Vec<CharRun> = Vec::new();
    for node in nodes {
        let run = run(node)?;
        if let Some(last) = out.last() {
            // Something must follow a run of varying length that ends it.
            if last.min != last.max && (run.min == 0 || last.set.meets(&run.set)) {
                return None;
            }
        }
        out.push(run);
    }
    Some(out)
}

fn run(node: &Node) -> Option<CharRun> {
    match node {
        Node::Capture(_, node) => run(node),
        Node::Repeat(repeat) => {
            let one = run(&repeat.node)?;
            if (one.min, one.max) != (1, 1) {
                return None;
            }
            let max = repeat.max.map_or(usize::MAX, |max| max as usize);
            Some(CharRun { min: repeat.min as usize, max, ..one })
        }
        Node::Literal(c) => Some(CharRun { set: CharSet::new(&Set::from_ranges(&[(*c, *c)])), min: 1, max: 1 }),
        Node::Class(set) => Some(CharRun { set: CharSet::new(set), min: 1, max: 1 }),
        _ => None,
    }
}

impl CharSet {
    fn new(set: &Set) -> CharSet {
        let mut ascii = [0, 0];
        for &(low, high) in set.ranges() {
            for c in low..=high.min(0x7F) {
                let [first, second] = &mut ascii;
                *(if c < 64 { first } else { second }) |= 1 << (c & 63);
            }
        }
        let beyond = set.ranges().iter().copied().filter(|&(_, high)| high > 0x7F).collect();
        CharSet { ascii, beyond }
    }

    #[inline]
    fn has(&self, c: u32) -> bool {
        match self.ascii.get(c as usize >> 6) {
            Some(word) => word >> (c & 63) & 1 == 1,
            None => self.has_beyond(c),
        }
    }

    /// Whether an ASCII byte is in the set.
    #[inline]
    fn has_ascii(&self, byte: u8) -> bool {
        self.ascii.get(usize::from(byte >> 6)).is_some_and(|word| word >> (byte & 63) & 1 == 1)
    }

    fn has_beyond(&self, c: u32) -> bool {
        let at = self.beyond.partition_point(|&(_, high)| high < c);
        self.beyond.get(at).is_some_and(|&(low, _)| low <= c)
    }

    fn meets(&self, other: &CharSet) -> bool {
        let [a, b] = self.ascii;
        let [c, d] = other.ascii;
        // If two ranges intersect, one starts within the other.
        let starts_in = |x: &CharSet, y: &CharSet| {
            x.beyond.iter().any(|&(low, _)| {
                let at = y.beyond.partition_point(|&(_, high)| high < low.max(0x80));
                y.beyond.get(at).is_some_and(|&(start, _)| start <= low.max(0x80))
            })
        };
        a & c != 0 || b & d != 0 || starts_in(self, other) || starts_in(other, self)
    }
}
