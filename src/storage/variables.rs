//! Requests whose variables are given as values, as the official rules runtime receives them.

use crate::{
    error::Error,
    eval::Subject,
    request::ServiceProduct,
    service::{self, Decision, Documents, Method, RuleRequest},
    text::one_line,
    value::{Segments, Value},
};

use super::{Ruleset, host};

/// A request by its path and the values of its variables. It is decided as it is given: neither list requests of version
/// 1 nor missing members are treated.
#[derive(Clone, Copy, Debug)]
pub struct VariableRequest<'a> {
    /// What the request does.
    pub method: Method,
    /// The path from the root of the service on: `/b/BUCKET/o/users/alice/cat.png`. It is not percent-decoded.
    pub path: &'a str,
    /// The variable `request`.
    pub request: &'a Value,
    /// The variable `resource`.
    pub resource: &'a Value,
}

impl Ruleset {
    /// Decides a request that is given as values, and records the evaluation.
    ///
    /// # Errors
    ///
    /// As for [`Self::evaluate`].
    #[doc(hidden)]
    pub fn explain_variables(&self, given: &VariableRequest<'_>, documents: &dyn Documents) -> Result<Decision, Error> {
        let VariableRequest { method, path, request, resource } = *given;
        let relative = path.strip_prefix('/').unwrap_or(path);
        // One trailing slash does not count.
        let relative = relative.strip_suffix('/').unwrap_or(relative);
        let segments: Vec<&str> = relative.split('/').collect();
        if segments.iter().any(|segment| segment.is_empty()) {
            let title = format!("{} {}", method.name(), one_line(path));
            return Ok(Decision::refused(&self.compiled, title, "Path segment cannot be empty"));
        }
        let segments = Segments::from_slice(&segments);
        let subject = Subject {
            segments: &segments,
            unnamed_last: false,
            request: Some(request.view()),
            resource: Some(resource.view()),
            facts: None,
        };
        let request = RuleRequest { product: ServiceProduct::Storage, method, subject };
        service::explain(&self.compiled, &request, host(documents))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;
    use crate::service::Cause;

    #[test]
    fn values_decide_as_a_request_of_the_builder_does() {
        let rules: Ruleset = "rules_version = '2'; service firebase.storage { match /b/{bucket}/o/{user}/{file} {
            allow create: if request.auth.uid == user && request.resource.size < 10 && resource == null
                && request.path[3] == user && request.method == 'create'; } }"
            .parse()
            .unwrap();
        let decide = |path: &str, size: i64| {
            let mut request: Value =
                json!({ "auth": { "uid": "ann" }, "resource": { "size": size }, "method": "create" }).into();
            if let Value::Map(members) = &mut request {
                members.insert("path", Value::Path(crate::value::Path::of(path)));
            }
            let given = VariableRequest { method: Method::Create, path, request: &request, resource: &Value::Null };
            rules.explain_variables(&given, &()).unwrap().cause().clone()
        };
        assert!(matches!(decide("/b/x/o/ann/cat.png", 9), Cause::Permitted(_)));
        assert!(matches!(decide("/b/x/o/ann/cat.png", 10), Cause::ConditionsFalse));
        assert!(matches!(decide("/b/x/o/bob/cat.png", 9), Cause::ConditionsFalse));
        assert!(matches!(decide("/b/x/o/ann", 9), Cause::NoStatement));
        for path in ["/b/x/o/ann//cat.png", "//b/x/o/ann/cat.png", "", "/"] {
            assert!(matches!(decide(path, 9), Cause::Refused(_)), "{path}");
        }
    }
}
