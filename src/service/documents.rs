//! The documents that rules read during an evaluation, and their names.

use std::collections::{BTreeMap, HashMap};

use crate::{
    error::BoxError,
    value::{Map, Path, Segment, Str, StrBuf, Value},
};

/// The database of a request that names none.
pub const DEFAULT_DATABASE: &str = "(default)";

/// Maximum size of one segment of a name in bytes.
const MAX_SEGMENT: usize = 1500;

/// The full name of a document: `/databases/(default)/documents/users/alice`.
///
/// No segment contains a slash, so the text determines the segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DocumentPath<'p> {
    full: &'p str,
    database: &'p str,
    relative: &'p str,
}

impl<'p> DocumentPath<'p> {
    /// Parses a full name. `None` for another prefix, for a collection, or for a segment that no document can have.
    pub fn parse(full: &'p str) -> Option<Self> {
        let (database, relative) = split_full_name(full)?;
        is_document(relative).then_some(DocumentPath { full, database, relative })
    }

    /// The full name, with a leading slash.
    pub fn full(self) -> &'p str {
        self.full
    }

    /// The database, usually `(default)`.
    pub fn database(self) -> &'p str {
        self.database
    }

    /// The name within the database: `users/alice`.
    pub fn relative(self) -> &'p str {
        self.relative
    }

    /// The last segment: `alice`.
    pub fn id(self) -> &'p str {
        self.relative.rsplit('/').next().unwrap_or(self.relative)
    }

    /// The name as a value of rules.
    pub(super) fn to_path(self) -> Path {
        let segments = ["databases", self.database, "documents"].into_iter().chain(self.relative.split('/'));
        Path { segments: segments.map(|text| Segment::Simple(StrBuf::from(text))).collect() }
    }
}

/// Splits a full name into the database and the name within it: `/databases/DATABASE/documents/NAME`. The leading slash
/// is optional.
pub fn split_full_name(full: &str) -> Option<(&str, &str)> {
    let rest = full.strip_prefix('/').unwrap_or(full).strip_prefix("databases/")?;
    let (database, rest) = rest.split_once('/')?;
    let relative = rest.strip_prefix("documents/")?;
    (!database.is_empty()).then_some((database, relative))
}

/// Whether a document can have this name within its database.
fn is_document(relative: &str) -> bool {
    relative.split('/').count().is_multiple_of(2) && invalid_segment(relative).is_none()
}

/// The first segment of a name within a database that no document or collection can have.
pub fn invalid_segment(relative: &str) -> Option<&str> {
    let mut segments = relative.split('/').enumerate();
    segments.find(|(at, segment)| !is_valid_segment(segment, at % 2 == 1)).map(|(_, segment)| segment)
}

/// Whether the name of a document (at even positions, of a collection) can contain the segment.
fn is_valid_segment(segment: &str, of_document: bool) -> bool {
    let reserved = segment.len() > "____".len() && segment.starts_with("__") && segment.ends_with("__");
    !matches!(segment, "" | "." | "..")
        && segment.len() <= MAX_SEGMENT
        && !segment.contains('/')
        && (!reserved || of_document && is_numeric_id(segment))
}

/// Whether the segment is the canonical name of a document with a numeric id, such as `__id7__`.
fn is_numeric_id(segment: &str) -> bool {
    parse_numeric_id(segment).is_some_and(|number| number.is_some_and(|number| format_numeric_id(number) == segment))
}

/// The number in `__id7__`. `None` if the id has another form, `Some(None)` if its number is invalid.
fn parse_numeric_id(id: &str) -> Option<Option<i64>> {
    let digits = id.strip_prefix("__id")?.strip_suffix("__")?;
    // The parser of numbers accepts a plus sign, ids do not.
    Some(digits.parse().ok().filter(|number| *number != 0 && !digits.starts_with('+')))
}

fn format_numeric_id(number: i64) -> String {
    format!("__id{number}__")
}

/// Why a path names no document that the rules can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentPathError {
    /// The path does not start with `/databases/DATABASE/documents`.
    Prefix,
    /// The path names another database.
    Database,
    /// The path ends after that prefix.
    Empty,
    /// An odd number of segments follows the prefix.
    Collection,
    /// A document cannot have this id.
    Id,
}

/// The document that a path of rules names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DocumentName {
    /// A document that can exist, with its full name.
    Document(String),
    /// A document that cannot exist, with its segments after `documents`.
    Impossible(Vec<StrBuf>),
}

impl DocumentName {
    /// Parses the segments of a path. `default_if_empty` tells whether an empty database name means the default
    /// database.
    ///
    /// # Errors
    ///
    /// Segments that name no document, or a document of another database.
    pub(super) fn of(texts: &[Str<'_>], database: &str, default_if_empty: bool) -> Result<Self, DocumentPathError> {
        let [first, stated, third, names @ ..] = texts else { return Err(DocumentPathError::Prefix) };
        if *first != Str::Utf8("databases") || *third != Str::Utf8("documents") {
            return Err(DocumentPathError::Prefix);
        }
        if *stated != Str::Utf8(database) && !(default_if_empty && stated.is_empty() && database == DEFAULT_DATABASE) {
            return Err(DocumentPathError::Database);
        }
        if names.is_empty() {
            return Err(DocumentPathError::Empty);
        }
        if !names.len().is_multiple_of(2) {
            return Err(DocumentPathError::Collection);
        }
        let mut full = Some(format!("/databases/{database}/documents"));
        for (at, segment) in names.iter().enumerate() {
            let of_document = at % 2 == 1;
            let text = segment.to_string();
            // `__id07__` is another spelling of `__id7__`, and `__idx__` is not an id.
            let text = match parse_numeric_id(&text).filter(|_| of_document) {
                Some(number) => format_numeric_id(number.ok_or(DocumentPathError::Id)?),
                None => text,
            };
            if of_document && text.is_empty() {
                return Err(DocumentPathError::Id);
            }
            match &mut full {
                Some(full) if segment.as_utf8().is_some() && is_valid_segment(&text, of_document) => {
                    full.extend(["/", &text])
                }
                full => *full = None,
            }
        }
        Ok(match full {
            Some(full) => DocumentName::Document(full),
            None => DocumentName::Impossible(names.iter().map(|name| name.to_buf()).collect()),
        })
    }

    /// The name by which the host is asked.
    pub(super) fn document<'p>(&'p self, database: &'p str) -> Option<DocumentPath<'p>> {
        let DocumentName::Document(full) = self else { return None };
        let relative = full.get("/databases/".len() + database.len() + "/documents/".len()..)?;
        Some(DocumentPath { full, database, relative })
    }
}

/// What the writes of a commit do to a document.
#[derive(Clone, Debug, PartialEq)]
pub enum WriteEffect {
    /// No write affects the document.
    Unchanged,
    /// The document has these fields.
    Written(Value),
    /// The document does not exist after the commit, whether or not it did before.
    Deleted,
}

/// The source of the documents that `get`, `exists` and related functions read. Rules reach only documents of the
/// request's database, from Storage those of `(default)`. An evaluation asks for each path at most once.
///
/// `()` has no documents. A map has the documents whose names are its keys: `users/alice` is a document of the
/// request's database, `/databases/eu/documents/users/alice` one of the database `eu`.
///
/// A host that keeps documents elsewhere answers by name. If it cannot read a document, it must return an error, not a
/// missing document: rules may allow a request because a document does not exist.
///
/// ```
/// use firewarden::{Auth, BoxError, DocumentPath, Documents, Error, Value, firestore::{Request, Ruleset}};
/// use serde_json::Value as Json;
///
/// /// Documents in files: `users/alice` is `users/alice.json` below a folder.
/// struct Files(std::path::PathBuf);
///
/// impl Documents for Files {
///     fn get(&self, path: DocumentPath<'_>) -> Result<Option<Value>, BoxError> {
///         // No segment of a name is empty, `.` or `..`, or contains a slash.
///         match std::fs::read(self.0.join(format!("{}.json", path.relative()))) {
///             Ok(text) => Ok(Some(serde_json::from_slice::<Json>(&text)?.into())),
///             Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
///             Err(error) => Err(error.into()),
///         }
///     }
/// }
///
/// let rules: Ruleset = "rules_version = '2'; service cloud.firestore { match /databases/{db}/documents/notes/{note} {
///     allow get: if !exists(/databases/$(db)/documents/blocked/$(request.auth.uid)); } }".parse()?;
/// let get = Request::get("notes/n1").auth(Auth::user("alice"));
/// # let folder = std::env::temp_dir().join(format!("firewarden-{}", std::process::id()));
/// # std::fs::create_dir_all(folder.join("blocked"))?;
/// let files = Files(folder.clone());
/// assert!(rules.permits(&get, &files)?);
/// std::fs::write(folder.join("blocked/alice.json"), r#"{ "until": "2027" }"#)?;
/// assert!(!rules.permits(&get, &files)?);
/// // A file that is not JSON says neither that the document exists nor that it does not: the request has no decision.
/// std::fs::write(folder.join("blocked/alice.json"), "{")?;
/// assert!(matches!(rules.permits(&get, &files), Err(Error::Data(_))));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// For documents that have to be awaited, see the section about asynchronous services on the [first page](crate).
pub trait Documents {
    /// The fields of a document; `None` if it does not exist.
    ///
    /// # Errors
    ///
    /// The host could not read the document. The request then has no decision: the evaluation ends with
    /// [`crate::Error::Data`].
    fn get(&self, path: DocumentPath<'_>) -> Result<Option<Value>, BoxError>;

    /// What the other writes of the same commit do to a document, for `getAfter` and `existsAfter`. The engine does not
    /// ask for the document that the request itself writes. By default there are no other writes.
    ///
    /// # Errors
    ///
    /// As for [`Self::get`].
    fn after(&self, _path: DocumentPath<'_>) -> Result<WriteEffect, BoxError> {
        Ok(WriteEffect::Unchanged)
    }
}

impl Documents for () {
    fn get(&self, _: DocumentPath<'_>) -> Result<Option<Value>, BoxError> {
        Ok(None)
    }
}

/// Looks a document up in a map, by its full name, then by its name within the database; a leading slash of either is
/// optional.
fn in_map<'m>(path: DocumentPath<'_>, find: impl Fn(&str) -> Option<&'m Value>) -> Option<Value> {
    let full = path.full();
    let from_slash = full.len().checked_sub(path.relative().len() + 1).and_then(|at| full.get(at..));
    let names = [Some(full), full.strip_prefix('/'), Some(path.relative()), from_slash];
    names.into_iter().flatten().find_map(find).cloned()
}

impl Documents for Map {
    fn get(&self, path: DocumentPath<'_>) -> Result<Option<Value>, BoxError> {
        Ok(in_map(path, |name| Map::get(self, name)))
    }
}

impl Documents for HashMap<String, Value> {
    fn get(&self, path: DocumentPath<'_>) -> Result<Option<Value>, BoxError> {
        Ok(in_map(path, |name| HashMap::get(self, name)))
    }
}

impl Documents for BTreeMap<String, Value> {
    fn get(&self, path: DocumentPath<'_>) -> Result<Option<Value>, BoxError> {
        Ok(in_map(path, |name| BTreeMap::get(self, name)))
    }
}
