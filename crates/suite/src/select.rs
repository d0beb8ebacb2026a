//! Selects the tests of a run by text, by line, or by name.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use firewarden::{
    internals::explain::shorten,
    text::{Source, Span},
};

use super::{
    Options, SuiteLine, Suites, TestId,
    case::{self, Case},
    files::shown,
    load::Suite,
};

/// The longest title of a test in a message.
const LONGEST_TITLE: usize = 60;

/// A selected test that was not run.
#[derive(Clone, Debug)]
pub struct ListedTest<'s> {
    /// The path of the suite.
    pub suite: &'s str,
    /// The line on which the test begins, counted from one.
    pub line: u32,
    /// The column at which the test begins, counted from one.
    pub column: u32,
    /// The name of the test; for several users or methods, with the user or method appended.
    pub name: &'s str,
    /// The name of the user in the suite.
    pub user: String,
    /// The request: `create /b/demo-bucket/o/cat.png`.
    pub request: String,
    /// `allow`, `deny` or `no-sign-in`.
    pub expected: &'static str,
    /// The reason for which the test is skipped.
    pub skip: Option<&'s str>,
}

impl Suites {
    /// The selected tests, in their order.
    pub fn list<'s>(&'s self, options: &Options) -> Vec<ListedTest<'s>> {
        let listed = |(suite, case): (&'s Suite, &'s Case)| {
            let at = suite.source.position(case.span.start);
            ListedTest {
                suite: suite.source.name(),
                line: at.line,
                column: at.column,
                name: &case.name,
                user: case::one_line(&case.user),
                request: case.request.title(),
                expected: case.expect.name(),
                skip: case.skip.as_deref(),
            }
        };
        self.chosen(options).into_iter().map(listed).collect()
    }

    /// The selected tests, each with its suite.
    pub(super) fn chosen(&self, options: &Options) -> Vec<(&Suite, &Case)> {
        let mut lines: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for SuiteLine { path, line } in &options.lines {
            lines.entry(shown(path)).or_default().push(*line);
        }
        let mut chosen = Vec::with_capacity(self.tests());
        for suite in &self.suites {
            let path = suite.source.name();
            let at =
                lines.get(path).map(|lines| lines.iter().flat_map(|line| suite.at(*line)).collect::<BTreeSet<_>>());
            let wanted = |(at_line, case): &(usize, &Case)| {
                options.filter.as_deref().is_none_or(|filter| contains(filter, path, case))
                    && at.as_ref().is_none_or(|at| at.contains(at_line))
                    && options
                        .only
                        .as_ref()
                        .is_none_or(|only| only.contains(&TestId { suite: path.to_owned(), name: case.name.clone() }))
            };
            chosen.extend(suite.cases.iter().enumerate().filter(wanted).map(|(_, case)| (suite, case)));
        }
        chosen
    }

    /// The message that no test of the suite at `path` covers `line` (counted from one), with the nearest tests; `None`
    /// if a test covers the line, or if the suite was not loaded.
    pub fn no_test_at(&self, path: &Path, line: u32) -> Option<String> {
        let name = shown(path);
        let suite = self.suites.iter().find(|suite| suite.source.name() == name)?;
        if !suite.at(line).is_empty() {
            return None;
        }
        let mut near: Vec<NearTest<'_>> = Vec::new();
        for case in &suite.cases {
            let (first, last) = lines(&suite.source, case.whole);
            let begins = suite.source.position(case.span.start).line;
            // The cases of a test for several users have the same line.
            if near.last().is_none_or(|known| known.line != begins) {
                let distance = if line < first { first - line } else { line.saturating_sub(last) };
                near.push(NearTest { line: begins, distance, title: &case.title });
            }
        }
        near.sort_by_key(|test| (test.distance, test.line));
        near.truncate(2);
        near.sort_by_key(|test| test.line);
        let named = |test: &NearTest<'_>| format!("`{}` ({name}:{})", shorten(test.title, LONGEST_TITLE), test.line);
        let near: Vec<String> = near.iter().map(named).collect();
        Some(match near.as_slice() {
            [] => format!("{name}:{line}: no test at this line; the suite has none"),
            [one] => format!("{name}:{line}: no test at this line; the only one is {one}"),
            near => format!("{name}:{line}: no test at this line; the nearest are {}", near.join(" and ")),
        })
    }
}

/// A test near a line.
struct NearTest<'s> {
    /// The line on which the test begins.
    line: u32,
    /// Lines between the test and the line.
    distance: u32,
    title: &'s str,
}

impl Suite {
    /// The indices of the tests that cover a line. In a test for several users, the line of one user selects that
    /// user's case.
    fn at(&self, line: u32) -> Vec<usize> {
        let covers = |span: Span| {
            let (first, last) = lines(&self.source, span);
            (first..=last).contains(&line)
        };
        let of_test: Vec<(usize, &Case)> =
            self.cases.iter().enumerate().filter(|(_, case)| covers(case.whole)).collect();
        let row = |case: &Case| lines(&self.source, case.whole).0 != line && case.row.is_some_and(covers);
        let rows = of_test.iter().any(|(_, case)| row(case));
        of_test.into_iter().filter(|(_, case)| !rows || row(case)).map(|(at, _)| at).collect()
    }
}

/// The first and the last line of a span.
fn lines(source: &Source, span: Span) -> (u32, u32) {
    let last = source.position(span.end.saturating_sub(1).max(span.start)).line;
    (source.position(span.start).line, last)
}

/// Whether the path or the name of a test contains the text of a filter.
fn contains(filter: &str, path: &str, case: &Case) -> bool {
    let holds = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
    match filter.split_once("::") {
        Some((file, name)) => holds(path, file) && holds(&case.name, name),
        None => holds(path, filter) || holds(&case.name, filter),
    }
}
