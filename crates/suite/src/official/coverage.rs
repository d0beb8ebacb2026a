//! Coverage of Firestore rules as the Firestore emulator reports it.

use serde_json::{Value as Json, json};

use crate::official::report::reports;
use firewarden::{firestore, internals::eval::Coverage};

/// The JSON that the Firestore emulator answers at `…:ruleCoverage`, so that tools which read that can read this.
///
/// `rules` are those that were evaluated, and `coverage` what [`firestore::Ruleset::cover`] counted, made with
/// [`Coverage::new`]`(true)` so that values are kept.
///
/// Structure, places and values are those of the emulator. What differs tells of its way of working and not of the rules.
/// It evaluates a condition that needs a document twice, first without the document, and then
/// counts `{"undefined": {}}` for what is not known yet; here every condition is evaluated once, with what it needs. And
/// after each statement that does not permit, it counts again all that it has evaluated for the request so far, so that
/// the first of `n` such statements counts `n` times; here everything counts once. Where a ternary's condition is false,
/// it notes the result for the branch that was not taken, too. And it knows no `firestore.get`, which is for Storage
/// rules: the word `firestore` is a variable there, which does not exist.
pub fn coverage(rules: &firestore::Ruleset, coverage: &Coverage) -> Json {
    let program = rules.compiled().program();
    let source = &program.code.source;
    let report: Vec<Json> = reports(program, coverage).iter().map(|report| report.to_json()).collect();
    json!({ "rules": { "files": [{ "content": source.text(), "name": source.name() }] }, "report": report })
}
