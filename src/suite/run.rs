//! Running tests: in parallel, with results in the order of the files.

use std::{
    num::NonZeroUsize,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use crate::eval::Coverage;

use super::{
    Rules,
    because::Because,
    case::{self, Ask, Case, Expect},
    coverage::FileCoverage,
    load::{Suite, Suites},
    outcome::{Answer, Failure, Note, Outcome, TestResult},
};

/// Tests that one worker takes at a time. Coverage is added up by these pieces, in their order, so that it does not
/// depend on the number of workers.
const PIECE: usize = 64;

/// How to run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only tests whose suite's path or name contains this, whatever the case; `path::name` asks for both.
    pub filter: Option<String>,
    /// Stop at the first failure: those that were not begun are not run.
    pub bail: bool,
    /// A passing test with a note fails.
    pub strict: bool,
    /// Threads; without this as many as the machine has.
    pub jobs: Option<NonZeroUsize>,
    /// Whether what is evaluated is counted.
    pub coverage: bool,
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
        !self.results.iter().any(|result| matches!(result.outcome, Outcome::Failed(_)))
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
        let mut chosen: Vec<(&Suite, &Case)> = Vec::with_capacity(self.tests());
        for suite in &self.suites {
            let wanted = |case: &&Case| options.filter.as_deref().is_none_or(|filter| chooses(filter, suite, case));
            chosen.extend(suite.cases.iter().filter(wanted).map(|case| (suite, case)));
        }
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
        self.joined(done.into_iter().map(|(_, piece)| piece), chosen.len(), filtered, options)
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
            let result = test(rules, suite, case, coverage, options.strict);
            if options.bail && matches!(result.outcome, Outcome::Failed(_)) {
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

/// Whether a filter chooses a test.
pub(super) fn chooses(filter: &str, suite: &Suite, case: &Case) -> bool {
    let holds = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
    let path = suite.source.name();
    match filter.split_once("::") {
        Some((file, name)) => holds(path, file) && holds(&case.name, name),
        None => holds(path, filter) || holds(&case.name, filter),
    }
}

fn test(rules: &Rules, suite: &Suite, case: &Case, coverage: Option<&mut Coverage>, strict: bool) -> TestResult {
    let at = suite.source.position(case.span.start);
    let mut result = TestResult {
        suite: suite.source.name().to_owned(),
        line: at.line,
        column: at.column,
        name: case.name.clone(),
        user: case::one_line(&case.user),
        request: case.ask.title(),
        expected: case.expect.name(),
        outcome: Outcome::Passed(None),
    };
    result.outcome = match &case.skip {
        Some(why) => Outcome::Skipped(why.clone()),
        None => judge(rules, case, coverage),
    };
    if let (true, Outcome::Passed(Some(note))) = (strict, &result.outcome) {
        let explanation = decide(rules, &case.ask, None, true).map(|answer| answer.explanation()).unwrap_or_default();
        let (message, got) = (format!("passes, but {note}"), result.expected.to_owned());
        let hint = Some(format!("if that is meant: `because: {}`", note.word()));
        let failure = Failure { message, hint, got, explanation };
        result.outcome = Outcome::Failed(Box::new(failure));
    }
    result
}

/// Decides a test and compares.
fn judge(rules: &Rules, case: &Case, coverage: Option<&mut Coverage>) -> Outcome {
    let failed = |message: String, got: &str, explanation: String| {
        Outcome::Failed(Box::new(Failure { message, hint: None, got: got.to_owned(), explanation }))
    };
    if let Ask::NoUser { code, message, .. } = &case.ask {
        let why = format!("{} cannot sign in: {message} ({code})", case.user);
        return match (case.expect, &case.because) {
            (Expect::NoSignIn, None | Some(Because::Error(None))) => Outcome::Passed(None),
            (Expect::NoSignIn, Some(Because::Error(Some(text)))) if why.contains(text.as_str()) => {
                Outcome::Passed(None)
            }
            (Expect::NoSignIn, Some(Because::Error(Some(text)))) => {
                failed(format!("expected a refusal with {text:?}, but {why}"), "no-sign-in", String::new())
            }
            (Expect::NoSignIn, Some(_)) => {
                let message = format!("no rule decides a sign-in; pin its error with `because: {{ error: … }}`: {why}");
                failed(message, "no-sign-in", String::new())
            }
            _ => failed(
                format!("{why}; a test that expects this says `expect: no-sign-in`"),
                "no-sign-in",
                String::new(),
            ),
        };
    }
    // A line is pinned by what was looked at, which only a trace has.
    let pinned = case.because.is_some();
    let answer = match decide(rules, &case.ask, coverage, false) {
        // What failed is told with all it went through, too.
        // Which blocks denied, too.
        Ok(answer)
            if pinned || answer.verdict() != case.expect || answer.is_plain_denial() || answer.is_denied_query() =>
        {
            decide(rules, &case.ask, None, true).unwrap_or(answer)
        }
        Ok(answer) => answer,
        Err(error) => return failed(format!("there is no decision: {error}"), "error", String::new()),
    };
    let got = answer.verdict();
    if got != case.expect {
        let message = match case.expect {
            Expect::NoSignIn => format!("{} can sign in", case.user),
            expect => format!("expected {}, got {}: {}", expect.name(), got.name(), answer.reason()),
        };
        let hint = match got {
            Expect::Deny => case.hint(answer.is_uncovered()).or_else(|| answer.hint()),
            _ => None,
        };
        let got = got.name().to_owned();
        return Outcome::Failed(Box::new(Failure { message, hint, got, explanation: answer.explanation() }));
    }
    match &case.because {
        Some(because) => match answer.is_because(because) {
            Ok(()) => Outcome::Passed(None),
            Err(why) => failed(why, got.name(), answer.explanation()),
        },
        None => Outcome::Passed(Note::of(&answer, case)),
    }
}

fn decide(
    rules: &Rules,
    ask: &Ask,
    coverage: Option<&mut Coverage>,
    explain: bool,
) -> Result<Answer, crate::error::Error> {
    Ok(match (rules, ask) {
        (Rules::Storage(rules), Ask::Storage(request, store)) => Answer::Service(match coverage {
            Some(coverage) => rules.cover(request, &**store, coverage)?,
            None if explain => rules.explain(request, &**store)?,
            None => rules.evaluate(request, &**store)?,
        }),
        (Rules::Firestore(rules), Ask::Firestore(request, store)) => Answer::Service(match coverage {
            Some(coverage) => rules.cover(request, &**store, coverage)?,
            None if explain => rules.explain(request, &**store)?,
            None => rules.evaluate(request, &**store)?,
        }),
        (Rules::Database(rules), Ask::Database(request, data)) => Answer::Database(Box::new(match coverage {
            Some(coverage) => rules.cover(request, &**data, coverage)?,
            None if explain => rules.explain(request, &**data)?,
            None => rules.evaluate(request, &**data)?,
        })),
        // A request is always made for its rules.
        _ => return Err(crate::error::Error::Data("the request is for other rules".into())),
    })
}
