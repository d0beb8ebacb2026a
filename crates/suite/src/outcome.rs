//! What came of a test, and whether it came of what the test says.

use firewarden::{
    database,
    internals::{
        eval::{BlockTrace, Fault, StatementTrace, Step, StepKind},
        explain::{decisive_step, ignores_request},
        program::is_catch_all,
        service,
    },
    rules::Decision,
    text::{Source, Span},
    value::Value,
};

use super::{
    LoadError,
    because::Because,
    case::{Ask, Case, Expect},
    cause::Place,
    note::Note,
    unstated::Unstated,
};

/// What came of one test.
#[derive(Clone, Debug)]
pub struct TestResult {
    /// The suite's path.
    pub suite: String,
    /// Where the test begins.
    pub line: u32,
    /// Where the test begins, counted from one.
    pub column: u32,
    /// The test's name; of a test for several users or methods with theirs.
    pub name: String,
    /// Who asks, as the suite calls the user.
    pub user: String,
    /// What was asked: `create /b/demo-bucket/o/cat.png`.
    pub request: String,
    /// `allow`, `deny` or `no-sign-in`.
    pub expected: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, where that was measured (see [`Options::timer`](super::Options)).
    pub duration: Option<std::time::Duration>,
}

impl TestResult {
    /// Why it failed, where it did.
    pub fn failure(&self) -> Option<&Failure> {
        match &self.outcome {
            Outcome::Failed(failure) => Some(failure),
            _ => None,
        }
    }

    /// A suite that cannot be run, as a failed test.
    pub(super) fn unreadable(error: &LoadError) -> Self {
        let (path, at) = match error {
            LoadError::Unreadable(path, _) => (path.clone(), None),
            LoadError::Suite(found) | LoadError::Rules(found) => {
                let first = found.iter().find(|problem| problem.is_error()).and_then(|problem| found.position(problem));
                (std::path::PathBuf::from(found.source().name()), first)
            }
        };
        let text = error.to_string();
        let message = text.lines().next().unwrap_or("").to_owned();
        TestResult {
            suite: path.display().to_string(),
            line: at.map_or(1, |at| at.line),
            column: at.map_or(1, |at| at.column),
            name: "the suite can be run".to_owned(),
            user: "guest".to_owned(),
            request: "none".to_owned(),
            expected: "allow",
            outcome: Outcome::Failed(Box::new(Failure { explanation: text, ..Failure::undecided(message, "error") })),
            duration: None,
        }
    }
}

/// How a test ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// As expected; a note where that may be for another reason than the author thinks.
    Passed(Option<Note>),
    /// Otherwise.
    Failed(Box<Failure>),
    /// It was not run, and why.
    Skipped(String),
}

/// Why a test failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// In a sentence.
    pub message: String,
    /// What may help, where something may: a name that is like the request's.
    pub hint: Option<String>,
    /// `allow`, `deny`, `no-sign-in`, or `error`.
    pub got: String,
    /// The trace, with carets into the rules; empty where nothing was decided.
    pub explanation: String,
    /// The place in the rules that decided, where one did.
    pub place: Option<Place>,
    /// The test passes, with a note that strictness makes a failure of.
    pub noted: bool,
    /// The same of failures that have the same cause.
    pub(super) shape: u64,
}

impl Failure {
    /// The message with the hint, in one sentence.
    pub fn text(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{} ({hint})", self.message),
            None => self.message.clone(),
        }
    }
}

pub(super) fn located(source: &Source, fault: &Fault) -> String {
    let at = source.position(fault.offset);
    let message = firewarden::internals::explain::in_full(fault);
    format!("{message} ({}:{}:{})", source.name(), at.line, at.column)
}

/// The decision on the request of a test.
#[derive(Debug)]
pub(super) struct Answer(pub(super) Decision);

impl Answer {
    pub(super) fn is_allowed(&self) -> bool {
        self.0.is_allowed()
    }

    pub(super) fn verdict(&self) -> Expect {
        if self.is_allowed() { Expect::Allow } else { Expect::Deny }
    }

    /// What decided, in a sentence; of conditions that are false, where the answer was explained, which part.
    pub(super) fn reason(&self) -> String {
        let (reason, condition) = match &self.0 {
            Decision::Service(decision) => {
                let statements = decision.statements();
                let of_false = matches!(decision.cause(), service::Cause::ConditionsFalse);
                (decision.reason(), statements.filter_map(|s| s.condition.as_ref()).find(|_| of_false))
            }
            Decision::Database(decision) => {
                let rules = decision.rules().iter().rev().filter(|rule| rule.kind != database::RuleKind::Validate);
                let of_false = matches!(decision.cause(), database::Cause::NotGranted(_, None));
                (decision.reason(), rules.filter_map(|rule| rule.condition.as_ref()).find(|_| of_false))
            }
        };
        let reason = match condition.map(decisive_step) {
            Some(step) => {
                let (source, at) = (self.source(), self.source().position(step.span.start));
                let text = firewarden::internals::explain::shorten(
                    source.slice(step.span),
                    firewarden::internals::explain::SOURCE_WIDTH,
                );
                format!("{reason}: `{text}` is false ({}:{}:{})", source.name(), at.line, at.column)
            }
            None => reason,
        };
        match self.hint() {
            Some(hint) => format!("{reason}; {hint}"),
            None => reason,
        }
    }

    /// What the decision itself tells that may help, where the answer was explained.
    pub(super) fn hint(&self) -> Option<String> {
        self.0.hint()
    }

    /// Of an explained denial of a query, what the query has to state so that rules can permit it.
    pub(super) fn missing_filter(&self) -> Option<String> {
        match &self.0 {
            Decision::Service(decision) => decision.missing_filter(),
            Decision::Database(_) => None,
        }
    }

    /// What only the test tells that may help a reader of a denial: a name that is like the request's, metadata that are
    /// unstated.
    pub(super) fn help(&self, case: &Case) -> Option<String> {
        case.hint.clone().or_else(|| match (&self.0, &case.ask) {
            (Decision::Service(decision), Ask::Storage(request, _)) => {
                let unstated = Unstated::of(decision, request, case.size_unstated)?;
                Some(unstated.in_suite(case.verb, request.name()))
            }
            _ => None,
        })
    }

    /// The decision as a person reads it, in lines of so many columns.
    pub(super) fn explanation(&self, columns: usize) -> String {
        self.0.explanation(columns)
    }

    pub(super) fn source(&self) -> &Source {
        self.0.source()
    }

    fn fault(&self) -> Option<&Fault> {
        self.0.error()
    }

    /// Whether this is what decided; otherwise what did.
    pub(super) fn is_because(&self, because: &Because) -> Result<(), String> {
        let instead = |what: &str| Err(format!("{what}, but {}", self.reason()));
        match because {
            // Words are about denials.
            Because::NoMatch | Because::Refused | Because::False | Because::Invalid | Because::Error(_)
                if self.is_allowed() =>
            {
                instead("the reason is one for a denial")
            }
            Because::NoMatch if !self.is_uncovered() => instead("expected that nothing covers the request"),
            Because::Refused if !self.is_refused() => instead("expected a request that no rules could decide"),
            Because::False if self.fault().is_some() || self.has_no_match() || self.is_refused() => {
                instead("expected conditions that are false")
            }
            Because::Invalid if !matches!(&self.0, Decision::Database(d) if matches!(d.cause(), database::Cause::Invalid(..))) => {
                instead("expected a value that is not valid")
            }
            Because::Error(text) => match (self.fault(), text) {
                (None, _) => instead("expected an evaluation error"),
                (Some(fault), Some(text)) if !self.faults(fault).any(|fault| self.says(fault, text)) => {
                    Err(format!("expected an error with {text:?}, but it says: {}", located(self.source(), fault)))
                }
                _ => Ok(()),
            },
            Because::Line(line) => {
                let lines = self.lines();
                if lines.contains(line) {
                    return Ok(());
                }
                let name = self.source().name();
                let found: Vec<String> = lines.iter().map(|line| format!("{name}:{line}")).collect();
                Err(match found.as_slice() {
                    [] => format!("expected {name}:{line} to decide, but {}", self.reason()),
                    found => format!("expected {name}:{line} to decide, but that was {}", found.join(", ")),
                })
            }
            _ => Ok(()),
        }
    }

    /// The error that decided, and those of other statements, which might have permitted too.
    fn faults<'s>(&'s self, first: &'s Fault) -> impl Iterator<Item = &'s Fault> {
        let others = match &self.0 {
            Decision::Service(decision) => Some(decision.statements()),
            Decision::Database(_) => None,
        };
        std::iter::once(first).chain(others.into_iter().flatten().filter_map(|statement| fault(&statement.outcome)))
    }

    /// Whether an error has that in its message, as the engine words it or as it is shown.
    fn says(&self, fault: &Fault, text: &str) -> bool {
        fault.message.contains(text) || located(self.source(), fault).contains(text)
    }

    /// Whether nothing in the rules is about the request, or only a catch-all.
    fn is_uncovered(&self) -> bool {
        self.has_no_match() || self.catch_all().is_some()
    }

    /// Whether conditions are false: which ones, only an explained answer tells.
    fn is_plain_denial(&self) -> bool {
        match &self.0 {
            Decision::Service(decision) => matches!(decision.cause(), service::Cause::ConditionsFalse),
            Decision::Database(decision) => matches!(decision.cause(), database::Cause::NotGranted(_, None)),
        }
    }

    /// Of an explained denial, the catch-all that alone decided it: `match /{document=**} { allow read, write: if false; }`,
    /// `".read": false` at the root. It says of the path what rules without it say, where it permits nothing, whoever asks;
    /// and whatever it says, where one misspelt name keeps the rules from naming the path.
    pub(super) fn catch_all(&self) -> Option<Span> {
        if !self.is_plain_denial() {
            return None;
        }
        let source = self.source();
        let ignores = |condition: Option<&Step>| condition.is_some_and(|condition| ignores_request(source, condition));
        match &self.0 {
            Decision::Service(decision) => {
                let mut blocks =
                    decision.trace()?.blocks.iter().filter(|block| !block.statements.is_empty()).peekable();
                let first = blocks.peek()?.statements.first()?.span;
                let is_misspelt = decision.nearest().is_some();
                let permits_nothing =
                    |block: &BlockTrace| block.statements.iter().all(|statement| ignores(statement.condition.as_ref()));
                blocks
                    .all(|block| is_catch_all(&block.path) && (is_misspelt || permits_nothing(block)))
                    .then_some(first)
            }
            Decision::Database(decision) => {
                let mut rules =
                    decision.rules().iter().filter(|rule| rule.kind != database::RuleKind::Validate).peekable();
                let first = rules.peek()?.span;
                let is_misspelt = decision.nearest().is_some();
                rules
                    .all(|rule| {
                        rule.place.trim_matches('/').is_empty() && (is_misspelt || ignores(rule.condition.as_ref()))
                    })
                    .then_some(first)
            }
        }
    }

    /// Of an explained request that nothing covers, or only a catch-all, that rules name the path all the same: the block
    /// without a statement for the method, the rule of another kind.
    pub(super) fn no_method(
        &self,
        method: &str,
        catch_all: Option<&str>,
        place: &dyn Fn(Span) -> String,
    ) -> Option<String> {
        match &self.0 {
            Decision::Service(decision) => {
                // Catch-alls cover any path.
                let names = |block: &&BlockTrace| block.statements.is_empty() && !is_catch_all(&block.path);
                let block = decision.trace()?.blocks.iter().find(names)?;
                let only = catch_all.map_or(String::new(), |at| format!(", only the catch-all does ({at})"));
                Some(format!("no statement of `match {}` ({}) covers `{method}`{only}", block.path, place(block.span)))
            }
            Decision::Database(decision) => {
                let (kind, (other, path, span)) = decision.other_kind()?;
                let root = catch_all.map_or(String::new(), |at| format!(" but the root's ({at})"));
                let (kind, other, at) = (kind.name(), other.name(), place(span));
                Some(format!("no `{kind}`{root} stands at or above `{other} of {path}` ({at})"))
            }
        }
    }

    pub(super) fn has_no_match(&self) -> bool {
        match &self.0 {
            Decision::Service(d) => matches!(d.cause(), service::Cause::NoStatement | service::Cause::NoService),
            Decision::Database(d) => matches!(d.cause(), database::Cause::NoRule(..)),
        }
    }

    fn is_refused(&self) -> bool {
        match &self.0 {
            Decision::Service(d) => matches!(d.cause(), service::Cause::Refused(_)),
            Decision::Database(d) => matches!(d.cause(), database::Cause::Refused(_)),
        }
    }

    /// The lines that decided, each once: where the statement or rule begins, and where the part of its condition stands
    /// that made it false or failed. A denial is decided by every statement that might have permitted.
    fn lines(&self) -> Vec<u32> {
        let source = self.source();
        let line = |offset: u32| source.position(offset).line;
        let mut lines = Vec::new();
        let mut add = |span: Span, condition: Option<&Step>, fault: Option<&Fault>| {
            lines.push(line(span.start));
            lines.extend(fault.map(|fault| line(fault.span.start)));
            if let Some(step) = condition {
                refuting(step, &mut |step| lines.push(line(step.span.start)));
            }
        };
        match &self.0 {
            Decision::Service(decision) => {
                let statements = decision.statements();
                match decision.cause() {
                    service::Cause::Permitted(span) => {
                        // The whole of it permits, on whichever line it goes on.
                        return (line(span.start)..=line(span.end.saturating_sub(1))).collect();
                    }
                    _ => statements.for_each(|s: &StatementTrace| add(s.span, s.condition.as_ref(), fault(&s.outcome))),
                }
            }
            Decision::Database(decision) => {
                let wanted = |rule: &&database::RuleTrace| match decision.cause() {
                    database::Cause::Granted(spans) => spans.contains(&rule.span),
                    database::Cause::Invalid(path, span, _) => rule.path == *path && rule.span == *span,
                    _ => rule.kind != database::RuleKind::Validate && !rule.holds(),
                };
                let granted = decision.is_allowed();
                for rule in decision.rules().iter().filter(wanted) {
                    add(rule.span, rule.condition.as_ref().filter(|_| !granted), fault(&rule.outcome));
                }
            }
        }
        lines.sort_unstable();
        lines.dedup();
        lines
    }
}

/// The parts of a condition that made it false or failed, from the whole to the innermost.
fn refuting(step: &Step, each: &mut dyn FnMut(&Step)) {
    let counts = |step: &Step| match &step.outcome {
        firewarden::internals::eval::Outcome::Value(value) => matches!(value, Value::Bool(false)),
        firewarden::internals::eval::Outcome::Described(_) => false,
        firewarden::internals::eval::Outcome::Error(_) => true,
    };
    each(step);
    let negated = step.kind == StepKind::Not;
    step.parts.iter().filter(|part| negated || counts(part)).for_each(|part| refuting(part, each));
}

fn fault(outcome: &firewarden::internals::eval::Outcome) -> Option<&Fault> {
    match outcome {
        firewarden::internals::eval::Outcome::Error(fault) => Some(fault),
        _ => None,
    }
}

impl Ask {
    /// `create`
    pub(super) fn method(&self) -> String {
        self.title().split(' ').next().unwrap_or("").to_owned()
    }

    /// `create users/alice/cat.png`
    pub(super) fn title(&self) -> String {
        match self {
            Ask::Storage(request, _) => request.to_string(),
            Ask::Firestore(request, _) => request.to_string(),
            Ask::Database(request, _) => request.to_string(),
            Ask::NoUser { request, .. } => request.clone(),
        }
    }
}
