//! Paths of requests and seeds. A misspelt path would let a denial pass for the wrong reason, so paths are checked.

use std::borrow::Cow;

use firewarden::{
    internals::service::{invalid_segment, split_full_name},
    text::Span,
    value::{PercentMode, percent_decode},
};

use super::node::{Node, Reader};

/// The bucket or database of a path that names none.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    /// The one that the request states.
    pub(super) stated: Option<&'s str>,
    /// The one that applies if neither the request nor the path states one.
    pub(super) default: &'s str,
}

/// The kind of a Firestore path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathKind {
    Document,
    Collection,
}

/// Splits a full name, `/b/BUCKET/o/NAME` or `gs://BUCKET/NAME`, into bucket and name. The name of the bucket itself is
/// empty.
pub(super) fn in_bucket(text: &str) -> Option<(&str, &str)> {
    if let Some(rest) = text.strip_prefix("gs://") {
        return Some(rest.split_once('/').unwrap_or((rest, "")));
    }
    let rest = text.strip_prefix("/b/")?;
    rest.split_once("/o/").or_else(|| Some((rest.strip_suffix("/o")?, "")))
}

/// Reads the path of an object or of a prefix into bucket and name.
pub(super) fn object(
    reader: &mut Reader,
    text: &str,
    span: Span,
    scope: Scope<'_>,
    prefix: bool,
) -> Option<(String, String)> {
    url(reader, text, span)?;
    let full = in_bucket(text);
    if full.is_none() {
        almost_full(reader, text, span);
    }
    if let (Some((of_path, _)), Some(stated)) = (full, scope.stated)
        && of_path != stated
    {
        let message = format!("the path names the bucket `{of_path}`, not `{stated}`");
        reader.error("wrong-path", span, message);
    }
    let (bucket, name) = full.unwrap_or((scope.stated.unwrap_or(scope.default), text));
    check_name(reader, bucket, span, "bucket")?;
    Some((bucket.to_owned(), object_name(reader, name, span, prefix)?))
}

/// Warns of an object name that resembles a full name: `b/BUCKET/o/NAME`, `/b/BUCKET/NAME`.
fn almost_full(reader: &mut Reader, text: &str, span: Span) {
    let (slash, name) = text.strip_prefix('/').map_or((false, text), |name| (true, name));
    let Some((bucket, rest)) = name.strip_prefix("b/").and_then(|rest| rest.split_once('/')) else { return };
    let right = match rest.strip_prefix("o/") {
        Some(name) => name,
        None if slash => rest,
        None => return,
    };
    let message = format!("`{text}` is read as the name of an object");
    reader.warn("wrong-path", span, message, &format!("did you mean /b/{bucket}/o/{right}?"));
}

/// Reads the name of an object or of a prefix, without a leading slash.
fn object_name(reader: &mut Reader, text: &str, span: Span, prefix: bool) -> Option<String> {
    let name = text.strip_prefix('/').unwrap_or(text);
    let folder = name.strip_suffix('/').unwrap_or(name);
    if folder.is_empty() {
        if !prefix {
            reader.error("wrong-path", span, "the path names no object");
        }
        return prefix.then(String::new);
    }
    segments(reader, folder, span)?;
    if name.to_ascii_lowercase().contains("%2f") {
        let message = format!("`%2F` in `{name}` is not a slash: paths are not decoded");
        reader.warn("encoded-path", span, message, &format!("did you mean {}?", decoded(name)));
    }
    Some(if prefix { folder } else { name }.to_owned())
}

/// Strips the project from a full name: `projects/P/databases/D/documents/…`.
pub(super) fn without_project(name: &str) -> &str {
    let rest = name.strip_prefix("projects/").and_then(|rest| rest.split_once('/'));
    rest.map(|(_, rest)| rest).filter(|rest| split_full_name(rest).is_some() && !rest.starts_with('/')).unwrap_or(name)
}

/// Reads the path of a document or collection into the database, if the path names one, and the name.
fn document_name(reader: &mut Reader, text: &str, span: Span, kind: PathKind) -> Option<(Option<String>, String)> {
    url(reader, text, span)?;
    let name = without_project(text.strip_prefix('/').unwrap_or(text));
    let full = split_full_name(name);
    if full.is_none() && text.starts_with("/databases/") {
        reader.error(
            "wrong-path",
            span,
            format!("`{text}` is not a full name; write /databases/DATABASE/documents/COLLECTION/ID"),
        );
        return None;
    }
    let (database, name) = full.map_or((None, name), |(database, name)| (Some(database.to_owned()), name));
    if let Some(database) = &database {
        check_name(reader, database, span, "database")?;
    }
    segments(reader, name, span)?;
    if let Some(segment) = invalid_segment(name) {
        let shown: String = segment.chars().take(40).collect();
        let message =
            format!("no document has {shown:?} in its name: `.`, `..`, `__…__` and more than 1500 bytes are refused");
        reader.error("wrong-path", span, message);
        return None;
    }
    let count = name.split('/').count();
    let (wrong, hint) = match kind {
        PathKind::Document if count % 2 == 1 => ("a collection, not a document", format!("{name}/ID")),
        PathKind::Collection if count.is_multiple_of(2) => {
            let collection = name.rsplit_once('/').map_or(name, |(collection, _)| collection);
            ("a document, not a collection", collection.to_owned())
        }
        _ => return Some((database, name.to_owned())),
    };
    // A full name without its database is not a name.
    let hint = name.strip_prefix("documents/").map_or(hint, str::to_owned);
    let problem = super::node::problem("wrong-path", span, format!("`{name}` names {wrong}"));
    reader.report(problem.with_hint(format!("did you mean {hint}?")));
    None
}

/// Reads the path of a document or collection into database and name.
pub(super) fn document(
    reader: &mut Reader,
    text: &str,
    span: Span,
    scope: Scope<'_>,
    kind: PathKind,
) -> Option<(String, String)> {
    let (of_path, name) = document_name(reader, text, span, kind)?;
    if let (Some(of_path), Some(stated)) = (&of_path, scope.stated)
        && of_path != stated
    {
        reader.error("wrong-path", span, format!("the path names the database `{of_path}`, not `{stated}`"));
    }
    Some((of_path.unwrap_or_else(|| scope.stated.unwrap_or(scope.default).to_owned()), name))
}

/// Reads a path in a database. The database itself checks the keys.
pub(super) fn database_path(reader: &mut Reader, text: &str, span: Span) -> Option<String> {
    url(reader, text, span)?;
    let name = text.trim_matches('/');
    if !name.is_empty() {
        segments(reader, name, span)?;
    }
    Some(format!("/{name}"))
}

fn segments(reader: &mut Reader, name: &str, span: Span) -> Option<()> {
    for segment in name.split('/') {
        if segment.is_empty() {
            let right: Vec<_> = name.split('/').filter(|segment| !segment.is_empty()).collect();
            let problem = super::node::problem("wrong-path", span, "the path has an empty segment");
            reader.report(problem.with_hint(format!("did you mean {}?", right.join("/"))));
            return None;
        }
        wildcard(reader, segment, span)?;
    }
    Some(())
}

/// Refuses a URL of the REST APIs or the console, and suggests its path.
fn url(reader: &mut Reader, text: &str, span: Span) -> Option<()> {
    let Some((_, rest)) = text.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https")) else {
        return Some(());
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = path.split(['?', '#']).next().unwrap_or(path);
    // The separators before the path in the URLs of Storage and Firestore.
    let part = ["/o/", "/documents/"].iter().find_map(|known| Some(path.split_once(known)?.1));
    let right = match (part, host) {
        (Some(part), _) => decoded(part),
        // `storage.googleapis.com/BUCKET/NAME`
        (None, "storage.googleapis.com" | "storage.cloud.google.com") => {
            decoded(path.split_once('/').map_or("", |(_, name)| name))
        }
        _ => decoded(path.strip_suffix(".json").unwrap_or(path)),
    };
    let problem = super::node::problem("wrong-path", span, "expected a path, not a URL");
    reader.report(match right.is_empty() {
        true => problem,
        false => problem.with_hint(format!("did you mean {right}?")),
    });
    None
}

/// Decodes percent-encoding, as far as it is well-formed.
fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode(text, PercentMode::Lenient).unwrap_or(Cow::Borrowed(text))
}

/// Reads the name of a bucket or a database.
pub(super) fn plain_name<'n>(reader: &mut Reader, node: &'n Node, what: &str) -> Option<&'n str> {
    let text = reader.text(node, what)?;
    check_name(reader, text, node.span, what)?;
    Some(text)
}

/// Reports a text that cannot name a bucket or a database.
fn check_name(reader: &mut Reader, text: &str, span: Span, what: &str) -> Option<()> {
    if text.is_empty() || text.contains('/') {
        reader.error("wrong-value", span, format!("invalid {what} name `{text}`"));
        return None;
    }
    wildcard(reader, text, span)
}

/// Refuses wildcards, which only rules have: a request names one object, document or location.
fn wildcard(reader: &mut Reader, segment: &str, span: Span) -> Option<()> {
    let braces = segment.find('{').is_some_and(|at| segment.get(at..).is_some_and(|rest| rest.contains('}')));
    if braces || segment.contains("$(") || segment == "*" || segment == "**" || is_variable(segment) {
        let message = format!("`{segment}` is a wildcard, which only rules have; write a path that it matches");
        reader.error("wildcard-path", span, message);
        return None;
    }
    let bracketed = segment.starts_with('<') && segment.ends_with('>');
    if segment.contains('*') || segment.starts_with(':') || bracketed {
        let message = format!("`{segment}` looks like a wildcard, but is read as a name");
        reader.warn("wildcard-path", span, message, "");
    }
    if segment.trim() != segment {
        reader.error("wrong-path", span, format!("`{segment}` begins or ends with whitespace"));
        return None;
    }
    Some(())
}

/// Whether a segment is a variable such as `$uid`.
fn is_variable(segment: &str) -> bool {
    segment.strip_prefix('$').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
}

/// Reads a path that is not part of a file; returns the error as text.
fn parse<T>(path: &str, read: impl FnOnce(&mut Reader, Span) -> Option<T>) -> Result<T, String> {
    let mut reader = Reader::new(firewarden::text::Source::new("path", path));
    let found = read(&mut reader, Span::default());
    let problems = reader.finish();
    let why = problems.iter().find(|problem| problem.is_error()).map(|problem| match &problem.hint {
        Some(hint) => format!("`{path}`: {} ({hint})", problem.message),
        None => format!("`{path}`: {}", problem.message),
    });
    match (why, found) {
        (None, Some(found)) => Ok(found),
        (why, _) => Err(why.unwrap_or_else(|| format!("invalid path `{path}`"))),
    }
}

/// Reads the path of an object, or of a prefix, that a command is given, into bucket and name.
pub fn parse_object(path: &str, stated: Option<&str>, default: &str, prefix: bool) -> Result<(String, String), String> {
    parse(path, |reader, span| object(reader, path, span, Scope { stated, default }, prefix))
}

/// Reads the path of a document, or of a collection, that a command is given, into database and name.
pub fn parse_document(path: &str, stated: Option<&str>, default: &str, list: bool) -> Result<(String, String), String> {
    let kind = if list { PathKind::Collection } else { PathKind::Document };
    parse(path, |reader, span| document(reader, path, span, Scope { stated, default }, kind))
}

/// Reads the path in a Realtime Database that a command is given.
pub fn parse_database_path(path: &str) -> Result<String, String> {
    let parsed = parse(path, |reader, span| database_path(reader, path, span))?;
    match firewarden::database::path_problem(&parsed) {
        Some(problem) => Err(format!("`{path}`: {}", firewarden::text::one_line(&problem.to_string()))),
        None => Ok(parsed),
    }
}
