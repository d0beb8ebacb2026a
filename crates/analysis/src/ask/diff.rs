//! What a change of rules opens and closes.

use firewarden::rules::Rules;

use super::{Goal, METHODS, Question, Settings, Verdict, law::Within, limits, line, program};
use crate::{
    formula::Formula,
    permit::{Ruleset, any_permits, name_segments, permits},
    schema::Method,
};

/// The direction of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// The new rules permit what the old ones deny.
    Widened,
    /// The new rules deny what the old ones permit.
    Narrowed,
}

impl Change {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Change::Widened => "widened",
            Change::Narrowed => "narrowed",
        }
    }
}

/// A difference that was found, or that could not be excluded.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The direction.
    pub change: Change,
    /// The method.
    pub method: Method,
    /// The path of the block.
    pub path: String,
    /// The line of the statement, in the rules that permit.
    pub line: u32,
    /// A request, or why it is unknown.
    pub verdict: Verdict,
}

/// What was compared.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// Differences and unknowns.
    pub differences: Vec<Difference>,
    /// The number of questions that needed a search.
    pub asked: usize,
    /// The number of statements of the new rules.
    pub statements: usize,
    /// Where a condition looks into a wildcard for several segments: up to how many segments paths were tried.
    pub up_to: Option<usize>,
}

/// Why rules cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incomparable(pub &'static str);

/// Compares two rulesets of one product, at one path where `within` says so.
///
/// # Errors
///
/// The rules are for different products, or database rules.
pub fn diff(
    old: &Rules,
    new: &Rules,
    settings: Settings,
    within: Option<&Within>,
    wanted: &dyn Fn(Change, Method) -> bool,
) -> Result<Comparison, Incomparable> {
    let (Some((product, old_program)), Some((new_product, new_program))) = (program(old), program(new)) else {
        return Err(Incomparable("database rules are not compared yet"));
    };
    if product != new_product {
        return Err(Incomparable("the two files are for different products"));
    }
    let before =
        Ruleset::new(0, old_program, product).ok_or(Incomparable("the old rules have nothing for this product"))?;
    let after =
        Ruleset::new(1, new_program, product).ok_or(Incomparable("the new rules have nothing for this product"))?;
    let place = within.and_then(|within| within.ruleset(2, product));
    let mut comparison = Comparison { statements: new_program.statements.len(), ..Comparison::default() };
    for (change, permitting, denying) in [(Change::Widened, after, before), (Change::Narrowed, before, after)] {
        let (permits_it, denies_it) = if change == Change::Widened { (new, old) } else { (old, new) };
        for method in METHODS {
            if !wanted(change, method) || permitting.refuses(product, method) {
                continue;
            }
            if limits::same(permitting, denying, method) {
                continue;
            }
            for statement in permitting.statements(method) {
                let rulesets: Vec<Ruleset<'_>> = [permitting, denying].into_iter().chain(place).collect();
                let denied_by = [denying];
                let question = Question { product, method, rulesets: &rulesets, denied_by: &denied_by, settings };
                let mut searched = false;
                let verdict = question.ask(
                    &mut |encoder| {
                        name_segments(encoder, &statement);
                        let mut holds = permits(encoder, &statement);
                        let permitted = any_permits(encoder, denying);
                        if let Some(place) = place {
                            let there = any_permits(encoder, place);
                            holds = encoder.world.formulas.and(holds, there);
                        }
                        let formulas = &mut encoder.world.formulas;
                        searched |= formulas.and(holds, permitted.not()) != Formula::FALSE;
                        Goal { holds, permitted }
                    },
                    &mut |witness| {
                        witness.is_permitted_by(permits_it)
                            && witness.is_denied_by(denies_it)
                            && within.is_none_or(|within| within.has(witness))
                    },
                );
                comparison.asked += usize::from(searched);
                match verdict {
                    Verdict::No(None) => {}
                    Verdict::No(up_to) if searched => comparison.up_to = comparison.up_to.max(up_to),
                    Verdict::No(_) => {}
                    verdict => comparison.differences.push(Difference {
                        change,
                        method,
                        path: statement.scope.block.path.clone(),
                        line: line(&statement),
                        verdict,
                    }),
                }
            }
        }
    }
    Ok(comparison)
}
