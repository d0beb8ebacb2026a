//! Results as Markdown: the summary of a step of GitHub Actions.

use super::{
    Ci, Layout, Outcome, TestResult, by_suite,
    fold::{self, Alike, problems},
    words::{count, summary, time, together},
};
use crate::{
    Failure,
    coverage::{FileCoverage, Measure, Ratio},
};
use firewarden::text::Diagnostics;

/// Tests that are named of those with the same cause.
const MOST_ALIKE: usize = 20;
/// Bytes that are kept for telling that there is more.
const RESERVE: usize = 200;

/// The totals, a table of suites, one of coverage where it is known, and the failures with their traces to be unfolded,
/// in at most so many bytes: what does not fit is counted.
pub fn markdown(ci: &Ci<'_>, most: usize) -> String {
    let mut page = Page { out: String::new(), most };
    let mark = if ci.passed() { "✅" } else { "❌" };
    page.push(&format!("### {mark} firewarden\n\n{}\n", text(&summary(ci.run))));
    broken(&mut page, ci);
    doubts(&mut page, ci);
    // Failures are worth more than rows of suites that passed.
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
    /// Adds a text where there is room for all of it, and for telling that there is more.
    fn push(&mut self, text: &str) -> bool {
        let fits = self.out.len() + text.len() + RESERVE <= self.most;
        if fits {
            self.out += text;
        }
        fits
    }

    /// Adds as many of the texts as fit, and tells how many do not.
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

/// Warnings about suites, where they are errors.
fn doubts(page: &mut Page, ci: &Ci<'_>) {
    let doubts: Vec<&Diagnostics> = ci.suites.doubts().filter(|_| ci.strict).collect();
    if !doubts.is_empty() && page.push("\n#### Warnings about suites\n") {
        page.all(&doubts, "more file", |found| {
            let name = html(&(ci.path)(found.source().name()));
            let text = block(&problems(found, Layout::default()));
            format!("\n<details><summary>{name}</summary>\n\n{text}\n</details>\n")
        });
    }
}

fn suites(page: &mut Page, ci: &Ci<'_>) {
    let cell = |duration: Option<std::time::Duration>| duration.map_or(String::new(), time);
    let row = |name: &str, tests: &[TestResult]| {
        let is = |of: fn(&Outcome) -> bool| tests.iter().filter(|test| of(&test.outcome)).count();
        format!(
            "| {name} | {} | {} | {} | {} |\n",
            is(|outcome| matches!(outcome, Outcome::Passed(_))),
            is(|outcome| matches!(outcome, Outcome::Failed(_))),
            is(|outcome| matches!(outcome, Outcome::Skipped(_))),
            cell(together(tests)),
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
    let groups = fold::failures(ci.run, false);
    if groups.is_empty() || !page.push("\n#### Failures\n") {
        return;
    }
    let (mut told, (_, failed, _)) = (0, ci.run.counts());
    for Alike { first: (result, failure), more } in &groups {
        // A trace may be too long for what is left, and the next one not.
        if page.push(&details(ci, result, failure, more)) {
            told += 1 + more.len();
        }
    }
    if told < failed {
        page.out += &format!("\n… and {}\n", count(failed - told, "more failure"));
    }
}

/// A failure in a line, with its trace to be unfolded and the names of those with the same cause.
fn details(ci: &Ci<'_>, result: &TestResult, failure: &Failure, more: &[&TestResult]) -> String {
    let place = |test: &TestResult| format!("{}:{}", (ci.path)(&test.suite), test.line);
    let like = if more.is_empty() { String::new() } else { format!(", and {} more like it", more.len()) };
    let mut out = format!("\n<details><summary>{} ({}){like}</summary>\n\n", html(&result.name), html(&place(result)));
    let asked = match result.request.as_str() {
        "none" => String::new(),
        request => format!("{request} as {}: ", result.user),
    };
    out += &block(&format!("{asked}{}\n\n{}", failure.text(), failure.explanation.trim_end()));
    for test in more.iter().take(MOST_ALIKE) {
        out += &format!("* {} ({})\n", text(&test.name), text(&place(test)));
    }
    if let Some(rest) = more.len().checked_sub(MOST_ALIKE).filter(|rest| *rest > 0) {
        out += &format!("* … and {}\n", count(rest, "other"));
    }
    out + "\n</details>\n"
}

/// Text as it is, in a block whose fence it does not hold.
fn block(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end())
}

/// Text in a line of Markdown, or in a cell: none of its characters has a meaning.
fn text(text: &str) -> String {
    let mut next = text.chars().skip(1);
    let one = |c: char| match (c, next.next()) {
        (c, _) if c.is_control() => " ".to_owned(),
        // `:name:` is a picture.
        (':', None | Some(' ')) => ":".to_owned(),
        (c, _) if c.is_ascii_punctuation() && !",;/%().-+='\"?".contains(c) => format!("\\{c}"),
        (c, _) => c.to_string(),
    };
    text.chars().map(one).collect()
}

/// Text within an HTML element.
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
