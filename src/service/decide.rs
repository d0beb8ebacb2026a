//! A request to a decision.

use bumpalo::Bump;

use crate::{
    error::Error,
    eval::{Coverage, Evaluator, Fault, Observer, Recorder, Service, Silent, Subject, Verdict},
    explain::nearest_block,
    program::{Program, ServiceProgram},
    value::Root,
};

use super::{Cause, Compiled, Decision, DocumentHost, Method, decision::Recorded};

/// What a product asks: its values as rules see them.
pub(crate) struct Asked<'r> {
    pub(crate) root: Root,
    pub(crate) method: Method,
    pub(crate) subject: Subject<'r>,
}

impl Asked<'_> {
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

/// Only whether the request may pass: nothing is written down, so that ordinary rules decide without allocating.
#[inline(always)]
pub(crate) fn permits(compiled: &Compiled, asked: &Asked<'_>, host: DocumentHost<'_>) -> Result<bool, Error> {
    let Asked { root, method, subject } = asked;
    let Some(service) = compiled.program().of(*root) else { return Ok(false) };
    let quick = {
        let arena = Bump::new();
        let Program { code, statements, .. } = compiled.program();
        let mut silent = Silent;
        let language = Service { program: service, subject, host: &host, block: None };
        Evaluator::new(code, language, &arena, &mut silent).permits(statements, method.requested())
    };
    let permitted = quick.unwrap_or_else(|| step_by_step(compiled.program(), service, asked, &host));
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
    let language = Service { program: service, subject: &asked.subject, host, block: None };
    let evaluator = Evaluator::new(&program.code, language, &arena, &mut silent);
    matches!(evaluator.decide(&program.statements, asked.method.name()), Verdict::Allow(_))
}

/// The decision with what decided.
pub(crate) fn decide(compiled: &Compiled, asked: &Asked<'_>, host: DocumentHost<'_>) -> Result<Decision, Error> {
    run(compiled, asked, host, &mut Silent)
}

/// The decision with all it went through.
pub(crate) fn explain(compiled: &Compiled, asked: &Asked<'_>, host: DocumentHost<'_>) -> Result<Decision, Error> {
    let program = compiled.program();
    let mut recorder = Recorder::default();
    let mut decision = run(compiled, asked, host, &mut recorder)?;
    let nearest = match (&decision.cause, program.of(asked.root)) {
        (Cause::NoStatement | Cause::ConditionsFalse, Some(service)) => {
            let segments = asked.subject.segments;
            let tried = service.matcher.find(&service.blocks, segments);
            let list = asked.method == Method::List;
            nearest_block(service, (asked.root, list), segments, tried.as_slice())
        }
        _ => None,
    };
    decision.recorded = Some(Box::new(Recorded { trace: recorder.finish(), nearest }));
    Ok(decision)
}

/// The decision with what decided; what was evaluated is counted.
pub(crate) fn cover(
    compiled: &Compiled,
    asked: &Asked<'_>,
    host: DocumentHost<'_>,
    coverage: &mut Coverage,
) -> Result<Decision, Error> {
    run(compiled, asked, host, coverage)
}

fn run(
    compiled: &Compiled,
    asked: &Asked<'_>,
    host: DocumentHost<'_>,
    observer: &mut impl Observer,
) -> Result<Decision, Error> {
    let program = compiled.program();
    let cause = match program.of(asked.root) {
        None => Cause::NoService,
        Some(service) => {
            let arena = Bump::new();
            let language = Service { program: service, subject: &asked.subject, host: &host, block: None };
            let evaluator = Evaluator::new(&program.code, language, &arena, observer);
            let verdict = evaluator.decide(&program.statements, asked.method.name());
            cause(program, service, asked, verdict)
        }
    };
    match host.into_failure() {
        Some(error) => Err(Error::Data(error)),
        None => Ok(Decision {
            source: program.code.source.clone(),
            cause,
            recorded: None,
            request: asked.title(),
            query: asked.subject.unnamed_last,
        }),
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
            let method = asked.method.requested();
            let tried = service.matcher.find(&service.blocks, asked.subject.segments).as_slice().iter().any(|block| {
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
            recorded: None,
            request,
            query: false,
        }
    }
}
