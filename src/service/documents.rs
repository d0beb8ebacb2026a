//! Documents that rules ask for while they are evaluated, and what their names are.

use std::collections::{BTreeMap, HashMap};

use crate::{
    error::BoxError,
    value::{Map, Path, Segment, Str, StrBuf, Value},
};

/// The database that a request is about unless it says otherwise.
pub const DEFAULT_DATABASE: &str = "(default)";

/// Most octets of one segment of a name.
const MAX_SEGMENT: usize = 1500;

/// The full name of a document: `/databases/(default)/documents/users/alice`.
///
/// No segment holds a slash, so that the text and the segments tell the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DocumentPath<'p> {
    full: &'p str,
    database: &'p str,
    relative: &'p str,
}

impl<'p> DocumentPath<'p> {
    /// Reads a full name. `None` where it names no document: another beginning, a collection, or a segment that no
    /// document can have.
    pub fn parse(full: &'p str) -> Option<Self> {
        let (database, relative) = split_full(full)?;
        is_document(relative).then_some(DocumentPath { full, database, relative })
    }

    /// The whole name, with a slash before it.
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

/// Database and name within it of a full name, the slash before it optional: `/databases/DATABASE/documents/NAME`.
pub fn split_full(full: &str) -> Option<(&str, &str)> {
    let rest = full.strip_prefix('/').unwrap_or(full).strip_prefix("databases/")?;
    let (database, rest) = rest.split_once('/')?;
    let relative = rest.strip_prefix("documents/")?;
    (!database.is_empty()).then_some((database, relative))
}

/// Whether a document can have the name within its database.
fn is_document(relative: &str) -> bool {
    relative.split('/').count().is_multiple_of(2) && impossible_segment(relative).is_none()
}

/// The first segment of a name within a database that no document or collection can have.
pub fn impossible_segment(relative: &str) -> Option<&str> {
    let mut segments = relative.split('/').enumerate();
    segments.find(|(at, segment)| !is_possible(segment, at % 2 == 1)).map(|(_, segment)| segment)
}

/// Whether a document, or a collection, can have the segment in its name.
fn is_possible(segment: &str, of_document: bool) -> bool {
    let reserved = segment.len() > "____".len() && segment.starts_with("__") && segment.ends_with("__");
    !matches!(segment, "" | "." | "..")
        && segment.len() <= MAX_SEGMENT
        && !segment.contains('/')
        && (!reserved || of_document && is_numeric_id(segment))
}

/// `__id7__`: how a document is called whose id is a number.
fn is_numeric_id(segment: &str) -> bool {
    numeric(segment).is_some_and(|number| number.is_some_and(|number| numeric_id(number) == segment))
}

/// The number in `__id7__`; `None` where an id is none of these, `Some(None)` where it is no number that an id can be.
fn numeric(id: &str) -> Option<Option<i64>> {
    let digits = id.strip_prefix("__id")?.strip_suffix("__")?;
    // Other than a parser of numbers, ids have no plus sign.
    Some(digits.parse().ok().filter(|number| *number != 0 && !digits.starts_with('+')))
}

fn numeric_id(number: i64) -> String {
    format!("__id{number}__")
}

/// Why a path names no document within reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misnamed {
    /// It does not begin with `/databases/DATABASE/documents`.
    Beginning,
    /// It names another database.
    Database,
    /// It ends there.
    Nothing,
    /// It has an odd number of segments behind that.
    Collection,
    /// A document cannot have the id.
    Id,
}

/// What a path of rules names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// A document that can be there: its full name.
    Document(String),
    /// One that no database can hold: its segments behind `documents`.
    Impossible(Vec<StrBuf>),
}

impl Name {
    /// Reads the segments of a path; `nameless` says whether an empty name stands for the default database.
    ///
    /// # Errors
    ///
    /// Segments that name no document, or one of another database than the given.
    pub(super) fn of(texts: &[Str<'_>], database: &str, nameless: bool) -> Result<Self, Misnamed> {
        let [first, stated, third, names @ ..] = texts else { return Err(Misnamed::Beginning) };
        if *first != Str::Utf8("databases") || *third != Str::Utf8("documents") {
            return Err(Misnamed::Beginning);
        }
        if *stated != Str::Utf8(database) && !(nameless && stated.is_empty() && database == DEFAULT_DATABASE) {
            return Err(Misnamed::Database);
        }
        if names.is_empty() {
            return Err(Misnamed::Nothing);
        }
        if !names.len().is_multiple_of(2) {
            return Err(Misnamed::Collection);
        }
        let mut full = Some(format!("/databases/{database}/documents"));
        for (at, segment) in names.iter().enumerate() {
            let of_document = at % 2 == 1;
            let text = segment.to_string();
            // `__id07__` is another word for `__id7__`, and an id without a number is none.
            let text = match numeric(&text).filter(|_| of_document) {
                Some(number) => numeric_id(number.ok_or(Misnamed::Id)?),
                None => text,
            };
            if of_document && text.is_empty() {
                return Err(Misnamed::Id);
            }
            match &mut full {
                Some(full) if segment.as_utf8().is_some() && is_possible(&text, of_document) => {
                    full.extend(["/", &text])
                }
                full => *full = None,
            }
        }
        Ok(match full {
            Some(full) => Name::Document(full),
            None => Name::Impossible(names.iter().map(|name| name.to_buf()).collect()),
        })
    }

    /// The name that a host is asked by.
    pub(super) fn document<'p>(&'p self, database: &'p str) -> Option<DocumentPath<'p>> {
        let Name::Document(full) = self else { return None };
        let relative = full.get("/databases/".len() + database.len() + "/documents/".len()..)?;
        Some(DocumentPath { full, database, relative })
    }
}

/// What the writes of a commit leave of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum After {
    /// None of them is about it.
    Unchanged,
    /// These fields.
    Written(Value),
    /// They delete it, whether it is there or not.
    Deleted,
}

/// Where `get`, `exists` and their kin find documents. Rules reach documents of the request's database only, and those
/// of `(default)` from Storage. Each path is asked for at most once in an evaluation.
///
/// `()` has no documents. A map has those whose names are its keys: `users/alice` is a document of the request's
/// database, `/databases/eu/documents/users/alice` one of the database `eu`.
///
/// A host that keeps documents elsewhere answers by name. What keeps it from knowing is an error, never a missing document:
/// rules may permit what is not there.
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
///         // No segment of a name is empty, `.` or `..`, or holds a slash.
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
/// // A file that holds no JSON is neither a block nor none: nothing is decided.
/// std::fs::write(folder.join("blocked/alice.json"), "{")?;
/// assert!(matches!(rules.permits(&get, &files), Err(Error::Data(_))));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Where documents have to be awaited, see the section about asynchronous services on the [first page](crate).
pub trait Documents {
    /// The fields of a document; `None` where there is none.
    ///
    /// # Errors
    ///
    /// Whatever keeps the host from knowing. Then nothing is decided: the evaluation ends with [`crate::Error::Data`].
    fn get(&self, path: DocumentPath<'_>) -> Result<Option<Value>, BoxError>;

    /// What the other writes of the same commit leave of a document, for `getAfter` and `existsAfter`. What the request
    /// itself writes is not asked for. Without other writes nothing changes.
    ///
    /// # Errors
    ///
    /// As for [`Self::get`].
    fn after(&self, _path: DocumentPath<'_>) -> Result<After, BoxError> {
        Ok(After::Unchanged)
    }
}

impl Documents for () {
    fn get(&self, _: DocumentPath<'_>) -> Result<Option<Value>, BoxError> {
        Ok(None)
    }
}

/// What a map holds under a full name, else under the name within the database; a slash before either is optional.
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
