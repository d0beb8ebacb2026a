//! The codes of what the analysis finds, for reports to programs.

use firewarden::text::Severity;

use crate::check::CodeInfo;

pub(super) const UNKNOWN_DIFFERENCE: &str = "unknown-difference";
pub(super) const VIOLATED: &str = "invariant-violated";
pub(super) const UNKNOWN_INVARIANT: &str = "invariant-unknown";

/// All of them.
pub(super) fn all() -> impl Iterator<Item = CodeInfo> {
    let warning = Severity::Warning;
    let error = Severity::Error;
    [
        ("widened", warning, "the new rules permit a request that the old ones deny"),
        ("narrowed", warning, "the new rules deny a request that the old ones permit"),
        (UNKNOWN_DIFFERENCE, warning, "whether the rules differ here could not be decided"),
        (VIOLATED, error, "the rules do not keep an invariant"),
        (UNKNOWN_INVARIANT, error, "whether the rules keep an invariant could not be decided"),
    ]
    .into_iter()
    .map(|(id, severity, about)| CodeInfo {
        id,
        about,
        hint: None,
        example: "docs/analysis.md",
        severity,
        official: false,
    })
}
