//! Values of expressions: the only element of the list in each condition `[…] == []`, in the order of the statements.

use bumpalo::Bump;
use firewarden::{
    Value,
    internals::{
        check,
        eval::{Error, Evaluator, Fault, Host, Observer, Result as Evaluated, Service, Subject},
        program::{self, Code, Id, Op, OpId, Program, ServiceFunction, Statement},
        stdlib::Failure,
        syntax,
    },
    text::Source,
    value::{PathRef, Segments, ValueRef, json::to_typed},
};
use serde_json::Value as Json;

use crate::emulator::{Issue, coverage::Result as Outcome};

/// What is asked of each statement.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// The rules.
    pub source: &'q str,
    /// The variable `request`.
    pub request: &'q Value,
    /// The variable `resource`.
    pub resource: &'q Value,
}

/// An answer: results by statement, and what the checker warned of; what it said, where it refused the source.
pub type Answer = Result<(Vec<Outcome>, Vec<Issue>), Vec<Issue>>;

/// Evaluates the expression of each statement by itself. `path` is that of the request to the statement of a number.
pub fn evaluate(question: Question<'_>, path: impl Fn(usize) -> Vec<String>) -> Answer {
    let source = Source::new("rules", question.source);
    let ruleset = match syntax::parse_service(&source) {
        Ok(ruleset) => ruleset,
        Err(_) => return Err(super::compile(question.source).issues().to_vec()),
    };
    let issues = super::compile(question.source).issues().to_vec();
    if check::check(&source, &ruleset).has_errors() {
        return Err(issues);
    }
    let Ok(program) = program::lower(&source, &ruleset) else { return Err(issues) };
    let results = program.statements.ids().map(|id| one(&program, id, &path(id.index()), question));
    Ok((results.collect(), issues))
}

fn one(program: &Program, id: Id<Statement>, path: &[String], question: Question<'_>) -> Outcome {
    let statement = program.statements.get(id);
    let Some((watched, condition)) = statement.ok().and_then(|it| Some((element(program, it)?, it.condition?))) else {
        return Outcome::Unknown;
    };
    let Some(service) = program.service("cloud.firestore") else { return Outcome::Unknown };
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    let segments = Segments::from_slice(&names);
    let subject = Subject {
        segments: &segments,
        unnamed_last: false,
        request: Some(question.request.view()),
        resource: Some(question.resource.view()),
        facts: None,
    };
    let block = service.blocks.iter().find(|block| block.statements.iter().any(|own| own == id));
    let language = Service { program: service, subject: &subject, host: &NoDocuments, block };
    let arena = Bump::new();
    let mut watch = Watch { op: watched, seen: Outcome::Unknown };
    let condition = Evaluator::new(&program.code, language, &arena, &mut watch).condition(condition);
    match condition {
        // It ends the evaluation of the request: nothing has a value.
        Err(error) if error.failure.is_fatal() => Outcome::Unknown,
        _ => watch.seen,
    }
}

fn failed(code: &Code, error: &Error<'_>) -> Outcome {
    let fault = Fault::new(code, error);
    Outcome::Error(fault.message, Some((fault.position.line, fault.position.column)))
}

/// The only element of the list in the condition.
fn element(program: &Program, statement: &Statement) -> Option<OpId> {
    let code = &program.code;
    let Ok(Op::Compare(_, list, _)) = code.op(code.origin(statement.condition?)) else { return None };
    let Ok(Op::List(items)) = code.op(list) else { return None };
    code.lists.slice(items).ok()?.first().copied()
}

/// Remembers what one operation gave.
struct Watch {
    op: OpId,
    seen: Outcome,
}

impl Observer for Watch {
    fn leave(&mut self, code: &Code, op: OpId, result: &Evaluated<'_>) {
        if op == self.op {
            self.seen = match result {
                Ok(value) => Outcome::Value(to_typed(*value)),
                Err(error) => failed(code, error),
            };
        }
    }
}

/// Rules for expressions read no documents.
struct NoDocuments;

impl<'a> Host<'a> for NoDocuments {
    fn call(&'a self, _: ServiceFunction, _: PathRef<'a>, _: &'a Bump) -> Result<ValueRef<'a>, Failure<'a>> {
        Err(Failure::Null)
    }
}

/// A typed value as the engine's own.
///
/// # Errors
///
/// A value that is none.
pub fn value(typed: &Json) -> anyhow::Result<Value> {
    Ok(firewarden::value::json::from_typed(typed)?)
}
