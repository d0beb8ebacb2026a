//! Suites and decisions within tests of one's own: `cargo test` runs the same files, and hand-written tests fail with
//! the trace.

use std::path::Path;

use firewarden::{database, internals::service, value::Timestamp};

use super::{
    Disk, LoadError, Options, Run, Suites, TestResult, discover,
    report::{Detail, Layout, human},
};

/// Runs all suites below a folder, or one suite, and gives a result for each test. What keeps a suite from being read is
/// the result of a failed test too. `now` is the clock of suites that state none.
pub fn run_folder(folder: impl AsRef<Path>, now: Timestamp) -> Run {
    let folder = folder.as_ref();
    let paths = match discover(&[folder.to_owned()]) {
        Ok(paths) if paths.is_empty() => return unread(folder, "there are no suites (*.test.yaml, *.test.json)"),
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

/// Fails the test that calls it, with failures and their traces, unless all suites below a folder pass.
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
pub trait Decided {
    /// Whether the request may pass.
    fn is_allowed(&self) -> bool;

    /// What decided, as a person reads it; the whole trace where the decision was asked for with `explain`.
    fn explained(&self) -> String;
}

impl Decided for service::Decision {
    fn is_allowed(&self) -> bool {
        service::Decision::is_allowed(self)
    }

    fn explained(&self) -> String {
        self.explanation().to_string()
    }
}

impl Decided for database::Decision {
    fn is_allowed(&self) -> bool {
        database::Decision::is_allowed(self)
    }

    fn explained(&self) -> String {
        self.explanation().to_string()
    }
}

/// Fails the test that calls it, with the trace, unless the request may pass.
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
pub fn assert_allowed(decision: &impl Decided) {
    assert!(decision.is_allowed(), "expected that the request may pass\n\n{}", decision.explained());
}

/// Fails the test that calls it, with the trace, unless the request is denied.
///
/// # Panics
///
/// The request may pass.
#[track_caller]
pub fn assert_denied(decision: &impl Decided) {
    assert!(!decision.is_allowed(), "expected that the request is denied\n\n{}", decision.explained());
}
