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
pub use documents::DEFAULT_DATABASE;
pub use documents::{After, DocumentPath, Documents};
pub use documents::{impossible_segment, split_full};
pub use explain::Explanation;
pub use host::{DocumentHost, Own, Reach, snapshot};
pub use host::{Known, Unanswered};
pub use method::Method;

use crate::{
    check,
    program::{self, Program},
    syntax,
    text::{Diagnostics, Source},
};

/// A compiled file and what the checker warned of. Shared, so that clones cost nothing.
#[derive(Clone, Debug)]
pub struct Compiled {
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
    pub fn new(source: &Source) -> Result<Self, Diagnostics> {
        let ruleset = syntax::parse_service(source)?;
        let found = check::check(source, &ruleset);
        if found.has_errors() {
            return Err(found);
        }
        let program = program::lower(source, &ruleset).map_err(|corrupt| corrupt.refuse(source))?;
        Ok(Compiled { inner: Arc::new(Inner { program, warnings: found }) })
    }

    /// The compiled form.
    pub fn program(&self) -> &Program {
        &self.inner.program
    }

    /// What the official compiler warns of.
    pub fn warnings(&self) -> &Diagnostics {
        &self.inner.warnings
    }
}
