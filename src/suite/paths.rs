//! Paths of requests and seeds: a misspelt one would make a denial pass for the wrong reason.

use crate::text::Span;

use super::node::Reader;

/// What a path in Firestore names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    Document,
    Collection,
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

/// The name of a document or a collection within the database.
pub(super) fn document(reader: &mut Reader, text: &str, span: Span, names: Names) -> Option<String> {
    let name = text.strip_prefix('/').unwrap_or(text);
    let name = match name.strip_prefix("databases/").and_then(|rest| rest.split_once("/documents/")) {
        Some((_, name)) => name,
        None => name,
    };
    segments(reader, name, span)?;
    let count = name.split('/').count();
    let (wrong, hint) = match names {
        Names::Document if count % 2 == 1 => ("a collection; this is about a document", format!("{name}/ID")),
        Names::Collection if count.is_multiple_of(2) => {
            let collection = name.rsplit_once('/').map_or(name, |(collection, _)| collection);
            ("a document; a list is about a collection", collection.to_owned())
        }
        _ => return Some(name.to_owned()),
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
        wildcard(reader, key, span, key.starts_with('$'))?;
    }
    Some(format!("/{name}"))
}

fn segments(reader: &mut Reader, name: &str, span: Span) -> Option<()> {
    for segment in name.split('/') {
        if segment.is_empty() {
            reader.error("wrong-path", span, "the path has an empty segment");
            return None;
        }
        wildcard(reader, segment, span, segment.starts_with('{') && segment.ends_with('}'))?;
    }
    Some(())
}

/// Wildcards belong to rules: a request names one object, document or place.
fn wildcard(reader: &mut Reader, segment: &str, span: Span, of_rules: bool) -> Option<()> {
    if of_rules || segment == "*" || segment == "**" {
        let message = format!("{segment} is a wildcard of rules; a request names one path: write what it stands for");
        reader.error("wildcard-path", span, message);
        return None;
    }
    Some(())
}
