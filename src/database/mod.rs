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
//! answers. Invariants: rules see a write through an overlay, which copies no stored data; the host is only asked for paths
//! that rules read.

mod change;
mod context;
mod data;
mod decide;
mod decision;
mod explain;
mod host_cache;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)] // rules that do not load should stop the test
mod hostile;
mod incoming;
mod json;
mod limits;
mod location;
mod query;
mod recorder;
mod request;
mod run;
mod tree;

use std::sync::Arc;

use recorder::WalkRecorder;

pub use crate::syntax::DuplicateKeys;
pub use change::{Change, ChangeError};
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
    tree: Arc<RuleTree>,
    warnings: Arc<Diagnostics>,
}

impl Ruleset {
    /// Reads, checks and compiles rules.
    ///
    /// # Errors
    ///
    /// [`Error::Source`] with every problem, if the service refuses the text. Each rule has at most one error, as in the
    /// service: the leftmost.
    pub fn parse(source: &Source) -> Result<Self, Error> {
        Self::parse_with(source, DuplicateKeys::default())
    }

    /// [`Self::parse`] with a policy for duplicate keys.
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
                Ok(Ruleset { tree: Arc::new(tree), warnings: Arc::new(found) })
            }
            _ => Err(Error::Source(found)),
        }
    }

    /// Warnings about accepted rules without the apparent effect: rules deeper than data, wildcards without a name. The
    /// service has no warnings; these are our own.
    pub fn warnings(&self) -> &Diagnostics {
        &self.warnings
    }

    /// The compiled form.
    #[doc(hidden)]
    pub fn tree(&self) -> &RuleTree {
        &self.tree
    }

    /// The locations with rules and those above them, as rules write them: `/users/$uid`. In source order, each before those
    /// below it.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.tree.nodes.iter().map(|node| node.path.as_str())
    }

    /// Decides a request.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] if `data` fails; never for a denial.
    pub fn evaluate(&self, request: &Request<'_>, data: &dyn Tree) -> Result<Decision, Error> {
        run::decide(self, request, data, WalkRecorder::new(None, None))
    }

    /// Decides a request and keeps the evaluation: rules, sub-expressions, and every invalid location.
    ///
    /// # Errors
    ///
    /// As for [`Self::evaluate`].
    pub fn explain(&self, request: &Request<'_>, data: &dyn Tree) -> Result<Decision, Error> {
        run::decide(self, request, data, WalkRecorder::new(Some(Recorder::default()), None))
    }

    /// Decides a request and counts the evaluated operations.
    ///
    /// # Errors
    ///
    /// As for [`Self::evaluate`].
    pub fn cover(&self, request: &Request<'_>, data: &dyn Tree, coverage: &mut Coverage) -> Result<Decision, Error> {
        run::decide(self, request, data, WalkRecorder::new(None, Some(coverage)))
    }

    /// The warning for a query whose index the rules of its location do not list; a decision on the query has it too.
    pub fn missing_index(&self, query: &Request<'_>) -> Option<IndexWarning> {
        run::index_warning(&self.tree, query)
    }

    /// Whether the rules allow a request. The quickest way: ordinary rules decide without allocation.
    ///
    /// # Errors
    ///
    /// As for [`Self::evaluate`].
    pub fn permits(&self, request: &Request<'_>, data: &dyn Tree) -> Result<bool, Error> {
        run::permits(&self.tree, request, data)
    }
}

impl std::str::FromStr for Ruleset {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ruleset::parse(&Source::new("database.rules.json", text))
    }
}

/// The compiled rules as text, one operation in each line. For tests; no promise of stability.
impl std::fmt::Display for Ruleset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.tree.fmt(f)
    }
}
