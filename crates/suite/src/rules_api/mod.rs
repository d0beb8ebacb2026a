//! The formats of the Rules API and of the emulator: test requests, and coverage as the Firestore emulator reports it.
//!
//! ```
//! use firewarden::text::Source;
//! use firewarden_suite::rules_api;
//! use serde_json::json;
//!
//! let rules = Source::new("firestore.rules", "
//!     rules_version = '2';
//!     service cloud.firestore {
//!       match /databases/{database}/documents/notes/{note} {
//!         allow get: if resource.data.owner == request.auth.uid;
//!       }
//!     }");
//! let suite = json!({ "testCases": [{
//!     "expectation": "ALLOW",
//!     "request": {
//!         "auth": { "uid": "alice" }, "method": "get", "path": "/databases/(default)/documents/notes/n1"
//!     },
//!     "resource": { "data": { "owner": "alice" } }
//! }] });
//! let response = rules_api::test(&suite, Some(&rules))?;
//! assert!(response.all_passed());
//! assert_eq!(response.to_json()["testResults"][0]["state"], "SUCCESS");
//! # Ok::<(), rules_api::RequestError>(())
//! ```

mod case;
mod coverage;
mod mocks;
mod position;
mod reader;
mod report;
mod response;
mod run;
mod values;

pub use coverage::coverage;
pub use position::SourcePosition;
pub use reader::RequestError;
pub use report::{ExpressionReport, ValueCount};
pub use response::{FunctionCall, Issue, Response, TestResult, VisitedExpression};

use serde_json::Value as Json;

use firewarden::{internals::service::Compiled, text::Source};

/// Runs the tests of a `TestRulesetRequest`, as `projects.test` of the Rules API does
/// ([documentation](https://firebase.google.com/docs/reference/rules/rest/v1/projects/test)).
///
/// `request` is the JSON of the whole request, or of its `testSuite` alone; then `rules` has the rules. Field names may
/// be in snake_case. The rules may be for Storage, for Firestore, or for both: the path of a test selects the service.
///
/// Without `resource`, nothing is stored (null); without `auth`, nobody is signed in (null). Reading any other missing
/// member of `request` is an error; there is no clock that `time` could come from. The list of a Firestore collection
/// is decided for a document without a name. Services limit the number of documents that rules read; calls that mocks
/// answer do not count.
///
/// # Errors
///
/// The request is malformed; the error has the location in the JSON. A test that could only pass by mistake is
/// malformed, too: a misspelt field, a path or a method that no request can have, or rules without the service. Errors
/// in the rules are issues of the response, which then has no results.
pub fn test(request: &Json, rules: Option<&Source>) -> Result<Response, RequestError> {
    let case::TestSuite { source, cases } = case::read(request)?;
    let whole = reader::JsonLocation::root(request);
    let source = match (&source, rules) {
        (Some(_), Some(_)) => return whole.fail("both `source` and rules are given; give one of them"),
        (Some(source), None) | (None, Some(source)) => source,
        (None, None) => return whole.fail("missing `source`, such as {\"files\": [{\"name\": …, \"content\": …}]}"),
    };
    if firewarden::internals::syntax::is_database(source) {
        return whole.fail("expected Storage or Firestore rules, not Realtime Database rules");
    }
    let compiled = match Compiled::new(source) {
        Ok(compiled) => compiled,
        Err(refused) => return Ok(Response { issues: Issue::list(&refused), results: Vec::new() }),
    };
    let mut response = Response { issues: Issue::list(compiled.warnings()), results: Vec::with_capacity(cases.len()) };
    for case in &cases {
        let Some(service) = compiled.program().service(case.service) else {
            let message = format!("the path belongs to `{}`, for which there are no rules", case.service);
            return Err(RequestError { location: case.location.clone(), message });
        };
        response.results.push(run::run(compiled.program(), service, case));
    }
    Ok(response)
}
