//! Documents, as rules see them.

use std::borrow::Cow;

use crate::{
    request::Resource,
    value::{Map, PathRef, Record, Segments, Symbol, Value, ValueRef, same_text},
};

/// A document, which rules see as `resource` and `request.resource`, with the keys `__name__`, `data` and `id`.
#[derive(Clone, Debug)]
pub struct Document {
    name: String,
    fields: Value,
}

impl Document {
    /// A document with that name within its database, such as `users/alice`, and those fields.
    pub fn new(name: impl Into<String>, fields: impl Into<Value>) -> Self {
        let name = name.into();
        let name = name.strip_prefix('/').map(str::to_owned).unwrap_or(name);
        Document { name, fields: fields.into() }
    }

    /// The name within the database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The fields.
    pub fn fields(&self) -> &Value {
        &self.fields
    }

    /// The last segment of the name.
    pub fn id(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }
}

/// The members of `resource`, `request.resource` and the result of `get()`.
pub(crate) const DOCUMENT: [Symbol; 3] = [Symbol::FullName, Symbol::Data, Symbol::Id];

/// The document of a request, whose full name is the path of the request.
pub(super) struct DocumentRecord<'r> {
    pub(super) document: &'r Document,
    pub(super) path: &'r Segments<'r>,
}

impl Record for DocumentRecord<'_> {
    fn get(&self, symbol: Symbol) -> Option<ValueRef<'_>> {
        match symbol {
            Symbol::Data => Some(self.document.fields.view()),
            Symbol::Id => Some(ValueRef::from(self.document.id())),
            Symbol::FullName => Some(ValueRef::Path(PathRef::Request(self.path.range(0, self.path.len())?))),
            _ => None,
        }
    }

    fn symbols(&self) -> &'static [Symbol] {
        &DOCUMENT
    }
}

impl DocumentRecord<'_> {
    pub(super) fn resource(&self) -> Resource<'_> {
        let fields = match &self.document.fields {
            Value::Map(fields) => Some(fields),
            _ => None,
        };
        Resource::Record { record: self, name: Symbol::Data, fields }
    }
}

impl Document {
    /// Whether the document has that name.
    pub(super) fn is_named(&self, name: &str) -> bool {
        same_text(&self.name, name)
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

/// A name and the fields.
impl From<(&str, Map)> for Document {
    fn from((name, fields): (&str, Map)) -> Self {
        Document::new(name, fields)
    }
}
