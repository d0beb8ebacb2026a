//! Results of tests, and whether a decision has the cause that its test expects.

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
    case::{Case, Expectation, TestRequest},
    expected_cause::ExpectedCause,
    fingerprint::Location,
    missing_metadata::MissingMetadata,
    note::Note,
};

/// The result of one test.
#[derive(Clone, Debug)]
pub struct TestResult {
    /// The path of the suite.
    pub suite: String,
    /// The line on which the test begins, counted from one.
    pub line: u32,
    /// The column at which the test begins, counted from one.
    pub column: u32,
    /// The name of the test; for several users or methods, with the user or method appended.
    pub name: String,
    /// The name of the user in the suite.
    pub user: String,
    /// The request: `create /b/demo-bucket/o/cat.png`.
    pub request: String,
    /// `allow`, `deny` or `no-sign-in`.
    pub expected: &'static str,
    /// Whether the test passed.
    pub outcome: TestOutcome,
    /// How long the test took, if [`Options::timer`](super::Options) measures it.
    pub duration: Option<std::time::Duration>,
}

impl TestResult {
    /// The failure, if the test failed.
    pub fn failure(&self) -> Option<&TestFailure> {
        match &self.outcome {
            TestOutcome::Failed(failure) => Some(failure),
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
            outcome: TestOutcome::Failed(Box::new(TestFailure {
                explanation: text,
                ..TestFailure::undecided(message, "error")
            })),
            duration: None,
        }
    }
}

/// The outcome of a test.
#[derive(Clone, Debug)]
pub enum TestOutcome {
    /// The test passed, with a note if the cause may not be the one that the author means.
    Passed(Option<Note>),
    /// The test failed.
    Failed(Box<TestFailure>),
    /// The test was skipped, for this reason.
    Skipped(String),
}

/// Why a test failed.
#[derive(Clone, Debug)]
pub struct TestFailure {
    /// The reason in a sentence.
    pub message: String,
    /// A hint, such as a name that resembles the one in the request.
    pub hint: Option<String>,
    /// `allow`, `deny`, `no-sign-in`, or `error`.
    pub got: String,
    /// The trace with carets into the rules; empty if the request was not decided.
    pub explanation: String,
    /// The location in the rules that decided.
    pub location: Option<Location>,
    /// Whether the test passes with a note and `strict` turns the note into a failure.
    pub noted: bool,
    /// Equal for failures with the same cause.
    pub(super) fingerprint: u64,
}

impl TestFailure {
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
pub(super) struct TestDecision(pub(super) Decision);

impl TestDecision {
    pub(super) fn is_allowed(&self) -> bool {
        self.0.is_allowed()
    }

    pub(super) fn verdict(&self) -> Expectation {
        if self.is_allowed() { Expectation::Allow } else { Expectation::Deny }
    }

    /// The cause in a sentence; for false conditions of an explained decision, with the part that is false.
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

    /// The hint of an explained decision.
    pub(super) fn hint(&self) -> Option<String> {
        self.0.hint()
    }

    /// For an explained denial of a query, the filter that the query lacks.
    pub(super) fn missing_filter(&self) -> Option<String> {
        match &self.0 {
            Decision::Service(decision) => decision.missing_filter(),
            Decision::Database(_) => None,
        }
    }

    /// A hint that only the test can give: a name that resembles the one in the request, or missing metadata.
    pub(super) fn hint_for(&self, case: &Case) -> Option<String> {
        case.hint.clone().or_else(|| match (&self.0, &case.request) {
            (Decision::Service(decision), TestRequest::Storage(request, _)) => {
                let unstated = MissingMetadata::of(decision, request, case.size_unstated)?;
                Some(unstated.in_suite(case.verb, request.name()))
            }
            _ => None,
        })
    }

    /// The explanation for people, wrapped to the given number of columns.
    pub(super) fn explanation(&self, columns: usize) -> String {
        self.0.explanation(columns)
    }

    pub(super) fn source(&self) -> &Source {
        self.0.source()
    }

    fn fault(&self) -> Option<&Fault> {
        self.0.error()
    }

    /// Checks that the decision has the expected cause; otherwise returns the message of the failure.
    pub(super) fn check_cause(&self, because: &ExpectedCause) -> Result<(), String> {
        let instead = |what: &str| Err(format!("{what}, but {}", self.reason()));
        match because {
            // All causes but a line are causes of denials.
            ExpectedCause::NoMatch
            | ExpectedCause::Refused
            | ExpectedCause::False
            | ExpectedCause::Invalid
            | ExpectedCause::Error(_)
                if self.is_allowed() =>
            {
                instead("expected a cause of a denial")
            }
            ExpectedCause::NoMatch if !self.is_uncovered() => instead("expected that nothing covers the request"),
            ExpectedCause::Refused if !self.is_refused() => instead("expected a request that no rules could decide"),
            ExpectedCause::False if self.fault().is_some() || self.has_no_match() || self.is_refused() => {
                instead("expected false conditions")
            }
            ExpectedCause::Invalid if !matches!(&self.0, Decision::Database(d) if matches!(d.cause(), database::Cause::Invalid(..))) => {
                instead("expected an invalid value")
            }
            ExpectedCause::Error(text) => match (self.fault(), text) {
                (None, _) => instead("expected an evaluation error"),
                (Some(fault), Some(text)) if !self.faults(fault).any(|fault| self.says(fault, text)) => {
                    Err(format!("expected an error with `{text}`, but the error is: {}", located(self.source(), fault)))
                }
                _ => Ok(()),
            },
            ExpectedCause::Line(line) => {
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

    /// The error that decided, and the errors of other statements, any of which could have permitted the request.
    fn faults<'s>(&'s self, first: &'s Fault) -> impl Iterator<Item = &'s Fault> {
        let others = match &self.0 {
            Decision::Service(decision) => Some(decision.statements()),
            Decision::Database(_) => None,
        };
        std::iter::once(first).chain(others.into_iter().flatten().filter_map(|statement| fault(&statement.outcome)))
    }

    /// Whether the message of an error, as the engine words it or as reports show it, contains a text.
    fn says(&self, fault: &Fault, text: &str) -> bool {
        fault.message.contains(text) || located(self.source(), fault).contains(text)
    }

    /// Whether nothing in the rules covers the request, or only a catch-all does.
    fn is_uncovered(&self) -> bool {
        self.has_no_match() || self.catch_all().is_some()
    }

    /// Whether the cause of the denial is false conditions; only an explained decision knows which.
    fn is_plain_denial(&self) -> bool {
        match &self.0 {
            Decision::Service(decision) => matches!(decision.cause(), service::Cause::ConditionsFalse),
            Decision::Database(decision) => matches!(decision.cause(), database::Cause::NotGranted(_, None)),
        }
    }

    /// The catch-all that alone caused an explained denial: `match /{document=**} { allow read, write: if false; }`, or
    /// `".read": false` at the root. A catch-all that permits nobody anything counts always; any other counts if a
    /// misspelt name keeps another block or rule from covering the path.
    pub(super) fn catch_all(&self) -> Option<Span> {
        if !self.is_plain_denial() {
            return None;
        }
        let source = self.source();
        let ignores = |condition: Option<&Step>| condition.is_some_and(|condition| ignores_request(source, condition));
        match &self.0 {
            Decision::Service(decision) => {
                let mut blocks = decision.trace()?.iter().filter(|block| !block.statements.is_empty()).peekable();
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

    /// If the rules name the path of an uncovered request, but not its method: the block without a statement for the
    /// method or, for a database, the rule of another kind. Needs an explained decision.
    pub(super) fn no_method(
        &self,
        method: &str,
        catch_all: Option<&str>,
        location: &dyn Fn(Span) -> String,
    ) -> Option<String> {
        match &self.0 {
            Decision::Service(decision) => {
                // A catch-all names no path.
                let names = |block: &&BlockTrace| block.statements.is_empty() && !is_catch_all(&block.path);
                let block = decision.trace()?.iter().find(names)?;
                let only = catch_all.map_or(String::new(), |at| format!(", only the catch-all does ({at})"));
                Some(format!(
                    "no statement of `match {}` ({}) covers `{method}`{only}",
                    block.path,
                    location(block.span)
                ))
            }
            Decision::Database(decision) => {
                let (kind, (other, path, span)) = decision.other_kind()?;
                let root = catch_all.map_or(String::new(), |at| format!(" but the root's ({at})"));
                let (kind, other, at) = (kind.name(), other.name(), location(span));
                Some(format!("no `{kind}`{root} exists at or above `{other} of {path}` ({at})"))
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

    /// The lines that decided, each once: the first line of a statement or rule, and the lines of the parts of its
    /// condition that made it false or failed. Every statement that might have permitted decides a denial.
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
                        // A statement permits as a whole, so every line of it counts.
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

/// Visits the parts of a condition that made it false or failed, outermost first.
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

impl TestRequest {
    /// The method: `create`.
    pub(super) fn method(&self) -> String {
        self.title().split(' ').next().unwrap_or("").to_owned()
    }

    /// The request: `create users/alice/cat.png`.
    pub(super) fn title(&self) -> String {
        match self {
            TestRequest::Storage(request, _) => request.to_string(),
            TestRequest::Firestore(request, _) => request.to_string(),
            TestRequest::Database(request, _) => request.to_string(),
            TestRequest::NoUser { request, .. } => request.clone(),
        }
    }
}
