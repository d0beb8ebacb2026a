//! Cloud Storage rules: [`Ruleset`], [`Request`] and the [`Object`]s they are about.
//!
//! ```
//! use firewarden::{Auth, storage::{Object, Request, Ruleset}};
//!
//! let rules: Ruleset = "
//!     rules_version = '2';
//!     service firebase.storage {
//!       match /b/{bucket}/o/users/{userId}/{file} {
//!         allow create: if request.auth.uid == userId && request.resource.size < 5 * 1024 * 1024;
//!       }
//!     }".parse()?;
//! let upload = Object::new("users/alice/cat.png").size(20_000).content_type("image/png");
//! let request = Request::create("my-bucket", upload).auth(Auth::user("alice"));
//! assert!(rules.evaluate(&request, &())?.is_allowed());
//! # Ok::<(), firewarden::Error>(())
//! ```

mod json;
mod object;
mod request;
mod variables;

pub use json::{FieldError, OBJECT_FIELDS};
pub(crate) use object::OBJECT;
pub use object::Object;
pub(crate) use request::REQUEST;
pub use request::Request;
#[doc(hidden)]
pub use variables::VariableRequest;

pub use crate::service::Method;

use crate::{
    error::Error,
    eval::Coverage,
    request::ServiceProduct,
    service::{self, Compiled, DEFAULT_DATABASE, Decision, DocumentHost, DocumentScope, Documents},
    syntax::ast::Version,
    text::{Diagnostics, Source},
    value::Segments,
};

/// The name of the service in Storage rules.
pub const SERVICE: &str = ServiceProduct::Storage.service();

/// Firestore documents that one request may read, by the documentation; reading a document again does not count.
pub const DOCUMENT_LIMIT: usize = 2;

/// Storage rules, ready to decide any number of requests. Cheap to clone, shared between threads.
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

    /// Decides a request.
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
        if self.refuses(request).is_some() {
            return Ok(false);
        }
        let mut segments = Segments::default();
        if request.segments(&mut segments).is_err() {
            return Ok(false);
        }
        let record = request.record(&segments);
        service::permits(&self.compiled, &record.rule_request(), host(documents))
    }

    fn refuses(&self, request: &Request<'_>) -> Option<&'static str> {
        refused_list(self.compiled.program().version, request.method())
    }

    fn decide_with(
        &self,
        request: &Request<'_>,
        documents: &dyn Documents,
        run: impl FnOnce(&Compiled, &service::RuleRequest<'_>, DocumentHost<'_>) -> Result<Decision, Error>,
    ) -> Result<Decision, Error> {
        let mut segments = Segments::default();
        match self.refuses(request).map_or_else(|| request.segments(&mut segments), Err) {
            Ok(()) => {
                let record = request.record(&segments);
                run(&self.compiled, &record.rule_request(), host(documents))
            }
            Err(why) => Ok(Decision::refused(&self.compiled, request.to_string(), why)),
        }
    }
}

/// Version 1 of the rules has no lists: they are denied before any statement is evaluated (language specification,
/// section 3).
#[doc(hidden)]
pub fn refused_list(version: Version, method: Method) -> Option<&'static str> {
    let old = version == Version::V1 && method == Method::List;
    old.then_some("Permission denied. List operations are only allowed for rules_version='2'.")
}

fn host(documents: &dyn Documents) -> DocumentHost<'_> {
    DocumentHost::new(documents, DocumentScope::new(SERVICE, DEFAULT_DATABASE), None, DOCUMENT_LIMIT)
}

impl std::str::FromStr for Ruleset {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ruleset::parse(&Source::new("storage.rules", text))
    }
}
