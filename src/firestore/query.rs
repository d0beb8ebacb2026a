//! Queries, as rules see them.

use crate::value::{Comparator, Map, MapRef, Path, PathRef, Record, Symbol, Value, ValueRef};

use super::filter::{self, Alternative, Filter, QueryScope};

/// The direction of a sort order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// A query: `request.query`, and what its filters say about `resource.data` (language specification, section 7).
///
/// Rules must hold for every document that the query could return. A field that one equality filter fixes has that
/// value; other filters make it a constraint, whose comparisons are true if the filter proves them and undecided (an
/// error) otherwise. Rules decide each alternative of filters with alternatives (`or`, `in`, `array-contains-any`); all
/// of them have to be allowed. For a query for documents by their names (`__name__ ==`), rules see those documents.
#[derive(Clone, Debug, Default)]
pub struct Query {
    limit: Option<i64>,
    offset: i64,
    order_by: Map,
    filters: Vec<Filter>,
    group: bool,
    /// The id of the collection and its parent document, set by [`Query::resolve`].
    kind: String,
    parent: Option<Path>,
    unused: Map,
}

impl Query {
    /// A query without limit, order or filter.
    pub fn new() -> Self {
        Query::default()
    }

    /// Limits the number of documents: `request.query.limit`.
    #[must_use]
    pub fn limit(mut self, limit: i64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Skips documents: `request.query.offset`.
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

    /// Adds a filter on a field, which may be nested: `author.uid`.
    #[must_use]
    pub fn filter(self, field: &str, op: Comparator, value: impl Into<Value>) -> Self {
        self.matching(Filter::Field(field.to_owned(), op, value.into()))
    }

    /// Adds a filter of any kind.
    #[must_use]
    pub fn matching(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }

    /// Queries all collections with the same id, at any depth: a collection group. For the path `teams/docs/notes`,
    /// those below the document `teams/docs`.
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

    /// The alternatives that rules decide, for a query over that collection.
    ///
    /// # Errors
    ///
    /// A message, if Firestore refuses the query.
    pub(super) fn resolve(&mut self, database: &str, collection: &str) -> Result<Vec<Alternative>, String> {
        let collection = collection.strip_prefix('/').unwrap_or(collection);
        let (document, kind) = match collection.rsplit_once('/') {
            Some((document, kind)) => (Some(document), kind),
            None => (None, collection),
        };
        self.kind = kind.to_owned();
        self.parent = document.map(|document| Path::of(&format!("/databases/{database}/documents/{document}")));
        filter::alternatives(
            &self.filters,
            &QueryScope { database, collection, below: self.group && document.is_some() },
        )
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
    fn get(&self, symbol: Symbol) -> Option<ValueRef<'_>> {
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
