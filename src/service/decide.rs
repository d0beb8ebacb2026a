//! Decides a request.

use bumpalo::Bump;

use crate::{
    error::Error,
    eval::{Coverage, Evaluator, Fault, Observer, Reasons, Recorder, Service, Silent, Subject, Verdict},
    explain::nearest_block,
    program::{Block, Corrupt, Id, Program, ServiceProgram},
    request::ServiceProduct,
};

use super::{Cause, Compiled, Decision, DocumentHost, Method, decision::Recorded};

/// A request of a product, with its values as rules see them.
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

/// Only whether the request may pass. Nothing is recorded, so that ordinary rules decide without allocating.
#[inline(always)]
pub(crate) fn permits(compiled: &Compiled, request: &RuleRequest<'_>, host: DocumentHost<'_>) -> Result<bool, Error> {
    let permitted = decided(compiled, request, &host, &mut Silent, |_, verdict| match verdict {
        Verdict::Allow(_) => Some(true),
        Verdict::Deny(_) | Verdict::Abort(_) => Some(false),
        Verdict::Slow => None,
    });
    let permitted = match permitted {
        Some(Some(permitted)) => permitted,
        Some(None) => permits_in_detail(compiled, request, &host),
        None => false,
    };
    match host.into_failure() {
        Some(error) => Err(Error::Data(error)),
        None => Ok(permitted),
    }
}

/// Whether the request may pass, where fused operations cannot tell. The host keeps the documents that they read.
#[cold]
#[inline(never)]
fn permits_in_detail(compiled: &Compiled, request: &RuleRequest<'_>, host: &DocumentHost<'_>) -> bool {
    decided(compiled, request, host, &mut Reasons, |_, verdict| matches!(verdict, Verdict::Allow(_))) == Some(true)
}

/// What `read` makes of the verdict, which does not outlive the evaluation; `None` without rules for the service.
#[inline(always)]
fn decided<O: Observer, T>(
    compiled: &Compiled,
    request: &RuleRequest<'_>,
    host: &DocumentHost<'_>,
    observer: &mut O,
    read: impl FnOnce(&ServiceProgram, Verdict<'_>) -> T,
) -> Option<T> {
    let RuleRequest { product, method, subject } = request;
    let Program { code, statements, .. } = compiled.program();
    let program = compiled.program().of(*product)?;
    let arena = Bump::new();
    let language = Service { program, subject, host, block: None };
    let verdict = Evaluator::new(code, language, &arena, observer).decide(statements, &method.requested());
    Some(read(program, verdict))
}

/// The decision with what decided.
pub(crate) fn decide(
    compiled: &Compiled,
    request: &RuleRequest<'_>,
    host: DocumentHost<'_>,
) -> Result<Decision, Error> {
    run(compiled, request, host, &mut Reasons)
}

/// The decision with all that it went through.
pub(crate) fn explain(
    compiled: &Compiled,
    request: &RuleRequest<'_>,
    host: DocumentHost<'_>,
) -> Result<Decision, Error> {
    let program = compiled.program();
    let mut recorder = Recorder::default();
    let mut decision = run(compiled, request, host, &mut recorder)?;
    let nearest = match (&decision.cause, program.of(request.product)) {
        (Cause::NoStatement | Cause::ConditionsFalse, Some(service)) => {
            let segments = request.subject.segments;
            let tried = service.matcher.find(&service.blocks, segments);
            let list = request.method == Method::List;
            tried.ok().and_then(|tried| nearest_block(service, (request.product, list), segments, &tried))
        }
        _ => None,
    };
    decision.recorded = Some(Box::new(Recorded { blocks: recorder.finish(), nearest }));
    Ok(decision)
}

/// The decision with what decided; `coverage` counts what was evaluated.
pub(crate) fn cover(
    compiled: &Compiled,
    request: &RuleRequest<'_>,
    host: DocumentHost<'_>,
    coverage: &mut Coverage,
) -> Result<Decision, Error> {
    run(compiled, request, host, coverage)
}

fn run(
    compiled: &Compiled,
    request: &RuleRequest<'_>,
    host: DocumentHost<'_>,
    observer: &mut impl Observer,
) -> Result<Decision, Error> {
    let program = compiled.program();
    let cause =
        decided(compiled, request, &host, observer, |service, verdict| cause(program, service, request, verdict));
    match host.into_failure() {
        Some(error) => Err(Error::Data(error)),
        None => Ok(Decision {
            source: program.code.source.clone(),
            cause: cause.unwrap_or(Cause::NoService),
            recorded: None,
            request: request.title(),
            query: request.subject.unnamed_last,
        }),
    }
}

fn cause(program: &Program, service: &ServiceProgram, request: &RuleRequest<'_>, verdict: Verdict<'_>) -> Cause {
    match verdict {
        Verdict::Allow(statement) => Cause::Permitted(statement.span),
        Verdict::Deny(Some(error)) => Cause::Failed(Fault::new(&program.code, &error)),
        Verdict::Abort(error) => Cause::Aborted(Fault::new(&program.code, &error)),
        Verdict::Deny(None) | Verdict::Slow => {
            let method = request.method.requested();
            let covers = |block: &Id<Block>| {
                let statements = program.statements.slice(service.blocks.get(*block)?.statements)?;
                Ok::<_, Corrupt>(statements.iter().any(|statement| statement.methods.contains(&method)))
            };
            let tried = service.matcher.find(&service.blocks, request.subject.segments);
            match tried.is_ok_and(|blocks| blocks.iter().any(|block| covers(block) == Ok(true))) {
                true => Cause::ConditionsFalse,
                false => Cause::NoStatement,
            }
        }
    }
}

impl Decision {
    /// The denial of a request that no rules can decide.
    pub(crate) fn refused(compiled: &Compiled, request: String, why: impl Into<String>) -> Self {
        Decision {
            source: compiled.program().code.source.clone(),
            cause: Cause::Refused(why.into()),
            recorded: None,
            request,
            query: false,
        }
    }
}
