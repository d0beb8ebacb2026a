//! Cloud Firestore rules: [`Ruleset`], [`Request`], [`Document`]s and [`Query`] constraints.
//!
//! ```
//! use firewarden::{Auth, firestore::{Document, Request, Ruleset}};
//! use serde_json::json;
//!
//! let rules: Ruleset = "
//!     rules_version = '2';
//!     service cloud.firestore {
//!       match /databases/{database}/documents/notes/{note} {
//!         allow get: if resource.data.owner == request.auth.uid;
//!       }
//!     }".parse()?;
//! let stored = Document::new("notes/n1", json!({ "owner": "alice" }));
//! let request = Request::get("notes/n1").existing(stored).auth(Auth::user("alice"));
//! assert!(rules.evaluate(&request, &())?.is_allowed());
//! # Ok::<(), firewarden::Error>(())
//! ```

mod document;
mod filter;
mod json;
mod query;
mod request;
mod rest;

pub(crate) use document::DOCUMENT;
pub use document::Document;
pub use filter::Filter;
pub(crate) use query::QUERY;
pub use query::{Direction, Query};
pub(crate) use request::REQUEST;
pub use request::Request;
pub use rest::fields_from_rest;

pub use crate::service::Method;

use crate::{
    error::Error,
    eval::Coverage,
    request::ServiceProduct,
    service::{self, Compiled, Decision, DocumentHost, DocumentScope, Documents},
    text::{Diagnostics, Source},
    value::Segments,
};

use self::request::RequestRecord;

/// The name of the service in Firestore rules.
pub const SERVICE: &str = ServiceProduct::Firestore.service();

/// Documents that a request for one document may read (language specification, section 5; reading one again does not
/// count).
pub const DOCUMENT_LIMIT: usize = 10;

/// Documents that a request for several documents may read.
pub const BATCH_DOCUMENT_LIMIT: usize = 20;

/// Firestore rules, ready to decide any number of requests. Cheap to clone, shared between threads.
#[derive(Clone, Debug)]
pub struct Ruleset {
    compiled: Compiled,
}

impl Ruleset {
    /// Parses, checks and compiles rules.
    ///
    /// # Errors
    ///
    /// [`Error::Source`] with every problem, if the official compiler refuses the text.
    pub fn parse(source: &Source) -> Result<Self, Error> {
        Ok(Ruleset { compiled: Compiled::new(source)? })
    }

    /// Takes rules that are already compiled: a file may hold several services.
    pub(crate) fn from_compiled(compiled: Compiled) -> Self {
        Ruleset { compiled }
    }

    /// The compiled form.
    #[doc(hidden)]
    pub fn compiled(&self) -> &Compiled {
        &self.compiled
    }

    /// The warnings of the official compiler: most of what it warns of never works at run time.
    pub fn warnings(&self) -> &Diagnostics {
        self.compiled.warnings()
    }

    /// Decides a request for one document or one query.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] if `documents` failed; never for a denial.
    pub fn evaluate(&self, request: &Request<'_>, documents: &dyn Documents) -> Result<Decision, Error> {
        self.decide_with(request, documents, service::decide)
    }

    /// Decides a request and records the evaluation: blocks, statements, sub-expressions.
    ///
    /// # Errors
    ///
    /// As for [`Self::evaluate`].
    pub fn explain(&self, request: &Request<'_>, documents: &dyn Documents) -> Result<Decision, Error> {
        self.decide_with(request, documents, service::explain)
    }

    /// Decides a request and counts what was evaluated.
    ///
    /// # Errors
    ///
    /// As for [`Self::evaluate`].
    pub fn cover(
        &self,
        request: &Request<'_>,
        documents: &dyn Documents,
        coverage: &mut Coverage,
    ) -> Result<Decision, Error> {
        self.decide_with(request, documents, |compiled, request, host| {
            service::cover(compiled, request, host, coverage)
        })
    }

    /// Whether a request is allowed. This is the fastest way to decide: ordinary rules decide without allocating.
    ///
    /// # Errors
    ///
    /// As for [`Self::evaluate`].
    pub fn permits(&self, request: &Request<'_>, documents: &dyn Documents) -> Result<bool, Error> {
        let Ok(alternatives) = request.alternatives() else { return Ok(false) };
        for alternative in alternatives {
            let mut segments = Segments::default();
            if request.segments(alternative, &mut segments).is_err() {
                return Ok(false);
            }
            let named = request.named_resource(alternative, documents).map_err(Error::Data)?;
            let record = request.record(&segments, alternative, named.as_ref());
            if !service::permits(&self.compiled, &record.rule_request(), host(request, &record, documents))? {
                return Ok(false);
            }
        }
        Ok(!alternatives.is_empty())
    }

    /// Decides the alternatives of a request up to the first that is denied; its decision is that of the request.
    fn decide_with(
        &self,
        request: &Request<'_>,
        documents: &dyn Documents,
        mut run: impl FnMut(&Compiled, &service::RuleRequest<'_>, DocumentHost<'_>) -> Result<Decision, Error>,
    ) -> Result<Decision, Error> {
        let refused = |why: &str| Ok(Decision::refused(&self.compiled, request.to_string(), why));
        let alternatives = match request.alternatives() {
            Ok(alternatives) => alternatives,
            Err(why) => return refused(why),
        };
        let mut last = None;
        for alternative in alternatives {
            let mut segments = Segments::default();
            if let Err(why) = request.segments(alternative, &mut segments) {
                return refused(why);
            }
            let named = request.named_resource(alternative, documents).map_err(Error::Data)?;
            let record = request.record(&segments, alternative, named.as_ref());
            let decision = run(&self.compiled, &record.rule_request(), host(request, &record, documents))?;
            if !decision.is_allowed() {
                return Ok(decision);
            }
            last = Some(decision);
        }
        last.map_or_else(|| refused("the query has no alternative"), Ok)
    }
}

fn host<'d>(request: &'d Request<'_>, record: &'d RequestRecord<'_>, documents: &'d dyn Documents) -> DocumentHost<'d> {
    let scope = DocumentScope::new(SERVICE, request.database_name());
    DocumentHost::new(documents, scope, record.document(), request.document_limit())
}

impl std::str::FromStr for Ruleset {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ruleset::parse(&Source::new("firestore.rules", text))
    }
}
