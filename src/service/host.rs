//! The documents behind the functions of the service, memoized for one evaluation, and their official limits.

use std::cell::OnceCell;

use bumpalo::Bump;

use crate::{
    error::BoxError,
    eval::Host,
    explain::shorten,
    program::ServiceFunction,
    request::ServiceProduct,
    stdlib::{self, Failure},
    value::{Map, PathRef, SegmentRef, Str, Value, ValueRef},
};

use super::{
    DocumentPath, Documents,
    documents::{DEFAULT_DATABASE, DocumentName, DocumentPathError, WriteEffect},
};

/// Maximum number of columns of a path that a message quotes.
const MAX_QUOTED: usize = 120;

/// Largest limit on distinct documents.
const MAX_DOCUMENTS: usize = 20;

/// The documents that rules can reach, and how rules name them.
#[derive(Clone, Copy, Debug)]
pub struct DocumentScope<'d> {
    service: &'d str,
    database: &'d str,
}

impl<'d> DocumentScope<'d> {
    /// The documents that rules of a service reach: from Storage those of the default database, from Firestore those of
    /// the request's database.
    pub fn new(service: &'d str, database: &'d str) -> Self {
        DocumentScope {
            service,
            database: if service == ServiceProduct::Firestore.service() { database } else { DEFAULT_DATABASE },
        }
    }

    /// The prefix of the functions in rules: `firestore.` in Storage.
    pub fn prefix(self) -> &'static str {
        if self.is_firestore() { "" } else { "firestore." }
    }

    fn is_firestore(self) -> bool {
        self.service == ServiceProduct::Firestore.service()
    }

    /// The document that a path names.
    ///
    /// # Errors
    ///
    /// A path with an unbound variable, or one that names no document within reach.
    fn name<'a>(
        self,
        function: ServiceFunction,
        path: PathRef<'a>,
        arena: &'a Bump,
    ) -> Result<DocumentName, Failure<'a>> {
        let texts = path.resolved().map_err(|unbound| Failure::Unbound(unbound.0))?;
        // It is unknown whether Storage takes an empty name for the default database.
        let name = DocumentName::of(&texts, self.database, self.is_firestore());
        name.map_err(|why| self.call_error(function, path, CallFailure::InvalidPath(why), arena))
    }

    /// What the path alone determines of a call.
    ///
    /// # Errors
    ///
    /// The failures of an evaluation: a path that names no document within reach, or one that cannot exist.
    pub fn resolve<'a>(
        self,
        function: ServiceFunction,
        path: PathRef<'a>,
        arena: &'a Bump,
    ) -> Result<CallTarget, Failure<'a>> {
        match self.name(function, path, arena)? {
            DocumentName::Document(full) => Ok(CallTarget::Document(full)),
            DocumentName::Impossible(_) if tests_existence(function) => Ok(CallTarget::Impossible),
            DocumentName::Impossible(_) => Err(self.call_error(function, path, CallFailure::Impossible, arena)),
        }
    }

    /// The failure of a call: the official message, and the cause in our words.
    pub fn call_error<'a>(
        self,
        function: ServiceFunction,
        path: PathRef<'_>,
        why: CallFailure,
        arena: &'a Bump,
    ) -> Failure<'a> {
        let (prefix, name) = (self.prefix(), function.name());
        let argument = describe_path(path);
        let message = format!("Service call error. Function: [{prefix}{name}], Argument: [{argument}].");
        stdlib::explained(arena, message, self.explain_failure(function, path, why))
    }

    fn explain_failure(self, function: ServiceFunction, path: PathRef<'_>, why: CallFailure) -> String {
        let whole = path.text().as_str().to_string();
        let whole = shorten(&whole, MAX_QUOTED);
        let (prefix, database) = (self.prefix(), self.database);
        let root =
            if self.is_firestore() { "/databases/$(database)/documents" } else { "/databases/(default)/documents" };
        let below = whole.splitn(5, '/').nth(4).unwrap_or(&whole);
        match why {
            CallFailure::InvalidPath(DocumentPathError::Prefix) => format!(
                "`{whole}` is not a full name: write `{root}{}`",
                if whole.starts_with("/databases/") { "/…" } else { &*whole }
            ),
            CallFailure::InvalidPath(DocumentPathError::Database) => {
                let stated = whole.split('/').nth(2).unwrap_or("");
                format!(
                    "rules reach the documents of `{database}`, and the path names the database `{stated}`: write `{root}/{below}`"
                )
            }
            CallFailure::InvalidPath(DocumentPathError::Empty) => {
                format!("the path names the database and no document in it: write `{root}/users/$(id)`")
            }
            CallFailure::InvalidPath(DocumentPathError::Collection) => {
                format!(
                    "`{below}` names a collection: below `documents`, the path of a document has an even number of segments"
                )
            }
            CallFailure::InvalidPath(DocumentPathError::Id) | CallFailure::Impossible => format!(
                "no document can be called `{below}`: a segment is not empty, not `.` or `..`, not of the form `__x__`, has no slash, and has at most 1500 bytes"
            ),
            CallFailure::TooMany(limit) => {
                let documents =
                    if limit == 1 { "1 other document".to_owned() } else { format!("{limit} other documents") };
                format!(
                    "the rules have read {documents} for this request already, which is the limit; reading one of them again does not count"
                )
            }
            CallFailure::Missing => {
                let (when, exists) = match function {
                    ServiceFunction::GetAfter => (" after the write", "existsAfter"),
                    _ => ("", "exists"),
                };
                format!(
                    "there is no document `{below}`{when}: test with `{prefix}{exists}(…)` first, or state it among the documents"
                )
            }
            CallFailure::Unstated => "nothing is stated for this call".to_owned(),
        }
    }
}

/// Why a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallFailure {
    /// The path names no document within reach.
    InvalidPath(DocumentPathError),
    /// No database can contain such a document.
    Impossible,
    /// The evaluation has already read this number of other documents, which is the limit.
    TooMany(usize),
    /// The document does not exist.
    Missing,
    /// The table of mocked calls has no result for this call.
    Unstated,
}

/// What the path alone determines of a call.
pub enum CallTarget {
    /// The call reads a document that can exist, with this full name.
    Document(String),
    /// The call tests for a document that no database can contain.
    Impossible,
}

/// The document that a request reads or writes, before and after the request.
#[derive(Clone, Copy, Debug)]
pub struct RequestDocument<'d> {
    /// The name within the database.
    pub(crate) name: &'d str,
    /// The stored document, if the request states it.
    pub(crate) before: Option<ValueRef<'d>>,
    /// The document after a write, null if the write deletes it; `None` for a read.
    pub(crate) after: Option<ValueRef<'d>>,
}

/// The documents of one evaluation.
pub struct DocumentHost<'d> {
    documents: &'d dyn Documents,
    scope: DocumentScope<'d>,
    own: Option<RequestDocument<'d>>,
    limit: usize,
    /// Allocated with the first document: most decisions read none.
    memo: OnceCell<Box<Memo>>,
    /// Why the host could not read a document. It is not asked for any other then.
    failed: OnceCell<BoxError>,
}

#[derive(Default)]
struct Memo {
    fetched: [OnceCell<MemoizedDocument>; MAX_DOCUMENTS],
    /// The request's own document, which no limit counts.
    own: OnceCell<MemoizedDocument>,
}

struct MemoizedDocument {
    name: DocumentName,
    before: OnceCell<Option<Value>>,
    after: OnceCell<AfterCommit>,
}

/// What the other writes of the commit do to a document.
enum AfterCommit {
    Unchanged,
    /// The document after the writes, null if they delete it.
    Changed(Value),
}

impl<'d> DocumentHost<'d> {
    /// At most `limit` distinct documents can be asked for, beside the request's own.
    pub(crate) fn new(
        documents: &'d dyn Documents,
        scope: DocumentScope<'d>,
        own: Option<RequestDocument<'d>>,
        limit: usize,
    ) -> Self {
        DocumentHost { documents, scope, own, limit, memo: OnceCell::new(), failed: OnceCell::new() }
    }

    /// The host's error, if it could not read a document.
    pub(crate) fn into_failure(self) -> Option<BoxError> {
        self.failed.into_inner()
    }

    fn memo(&self) -> &Memo {
        self.memo.get_or_init(Box::default)
    }

    /// The memo of a document; `None` beyond the limit.
    fn slot(&self, name: DocumentName) -> Option<&MemoizedDocument> {
        for cell in self.memo().fetched.iter().take(self.limit) {
            match cell.get() {
                Some(fetched) if fetched.name == name => return Some(fetched),
                Some(_) => {}
                None => return Some(cell.get_or_init(|| MemoizedDocument::new(name))),
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
        let name = self.scope.name(function, path, arena)?;
        let after = matches!(function, ServiceFunction::GetAfter | ServiceFunction::ExistsAfter);
        let own = self.own.filter(|own| name.document(self.scope.database).is_some_and(|d| d.relative() == own.name));
        let known = own.and_then(|own| own.after.filter(|_| after).or(own.before));
        if known.is_some() {
            return Ok(known);
        }
        let found = match own {
            // Like the variable `resource`, the request's own document is null if it does not exist.
            Some(_) => self
                .before(self.memo().own.get_or_init(|| MemoizedDocument::new(name)))
                .map(|found| Some(found.map_or(ValueRef::Null, Value::view))),
            None => {
                let too_many = || self.scope.call_error(function, path, CallFailure::TooMany(self.limit), arena);
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

    fn before<'f>(&self, fetched: &'f MemoizedDocument) -> Result<Option<&'f Value>, BoxError> {
        if let Some(known) = fetched.before.get() {
            return Ok(known.as_ref());
        }
        let found = match fetched.name.document(self.scope.database) {
            Some(document) => self.documents.get(document)?.map(|fields| snapshot(document, fields)),
            None => None,
        };
        Ok(fetched.before.get_or_init(|| found).as_ref())
    }

    fn after<'f>(&self, fetched: &'f MemoizedDocument) -> Result<Option<&'f Value>, BoxError> {
        let pending = match (fetched.after.get(), fetched.name.document(self.scope.database)) {
            (Some(known), _) => known,
            (None, None) => return Ok(None),
            (None, Some(document)) => {
                let pending = match self.documents.after(document)? {
                    WriteEffect::Unchanged => AfterCommit::Unchanged,
                    WriteEffect::Written(fields) => AfterCommit::Changed(snapshot(document, fields)),
                    WriteEffect::Deleted => AfterCommit::Changed(Value::Null),
                };
                fetched.after.get_or_init(|| pending)
            }
        };
        match pending {
            AfterCommit::Unchanged => self.before(fetched),
            AfterCommit::Changed(document) => Ok(Some(document)),
        }
    }
}

impl MemoizedDocument {
    fn new(name: DocumentName) -> Self {
        MemoizedDocument { name, before: OnceCell::new(), after: OnceCell::new() }
    }
}

/// A document as rules see it: `__name__`, `data` and `id`.
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
        if tests_existence(function) {
            return Ok(ValueRef::Bool(found.is_some_and(|found| !matches!(found, ValueRef::Null))));
        }
        found.ok_or_else(|| {
            let impossible = matches!(self.scope.name(function, path, arena), Ok(DocumentName::Impossible(_)));
            let why = if impossible { CallFailure::Impossible } else { CallFailure::Missing };
            self.scope.call_error(function, path, why, arena)
        })
    }
}

fn tests_existence(function: ServiceFunction) -> bool {
    matches!(function, ServiceFunction::Exists | ServiceFunction::ExistsAfter)
}

/// A path as the official message embeds it, in the text format of protocol buffers.
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

/// Escapes a quoted text: non-ASCII bytes become octal escapes.
fn escaped(text: Str<'_>) -> String {
    let mut out = String::new();
    for byte in text.to_utf8().iter().copied() {
        match byte {
            0x07 => out.push_str("\\a"),
            0x08 => out.push_str("\\b"),
            0x0B => out.push_str("\\v"),
            0x0C => out.push_str("\\f"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b'"' | b'\'' | b'\\' => out.extend(['\\', char::from(byte)]),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\{byte:03o}")),
        }
    }
    out
}
