//! The answer: `TestRulesetResponse` of the Rules API.

use serde_json::{Map as JsonMap, Value as Json, json};

use firewarden::text::{Diagnostics, Severity, Span};

use super::{
    position::{SourcePosition, token},
    report::ExpressionReport,
};

/// What a test request comes to.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use = "tests whose results are not looked at test nothing"]
pub struct Response {
    /// Problems of the rules. With an error among them no test was run.
    pub issues: Vec<Issue>,
    /// The results, in the order of the tests.
    pub results: Vec<TestResult>,
}

/// A problem of the rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Issue {
    /// The token it is about.
    pub position: SourcePosition,
    /// The official message.
    pub description: String,
    /// Whether the rules are refused.
    pub is_error: bool,
}

/// The result of one test.
#[derive(Clone, Debug, PartialEq)]
pub struct TestResult {
    /// Whether the outcome is the expected one: `SUCCESS`, or else `FAILURE`.
    pub success: bool,
    /// The error that decided, calls without a mock, mocks without a call.
    pub debug_messages: Vec<String>,
    /// Where the error that decided arose.
    pub error_position: Option<SourcePosition>,
    /// Every call of a function of the service: its name, and its argument as text.
    pub function_calls: Vec<(String, String)>,
    /// Conditions that were evaluated, with their results.
    pub visited_expressions: Vec<(SourcePosition, Json)>,
    /// Expressions with their values, as far as the test asks for them.
    pub expression_reports: Vec<ExpressionReport>,
}

impl Response {
    /// Whether the rules have no error and every test succeeded. Without tests: whether the rules have no error.
    pub fn all_passed(&self) -> bool {
        !self.has_errors() && self.results.iter().all(|result| result.success)
    }

    pub(super) fn has_errors(&self) -> bool {
        self.issues.iter().any(|issue| issue.is_error)
    }

    /// As JSON of the Rules API. As in all protobuf JSON, what is empty is left out.
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
    pub(super) fn list(diagnostics: &Diagnostics) -> Vec<Self> {
        let source = diagnostics.source();
        let place = |span: Span| SourcePosition::new(source, token(source.text(), span.start));
        let issue = |problem: &firewarden::text::Diagnostic| Issue {
            position: problem.span.map_or_else(SourcePosition::whole_file, place).named(source),
            description: problem.message.clone(),
            is_error: problem.severity == Severity::Error,
        };
        diagnostics.iter().map(issue).collect()
    }

    fn to_json(&self) -> Json {
        let severity = if self.is_error { "ERROR" } else { "WARNING" };
        json!({ "sourcePosition": self.position.to_json(), "description": self.description, "severity": severity })
    }
}

impl TestResult {
    /// As JSON of the Rules API.
    pub fn to_json(&self) -> Json {
        let mut fields = JsonMap::new();
        fields.insert("state".to_owned(), json!(if self.success { "SUCCESS" } else { "FAILURE" }));
        list(&mut fields, "debugMessages", self.debug_messages.iter().map(|message| json!(message)));
        if let Some(position) = &self.error_position {
            fields.insert("errorPosition".to_owned(), position.to_json());
        }
        let call = |(function, argument): &(String, String)| json!({ "function": function, "args": [argument] });
        list(&mut fields, "functionCalls", self.function_calls.iter().map(call));
        let visited = |(position, value): &(SourcePosition, Json)| json!({ "sourcePosition": position.to_json(), "value": value });
        list(&mut fields, "visitedExpressions", self.visited_expressions.iter().map(visited));
        list(&mut fields, "expressionReports", self.expression_reports.iter().map(ExpressionReport::to_json));
        Json::Object(fields)
    }
}
