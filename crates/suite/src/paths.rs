//! Paths of requests and seeds: a misspelt one would make a denial pass for the wrong reason.

use std::borrow::Cow;

use firewarden::{
    internals::service::{invalid_segment, split_full_name},
    text::Span,
    value::{PercentMode, percent_decode},
};

use super::node::{Node, Reader};

/// What a path in Firestore names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    Document,
    Collection,
}

/// Bucket and name of a full name: `/b/BUCKET/o/NAME`, `gs://BUCKET/NAME`. The name is empty for the bucket itself.
pub(super) fn in_bucket(text: &str) -> Option<(&str, &str)> {
    if let Some(rest) = text.strip_prefix("gs://") {
        return Some(rest.split_once('/').unwrap_or((rest, "")));
    }
    let rest = text.strip_prefix("/b/")?;
    rest.split_once("/o/").or_else(|| Some((rest.strip_suffix("/o")?, "")))
}

/// Bucket and name of an object, or of a prefix. A path without a bucket is of the one that is stated, or of the usual one.
pub(super) fn stored(
    reader: &mut Reader,
    text: &str,
    span: Span,
    (stated, usual): (Option<&str>, &str),
    prefix: bool,
) -> Option<(String, String)> {
    url(reader, text, span)?;
    let full = in_bucket(text);
    if full.is_none() {
        almost_full(reader, text, span);
    }
    if let (Some((of_path, _)), Some(stated)) = (full, stated)
        && of_path != stated
    {
        let message = format!("the path is of the bucket {of_path}, not of {stated}");
        reader.error("wrong-path", span, message);
    }
    let (bucket, name) = full.unwrap_or((stated.unwrap_or(usual), text));
    check_name(reader, bucket, span, "bucket")?;
    Some((bucket.to_owned(), object(reader, name, span, prefix)?))
}

/// Warns of the name of an object that is nearly a full one: `b/BUCKET/o/NAME`, `/b/BUCKET/NAME`.
fn almost_full(reader: &mut Reader, text: &str, span: Span) {
    let (slash, name) = text.strip_prefix('/').map_or((false, text), |name| (true, name));
    let Some((bucket, rest)) = name.strip_prefix("b/").and_then(|rest| rest.split_once('/')) else { return };
    let right = match rest.strip_prefix("o/") {
        Some(name) => name,
        None if slash => rest,
        None => return,
    };
    let message = format!("{text} is taken for the name of an object");
    reader.warn("wrong-path", span, message, &format!("did you mean /b/{bucket}/o/{right}?"));
}

/// The name of an object, or of a prefix; a slash before it does not count.
fn object(reader: &mut Reader, text: &str, span: Span, prefix: bool) -> Option<String> {
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
        let message = format!("{name} is taken as it is: %2F in it is no slash");
        reader.warn("encoded-path", span, message, &format!("did you mean {}?", decoded(name)));
    }
    Some(if prefix { folder } else { name }.to_owned())
}

/// A full name without the project before it: `projects/P/databases/D/documents/…`.
pub(super) fn without_project(name: &str) -> &str {
    let rest = name.strip_prefix("projects/").and_then(|rest| rest.split_once('/'));
    rest.map(|(_, rest)| rest).filter(|rest| split_full_name(rest).is_some() && !rest.starts_with('/')).unwrap_or(name)
}

/// The database that the path names, if it does, and the name of a document or a collection within it.
fn document(reader: &mut Reader, text: &str, span: Span, names: Names) -> Option<(Option<String>, String)> {
    url(reader, text, span)?;
    let name = without_project(text.strip_prefix('/').unwrap_or(text));
    let full = split_full_name(name);
    if full.is_none() && text.starts_with("/databases/") {
        reader.error("wrong-path", span, format!("{text}: a full name is /databases/DATABASE/documents/COLLECTION/ID"));
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
    let (wrong, hint) = match names {
        Names::Document if count % 2 == 1 => ("a collection; this is about a document", format!("{name}/ID")),
        Names::Collection if count.is_multiple_of(2) => {
            let collection = name.rsplit_once('/').map_or(name, |(collection, _)| collection);
            ("a document; a list is about a collection", collection.to_owned())
        }
        _ => return Some((database, name.to_owned())),
    };
    // What stands before a full name's collection is no part of the name.
    let hint = name.strip_prefix("documents/").map_or(hint, str::to_owned);
    let problem = super::node::problem("wrong-path", span, format!("{name} names {wrong}"));
    reader.report(problem.with_hint(format!("did you mean {hint}?")));
    None
}

/// Database and name of a document or a collection. A path without a database is of the one that is stated, or of the
/// usual one.
pub(super) fn within(
    reader: &mut Reader,
    text: &str,
    span: Span,
    (stated, usual): (Option<&str>, &str),
    names: Names,
) -> Option<(String, String)> {
    let (of_path, name) = document(reader, text, span, names)?;
    if let (Some(of_path), Some(stated)) = (&of_path, stated)
        && of_path != stated
    {
        reader.error("wrong-path", span, format!("the path is of the database {of_path}, not of {stated}"));
    }
    Some((of_path.unwrap_or_else(|| stated.unwrap_or(usual).to_owned()), name))
}

/// A place in a database. Which keys there can be, the database says when it is asked.
pub(super) fn place(reader: &mut Reader, text: &str, span: Span) -> Option<String> {
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

/// Refuses an address of the REST APIs or of the console, with the path that it is about.
fn url(reader: &mut Reader, text: &str, span: Span) -> Option<()> {
    let Some((_, rest)) = text.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https")) else {
        return Some(());
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = path.split(['?', '#']).next().unwrap_or(path);
    // What stands before the path in the APIs of Storage and Firestore.
    let part = ["/o/", "/documents/"].iter().find_map(|known| Some(path.split_once(known)?.1));
    let right = match (part, host) {
        (Some(part), _) => decoded(part),
        // `storage.googleapis.com/BUCKET/NAME`
        (None, "storage.googleapis.com" | "storage.cloud.google.com") => {
            decoded(path.split_once('/').map_or("", |(_, name)| name))
        }
        _ => decoded(path.strip_suffix(".json").unwrap_or(path)),
    };
    let problem = super::node::problem("wrong-path", span, "this is an address; a request names the path alone");
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

/// The name of a bucket or a database.
pub(super) fn plain_name<'n>(reader: &mut Reader, node: &'n Node, what: &str) -> Option<&'n str> {
    let text = reader.text(node, what)?;
    check_name(reader, text, node.span, what)?;
    Some(text)
}

/// Whether it is the name of a bucket or a database.
fn check_name(reader: &mut Reader, text: &str, span: Span, what: &str) -> Option<()> {
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

/// A path that stands in no file, read as those of suites are; or why it cannot be asked.
fn given<T>(path: &str, read: impl FnOnce(&mut Reader, Span) -> Option<T>) -> Result<T, String> {
    let mut reader = Reader::new(firewarden::text::Source::new("path", path));
    let found = read(&mut reader, Span::default());
    let problems = reader.finish();
    let why = problems.iter().find(|problem| problem.is_error()).map(|problem| match &problem.hint {
        Some(hint) => format!("{path:?}: {} ({hint})", problem.message),
        None => format!("{path:?}: {}", problem.message),
    });
    match (why, found) {
        (None, Some(found)) => Ok(found),
        (why, _) => Err(why.unwrap_or_else(|| format!("{path:?} cannot be asked for"))),
    }
}

/// Bucket and name of an object, or of a prefix, that a command is given.
pub fn given_object(path: &str, stated: Option<&str>, usual: &str, prefix: bool) -> Result<(String, String), String> {
    given(path, |reader, span| stored(reader, path, span, (stated, usual), prefix))
}

/// Database and name of a document, or of a collection, that a command is given.
pub fn given_document(path: &str, stated: Option<&str>, usual: &str, list: bool) -> Result<(String, String), String> {
    let names = if list { Names::Collection } else { Names::Document };
    given(path, |reader, span| within(reader, path, span, (stated, usual), names))
}

/// A place in a Realtime Database that a command is given.
pub fn given_place(path: &str) -> Result<String, String> {
    let place = given(path, |reader, span| place(reader, path, span))?;
    match firewarden::database::path_problem(&place) {
        Some(problem) => Err(format!("{path:?}: {}", firewarden::text::one_line(&problem.to_string()))),
        None => Ok(place),
    }
}
