//! Which tests are run: by a text, by the line where they stand, by their names.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use firewarden::{
    internals::explain::shorten,
    text::{Source, Span},
};

use super::{
    Options, Suites,
    case::{self, Case},
    files::shown,
    load::Suite,
};

/// Characters of a test's title in a message.
const LONGEST_TITLE: usize = 60;

/// A test as [`Suites::list`] gives it, without running it.
#[derive(Clone, Debug)]
pub struct Listed<'s> {
    /// The suite's path.
    pub suite: &'s str,
    /// Where the test begins.
    pub line: u32,
    /// Where the test begins, counted from one.
    pub column: u32,
    /// The test's name; of a test for several users or methods with theirs.
    pub name: &'s str,
    /// Who asks, as the suite calls the user.
    pub user: String,
    /// What is asked: `create /b/demo-bucket/o/cat.png`.
    pub request: String,
    /// `allow`, `deny` or `no-sign-in`.
    pub expected: &'static str,
    /// Why the test is not run, where it is skipped.
    pub skip: Option<&'s str>,
}

impl Suites {
    /// The tests that the options choose, in their order.
    pub fn list<'s>(&'s self, options: &Options) -> Vec<Listed<'s>> {
        let listed = |(suite, case): (&'s Suite, &'s Case)| {
            let at = suite.source.position(case.span.start);
            Listed {
                suite: suite.source.name(),
                line: at.line,
                column: at.column,
                name: &case.name,
                user: case::one_line(&case.user),
                request: case.ask.title(),
                expected: case.expect.name(),
                skip: case.skip.as_deref(),
            }
        };
        self.chosen(options).into_iter().map(listed).collect()
    }

    /// The tests that the options choose, each with its suite.
    pub(super) fn chosen(&self, options: &Options) -> Vec<(&Suite, &Case)> {
        let mut lines: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for (path, line) in &options.lines {
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
                    && options.only.as_ref().is_none_or(|only| only.contains(&(path.to_owned(), case.name.clone())))
            };
            chosen.extend(suite.cases.iter().enumerate().filter(wanted).map(|(_, case)| (suite, case)));
        }
        chosen
    }

    /// An error message if no test of the suite at `path` covers `line` (counted from one); it names the nearest tests.
    /// `None` if a test covers the line, or if the suite could not be read.
    pub fn no_test_at(&self, path: &Path, line: u32) -> Option<String> {
        let name = shown(path);
        let suite = self.suites.iter().find(|suite| suite.source.name() == name)?;
        if !suite.at(line).is_empty() {
            return None;
        }
        let mut near: Vec<(u32, u32, &str)> = Vec::new();
        for case in &suite.cases {
            let (first, last) = lines(&suite.source, case.whole);
            let begins = suite.source.position(case.span.start).line;
            // Of a test for several users, its own line once.
            if near.last().is_none_or(|(known, ..)| *known != begins) {
                near.push((begins, if line < first { first - line } else { line.saturating_sub(last) }, &case.title));
            }
        }
        near.sort_by_key(|(begins, distance, _)| (*distance, *begins));
        near.truncate(2);
        near.sort_unstable();
        let named =
            |(first, _, title): &(u32, u32, &str)| format!("{:?} ({name}:{first})", shorten(title, LONGEST_TITLE));
        let near: Vec<String> = near.iter().map(named).collect();
        Some(match near.as_slice() {
            [] => format!("{name}:{line}: no test stands there; the suite has none"),
            [one] => format!("{name}:{line}: no test stands there; the only one is {one}"),
            near => format!("{name}:{line}: no test stands there; the nearest are {}", near.join(" and ")),
        })
    }
}

impl Suite {
    /// The indices of the tests that cover a line. Of a test for several users, a line that one of them has for itself
    /// covers only that user's.
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

/// The first and the last line of a part of a suite.
fn lines(source: &Source, span: Span) -> (u32, u32) {
    let last = source.position(span.end.saturating_sub(1).max(span.start)).line;
    (source.position(span.start).line, last)
}

/// Whether a filter's text is in the path or the name of a test.
fn contains(filter: &str, path: &str, case: &Case) -> bool {
    let holds = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
    match filter.split_once("::") {
        Some((file, name)) => holds(path, file) && holds(&case.name, name),
        None => holds(path, filter) || holds(&case.name, filter),
    }
}
