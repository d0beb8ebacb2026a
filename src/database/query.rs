//! The query of a read: order, bounds and limits, and how rules see them (realtime-database specification, section 4.5).

use crate::value::{Record, Symbol, ValueRef};

use super::{Request, RequestError, Scalar, Transport, data::names, limits::key_problem, request::Operation};

/// The order of children.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Order {
    /// The default of the transport: by priority through an SDK, by key over REST.
    #[default]
    Default,
    /// By key.
    Key,
    /// By value.
    Value,
    /// By priority.
    Priority,
    /// By the value at a path below each child.
    Child(String),
}

/// The query of a read. The default reads everything.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Query {
    pub(super) order: Order,
    start_at: Option<Scalar>,
    end_at: Option<Scalar>,
    equal_to: Option<Scalar>,
    limit_to_first: Option<f64>,
    limit_to_last: Option<f64>,
}

impl Query {
    /// Everything, in the default order.
    pub fn new() -> Self {
        Query::default()
    }

    /// Orders by key.
    pub fn order_by_key(mut self) -> Self {
        self.order = Order::Key;
        self
    }

    /// Orders by value.
    pub fn order_by_value(mut self) -> Self {
        self.order = Order::Value;
        self
    }

    /// Orders by priority.
    pub fn order_by_priority(mut self) -> Self {
        self.order = Order::Priority;
        self
    }

    /// Orders by the value at a path below each child.
    pub fn order_by_child(mut self, path: impl Into<String>) -> Self {
        self.order = Order::Child(path.into());
        self
    }

    /// Sets the order.
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Reads from this value on.
    pub fn start_at(mut self, value: impl Into<Scalar>) -> Self {
        self.start_at = Some(value.into());
        self
    }

    /// Reads up to this value.
    pub fn end_at(mut self, value: impl Into<Scalar>) -> Self {
        self.end_at = Some(value.into());
        self
    }

    /// Reads only this value.
    pub fn equal_to(mut self, value: impl Into<Scalar>) -> Self {
        self.equal_to = Some(value.into());
        self
    }

    /// Reads at most `count` children from the beginning.
    pub fn limit_to_first(mut self, count: u32) -> Self {
        self.limit_to_first = Some(f64::from(count));
        self
    }

    /// Reads at most `count` children from the end.
    pub fn limit_to_last(mut self, count: u32) -> Self {
        self.limit_to_last = Some(f64::from(count));
        self
    }

    /// The index that the query needs, as in `.indexOn`. Keys and priorities need none.
    pub(super) fn index(&self) -> Option<&str> {
        match &self.order {
            Order::Child(path) => Some(path.trim_matches('/')),
            Order::Value => Some(".value"),
            Order::Default | Order::Key | Order::Priority => None,
        }
    }

    pub(super) fn check(&self) -> Result<(), RequestError> {
        if self.limit_to_first.is_some() && self.limit_to_last.is_some() {
            return Err(RequestError::Query("it has both limits, limitToFirst and limitToLast"));
        }
        if self.limit_to_first == Some(0.0) || self.limit_to_last == Some(0.0) {
            return Err(RequestError::Query("a limit is at least 1"));
        }
        if self.equal_to.is_some() && (self.start_at.is_some() || self.end_at.is_some()) {
            return Err(RequestError::Query("equalTo stands beside startAt or endAt"));
        }
        match &self.order {
            Order::Child(path) if names(path).next().is_none() => {
                Err(RequestError::Query("orderByChild has no path; orderByValue orders by the values themselves"))
            }
            Order::Child(path) if names(path).any(|name| key_problem(name).is_some()) => Err(RequestError::Query(
                "orderByChild has a path that no data has; orderByKey, orderByValue and \
                                         orderByPriority order by something else than a child",
            )),
            _ => Ok(()),
        }
    }
}

fn view(scalar: &Option<Scalar>) -> ValueRef<'_> {
    scalar.as_ref().map_or(ValueRef::Null, Scalar::view)
}

const SYMBOLS: [Symbol; 9] = [
    Symbol::OrderByKey,
    Symbol::OrderByValue,
    Symbol::OrderByPriority,
    Symbol::OrderByChild,
    Symbol::StartAt,
    Symbol::EndAt,
    Symbol::EqualTo,
    Symbol::LimitToFirst,
    Symbol::LimitToLast,
];

/// The variable `query`: the query with the default order of the transport. That of a write has no order, and null for
/// everything else.
impl Record for Request<'_> {
    fn get(&self, symbol: Symbol) -> Option<ValueRef<'_>> {
        let query = match &self.operation {
            Operation::Read(query) => Some(query),
            _ => None,
        };
        let is_ordered_by = |order: Order| {
            ValueRef::Bool(query.is_some_and(|query| match (&query.order, self.transport) {
                (Order::Default, Transport::WebSocket) => order == Order::Priority,
                (Order::Default, Transport::Rest) => order == Order::Key,
                (known, _) => *known == order,
            }))
        };
        Some(match (symbol, query) {
            (Symbol::OrderByKey, _) => is_ordered_by(Order::Key),
            (Symbol::OrderByValue, _) => is_ordered_by(Order::Value),
            (Symbol::OrderByPriority, _) => is_ordered_by(Order::Priority),
            (symbol, None) if SYMBOLS.contains(&symbol) => ValueRef::Null,
            (Symbol::OrderByChild, Some(query)) => match &query.order {
                Order::Child(path) => ValueRef::from(path.as_str()),
                _ => ValueRef::Null,
            },
            (Symbol::StartAt, Some(query)) => view(&query.start_at),
            (Symbol::EndAt, Some(query)) => view(&query.end_at),
            (Symbol::EqualTo, Some(query)) => view(&query.equal_to),
            (Symbol::LimitToFirst, Some(query)) => query.limit_to_first.map_or(ValueRef::Null, ValueRef::Float),
            (Symbol::LimitToLast, Some(query)) => query.limit_to_last.map_or(ValueRef::Null, ValueRef::Float),
            _ => return None,
        })
    }

    fn symbols(&self) -> &'static [Symbol] {
        &SYMBOLS
    }
}
