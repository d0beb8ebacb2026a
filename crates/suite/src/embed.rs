//! Suites and decisions in Rust tests: `cargo test` runs the same suites, and hand-written tests fail with the trace.

use std::path::Path;

use firewarden::{database, internals::service, value::Timestamp};

use super::{
    Disk, LoadError, Options, Run, Suites, TestResult, discover,
    report::{Detail, Layout, human},
};

/// Runs one suite, or all suites below a folder. The run has a result for each test, and a failed one for each suite
/// that cannot be loaded. `now` is the clock of suites that state none.
pub fn run_folder(folder: impl AsRef<Path>, now: Timestamp) -> Run {
    let folder = folder.as_ref();
    let paths = match discover(&[folder.to_owned()]) {
        Ok(paths) if paths.is_empty() => return unread(folder, "no suites (*.test.yaml, *.test.json)"),
        Ok(paths) => paths,
        Err(why) => return unread(folder, &why),
    };
    let suites = Suites::load(&Disk, &paths, now);
    let mut run = suites.run(&Options::default(), &|_| ());
    run.results.extend(suites.errors.iter().map(TestResult::unreadable));
    run
}

fn unread(folder: &Path, why: &str) -> Run {
    let error = LoadError::Unreadable(folder.to_owned(), why.to_owned());
    Run { results: vec![TestResult::unreadable(&error)], ..Run::default() }
}

/// Panics with the failures and their traces unless all suites below a folder pass.
///
/// ```no_run
/// use std::time::SystemTime;
///
/// #[test]
/// fn rules() {
///     firewarden_suite::assert_folder("rules", SystemTime::now().into());
/// }
/// ```
///
/// # Panics
///
/// A test fails, or a suite cannot be run.
#[track_caller]
pub fn assert_folder(folder: impl AsRef<Path>, now: Timestamp) {
    let run = run_folder(folder, now);
    let report = || human(&run, Layout { detail: Detail::Quiet, ..Layout::default() });
    assert!(run.passed(), "{}", report());
}

/// A decision of any product.
pub trait ExplainedDecision {
    /// Whether the rules allow the request.
    fn is_allowed(&self) -> bool;

    /// The explanation for people; it has the whole trace if `explain` made the decision.
    fn explained(&self) -> String;
}

impl ExplainedDecision for service::Decision {
    fn is_allowed(&self) -> bool {
        service::Decision::is_allowed(self)
    }

    fn explained(&self) -> String {
        self.explanation().to_string()
    }
}

impl ExplainedDecision for database::Decision {
    fn is_allowed(&self) -> bool {
        database::Decision::is_allowed(self)
    }

    fn explained(&self) -> String {
        self.explanation().to_string()
    }
}

/// Panics with the trace unless the rules allow the request.
///
/// ```
/// use firewarden::{Auth, database::{Data, Request, Ruleset}};
/// use firewarden_suite::{assert_allowed, assert_denied};
///
/// let rules: Ruleset = r#"{ "rules": { "$uid": { ".read": "auth.uid === $uid" } } }"#.parse()?;
/// let stored = Data::default();
/// assert_allowed(&rules.explain(&Request::read("/alice").auth(Auth::user("alice")), &stored)?);
/// assert_denied(&rules.explain(&Request::read("/alice").auth(Auth::user("bob")), &stored)?);
/// # Ok::<(), firewarden::Error>(())
/// ```
///
/// # Panics
///
/// The request is denied.
#[track_caller]
pub fn assert_allowed(decision: &impl ExplainedDecision) {
    assert!(decision.is_allowed(), "expected the rules to allow the request\n\n{}", decision.explained());
}

/// Panics with the trace unless the rules deny the request.
///
/// # Panics
///
/// The request may pass.
#[track_caller]
pub fn assert_denied(decision: &impl ExplainedDecision) {
    assert!(!decision.is_allowed(), "expected the rules to deny the request\n\n{}", decision.explained());
}
