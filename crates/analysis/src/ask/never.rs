//! May a caller ever do something? May a statement ever permit?

use firewarden::rules::Rules;

use super::{Question, Settings, Verdict, program, subject::Subject};
use crate::{
    permit::{Ruleset, Statement, any_permits, name_segments, permits},
    schema::Method,
    witness::Witness,
};

/// May callers of a class ever do this?
pub fn may(rules: &Rules, method: Method, who: Subject, settings: Settings) -> Verdict {
    let Some((product, program)) = program(rules) else { return Verdict::No(None) };
    let Some(ruleset) = Ruleset::new(0, program, product) else { return Verdict::No(None) };
    let question = Question { product, method, rulesets: &[ruleset], denied_by: &[], settings };
    question.ask(
        &mut |encoder| {
            if let Some(statement) = ruleset.statements(method).first() {
                name_segments(encoder, statement);
            }
            let permitted = any_permits(encoder, ruleset);
            let of_class = who.formula(encoder);
            encoder.world.formulas.and(permitted, of_class)
        },
        &mut |witness| who.has(witness) && permitted(witness, rules),
    )
}

/// May a statement ever permit requests with this method?
pub fn statement_may(
    rules: &Rules,
    ruleset: Ruleset<'_>,
    statement: &Statement<'_>,
    method: Method,
    who: Subject,
    settings: Settings,
) -> Verdict {
    let Some((product, _)) = program(rules) else { return Verdict::No(None) };
    if ruleset.refuses(product, method) {
        return Verdict::No(None);
    }
    let question = Question { product, method, rulesets: &[ruleset], denied_by: &[], settings };
    question.ask(
        &mut |encoder| {
            name_segments(encoder, statement);
            let permitted = permits(encoder, statement);
            let of_class = who.formula(encoder);
            encoder.world.formulas.and(permitted, of_class)
        },
        &mut |witness| who.has(witness) && permitted(witness, rules),
    )
}

/// Whether the engine permits; an error permits nothing.
pub fn permitted(witness: &Witness, rules: &Rules) -> bool {
    witness.permitted_by(rules).unwrap_or(false)
}
