//! What a list request asks for, as rules see it.

use crate::value::{Comparator, Map, MapRef, Path, PathRef, Record, Symbol, Value, ValueRef};

use super::filter::{self, Alternative, Filter, Scope};

/// The order of a sort key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// A query: `request.query`, and what its filters tell about `resource.data` (language specification, section 7).
///
/// Rules must hold for every document that the query could return. A field fixed by one equality filter is that value;
/// other filters make it a constraint, whose comparisons are true where they follow from the filter and undecided
/// (an error) where they do not. Filters with alternatives (`or`, `in`, `array-contains-any`) ask the rules about each
/// alternative; all have to pass. A query for documents by their names (`__name__ ==`) asks about those documents.
#[derive(Clone, Debug, Default)]
pub struct Query {
    limit: Option<i64>,
    offset: i64,
    order_by: Map,
    filters: Vec<Filter>,
    group: bool,
    /// The collection, and the document that it is in: known once the query is asked.
    kind: String,
    parent: Option<Path>,
    unused: Map,
}

impl Query {
    /// A query without limit, order or filter.
    pub fn new() -> Self {
        Query::default()
    }

    /// At most so many documents: `request.query.limit`.
    #[must_use]
    pub fn limit(mut self, limit: i64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Skips so many documents: `request.query.offset`.
    #[must_use]
    pub fn offset(mut self, offset: i64) -> Self {
        self.offset = offset;
        self
    }

    /// Sorts by a field: `request.query.orderBy`.
    #[must_use]
    pub fn order_by(mut self, field: &str, direction: Direction) -> Self {
        let direction = match direction {
            Direction::Ascending => "ASC",
            Direction::Descending => "DESC",
        };
        self.order_by.insert(field, direction);
        self
    }

    /// A filter on a field, which may be nested: `author.uid`.
    #[must_use]
    pub fn filter(self, field: &str, op: Comparator, value: impl Into<Value>) -> Self {
        self.matching(Filter::Field(field.to_owned(), op, value.into()))
    }

    /// A filter of any kind, beside those before it.
    #[must_use]
    pub fn matching(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }

    /// Asks all collections of the same name, at any depth: a collection group. Of the path `teams/docs/notes`, those
    /// below the document `teams/docs`.
    #[must_use]
    pub fn collection_group(mut self) -> Self {
        self.group = true;
        self
    }

    fn parent(&self) -> ValueRef<'_> {
        self.parent.as_ref().map_or(ValueRef::Null, |path| ValueRef::Path(PathRef::Owned(path)))
    }

    pub(super) fn is_group(&self) -> bool {
        self.group
    }

    /// What rules are asked about, of a collection.
    ///
    /// # Errors
    ///
    /// A query that Firestore refuses, in words.
    pub(super) fn ask(&mut self, database: &str, collection: &str) -> Result<Vec<Alternative>, String> {
        let collection = collection.strip_prefix('/').unwrap_or(collection);
        let (document, kind) = match collection.rsplit_once('/') {
            Some((document, kind)) => (Some(document), kind),
            None => (None, collection),
        };
        self.kind = kind.to_owned();
        self.parent = document.map(|document| Path::of(&format!("/databases/{database}/documents/{document}")));
        filter::alternatives(&self.filters, &Scope { database, collection, below: self.group && document.is_some() })
    }
}

/// The members of `request.query`.
pub(crate) const QUERY: [Symbol; 10] = [
    Symbol::Distinct,
    Symbol::SelectOnlyKeys,
    Symbol::GroupBy,
    Symbol::Kind,
    Symbol::Parent,
    Symbol::Ancestor,
    Symbol::OrderBy,
    Symbol::Limit,
    Symbol::Offset,
    Symbol::AllDescendants,
];

impl Record for Query {
    fn known(&self, symbol: Symbol) -> Option<ValueRef<'_>> {
        Some(match symbol {
            Symbol::Limit => self.limit.map_or(ValueRef::Null, ValueRef::Int),
            Symbol::Offset => ValueRef::Int(self.offset),
            Symbol::OrderBy => ValueRef::Map(MapRef::Owned(&self.order_by)),
            Symbol::Kind => ValueRef::from(self.kind.as_str()),
            Symbol::Parent if !self.group => self.parent(),
            Symbol::Ancestor if self.group => self.parent(),
            Symbol::AllDescendants => ValueRef::Bool(self.group),
            Symbol::Distinct | Symbol::SelectOnlyKeys => ValueRef::Bool(false),
            Symbol::GroupBy => ValueRef::Map(MapRef::Owned(&self.unused)),
            _ => return None,
        })
    }

    fn symbols(&self) -> &'static [Symbol] {
        &QUERY
    }
}
