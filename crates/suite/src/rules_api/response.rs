//! The response to a test request: `TestRulesetResponse` of the Rules API.

use serde_json::{Map as JsonMap, Value as Json, json};

use firewarden::text::{Diagnostics, Severity, Span};

use super::{
    position::{SourcePosition, token},
    report::ExpressionReport,
};

/// The response to a test request.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use = "tests whose results are not looked at test nothing"]
pub struct Response {
    /// Problems of the rules. If one is an error, no test was run.
    pub issues: Vec<Issue>,
    /// The results, in the order of the tests.
    pub results: Vec<TestResult>,
}

/// A problem of the rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Issue {
    /// The token that the problem concerns.
    pub position: SourcePosition,
    /// The official message.
    pub description: String,
    /// Whether the problem refuses the rules.
    pub is_error: bool,
}

/// The result of one test.
#[derive(Clone, Debug, PartialEq)]
pub struct TestResult {
    /// Whether the verdict is the expected one: `SUCCESS` or `FAILURE`.
    pub success: bool,
    /// The error that decided, calls without a mock, and mocks without a call.
    pub debug_messages: Vec<String>,
    /// The position of the error that decided.
    pub error_position: Option<SourcePosition>,
    /// Every call of a service function.
    pub function_calls: Vec<FunctionCall>,
    /// The evaluated conditions, with their results.
    pub visited_expressions: Vec<VisitedExpression>,
    /// The expressions that the test requests, with their values.
    pub expression_reports: Vec<ExpressionReport>,
}

/// A call of a service function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionCall {
    /// The name, as rules write it: `get`, `firestore.exists`.
    pub function: String,
    /// The path, as text.
    pub argument: String,
}

/// An evaluated condition.
#[derive(Clone, Debug, PartialEq)]
pub struct VisitedExpression {
    /// The source text of the condition.
    pub position: SourcePosition,
    /// The result, as plain JSON or as `{"undefined": …}` with the error.
    pub value: Json,
}

impl Response {
    /// Whether the rules have no error and every test succeeded.
    pub fn all_passed(&self) -> bool {
        !self.has_errors() && self.results.iter().all(|result| result.success)
    }

    pub(super) fn has_errors(&self) -> bool {
        self.issues.iter().any(|issue| issue.is_error)
    }

    /// Converts the response to JSON of the Rules API, which like all protobuf JSON omits empty fields.
    pub fn to_json(&self) -> Json {
        let mut fields = JsonMap::new();
        list(&mut fields, "issues", self.issues.iter().map(Issue::to_json));
        list(&mut fields, "testResults", self.results.iter().map(TestResult::to_json));
        Json::Object(fields)
    }
}

fn list(fields: &mut JsonMap<String, Json>, name: &str, items: impl Iterator<Item = Json>) {
    let items: Vec<_> = items.collect();
    if !items.is_empty() {
        fields.insert(name.to_owned(), Json::Array(items));
    }
}

impl Issue {
    /// The problems of a rules file, as issues.
    pub fn list(diagnostics: &Diagnostics) -> Vec<Self> {
        let source = diagnostics.source();
        let location = |span: Span| SourcePosition::new(source, token(source.text(), span.start));
        let issue = |problem: &firewarden::text::Diagnostic| Issue {
            position: problem.span.map_or_else(SourcePosition::whole_file, location).named(source),
            description: problem.message.clone(),
            is_error: problem.severity == Severity::Error,
        };
        diagnostics.iter().map(issue).collect()
    }

    /// Converts the issue to JSON of the Rules API.
    pub fn to_json(&self) -> Json {
        let severity = if self.is_error { "ERROR" } else { "WARNING" };
        json!({ "sourcePosition": self.position.to_json(), "description": self.description, "severity": severity })
    }
}

impl TestResult {
    /// Converts the result to JSON of the Rules API.
    pub fn to_json(&self) -> Json {
        let mut fields = JsonMap::new();
        fields.insert("state".to_owned(), json!(if self.success { "SUCCESS" } else { "FAILURE" }));
        list(&mut fields, "debugMessages", self.debug_messages.iter().map(|message| json!(message)));
        if let Some(position) = &self.error_position {
            fields.insert("errorPosition".to_owned(), position.to_json());
        }
        let call = |call: &FunctionCall| json!({ "function": call.function, "args": [call.argument] });
        list(&mut fields, "functionCalls", self.function_calls.iter().map(call));
        let visited = |visited: &VisitedExpression| json!({ "sourcePosition": visited.position.to_json(), "value": visited.value });
        list(&mut fields, "visitedExpressions", self.visited_expressions.iter().map(visited));
        list(&mut fields, "expressionReports", self.expression_reports.iter().map(ExpressionReport::to_json));
        Json::Object(fields)
    }
}
