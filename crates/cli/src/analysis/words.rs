//! Requests, decisions and causes in words, in lines of the terminal.

use firewarden::{
    internals::explain::{Width, shorten, wrap},
    rules::{Decision, Rules},
    text::Source,
};
use firewarden_analysis::{ask::Unknown, witness::Witness};

use crate::output::columns;

/// Where the text after the word of a line begins.
const WORD: usize = 9;

/// A line with a word and what it says; the rest of a long one is indented.
pub(super) fn line(indent: usize, word: &str, says: &str) -> String {
    let head = format!("{:indent$}{word:<WORD$}", "");
    format!("{}\n", wrap(&head, indent + WORD, says, Width::new(columns())))
}

/// A head and a text; lines after the first are indented by `rest`.
pub(super) fn wrapped(indent: usize, head: &str, rest: usize, text: &str) -> String {
    let head = format!("{:indent$}{head}", "");
    format!("{}\n", wrap(&head, rest, text, Width::new(columns())))
}

/// Where a statement stands, with its text.
pub(super) fn statement_at(source: &Source, line: u32, indent: usize) -> String {
    wrapped(indent, &format!("{}:{line}  ", source.name()), indent + 4, &statement(source, line))
}

/// The lines of a witness.
pub(super) fn request(witness: &Witness, indent: usize) -> String {
    witness.lines().iter().map(|(word, says)| line(indent, word, says)).collect()
}

/// The request of a witness in one line.
pub(super) fn in_short(witness: &Witness) -> String {
    witness.lines().iter().map(|(word, says)| format!("{word} {says}")).collect::<Vec<_>>().join("; ")
}

/// The command that decides the request of a witness, to be pasted into a shell.
pub(super) fn command(witness: &Witness, rules: &str, indent: usize) -> String {
    let Some(words) = witness.command(rules) else { return String::new() };
    let limit = columns().saturating_sub(2);
    let mut lines = vec![String::new()];
    for word in words {
        let last = lines.last_mut().filter(|last| {
            last.is_empty() || last.chars().count() + word.chars().count() < limit.saturating_sub(indent)
        });
        match last {
            Some(last) if last.is_empty() => last.push_str(&word),
            Some(last) => last.push_str(&format!(" {word}")),
            None => lines.push(format!("  {word}")),
        }
    }
    format!("{:indent$}{}\n", "", lines.join(&format!(" \\\n{:indent$}", "")))
}

/// The verdict of rules on the request of a witness, with the place that decided: `deny  storage.rules:87  !isSuspended()
/// → false`.
pub(super) fn verdict(witness: &Witness, rules: &Rules, indent: usize, word: &str) -> String {
    let Some(decision) = witness.decision(rules) else { return line(indent, word, "not decided") };
    let verdict = if decision.is_allowed() { "allow" } else { "deny" };
    line(indent, word, &format!("{verdict}  {}", decided(&decision, indent)))
}

fn decided(decision: &Decision, indent: usize) -> String {
    let Decision::Service(service) = decision else { return decision.reason() };
    let Some(decisive) = service.decisive() else { return decision.reason() };
    let source = decision.source();
    let at = format!("{}:{}", source.name(), source.position(decisive.span.start).line);
    if decision.is_allowed() {
        return at;
    }
    let text = decisive
        .text
        .strip_suffix(')')
        .and_then(|text| text.rsplit_once(" (and "))
        .map_or(&*decisive.text, |(text, _)| text);
    let room = columns().saturating_sub(indent + WORD + at.len() + text.chars().count() + "deny      → ".len());
    let code = source.slice(decisive.span).split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{at}  {} → {text}", shorten(&code, room.max(30)))
}

/// The statement of a line, in one line.
fn statement(source: &Source, line: u32) -> String {
    let start = line_start(source, line);
    let rest = source.text().get(start..).unwrap_or("");
    // Where a line has more than the statement, the statement begins at its word.
    let rest = rest.lines().next().and_then(|line| line.find("allow ")).and_then(|at| rest.get(at..)).unwrap_or(rest);
    let statement = rest.split_inclusive(';').next().unwrap_or(rest);
    statement.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The offset at which a line begins, after its indentation.
pub(super) fn line_start(source: &Source, line: u32) -> usize {
    let before: usize = source.text().split_inclusive('\n').take(line.saturating_sub(1) as usize).map(str::len).sum();
    let indent = source.text().get(before..).map_or(0, |rest| rest.len() - rest.trim_start_matches([' ', '\t']).len());
    before + indent
}

/// What stood in the way of an answer, with its place in one of the sources.
pub(super) fn because(unknown: &Unknown, sources: &[&Source]) -> String {
    let place = unknown.at.and_then(|(ruleset, offset)| {
        let source = sources.get(ruleset as usize)?;
        let at = source.position(offset);
        Some(format!("{}:{}:{}: ", source.name(), at.line, at.column))
    });
    format!("{}{}", place.unwrap_or_default(), unknown.because)
}

/// A number of things: `1 invariant`, `2 invariants`.
pub(super) fn count(n: usize, thing: &str) -> String {
    if n == 1 { format!("1 {thing}") } else { format!("{n} {thing}s") }
}
