//! Parses suites in YAML 1.2 (core schema), with anchors, aliases, merge keys (`<<`) and tags.

use rustc_hash::{FxHashMap, FxHashSet};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, StrInput, Tag};

use firewarden::text::{Diagnostic, Source, Span};

use super::{Key, Kind, MAX_DEPTH, Node, add, syntax};

/// The limit of what anchors and aliases may add to a file, in nodes plus one for each 64 bytes of text: a few lines of
/// nested aliases could exhaust memory.
const MAX_COPIED: usize = 1_000_000;

pub(super) fn parse(source: &Source) -> Result<Node, Box<Diagnostic>> {
    let mut builder = TreeBuilder {
        parser: Parser::new_from_str(source.text()),
        offsets: Offsets::new(source.text()),
        anchors: FxHashMap::default(),
        copied: 0,
    };
    let node = builder.document()?;
    Ok(node.unwrap_or(Node { kind: Kind::Null, span: Span::default(), tag: None, plain: false }))
}

/// Converts the parser's character indices to byte offsets.
struct Offsets {
    /// The offset of each character; empty if every character is one byte.
    bytes: Vec<u32>,
    end: usize,
}

impl Offsets {
    fn new(text: &str) -> Self {
        let bytes = if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(at, _)| at as u32).collect() };
        Offsets { bytes, end: text.len() }
    }

    fn at(&self, index: usize) -> usize {
        if self.bytes.is_empty() {
            return index.min(self.end);
        }
        self.bytes.get(index).map_or(self.end, |at| *at as usize)
    }

    fn span(&self, span: saphyr_parser::Span) -> Span {
        let (start, end) = (self.at(span.start.index()), self.at(span.end.index()));
        Span::new(start, end.max(start))
    }
}

struct TreeBuilder<'t> {
    parser: Parser<'t, StrInput<'t>>,
    offsets: Offsets,
    /// The nodes of anchors, by their numbers.
    anchors: FxHashMap<usize, Node>,
    copied: usize,
}

type ParseResult<T> = Result<T, Box<Diagnostic>>;

impl<'t> TreeBuilder<'t> {
    fn next(&mut self) -> ParseResult<(Event<'t>, Span)> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.offsets.span(span))),
            Some(Err(error)) => Err(self.refused(&error)),
            None => Ok((Event::StreamEnd, Span::new(self.offsets.end, self.offsets.end))),
        }
    }

    fn refused(&self, error: &ScanError) -> Box<Diagnostic> {
        let at = self.offsets.at(error.marker().index());
        syntax(Span::new(at, at + 1), format!("not YAML: {}", error.info()))
    }

    /// Parses the only document of the file.
    fn document(&mut self) -> ParseResult<Option<Node>> {
        let mut found = None;
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(found),
                (Event::DocumentStart(_), span) if found.is_some() => {
                    return Err(syntax(span, "a second document begins here; a suite is one document"));
                }
                (Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing, _) => {}
                (event, span) => found = Some(self.node(event, span, 0)?),
            }
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> ParseResult<Node> {
        if depth > MAX_DEPTH {
            return Err(syntax(span, format!("values nest deeper than {MAX_DEPTH} levels")));
        }
        let (anchor, node) = match event {
            Event::Scalar(text, style, anchor, tag) => (anchor, scalar(&text, style, tag.as_deref(), span)?),
            Event::SequenceStart(anchor, tag) => (anchor, self.list(span, depth, name(tag.as_deref()))?),
            Event::MappingStart(anchor, tag) => (anchor, self.map(span, depth, name(tag.as_deref()))?),
            Event::Alias(anchor) => (0, self.alias(anchor, span)?),
            _ => return Err(syntax(span, "a value is missing here")),
        };
        if anchor != 0 {
            self.copy(&node, span)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    /// Copies the node of an anchor. The copy keeps the span of the original, where an error has to be corrected.
    fn alias(&mut self, anchor: usize, span: Span) -> ParseResult<Node> {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            return Err(syntax(span, "the alias is inside its own anchor"));
        };
        self.copy(&node, span)?;
        Ok(node)
    }

    /// Counts a copy towards the limit.
    fn copy(&mut self, node: &Node, span: Span) -> ParseResult<()> {
        self.copied += size(node);
        if self.copied > MAX_COPIED {
            return Err(syntax(span, "anchors and aliases expand to more than a suite can hold"));
        }
        Ok(())
    }

    fn list(&mut self, start: Span, depth: usize, tag: Option<Box<str>>) -> ParseResult<Node> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, end) => {
                    return Ok(Node { kind: Kind::List(items), span: start.to(end), tag, plain: false });
                }
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, start: Span, depth: usize, tag: Option<Box<str>>) -> ParseResult<Node> {
        let (mut entries, mut seen, mut merged) = (Vec::new(), FxHashSet::default(), Vec::new());
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                merge(&mut entries, &mut seen, merged)?;
                return Ok(Node { kind: Kind::Map(entries), span: start.to(span), tag, plain: false });
            }
            let is_merge = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<");
            let text = match event {
                Event::Scalar(text, ..) => text.into_owned(),
                _ => return Err(syntax(span, "expected a key to be text, not a list, a map or an alias")),
            };
            let (event, at) = self.next()?;
            let value = self.node(event, at, depth + 1)?;
            if is_merge {
                merged.push(value);
            } else if let Some(twice) = add(&mut entries, &mut seen, Key { text, span }, value) {
                return Err(twice);
            }
        }
    }
}

/// Adds the keys of `<<: *other` or `<<: [*one, *other]` that the map lacks; earlier maps take precedence.
fn merge(entries: &mut Vec<(Key, Node)>, seen: &mut FxHashSet<String>, merged: Vec<Node>) -> ParseResult<()> {
    for node in merged {
        let maps = match node.kind {
            Kind::List(items) => items,
            _ => vec![node],
        };
        for map in maps {
            let Kind::Map(more) = map.kind else {
                return Err(syntax(map.span, "`<<` expects a map or a list of maps"));
            };
            for (key, value) in more {
                if seen.insert(key.text.clone()) {
                    entries.push((key, value));
                }
            }
        }
    }
    Ok(())
}

fn size(node: &Node) -> usize {
    match &node.kind {
        Kind::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Kind::Map(entries) => 1 + entries.iter().map(|(_, value)| size(value)).sum::<usize>(),
        Kind::Text(text) => 1 + text.len() / 64,
        _ => 1,
    }
}

/// The name of a local tag: `timestamp` of `!timestamp`.
fn name(tag: Option<&Tag>) -> Option<Box<str>> {
    tag.filter(|tag| !tag.is_yaml_core_schema()).map(|tag| tag.suffix.as_str().into())
}

/// Resolves a scalar by the core schema: plain scalars may be null, booleans or numbers, quoted ones are text.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> ParseResult<Node> {
    let core = tag.filter(|tag| tag.is_yaml_core_schema()).map(|tag| tag.suffix.as_str());
    let as_text = || Kind::Text(text.to_owned());
    let kind = match (core, style) {
        (Some("str"), _) => as_text(),
        (None, ScalarStyle::Plain) if tag.is_none() => plain(text),
        (None, _) => as_text(),
        (Some(wanted), _) => {
            let kind = plain(text);
            match (wanted, kind) {
                ("null", Kind::Null) => Kind::Null,
                ("bool", Kind::Bool(b)) => Kind::Bool(b),
                ("int", Kind::Int(n)) => Kind::Int(n),
                ("float", Kind::Int(n)) => Kind::Float(n as f64),
                ("float", Kind::Float(n)) => Kind::Float(n),
                _ => return Err(syntax(span, format!("`{text}` is not a valid {wanted}"))),
            }
        }
    };
    Ok(Node { kind, span, tag: name(tag), plain: style == ScalarStyle::Plain })
}

fn plain(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Kind::Null,
        "true" | "True" | "TRUE" => return Kind::Bool(true),
        "false" | "False" | "FALSE" => return Kind::Bool(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Kind::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Kind::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Kind::Float(f64::NAN),
        _ => {}
    }
    let radix = |prefix, radix| text.strip_prefix(prefix).and_then(|digits| i64::from_str_radix(digits, radix).ok());
    if let Some(n) = text.parse().ok().or_else(|| radix("0x", 16)).or_else(|| radix("0o", 8)) {
        return Kind::Int(n);
    }
    // Rust parses `inf`, `nan` and `infinity`, which are text in YAML.
    let is_number = text.bytes().any(|b| b.is_ascii_digit())
        && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    match text.parse::<f64>() {
        Ok(n) if is_number => Kind::Float(n),
        _ => Kind::Text(text.to_owned()),
    }
}
