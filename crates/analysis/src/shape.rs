//! The shape of paths: which blocks cover a path of a number of segments, and which numbers have to be tried.

use std::collections::BTreeSet;

use firewarden::internals::{
    program::{Block, SegmentPattern, ServiceProgram},
    request::ServiceProduct,
    syntax::ast::Version,
};

use crate::{
    atom::{Atom, ConstId},
    formula::{Formula, Formulas, Node},
    place::PlaceId,
    schema::Method,
    world::{Segment, World},
};

/// Where a block's pattern covers the request's path.
pub fn covers(world: &mut World, service: &ServiceProgram, block: &Block) -> Formula {
    let Some(pattern) = &block.pattern else { return Formula::FALSE };
    let count = world.segments.len();
    let glob = pattern.iter().position(|part| *part == SegmentPattern::Glob);
    let taken = match glob {
        Some(_) => {
            let Some(taken) = (count + 1).checked_sub(pattern.len()) else { return Formula::FALSE };
            if taken < service.matcher.shortest_glob() {
                return Formula::FALSE;
            }
            taken
        }
        None if count == pattern.len() => 1,
        None => return Formula::FALSE,
    };
    let mut parts = Vec::new();
    let mut at = 0;
    for part in pattern {
        match part {
            SegmentPattern::Literal(text) => {
                parts.push(is_text(world, at, text));
                at += 1;
            }
            SegmentPattern::Any => at += 1,
            SegmentPattern::Glob => at += taken,
        }
    }
    world.formulas.all(parts)
}

fn is_text(world: &mut World, at: usize, text: &str) -> Formula {
    let text = world.constant_text(text);
    match world.segments.get(at).copied() {
        Some(Segment::Const(known)) if known == text => Formula::TRUE,
        Some(Segment::Place(place)) => world.formulas.atom(Atom::TextIs(place, text)),
        _ => Formula::FALSE,
    }
}

/// Whether no request meets both formulas because each demands another text of the same place.
pub fn apart(formulas: &Formulas, a: Formula, b: Formula) -> bool {
    let demanded = texts(formulas, b);
    texts(formulas, a).iter().any(|(place, text)| demanded.iter().any(|(at, other)| at == place && other != text))
}

/// The texts that a conjunction demands of places.
fn texts(formulas: &Formulas, formula: Formula) -> Vec<(PlaceId, ConstId)> {
    let parts = match formulas.node(formula) {
        Node::And(parts) if !formula.is_negated() => parts.to_vec(),
        _ => vec![formula],
    };
    let positive = parts.into_iter().filter(|part| !part.is_negated());
    positive
        .filter_map(|part| match formulas.node(part) {
            Node::Atom(Atom::TextIs(place, text)) => Some((*place, *text)),
            _ => None,
        })
        .collect()
}

/// The numbers of segments of paths that have to be tried, and whether they are all that matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// The numbers of segments.
    pub counts: Vec<usize>,
    /// Whether a longer path cannot have the property where none of these has it.
    pub complete: bool,
}

/// The numbers of segments to try for a method of rules. A path that is longer than the fixed segments around every glob
/// and than every pattern without a glob matches like one that is shorter, as long as no condition looks into a glob.
pub fn lengths<'b>(
    product: ServiceProduct,
    method: Method,
    services: impl Iterator<Item = &'b ServiceProgram>,
    looks_into_globs: bool,
) -> Lengths {
    let (mut before, mut after, mut fixed) = (3, 0, 3);
    let mut globs = false;
    let mut one_at_least = 0;
    for service in services {
        if service.version == Version::V1 {
            one_at_least = 1;
        }
        for pattern in
            service.blocks.iter().filter(|block| !block.statements.is_empty()).filter_map(|b| b.pattern.as_ref())
        {
            match pattern.iter().position(|part| *part == SegmentPattern::Glob) {
                Some(at) => {
                    globs = true;
                    before = before.max(at);
                    after = after.max(pattern.len() - at - 1);
                }
                None => fixed = fixed.max(pattern.len()),
            }
        }
    }
    let most = if globs { (before + after + 1 + one_at_least).max(fixed) + 2 } else { fixed };
    let mut counts = BTreeSet::new();
    for count in 3..=most {
        let named = count - 3;
        let possible = match (product, method) {
            (ServiceProduct::Storage, Method::List) => true,
            (ServiceProduct::Storage, _) => named >= 1,
            (ServiceProduct::Firestore, _) => named >= 2 && named.is_multiple_of(2),
        };
        if possible {
            counts.insert(count);
        }
    }
    Lengths { counts: counts.into_iter().collect(), complete: !looks_into_globs }
}
