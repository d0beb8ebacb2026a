//! Suggestions for requests that no rules cover: the nearest block or rule, and the first segment that differs.

use std::{
    cmp::Reverse,
    fmt::{Formatter, Result},
};

use crate::{
    program::{Block, Id, Rule, RuleNode, RuleSegment, RuleTree, ServiceProgram, is_catch_all},
    request::ServiceProduct,
    stdlib::Dialect,
    text::{Source, Span, nearest},
    value::{PathPrefix, Segments},
};

use super::{Width, write_located, write_wrapped};

/// The block or rule whose path is nearest to a request that no rules cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearest {
    /// The block or rule: `match /b/{bucket}/o/users/{userId}`, `.read of /users/$uid`.
    pub rules: String,
    /// Its span.
    pub span: Span,
    /// The first segment that differs in request and rules, in words.
    pub differs: String,
}

impl Nearest {
    /// The suggestion on one line: `nearest: match /users/{id} (f.rules:3): the request has …`.
    pub(crate) fn in_line(&self, source: &Source) -> String {
        let at = source.position(self.span.start);
        format!("nearest: `{}` ({}:{}): {}", self.rules, source.name(), at.line, self.differs)
    }

    /// Writes the paragraph of an explanation, which follows a sentence that introduces it.
    pub(crate) fn write(&self, f: &mut Formatter<'_>, width: Width, source: &Source) -> Result {
        writeln!(f)?;
        write_located(f, width, (&self.rules, ""), source, self.span.start)?;
        write_wrapped(f, width, "  ", 2, &self.differs)
    }
}

/// The first difference of the paths of request and rule.
#[derive(Clone, Copy)]
enum Difference<'p> {
    /// The literal names of a segment differ.
    Literal { requested: &'p str, in_rules: &'p str },
    /// The path of the request ends before this segment of the rule.
    RequestEnds(RuleSegment<'p>),
    /// The path of the rule ends before this segment of the request.
    RuleEnds(&'p str),
}

/// The cost of a different name.
const NAME_COST: u32 = 10;
/// The cost of a name with the same stem, such as a plural.
const STEM_COST: u32 = 4;
/// The cost of an extra or missing segment.
const LENGTH_COST: u32 = 2;
/// The cost of a misspelt name, and of a different bucket or database.
const TYPO_COST: u32 = 1;

/// The distance between the paths of a request and a rule.
#[derive(Default)]
struct Distance<'p> {
    cost: u32,
    /// The number of equal names.
    same: u32,
    first: Option<Difference<'p>>,
}

impl<'p> Distance<'p> {
    /// Compares segment by segment; the segments after a glob are compared from the end.
    fn new(segments: &[RuleSegment<'p>], requested: &[&'p str], shortest_glob: usize) -> Self {
        let mut distance = Distance::default();
        let glob = segments.iter().position(|segment| matches!(segment, RuleSegment::Glob(_)));
        let head = segments.get(..glob.unwrap_or(segments.len())).unwrap_or(segments);
        distance.compare_literals(head, requested);
        let Some(glob) = glob else {
            distance.compare_lengths(segments, requested);
            return distance;
        };
        let tail = segments.get(glob + 1..).unwrap_or(&[]);
        let Some(end) = requested.len().checked_sub(tail.len()).filter(|end| *end >= glob + shortest_glob) else {
            distance.cost += LENGTH_COST;
            let missing = segments.get(requested.len()).or(segments.last()).copied();
            distance.first = distance.first.or(missing.map(Difference::RequestEnds));
            return distance;
        };
        distance.compare_literals(tail, requested.get(end..).unwrap_or(&[]));
        distance
    }

    /// The nearest path has the least rank: the lowest cost, then the most equal names.
    fn rank(&self) -> (u32, Reverse<u32>) {
        (self.cost, Reverse(self.same))
    }

    fn compare_literals(&mut self, segments: &[RuleSegment<'p>], requested: &[&'p str]) {
        for (segment, requested) in segments.iter().zip(requested) {
            let RuleSegment::Literal(in_rules) = *segment else { continue };
            if in_rules == *requested {
                self.same += 1;
                continue;
            }
            self.cost += if nearest(requested, [in_rules]).is_some() {
                TYPO_COST
            } else if same_stem(requested, in_rules) {
                STEM_COST
            } else {
                NAME_COST
            };
            self.first = self.first.or(Some(Difference::Literal { requested, in_rules }));
        }
    }

    fn compare_lengths(&mut self, segments: &[RuleSegment<'p>], requested: &[&'p str]) {
        self.cost += LENGTH_COST * segments.len().abs_diff(requested.len()) as u32;
        let ends = segments.get(requested.len()).copied().map(Difference::RequestEnds);
        let goes_on = requested.get(segments.len()).copied().map(Difference::RuleEnds);
        self.first = self.first.or(ends).or(goes_on);
    }
}

/// Whether two names share a prefix of at least 3 letters and two thirds of the shorter name: `category`, `categories`.
fn same_stem(a: &str, b: &str) -> bool {
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    same >= 3 && 3 * same >= 2 * a.chars().count().min(b.chars().count())
}

/// The block nearest to a path that no block covers, or only catch-alls, and whether the paths differ in one misspelt
/// name only. `list` is true for a list request; `tried` has the blocks that cover the path.
pub(crate) fn block(
    service: &ServiceProgram,
    (product, list): (ServiceProduct, bool),
    requested: &Segments<'_>,
    tried: &[Id<Block>],
) -> Option<(Nearest, bool)> {
    let is_named = |block: &Block| !is_catch_all(&block.path);
    if tried.iter().filter_map(|id| service.blocks.get(*id).ok()).any(is_named) {
        return None;
    }
    let any_depth = requested.any_depth();
    let names: Vec<&str> =
        requested.iter().enumerate().filter(|(at, _)| any_depth != Some(*at)).map(|(_, name)| name).collect();
    let shortest_glob = service.matcher.shortest_glob();
    let candidates = service.blocks.iter().filter(|block| !block.statements.is_empty() && is_named(block));
    let compared = candidates.map(|block| (block, BlockComparison::new(block, product, &names, shortest_glob)));
    let (block, comparison) = compared.min_by_key(|(_, comparison)| comparison.distance.rank())?;
    let differs = match any_depth {
        Some(at) => format!(
            "a collection group lies at any depth: only a block that begins with a glob covers it, such as `match /{{path=**}}/{}/{{id}}`",
            requested.get(at + 1).unwrap_or("")
        ),
        None => comparison.describe((product, list), &names)?,
    };
    let nearest = Nearest { rules: format!("match {}", block.path), span: block.span, differs };
    Some((nearest, comparison.distance.cost == TYPO_COST))
}

/// The paths of a block and a request, compared.
struct BlockComparison<'p> {
    /// The segments of the block after the bucket or database.
    segments: Vec<RuleSegment<'p>>,
    /// Whether the path of the block does not begin with a bucket or database.
    is_unrooted: bool,
    /// Whether it begins with `b` or `databases` nevertheless.
    is_half_rooted: bool,
    /// The bucket or database of the block, if it differs from that of the request.
    owner: Option<&'p str>,
    distance: Distance<'p>,
}

impl<'p> BlockComparison<'p> {
    fn new(block: &'p Block, product: ServiceProduct, requested: &[&'p str], shortest_glob: usize) -> Self {
        let mut segments: Vec<_> = RuleSegment::parse(Dialect::Service, &block.path).collect();
        let PathPrefix { first, last } = *product.prefix();
        let head = requested.len().min(3);
        let (asked_owner, names) = (requested.get(1), requested.get(head..).unwrap_or(&[]));
        let mut comparison = BlockComparison {
            segments: Vec::new(),
            is_unrooted: false,
            is_half_rooted: false,
            owner: None,
            distance: Distance::default(),
        };
        let globbed = segments.iter().take(3).any(|segment| matches!(segment, RuleSegment::Glob(_)));
        if globbed {
            comparison.distance = Distance::new(&segments, requested, shortest_glob);
            comparison.segments = segments;
            return comparison;
        }
        let matches_name = |segment: Option<&RuleSegment<'_>>, name: &str| match segment {
            Some(RuleSegment::Literal(in_rules)) => *in_rules == name,
            segment => segment.is_some(),
        };
        let begins = matches_name(segments.first(), first);
        comparison.is_unrooted = !(begins && segments.get(1).is_some() && matches_name(segments.get(2), last));
        if !comparison.is_unrooted {
            comparison.owner = match segments.get(1) {
                Some(RuleSegment::Literal(owner)) if Some(owner) != asked_owner => Some(owner),
                _ => None,
            };
            segments.drain(..3);
        } else if begins && matches!(segments.first(), Some(RuleSegment::Literal(_))) {
            comparison.is_half_rooted = true;
            segments.drain(..segments.len().min(2));
        }
        comparison.distance = Distance::new(&segments, names, shortest_glob);
        comparison.distance.cost += TYPO_COST * u32::from(comparison.is_unrooted || comparison.owner.is_some());
        comparison.segments = segments;
        comparison
    }

    fn describe(&self, (product, list): (ServiceProduct, bool), requested: &[&str]) -> Option<String> {
        let PathPrefix { first, last } = *product.prefix();
        let (owner, what) = match product {
            ServiceProduct::Storage => ("bucket", "object"),
            ServiceProduct::Firestore => ("database", "document"),
        };
        if self.is_unrooted {
            let head = format!("/{first}/{{{owner}}}/{last}");
            let write = match self.is_half_rooted {
                true => format!("write `{head}/…`"),
                false => format!("put the block inside `match {head} {{ … }}`"),
            };
            return Some(format!("the path of every {what} begins with `{head}`, that of the block does not: {write}"));
        }
        if let Some(in_rules) = self.owner {
            let requested = requested.get(1).unwrap_or(&"");
            return Some(format!(
                "the request is for the {owner} `{requested}`, the block for `{in_rules}` alone: state the {owner} of the request"
            ));
        }
        let of_documents = product == ServiceProduct::Firestore;
        Some(match self.distance.first? {
            Difference::Literal { requested: "", in_rules } => {
                format!("the request lists a whole collection, the block is about `{in_rules}` alone")
            }
            Difference::Literal { requested, in_rules } => describe_names(requested, in_rules, "block"),
            Difference::RequestEnds(in_rules) if list && !of_documents => {
                let folder = self.segments.iter().take(requested.len().saturating_sub(3));
                let folder: String = folder.map(|segment| format!("/{segment}")).collect();
                let folder = if folder.is_empty() { format!("/{first}/{{{owner}}}/{last}") } else { folder };
                format!(
                    "a list asks for the folder itself, and the block goes on with `{in_rules}`: `match {folder}` covers it"
                )
            }
            Difference::RequestEnds(in_rules) => {
                format!("the request's path ends where the block goes on with `{in_rules}`")
            }
            Difference::RuleEnds(_) if of_documents && !self.segments.len().is_multiple_of(2) => {
                let collection = self.segments.last()?;
                format!(
                    "the block names the collection `{collection}`, and requests are about its documents: write `match …/{collection}/{{id}}`"
                )
            }
            Difference::RuleEnds(name) => {
                let on = if name.is_empty() { String::new() } else { format!(" with `{name}`") };
                let glob = match self.segments.last() {
                    Some(RuleSegment::Wildcard(any)) => format!("`{}` or ", any.replace('}', "=**}")),
                    _ => String::new(),
                };
                format!(
                    "the request goes on{on} where the block ends: only {glob}a block inside covers what lies below"
                )
            }
        })
    }
}

fn describe_names(requested: &str, in_rules: &str, rules: &str) -> String {
    let case = if requested.eq_ignore_ascii_case(in_rules) { ": upper and lower case count" } else { "" };
    format!("the request has `{requested}` where the {rules} has `{in_rules}`{case}")
}

/// The locations of rules on the way from the root to a path.
pub(crate) fn on_way<'t>(tree: &'t RuleTree, path: &str) -> Vec<&'t RuleNode> {
    let mut on_way: Vec<&RuleNode> = tree.nodes.get(tree.root).into_iter().collect();
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let child = on_way.last().and_then(|place| place.child(name)).and_then(|child| tree.nodes.get(child).ok());
        match child {
            Some(child) => on_way.push(child),
            None => break,
        }
    }
    on_way
}

/// The database rule nearest to a path that no rule covers, or only the root's, and whether the paths differ in one
/// misspelt name only. `rule` returns the rule of a location; `kind` is its name.
pub(crate) fn place(
    tree: &RuleTree,
    path: &str,
    kind: &str,
    rule: impl Fn(&RuleNode) -> Option<Rule>,
) -> Option<(Nearest, bool)> {
    let requested: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    let on_way = on_way(tree, path);
    // The root is the first on every way, and of all.
    if on_way.iter().skip(1).any(|place| rule(place).is_some()) {
        return None;
    }
    let candidates = tree.nodes.iter().skip(1).filter_map(|place| Some((place, rule(place)?)));
    let compared = candidates.map(|(place, rule)| {
        let segments: Vec<_> = RuleSegment::parse(Dialect::Database, &place.path).collect();
        // A rule covers all that is below its location.
        let reached = requested.get(..requested.len().min(segments.len())).unwrap_or(&requested);
        (place, rule, Distance::new(&segments, reached, 0))
    });
    let (place, rule, distance) = compared.min_by_key(|(_, _, distance)| distance.rank())?;
    let differs = match distance.first {
        Some(Difference::Literal { requested, in_rules }) => describe_names(requested, in_rules, "rule"),
        Some(Difference::RequestEnds(in_rules)) => {
            format!(
                "the request's path ends where the rule goes on with `{in_rules}`: a rule grants its own place and what lies below it"
            )
        }
        Some(Difference::RuleEnds(_)) => return None,
        None => {
            let hiding = on_way.last().map_or("", |place| place.path.as_str());
            format!("{hiding} has rules of its own, which hide this wildcard, and no {kind} among them")
        }
    };
    Some((Nearest { rules: format!("{kind} of {}", place.path), span: rule.span, differs }, distance.cost == TYPO_COST))
}
