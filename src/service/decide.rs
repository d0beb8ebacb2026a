//! A request to a decision.

use bumpalo::Bump;

use crate::{
    error::Error,
    eval::{Counter, Coverage, Evaluator, Fault, Host, Observer, Recorder, Service, Silent, Verdict},
    program::{Program, ServiceProgram},
    value::ValueRef,
};

use super::{Cause, Compiled, Decision, DocumentHost, Method};

/// What a product asks: its values as rules see them.
pub(crate) struct Asked<'r> {
    pub(crate) service: &'static str,
    pub(crate) method: &'r str,
    pub(crate) segments: &'r [&'r str],
    pub(crate) unnamed_last: bool,
    pub(crate) request: Option<ValueRef<'r>>,
    pub(crate) resource: Option<ValueRef<'r>>,
}

impl Asked<'_> {
    fn language<'a>(&'a self, program: &'a ServiceProgram, host: &'a dyn Host<'a>) -> Service<'a> {
        let Asked { segments, unnamed_last, request, resource, .. } = *self;
        Service { program, request, resource, segments, unnamed_last, host, block: None }
    }

    fn title(&self) -> String {
        format!("{} /{}", self.method, self.segments.join("/"))
    }
}

/// Only whether the request may pass: nothing is written down, so that ordinary rules decide without allocating. `asked`
/// is called once or twice: values that stay where they are made cost less than to hand them on.
#[inline]
pub(crate) fn permits<'r>(
    compiled: &'r Compiled,
    asked: impl Fn() -> Asked<'r>,
    method: Method,
    host: DocumentHost<'_>,
) -> Result<bool, Error> {
    let Asked { service, segments, unnamed_last, request, resource, .. } = asked();
    let Some(program) = compiled.program().service(service) else { return Ok(false) };
    let quick = {
        let arena = Bump::new();
        let Program { code, statements, .. } = compiled.program();
        let mut silent = Silent;
        let language = Service { program, request, resource, segments, unnamed_last, host: &host, block: None };
        Evaluator::new(code, language, &arena, &mut silent).permits(statements, method.requested())
    };
    let permitted = quick.unwrap_or_else(|| step_by_step(compiled.program(), program, &asked(), &host));
    match host.into_failure() {
        Some(error) => Err(Error::Data(error)),
        None => Ok(permitted),
    }
}

/// The verdict of the evaluation that counts every expression.
#[cold]
#[inline(never)]
fn step_by_step(program: &Program, service: &ServiceProgram, asked: &Asked<'_>, host: &DocumentHost<'_>) -> bool {
    let arena = Bump::new();
    let mut silent = Silent;
    let evaluator = Evaluator::new(&program.code, asked.language(service, host), &arena, &mut silent);
    matches!(evaluator.decide(&program.statements, asked.method), Verdict::Allow(_))
}

/// The decision with what decided.
pub(crate) fn decide(compiled: &Compiled, asked: &Asked<'_>, host: DocumentHost<'_>) -> Result<Decision, Error> {
    run(compiled, asked, host, &mut Silent)
}

/// The decision with all it went through.
pub(crate) fn explain(compiled: &Compiled, asked: &Asked<'_>, host: DocumentHost<'_>) -> Result<Decision, Error> {
    let program = compiled.program();
    let blocks = program.service(asked.service).map_or(&[][..], |s| &s.blocks);
    let mut recorder = Recorder::new(program, blocks, asked.segments);
    let mut decision = run(compiled, asked, host, &mut recorder)?;
    decision.trace = Some(Box::new(recorder.finish()));
    Ok(decision)
}

/// The decision with what decided; what was evaluated is counted.
pub(crate) fn cover(
    compiled: &Compiled,
    asked: &Asked<'_>,
    host: DocumentHost<'_>,
    coverage: &mut Coverage,
) -> Result<Decision, Error> {
    run(compiled, asked, host, &mut Counter::new(&compiled.program().code, coverage))
}

fn run(
    compiled: &Compiled,
    asked: &Asked<'_>,
    host: DocumentHost<'_>,
    observer: &mut impl Observer,
) -> Result<Decision, Error> {
    let program = compiled.program();
    let cause = match program.service(asked.service) {
        None => Cause::NoService,
        Some(service) => {
            let arena = Bump::new();
            let evaluator = Evaluator::new(&program.code, asked.language(service, &host), &arena, observer);
            let verdict = evaluator.decide(&program.statements, asked.method);
            cause(program, service, asked, verdict)
        }
    };
    match host.into_failure() {
        Some(error) => Err(Error::Data(error)),
        None => Ok(Decision { source: program.code.source.clone(), cause, trace: None, request: asked.title() }),
    }
}

fn cause(program: &Program, service: &ServiceProgram, asked: &Asked<'_>, verdict: Verdict<'_>) -> Cause {
    match verdict {
        Verdict::Allow(statement) => {
            Cause::Permitted(program.statements.get(statement as usize).map(|s| s.span).unwrap_or_default())
        }
        Verdict::Deny(Some(error)) => Cause::Failed(Fault::new(&program.code, &error)),
        Verdict::Abort(error) => Cause::Aborted(Fault::new(&program.code, &error)),
        Verdict::Deny(None) => {
            let method = crate::program::RequestedMethod::new(asked.method);
            let tried = service.matcher.find(&service.blocks, asked.segments).as_slice().iter().any(|block| {
                let statements = service.blocks.get(*block as usize).map(|b| b.statements.of(&program.statements));
                statements.unwrap_or(&[]).iter().any(|s| s.methods.contains(method))
            });
            if tried { Cause::ConditionsFalse } else { Cause::NoStatement }
        }
    }
}

impl Decision {
    /// A request that no rules can decide.
    pub(crate) fn refused(compiled: &Compiled, request: String, why: impl Into<String>) -> Self {
        Decision {
            source: compiled.program().code.source.clone(),
            cause: Cause::Refused(why.into()),
            trace: None,
            request,
        }
    }
}
