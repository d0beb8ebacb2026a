//! What Storage and Firestore share: it compiles rules, and decides a request as a [`Decision`].
//!
//! Invariant: this module sees a request as two values and a path; their content is the business of the products.

mod decide;
mod decision;
mod documents;
mod explain;
mod host;
mod method;
mod null;
mod undecided;

use std::sync::Arc;

pub(crate) use decide::{RuleRequest, cover, decide, explain, permits};
pub use decision::{Cause, Decision};
pub use documents::DEFAULT_DATABASE;
pub use documents::{DocumentPath, Documents, WriteEffect};
pub use documents::{invalid_segment, split_full_name};
pub use explain::Explanation;
pub use host::{CallFailure, CallTarget};
pub use host::{DocumentHost, DocumentScope, RequestDocument, snapshot};
pub use method::Method;

use crate::{
    check,
    program::{self, Program},
    syntax,
    text::{Diagnostics, Source},
};

/// A compiled file and the warnings of the checker. Clones share both.
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
    /// Parses, checks and compiles a file.
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

    /// The warnings of the official compiler.
    pub fn warnings(&self) -> &Diagnostics {
        &self.inner.warnings
    }
}
