//! Documents behind the functions of the service: a memo for one evaluation, and the official limits.

use std::cell::OnceCell;

use bumpalo::Bump;

use crate::{
    error::BoxError,
    eval::Host,
    explain::shorten,
    program::ServiceFunction,
    stdlib::{self, Failure},
    value::{Map, PathRef, Root, SegmentRef, Str, Value, ValueRef},
};

use super::{
    DocumentPath, Documents,
    documents::{After, DEFAULT_DATABASE, Misnamed, Name},
};

/// Columns of a path that messages quote.
const MAX_NAMED: usize = 120;

/// Distinct documents that any limit can admit.
const MOST: usize = 20;

/// Which documents rules can reach, and how they ask for them.
#[derive(Clone, Copy, Debug)]
pub struct Reach<'d> {
    service: &'d str,
    database: &'d str,
}

impl<'d> Reach<'d> {
    /// From rules of a service: Storage reaches the default database, Firestore that of the request.
    pub fn new(service: &'d str, database: &'d str) -> Self {
        Reach { service, database: if service == Root::Documents.service() { database } else { DEFAULT_DATABASE } }
    }

    /// How rules write the functions: `firestore.` in Storage.
    pub fn prefix(self) -> &'static str {
        if self.is_firestore() { "" } else { "firestore." }
    }

    fn is_firestore(self) -> bool {
        self.service == Root::Documents.service()
    }

    /// What a path names.
    ///
    /// # Errors
    ///
    /// A path with an unbound variable, or one that names no document within reach.
    fn name<'a>(self, function: ServiceFunction, path: PathRef<'a>, arena: &'a Bump) -> Result<Name, Failure<'a>> {
        let texts = path.resolved().map_err(|unbound| Failure::Unbound(unbound.0))?;
        // Whether Storage takes an empty name for the default database is not known.
        let name = Name::of(&texts, self.database, self.is_firestore());
        name.map_err(|why| self.call_error(function, path, Unanswered::Misnamed(why), arena))
    }

    /// What is known of a call by the path alone.
    ///
    /// # Errors
    ///
    /// As evaluations fail with it: a path that names no document within reach, or one that cannot be there.
    pub fn known<'a>(
        self,
        function: ServiceFunction,
        path: PathRef<'a>,
        arena: &'a Bump,
    ) -> Result<Known, Failure<'a>> {
        match self.name(function, path, arena)? {
            Name::Document(full) => Ok(Known::Document(full)),
            Name::Impossible(_) if asks_for_existence(function) => Ok(Known::Nothing),
            Name::Impossible(_) => Err(self.call_error(function, path, Unanswered::Impossible, arena)),
        }
    }

    /// The official words for a call without an answer, and ours for why it has none.
    pub fn call_error<'a>(
        self,
        function: ServiceFunction,
        path: PathRef<'_>,
        why: Unanswered,
        arena: &'a Bump,
    ) -> Failure<'a> {
        let (prefix, name) = (self.prefix(), function.name());
        let argument = describe_path(path);
        let message = format!("Service call error. Function: [{prefix}{name}], Argument: [{argument}].");
        stdlib::told(arena, message, self.words(function, path, why))
    }

    fn words(self, function: ServiceFunction, path: PathRef<'_>, why: Unanswered) -> String {
        let whole = path.text().as_str().to_string();
        let whole = shorten(&whole, MAX_NAMED);
        let (prefix, database) = (self.prefix(), self.database);
        let root =
            if self.is_firestore() { "/databases/$(database)/documents" } else { "/databases/(default)/documents" };
        let below = whole.splitn(5, '/').nth(4).unwrap_or(&whole);
        match why {
            Unanswered::Misnamed(Misnamed::Beginning) => format!(
                "`{whole}` is no full name: write `{root}{}`",
                if whole.starts_with("/databases/") { "/…" } else { &*whole }
            ),
            Unanswered::Misnamed(Misnamed::Database) => {
                let stated = whole.split('/').nth(2).unwrap_or("");
                format!(
                    "rules reach the documents of `{database}`, and the path names the database `{stated}`: write `{root}/{below}`"
                )
            }
            Unanswered::Misnamed(Misnamed::Nothing) => {
                format!("the path names the database and no document in it: write `{root}/users/$(id)`")
            }
            Unanswered::Misnamed(Misnamed::Collection) => {
                format!(
                    "`{below}` names a collection: below `documents`, the path of a document has an even number of segments"
                )
            }
            Unanswered::Misnamed(Misnamed::Id) | Unanswered::Impossible => format!(
                "no document can be called `{below}`: a segment is not empty, not `.` or `..`, not of the form `__x__`, has no slash, and has at most 1500 bytes"
            ),
            Unanswered::TooMany(limit) => {
                let documents =
                    if limit == 1 { "1 other document".to_owned() } else { format!("{limit} other documents") };
                format!(
                    "the rules have read {documents} for this request already, which is the limit; reading one of them again does not count"
                )
            }
            Unanswered::Missing => {
                let (when, exists) = match function {
                    ServiceFunction::GetAfter => (" after the write", "existsAfter"),
                    _ => ("", "exists"),
                };
                format!(
                    "there is no document `{below}`{when}: test with `{prefix}{exists}(…)` first, or state it among the documents"
                )
            }
            Unanswered::Unstated => "nothing is stated for this call".to_owned(),
        }
    }
}

/// Why a call has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// The path names no document within reach.
    Misnamed(Misnamed),
    /// No database can hold such a document.
    Impossible,
    /// So many others were read before, which is the limit.
    TooMany(usize),
    /// The document is not there.
    Missing,
    /// The answers of calls are stated one by one, and this one is not.
    Unstated,
}

/// What the path of a call alone tells.
pub enum Known {
    /// It names a document that can be there: its full name.
    Document(String),
    /// It asks whether a document is there that no database can hold.
    Nothing,
}

/// The document that a request is about: what stands there, and what the request leaves of it.
#[derive(Clone, Copy, Debug)]
pub struct Own<'d> {
    /// Its name within the database.
    pub(crate) name: &'d str,
    /// What is stored, where the request says so.
    pub(crate) before: Option<ValueRef<'d>>,
    /// What a write leaves, null where it deletes; nothing for a read.
    pub(crate) after: Option<ValueRef<'d>>,
}

/// The documents of one evaluation.
pub struct DocumentHost<'d> {
    documents: &'d dyn Documents,
    reach: Reach<'d>,
    own: Option<Own<'d>>,
    limit: usize,
    /// Made when the first document is asked for: most decisions ask for none.
    memo: OnceCell<Box<Memo>>,
    /// Why the host could not read a document. It is not asked for any other then.
    failed: OnceCell<BoxError>,
}

#[derive(Default)]
struct Memo {
    fetched: [OnceCell<Fetched>; MOST],
    /// The request's own document, which no limit counts.
    own: OnceCell<Fetched>,
}

struct Fetched {
    name: Name,
    before: OnceCell<Option<Value>>,
    after: OnceCell<Pending>,
}

/// What the other writes of the commit leave of a document.
enum Pending {
    Unchanged,
    /// The document, or null where they delete it.
    Changed(Value),
}

impl<'d> DocumentHost<'d> {
    /// At most `limit` distinct documents can be asked for, beside the request's own.
    pub(crate) fn new(documents: &'d dyn Documents, reach: Reach<'d>, own: Option<Own<'d>>, limit: usize) -> Self {
        DocumentHost { documents, reach, own, limit, memo: OnceCell::new(), failed: OnceCell::new() }
    }

    /// The error of the host's own, where it could not read a document.
    pub(crate) fn into_failure(self) -> Option<BoxError> {
        self.failed.into_inner()
    }

    fn memo(&self) -> &Memo {
        self.memo.get_or_init(Box::default)
    }

    /// The memo of a document; `None` where it is one too many.
    fn slot(&self, name: Name) -> Option<&Fetched> {
        for cell in self.memo().fetched.iter().take(self.limit) {
            match cell.get() {
                Some(fetched) if fetched.name == name => return Some(fetched),
                Some(_) => {}
                None => return Some(cell.get_or_init(|| Fetched::new(name))),
            }
        }
        None
    }

    fn fetch<'a>(
        &'a self,
        function: ServiceFunction,
        path: PathRef<'a>,
        arena: &'a Bump,
    ) -> Result<Option<ValueRef<'a>>, Failure<'a>> {
        if self.failed.get().is_some() {
            return Err(Failure::Host);
        }
        let name = self.reach.name(function, path, arena)?;
        let after = matches!(function, ServiceFunction::GetAfter | ServiceFunction::ExistsAfter);
        let own = self.own.filter(|own| name.document(self.reach.database).is_some_and(|d| d.relative() == own.name));
        let known = own.and_then(|own| own.after.filter(|_| after).or(own.before));
        if known.is_some() {
            return Ok(known);
        }
        let found = match own {
            // As the variable `resource`, it is null where it is not there.
            Some(_) => self
                .before(self.memo().own.get_or_init(|| Fetched::new(name)))
                .map(|found| Some(found.map_or(ValueRef::Null, Value::view))),
            None => {
                let too_many = || self.reach.call_error(function, path, Unanswered::TooMany(self.limit), arena);
                let fetched = self.slot(name).ok_or_else(too_many)?;
                let found = if after { self.after(fetched) } else { self.before(fetched) };
                found.map(|found| found.map(Value::view))
            }
        };
        found.map_err(|error| {
            self.failed.get_or_init(|| error);
            Failure::Host
        })
    }

    fn before<'f>(&self, fetched: &'f Fetched) -> Result<Option<&'f Value>, BoxError> {
        if let Some(known) = fetched.before.get() {
            return Ok(known.as_ref());
        }
        let found = match fetched.name.document(self.reach.database) {
            Some(document) => self.documents.get(document)?.map(|fields| snapshot(document, fields)),
            None => None,
        };
        Ok(fetched.before.get_or_init(|| found).as_ref())
    }

    fn after<'f>(&self, fetched: &'f Fetched) -> Result<Option<&'f Value>, BoxError> {
        let pending = match (fetched.after.get(), fetched.name.document(self.reach.database)) {
            (Some(known), _) => known,
            (None, None) => return Ok(None),
            (None, Some(document)) => {
                let pending = match self.documents.after(document)? {
                    After::Unchanged => Pending::Unchanged,
                    After::Written(fields) => Pending::Changed(snapshot(document, fields)),
                    After::Deleted => Pending::Changed(Value::Null),
                };
                fetched.after.get_or_init(|| pending)
            }
        };
        match pending {
            Pending::Unchanged => self.before(fetched),
            Pending::Changed(document) => Ok(Some(document)),
        }
    }
}

impl Fetched {
    fn new(name: Name) -> Self {
        Fetched { name, before: OnceCell::new(), after: OnceCell::new() }
    }
}

/// What rules see of a document: `__name__`, `data` and `id`.
pub fn snapshot(path: DocumentPath<'_>, fields: Value) -> Value {
    let entries = [("__name__", Value::Path(path.to_path())), ("data", fields), ("id", Value::from(path.id()))];
    Value::Map(Map::from(entries))
}

impl<'a> Host<'a> for DocumentHost<'_> {
    fn call(
        &'a self,
        function: ServiceFunction,
        path: PathRef<'a>,
        arena: &'a Bump,
    ) -> Result<ValueRef<'a>, Failure<'a>> {
        let found = self.fetch(function, path, arena)?;
        if asks_for_existence(function) {
            return Ok(ValueRef::Bool(found.is_some_and(|found| !matches!(found, ValueRef::Null))));
        }
        found.ok_or_else(|| {
            let impossible = matches!(self.reach.name(function, path, arena), Ok(Name::Impossible(_)));
            let why = if impossible { Unanswered::Impossible } else { Unanswered::Missing };
            self.reach.call_error(function, path, why, arena)
        })
    }
}

fn asks_for_existence(function: ServiceFunction) -> bool {
    matches!(function, ServiceFunction::Exists | ServiceFunction::ExistsAfter)
}

/// A path as the official message embeds it: the text format of protocol buffers.
fn describe_path(path: PathRef<'_>) -> String {
    let mut out = String::from("path_value {\n");
    describe_segments(path, 1, &mut out);
    out.push_str("}\n");
    out
}

fn describe_segments(path: PathRef<'_>, level: usize, out: &mut String) {
    let (outer, inner, deep) = ("  ".repeat(level), "  ".repeat(level + 1), "  ".repeat(level + 2));
    for segment in path.segments() {
        let (kind, name) = match segment {
            SegmentRef::Simple(text) => {
                let text = escaped(text);
                out.extend([&*outer, "segments {\n", &inner, "simple: \"", &text, "\"\n", &outer, "}\n"]);
                continue;
            }
            SegmentRef::Capture(name, _) => ("capture", name),
            SegmentRef::Glob(name, _) => ("glob_capture", name),
        };
        out.extend([&*outer, "segments {\n", &inner, kind, " {\n", &deep, "variable_name: \"", &escaped(name), "\"\n"]);
        match segment {
            SegmentRef::Capture(_, Some(bound)) => {
                out.extend([&*deep, "bound_value: \"", &escaped(bound), "\"\n"]);
            }
            SegmentRef::Glob(_, Some(bound)) => {
                out.extend([&*deep, "bound_value {\n"]);
                describe_segments(bound, level + 3, out);
                out.extend([&*deep, "}\n"]);
            }
            _ => {}
        }
        out.extend([&*inner, "}\n", &outer, "}\n"]);
    }
}

/// A text within quotes: octets beyond ASCII as octal numbers.
fn escaped(text: Str<'_>) -> String {
    let mut out = String::new();
    for octet in text.to_utf8().iter().copied() {
        match octet {
            0x07 => out.push_str("\\a"),
            0x08 => out.push_str("\\b"),
            0x0B => out.push_str("\\v"),
            0x0C => out.push_str("\\f"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b'"' | b'\'' | b'\\' => out.extend(['\\', char::from(octet)]),
            b' '..=b'~' => out.push(char::from(octet)),
            _ => out.push_str(&format!("\\{octet:03o}")),
        }
    }
    out
}
