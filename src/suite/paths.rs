//! Paths of requests and seeds: a misspelt one would make a denial pass for the wrong reason.

use crate::{
    service::{impossible_segment, split_full},
    text::Span,
};

use super::node::{Node, Reader};

/// What a path in Firestore names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    Document,
    Collection,
}

/// Bucket and name of a full name: `/b/BUCKET/o/NAME`, `gs://BUCKET/NAME`.
pub(super) fn in_bucket(text: &str) -> Option<(&str, &str)> {
    let official = text.strip_prefix("/b/").and_then(|rest| rest.split_once("/o/"));
    official.or_else(|| text.strip_prefix("gs://").and_then(|rest| rest.split_once('/')))
}

/// The name of an object, or of a prefix; a slash before it does not count.
pub(super) fn object(reader: &mut Reader, text: &str, span: Span, prefix: bool) -> Option<String> {
    let name = text.strip_prefix('/').unwrap_or(text);
    let folder = name.strip_suffix('/').unwrap_or(name);
    if prefix && folder.is_empty() {
        return Some(String::new());
    }
    segments(reader, folder, span)?;
    Some(if prefix { folder } else { name }.to_owned())
}

/// The database that the path names, if it does, and the name of a document or a collection within it.
pub(super) fn document(reader: &mut Reader, text: &str, span: Span, names: Names) -> Option<(Option<String>, String)> {
    let name = text.strip_prefix('/').unwrap_or(text);
    let full = split_full(name);
    if full.is_none() && text.starts_with("/databases/") {
        reader.error("wrong-path", span, format!("{text}: a full name is /databases/DATABASE/documents/COLLECTION/ID"));
        return None;
    }
    let (database, name) = full.map_or((None, name), |(database, name)| (Some(database.to_owned()), name));
    if let Some(database) = &database {
        check_name(reader, database, span, "database")?;
    }
    segments(reader, name, span)?;
    if let Some(segment) = impossible_segment(name) {
        let shown: String = segment.chars().take(40).collect();
        let message =
            format!("no document has {shown:?} in its name: `.`, `..`, `__…__` and more than 1500 octets are refused");
        reader.error("wrong-path", span, message);
        return None;
    }
    let count = name.split('/').count();
    let (wrong, hint) = match names {
        Names::Document if count % 2 == 1 => ("a collection; this is about a document", format!("{name}/ID")),
        Names::Collection if count.is_multiple_of(2) => {
            let collection = name.rsplit_once('/').map_or(name, |(collection, _)| collection);
            ("a document; a list is about a collection", collection.to_owned())
        }
        _ => return Some((database, name.to_owned())),
    };
    let problem = super::node::problem("wrong-path", span, format!("{name} names {wrong}"));
    reader.report(problem.with_hint(format!("did you mean {hint}?")));
    None
}

/// A place in a database. Which keys there can be, the database says when it is asked.
pub(super) fn place(reader: &mut Reader, text: &str, span: Span) -> Option<String> {
    let name = text.trim_matches('/');
    for key in name.split('/').filter(|_| !name.is_empty()) {
        if key.is_empty() {
            reader.error("wrong-path", span, "the path has an empty segment");
            return None;
        }
        wildcard(reader, key, span)?;
    }
    Some(format!("/{name}"))
}

fn segments(reader: &mut Reader, name: &str, span: Span) -> Option<()> {
    for segment in name.split('/') {
        if segment.is_empty() {
            reader.error("wrong-path", span, "the path has an empty segment");
            return None;
        }
        wildcard(reader, segment, span)?;
    }
    Some(())
}

/// The name of a bucket or a database.
pub(super) fn plain_name<'n>(reader: &mut Reader, node: &'n Node, what: &str) -> Option<&'n str> {
    let text = reader.text(node, what)?;
    check_name(reader, text, node.span, what)?;
    Some(text)
}

/// Whether it is the name of a bucket or a database.
pub(super) fn check_name(reader: &mut Reader, text: &str, span: Span, what: &str) -> Option<()> {
    if text.is_empty() || text.contains('/') {
        reader.error("wrong-value", span, format!("{what}: {text:?} is no name of a {what}"));
        return None;
    }
    wildcard(reader, text, span)
}

/// Wildcards belong to rules: a request names one object, document or place.
fn wildcard(reader: &mut Reader, segment: &str, span: Span) -> Option<()> {
    let braces = segment.find('{').is_some_and(|at| segment.get(at..).is_some_and(|rest| rest.contains('}')));
    if braces || segment.contains("$(") || segment == "*" || segment == "**" || is_variable(segment) {
        let message = format!("{segment} is a wildcard of rules; a request names one path: write what it stands for");
        reader.error("wildcard-path", span, message);
        return None;
    }
    let bracketed = segment.starts_with('<') && segment.ends_with('>');
    if segment.contains('*') || segment.starts_with(':') || bracketed {
        let message = format!("{segment} looks like a wildcard; it is taken as the name that it is");
        reader.warn("wildcard-path", span, message, "");
    }
    if segment.trim() != segment {
        reader.error("wrong-path", span, format!("{segment:?} begins or ends with a blank"));
        return None;
    }
    Some(())
}

/// `$uid`
fn is_variable(segment: &str) -> bool {
    segment.strip_prefix('$').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
}
