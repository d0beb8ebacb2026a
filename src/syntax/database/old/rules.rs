//! The rules tree from JSON (realtime-database specification, sections 1.2 and 1.3).

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
};

use smol_str::SmolStr;

use crate::{
    syntax::{
        ast::{Condition, Expr, ExprId, Exprs, Location, Name},
        depth::{MAX_OPEN, MAX_TREE_DEPTH},
        error,
    },
    text::{Diagnostic, Span},
};

use super::{
    DuplicateKeys, expr,
    json::{Json, Kind},
    lexer::{self, Within},
    unescape::Unescaped,
    wording,
};

/// Levels that a path of data can have (realtime-database specification, section 7.10).
const MAX_LEVELS: usize = 32;
/// Bytes that a key can have.
const MAX_KEY: usize = 768;

/// The same key is found by comparing in objects of up to this many.
const SCAN: usize = 16;

const RULE_VALUE: &str = "Invalid rule expression.  Expected 'true', 'false', or an expression string.";
const INDEX_VALUE: &str = "Invalid indexOn expression. Must be either a string or an array of strings";
const KEY: &str = "String can't contain \".\", \"#\", \"$\", \"/\", \"[\", or \"]\"";

/// Reads the tree, and collects what is wrong with it and its expressions.
pub(super) struct Reader<'j> {
    duplicates: DuplicateKeys,
    exprs: Exprs,
    pending: expr::Pending,
    problems: Vec<Diagnostic>,
    /// Wildcards of the places around.
    wildcards: Vec<Name>,
    /// Members of the objects that are open.
    members: Vec<(Name, &'j Json<'j>)>,
}

impl<'j> Reader<'j> {
    /// For a text of so many bytes.
    pub(super) fn new(duplicates: DuplicateKeys, bytes: usize) -> Self {
        Reader {
            duplicates,
            // Where nothing is blank, rules have one for nine bytes. Room that is never used costs nothing.
            exprs: Exprs::with_capacity(bytes / 8),
            pending: expr::Pending::default(),
            problems: Vec::new(),
            wildcards: Vec::new(),
            members: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> (Exprs, Vec<Diagnostic>) {
        (self.exprs, self.problems)
    }

    fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.report(error::problem(code, Some(span), message))
    }

    fn report(&mut self, problem: Diagnostic) -> &mut Diagnostic {
        self.problems.push(problem);
        let last = self.problems.len() - 1;
        #[allow(clippy::indexing_slicing, reason = "just pushed")]
        &mut self.problems[last]
    }

    /// `{ "rules": { … } }`
    pub(super) fn file(&mut self, document: &'j Json<'j>) -> Option<Location> {
        const HINT: &str = "a rules file is { \"rules\": { … } }, and nothing stands beside \"rules\"";
        let Kind::Object(members) = &document.kind else {
            self.error(error::JSON_SYNTAX, first_byte(document.span), "Parse error.").hint = Some(HINT.to_owned());
            return None;
        };
        self.open(members);
        let members = std::mem::take(&mut self.members);
        // The service points at the first key, or behind the brace where there is none.
        let brace = Span::new(document.span.start as usize + 1, document.span.start as usize + 2);
        let Some((key, value)) = members.first().filter(|(key, _)| key.text == "rules") else {
            let place = members.first().map_or(brace, |(key, _)| key.span);
            self.error(error::MISSING_RULES, place, "Expected 'rules' property.").hint = Some(HINT.to_owned());
            return None;
        };
        for (extra, _) in members.iter().skip(1) {
            let message = format!("Unexpected property '{}' beside 'rules'.", extra.text);
            self.error(error::EXTRA_PROPERTY, extra.span, message);
        }
        let root = Name { text: SmolStr::default(), span: key.span };
        self.location(root, value, 0)
    }

    /// Opens an object: its keys with their escapes resolved, and no key twice. Gives where they begin.
    fn open(&mut self, members: &'j [(Json<'j>, Json<'j>)]) -> usize {
        let first = self.members.len();
        let mut places = HashMap::new();
        for (key, value) in members {
            let Some(unescaped) = self.string(key) else { continue };
            let text = unescaped.text;
            let name = Name { text: SmolStr::new(&text), span: key.span };
            let before = match members.len() {
                ..=SCAN => {
                    let mut kept = self.members.iter().skip(first);
                    kept.position(|(before, _)| before.text == name.text).map(|at| first + at)
                }
                _ => match places.entry(text) {
                    Entry::Occupied(before) => Some(*before.get()),
                    Entry::Vacant(slot) => {
                        slot.insert(self.members.len());
                        None
                    }
                },
            };
            let Some(before) = before else {
                self.members.push((name, value));
                continue;
            };
            let Some(slot) = self.members.get_mut(before) else { continue };
            match self.duplicates {
                DuplicateKeys::KeepLast => *slot = (name, value),
                DuplicateKeys::Refuse => {
                    let first = slot.0.span;
                    let problem =
                        self.error(error::DUPLICATE_KEY, name.span, format!("Duplicate key '{}'.", name.text));
                    problem.labels.push(crate::text::Label { span: first, text: "the first is here".to_owned() });
                    problem.hint = Some("readers of JSON differ on which one counts; keep one of them".to_owned());
                }
            }
        }
        first
    }

    fn string<'t>(&mut self, json: &Json<'t>) -> Option<Unescaped<'t>> {
        let Kind::String(written) = json.kind else { return None };
        match Unescaped::new(written, json.span.start as usize + 1) {
            Ok(unescaped) => Some(unescaped),
            Err(bad) => {
                let message = format!("Invalid escape: '{}'", bad.written);
                self.error(error::INVALID_ESCAPE, bad.span, message).hint = Some(
                    "JSON has \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX; in regular expressions write every backslash twice"
                        .to_owned(),
                );
                None
            }
        }
    }

    /// The rules of a place, `level` levels below the root.
    fn location(&mut self, key: Name, json: &'j Json<'j>, level: usize) -> Option<Location> {
        let Kind::Object(members) = &json.kind else {
            let hint = rule_name(&key.text).map(|name| format!("did you mean \"{name}\"?"));
            let hint =
                hint.unwrap_or_else(|| "a place has an object of rules: { \".read\": …, \"child\": { … } }".to_owned());
            self.error(error::NOT_RULES, first_byte(json.span), "Expected '{'.").hint = Some(hint);
            return None;
        };
        if level == MAX_LEVELS + 1 {
            let problem =
                error::problem(error::UNREACHABLE_RULES, Some(key.span), "Rules below 32 levels never apply.");
            self.report(Diagnostic { severity: crate::text::Severity::Warning, ..problem });
        }
        let first = self.open(members);
        let children = members.iter().filter(|(_, value)| matches!(value.kind, Kind::Object(_))).count();
        let children = Vec::with_capacity(children);
        let mut location = Location { key, read: None, write: None, validate: None, indexes: Vec::new(), children };
        let mut at = first;
        while let Some((key, value)) = self.members.get(at).cloned() {
            at += 1;
            match key.text.as_str() {
                ".read" => location.read = self.condition(value),
                ".write" => location.write = self.condition(value),
                ".validate" => location.validate = self.condition(value),
                ".indexOn" => location.indexes = self.indexes(value),
                _ => self.child(&mut location, key, value, level + 1),
            }
        }
        self.members.truncate(first);
        Some(location)
    }

    fn child(&mut self, parent: &mut Location, key: Name, value: &'j Json<'j>, level: usize) {
        // What is no object is reported as such, whatever its key.
        if matches!(value.kind, Kind::Object(_)) && !self.key(&key) {
            return;
        }
        let wildcard = key.text.starts_with('$');
        if wildcard && matches!(value.kind, Kind::Object(_)) {
            if let Some(first) = parent.children.iter().find(|child| child.is_wildcard()) {
                let (a, b, label) = (first.key.text.clone(), key.text.clone(), first.key.span);
                let message = format!("Cannot have multiple default rules ('{a}' and '{b}').");
                let problem = self.error(error::TWO_WILDCARDS, key.span, message);
                problem.labels.push(crate::text::Label { span: label, text: "the first is here".to_owned() });
                return;
            }
            if let Some(around) = self.wildcards.iter().find(|around| around.text == key.text) {
                let (label, message) =
                    (around.span, format!("The wildcard '{}' stands within another one of its name.", key.text));
                let problem = self.error(error::REPEATED_WILDCARD, key.span, message);
                problem.labels.push(crate::text::Label { span: label, text: "the outer one is here".to_owned() });
                problem.hint = Some("give one of them another name".to_owned());
                return;
            }
            self.wildcards.push(key.clone());
        }
        let before = self.wildcards.len();
        parent.children.extend(self.location(key, value, level));
        if wildcard {
            self.wildcards.truncate(before.saturating_sub(1));
        }
    }

    /// Whether a key can be one of data, or is a wildcard.
    fn key(&mut self, key: &Name) -> bool {
        let name = key.text.strip_prefix('$').unwrap_or(&key.text);
        if name.contains(['.', '#', '$', '/', '[', ']']) {
            let hint = match rule_name(&key.text) {
                Some(rule) => format!("did you mean \"{rule}\"?"),
                None if name.contains('/') => "write one object within the other: \"a\": { \"b\": { … } }".to_owned(),
                None => "no data can have such a key".to_owned(),
            };
            self.error(error::INVALID_KEY, key.span, KEY).hint = Some(hint);
            return false;
        }
        let control = name.contains(|c: char| c < ' ' || c == '\u{7F}');
        if name.is_empty() || control || key.text.len() > MAX_KEY {
            let message = format!("A key has 1 to {MAX_KEY} bytes and no control characters.");
            self.error(error::INVALID_KEY, key.span, message);
            return false;
        }
        let named = name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if key.text.starts_with('$') && !named {
            let message = format!("The wildcard '{}' cannot be named in expressions.", key.text);
            let problem = error::problem(error::UNNAMABLE_WILDCARD, Some(key.span), message)
                .with_hint("letters, digits and `_` make a name");
            self.report(Diagnostic { severity: crate::text::Severity::Warning, ..problem });
        }
        true
    }

    fn indexes(&mut self, value: &Json<'_>) -> Vec<Name> {
        let entries = match &value.kind {
            Kind::Array(entries) => entries.as_slice(),
            Kind::String(_) => std::slice::from_ref(value),
            _ => {
                self.error(error::INDEX_VALUE, first_byte(value.span), INDEX_VALUE);
                return Vec::new();
            }
        };
        let mut indexes = Vec::new();
        for entry in entries {
            match entry.kind {
                Kind::String(_) => {
                    indexes.extend(self.string(entry).map(|path| Name { text: path.text.into(), span: entry.span }));
                }
                _ => drop(self.error(error::INDEX_VALUE, first_byte(entry.span), INDEX_VALUE)),
            }
        }
        indexes
    }

    fn condition(&mut self, value: &Json<'_>) -> Option<Condition> {
        match &value.kind {
            Kind::Bool(constant) => {
                let expr = self.exprs.push(Expr::Bool(*constant), value.span, value.span);
                Some(Condition { expr, span: value.span })
            }
            Kind::String(_) => {
                let unescaped = self.string(value)?;
                let (start, end) = (value.span.start as usize + 1, value.span.end as usize - 1);
                let span = Span::new(start, end);
                self.expression(&unescaped).map(|expr| Condition { expr, span })
            }
            _ => {
                self.error(error::RULE_VALUE, first_byte(value.span), RULE_VALUE);
                None
            }
        }
    }

    fn expression(&mut self, unescaped: &Unescaped<'_>) -> Option<ExprId> {
        let text = &*line_feeds(&unescaped.text, &['\r', '\u{2028}', '\u{2029}']);
        let too_deep = |span: Span| {
            error::problem(error::EXPRESSION_TOO_DEEP, Some(span), "The expression nests too deeply.").with_hint(
                "chains of && and || may be long without brackets; other parts belong into rules of their own",
            )
        };
        let first = self.exprs.len();
        let built = match expr::parse(text, &mut self.exprs, &mut self.pending) {
            Ok(root) => match deepest(&self.exprs, first) {
                Some(deep) => Err(too_deep(self.exprs.span(deep))),
                None => Ok(root),
            },
            // Where a text breaks off both ways, its nesting is told, as of the file.
            Err(failure) => Err(match lexer::too_deep(text, Within::Expression, MAX_OPEN) {
                Some(place) => too_deep(place),
                None => {
                    let mut problem = wording::expression(text, failure);
                    wording::explain(text, Within::Expression, &mut problem);
                    problem
                }
            }),
        };
        self.exprs.relocate(first, |span| unescaped.place(span));
        match built {
            Ok(root) => Some(root),
            Err(mut problem) => {
                problem.span = problem.span.map(|span| unescaped.place(span));
                problem.labels.iter_mut().for_each(|label| label.span = unescaped.place(label.span));
                self.problems.push(problem);
                None
            }
        }
    }
}

/// An expression whose tree is deeper than later stages can walk. A chain of one of `&&` and `||` is one level.
fn deepest(exprs: &Exprs, first: usize) -> Option<ExprId> {
    if exprs.len() - first <= MAX_TREE_DEPTH as usize {
        return None;
    }
    let mut depths: Vec<u32> = Vec::with_capacity(exprs.len() - first);
    for at in first..exprs.len() {
        let id = ExprId(at as u32);
        let node = exprs.get(id);
        let depth = node.children().map(|(child, _)| {
            let below = depths.get((child.0 as usize).wrapping_sub(first)).copied().unwrap_or(0);
            below + u32::from(!node.continues(exprs.get(child)))
        });
        let depth = depth.max().unwrap_or(1);
        if depth > MAX_TREE_DEPTH {
            return Some(id);
        }
        depths.push(depth);
    }
    None
}

/// The same text with line feeds for other characters that end a line, and a comment. Nothing moves.
pub(super) fn line_feeds<'t>(text: &'t str, ends: &[char]) -> Cow<'t, str> {
    // Few texts have more than ASCII, and those two questions are quick.
    if text.is_ascii() && !text.contains('\r') || !text.contains(ends) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => out.push(c),
            c if ends.contains(&c) => {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', c.len_utf8() - 1));
            }
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}

fn first_byte(span: Span) -> Span {
    Span { end: span.end.min(span.start + 1), ..span }
}

/// The rule that a misspelt key was meant to be.
fn rule_name(key: &str) -> Option<&'static str> {
    let plain = |text: &str| text.trim_start_matches('.').to_ascii_lowercase();
    let mut letters: Vec<_> = plain(key).into_bytes();
    letters.sort_unstable();
    [".read", ".write", ".validate", ".indexOn"].into_iter().find(|rule| {
        let mut wanted: Vec<_> = plain(rule).into_bytes();
        wanted.sort_unstable();
        let (key, rule) = (plain(key), plain(rule));
        letters == wanted
            || key == format!("{rule}s")
            || key.starts_with(rule.get(..4).unwrap_or(&rule)) && key.len() <= rule.len() + 1
    })
}
