//! Runs one test case.

use bumpalo::Bump;
use serde_json::json;

use firewarden::{
    internals::{
        eval::{Coverage, Evaluator, Fault, Observer, Result as Evaluated, Service, Subject, Verdict},
        program::{Code, Id, OpId, Program, ServiceProgram, Statement},
    },
    storage,
    text::Span,
    value::{Segments, json::to_plain},
};

use super::{
    case::{Case, Level},
    mocks::Mocks,
    position::SourcePosition,
    report::{ExpressionReport, covered, reports},
    response::{TestResult, VisitedExpression},
};

/// Decides the request of a test with the rules of its service.
pub(super) fn run(program: &Program, service: &ServiceProgram, case: &Case) -> TestResult {
    if let Some(why) = storage::refused_list(program.version, case.method).filter(|_| case.service == storage::SERVICE)
    {
        return TestResult { success: !case.allow, debug_messages: vec![why.to_owned()], ..TestResult::nothing() };
    }
    let database = case.segments.get(1).map_or("", String::as_str);
    let mocks = Mocks::new(&case.mocks, case.service, database);
    let mut recorder = ConditionRecorder {
        span: None,
        visited: Vec::new(),
        coverage: (case.level != Level::None).then(|| Coverage::new(true)),
    };
    let segments: Vec<&str> = case.segments.iter().map(String::as_str).collect();
    let (allowed, fault) = {
        let arena = Bump::new();
        let path = Segments::from_slice(&segments);
        let subject = Subject {
            segments: &path,
            unnamed_last: case.unnamed_last,
            request: Some(case.request.view()),
            resource: Some(case.resource.view()),
            facts: None,
        };
        let language = Service { program: service, subject: &subject, host: &mocks, block: None };
        let mut evaluator = Evaluator::new(&program.code, language, &arena, &mut recorder);
        match evaluator.decide(&program.statements, &case.method.requested()) {
            Verdict::Allow(_) => (true, None),
            Verdict::Slow => (false, None),
            Verdict::Deny(error) => (false, error.map(|error| Fault::new(&program.code, &error))),
            Verdict::Abort(error) => (false, Some(Fault::new(&program.code, &error))),
        }
    };
    let ConditionRecorder { visited: visited_expressions, coverage, .. } = recorder;
    let (calls, notes) = mocks.finish();
    let source = &program.code.source;
    let error = fault.as_ref().map(|fault| {
        let (line, column) = (fault.position.line, fault.position.column);
        format!("Error: {} line [{line}], column [{column}]. {}", source.name(), fault.message)
    });
    let expression_reports = coverage.map_or_else(Vec::new, |coverage| {
        let all = reports(program, &coverage).into_iter().map(|report| report.named(source));
        if case.level == Level::Visited { all.filter_map(ExpressionReport::visited).collect() } else { all.collect() }
    });
    TestResult {
        success: allowed == case.allow,
        debug_messages: error.into_iter().chain(notes).collect(),
        error_position: fault.map(|fault| SourcePosition::of_fault(source, &fault).named(source)),
        function_calls: calls,
        visited_expressions,
        expression_reports,
    }
}

impl TestResult {
    fn nothing() -> Self {
        TestResult {
            success: false,
            debug_messages: Vec::new(),
            error_position: None,
            function_calls: Vec::new(),
            visited_expressions: Vec::new(),
            expression_reports: Vec::new(),
        }
    }
}

/// Records the results of conditions and, for reports, counts all expressions.
struct ConditionRecorder {
    /// The condition of the statement under evaluation, and the span of the statement.
    span: Option<(Option<OpId>, Span)>,
    visited: Vec<VisitedExpression>,
    coverage: Option<Coverage>,
}

impl Observer for ConditionRecorder {
    fn statement(&mut self, _id: Id<Statement>, statement: &Statement) {
        self.span = Some((statement.condition, statement.span));
    }

    fn decided(&mut self, code: &Code, result: &Evaluated<'_>) {
        let Some((condition, span)) = self.span.take() else { return };
        let span = condition.map_or(span, |condition| covered(code, condition));
        let value = match result {
            Ok(value) => to_plain(*value),
            Err(error) => {
                let fault = Fault::new(code, error);
                let position = SourcePosition::of_fault(&code.source, &fault).named(&code.source);
                json!({ "undefined": { "sourcePosition": position.to_json(), "causeMessage": fault.message } })
            }
        };
        let position = SourcePosition::new(&code.source, span).named(&code.source);
        self.visited.push(VisitedExpression { position, value });
    }

    fn leave(&mut self, code: &Code, op: OpId, result: &Evaluated<'_>) {
        if let Some(coverage) = &mut self.coverage {
            coverage.leave(code, op, result);
        }
    }
}
