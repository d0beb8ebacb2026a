//! Queries: order, bounds and limit of a read.

mod order;
mod parse;

use std::{collections::BTreeSet, ops::Bound, sync::Arc};

use firewarden::database::{Query as RulesQuery, Scalar};
use serde_json::Value as Json;

use super::tree::{Children, Key, Node};

pub use order::Order;
pub(super) use order::{Edge, Entry};

/// A query. The default selects everything. Two queries are equal if a client names them alike.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// `None` is the default of the transport.
    order: Option<Order>,
    start: Option<Limit>,
    end: Option<Limit>,
    count: Option<Count>,
    /// What a client calls the query: the object `q` or the parameters, members sorted; empty for the default query.
    name: Arc<str>,
}

/// An end of the range of a query: a value in the order of the query, and which keys of that value.
#[derive(Clone, Debug, PartialEq)]
struct Limit {
    at: Entry,
    is_inclusive: bool,
    /// What rules see in `query.startAt` and `query.endAt`.
    scalar: Option<Scalar>,
}

/// How many children a query selects at most.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Count {
    most: u32,
    is_from_end: bool,
}

impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Query {}

impl Ord for Query {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.name.cmp(&other.name)
    }
}

impl PartialOrd for Query {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Query {
    /// What a client calls the query; empty for the default query.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the query is the default one: everything in the default order.
    pub fn is_default(&self) -> bool {
        self.name.is_empty()
    }

    /// Whether the query selects everything, in whatever order.
    pub fn selects_all(&self) -> bool {
        self.start.is_none() && self.end.is_none() && self.count.is_none()
    }

    /// The query as the client wrote it, for the message that revokes a listen; `None` for the default query.
    pub fn to_json(&self) -> Option<Json> {
        serde_json::from_str(&self.name).ok()
    }

    /// The query as rules see it, in the words of suites and of the engine's `Query::from_json`.
    pub fn to_suite(&self) -> Json {
        let (order, by) = match &self.order {
            None => ("orderBy", Json::Null),
            Some(Order::Key) => ("orderByKey", Json::Bool(true)),
            Some(Order::Value) => ("orderByValue", Json::Bool(true)),
            Some(Order::Priority) => ("orderByPriority", Json::Bool(true)),
            Some(Order::Child(path)) => ("orderByChild", Json::from(&**path)),
        };
        let bound = |limit: &Option<Limit>| {
            let scalar = limit.as_ref().and_then(|limit| limit.scalar.as_ref());
            scalar.map_or(Json::Null, |scalar| Node::from(scalar).to_wire())
        };
        let is_inclusive = |limit: &Option<Limit>| limit.as_ref().is_some_and(|limit| limit.is_inclusive);
        let (mut start, mut end, mut equal) = (bound(&self.start), bound(&self.end), Json::Null);
        if start == end && is_inclusive(&self.start) && is_inclusive(&self.end) {
            (start, end, equal) = (Json::Null, Json::Null, start);
        }
        let most = |is_from_end| {
            let count = self.count.filter(|count| count.is_from_end == is_from_end);
            count.map_or(Json::Null, |count| Json::from(count.most))
        };
        let fields = [
            (order, by),
            ("startAt", start),
            ("endAt", end),
            ("equalTo", equal),
            ("limitToFirst", most(false)),
            ("limitToLast", most(true)),
        ];
        let stated = fields.into_iter().filter(|(_, value)| !value.is_null());
        Json::Object(stated.map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The query as rules see it.
    pub fn to_rules(&self) -> RulesQuery {
        if self.is_default() {
            return RulesQuery::new();
        }
        // Its fields fit: parsing made sure of that.
        RulesQuery::from_json(&self.to_suite()).unwrap_or_default()
    }

    /// The order of the children. That of priorities is also the default of REST: values that no client gave a priority
    /// then come in the order of their keys.
    pub fn order(&self) -> &Order {
        self.order.as_ref().unwrap_or(&Order::Priority)
    }

    /// The greatest number of children.
    pub(super) fn most(&self) -> usize {
        self.count.and_then(|count| usize::try_from(count.most).ok()).unwrap_or(usize::MAX)
    }

    /// Whether the children nearest to the end are selected.
    pub(super) fn is_from_end(&self) -> bool {
        self.count.is_some_and(|count| count.is_from_end)
    }

    /// The range of entries between the bounds; `None` if it is empty.
    pub(super) fn range(&self) -> Option<(Bound<&Entry>, Bound<&Entry>)> {
        if let (Some(start), Some(end)) = (&self.start, &self.end)
            && (start.at > end.at || start.at == end.at && !(start.is_inclusive && end.is_inclusive))
        {
            return None;
        }
        Some((as_bound(self.start.as_ref()), as_bound(self.end.as_ref())))
    }

    /// The entries of the children of a value that the query selects.
    pub(super) fn select(&self, parent: &Node) -> BTreeSet<Entry> {
        let Some(range) = self.range() else { return BTreeSet::new() };
        let order = self.order();
        let most = self.most();
        if *order == Order::Key {
            // Children have this order already.
            let beyond = |bound: Bound<&Entry>, edge: Edge| match bound {
                Bound::Included(entry) | Bound::Excluded(entry) => entry.key == edge,
                Bound::Unbounded => false,
            };
            if beyond(range.0, Edge::Greatest) || beyond(range.1, Edge::Least) {
                return BTreeSet::new();
            }
            let key = |bound: Bound<&Entry>| match bound {
                Bound::Included(Entry { key: Edge::Key(key), .. }) => Bound::Included(key.clone()),
                Bound::Excluded(Entry { key: Edge::Key(key), .. }) => Bound::Excluded(key.clone()),
                _ => Bound::Unbounded,
            };
            let (from, to) = (key(range.0), key(range.1));
            let between = parent.children_between((from.as_ref(), to.as_ref())).into_iter().flatten();
            let entries = between.map(|(key, child)| order.entry(key, child));
            return if self.is_from_end() { entries.rev().take(most).collect() } else { entries.take(most).collect() };
        }
        let mut selected = BTreeSet::new();
        for (key, child) in parent.children() {
            let entry = order.entry(key, child);
            if std::ops::RangeBounds::contains(&range, &entry) {
                selected.insert(entry);
                if selected.len() > most {
                    self.drop_farthest(&mut selected);
                }
            }
        }
        selected
    }

    /// Removes the selected entry that the limit drops first.
    pub(super) fn drop_farthest(&self, selected: &mut BTreeSet<Entry>) -> Option<Entry> {
        if self.is_from_end() { selected.pop_first() } else { selected.pop_last() }
    }

    /// The part of a value that the query selects. A leaf has no children to select; a part has no priority.
    pub(super) fn part(&self, value: &Node) -> Node {
        if self.selects_all() { value.clone() } else { part(value, &self.select(value)) }
    }
}

/// The value with only the children of these entries.
pub(super) fn part(value: &Node, entries: &BTreeSet<Entry>) -> Node {
    let keys = entries.iter().filter_map(Entry::key);
    let children = keys.filter_map(|key: &Key| Some((key.clone(), value.child(key.as_str())?.clone())));
    Node::branch(Children::collect(children), None)
}

fn as_bound(limit: Option<&Limit>) -> Bound<&Entry> {
    match limit {
        None => Bound::Unbounded,
        Some(limit) if limit.is_inclusive => Bound::Included(&limit.at),
        Some(limit) => Bound::Excluded(&limit.at),
    }
}
