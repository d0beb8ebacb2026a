//! Running tests: in parallel, with results in the order of the files.

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
    because::Because,
    case::{self, Ask, Case, Expect},
    coverage::FileCoverage,
    load::{Suite, Suites},
    note::Note,
    outcome::{Answer, Failure, Outcome, TestResult},
};

/// Tests that one worker takes at a time. Coverage is added up by these pieces, in their order, so that it does not
/// depend on the number of workers.
const PIECE: usize = 64;

/// How to run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only tests whose suite's path or name contains this, whatever the case; `path::name` asks for both.
    pub filter: Option<String>,
    /// Of the suites that are named here, only the tests that stand at one of the lines: the path of a suite as it was
    /// loaded, and a line of it, counted from one.
    pub lines: Vec<(PathBuf, u32)>,
    /// Only these tests: the path of a suite, and the name of a test.
    pub only: Option<BTreeSet<(String, String)>>,
    /// Stop at the first failure: those that were not begun are not run.
    pub bail: bool,
    /// A passing test with a note fails.
    pub strict: bool,
    /// Threads; without this as many as the machine has.
    pub jobs: Option<NonZeroUsize>,
    /// Whether what is evaluated is counted.
    pub coverage: bool,
    /// Columns of a report for people, which indents the traces of failures by two; without this 80.
    pub columns: Option<usize>,
    /// A clock that only goes forward, counted from any moment; without this no durations are measured.
    pub timer: Option<fn() -> Duration>,
}

impl Options {
    /// Columns of a trace.
    fn trace(&self) -> usize {
        self.columns.unwrap_or(COLUMNS).saturating_sub(2)
    }
}

/// What came of all tests.
#[derive(Debug, Default)]
pub struct Run {
    /// In the order of the suites and of their tests.
    pub results: Vec<TestResult>,
    /// What the tests evaluated, where that was asked for: the rules of each file.
    pub coverage: Vec<(Rules, Coverage)>,
    /// Tests that the filter left out.
    pub filtered: usize,
    /// Tests that were not run after a failure.
    pub unrun: usize,
    /// How long all of it took, where that was measured (see [`Options::timer`]).
    pub duration: Option<Duration>,
    /// Suites that cannot be run; what is wrong with them is among the errors of [`Suites`].
    pub broken: usize,
}

impl Run {
    /// How many tests passed, failed, and were skipped.
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |of: fn(&Outcome) -> bool| self.results.iter().filter(|result| of(&result.outcome)).count();
        (
            count(|outcome| matches!(outcome, Outcome::Passed(_))),
            count(|outcome| matches!(outcome, Outcome::Failed(_))),
            count(|outcome| matches!(outcome, Outcome::Skipped(_))),
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

/// What a piece of the tests came to.
#[derive(Default)]
struct Piece {
    results: Vec<TestResult>,
    /// By the number of the rules. Of a piece that others' failures may have cut short, nothing.
    coverage: Vec<Option<Coverage>>,
}

impl Suites {
    /// Runs the tests that the options choose. `progress` is told how many more have been run; it is called from all
    /// threads.
    pub fn run(&self, options: &Options, progress: &(dyn Fn(usize) + Sync)) -> Run {
        let begun = options.timer.map(|timer| timer());
        let chosen = self.chosen(options);
        let filtered = self.tests() - chosen.len();
        let pieces: Vec<&[(&Suite, &Case)]> = chosen.chunks(PIECE).collect();
        // Where the first failure is that is known of: what comes before it is run all the same.
        let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
        let done = Mutex::new(Vec::with_capacity(pieces.len()));
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(piece) = pieces.get(at).filter(|_| at * PIECE < failed.load(Ordering::Relaxed)) else {
                    return;
                };
                let piece = self.piece(piece, at * PIECE, options, &failed);
                progress(piece.results.len());
                done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((at, piece));
            }
        };
        let most = options.jobs.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
        let jobs = most.min(pieces.len());
        if jobs <= 1 {
            work();
        } else {
            // The system may give fewer threads; this one works too.
            thread::scope(|scope| {
                let spawn = |_| thread::Builder::new().spawn_scoped(scope, work).is_ok();
                let _ = (1..jobs).all(spawn);
                work();
            });
        }
        let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        done.sort_by_key(|(at, _)| *at);
        let mut run = self.joined(done.into_iter().map(|(_, piece)| piece), chosen.len(), filtered, options);
        run.duration = since(begun, options);
        run
    }

    fn piece(&self, tests: &[(&Suite, &Case)], first: usize, options: &Options, failed: &AtomicUsize) -> Piece {
        let mut piece = Piece::default();
        if options.coverage {
            piece.coverage.resize_with(self.rules.len(), || None);
        }
        for (at, (suite, case)) in tests.iter().enumerate().map(|(at, test)| (first + at, test)) {
            if at > failed.load(Ordering::Relaxed) {
                break;
            }
            let Some(rules) = self.rules.get(suite.rules) else { continue };
            let coverage = piece.coverage.get_mut(suite.rules);
            let coverage = coverage.map(|slot| slot.get_or_insert_with(|| Coverage::new(true)));
            let result = test(rules, suite, case, coverage, options);
            if options.bail && result.failure().is_some() {
                failed.fetch_min(at, Ordering::Relaxed);
            }
            piece.results.push(result);
        }
        piece
    }

    fn joined(&self, pieces: impl Iterator<Item = Piece>, chosen: usize, filtered: usize, options: &Options) -> Run {
        let mut run = Run { filtered, broken: self.asked - self.suites.len(), ..Run::default() };
        if options.coverage {
            run.coverage = self.rules.iter().map(|rules| (rules.clone(), Coverage::new(true))).collect();
        }
        for piece in pieces {
            // What comes after the first failure is chance: it counts for nothing.
            if options.bail && !run.passed() {
                break;
            }
            run.results.extend(piece.results);
            for ((_, sum), more) in run.coverage.iter_mut().zip(&piece.coverage) {
                if let Some(more) = more {
                    sum.add(more);
                }
            }
        }
        run.unrun = chosen - run.results.len();
        run
    }
}

/// The time since then, where it is measured.
fn since(begun: Option<Duration>, options: &Options) -> Option<Duration> {
    Some((options.timer?)().saturating_sub(begun?))
}

fn test(rules: &Rules, suite: &Suite, case: &Case, coverage: Option<&mut Coverage>, options: &Options) -> TestResult {
    let at = suite.source.position(case.span.start);
    let begun = options.timer.map(|timer| timer());
    let mut outcome = match &case.skip {
        Some(why) => Outcome::Skipped(why.clone()),
        None => judge(rules, case, coverage, options.trace()),
    };
    if let (true, Outcome::Passed(Some(note))) = (options.strict, &outcome) {
        outcome = Outcome::Failed(Box::new(doubtful(rules, case, note, options.trace())));
    }
    TestResult {
        suite: suite.source.name().to_owned(),
        line: at.line,
        column: at.column,
        name: case.name.clone(),
        user: case::one_line(&case.user),
        request: case.ask.title(),
        expected: case.expect.name(),
        outcome,
        duration: since(begun, options),
    }
}

/// A test that passes with a note, where that counts as a failure.
fn doubtful(rules: &Rules, case: &Case, note: &Note, columns: usize) -> Failure {
    let message = format!("passes, but {note}");
    let failure = match decide(rules, &case.ask, None, true) {
        Ok(answer) => Failure::decided(&answer, message, note.word(), columns),
        Err(_) => Failure::undecided(message, case.expect.name()),
    };
    Failure { noted: true, ..failure.with_hint(Some(format!("if that is meant: `because: {}`", note.word()))) }
}

/// Decides a test and compares.
fn judge(rules: &Rules, case: &Case, coverage: Option<&mut Coverage>, columns: usize) -> Outcome {
    let failed = |failure: Failure| Outcome::Failed(Box::new(failure));
    if let Ask::NoUser { code, message, .. } = &case.ask {
        return match no_sign_in(case, code, message) {
            Ok(()) => Outcome::Passed(None),
            Err(message) => failed(Failure::undecided(message, "no-sign-in")),
        };
    }
    // A line is pinned by what was looked at, and a denial is told with the rules that came to it: both take a trace.
    let wants_trace = case.because.is_some() || case.expect == Expect::Deny;
    // Coverage is counted without one.
    let has_trace = wants_trace && coverage.is_none();
    let answer = match decide(rules, &case.ask, coverage, wants_trace) {
        // What failed is told with all it went through.
        Ok(answer) if !has_trace && (wants_trace || answer.verdict() != case.expect) => {
            decide(rules, &case.ask, None, true).unwrap_or(answer)
        }
        Ok(answer) => answer,
        Err(error) => return failed(Failure::undecided(format!("there is no decision: {error}"), "error")),
    };
    let got = answer.verdict();
    if got != case.expect {
        let message = match case.expect {
            Expect::NoSignIn => format!("{} can sign in", case.user),
            expect => format!("expected {}, got {}: {}", expect.name(), got.name(), answer.reason()),
        };
        let hint = if got == Expect::Deny { answer.help(case).or_else(|| answer.missing_filter()) } else { None };
        return failed(Failure::decided(&answer, message, case.expect.name(), columns).with_hint(hint));
    }
    match &case.because {
        Some(because) => match answer.is_because(because) {
            Ok(()) => Outcome::Passed(None),
            Err(why) => failed(Failure::decided(&answer, why, because, columns)),
        },
        None => Outcome::Passed(Note::of(&answer, case)),
    }
}

/// Whether a sign-in that fails is what the test expects; otherwise why not.
fn no_sign_in(case: &Case, code: &str, message: &str) -> Result<(), String> {
    let why = format!("{} cannot sign in: {message} ({code})", case.user);
    match (case.expect, &case.because) {
        (Expect::NoSignIn, None | Some(Because::Error(None))) => Ok(()),
        (Expect::NoSignIn, Some(Because::Error(Some(text)))) if why.contains(text.as_str()) => Ok(()),
        (Expect::NoSignIn, Some(Because::Error(Some(text)))) => {
            Err(format!("expected a refusal with {text:?}, but {why}"))
        }
        (Expect::NoSignIn, Some(_)) => {
            Err(format!("no rule decides a sign-in; pin its error with `because: {{ error: … }}`: {why}"))
        }
        _ => Err(format!("{why}; a test that expects this says `expect: no-sign-in`")),
    }
}

fn decide(
    rules: &Rules,
    ask: &Ask,
    coverage: Option<&mut Coverage>,
    explain: bool,
) -> Result<Answer, firewarden::Error> {
    Ok(Answer(match (rules, ask) {
        (Rules::Storage(rules), Ask::Storage(request, store)) => Decision::Service(Box::new(match coverage {
            Some(coverage) => rules.cover(request, &**store, coverage)?,
            None if explain => rules.explain(request, &**store)?,
            None => rules.evaluate(request, &**store)?,
        })),
        (Rules::Firestore(rules), Ask::Firestore(request, store)) => Decision::Service(Box::new(match coverage {
            Some(coverage) => rules.cover(request, &**store, coverage)?,
            None if explain => rules.explain(request, &**store)?,
            None => rules.evaluate(request, &**store)?,
        })),
        (Rules::Database(rules), Ask::Database(request, data)) => Decision::Database(Box::new(match coverage {
            Some(coverage) => rules.cover(request, &**data, coverage)?,
            None if explain => rules.explain(request, &**data)?,
            None => rules.evaluate(request, &**data)?,
        })),
        // A request is always made for its rules.
        _ => return Err(firewarden::Error::Data("the request is for other rules".into())),
    }))
}
