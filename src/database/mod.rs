//! Realtime Database rules: [`Ruleset`], [`Request`], and the data they are about.
//!
//! ```
//! use firewarden::{Auth, database::{Data, Request, Ruleset}};
//! use serde_json::json;
//!
//! let rules: Ruleset = r#"{ "rules": { "users": { "$uid": {
//!     ".read": "auth.uid === $uid",
//!     ".write": "auth.uid === $uid",
//!     "age": { ".validate": "newData.isNumber() && newData.val() >= data.val()" }
//! } } } }"#.parse()?;
//! let data = Data::from_json(&json!({ "users": { "alice": { "age": 30 } } }))?;
//!
//! let birthday = Request::write("/users/alice/age", json!(31)).auth(Auth::user("alice"));
//! assert!(rules.evaluate(&birthday, &data)?.is_allowed());
//!
//! let rejuvenation = Request::write("/users/alice/age", json!(20)).auth(Auth::user("alice"));
//! let decision = rules.explain(&rejuvenation, &data)?;
//! assert!(!decision.is_allowed());
//! println!("{}", decision.explanation());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The service is the reference, not the emulator: `specification` in comments is the collection of its recorded
//! answers. Invariants: rules see a write through an overlay, nothing stored is copied; a host is asked only for what
//! rules look at.

mod context;
mod data;
mod decide;
mod decision;
mod explain;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)] // rules that do not load should stop the test
mod hostile;
mod incoming;
mod json;
mod limits;
mod place;
mod query;
mod recorder;
mod request;
mod run;
mod store;
mod trace_log;
mod tree;

use std::sync::Arc;

use recorder::Detail;

pub use crate::syntax::DuplicateKeys;
pub use data::{Data, Scalar};
pub use decision::{Cause, Decision, IndexWarning, RuleKind, RuleTrace};
pub use explain::Explanation;
pub use incoming::{Incoming, ServerValue};
pub use limits::RequestError;
#[doc(hidden)]
pub use limits::path_problem;
pub use query::{Order, Query};
pub use request::{Request, Transport};
pub use tree::{Stored, Tree};

use crate::{
    check,
    error::Error,
    eval::{Coverage, Recorder},
    program::{self, RuleTree},
    syntax,
    text::{Diagnostic, Diagnostics, Source},
};

/// Database rules, ready to decide any number of requests. Cheap to clone, shared between threads.
#[derive(Clone, Debug)]
pub struct Ruleset {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    tree: RuleTree,
    warnings: Diagnostics,
}

impl Ruleset {
    /// Reads, checks and compiles rules.
    ///
    /// # Errors
    ///
    /// [`Error::Source`] with every problem, where the service refuses the text. One rule gives one error, as in the
    /// service: the first, from left to right.
    pub fn parse(source: &Source) -> Result<Self, Error> {
        Self::parse_with(source, DuplicateKeys::default())
    }

    /// The same for files in which keys may stand twice.
    ///
    /// # Errors
    ///
    /// As for [`Self::parse`].
    pub fn parse_with(source: &Source, duplicates: DuplicateKeys) -> Result<Self, Error> {
        let (rules, mut problems) = syntax::parse_database(source, duplicates);
        if let Some(rules) = &rules {
            problems.extend(check::check_database(source, rules));
        }
        problems.sort_by_key(|problem| problem.span.map(|span| span.start));
        let refused = problems.iter().any(Diagnostic::is_error);
        let found = Diagnostics::new(source.clone(), problems);
        match rules {
            Some(rules) if !refused => {
                let tree = program::lower_database(source, &rules);
                let tree = tree.map_err(|corrupt| Error::Source(corrupt.refuse(source)))?;
                Ok(Ruleset { inner: Arc::new(Inner { tree, warnings: found }) })
            }
            _ => Err(Error::Source(found)),
        }
    }

    /// What is accepted and never does what it seems to: rules deeper than data, wildcards without a name. The service
    /// warns of nothing; these are our own.
    pub fn warnings(&self) -> &Diagnostics {
        &self.inner.warnings
    }

    /// The compiled form.
    #[doc(hidden)]
    pub fn tree(&self) -> &RuleTree {
        &self.inner.tree
    }

    /// The places that have rules or lie on the way to some, as rules write them: `/users/$uid`. In source order, each
    /// before those below it.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.inner.tree.nodes.iter().map(|place| place.path.as_str())
    }

    /// Decides a request.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where `data` failed; never for a denial.
    pub fn evaluate(&self, request: &Request<'_>, data: &dyn Tree) -> Result<Decision, Error> {
        run::decide(self, request, data, Detail::Nothing)
    }

    /// Decides a request and keeps all it went through: rules, sub-expressions, and every place that is not valid.
    ///
    /// # Errors
    ///
    /// As for [`Self::evaluate`].
    pub fn explain(&self, request: &Request<'_>, data: &dyn Tree) -> Result<Decision, Error> {
        run::decide(self, request, data, Detail::Steps(Recorder::default()))
    }

    /// Decides a request and counts what was evaluated.
    ///
    /// # Errors
    ///
    /// As for [`Self::evaluate`].
    pub fn cover(&self, request: &Request<'_>, data: &dyn Tree, coverage: &mut Coverage) -> Result<Decision, Error> {
        run::decide(self, request, data, Detail::Counts(coverage))
    }

    /// Only whether a request may pass. The quickest way: ordinary rules decide without allocating.
    ///
    /// # Errors
    ///
    /// As for [`Self::evaluate`].
    pub fn permits(&self, request: &Request<'_>, data: &dyn Tree) -> Result<bool, Error> {
        run::permits(&self.inner.tree, request, data)
    }
}

impl std::str::FromStr for Ruleset {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ruleset::parse(&Source::new("database.rules.json", text))
    }
}

/// A readable form of the compiled rules, one line an operation. For tests and the curious; no promise of stability.
impl std::fmt::Display for Ruleset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.tree.fmt(f)
    }
}
