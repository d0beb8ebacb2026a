//! Long lists of diagnostics for people: of many that are alike, only the first few in full.

use std::fmt::Write as _;

use firewarden::text::{Diagnostic, Diagnostics, Severity};

/// Diagnostics with the same hint that are shown in full, if there are more than [`FEW`].
const SHOWN: usize = 3;
/// Up to this number, diagnostics with the same hint are all shown.
const FEW: usize = 8;
/// Diagnostics of a group that are shown in full, whatever their hints.
const MAX_SHOWN: usize = 30;
/// Lines, or ranges of lines, that are listed for the others.
const MAX_RANGES: usize = 12;

/// Diagnostics with the same code, severity and beginning of the message.
struct DiagnosticGroup<'d> {
    code: &'static str,
    severity: Severity,
    prefix: &'d str,
    hints: Vec<HintCount<'d>>,
    shown: usize,
    /// The lines of the diagnostics that are not shown.
    lines: Vec<u32>,
}

/// How many diagnostics of a group have a hint, and how many of them are shown.
struct HintCount<'d> {
    hint: Option<&'d str>,
    total: usize,
    shown: usize,
}

impl<'d> DiagnosticGroup<'d> {
    fn contains(&self, problem: &Diagnostic) -> bool {
        self.code == problem.code && self.severity == problem.severity && self.prefix == prefix(&problem.message)
    }

    /// The counts of a diagnostic's hint. A diagnostic without a hint counts with the first hint, and one whose hint comes
    /// after [`MAX_SHOWN`] others counts with the last.
    fn hint(&mut self, problem: &'d Diagnostic) -> Option<&mut HintCount<'d>> {
        let hint = problem.hint.as_deref();
        let known = self.hints.iter().position(|known| hint.is_none() || known.hint == hint);
        if known.is_none() && self.hints.len() < MAX_SHOWN {
            self.hints.push(HintCount { hint, total: 0, shown: 0 });
        }
        let last = self.hints.len().wrapping_sub(1);
        self.hints.get_mut(known.unwrap_or(last))
    }

    /// Whether a diagnostic is shown in full; counts it if so.
    fn show(&mut self, problem: &'d Diagnostic) -> bool {
        let Some(count) = self.hint(problem) else { return true };
        if count.total > FEW && count.shown >= SHOWN {
            return false;
        }
        count.shown += 1;
        self.shown += 1;
        self.shown <= MAX_SHOWN
    }
}

/// Renders diagnostics with source lines and carets. Of more than eight that are alike, it shows three and lists the lines
/// of the others; `how_to_see_all`, unless empty, then ends the text in parentheses.
pub fn folded(problems: &Diagnostics, how_to_see_all: &str) -> String {
    let mut groups: Vec<DiagnosticGroup<'_>> = Vec::new();
    for problem in problems {
        let at = groups.iter().position(|group| group.contains(problem)).unwrap_or_else(|| {
            let (code, severity, prefix) = (problem.code, problem.severity, prefix(&problem.message));
            groups.push(DiagnosticGroup { code, severity, prefix, hints: Vec::new(), shown: 0, lines: Vec::new() });
            groups.len() - 1
        });
        if let Some(count) = groups.get_mut(at).and_then(|group| group.hint(problem)) {
            count.total += 1;
        }
    }
    let mut shown: Vec<Diagnostic> = Vec::new();
    for problem in problems {
        let Some(group) = groups.iter_mut().find(|group| group.contains(problem)) else { continue };
        if group.show(problem) {
            shown.push(problem.clone());
        } else {
            group.lines.push(problems.position(problem).map_or(0, |at| at.line));
        }
    }
    let folds = shown.len() < problems.len();
    let mut out = Diagnostics::new(problems.source().clone(), shown).to_string();
    for group in groups.iter().filter(|group| !group.lines.is_empty()) {
        let severity = if group.severity == Severity::Error { "error" } else { "warning" };
        let (more, lines) = (group.lines.len(), ranges(&group.lines));
        let prefix = match group.prefix.trim() {
            "" => String::new(),
            prefix => format!(": {prefix}"),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(out, "\n{severity}[{}]: {more} more like this{prefix}", group.code);
        let _ = writeln!(out, "  --> {}, {lines}", problems.source().name());
    }
    if folds && !how_to_see_all.is_empty() {
        let _ = writeln!(out, "\n({how_to_see_all})");
    }
    out
}

/// The part of a message before the first name, number or value.
fn prefix(message: &str) -> &str {
    let end = message.find(['\'', '"', '[', '`', ':', '(']).unwrap_or(message.len());
    message.get(..end).unwrap_or(message)
}

/// `lines 3, 5-9, 12`
fn ranges(lines: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for line in lines {
        match ranges.last_mut() {
            Some((_, last)) if *line == *last || *line == *last + 1 => *last = *line,
            _ => ranges.push((*line, *line)),
        }
    }
    let text = |(from, to): &(u32, u32)| if from == to { from.to_string() } else { format!("{from}-{to}") };
    let listed: Vec<_> = ranges.iter().take(MAX_RANGES).map(text).collect();
    let word = if matches!(ranges.as_slice(), [(from, to)] if from == to) { "line" } else { "lines" };
    format!("{word} {}{}", listed.join(", "), if ranges.len() > MAX_RANGES { ", …" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::{folded, ranges};
    use firewarden::text::{Diagnostic, Diagnostics, Severity, Source, Span};

    fn many(count: usize, message: &str) -> Diagnostics {
        let text = "a\n".repeat(count);
        let one = |at: usize| {
            let span = Some(Span::new(2 * at, 2 * at + 1));
            Diagnostic::new("unknown-variable", Severity::Warning, span, message.replace('#', &at.to_string()))
        };
        Diagnostics::new(Source::new("many.rules", text), (0..count).map(one).collect())
    }

    #[test]
    fn many_alike_are_shown_three_times_with_the_lines_of_the_others() {
        let message = "Invalid variable name: a#.";
        let few = many(8, message);
        assert_eq!(folded(&few, "see"), few.to_string());
        let short = folded(&many(400, message), "");
        assert!(folded(&many(400, message), "see").ends_with("\n\n(see)\n"));
        assert_eq!(short.matches("Invalid variable name: a").count(), 3, "{short}");
        let end =
            "warning[unknown-variable]: 397 more like this: Invalid variable name\n  --> many.rules, lines 4-400\n";
        assert!(short.ends_with(end), "{short}");
    }

    #[test]
    fn a_message_that_begins_with_a_name_has_no_common_prefix() {
        let end = "warning[unknown-variable]: 6 more like this\n  --> many.rules, lines 4-9\n";
        assert!(folded(&many(9, "`a#` is unknown"), "").ends_with(end));
    }

    #[test]
    fn lines_are_listed_in_ranges() {
        assert_eq!(ranges(&[3, 5, 6, 6, 7, 9]), "lines 3, 5-7, 9");
        assert_eq!(ranges(&[7, 7]), "line 7");
        assert!(ranges(&(0..100).map(|n| 2 * n).collect::<Vec<_>>()).ends_with("22, …"));
    }
}
