//! A document, as rules see it.

use std::borrow::Cow;

use crate::value::{Map, MapRef, Path, PathRef, Record, Resource, Symbol, Value, ValueRef};

/// A document: what rules see as `resource` and `request.resource`, with the keys `__name__`, `data` and `id`.
#[derive(Clone, Debug)]
pub struct Document {
    name: String,
    full_name: Path,
    fields: Value,
}

impl Document {
    /// A document with that name within the default database, such as `users/alice`, and those fields.
    pub fn new(name: impl Into<String>, fields: impl Into<Value>) -> Self {
        let name = name.into();
        let name = name.strip_prefix('/').map(str::to_owned).unwrap_or(name);
        let full_name = Path::of(&format!("/databases/(default)/documents/{name}"));
        Document { name, full_name, fields: fields.into() }
    }

    /// Its name within the database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its fields.
    pub fn fields(&self) -> &Value {
        &self.fields
    }

    /// Its last segment.
    pub fn id(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }
}

impl Record for Document {
    fn known(&self, symbol: Symbol) -> Option<ValueRef<'_>> {
        match symbol {
            Symbol::Data => Some(self.fields.view()),
            Symbol::Id => Some(ValueRef::from(self.id())),
            Symbol::FullName => Some(ValueRef::Path(PathRef::Owned(&self.full_name))),
            _ => None,
        }
    }

    fn symbols(&self) -> &'static [Symbol] {
        &[Symbol::FullName, Symbol::Data, Symbol::Id]
    }
}

impl Document {
    pub(super) fn view(&self) -> ValueRef<'_> {
        ValueRef::Map(MapRef::Record(self))
    }

    pub(super) fn resource(&self) -> Resource<'_> {
        let fields = match &self.fields {
            Value::Map(fields) => Some(fields),
            _ => None,
        };
        Resource::Record { record: self, name: Symbol::Data, fields }
    }
}

impl<'a> From<&'a Document> for Cow<'a, Document> {
    fn from(document: &'a Document) -> Self {
        Cow::Borrowed(document)
    }
}

impl From<Document> for Cow<'_, Document> {
    fn from(document: Document) -> Self {
        Cow::Owned(document)
    }
}

/// Fields by name.
impl From<(&str, Map)> for Document {
    fn from((name, fields): (&str, Map)) -> Self {
        Document::new(name, fields)
    }
}
