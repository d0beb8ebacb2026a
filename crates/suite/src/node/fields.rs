//! Reads nodes, and reports missing, unknown and wrong values.

use crate::synonyms::{self, Vocabulary};
use firewarden::{
    rules::Product,
    text::{Diagnostic, Diagnostics, Severity, Source, Span, nearest},
    value::Timestamp,
};

use super::{Key, Kind, Node, problem};

/// Reads one file and collects its diagnostics.
pub(crate) struct Reader {
    pub(crate) source: Source,
    /// The product of the rules, once it is known.
    pub(crate) product: Option<Product>,
    problems: Vec<Diagnostic>,
    errors: usize,
    /// Maps with unknown keys: a key that is missing there may be the misspelt one.
    renamed: Vec<Span>,
    /// Missing keys, and the spans of their maps.
    missing: Vec<(Span, Diagnostic)>,
}

impl Reader {
    pub(crate) fn new(source: Source) -> Self {
        Reader { source, product: None, problems: Vec::new(), errors: 0, renamed: Vec::new(), missing: Vec::new() }
    }

    pub(crate) fn has_problems(&self) -> bool {
        !self.problems.is_empty() || !self.missing.is_empty()
    }

    /// The number of errors so far.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// All diagnostics, in the order of the text.
    pub(crate) fn finish(mut self) -> Diagnostics {
        let renamed = self.renamed;
        self.missing.retain(|(map, _)| !renamed.contains(map));
        self.problems.extend(self.missing.into_iter().map(|(_, problem)| problem));
        self.problems.sort_by_key(|problem| problem.span.map(|span| span.start));
        self.problems.dedup();
        Diagnostics::new(self.source, self.problems)
    }

    pub(crate) fn report(&mut self, problem: Diagnostic) {
        self.errors += usize::from(problem.is_error());
        self.problems.push(problem);
    }

    pub(crate) fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.report(problem(code, span, message));
    }

    /// Reports a missing key, unless the map has an unknown key, which may be the misspelt one.
    pub(crate) fn missing(&mut self, map: &Node, message: impl Into<String>) {
        self.missing_at(map, map.span, message);
    }

    /// [`Reader::missing`] at a span other than that of the map.
    pub(crate) fn missing_at(&mut self, map: &Node, at: Span, message: impl Into<String>) {
        self.errors += 1;
        self.missing.push((map.span, problem("missing-key", at, message)));
    }

    pub(crate) fn warn(&mut self, code: &'static str, span: Span, message: impl Into<String>, hint: &str) {
        let warning = Diagnostic::new(code, Severity::Warning, Some(span), message);
        self.report(if hint.is_empty() { warning } else { warning.with_hint(hint) });
    }

    /// The fields of a map; reports keys other than the known ones.
    pub(crate) fn fields<'n>(&mut self, node: &'n Node, what: &str, known: &'static [&'static str]) -> Fields<'n> {
        self.fields_of(None, node, what, known)
    }

    /// [`Reader::fields`], with hints for the words of other tools.
    pub(crate) fn fields_of<'n>(
        &mut self,
        context: impl Into<Option<Vocabulary>>,
        node: &'n Node,
        what: &str,
        known: &'static [&'static str],
    ) -> Fields<'n> {
        let context = context.into();
        match &node.kind {
            Kind::Map(entries) => {
                for (key, _) in entries.iter().filter(|(key, _)| !known.contains(&key.text.as_str())) {
                    // Keys that begin with `x-` hold anchors.
                    let extension = key.text.starts_with("x-") && known.contains(&"tests");
                    if !extension {
                        self.renamed.push(node.span);
                        let message = format!("unknown key `{}` in {}", key.text, label(what));
                        let problem = problem("unknown-key", key.span, message);
                        let hint = self.instead(context, &key.text, known);
                        self.report(
                            problem.with_hint(hint.unwrap_or_else(|| format!("expected one of {}", known.join(", ")))),
                        );
                    }
                }
            }
            _ => self.error(
                "wrong-value",
                node.span,
                format!("expected {} to be a map, not {}", label(what), node.describe()),
            ),
        }
        Fields { node, known }
    }

    /// What to write instead of a word: by the table of synonyms, or else the nearest known name.
    fn instead(&self, context: Option<Vocabulary>, word: &str, known: &[&str]) -> Option<String> {
        let idiom =
            |find: fn(Vocabulary, Option<Product>, &str) -> Option<&'static str>| find(context?, self.product, word);
        let known = || nearest(word, known.iter().copied()).map(|near| format!("did you mean {near}?"));
        idiom(synonyms::hint).map(str::to_owned).or_else(known).or_else(|| idiom(synonyms::near).map(str::to_owned))
    }

    /// Reports a key that belongs to other rules, with what to write for these.
    pub(crate) fn misplaced(&mut self, context: Vocabulary, word: &str, span: Span, message: String) {
        let problem = problem("misplaced-key", span, message);
        self.report(match synonyms::hint(context, self.product, word) {
            Some(hint) => problem.with_hint(hint),
            None => problem,
        });
    }

    /// Reports an unknown name, and suggests the nearest known one.
    pub(crate) fn unknown_name<'k>(
        &mut self,
        code: &'static str,
        span: Span,
        message: String,
        name: &str,
        known: impl Iterator<Item = &'k str>,
    ) {
        self.unknown_name_of(None, code, span, message, name, known);
    }

    /// [`Reader::unknown_name`], with hints for the words of other tools.
    pub(crate) fn unknown_name_of<'k>(
        &mut self,
        context: impl Into<Option<Vocabulary>>,
        code: &'static str,
        span: Span,
        message: String,
        name: &str,
        known: impl Iterator<Item = &'k str>,
    ) {
        let unknown = problem(code, span, message);
        let known: Vec<&str> = known.collect();
        let hint = match self.instead(context.into(), name, &known) {
            Some(hint) => hint,
            None if known.is_empty() => return self.report(unknown),
            None => {
                let more = if known.len() > 12 { ", …" } else { "" };
                format!("expected one of {}{more}", known.iter().take(12).copied().collect::<Vec<_>>().join(", "))
            }
        };
        self.report(unknown.with_hint(hint));
    }

    /// Reports a value of the wrong type: ``expected `size` to be a whole number, not text``.
    pub(crate) fn wrong(&mut self, node: &Node, what: &str, wanted: &str) {
        self.error(
            "wrong-value",
            node.span,
            format!("expected {} to be {wanted}, not {}", label(what), node.describe()),
        );
    }

    pub(crate) fn text<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n str> {
        if node.as_text().is_none() {
            self.wrong(node, what, "text");
        }
        node.as_text()
    }

    pub(crate) fn bool(&mut self, node: &Node, what: &str) -> Option<bool> {
        match node.kind {
            Kind::Bool(b) => Some(b),
            _ => {
                self.wrong(node, what, "true or false");
                None
            }
        }
    }

    pub(crate) fn int(&mut self, node: &Node, what: &str) -> Option<i64> {
        match &node.kind {
            Kind::Int(n) => Some(*n),
            _ => {
                self.wrong(node, what, "a whole number");
                None
            }
        }
    }

    /// Reads a time: RFC 3339, or `now`, `now-1h`, `now+30m` if there is a clock.
    pub(crate) fn time(&mut self, node: &Node, what: &str, now: Option<Timestamp>) -> Option<Timestamp> {
        let text = self.text(node, what)?;
        let found = crate::clock::moment(text, now);
        if found.is_none() {
            let or = if now.is_some() { ", or now, now-1h, now+30m" } else { "" };
            let message = format!("invalid time `{text}` for {}; write 2026-11-22T10:00:00Z{or}", label(what));
            self.error("wrong-value", node.span, message);
        }
        found
    }
}

/// What an error is about: the name of a key in backticks, or a description such as `a test`.
fn label(what: &str) -> String {
    if what.contains(' ') { what.to_owned() } else { format!("`{what}`") }
}

/// The fields of a map.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'n> {
    pub(crate) node: &'n Node,
    known: &'static [&'static str],
}

impl<'n> Fields<'n> {
    /// Whether the node is a map; otherwise an error was reported.
    pub(crate) fn is_map(&self) -> bool {
        matches!(self.node.kind, Kind::Map(_))
    }

    /// The value of a field, unless it is absent or null.
    pub(crate) fn get(&self, name: &str) -> Option<&'n Node> {
        debug_assert!(self.known.contains(&name), "{name} is not among the known names");
        self.node.get(name).filter(|value| !value.is_null())
    }

    /// The value of a field, unless it is absent; null counts.
    pub(crate) fn stated(&self, name: &str) -> Option<&'n Node> {
        self.node.get(name)
    }

    /// The key of a field.
    pub(crate) fn key(&self, name: &str) -> Option<&'n Key> {
        self.node.entries().iter().find(|(key, _)| key.text == name).map(|(key, _)| key)
    }
}
