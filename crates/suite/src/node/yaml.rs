//! Suite files in YAML 1.2 with its core schema: anchors, aliases, merge keys (`<<`) and tags included.

use rustc_hash::{FxHashMap, FxHashSet};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, StrInput, Tag};

use firewarden::text::{Diagnostic, Source, Span};

use super::{Key, Kind, MAX_DEPTH, Node, add, syntax};

/// Nodes, and dozens of bytes of text, that anchors and aliases may add to a file: some lines of aliases of aliases could ask for more than any memory holds.
const MAX_COPIED: usize = 1_000_000;

pub(super) fn parse(source: &Source) -> Result<Node, Box<Diagnostic>> {
    let mut reader = Reader {
        parser: Parser::new_from_str(source.text()),
        offsets: Offsets::new(source.text()),
        anchors: FxHashMap::default(),
        copied: 0,
    };
    let node = reader.document()?;
    Ok(node.unwrap_or(Node { kind: Kind::Null, span: Span::default(), tag: None, plain: false }))
}

/// From the parser's count of characters to bytes.
struct Offsets {
    /// The place of each character; empty where every character is one byte.
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

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    offsets: Offsets,
    /// What aliases stand for, by the number of the anchor.
    anchors: FxHashMap<usize, Node>,
    copied: usize,
}

type Found<T> = Result<T, Box<Diagnostic>>;

impl<'t> Reader<'t> {
    fn next(&mut self) -> Found<(Event<'t>, Span)> {
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

    /// The only document of the file.
    fn document(&mut self) -> Found<Option<Node>> {
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

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Found<Node> {
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

    /// A copy of what the anchor names. It keeps the place where that is written, which is where a mistake is mended.
    fn alias(&mut self, anchor: usize, span: Span) -> Found<Node> {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            return Err(syntax(span, "the alias stands within what it names"));
        };
        self.copy(&node, span)?;
        Ok(node)
    }

    /// Pays for a copy.
    fn copy(&mut self, node: &Node, span: Span) -> Found<()> {
        self.copied += size(node);
        if self.copied > MAX_COPIED {
            return Err(syntax(span, "anchors and aliases repeat more than a suite can hold"));
        }
        Ok(())
    }

    fn list(&mut self, start: Span, depth: usize, tag: Option<Box<str>>) -> Found<Node> {
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

    fn map(&mut self, start: Span, depth: usize, tag: Option<Box<str>>) -> Found<Node> {
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
                _ => return Err(syntax(span, "a key is text; this is a list, a map or an alias")),
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

/// `<<: *other` and `<<: [*one, *other]`: keys that are not there themselves, of the first map that has them.
fn merge(entries: &mut Vec<(Key, Node)>, seen: &mut FxHashSet<String>, merged: Vec<Node>) -> Found<()> {
    for node in merged {
        let maps = match node.kind {
            Kind::List(items) => items,
            _ => vec![node],
        };
        for map in maps {
            let Kind::Map(more) = map.kind else {
                return Err(syntax(map.span, "<< takes a map, or a list of maps"));
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

/// The name of a tag of ours: `timestamp` of `!timestamp`.
fn name(tag: Option<&Tag>) -> Option<Box<str>> {
    tag.filter(|tag| !tag.is_yaml_core_schema()).map(|tag| tag.suffix.as_str().into())
}

/// A scalar by YAML's core schema: plain words can be null, booleans and numbers, quoted ones are text.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Found<Node> {
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
                _ => return Err(syntax(span, format!("{text:?} is no {wanted}"))),
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
    // Rust reads more words as numbers than YAML does: `inf`, `nan`, `infinity`.
    let is_number = text.bytes().any(|b| b.is_ascii_digit())
        && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    match text.parse::<f64>() {
        Ok(n) if is_number => Kind::Float(n),
        _ => Kind::Text(text.to_owned()),
    }
}
