//! The values that expressions compute with: owned [`Value`]s that a host supplies, and borrowed [`ValueRef`]s that an
//! evaluation passes around.
//!
//! Two traits give types outside this module the shape of a value: [`Record`] for the fields of requests, [`Snapshot`]
//! for locations of a database. [`Segments`] is here because a path value may borrow the path of a request instead of
//! copying it.
//!
//! Invariants: no evaluation state, no names of variables, no products; only `json.rs` uses serde.

mod builder;
mod bytes;
mod constraint;
mod equal;
pub mod geo;
pub mod json;
mod key;
mod lookup;
mod map;
pub mod number;
pub mod path;
mod percent;
mod segments;
mod snapshot;
pub mod string;
mod symbol;
pub mod time;
mod types;
mod view;
pub mod work;

pub use bytes::{base64, hex};
pub use constraint::{Comparator, Constraint};
pub use equal::{deep_equals, in_list, operator_equals, order, set_equals};
pub use geo::LatLng;
pub use key::Key;
pub use lookup::{Lookup, Relation};
pub use map::Map;
pub use path::{Path, PathRef, Segment, SegmentRef};
pub use percent::{DecodeError, PercentMode, percent_decode};
pub use segments::{PathPrefix, SegmentRange, Segments};
pub use snapshot::{Content, Snapshot, Unreadable};
pub use string::{CowStr, Str, StrBuf, StrBuilder, match_mask, same_bytes, same_text, strip_prefix};
pub use symbol::{Name, Symbol};
pub use time::{Duration, Timestamp};
pub use types::{Type, TypeName};
pub use view::{DiffRef, DiffStatus, ListRef, MapRef, Record, ValueRef};

/// A value of the rules languages, as hosts supply it and as results contain it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Value {
    /// `null`: a value, not a missing one.
    #[default]
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A signed 64-bit integer.
    Int(i64),
    /// An IEEE double.
    Float(f64),
    /// Text: UTF-16 code units, possibly with lone surrogates.
    String(StrBuf),
    /// A byte string.
    Bytes(Vec<u8>),
    /// A length of time.
    Duration(Duration),
    /// A moment in time.
    Timestamp(Timestamp),
    /// A geographic location.
    LatLng(LatLng),
    /// An ordered list.
    List(Vec<Value>),
    /// Unique values in the order of insertion.
    Set(Vec<Value>),
    /// A vector field of Firestore.
    Vector(Vec<Value>),
    /// String keys to values, in the order of insertion.
    Map(Map),
    /// A path.
    Path(Path),
    /// The result of `map.diff`: keys and how their values changed.
    MapDiff(Vec<(StrBuf, DiffStatus)>),
    /// What the filters of a list query say about an unknown value.
    Constraint(Constraint),
    /// A variable bound to an error: reading it fails with this message.
    Undefined(String),
}

impl Value {
    /// Borrows the value for an evaluation.
    pub fn view(&self) -> ValueRef<'_> {
        match self {
            Value::Null => ValueRef::Null,
            Value::Bool(b) => ValueRef::Bool(*b),
            Value::Int(n) => ValueRef::Int(*n),
            Value::Float(n) => ValueRef::Float(*n),
            Value::String(s) => ValueRef::String(s.as_str()),
            Value::Bytes(b) => ValueRef::Bytes(b),
            Value::Duration(d) => ValueRef::Duration(*d),
            Value::Timestamp(t) => ValueRef::Timestamp(*t),
            Value::LatLng(p) => ValueRef::LatLng(*p),
            Value::List(items) => ValueRef::List(ListRef::Owned(items)),
            Value::Set(items) => ValueRef::Set(ListRef::Owned(items)),
            Value::Vector(items) => ValueRef::Vector(ListRef::Owned(items)),
            Value::Map(map) => ValueRef::Map(MapRef::Owned(map)),
            Value::Path(path) => ValueRef::Path(PathRef::Owned(path)),
            Value::MapDiff(entries) => ValueRef::MapDiff(view::DiffRef::Owned(entries)),
            Value::Constraint(c) => ValueRef::Constraint(c),
            Value::Undefined(message) => ValueRef::Undefined(message),
        }
    }

    /// The type, with its official name; `None` for a value bound to an error.
    pub fn type_of(&self) -> Option<Type> {
        (!matches!(self, Value::Undefined(_))).then(|| self.view().type_of())
    }

    /// The text of a string; `None` for other types and for text with lone surrogates.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(s) => s.as_str().as_utf8(),
            _ => None,
        }
    }
}

/// Deep equality of host values: the relation inside lists and maps, except that NaN equals itself.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
            (Value::List(a), Value::List(b))
            | (Value::Set(a), Value::Set(b))
            | (Value::Vector(a), Value::Vector(b)) => a == b,
            (Value::Map(a), Value::Map(b)) => a == b,
            (Value::MapDiff(a), Value::MapDiff(b)) => a == b,
            (Value::Constraint(a), Value::Constraint(b)) => a == b,
            (Value::Undefined(a), Value::Undefined(b)) => a == b,
            (Value::Path(a), Value::Path(b)) => a == b,
            (a, b) => deep_equals(a.view(), b.view()),
        }
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Value::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Value::Int(n)
    }
}

impl From<f64> for Value {
    fn from(n: f64) -> Self {
        Value::Float(n)
    }
}

impl From<&str> for Value {
    fn from(s: &str) -> Self {
        Value::String(StrBuf::from(s.to_owned()))
    }
}

impl From<String> for Value {
    fn from(s: String) -> Self {
        Value::String(StrBuf::from(s))
    }
}

impl From<Timestamp> for Value {
    fn from(t: Timestamp) -> Self {
        Value::Timestamp(t)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Value::Map(map)
    }
}

impl<V: Into<Value>> From<Vec<V>> for Value {
    fn from(items: Vec<V>) -> Self {
        Value::List(items.into_iter().map(Into::into).collect())
    }
}

impl<V: Into<Value>> From<Option<V>> for Value {
    fn from(value: Option<V>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}
