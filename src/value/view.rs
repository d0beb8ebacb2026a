//! Values as an evaluation passes them around: borrowed, `Copy`, made without allocating.

use super::{
    Constraint, Content, Duration, LatLng, Map, Name, PathRef, Snapshot, Str, StrBuf, Symbol, Timestamp, Type, Value,
    number, time::NO_TIME,
};

/// A borrowed value.
// The discriminant fills a word: evaluations copy values all the time, and copying words is quicker than copying their
// parts.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
#[allow(missing_docs)]
pub enum ValueRef<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(Str<'a>),
    Bytes(&'a [u8]),
    Duration(Duration),
    Timestamp(Timestamp),
    LatLng(LatLng),
    List(ListRef<'a>),
    Set(ListRef<'a>),
    Vector(ListRef<'a>),
    Map(MapRef<'a>),
    Path(PathRef<'a>),
    MapDiff(DiffRef<'a>),
    Constraint(&'a Constraint),
    /// A location of a database; as the result of `val()`, the marker for children.
    Snapshot(&'a dyn Snapshot),
    /// A variable bound to an error; reading it gives the error, so no operation ever sees it.
    Undefined(&'a str),
}

/// The elements of a list, set or vector.
#[derive(Clone, Copy, Debug)]
pub enum ListRef<'a> {
    /// Supplied by the host.
    Owned(&'a [Value]),
    /// Allocated by the evaluation.
    Made(&'a [ValueRef<'a>]),
}

impl<'a> ListRef<'a> {
    /// Number of elements.
    pub fn len(self) -> usize {
        match self {
            ListRef::Owned(items) => items.len(),
            ListRef::Made(items) => items.len(),
        }
    }

    /// Whether there are no elements.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The element at an index.
    pub fn get(self, at: usize) -> Option<ValueRef<'a>> {
        match self {
            ListRef::Owned(items) => items.get(at).map(Value::view),
            ListRef::Made(items) => items.get(at).copied(),
        }
    }

    /// The elements in order.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = ValueRef<'a>> {
        (0..self.len()).filter_map(move |at| self.get(at))
    }
}

/// A map with fixed keys whose values are fields of a host's own type, such as a request.
pub trait Record: Sync {
    /// The value of a key; `None` if the record lacks it.
    fn get(&self, symbol: Symbol) -> Option<ValueRef<'_>>;

    /// [`Self::get`] by name.
    fn field(&self, name: &str) -> Option<ValueRef<'_>> {
        self.get(Symbol::of(name)?)
    }

    /// [`Self::get`], if the value is a string.
    fn text(&self, symbol: Symbol) -> Option<&str> {
        match self.get(symbol) {
            Some(ValueRef::String(Str::Utf8(text))) => Some(text),
            _ => None,
        }
    }

    /// [`Self::get`], if the value is an int.
    fn int(&self, symbol: Symbol) -> Option<i64> {
        match self.get(symbol) {
            Some(ValueRef::Int(n)) => Some(n),
            _ => None,
        }
    }

    /// Every key that the record may have, in the order in which rules list them.
    fn symbols(&self) -> &'static [Symbol];
}

/// Keys and values.
#[derive(Clone, Copy)]
pub enum MapRef<'a> {
    /// Supplied by the host.
    Owned(&'a Map),
    /// Allocated by the evaluation.
    Made(&'a [(Str<'a>, ValueRef<'a>)]),
    /// Fields of a host's own type.
    Record(&'a dyn Record),
}

impl<'a> MapRef<'a> {
    /// Number of keys.
    pub fn len(self) -> usize {
        match self {
            MapRef::Owned(map) => map.len(),
            MapRef::Made(entries) => entries.len(),
            MapRef::Record(record) => record.symbols().iter().filter(|symbol| record.get(**symbol).is_some()).count(),
        }
    }

    /// Whether there are no keys.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The value of a key.
    pub fn get(self, key: Str<'_>) -> Option<ValueRef<'a>> {
        match self {
            MapRef::Owned(map) => key.as_utf8().and_then(|k| map.get(k)).map(Value::view),
            // Literals are made without repeated keys: the last value of each is kept.
            MapRef::Made(entries) => entries.iter().find(|(k, _)| *k == key).map(|(_, v)| *v),
            MapRef::Record(record) => key.as_utf8().and_then(|k| record.field(k)),
        }
    }

    /// [`Self::get`] with a prepared name.
    #[inline]
    pub fn find(self, key: &str, name: Name) -> Option<ValueRef<'a>> {
        match self {
            MapRef::Record(record) => match name.symbol {
                Some(symbol) => record.get(symbol),
                None => record.field(key),
            },
            MapRef::Owned(map) => map.get_hashed(key, name.hash).map(Value::view),
            MapRef::Made(_) => self.get(Str::Utf8(key)),
        }
    }

    /// Identifies the map among all maps that are alive: its address and, since a record may have the address of its
    /// first field, also that of its keys. `None` for a map that the evaluation allocated.
    pub fn identity(self) -> Option<[*const (); 2]> {
        match self {
            MapRef::Owned(map) => Some([std::ptr::from_ref(map).cast(), std::ptr::null()]),
            MapRef::Record(record) => Some([std::ptr::from_ref(record).cast(), record.symbols().as_ptr().cast()]),
            MapRef::Made(_) => None,
        }
    }

    /// Keys and values in the order of insertion.
    pub fn iter(self) -> MapIter<'a> {
        MapIter { map: self, at: 0 }
    }
}

impl std::fmt::Debug for MapRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Iterates over the entries of a map.
pub struct MapIter<'a> {
    map: MapRef<'a>,
    at: usize,
}

impl<'a> Iterator for MapIter<'a> {
    type Item = (Str<'a>, ValueRef<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let at = self.at;
            self.at += 1;
            match self.map {
                MapRef::Owned(map) => return map.entry(at).map(|(k, v)| (Str::Utf8(k), v.view())),
                MapRef::Made(entries) => return entries.get(at).copied(),
                MapRef::Record(record) => {
                    let symbol = *record.symbols().get(at)?;
                    if let Some(value) = record.get(symbol) {
                        return Some((Str::Utf8(symbol.text()), value));
                    }
                }
            }
        }
    }
}

/// How the value of a key changed from one map to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum DiffStatus {
    Added,
    Removed,
    Changed,
    Unchanged,
}

/// Keys and how their values changed.
#[derive(Clone, Copy, Debug)]
pub enum DiffRef<'a> {
    /// Supplied by the host.
    Owned(&'a [(StrBuf, DiffStatus)]),
    /// Allocated by the evaluation.
    Made(&'a [(Str<'a>, DiffStatus)]),
}

impl<'a> DiffRef<'a> {
    /// Keys and how their values changed.
    pub fn iter(self) -> impl Iterator<Item = (Str<'a>, DiffStatus)> {
        let count = match self {
            DiffRef::Owned(entries) => entries.len(),
            DiffRef::Made(entries) => entries.len(),
        };
        (0..count).filter_map(move |at| match self {
            DiffRef::Owned(entries) => entries.get(at).map(|(k, s)| (k.as_str(), *s)),
            DiffRef::Made(entries) => entries.get(at).copied(),
        })
    }
}

impl<'a> From<&'a str> for ValueRef<'a> {
    fn from(text: &'a str) -> Self {
        ValueRef::String(Str::Utf8(text))
    }
}

/// The time of a request. Reading it fails if the request has none, so that rules about the time never allow a request
/// by a time that nobody stated.
impl From<Option<Timestamp>> for ValueRef<'_> {
    fn from(time: Option<Timestamp>) -> Self {
        time.map_or(ValueRef::Undefined(NO_TIME), ValueRef::Timestamp)
    }
}

impl ValueRef<'_> {
    /// The type, by the name used in messages.
    pub fn type_of(self) -> Type {
        match self {
            ValueRef::Null => Type::Null,
            ValueRef::Bool(_) => Type::Bool,
            ValueRef::Int(_) => Type::Int,
            ValueRef::Float(_) => Type::Float,
            ValueRef::String(_) => Type::String,
            ValueRef::Bytes(_) => Type::Bytes,
            ValueRef::Duration(_) => Type::Duration,
            ValueRef::Timestamp(_) => Type::Timestamp,
            ValueRef::LatLng(_) => Type::LatLng,
            ValueRef::List(_) => Type::List,
            ValueRef::Set(_) => Type::Set,
            ValueRef::Vector(_) => Type::Vector,
            ValueRef::Map(_) => Type::Map,
            ValueRef::Path(_) => Type::Path,
            ValueRef::MapDiff(_) => Type::MapDiff,
            ValueRef::Constraint(_) => Type::Constraint,
            ValueRef::Snapshot(_) => Type::Snapshot,
            ValueRef::Undefined(_) => Type::Any,
        }
    }

    /// Copies the value.
    pub fn to_value(self) -> Value {
        let items = |list: ListRef<'_>| list.iter().map(ValueRef::to_value).collect();
        match self {
            ValueRef::Null => Value::Null,
            ValueRef::Bool(b) => Value::Bool(b),
            ValueRef::Int(n) => Value::Int(n),
            ValueRef::Float(n) => Value::Float(n),
            ValueRef::String(s) => Value::String(s.to_buf()),
            ValueRef::Bytes(b) => Value::Bytes(b.to_vec()),
            ValueRef::Duration(d) => Value::Duration(d),
            ValueRef::Timestamp(t) => Value::Timestamp(t),
            ValueRef::LatLng(p) => Value::LatLng(p),
            ValueRef::List(list) => Value::List(items(list)),
            ValueRef::Set(list) => Value::Set(items(list)),
            ValueRef::Vector(list) => Value::Vector(items(list)),
            ValueRef::Map(MapRef::Owned(map)) => Value::Map(map.clone()),
            ValueRef::Map(map) => Value::Map(map.iter().map(|(k, v)| (k.to_string(), v.to_value())).collect()),
            ValueRef::Path(path) => Value::Path(path.to_path()),
            ValueRef::MapDiff(diff) => Value::MapDiff(diff.iter().map(|(k, s)| (k.to_buf(), s)).collect()),
            ValueRef::Constraint(c) => Value::Constraint(c.clone()),
            ValueRef::Snapshot(snapshot) => match snapshot.cached() {
                Some(Content::Nothing) => Value::Null,
                content => match content.and_then(Content::leaf) {
                    Some(value) => value.to_value(),
                    None => Value::Undefined(self.describe()),
                },
            },
            ValueRef::Undefined(message) => Value::Undefined(message.to_owned()),
        }
    }

    /// `budget` minus the approximate size of the value in bytes; returns early once negative.
    pub fn remaining_budget(self, budget: i64) -> i64 {
        let mut rest = budget;
        self.deduct_size(&mut rest);
        rest
    }

    fn deduct_size(self, budget: &mut i64) {
        *budget -= 16;
        match self {
            ValueRef::String(Str::Utf8(text)) => *budget -= text.len() as i64,
            ValueRef::String(Str::Wide(units)) => *budget -= 2 * units.len() as i64,
            ValueRef::Bytes(bytes) => *budget -= bytes.len() as i64,
            ValueRef::List(list) | ValueRef::Set(list) | ValueRef::Vector(list) => {
                for item in list.iter() {
                    item.deduct_size(budget);
                    if *budget < 0 {
                        return;
                    }
                }
            }
            ValueRef::Map(MapRef::Owned(map)) => {
                for (key, value) in map.iter() {
                    *budget -= 16 + key.len() as i64;
                    value.view().deduct_size(budget);
                    if *budget < 0 {
                        return;
                    }
                }
            }
            ValueRef::Map(map) => {
                for (key, value) in map.iter() {
                    ValueRef::String(key).deduct_size(budget);
                    value.deduct_size(budget);
                    if *budget < 0 {
                        return;
                    }
                }
            }
            _ => {}
        }
    }

    /// The value as text for an explanation: close to the syntax of rules, and shortened if long.
    pub fn describe(self) -> String {
        truncated(|out, limit| self.write(out, limit))
    }

    /// Writes the value; stops soon after `limit` bytes, so that huge values cost little.
    fn write(self, out: &mut String, limit: usize) {
        if out.len() > limit {
            return;
        }
        let join = |out: &mut String, list: ListRef<'_>| {
            for (i, item) in list.iter().enumerate() {
                if out.len() > limit {
                    return;
                }
                out.push_str(if i > 0 { ", " } else { "" });
                item.write(out, limit);
            }
        };
        match self {
            ValueRef::Null => out.push_str("null"),
            ValueRef::Bool(b) => out.push_str(if b { "true" } else { "false" }),
            ValueRef::Int(n) => out.push_str(&n.to_string()),
            ValueRef::Float(n) => out.push_str(&number::double_to_string(n)),
            ValueRef::String(s) => quote(s, out, limit),
            ValueRef::Bytes(b) => {
                out.push_str(&format!("b'{}", super::hex(b.get(..limit.min(b.len())).unwrap_or(b))));
                out.push('\'');
            }
            ValueRef::Duration(d) => out.push_str(&d.to_string()),
            ValueRef::Timestamp(t) => out.push_str(&t.to_string()),
            ValueRef::LatLng(p) => {
                let (latitude, longitude) =
                    (number::double_to_string(p.latitude), number::double_to_string(p.longitude));
                out.push_str(&format!("latlng({latitude}, {longitude})"));
            }
            ValueRef::List(list) => {
                out.push('[');
                join(out, list);
                out.push(']');
            }
            ValueRef::Set(list) | ValueRef::Vector(list) => {
                out.push_str(if matches!(self, ValueRef::Set(_)) { "set(" } else { "vector(" });
                join(out, list);
                out.push(')');
            }
            ValueRef::Map(map) => {
                out.push('{');
                for (i, (key, value)) in map.iter().enumerate() {
                    if out.len() > limit {
                        break;
                    }
                    out.push_str(if i > 0 { ", " } else { "" });
                    quote(key, out, limit);
                    out.push_str(": ");
                    value.write(out, limit);
                }
                out.push('}');
            }
            ValueRef::Path(path) => path.write_beginning(out, limit),
            ValueRef::MapDiff(diff) => {
                out.push_str("diff(");
                for (i, (key, status)) in diff.iter().enumerate() {
                    if out.len() > limit {
                        break;
                    }
                    out.push_str(if i > 0 { ", " } else { "" });
                    quote(key, out, limit);
                    out.push_str(&format!(": {status:?}").to_lowercase());
                }
                out.push(')');
            }
            ValueRef::Constraint(c) => out.push_str(&format!("constraint({c})")),
            ValueRef::Snapshot(snapshot) => Content::write(snapshot.cached(), out, limit),
            ValueRef::Undefined(message) => out.push_str(&format!("undefined({message})")),
        }
    }
}

impl Content<'_> {
    /// What is known of a location as text for an explanation.
    pub fn describe(known: Option<Content<'_>>) -> String {
        truncated(|out, limit| Content::write(known, out, limit))
    }

    fn write(known: Option<Content<'_>>, out: &mut String, limit: usize) {
        match known {
            Some(Content::Number(n)) => out.push_str(&number::javascript_number(n)),
            Some(Content::Bool(b)) => ValueRef::Bool(b).write(out, limit),
            Some(Content::String(text)) => ValueRef::String(Str::Utf8(text)).write(out, limit),
            Some(Content::Nothing) => out.push_str("nothing"),
            Some(Content::Children) => out.push_str("{…}"),
            None => out.push_str("not read"),
        }
    }
}

fn truncated(write: impl FnOnce(&mut String, usize)) -> String {
    const LIMIT: usize = 80;
    let mut out = String::new();
    write(&mut out, LIMIT);
    if out.chars().count() > LIMIT {
        out = out.chars().take(LIMIT - 1).chain(['…']).collect();
    }
    out
}

fn quote(text: Str<'_>, out: &mut String, limit: usize) {
    out.push('\'');
    for c in text.beginning(limit).chars() {
        match c {
            '\'' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('\'');
}
