//! Requests that no rules cover: the rules that come nearest, and the first segment that differs.

use std::{
    cmp::Reverse,
    fmt::{Display, Formatter, Result},
};

use crate::{
    program::{Block, Id, Rule, RuleNode, RuleTree, ServiceProgram, is_catch_all},
    request::ServiceProduct,
    text::{Source, Span, nearest},
    value::{PathPrefix, Segments},
};

use super::{Width, write_located, write_wrapped};

/// The rules that come nearest to a request that no rules cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearest {
    /// What they are, as rules write it: `match /b/{bucket}/o/users/{userId}`, `.read of /users/$uid`.
    pub rules: String,
    /// Where they stand.
    pub span: Span,
    /// The first segment that differs: what the request has there and what the rules have.
    pub differs: String,
}

impl Nearest {
    /// The rules and the difference in one line: `nearest: match /users/{id} (f.rules:3): the request has …`.
    pub(crate) fn in_line(&self, source: &Source) -> String {
        let at = source.position(self.span.start);
        format!("nearest: `{}` ({}:{}): {}", self.rules, source.name(), at.line, self.differs)
    }

    /// The paragraph of an explanation, after a sentence that says why there is one.
    pub(crate) fn write(&self, f: &mut Formatter<'_>, width: Width, source: &Source) -> Result {
        writeln!(f)?;
        write_located(f, width, (&self.rules, ""), source, self.span.start)?;
        write_wrapped(f, width, "  ", 2, &self.differs)
    }
}

/// A segment of a path in rules.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part<'p> {
    Name(&'p str),
    Any(&'p str),
    Glob(&'p str),
}

impl<'p> Part<'p> {
    fn of(segment: &'p str) -> Self {
        match segment {
            glob if glob.ends_with("=**}") => Part::Glob(glob),
            any if any.starts_with(['{', '$']) => Part::Any(any),
            name => Part::Name(name),
        }
    }

    fn all(path: &'p str) -> Vec<Self> {
        path.split('/').filter(|segment| !segment.is_empty()).map(Part::of).collect()
    }
}

impl Display for Part<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let (Part::Name(text) | Part::Any(text) | Part::Glob(text)) = self;
        f.write_str(text)
    }
}

/// The first difference of two paths.
#[derive(Clone, Copy)]
enum Difference<'p> {
    /// Two names of one segment.
    Name { asked: &'p str, ruled: &'p str },
    /// The request ends where the rules go on.
    Ends(Part<'p>),
    /// The request goes on where the rules end.
    GoesOn(&'p str),
}

/// The cost of a name that is another word.
const OTHER_NAME: u32 = 10;
/// The cost of a name with the same stem, such as a plural.
const SAME_STEM: u32 = 4;
/// The cost of a segment too many or too few.
const OTHER_LENGTH: u32 = 2;
/// The cost of a misspelt name, and of another bucket or database.
const MISSPELT: u32 = 1;

/// How far apart a request's path and a path of rules are.
#[derive(Default)]
struct Distance<'p> {
    cost: u32,
    /// Names that are the same.
    same: u32,
    first: Option<Difference<'p>>,
}

impl<'p> Distance<'p> {
    /// Compares segment by segment; what stands behind a glob is compared from the end.
    fn new(parts: &[Part<'p>], asked: &[&'p str], shortest_glob: usize) -> Self {
        let mut distance = Distance::default();
        let glob = parts.iter().position(|part| matches!(part, Part::Glob(_)));
        let head = parts.get(..glob.unwrap_or(parts.len())).unwrap_or(parts);
        distance.names(head, asked);
        let Some(glob) = glob else {
            distance.lengths(parts, asked);
            return distance;
        };
        let tail = parts.get(glob + 1..).unwrap_or(&[]);
        let Some(end) = asked.len().checked_sub(tail.len()).filter(|end| *end >= glob + shortest_glob) else {
            distance.cost += OTHER_LENGTH;
            let missing = parts.get(asked.len()).or(parts.last()).copied();
            distance.first = distance.first.or(missing.map(Difference::Ends));
            return distance;
        };
        distance.names(tail, asked.get(end..).unwrap_or(&[]));
        distance
    }

    /// The nearest path has the least rank: the lowest cost, and of equal ones the most names that are the same.
    fn rank(&self) -> (u32, Reverse<u32>) {
        (self.cost, Reverse(self.same))
    }

    fn names(&mut self, parts: &[Part<'p>], asked: &[&'p str]) {
        for (part, asked) in parts.iter().zip(asked) {
            let Part::Name(ruled) = *part else { continue };
            if ruled == *asked {
                self.same += 1;
                continue;
            }
            self.cost += if nearest(asked, [ruled]).is_some() {
                MISSPELT
            } else if same_stem(asked, ruled) {
                SAME_STEM
            } else {
                OTHER_NAME
            };
            self.first = self.first.or(Some(Difference::Name { asked, ruled }));
        }
    }

    fn lengths(&mut self, parts: &[Part<'p>], asked: &[&'p str]) {
        self.cost += OTHER_LENGTH * parts.len().abs_diff(asked.len()) as u32;
        let ends = parts.get(asked.len()).copied().map(Difference::Ends);
        let goes_on = asked.get(parts.len()).copied().map(Difference::GoesOn);
        self.first = self.first.or(ends).or(goes_on);
    }
}

/// Whether two names begin with the same letters, up to their last third: `category` and `categories`.
fn same_stem(a: &str, b: &str) -> bool {
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    same >= 3 && 3 * same >= 2 * a.chars().count().min(b.chars().count())
}

/// The block that comes nearest to a path that no block covers, or only catch-alls, and whether the two differ in one
/// misspelt name. `list` tells that the request is one for a list; `tried` are the blocks that cover it.
pub(crate) fn block(
    service: &ServiceProgram,
    (product, list): (ServiceProduct, bool),
    asked: &Segments<'_>,
    tried: &[Id<Block>],
) -> Option<(Nearest, bool)> {
    let is_named = |block: &Block| !is_catch_all(&block.path);
    if tried.iter().filter_map(|id| service.blocks.get(*id).ok()).any(is_named) {
        return None;
    }
    let any_depth = asked.any_depth();
    let names: Vec<&str> =
        asked.iter().enumerate().filter(|(at, _)| any_depth != Some(*at)).map(|(_, name)| name).collect();
    let shortest_glob = service.matcher.shortest_glob();
    let candidates = service.blocks.iter().filter(|block| !block.statements.is_empty() && is_named(block));
    let compared = candidates.map(|block| (block, Compared::new(block, product, &names, shortest_glob)));
    let (block, compared) = compared.min_by_key(|(_, compared)| compared.distance.rank())?;
    let differs = match any_depth {
        Some(at) => format!(
            "a collection group lies at any depth: only a block that begins with a glob covers it, such as `match /{{path=**}}/{}/{{id}}`",
            asked.get(at + 1).unwrap_or("")
        ),
        None => compared.in_words((product, list), &names)?,
    };
    let nearest = Nearest { rules: format!("match {}", block.path), span: block.span, differs };
    Some((nearest, compared.distance.cost == MISSPELT))
}

/// A block's path beside a request's.
struct Compared<'p> {
    /// Behind the bucket or database.
    parts: Vec<Part<'p>>,
    /// The path of the block does not begin with bucket or database.
    rootless: bool,
    /// It begins with the first word of these all the same.
    half_rooted: bool,
    /// The bucket or database of the block, where it is another than the request's.
    owner: Option<&'p str>,
    distance: Distance<'p>,
}

impl<'p> Compared<'p> {
    fn new(block: &'p Block, product: ServiceProduct, asked: &[&'p str], shortest_glob: usize) -> Self {
        let mut parts = Part::all(&block.path);
        let PathPrefix { first, last } = *product.prefix();
        let head = asked.len().min(3);
        let (asked_owner, names) = (asked.get(1), asked.get(head..).unwrap_or(&[]));
        let mut compared = Compared {
            parts: Vec::new(),
            rootless: false,
            half_rooted: false,
            owner: None,
            distance: Distance::default(),
        };
        let globbed = parts.iter().take(3).any(|part| matches!(part, Part::Glob(_)));
        if globbed {
            compared.distance = Distance::new(&parts, asked, shortest_glob);
            compared.parts = parts;
            return compared;
        }
        let fits = |part: Option<&Part<'_>>, name: &str| match part {
            Some(Part::Name(ruled)) => *ruled == name,
            part => part.is_some(),
        };
        let begins = fits(parts.first(), first);
        compared.rootless = !(begins && parts.get(1).is_some() && fits(parts.get(2), last));
        if !compared.rootless {
            compared.owner = match parts.get(1) {
                Some(Part::Name(owner)) if Some(owner) != asked_owner => Some(owner),
                _ => None,
            };
            parts.drain(..3);
        } else if begins && matches!(parts.first(), Some(Part::Name(_))) {
            compared.half_rooted = true;
            parts.drain(..parts.len().min(2));
        }
        compared.distance = Distance::new(&parts, names, shortest_glob);
        compared.distance.cost += MISSPELT * u32::from(compared.rootless || compared.owner.is_some());
        compared.parts = parts;
        compared
    }

    fn in_words(&self, (product, list): (ServiceProduct, bool), asked: &[&str]) -> Option<String> {
        let PathPrefix { first, last } = *product.prefix();
        let (owner, what) = match product {
            ServiceProduct::Storage => ("bucket", "object"),
            ServiceProduct::Firestore => ("database", "document"),
        };
        if self.rootless {
            let head = format!("/{first}/{{{owner}}}/{last}");
            let write = match self.half_rooted {
                true => format!("write `{head}/…`"),
                false => format!("put the block inside `match {head} {{ … }}`"),
            };
            return Some(format!("the path of every {what} begins with `{head}`, that of the block does not: {write}"));
        }
        if let Some(ruled) = self.owner {
            let asked = asked.get(1).unwrap_or(&"");
            return Some(format!(
                "the request is for the {owner} `{asked}`, the block for `{ruled}` alone: state the {owner} of the request"
            ));
        }
        let of_documents = product == ServiceProduct::Firestore;
        Some(match self.distance.first? {
            Difference::Name { asked: "", ruled } => {
                format!("the request lists a whole collection, the block is about `{ruled}` alone")
            }
            Difference::Name { asked, ruled } => names_differ(asked, ruled, "block"),
            Difference::Ends(ruled) if list && !of_documents => {
                let folder = self.parts.iter().take(asked.len().saturating_sub(3));
                let folder: String = folder.map(|part| format!("/{part}")).collect();
                let folder = if folder.is_empty() { format!("/{first}/{{{owner}}}/{last}") } else { folder };
                format!(
                    "a list asks for the folder itself, and the block goes on with `{ruled}`: `match {folder}` covers it"
                )
            }
            Difference::Ends(ruled) => format!("the request's path ends where the block goes on with `{ruled}`"),
            Difference::GoesOn(_) if of_documents && !self.parts.len().is_multiple_of(2) => {
                let collection = self.parts.last()?;
                format!(
                    "the block names the collection `{collection}`, and requests are about its documents: write `match …/{collection}/{{id}}`"
                )
            }
            Difference::GoesOn(name) => {
                let on = if name.is_empty() { String::new() } else { format!(" with `{name}`") };
                let glob = match self.parts.last() {
                    Some(Part::Any(any)) => format!("`{}` or ", any.replace('}', "=**}")),
                    _ => String::new(),
                };
                format!(
                    "the request goes on{on} where the block ends: only {glob}a block inside covers what lies below"
                )
            }
        })
    }
}

fn names_differ(asked: &str, ruled: &str, rules: &str) -> String {
    let case = if asked.eq_ignore_ascii_case(ruled) { ": upper and lower case count" } else { "" };
    format!("the request has `{asked}` where the {rules} has `{ruled}`{case}")
}

/// The places of rules on the way to a path, from the root on.
pub(crate) fn on_way<'t>(tree: &'t RuleTree, path: &str) -> Vec<&'t RuleNode> {
    let mut on_way: Vec<&RuleNode> = tree.nodes.get(tree.root).into_iter().collect();
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let child = on_way.last().and_then(|place| place.child(name)).and_then(|(child, _)| tree.nodes.get(child).ok());
        match child {
            Some(child) => on_way.push(child),
            None => break,
        }
    }
    on_way
}

/// The rule of a database that comes nearest to a path on whose way there is none, or only one at the root, and whether
/// the two differ in one misspelt name. `rule` gives the rule of a place, which is called `kind`.
pub(crate) fn place(
    tree: &RuleTree,
    path: &str,
    kind: &str,
    rule: impl Fn(&RuleNode) -> Option<Rule>,
) -> Option<(Nearest, bool)> {
    let asked: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    let on_way = on_way(tree, path);
    // The root is the first on every way, and of all.
    if on_way.iter().skip(1).any(|place| rule(place).is_some()) {
        return None;
    }
    let candidates = tree.nodes.iter().skip(1).filter_map(|place| Some((place, rule(place)?)));
    let compared = candidates.map(|(place, rule)| {
        let parts = Part::all(&place.path);
        // What lies below a rule, it covers.
        let reached = asked.get(..asked.len().min(parts.len())).unwrap_or(&asked);
        (place, rule, Distance::new(&parts, reached, 0))
    });
    let (place, rule, distance) = compared.min_by_key(|(_, _, distance)| distance.rank())?;
    let differs = match distance.first {
        Some(Difference::Name { asked, ruled }) => names_differ(asked, ruled, "rule"),
        Some(Difference::Ends(ruled)) => {
            format!(
                "the request's path ends where the rule goes on with `{ruled}`: a rule grants its own place and what lies below it"
            )
        }
        Some(Difference::GoesOn(_)) => return None,
        None => {
            let hiding = on_way.last().map_or("", |place| place.path.as_str());
            format!("{hiding} has rules of its own, which hide this wildcard, and no {kind} among them")
        }
    };
    Some((Nearest { rules: format!("{kind} of {}", place.path), span: rule.span, differs }, distance.cost == MISSPELT))
}
