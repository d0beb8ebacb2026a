//! Coverage of Firestore rules in the format of the Firestore emulator.

use serde_json::{Value as Json, json};

use crate::rules_api::report::reports;
use firewarden::{firestore, internals::eval::Coverage};

/// Renders the JSON that the Firestore emulator serves at `…:ruleCoverage`, for tools that read this format.
///
/// `rules` are the evaluated rules, and `coverage` is what [`firestore::Ruleset::cover`] counted.
/// [`Coverage::new`]`(true)` keeps the values that the format needs.
///
/// Structure, positions and values are those of the emulator. The differences come from how the emulator works, not
/// from the rules. The emulator evaluates a condition that reads a document twice, the first time without the document,
/// and counts `{"undefined": {}}` for what is unknown then; firewarden evaluates it once. After each statement that
/// does not permit, the emulator again counts everything that it has evaluated for the request, so that the first of
/// `n` such statements counts `n` times; firewarden counts once. The emulator also notes the result of a ternary for
/// the branch that was not taken. It does not know `firestore.get`, which belongs to Storage rules: there, `firestore`
/// is a variable that does not exist.
pub fn coverage(rules: &firestore::Ruleset, coverage: &Coverage) -> Json {
    let program = rules.compiled().program();
    let source = &program.code.source;
    let report: Vec<Json> = reports(program, coverage).iter().map(|report| report.to_json()).collect();
    json!({ "rules": { "files": [{ "content": source.text(), "name": source.name() }] }, "report": report })
}
