//! Decisions of a namespace, and their records in the journal.

use std::sync::Arc;

use firewarden::{
    Timestamp,
    database::{Cause, Decision, IndexWarning, Request, RuleKind, path_problem},
    text::{Source, Span},
};

use super::{
    Namespace, Refused, State,
    asked::{Asked, Kept, Operation, ruleset},
};
use crate::{
    Service,
    database::{Caller, User, tree::Reads},
    journal::{Record, Verdict},
    lock,
    rules::LoadedRules,
};

/// The rules of a namespace that was given none.
const OPEN: &str = r#"{"rules":{".read":true,".write":true}}"#;

/// The rules of a namespace.
#[derive(Clone)]
pub(super) enum Active {
    /// None were set.
    Open(Option<Arc<LoadedRules>>),
    /// These were set.
    Set(Arc<LoadedRules>),
    /// The compiler refused those that were set, with this error.
    Broken(Source, String),
}

impl Active {
    pub(super) fn open() -> Self {
        let source = Source::new("database.rules.json", OPEN);
        Active::Open(LoadedRules::parse(&source, firewarden::rules::Product::Database).ok())
    }

    fn loaded(&self) -> Option<&Arc<LoadedRules>> {
        match self {
            Active::Open(loaded) => loaded.as_ref(),
            Active::Set(loaded) => Some(loaded),
            Active::Broken(..) => None,
        }
    }

    /// The text of the rules.
    pub(super) fn source(&self) -> Source {
        match self {
            Active::Broken(source, _) => source.clone(),
            _ => self
                .loaded()
                .map_or_else(|| Source::new("database.rules.json", OPEN), |loaded| loaded.rules.source().clone()),
        }
    }
}

/// What goes to the journal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Journaled {
    Always,
    /// A listen that is judged anew is news only if it ends.
    Denials,
}

/// An allowed request.
#[derive(Default)]
pub(super) struct Allowed {
    /// The paths of the stored data that the decision read.
    pub(super) reads: Vec<Box<str>>,
    pub(super) warning: Option<IndexWarning>,
}

impl Namespace {
    /// Decides a request on the present data, and records it.
    pub(super) fn judge(
        &self,
        state: &State,
        caller: &Caller,
        asked: &Arc<Asked>,
        request: &Request<'_>,
        now: Timestamp,
        journaled: Journaled,
    ) -> Result<Allowed, Refused> {
        let loaded = state.rules.loaded();
        if matches!(caller.user, User::Admin) {
            if let (Operation::Read(_), Some(problem)) = (&asked.operation, path_problem(&asked.path)) {
                return Err(problem.into());
            }
            if journaled == Journaled::Always {
                self.record(state, caller, asked, now, (Verdict::Admin, String::new(), None));
            }
            let warning = loaded.and_then(|loaded| ruleset(loaded)).and_then(|rules| rules.missing_index(request));
            return Ok(Allowed { reads: Vec::new(), warning });
        }
        let reads = Reads::new(&state.root);
        let decision =
            loaded.and_then(|loaded| ruleset(loaded)?.cover(request, &reads, &mut lock(&loaded.coverage)).ok());
        let (is_allowed, reason, place) = match (&decision, &state.rules) {
            (Some(decision), _) => (decision.is_allowed(), decision.reason(), place(decision)),
            (None, Active::Broken(_, error)) => (false, format!("the rules do not compile: {error}"), None),
            (None, _) => (false, "the data cannot be read".to_owned(), None),
        };
        let verdict = if is_allowed { Verdict::Allowed } else { Verdict::Denied };
        let mut entry = 0;
        if !is_allowed || journaled == Journaled::Always {
            entry = self.record(state, caller, asked, now, (verdict, reason.clone(), place));
        }
        match &decision {
            Some(decision) if is_allowed => {
                Ok(Allowed { reads: reads.into_paths(), warning: decision.warnings().first().cloned() })
            }
            Some(decision) => match decision.cause() {
                Cause::Refused(error) => Err(error.clone().into()),
                _ => Err(Refused::Denied { reason, entry }),
            },
            None => Err(Refused::Denied { reason, entry }),
        }
    }

    /// Whether the rules allow a request, without a record.
    pub(super) fn permits(state: &State, caller: &Caller, request: &Request<'_>) -> bool {
        let rules = || ruleset(state.rules.loaded()?);
        matches!(caller.user, User::Admin)
            || rules().is_some_and(|rules| rules.permits(request, &state.root).unwrap_or(false))
    }

    fn record(
        &self,
        state: &State,
        caller: &Caller,
        asked: &Arc<Asked>,
        time: Timestamp,
        (verdict, reason, place): (Verdict, String, Option<(String, u32, u32)>),
    ) -> u64 {
        let kept = Kept {
            asked: Arc::clone(asked),
            caller: caller.clone(),
            now: time,
            root: state.root.clone(),
            rules: state.rules.loaded().cloned(),
            source: state.rules.source(),
            is_allowed: verdict != Verdict::Denied,
        };
        self.shared.journal.record(Record {
            service: Service::Database,
            project: self.shared.project_of_namespace(&self.name).to_owned(),
            instance: self.name.clone(),
            method: asked.method(),
            path: format!("/{}", asked.path),
            uid: caller.user.uid().map(str::to_owned),
            verdict,
            reason,
            place,
            time,
            replay: Arc::new(kept),
        })
    }
}

/// The place in the rules that decided: that of the granting or invalid rule, of the first error, or of the nearest rule
/// that is not true.
fn place(decision: &Decision) -> Option<(String, u32, u32)> {
    let source = decision.source();
    let at = |span: Span| source.position(span.start);
    let position = match (decision.cause(), decision.error()) {
        (_, Some(fault)) => fault.position,
        (Cause::Granted(spans), _) => at(*spans.first()?),
        (Cause::Invalid(_, span, _), _) => at(*span),
        (Cause::NotGranted(..), _) => at(decision.rules().iter().rfind(|rule| rule.kind != RuleKind::Validate)?.span),
        _ => return None,
    };
    Some((source.name().to_owned(), position.line, position.column))
}
