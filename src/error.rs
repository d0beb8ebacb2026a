//! What can go wrong outside the rules: the crate's [`Error`].

use crate::text::Diagnostics;

/// An error of the host's own making, handed through.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no ruleset, or no decision. A denial is not an error, and an expression that fails is not one either:
/// both are part of a [`Decision`](crate::Decision).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The rules are refused. Displays every problem with its line and carets.
    #[error("{0}")]
    Source(Diagnostics),
    /// The host's documents could not be read, so nothing was decided: answer 5xx, not 403.
    #[error("the documents that the rules ask for could not be read: {0}")]
    Data(#[source] BoxError),
}

impl From<Diagnostics> for Error {
    fn from(diagnostics: Diagnostics) -> Self {
        Error::Source(diagnostics)
    }
}
