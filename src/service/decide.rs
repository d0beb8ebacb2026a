//! Decides requests of Storage and Firestore.

use bumpalo::Bump;

use crate::{
    error::Error,
    eval::{Counter, Coverage, Evaluator, Fault, Observer, Recorder, Service, Silent, Subject, Verdict},
    explain::nearest_block,
    program::{Program, ServiceProgram},
    request::ServiceProduct,
};

use super::{Cause, Compiled, Decision, DocumentHost, Method, decision::LazyTrace};

/// A request as rules see it.
pub(crate) struct RuleRequest<'r> {
    pub(crate) product: ServiceProduct,
    pub(crate) method: Method,
    pub(crate) subject: Subject<'r>,
}

impl RuleRequest<'_> {
    fn title(&self) -> String {
        let segments = self.subject.segments;
        let method = self.method.name();
        let mut title = String::with_capacity(method.len() + 2 + segments.iter().map(|s| s.len() + 1).sum::<usize>());
        title.extend([method, " /"]);
        for (at, segment) in segments.iter().enumerate() {
            let segment = if segments.any_depth() == Some(at) { "**" } else { segment };
            title.extend([if at > 0 { "/" } else { "" }, segment]);
        }
        title
    }
}

/// Whether the rules allow the request. Records nothing, so that ordinary rules decide without allocating.
#[inline(always)]
pub(crate) fn permits(compiled: &Compiled, request: &RuleRequest<'_>, host: DocumentHost<'_>) -> Result<bool, Error> {
    let RuleRequest { product, method, subject } = request;
    let Some(service) = compiled.program().of(*product) else { return Ok(false) };
    let quick = {
        let arena = Bump::new();
        let Program { code, statements, .. } = compiled.program();
        let mut silent = Silent;
        let language = Service { program: service, subject, host: &host, block: None };
        Evaluator::new(code, language, &arena, &mut silent).permits(statements, method.requested())
    };
    let permitted = quick.unwrap_or_else(|| evaluate_fully(compiled.program(), service, request, &host));
    match host.into_failure() {
        Some(error) => Err(Error::Data(error)),
        None => Ok(permitted),
    }
}

/// The verdict of the general evaluation, which counts every expression.
#[cold]
#[inline(never)]
fn evaluate_fully(
    program: &Program,
    service: &ServiceProgram,
    request: &RuleRequest<'_>,
    host: &DocumentHost<'_>,
) -> bool {
    let arena = Bump::new();
    let mut silent = Silent;
    let language = Service { program: service, subject: &request.subject, host, block: None };
    let evaluator = Evaluator::new(&program.code, language, &arena, &mut silent);
    matches!(evaluator.decide(&program.statements, request.method.name()), Verdict::Allow(_))
}

/// Decides the request.
pub(crate) fn decide(
    compiled: &Compiled,
    request: &RuleRequest<'_>,
    host: DocumentHost<'_>,
) -> Result<Decision, Error> {
    run(compiled, request, host, &mut Silent)
}

/// Decides the request and records the evaluation.
pub(crate) fn explain(
    compiled: &Compiled,
    request: &RuleRequest<'_>,
    host: DocumentHost<'_>,
) -> Result<Decision, Error> {
    let program = compiled.program();
    let blocks = program.of(request.product).map_or(&[][..], |s| &s.blocks);
    let mut recorder = Recorder::new(&program.code, blocks, request.subject.segments);
    let mut decision = run(compiled, request, host, &mut recorder)?;
    let nearest = match (&decision.cause, program.of(request.product)) {
        (Cause::NoStatement | Cause::ConditionsFalse, Some(service)) => {
            let segments = request.subject.segments;
            let tried = service.matcher.find(&service.blocks, segments);
            let list = request.method == Method::List;
            nearest_block(service, (request.product, list), segments, tried.as_slice())
        }
        _ => None,
    };
    decision.trace = Some(Box::new(LazyTrace::new(compiled.clone(), request.product, recorder.finish(), nearest)));
    Ok(decision)
}

/// Decides the request and counts what was evaluated.
pub(crate) fn cover(
    compiled: &Compiled,
    request: &RuleRequest<'_>,
    host: DocumentHost<'_>,
    coverage: &mut Coverage,
) -> Result<Decision, Error> {
    run(compiled, request, host, &mut Counter::new(&compiled.program().code, coverage))
}

fn run(
    compiled: &Compiled,
    request: &RuleRequest<'_>,
    host: DocumentHost<'_>,
    observer: &mut impl Observer,
) -> Result<Decision, Error> {
    let program = compiled.program();
    let cause = match program.of(request.product) {
        None => Cause::NoService,
        Some(service) => {
            let arena = Bump::new();
            let language = Service { program: service, subject: &request.subject, host: &host, block: None };
            let evaluator = Evaluator::new(&program.code, language, &arena, observer);
            let verdict = evaluator.decide(&program.statements, request.method.name());
            cause(program, service, request, verdict)
        }
    };
    match host.into_failure() {
        Some(error) => Err(Error::Data(error)),
        None => Ok(Decision {
            source: program.code.source.clone(),
            cause,
            trace: None,
            request: request.title(),
            query: request.subject.unnamed_last,
        }),
    }
}

fn cause(program: &Program, service: &ServiceProgram, request: &RuleRequest<'_>, verdict: Verdict<'_>) -> Cause {
    match verdict {
        Verdict::Allow(statement) => {
            Cause::Permitted(program.statements.get(statement as usize).map(|s| s.span).unwrap_or_default())
        }
        Verdict::Deny(Some(error)) => Cause::Failed(Fault::new(&program.code, &error)),
        Verdict::Abort(error) => Cause::Aborted(Fault::new(&program.code, &error)),
        Verdict::Deny(None) => {
            let method = request.method.requested();
            let tried =
                service.matcher.find(&service.blocks, request.subject.segments).as_slice().iter().any(|block| {
                    let statements = service.blocks.get(*block as usize).map(|b| b.statements.of(&program.statements));
                    statements.unwrap_or(&[]).iter().any(|s| s.methods.contains(method))
                });
            if tried { Cause::ConditionsFalse } else { Cause::NoStatement }
        }
    }
}

impl Decision {
    /// The denial of a request that no rules can decide.
    pub(crate) fn refused(compiled: &Compiled, request: String, why: impl Into<String>) -> Self {
        Decision {
            source: compiled.program().code.source.clone(),
            cause: Cause::Refused(why.into()),
            trace: None,
            request,
            query: false,
        }
    }
}
