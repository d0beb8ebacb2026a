//! The rules tree from JSON (realtime-database specification, sections 1.2 and 1.3).

use std::collections::{HashMap, hash_map::Entry};

use crate::{
    syntax::{
        ast::{Condition, DatabaseRules, Expr, ExprId, Exprs, Location, Name},
        depth::MAX_TREE_DEPTH,
        error,
        grammar::{Node, database::Rule, on_enough_stack},
    },
    text::{Diagnostic, Severity, Span},
};

use super::{
    DuplicateKeys, expr,
    json::Json,
    tokens::{self, Syntax},
    unescape::Unescaped,
    wording,
};

/// The most levels of a path of data (realtime-database specification, section 7.10).
const MAX_LEVELS: usize = 32;
/// The most bytes of a key.
const MAX_KEY: usize = 768;

/// Objects of up to this many members are searched for a repeated key one by one, larger ones through a map.
const SCAN: usize = 16;

const RULE_VALUE: &str = "Invalid rule expression.  Expected 'true', 'false', or an expression string.";
const INDEX_VALUE: &str = "Invalid indexOn expression. Must be either a string or an array of strings";
const KEY: &str = "String can't contain \".\", \"#\", \"$\", \"/\", \"[\", or \"]\"";

/// Builds the rules tree from the matches of `json_file`, and collects the problems of its structure and expressions.
pub(super) fn read(
    text: &str,
    nodes: &[Node<Rule>],
    duplicates: DuplicateKeys,
) -> (Option<DatabaseRules>, Vec<Diagnostic>) {
    let mut reader = Reader {
        text,
        duplicates,
        // Dense rules have one expression for nine bytes. Room that is never used costs nothing.
        exprs: Exprs::with_capacity(text.len() / 8),
        comments: nodes.iter().filter(|node| node.rule == Rule::comment).map(|node| node.span).collect(),
        problems: Vec::new(),
        wildcards: Vec::new(),
        members: Vec::new(),
    };
    let root = Json::document(nodes).and_then(|document| reader.file(document));
    let mut comments = reader.comments;
    comments.sort_by_key(|comment| comment.start);
    (root.map(|root| DatabaseRules { root, exprs: reader.exprs, comments }), reader.problems)
}

struct Reader<'n> {
    text: &'n str,
    duplicates: DuplicateKeys,
    exprs: Exprs,
    comments: Vec<Span>,
    problems: Vec<Diagnostic>,
    /// The wildcards of the enclosing locations.
    wildcards: Vec<Name>,
    /// The members of all open objects.
    members: Vec<(Name, Json<'n>)>,
}

impl<'n> Reader<'n> {
    fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.problems.push(error::problem(code, Some(span), message));
    }

    fn error_with_hint(&mut self, code: &'static str, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(error::problem(code, Some(span), message).with_hint(hint));
    }

    /// `{ "rules": { … } }`
    fn file(&mut self, document: Json<'n>) -> Option<Location> {
        const HINT: &str = "a rules file is { \"rules\": { … } }, and nothing stands beside \"rules\"";
        if !document.is_object() {
            self.error_with_hint(error::JSON_SYNTAX, first_byte(document.span), "Parse error.", HINT);
            return None;
        }
        self.open(document);
        let members = std::mem::take(&mut self.members);
        // The service points at the first key, or after the brace where there is none.
        let brace = Span::new(document.span.start as usize + 1, document.span.start as usize + 2);
        let Some((key, value)) = members.first().filter(|(key, _)| key.text == "rules") else {
            let place = members.first().map_or(brace, |(key, _)| key.span);
            self.error_with_hint(error::MISSING_RULES, place, "Expected 'rules' property.", HINT);
            return None;
        };
        for (extra, _) in members.iter().skip(1) {
            let message = format!("Unexpected property '{}' beside 'rules'.", extra.text);
            self.error(error::EXTRA_PROPERTY, extra.span, message);
        }
        let root = Name { text: String::new(), span: key.span };
        self.location(root, *value, 0)
    }

    /// Pushes the members of an object, with the escapes of keys resolved and no key twice. Returns the index of the first.
    fn open(&mut self, object: Json<'n>) -> usize {
        let first = self.members.len();
        let count = object.members().count();
        let mut places = HashMap::new();
        for (key, value) in object.members() {
            let Some(unescaped) = self.string(key) else { continue };
            let text = unescaped.text;
            let name = Name { text: text.to_string(), span: key.span };
            let before = match count {
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
                    let message = format!("Duplicate key '{}'.", name.text);
                    let problem = error::problem(error::DUPLICATE_KEY, Some(name.span), message)
                        .with_label(slot.0.span, "the first is here")
                        .with_hint("readers of JSON differ on which one counts; keep one of them");
                    self.problems.push(problem);
                }
            }
        }
        first
    }

    /// A string with its escapes resolved; `None` for other values and unknown escapes.
    fn string(&mut self, json: Json<'n>) -> Option<Unescaped<'n>> {
        const HINT: &str = "JSON has \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX; in regular expressions write every \
                            backslash twice";
        let (written, start) = json.string(self.text)?;
        let unescaped = Unescaped::new(written, start);
        unescaped
            .map_err(|bad| {
                let message = format!("Invalid escape: '{}'", bad.written);
                self.error_with_hint(error::INVALID_ESCAPE, bad.span, message, HINT);
            })
            .ok()
    }

    /// The rules of a location, `level` levels below the root.
    fn location(&mut self, key: Name, json: Json<'n>, level: usize) -> Option<Location> {
        if !json.is_object() {
            let hint = match rule_name(&key.text) {
                Some(name) => format!("did you mean \"{name}\"?"),
                None => "a place has an object of rules: { \".read\": …, \"child\": { … } }".to_owned(),
            };
            self.error_with_hint(error::NOT_RULES, first_byte(json.span), "Expected '{'.", hint);
            return None;
        }
        if level == MAX_LEVELS + 1 {
            self.warn(error::problem(error::UNREACHABLE_RULES, Some(key.span), "Rules below 32 levels never apply."));
        }
        let first = self.open(json);
        let children = json.members().filter(|(_, value)| value.is_object()).count();
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

    fn warn(&mut self, problem: Diagnostic) {
        self.problems.push(Diagnostic { severity: Severity::Warning, ..problem });
    }

    fn child(&mut self, parent: &mut Location, key: Name, value: Json<'n>, level: usize) {
        // A value that is no object is reported as such, whatever its key.
        let wildcard = value.is_object() && key.text.starts_with('$');
        if value.is_object() && !self.key(&key) || wildcard && !self.wildcard(parent, &key) {
            return;
        }
        let around = self.wildcards.len();
        self.wildcards.extend(wildcard.then(|| key.clone()));
        parent.children.extend(self.location(key, value, level));
        self.wildcards.truncate(around);
    }

    /// Whether a wildcard is the only one of its location, and has a name of its own.
    fn wildcard(&mut self, parent: &Location, key: &Name) -> bool {
        let problem = |code, message| error::problem(code, Some(key.span), message);
        let problem = if let Some(first) = parent.children.iter().find(|child| child.is_wildcard()) {
            let message = format!("Cannot have multiple default rules ('{}' and '{}').", first.key.text, key.text);
            problem(error::TWO_WILDCARDS, message).with_label(first.key.span, "the first is here")
        } else if let Some(around) = self.wildcards.iter().find(|around| around.text == key.text) {
            let message = format!("The wildcard '{}' stands within another one of its name.", key.text);
            problem(error::REPEATED_WILDCARD, message)
                .with_label(around.span, "the outer one is here")
                .with_hint("give one of them another name")
        } else {
            return true;
        };
        self.problems.push(problem);
        false
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
            self.error_with_hint(error::INVALID_KEY, key.span, KEY, hint);
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
            let problem = error::problem(error::UNNAMABLE_WILDCARD, Some(key.span), message);
            self.warn(problem.with_hint("letters, digits and `_` make a name"));
        }
        true
    }

    fn indexes(&mut self, value: Json<'n>) -> Vec<Name> {
        let mut indexes = Vec::new();
        let mut entry = |this: &mut Self, entry: Json<'n>| match entry.rule {
            Rule::json_string => {
                indexes.extend(this.string(entry).map(|path| Name { text: path.text.into(), span: entry.span }));
            }
            _ => this.error(error::INDEX_VALUE, first_byte(entry.span), INDEX_VALUE),
        };
        match value.rule {
            Rule::json_array => value.items().for_each(|item| entry(self, item)),
            _ => entry(self, value),
        }
        indexes
    }

    fn condition(&mut self, value: Json<'n>) -> Option<Condition> {
        let constant = self.text.get(value.span.range()).and_then(|word| word.parse::<bool>().ok());
        if let Some(constant) = constant {
            let expr = self.exprs.push(Expr::Bool(constant), value.span, value.span);
            return Some(Condition { expr, span: value.span });
        }
        if value.rule != Rule::json_string {
            self.error(error::RULE_VALUE, first_byte(value.span), RULE_VALUE);
            return None;
        }
        let unescaped = self.string(value)?;
        let span = Span::new(value.span.start as usize + 1, value.span.end as usize - 1);
        self.expression(&unescaped).map(|expr| Condition { expr, span })
    }

    fn expression(&mut self, unescaped: &Unescaped<'_>) -> Option<ExprId> {
        let first = self.exprs.len();
        let parsed = parse_expression(&unescaped.text, &mut self.exprs);
        self.exprs.relocate(first, |span| unescaped.in_file(span));
        match parsed {
            Ok((root, comments)) => {
                self.comments.extend(comments.into_iter().map(|span| unescaped.in_file(span)));
                Some(root)
            }
            Err(mut problem) => {
                problem.span = problem.span.map(|span| unescaped.in_file(span));
                problem.labels.iter_mut().for_each(|label| label.span = unescaped.in_file(label.span));
                self.problems.push(problem);
                None
            }
        }
    }
}

/// Parses an expression within the limits of nesting. Returns the root and the comments, with spans in `text`.
fn parse_expression(text: &str, exprs: &mut Exprs) -> Result<(ExprId, Vec<Span>), Diagnostic> {
    let too_deep = |span: Span| {
        error::problem(error::EXPRESSION_TOO_DEEP, Some(span), "The expression nests too deeply.")
            .with_hint("chains of && and || may be long without brackets; other parts belong into rules of their own")
    };
    let depth = tokens::nesting(Syntax::Expression, text).map_err(too_deep)?;
    let first = exprs.len();
    let parsed =
        on_enough_stack(depth, || expr::parse(text, exprs)).map_err(|failure| wording::expression(text, &failure))?;
    match deepest(exprs, first) {
        Some(deep) => Err(too_deep(exprs.span(deep))),
        None => Ok(parsed),
    }
}

/// The first expression from `first` on whose tree is deeper than later stages can walk. A chain of the same `&&` or `||`
/// is one level.
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

fn first_byte(span: Span) -> Span {
    Span { end: span.end.min(span.start + 1), ..span }
}

/// The rule that a misspelt key likely means.
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
