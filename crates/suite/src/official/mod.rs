//! The official formats: test requests of the Rules API, and coverage as the Firestore emulator reports it.
//!
//! ```
//! use firewarden::text::Source;
//! use firewarden_suite::official;
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
//! let response = official::test(&suite, Some(&rules))?;
//! assert!(response.all_passed());
//! assert_eq!(response.to_json()["testResults"][0]["state"], "SUCCESS");
//! # Ok::<(), official::RequestError>(())
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
pub use report::ExpressionReport;
pub use response::{Issue, Response, TestResult};

use serde_json::Value as Json;

use firewarden::{internals::service::Compiled, text::Source};

/// Runs the tests of a `TestRulesetRequest`, as `projects.test` of the Rules API does
/// ([documentation](https://firebase.google.com/docs/reference/rules/rest/v1/projects/test)).
///
/// `request` is the JSON of the whole request, or of its `testSuite` alone, whose rules are then given as `rules`. Field
/// names may be written in snake_case. Rules for Storage and for Firestore can be tested, also both in one file: the path
/// of a test says which of the two it asks.
///
/// What a test leaves out reads as follows: without `resource` nothing is stored (null), without `auth` nobody is signed
/// in (null), and any other member of `request` that is missing is an error where rules read it; there is no clock that
/// `time` could come from. A list of a Firestore collection is decided for a document of it that has no name. Services
/// limit how many documents rules may read; mocks are not counted.
///
/// # Errors
///
/// What is malformed, with its place in the JSON. Tests that could only pass by mistake are malformed, too: a misspelt
/// field, a path or a method that no request can have, rules that have nothing for the service. An error in the rules is
/// no error here but an issue of the response, which then has no results.
pub fn test(request: &Json, rules: Option<&Source>) -> Result<Response, RequestError> {
    let case::Tests { source, cases } = case::read(request)?;
    let whole = reader::Place::root(request);
    let source = match (&source, rules) {
        (Some(_), Some(_)) => return whole.fail("source is given, and rules besides: give one of them"),
        (Some(source), None) | (None, Some(source)) => source,
        (None, None) => return whole.fail("source is missing, such as {\"files\": [{\"name\": …, \"content\": …}]}"),
    };
    if firewarden::internals::syntax::is_database(source) {
        return whole.fail("the rules are of a Realtime Database; these tests are for Storage and Firestore rules");
    }
    let compiled = match Compiled::new(source) {
        Ok(compiled) => compiled,
        Err(refused) => return Ok(Response { issues: Issue::list(&refused), results: Vec::new() }),
    };
    let mut response = Response { issues: Issue::list(compiled.warnings()), results: Vec::with_capacity(cases.len()) };
    for case in &cases {
        let Some(service) = compiled.program().service(case.service) else {
            let message = format!("the path is one of {}, for which the rules have nothing", case.service);
            return Err(RequestError { place: case.place.clone(), message });
        };
        response.results.push(run::run(compiled.program(), service, case));
    }
    Ok(response)
}
