//! Lints: warnings about rules that the official compiler accepts, but that probably do not do what their author means.
//!
//! ```
//! use firewarden::{lint::lint, text::Source, value::Timestamp};
//!
//! let source = Source::new("storage.rules", "rules_version = '2';
//!     service firebase.storage {
//!       match /b/{bucket}/o/{file} {
//!         allow write; // a form that everybody may send
//!       }
//!     }");
//! let found = lint(&source, Timestamp::UNIX_EPOCH);
//! assert_eq!(found.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["open-write"]);
//! ```
//!
//! [`Code`] lists the lints. A comment `// firewarden: allow CODE: reason`, on the line before or at the end of the
//! line, silences one. Invariant: lints never repeat a diagnostic of the official compiler; those are in the `warnings`
//! of a ruleset.

mod blocks;
mod codes;
mod comparison;
mod constants;
mod database;
mod findings;
mod members;
mod methods;
mod openness;
mod paths;
mod service;
mod silence;
mod stray_operands;

use crate::{
    check,
    syntax::{self, DuplicateKeys},
    text::{Diagnostic, Diagnostics, Source},
    value::Timestamp,
};

pub use codes::Code;

use findings::Findings;

/// Lints a rules file of any kind, which the function detects from the text. `now` is the time that dates in the rules
/// are compared with.
///
/// Returns the warnings in source order; none for a file that the official compiler refuses.
pub fn lint(source: &Source, now: Timestamp) -> Diagnostics {
    let mut found = Findings::default();
    let accepted = match syntax::is_database(source) {
        true => lint_database(source, now, &mut found),
        false => lint_service(source, now, &mut found),
    };
    let list = if accepted { silence::apply(source, found.finish()) } else { Vec::new() };
    Diagnostics::new(source.clone(), list)
}

/// Returns whether the official compiler accepts the file.
fn lint_service(source: &Source, now: Timestamp, found: &mut Findings) -> bool {
    let Ok(ruleset) = syntax::parse_service(source) else { return false };
    let official = check::check(source, &ruleset);
    if official.has_errors() {
        return false;
    }
    let file = service::ServiceFile::new(source, &ruleset, now);
    blocks::check(&file, found);
    members::check(&file, found);
    methods::check(&file, found);
    paths::check(&file, found);
    constants::check(&file, &official, found);
    comparison::check(&ruleset.exprs, found);
    openness::check(&file, found);
    stray_operands::check(&file, found);
    true
}

/// Returns whether the official compiler accepts the file.
fn lint_database(source: &Source, now: Timestamp, found: &mut Findings) -> bool {
    let (Some(rules), mut problems) = syntax::parse_database(source, DuplicateKeys::default()) else { return false };
    problems.extend(check::check_database(source, &rules));
    if problems.iter().any(Diagnostic::is_error) {
        return false;
    }
    database::check(source, &rules, now, found);
    comparison::check(&rules.exprs, found);
    true
}
