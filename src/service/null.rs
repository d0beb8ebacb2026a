//! Explains conditions that fail because a variable is null.

use std::collections::BTreeSet;

use crate::{
    eval::{Outcome, Step, StepKind},
    explain::failed_step,
    value::Value,
};

use super::{Cause, Decision, Method};

/// The variables that may be null, as rules write them.
const NULLABLE: [&str; 3] = ["request.resource", "resource", "request.auth"];

/// For a denial by an error, names the variable that was null, why, and what to write; `None` if that is not the cause.
/// Needs the trace.
pub(super) fn hint(decision: &Decision) -> Option<String> {
    let (Cause::Failed(fault) | Cause::Aborted(fault)) = decision.cause() else { return None };
    let failed = decision
        .statements()
        .filter_map(|statement| statement.condition.as_ref())
        .find(|condition| matches!(&condition.outcome, Outcome::Error(error) if error == fault))?;
    let text = |step: &Step| decision.source.slice(step.span).split_whitespace().collect::<String>();
    let is_null = |step: &&Step| {
        matches!(step.outcome, Outcome::Value(Value::Null))
            && matches!(step.kind, StepKind::Member | StepKind::Variable)
    };
    // The operand that was null. If it is a parameter or a variable, the hint names what was passed.
    let inner = failed_step(failed, fault);
    let null = inner.parts.iter().find(is_null).or(Some(inner).filter(is_null));
    let named = |step: &Step| NULLABLE.into_iter().find(|name| *name == text(step));
    let null = null?;
    let name = named(null).or_else(|| {
        let handed: BTreeSet<_> = failed.all().filter(is_null).filter_map(named).collect();
        // If several arguments are null, the cause is unknown.
        handed.first().copied().filter(|_| null.kind == StepKind::Variable && handed.len() == 1)
    })?;
    let method = Method::parse(decision.request.split(' ').next()?)?;
    Some(why(name, method))
}

fn why(name: &str, method: Method) -> String {
    match (name, method) {
        ("request.resource", Method::Delete) => {
            "`request.resource` is null on delete: nothing is written; give delete an `allow` of its own, or read `resource`, \
             which is stored"
        }
        ("request.resource", method) => return format!(
            "`request.resource` is null on {}: nothing is written; read `resource`, which is stored",
            method.name()
        ),
        ("resource", Method::Create) => {
            "`resource` is null on create: nothing is stored; read `request.resource`, or give create an `allow` of its own"
        }
        ("resource", Method::List) => {
            "`resource` is null on list: give list an `allow` of its own that reads nothing of it"
        }
        ("resource", _) => "`resource` is null: nothing is stored there; write `resource != null && …`",
        _ => "`request.auth` is null: nobody is signed in; write `request.auth != null && …`",
    }
    .to_owned()
}
