//! Results as Markdown: the summary of a step of GitHub Actions.

use super::{
    Ci, TestOutcome, TestResult, by_suite,
    fold::folded,
    groups::{self, TestGroup},
    summary::{count, summary, time, total_duration},
};
use crate::{
    TestFailure,
    coverage::{FileCoverage, Measure, Ratio},
};
use firewarden::text::Diagnostics;

/// Further tests of a group that are named.
const MAX_ALIKE: usize = 20;
/// Bytes reserved for the line that counts what was left out.
const RESERVE: usize = 200;

/// Renders the totals, a table of suites, one of coverage, and the failures with collapsed traces, in at most `most`
/// bytes. The last line of each part counts what does not fit.
pub fn markdown(ci: &Ci<'_>, most: usize) -> String {
    let mut page = Page { out: String::new(), most };
    let mark = if ci.passed() { "✅" } else { "❌" };
    page.push(&format!("### {mark} firewarden\n\n{}\n", text(&summary(ci.run))));
    broken(&mut page, ci);
    warnings(&mut page, ci);
    // Failures matter more than rows of suites that passed.
    page.most = most / 2;
    suites(&mut page, ci);
    coverage(&mut page, ci);
    page.most = most;
    failures(&mut page, ci);
    page.out
}

struct Page {
    out: String,
    most: usize,
}

impl Page {
    /// Adds a text if all of it fits, with the reserve to spare.
    fn push(&mut self, text: &str) -> bool {
        let fits = self.out.len() + text.len() + RESERVE <= self.most;
        if fits {
            self.out += text;
        }
        fits
    }

    /// Adds the texts that fit, and counts the others.
    fn all<T>(&mut self, items: &[T], word: &str, one: impl Fn(&T) -> String) {
        for (at, item) in items.iter().enumerate() {
            if !self.push(&one(item)) {
                let more = format!("\n… and {}\n", count(items.len() - at, word));
                if self.out.len() + more.len() <= self.most {
                    self.out += &more;
                }
                return;
            }
        }
    }
}

fn broken(page: &mut Page, ci: &Ci<'_>) {
    let broken: Vec<TestResult> = ci.suites.errors.iter().map(TestResult::unreadable).collect();
    if !broken.is_empty() && page.push("\n#### Suites that cannot be run\n") {
        page.all(&broken, "more suite", |result| {
            result.failure().map_or(String::new(), |failure| details(ci, result, failure, &[]))
        });
    }
}

/// Warnings about suites, if they are errors.
fn warnings(page: &mut Page, ci: &Ci<'_>) {
    let warnings: Vec<&Diagnostics> = ci.suites.suite_warnings().filter(|_| ci.strict).collect();
    if !warnings.is_empty() && page.push("\n#### Warnings about suites\n") {
        page.all(&warnings, "more file", |found| {
            let name = html(&(ci.path)(found.source().name()));
            let text = block(&folded(found, ""));
            format!("\n<details><summary>{name}</summary>\n\n{text}\n</details>\n")
        });
    }
}

fn suites(page: &mut Page, ci: &Ci<'_>) {
    let cell = |duration: Option<std::time::Duration>| duration.map_or(String::new(), time);
    let row = |name: &str, tests: &[TestResult]| {
        let is = |of: fn(&TestOutcome) -> bool| tests.iter().filter(|test| of(&test.outcome)).count();
        format!(
            "| {name} | {} | {} | {} | {} |\n",
            is(|outcome| matches!(outcome, TestOutcome::Passed(_))),
            is(|outcome| matches!(outcome, TestOutcome::Failed(_))),
            is(|outcome| matches!(outcome, TestOutcome::Skipped(_))),
            cell(total_duration(tests)),
        )
    };
    let suites: Vec<&[TestResult]> = by_suite(ci.run).collect();
    if !suites.is_empty() && page.push("\n| suite | passed | failed | skipped | time |\n|---|---:|---:|---:|---:|\n") {
        if suites.len() > 1 {
            page.push(&row("**all**", &ci.run.results));
        }
        page.all(&suites, "more suite", |tests| {
            let name = tests.first().map_or(String::new(), |test| (ci.path)(&test.suite));
            row(&text(&name), tests)
        });
    }
}

fn coverage(page: &mut Page, ci: &Ci<'_>) {
    let cell = |ratio: Ratio| format!("{}/{} ({ratio})", ratio.covered, ratio.total);
    let row = |name: &str, of: &dyn Fn(Measure) -> Ratio| {
        format!("| {name} | {} |\n", Measure::ALL.map(|measure| cell(of(measure))).join(" | "))
    };
    let head = "\n| rules | statements | lines | conditions |\n|---|---:|---:|---:|\n";
    if !ci.coverage.is_empty() && page.push(head) {
        if ci.coverage.len() > 1 {
            page.push(&row("**all**", &|measure| measure.of_all(ci.coverage)));
        }
        page.all(ci.coverage, "more file", |file: &FileCoverage| {
            row(&text(&(ci.path)(file.name())), &|measure| measure.of(file))
        });
    }
    if !ci.shortfalls.is_empty() {
        page.push("\n");
        page.all(ci.shortfalls, "more threshold", |shortfall| format!("* ❌ {}\n", text(&shortfall.to_string())));
    }
}

fn failures(page: &mut Page, ci: &Ci<'_>) {
    let groups = groups::failures(ci.run, false);
    if groups.is_empty() || !page.push("\n#### Failures\n") {
        return;
    }
    let (mut told, (_, failed, _)) = (0, ci.run.counts());
    for TestGroup { first: (result, failure), more } in &groups {
        // A shorter trace may still fit after one that does not.
        if page.push(&details(ci, result, failure, more)) {
            told += 1 + more.len();
        }
    }
    if told < failed {
        page.out += &format!("\n… and {}\n", count(failed - told, "more failure"));
    }
}

/// A failure in a line, with its trace collapsed and the names of the tests with the same cause.
fn details(ci: &Ci<'_>, result: &TestResult, failure: &TestFailure, more: &[&TestResult]) -> String {
    let location = |test: &TestResult| format!("{}:{}", (ci.path)(&test.suite), test.line);
    let like = if more.is_empty() { String::new() } else { format!(", and {} more like it", more.len()) };
    let mut out =
        format!("\n<details><summary>{} ({}){like}</summary>\n\n", html(&result.name), html(&location(result)));
    let asked = match result.request.as_str() {
        "none" => String::new(),
        request => format!("{request} as {}: ", result.user),
    };
    out += &block(&format!("{asked}{}\n\n{}", failure.text(), failure.explanation.trim_end()));
    for test in more.iter().take(MAX_ALIKE) {
        out += &format!("* {} ({})\n", text(&test.name), text(&location(test)));
    }
    if let Some(rest) = more.len().checked_sub(MAX_ALIKE).filter(|rest| *rest > 0) {
        out += &format!("* … and {}\n", count(rest, "other"));
    }
    out + "\n</details>\n"
}

/// A code block whose fence does not occur in the text.
fn block(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end())
}

/// Escapes text for a line or a cell of Markdown.
fn text(text: &str) -> String {
    let mut next = text.chars().skip(1);
    let one = |c: char| match (c, next.next()) {
        (c, _) if c.is_control() => " ".to_owned(),
        // `:name:` is an emoji.
        (':', None | Some(' ')) => ":".to_owned(),
        (c, _) if c.is_ascii_punctuation() && !",;/%().-+='\"?".contains(c) => format!("\\{c}"),
        (c, _) => c.to_string(),
    };
    text.chars().map(one).collect()
}

/// Escapes text for an HTML element.
fn html(text: &str) -> String {
    let one = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        c if c.is_control() => " ".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(one).collect()
}
