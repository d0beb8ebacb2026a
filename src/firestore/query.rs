//! What a list request asks for, as rules see it.

use crate::value::{Comparator, Constraint, Map, MapRef, Record, Symbol, Value, ValueRef};

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
/// Rules must hold for every document that the query could return. A field fixed by an equality filter is that value;
/// other filters make it a constraint, whose comparisons are true where they follow from the filter and undecided
/// (an error) where they do not.
#[derive(Clone, Debug, Default)]
pub struct Query {
    limit: Option<i64>,
    offset: i64,
    order_by: Map,
    filters: Vec<(String, Comparator, Value)>,
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
    pub fn filter(mut self, field: &str, op: Comparator, value: impl Into<Value>) -> Self {
        self.filters.push((field.to_owned(), op, value.into()));
        self
    }

    /// `resource` of a list: only `data`, with what the filters tell.
    pub(super) fn resource(&self) -> Value {
        let mut data = Map::new();
        let mut fields: Vec<(&str, Vec<(Comparator, &Value)>)> = Vec::new();
        for (field, op, value) in &self.filters {
            match fields.iter_mut().find(|(name, _)| name == field) {
                Some((_, terms)) => terms.push((*op, value)),
                None => fields.push((field, vec![(*op, value)])),
            }
        }
        for (field, terms) in fields {
            let known = match terms.iter().find(|(op, _)| *op == Comparator::Eq) {
                Some((_, value)) => (*value).clone(),
                None => {
                    let terms = terms.into_iter().map(|(op, value)| (op, value.clone())).collect();
                    Value::Constraint(Constraint { terms })
                }
            };
            insert(&mut data, field, known);
        }
        Value::Map(Map::from([("data", Value::Map(data))]))
    }
}

/// Sets a field by its dotted name.
fn insert(data: &mut Map, field: &str, value: Value) {
    match field.split_once('.') {
        None => {
            data.insert(field, value);
        }
        Some((first, rest)) => {
            let mut inner = match data.get(first) {
                Some(Value::Map(map)) => map.clone(),
                _ => Map::new(),
            };
            insert(&mut inner, rest, value);
            data.insert(first, inner);
        }
    }
}

impl Record for Query {
    fn known(&self, symbol: Symbol) -> Option<ValueRef<'_>> {
        match symbol {
            Symbol::Limit => Some(self.limit.map_or(ValueRef::Null, ValueRef::Int)),
            Symbol::Offset => Some(ValueRef::Int(self.offset)),
            Symbol::OrderBy => Some(ValueRef::Map(MapRef::Owned(&self.order_by))),
            _ => None,
        }
    }

    fn symbols(&self) -> &'static [Symbol] {
        &[Symbol::Limit, Symbol::Offset, Symbol::OrderBy]
    }
}
