//! What Storage and Firestore share: rules text to a compiled file, a request to a [`Decision`].
//!
//! Invariant: knows requests only as two values and a path; what they hold is the products' business.

mod decide;
mod decision;
mod documents;
mod explain;
mod host;
mod method;
mod null;
mod undecided;

use std::sync::Arc;

pub(crate) use decide::{Asked, cover, decide, explain, permits};
pub use decision::{Cause, Decision};
pub(crate) use documents::DEFAULT_DATABASE;
pub use documents::{After, DocumentPath, Documents};
#[cfg(feature = "suite")]
pub(crate) use documents::{impossible_segment, split_full};
pub use explain::Explanation;
pub(crate) use host::{DocumentHost, Own, Reach, snapshot};
#[cfg(feature = "suite")]
pub(crate) use host::{Known, Unanswered};
pub use method::Method;

use crate::{
    check,
    program::{self, Program},
    syntax,
    text::{Diagnostics, Source},
};

/// A compiled file and what the checker warned of. Shared, so that clones cost nothing.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    program: Program,
    warnings: Diagnostics,
}

impl Compiled {
    /// Reads, checks and compiles a file.
    ///
    /// # Errors
    ///
    /// Everything that the official compiler refuses.
    pub(crate) fn new(source: &Source) -> Result<Self, Diagnostics> {
        let ruleset = syntax::parse_service(source)?;
        let found = check::check(source, &ruleset);
        if found.has_errors() {
            return Err(found);
        }
        let program = program::lower(source, &ruleset).map_err(|corrupt| corrupt.refuse(source))?;
        Ok(Compiled { inner: Arc::new(Inner { program, warnings: found }) })
    }

    pub(crate) fn program(&self) -> &Program {
        &self.inner.program
    }

    pub(crate) fn warnings(&self) -> &Diagnostics {
        &self.inner.warnings
    }
}
