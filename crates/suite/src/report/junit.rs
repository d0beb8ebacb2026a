//! Results as JUnit XML, which every CI service reads.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Run, TestOutcome, TestResult, by_suite, note, summary::total_duration};
use crate::Suites;

/// Renders a `testsuite` for each suite and a `testcase` for each test; a suite that cannot be run has one test case
/// with an error. A failure has the message and the trace, `system-out` has the note, and `time` the duration in
/// seconds, if it was measured. Characters that XML cannot represent are left out.
///
/// # Errors
///
/// None known: the text is written to memory.
pub fn junit(suites: &Suites, run: &Run) -> Result<String, String> {
    let mut report = Report::new("firewarden");
    for broken in suites.errors.iter().map(TestResult::unreadable) {
        let mut suite = TestSuite::new(broken.suite.as_str());
        suite.add_test_case(test(&broken));
        report.add_test_suite(suite);
    }
    for tests in by_suite(run) {
        let Some(first) = tests.first() else { continue };
        let mut suite = TestSuite::new(first.suite.as_str());
        suite.add_test_cases(tests.iter().map(test));
        if let Some(duration) = total_duration(tests) {
            suite.set_time(duration);
        }
        report.add_test_suite(suite);
    }
    if let Some(duration) = run.duration {
        report.set_time(duration);
    }
    let text = report.to_string().map_err(|error| error.to_string())?;
    // XML excludes these two characters, and the writer passes them on.
    let text = text.replace(['\u{fffe}', '\u{ffff}'], "");
    // The schema of Jenkins (xunit-plugin, junit-10.xsd) has this attribute for each suite, not for all of them.
    Ok(text.replacen(&format!(" skipped=\"{}\"", report.skipped), "", 1))
}

fn test(result: &TestResult) -> TestCase {
    let status = match &result.outcome {
        TestOutcome::Passed(_) => TestCaseStatus::success(),
        TestOutcome::Failed(failure) => {
            let kind = if failure.got == "error" { NonSuccessKind::Error } else { NonSuccessKind::Failure };
            let mut status = TestCaseStatus::non_success(kind);
            let TestResult { suite, line, request, user, expected, .. } = result;
            status.set_message(failure.text()).set_type(format!("expected-{expected}")).set_description(format!(
                "{suite}:{line}: {request} as {user}\n{}\n\n{}",
                failure.message, failure.explanation
            ));
            status
        }
        TestOutcome::Skipped(why) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(why.as_str());
            status
        }
    };
    let mut case = TestCase::new(result.name.as_str(), status);
    case.set_classname(result.suite.as_str());
    if let Some(duration) = result.duration {
        case.set_time(duration);
    }
    if let Some(note) = note(result) {
        case.set_system_out(format!("passes, but {note}"));
    }
    case
}
