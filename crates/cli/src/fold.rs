//! A long list of problems as a person reads it: of those that are alike only the first.

use std::fmt::Write as _;

use firewarden::text::{Diagnostic, Diagnostics, Severity};

/// Problems that are alike and are shown, where there are many.
const SHOWN: usize = 3;
/// Problems that are alike and are all shown.
const FEW: usize = 8;
/// Problems of a kind that are shown, however much they differ.
const MOST: usize = 30;
/// Lines, or runs of lines, that are listed of the others.
const LISTED: usize = 12;

/// Problems of a kind: what their messages have in common, and the lines of those that are not shown.
struct Kind<'d> {
    code: &'static str,
    severity: Severity,
    message: &'d str,
    /// How many there are of each hint, and how many of them are shown.
    hints: Vec<(Option<&'d str>, usize, usize)>,
    shown: usize,
    lines: Vec<u32>,
}

impl<'d> Kind<'d> {
    fn has(&self, problem: &Diagnostic) -> bool {
        self.code == problem.code && self.severity == problem.severity && self.message == common(&problem.message)
    }

    /// The counts of its hint; without one, those of the first, and beyond the first hints, those of the last.
    fn hint(&mut self, problem: &'d Diagnostic) -> Option<&mut (Option<&'d str>, usize, usize)> {
        let hint = problem.hint.as_deref();
        let known = self.hints.iter().position(|(known, ..)| hint.is_none() || *known == hint);
        if known.is_none() && self.hints.len() < MOST {
            self.hints.push((hint, 0, 0));
        }
        let last = self.hints.len().wrapping_sub(1);
        self.hints.get_mut(known.unwrap_or(last))
    }

    /// Counts one that is shown, or tells that it is not.
    fn show(&mut self, problem: &'d Diagnostic) -> bool {
        let Some((_, all, shown)) = self.hint(problem) else { return true };
        if *all > FEW && *shown >= SHOWN {
            return false;
        }
        *shown += 1;
        self.shown += 1;
        self.shown <= MOST
    }
}

/// The problems in full, but of many that are alike only the first few, and the lines of the others. `all` is what
/// to say of how to see all.
pub(crate) fn folded(problems: &Diagnostics, all: &str) -> String {
    let mut kinds: Vec<Kind<'_>> = Vec::new();
    for problem in problems {
        let at = kinds.iter().position(|kind| kind.has(problem)).unwrap_or_else(|| {
            let (code, severity, message) = (problem.code, problem.severity, common(&problem.message));
            kinds.push(Kind { code, severity, message, hints: Vec::new(), shown: 0, lines: Vec::new() });
            kinds.len() - 1
        });
        if let Some((_, count, _)) = kinds.get_mut(at).and_then(|kind| kind.hint(problem)) {
            *count += 1;
        }
    }
    let mut shown: Vec<Diagnostic> = Vec::new();
    for problem in problems {
        let Some(kind) = kinds.iter_mut().find(|kind| kind.has(problem)) else { continue };
        if kind.show(problem) {
            shown.push(problem.clone());
        } else {
            kind.lines.push(problems.position(problem).map_or(0, |at| at.line));
        }
    }
    let folds = shown.len() < problems.len();
    let mut out = Diagnostics::new(problems.source().clone(), shown).to_string();
    for kind in kinds.iter().filter(|kind| !kind.lines.is_empty()) {
        let word = if kind.severity == Severity::Error { "error" } else { "warning" };
        let (more, lines) = (kind.lines.len(), runs(&kind.lines));
        // Writing to a String cannot fail.
        let _ = writeln!(out, "\n{word}[{}]: {more} more like this: {}", kind.code, kind.message.trim());
        let _ = writeln!(out, "  --> {}, {lines}", problems.source().name());
    }
    if folds && !all.is_empty() {
        let _ = writeln!(out, "\n({all})");
    }
    out
}
/// What messages of a kind have in common: what stands before the first name or number.
fn common(message: &str) -> &str {
    let end = message.find(['\'', '"', '[', '`', ':', '(']).unwrap_or(message.len());
    message.get(..end).unwrap_or(message)
}

/// `lines 3, 5-9, 12`
fn runs(lines: &[u32]) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for line in lines {
        match runs.last_mut() {
            Some((_, last)) if *line == *last || *line == *last + 1 => *last = *line,
            _ => runs.push((*line, *line)),
        }
    }
    let text = |(from, to): &(u32, u32)| if from == to { from.to_string() } else { format!("{from}-{to}") };
    let listed: Vec<_> = runs.iter().take(LISTED).map(text).collect();
    let word = if matches!(runs.as_slice(), [(from, to)] if from == to) { "line" } else { "lines" };
    format!("{word} {}{}", listed.join(", "), if runs.len() > LISTED { ", …" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::{folded, runs};
    use firewarden::text::{Diagnostic, Diagnostics, Severity, Source, Span};

    fn many(count: usize) -> Diagnostics {
        let text = "a\n".repeat(count);
        let one = |at: usize| {
            let span = Some(Span::new(2 * at, 2 * at + 1));
            Diagnostic::new("unknown-variable", Severity::Warning, span, format!("Invalid variable name: a{at}."))
        };
        Diagnostics::new(Source::new("many.rules", text), (0..count).map(one).collect())
    }

    #[test]
    fn of_many_that_are_alike_the_first_are_shown_and_the_lines_of_the_others() {
        let few = many(8);
        assert_eq!(folded(&few, "see"), few.to_string());
        let short = folded(&many(400), "");
        assert!(folded(&many(400), "see").ends_with("\n\n(see)\n"));
        assert_eq!(short.matches("Invalid variable name: a").count(), 3, "{short}");
        let end =
            "warning[unknown-variable]: 397 more like this: Invalid variable name\n  --> many.rules, lines 4-400\n";
        assert!(short.ends_with(end), "{short}");
    }

    #[test]
    fn lines_are_listed_in_runs() {
        assert_eq!(runs(&[3, 5, 6, 6, 7, 9]), "lines 3, 5-7, 9");
        assert_eq!(runs(&[7, 7]), "line 7");
        assert!(runs(&(0..100).map(|n| 2 * n).collect::<Vec<_>>()).ends_with("22, …"));
    }
}
