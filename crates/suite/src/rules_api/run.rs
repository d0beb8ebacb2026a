//! Runs one test case.

use bumpalo::Bump;
use serde_json::json;

use firewarden::{
    internals::{
        eval::{Counter, Coverage, Evaluator, Fault, Observer, Result as Evaluated, Service, Subject, Verdict},
        program::{Code, NodeId, Program, ServiceProgram, Statement},
    },
    storage,
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
    let mut coverage = Coverage::new(true);
    let mut recorder = ConditionRecorder {
        code: &program.code,
        statements: &program.statements,
        statement: None,
        visited: Vec::new(),
        counter: (case.level != Level::None).then(|| Counter::new(&program.code, &mut coverage)),
    };
    let segments: Vec<&str> = case.segments.iter().map(String::as_str).collect();
    let (allowed, fault) = {
        let arena = Bump::new();
        let path = Segments::given(&segments);
        let subject = Subject {
            segments: &path,
            unnamed_last: case.unnamed_last,
            request: Some(case.request.view()),
            resource: Some(case.resource.view()),
            facts: None,
        };
        let language = Service { program: service, subject: &subject, host: &mocks, block: None };
        let evaluator = Evaluator::new(&program.code, language, &arena, &mut recorder);
        match evaluator.decide(&program.statements, case.method.name()) {
            Verdict::Allow(_) => (true, None),
            Verdict::Deny(error) => (false, error.map(|error| Fault::new(&program.code, &error))),
            Verdict::Abort(error) => (false, Some(Fault::new(&program.code, &error))),
        }
    };
    let visited_expressions = recorder.visited;
    let (calls, notes) = mocks.finish();
    let source = &program.code.source;
    let error = fault.as_ref().map(|fault| {
        let (line, column) = (fault.position.line, fault.position.column);
        format!("Error: {} line [{line}], column [{column}]. {}", source.name(), fault.message)
    });
    let expression_reports = match case.level {
        Level::None => Vec::new(),
        level => {
            let all = reports(program, &coverage).into_iter().map(|report| report.named(source));
            if level == Level::Visited { all.filter_map(ExpressionReport::visited).collect() } else { all.collect() }
        }
    };
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
struct ConditionRecorder<'p> {
    code: &'p Code,
    statements: &'p [Statement],
    statement: Option<&'p Statement>,
    visited: Vec<VisitedExpression>,
    counter: Option<Counter<'p>>,
}

impl Observer for ConditionRecorder<'_> {
    fn statement(&mut self, statement: u32) {
        self.statement = self.statements.get(statement as usize);
    }

    fn decided(&mut self, result: &Evaluated<'_>) {
        let Some(statement) = self.statement.take() else { return };
        let span = statement.condition.map_or(statement.span, |condition| covered(self.code, condition));
        let value = match result {
            Ok(value) => to_plain(*value),
            Err(error) => {
                let fault = Fault::new(self.code, error);
                let position = SourcePosition::of_fault(&self.code.source, &fault).named(&self.code.source);
                json!({ "undefined": { "sourcePosition": position.to_json(), "causeMessage": fault.message } })
            }
        };
        let position = SourcePosition::new(&self.code.source, span).named(&self.code.source);
        self.visited.push(VisitedExpression { position, value });
    }

    fn leave(&mut self, node: NodeId, result: &Evaluated<'_>) {
        if let Some(counter) = &mut self.counter {
            counter.leave(node, result);
        }
    }
}
