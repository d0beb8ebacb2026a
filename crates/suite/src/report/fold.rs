//! Groups results with the same cause, so that reports tell the cause once.

use rustc_hash::FxHashMap;

use crate::{Failure, Note, Run, TestResult};
use firewarden::{
    internals::explain::{Width, wrap},
    text::{Diagnostic, Diagnostics},
};

use super::{Detail, Layout, note};

/// Up to this number, failures are told one by one, whatever their causes.
pub(super) const FEW_FAILURES: usize = 10;
/// Up to this number, problems of one code in a file are told one by one.
const FEW_PROBLEMS: usize = 10;
/// Of more problems than that, the number shown.
const FIRST_PROBLEMS: usize = 3;
/// Of the others, the number of lines listed.
const MOST_LINES: usize = 10;

/// Tests with the same cause, the first one apart.
pub(super) struct Alike<'r, T> {
    pub(super) first: (&'r TestResult, T),
    pub(super) more: Vec<&'r TestResult>,
}

/// The failures of a run, grouped by cause: the rule that decided, and the path of its evaluation. Each has a group of
/// its own if there are few, or if `all` asks for that.
pub(super) fn failures(run: &Run, all: bool) -> Vec<Alike<'_, &Failure>> {
    let failed: Vec<_> = run.results.iter().filter_map(|result| Some((result, result.failure()?))).collect();
    let each = all || failed.len() <= FEW_FAILURES;
    alike(failed, each, |result, failure| (result.expected, &failure.got, &failure.place, failure.shape))
}

/// The notes of a run, grouped by cause. Each has a group of its own if there are at most `few`, or if `all` asks for that.
pub(super) fn notes(run: &Run, all: bool, few: usize) -> Vec<Alike<'_, &Note>> {
    let noted: Vec<_> = run.results.iter().filter_map(|result| note(result).map(|note| (result, note))).collect();
    let each = all || noted.len() <= few;
    // A hint is about one path; the cause is the same without it.
    alike(noted, each, |_, note| match note {
        Note::NoMatch(_) => (note.word(), ""),
        Note::NoMethod(text, _) | Note::CatchAll(text, _) | Note::Error(text, _) | Note::Refused(text) => {
            (note.word(), text.as_str())
        }
    })
}

fn alike<'r, T: Copy, K: Eq + std::hash::Hash>(
    tests: Vec<(&'r TestResult, T)>,
    each: bool,
    cause: impl Fn(&'r TestResult, T) -> K,
) -> Vec<Alike<'r, T>> {
    let mut groups: Vec<Alike<'r, T>> = Vec::new();
    let mut known: FxHashMap<K, usize> = FxHashMap::default();
    for (result, what) in tests {
        let group = if each { None } else { known.get(&cause(result, what)).and_then(|at| groups.get_mut(*at)) };
        match group {
            Some(group) => group.more.push(result),
            None => {
                known.insert(cause(result, what), groups.len());
                groups.push(Alike { first: (result, what), more: Vec::new() });
            }
        }
    }
    groups
}

/// The problems of a file, each with its source lines and carets. Of more than ten with the same code, it shows the first
/// three and lists the lines of the others; with [`Detail::Tests`] it shows all.
pub fn problems(found: &Diagnostics, layout: Layout) -> String {
    let all = layout.detail == Detail::Tests;
    let mut of_code: FxHashMap<&str, Vec<&Diagnostic>> = FxHashMap::default();
    found.iter().for_each(|problem| of_code.entry(problem.code).or_default().push(problem));
    of_code.retain(|_, problems| !all && problems.len() > FEW_PROBLEMS);
    let rest = |problem: &Diagnostic| {
        let problems = of_code.get(problem.code)?;
        problems.iter().position(|known| std::ptr::eq(*known, problem)).filter(|at| *at >= FIRST_PROBLEMS)
    };
    let mut shown = Vec::new();
    let mut folded: Vec<(&str, Vec<&Diagnostic>)> = Vec::new();
    for problem in found {
        match rest(problem) {
            None => shown.push(problem.clone()),
            Some(FIRST_PROBLEMS) => folded.push((problem.code, vec![problem])),
            Some(_) => {
                folded.iter_mut().filter(|(code, _)| *code == problem.code).for_each(|(_, all)| all.push(problem))
            }
        }
    }
    let mut text = Diagnostics::new(found.source().clone(), shown).to_string();
    for (code, problems) in folded {
        let lines = problems.iter().filter_map(|problem| found.position(problem)).map(|at| at.line.to_string());
        let mut lines: Vec<String> = lines.collect();
        lines.dedup();
        let more = if lines.len() > MOST_LINES { ", …" } else { "" };
        lines.truncate(MOST_LINES);
        let word = if problems.iter().all(|problem| problem.is_error()) { "error" } else { "warning" };
        let (name, lines) = (found.source().name(), lines.join(", "));
        let line = format!("{} more like it in {name} ({word}[{code}]), on lines {lines}{more}", problems.len());
        text += &format!("\n{}\n", wrap("… and ", 2, &line, Width::new(layout.columns)));
    }
    text
}
