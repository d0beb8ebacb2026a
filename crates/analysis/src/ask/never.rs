//! May a caller ever do something? May a statement ever permit?

use firewarden::rules::Rules;

use super::{Question, Settings, Unknown, Verdict, program, subject::Subject};
use crate::{
    permit::{Ruleset, Statement, any_permits, name_segments, permits},
    schema::Method,
};

/// May callers of a class ever do this?
pub fn may(rules: &Rules, method: Method, who: Subject, settings: Settings) -> Verdict {
    let Some((product, program)) = program(rules) else { return not_modelled() };
    // What a file has no rules for is denied.
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
        &mut |witness| who.has(witness) && witness.is_permitted_by(rules),
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
    let Some((product, _)) = program(rules) else { return not_modelled() };
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
        &mut |witness| who.has(witness) && witness.is_permitted_by(rules),
    )
}

/// The answer about rules that are not modelled.
fn not_modelled() -> Verdict {
    Verdict::Unknown(Unknown { because: "database rules are not modelled".to_owned(), at: None })
}
