//! Runs tests in parallel, with results in the order of the suites.

use std::{
    collections::BTreeSet,
    num::NonZeroUsize,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use firewarden::{
    internals::{eval::Coverage, explain::COLUMNS},
    rules::{Decision, Rules},
};

use super::{
    case::{self, Case, Expectation, TestRequest},
    coverage::FileCoverage,
    expected_cause::ExpectedCause,
    load::{Suite, Suites},
    note::Note,
    outcome::{TestDecision, TestFailure, TestOutcome, TestResult},
};

/// The number of tests that a worker takes at a time. Coverage is added up chunk by chunk in their order, so that it
/// does not depend on the number of workers.
const CHUNK: usize = 64;

/// A line of a suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuiteLine {
    /// The path of the suite as it was loaded.
    pub path: PathBuf,
    /// The line, counted from one.
    pub line: u32,
}

/// What identifies a test. Lines change more often than names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TestId {
    /// The path of the suite.
    pub suite: String,
    /// The name of the test.
    pub name: String,
}

/// The options of a run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Selects tests whose suite's path or name contains this text, ignoring case; `path::name` requires both.
    pub filter: Option<String>,
    /// Selects tests at these lines of the suites named here; other suites are not restricted.
    pub lines: Vec<SuiteLine>,
    /// Selects these tests.
    pub only: Option<BTreeSet<TestId>>,
    /// Stops at the first failure.
    pub bail: bool,
    /// Fails tests that pass with a note.
    pub strict: bool,
    /// The number of threads; by default, that of the machine's cores.
    pub jobs: Option<NonZeroUsize>,
    /// Whether to measure coverage.
    pub coverage: bool,
    /// The width of a report for people, which indents traces by two columns; 80 by default.
    pub columns: Option<usize>,
    /// A monotonic clock; without one, durations are not measured.
    pub timer: Option<fn() -> Duration>,
}

impl Options {
    /// The width of a trace.
    fn trace(&self) -> usize {
        self.columns.unwrap_or(COLUMNS).saturating_sub(2)
    }
}

/// The results of a run.
#[derive(Debug, Default)]
pub struct Run {
    /// The results, in the order of the suites and their tests.
    pub results: Vec<TestResult>,
    /// The coverage of each rules file, if [`Options::coverage`] requests it.
    pub coverage: Vec<(Rules, Coverage)>,
    /// The number of tests that were not selected.
    pub filtered: usize,
    /// The number of tests that were not run because of [`Options::bail`].
    pub unrun: usize,
    /// The duration of the run, if [`Options::timer`] measures it.
    pub duration: Option<Duration>,
    /// The number of suites that cannot be run; [`Suites::errors`] has the reasons.
    pub broken: usize,
}

impl Run {
    /// The numbers of tests that passed, failed, and were skipped.
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |of: fn(&TestOutcome) -> bool| self.results.iter().filter(|result| of(&result.outcome)).count();
        (
            count(|outcome| matches!(outcome, TestOutcome::Passed(_))),
            count(|outcome| matches!(outcome, TestOutcome::Failed(_))),
            count(|outcome| matches!(outcome, TestOutcome::Skipped(_))),
        )
    }

    /// Whether no test failed.
    pub fn passed(&self) -> bool {
        self.results.iter().all(|result| result.failure().is_none())
    }

    /// The coverage of each rules file, for reports.
    pub fn coverage(&self) -> Vec<FileCoverage> {
        self.coverage.iter().map(|(rules, coverage)| FileCoverage::new(rules, coverage)).collect()
    }
}

/// The results of a chunk of tests.
#[derive(Default)]
struct Chunk {
    results: Vec<TestResult>,
    /// The coverage of each of the rules; incomplete if another worker's failure ended the chunk.
    coverage: Vec<Option<Coverage>>,
}

impl Suites {
    /// Runs the selected tests. All threads call `progress` with the number of tests that they have run since their
    /// last call.
    pub fn run(&self, options: &Options, progress: &(dyn Fn(usize) + Sync)) -> Run {
        let begun = options.timer.map(|timer| timer());
        let chosen = self.chosen(options);
        let filtered = self.tests() - chosen.len();
        let chunks: Vec<&[(&Suite, &Case)]> = chosen.chunks(CHUNK).collect();
        // `failed` is the index of the first known failure. Tests before it are run in any case.
        let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
        let done = Mutex::new(Vec::with_capacity(chunks.len()));
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(chunk) = chunks.get(at).filter(|_| at * CHUNK < failed.load(Ordering::Relaxed)) else {
                    return;
                };
                let chunk = self.run_chunk(chunk, at * CHUNK, options, &failed);
                progress(chunk.results.len());
                done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((at, chunk));
            }
        };
        let most = options.jobs.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
        let jobs = most.min(chunks.len());
        if jobs <= 1 {
            work();
        } else {
            // The system may start fewer threads, so this thread works too.
            thread::scope(|scope| {
                let spawn = |_| thread::Builder::new().spawn_scoped(scope, work).is_ok();
                let _ = (1..jobs).all(spawn);
                work();
            });
        }
        let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        done.sort_by_key(|(at, _)| *at);
        let mut run = self.merge(done.into_iter().map(|(_, chunk)| chunk), chosen.len(), filtered, options);
        run.duration = since(begun, options);
        run
    }

    fn run_chunk(&self, tests: &[(&Suite, &Case)], first: usize, options: &Options, failed: &AtomicUsize) -> Chunk {
        let mut chunk = Chunk::default();
        if options.coverage {
            chunk.coverage.resize_with(self.rules.len(), || None);
        }
        for (at, (suite, case)) in tests.iter().enumerate().map(|(at, test)| (first + at, test)) {
            if at > failed.load(Ordering::Relaxed) {
                break;
            }
            let Some(rules) = self.rules.get(suite.rules) else { continue };
            let coverage = chunk.coverage.get_mut(suite.rules);
            let coverage = coverage.map(|slot| slot.get_or_insert_with(|| Coverage::new(true)));
            let result = run_test(rules, suite, case, coverage, options);
            if options.bail && result.failure().is_some() {
                failed.fetch_min(at, Ordering::Relaxed);
            }
            chunk.results.push(result);
        }
        chunk
    }

    fn merge(&self, chunks: impl Iterator<Item = Chunk>, chosen: usize, filtered: usize, options: &Options) -> Run {
        let mut run = Run { filtered, broken: self.requested - self.suites.len(), ..Run::default() };
        if options.coverage {
            run.coverage = self.rules.iter().map(|rules| (rules.clone(), Coverage::new(true))).collect();
        }
        for chunk in chunks {
            // Whether tests after the first failure were run is chance, so their results do not count.
            if options.bail && !run.passed() {
                break;
            }
            run.results.extend(chunk.results);
            for ((_, sum), more) in run.coverage.iter_mut().zip(&chunk.coverage) {
                if let Some(more) = more {
                    sum.add(more);
                }
            }
        }
        run.unrun = chosen - run.results.len();
        run
    }
}

/// The time since `begun`, if it is measured.
fn since(begun: Option<Duration>, options: &Options) -> Option<Duration> {
    Some((options.timer?)().saturating_sub(begun?))
}

fn run_test(
    rules: &Rules,
    suite: &Suite,
    case: &Case,
    coverage: Option<&mut Coverage>,
    options: &Options,
) -> TestResult {
    let at = suite.source.position(case.span.start);
    let begun = options.timer.map(|timer| timer());
    let mut outcome = match &case.skip {
        Some(why) => TestOutcome::Skipped(why.clone()),
        None => run_case(rules, case, coverage, options.trace()),
    };
    if let (true, TestOutcome::Passed(Some(note))) = (options.strict, &outcome) {
        outcome = TestOutcome::Failed(Box::new(doubtful(rules, case, note, options.trace())));
    }
    TestResult {
        suite: suite.source.name().to_owned(),
        line: at.line,
        column: at.column,
        name: case.name.clone(),
        user: case::one_line(&case.user),
        request: case.request.title(),
        expected: case.expect.name(),
        outcome,
        duration: since(begun, options),
    }
}

/// The failure of a test that passes with a note, under `strict`.
fn doubtful(rules: &Rules, case: &Case, note: &Note, columns: usize) -> TestFailure {
    let message = format!("passes, but {note}");
    let failure = match decide(rules, &case.request, None, true) {
        Ok(decision) => TestFailure::of_decision(&decision, message, note.word(), columns),
        Err(_) => TestFailure::undecided(message, case.expect.name()),
    };
    TestFailure { noted: true, ..failure.with_hint(Some(format!("if that is meant: `because: {}`", note.word()))) }
}

/// Decides the request of a test and compares the decision with what the test expects.
fn run_case(rules: &Rules, case: &Case, coverage: Option<&mut Coverage>, columns: usize) -> TestOutcome {
    let failed = |failure: TestFailure| TestOutcome::Failed(Box::new(failure));
    if let TestRequest::NoUser { code, message, .. } = &case.request {
        return match no_sign_in(case, code, message) {
            Ok(()) => TestOutcome::Passed(None),
            Err(message) => failed(TestFailure::undecided(message, "no-sign-in")),
        };
    }
    // An expected cause and the note on a denial need a trace.
    let wants_trace = case.because.is_some() || case.expect == Expectation::Deny;
    // A decision that measures coverage has no trace.
    let has_trace = wants_trace && coverage.is_none();
    let decision = match decide(rules, &case.request, coverage, wants_trace) {
        // A failure shows the whole trace.
        Ok(decision) if !has_trace && (wants_trace || decision.verdict() != case.expect) => {
            decide(rules, &case.request, None, true).unwrap_or(decision)
        }
        Ok(decision) => decision,
        Err(error) => return failed(TestFailure::undecided(format!("no decision: {error}"), "error")),
    };
    let got = decision.verdict();
    if got != case.expect {
        let message = match case.expect {
            Expectation::NoSignIn => format!("`{}` can sign in", case.user),
            expect => format!("expected {}, got {}: {}", expect.name(), got.name(), decision.reason()),
        };
        let hint =
            if got == Expectation::Deny { decision.hint_for(case).or_else(|| decision.missing_filter()) } else { None };
        return failed(TestFailure::of_decision(&decision, message, case.expect.name(), columns).with_hint(hint));
    }
    match &case.because {
        Some(because) => match decision.check_cause(because) {
            Ok(()) => TestOutcome::Passed(None),
            Err(why) => failed(TestFailure::of_decision(&decision, why, because, columns)),
        },
        None => TestOutcome::Passed(Note::of(&decision, case)),
    }
}

/// Checks that a failed sign-in is what the test expects; otherwise returns the message of the failure.
fn no_sign_in(case: &Case, code: &str, message: &str) -> Result<(), String> {
    let why = format!("`{}` cannot sign in: {message} ({code})", case.user);
    match (case.expect, &case.because) {
        (Expectation::NoSignIn, None | Some(ExpectedCause::Error(None))) => Ok(()),
        (Expectation::NoSignIn, Some(ExpectedCause::Error(Some(text)))) if why.contains(text.as_str()) => Ok(()),
        (Expectation::NoSignIn, Some(ExpectedCause::Error(Some(text)))) => {
            Err(format!("expected a refusal with `{text}`, but {why}"))
        }
        (Expectation::NoSignIn, Some(_)) => {
            Err(format!("no rule decides a sign-in; state its error with `because: {{ error: … }}`: {why}"))
        }
        _ => Err(format!("{why}; a test that expects this says `expect: no-sign-in`")),
    }
}

fn decide(
    rules: &Rules,
    request: &TestRequest,
    coverage: Option<&mut Coverage>,
    explain: bool,
) -> Result<TestDecision, firewarden::Error> {
    Ok(TestDecision(match (rules, request) {
        (Rules::Storage(rules), TestRequest::Storage(request, store)) => Decision::Service(Box::new(match coverage {
            Some(coverage) => rules.cover(request, &**store, coverage)?,
            None if explain => rules.explain(request, &**store)?,
            None => rules.evaluate(request, &**store)?,
        })),
        (Rules::Firestore(rules), TestRequest::Firestore(request, store)) => {
            Decision::Service(Box::new(match coverage {
                Some(coverage) => rules.cover(request, &**store, coverage)?,
                None if explain => rules.explain(request, &**store)?,
                None => rules.evaluate(request, &**store)?,
            }))
        }
        (Rules::Database(rules), TestRequest::Database(request, data)) => {
            Decision::Database(Box::new(match coverage {
                Some(coverage) => rules.cover(request, &**data, coverage)?,
                None if explain => rules.explain(request, &**data)?,
                None => rules.evaluate(request, &**data)?,
            }))
        }
        // Each request is built for its rules.
        _ => return Err(firewarden::Error::Data("the request is for other rules".into())),
    }))
}
