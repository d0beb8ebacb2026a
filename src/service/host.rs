//! Documents behind the functions of the service: a memo for one evaluation, and the official limits.

use std::cell::{Cell, OnceCell};

use bumpalo::Bump;

use crate::{
    error::BoxError,
    eval::Host,
    program::ServiceFunction,
    stdlib::{self, Failure},
    value::{Map, Path, PathRef, Value, ValueRef},
};

use super::{DocumentPath, Documents};

/// Distinct documents that any limit can admit.
const MOST: usize = 20;

/// The documents of one evaluation.
pub(crate) struct DocumentHost<'d> {
    documents: &'d dyn Documents,
    /// How rules write the functions: `firestore.` in Storage.
    prefix: &'static str,
    limit: usize,
    /// Made when the first document is asked for: most decisions ask for none.
    fetched: OnceCell<Box<[OnceCell<Fetched>; MOST]>>,
    failed: Cell<Option<BoxError>>,
}

#[derive(Default)]
struct Fetched {
    path: String,
    before: OnceCell<Option<Value>>,
    after: OnceCell<Option<Value>>,
}

impl<'d> DocumentHost<'d> {
    /// At most `limit` distinct documents can be asked for.
    pub(crate) fn new(documents: &'d dyn Documents, prefix: &'static str, limit: usize) -> Self {
        DocumentHost { documents, prefix, limit, fetched: OnceCell::new(), failed: Cell::new(None) }
    }

    /// The error of the host's own, where it could not read a document.
    pub(crate) fn into_failure(self) -> Option<BoxError> {
        self.failed.into_inner()
    }

    /// The memo of a path; `None` where the path is one too many.
    fn slot(&self, path: &str) -> Option<&Fetched> {
        let memo = self.fetched.get_or_init(|| Box::new([const { OnceCell::new() }; MOST]));
        for cell in memo.iter().take(self.limit) {
            let fetched = cell.get_or_init(|| Fetched { path: path.to_owned(), ..Fetched::default() });
            if fetched.path == path {
                return Some(fetched);
            }
        }
        None
    }

    fn fetch(&self, function: ServiceFunction, path: PathRef<'_>) -> Result<Option<&Value>, Missing> {
        let text = path.text().as_str().to_string();
        let document = DocumentPath::parse(&text).ok_or(Missing::Call)?;
        let slot = self.slot(&text).ok_or(Missing::Call)?;
        let after = matches!(function, ServiceFunction::GetAfter | ServiceFunction::ExistsAfter);
        let cell = if after { &slot.after } else { &slot.before };
        if let Some(known) = cell.get() {
            return Ok(known.as_ref());
        }
        let found = if after { self.documents.get_after(document) } else { self.documents.get(document) };
        match found {
            Ok(fields) => Ok(cell.get_or_init(|| fields.map(|fields| snapshot(document, fields))).as_ref()),
            Err(error) => {
                self.failed.set(Some(error));
                Err(Missing::Host)
            }
        }
    }
}

enum Missing {
    /// The call itself fails: a path that names no document, or one document too many.
    Call,
    Host,
}

/// What rules see of a document: `__name__`, `data` and `id`.
pub(crate) fn snapshot(path: DocumentPath<'_>, fields: Value) -> Value {
    let entries = [("__name__", Value::Path(Path::of(path.full()))), ("data", fields), ("id", Value::from(path.id()))];
    Value::Map(Map::from(entries))
}

impl<'a> Host<'a> for DocumentHost<'_> {
    fn call(
        &'a self,
        function: ServiceFunction,
        path: PathRef<'a>,
        arena: &'a Bump,
    ) -> Result<ValueRef<'a>, Failure<'a>> {
        let exists = matches!(function, ServiceFunction::Exists | ServiceFunction::ExistsAfter);
        match self.fetch(function, path) {
            Ok(found) if exists => Ok(ValueRef::Bool(found.is_some())),
            Ok(Some(document)) => Ok(document.view()),
            Ok(None) | Err(Missing::Call) => Err(call_error(self.prefix, function, path, arena)),
            Err(Missing::Host) => Err(Failure::Host),
        }
    }
}

/// The official words for a call without an answer.
pub(crate) fn call_error<'a>(
    prefix: &str,
    function: ServiceFunction,
    path: PathRef<'_>,
    arena: &'a Bump,
) -> Failure<'a> {
    let name = function.name();
    let message = format!("Service call error. Function: [{prefix}{name}], Argument: [{}].", describe_path(path));
    stdlib::message(arena, message)
}

/// A path as the official message embeds it.
fn describe_path(path: PathRef<'_>) -> String {
    let texts = path.resolved().unwrap_or_default();
    let segments: String = texts.iter().map(|text| format!("  segments {{\n    simple: \"{text}\"\n  }}\n")).collect();
    format!("path_value {{\n{segments}}}\n")
}
