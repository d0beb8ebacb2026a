//! Reads formulas under one known request: the test that an encoding is honest.

use std::{cell::RefCell, cmp::Ordering, collections::BTreeMap, rc::Rc};

use firewarden::{
    DocumentPath, Value,
    value::{Map, Path, in_list, operator_equals, set_equals},
};
use rustc_hash::FxHashMap;

use crate::{
    atom::{Atom, ConstId, DiffKeys, Relation},
    axioms::Tracked,
    compute::compute,
    formula::Formula,
    linear::{NumVar, Row},
    place::{Key, Kind, Origin, PlaceId},
    ratio::Ratio,
    symbolic::{constant_number, kind_of},
    value::{SegmentTerm, Sym, TextPart, Values},
    world::{Language, World},
};

/// A request, as rules see it.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The variable `request`.
    pub request: Value,
    /// The variable `resource`.
    pub resource: Value,
    /// The segments of its path.
    pub segments: Vec<String>,
    /// The fields of stored documents by their names within the request's database.
    pub documents: BTreeMap<String, Value>,
    /// What the commit that the request belongs to makes of other documents; `None` for those that it deletes.
    pub after: BTreeMap<String, Option<Value>>,
}

/// Reads formulas of a world under a request.
pub struct Reading<'w> {
    world: &'w World,
    facts: &'w Facts,
    tracked: Tracked,
    places: RefCell<FxHashMap<PlaceId, Known>>,
    truths: RefCell<FxHashMap<usize, Option<bool>>>,
}

/// What is known of a value.
#[derive(Clone, Debug)]
enum Known {
    /// It depends on an operation that the analysis cannot compute.
    Unknown,
    /// Reading it is an error.
    Error,
    Value(Rc<Value>),
}

impl Known {
    fn value(value: Value) -> Self {
        Known::Value(Rc::new(value))
    }

    fn of(value: Option<Value>) -> Self {
        value.map_or(Known::Error, Known::value)
    }
}

impl<'w> Reading<'w> {
    /// Prepares to read.
    pub fn new(world: &'w World, facts: &'w Facts) -> Self {
        Reading { world, facts, tracked: Tracked::of(world), places: RefCell::default(), truths: RefCell::default() }
    }

    /// The truth of a formula; `None` where it depends on what cannot be computed.
    pub fn truth(&self, formula: Formula) -> Option<bool> {
        let mut known = std::mem::take(&mut *self.truths.borrow_mut());
        let truth = self.world.formulas.truth_of(formula, &mut |atom| self.atom(atom), &mut known);
        // Reading an atom may have read other formulas meanwhile.
        let mut kept = self.truths.borrow_mut();
        let meanwhile = std::mem::replace(&mut *kept, known);
        kept.extend(meanwhile);
        truth
    }

    /// The value of an expression; `None` for an error, and where it cannot be computed.
    pub fn value(&self, values: &Values) -> Option<Value> {
        match self.values(values) {
            Known::Value(value) => Some(Value::clone(&value)),
            Known::Error | Known::Unknown => None,
        }
    }

    fn place(&self, place: PlaceId) -> Known {
        if let Some(known) = self.places.borrow().get(&place) {
            return known.clone();
        }
        let known = self.find(place);
        self.places.borrow_mut().insert(place, known.clone());
        known
    }

    fn find(&self, place: PlaceId) -> Known {
        match &self.world.place(place).origin {
            Origin::Request => Known::value(self.facts.request.clone()),
            Origin::Resource => Known::value(self.facts.resource.clone()),
            Origin::Segment(at) => {
                Known::of(self.facts.segments.get(*at as usize).map(|text| Value::from(text.as_str())))
            }
            Origin::Document(names) => self.document(names, false),
            Origin::After(names) => self.document(names, true),
            Origin::Child(parent, key) => {
                let parent = match self.place(*parent) {
                    Known::Value(value) => value,
                    other => return other,
                };
                match key {
                    Key::Name(name) => Known::of(member(&parent, &self.world.text(*name))),
                    Key::Index(at) => match &*parent {
                        Value::List(items) => Known::of(items.get(*at as usize).cloned()),
                        _ => Known::Error,
                    },
                    Key::Of(key) => match self.place(*key) {
                        Known::Value(value) => match &*value {
                            Value::String(text) => Known::of(member(&parent, &text.as_str().to_string())),
                            _ => Known::Error,
                        },
                        Known::Unknown => Known::Unknown,
                        Known::Error => Known::Error,
                    },
                }
            }
            Origin::Open(id) => {
                let Some(open) = self.world.open_of(*id) else { return Known::Unknown };
                let mut operands = Vec::new();
                for operand in open.operands.iter() {
                    match self.values(operand) {
                        Known::Value(value) => operands.push(Value::clone(&value)),
                        other => return other,
                    }
                }
                compute(&open.what, &operands).map_or(Known::Unknown, Known::of)
            }
            Origin::Named(_) => Known::Unknown,
        }
    }

    fn document(&self, names: &[SegmentTerm], after: bool) -> Known {
        let mut texts = Vec::new();
        for name in names {
            let text = match name {
                SegmentTerm::Const(text) => Some(self.world.text(*text)),
                SegmentTerm::Of(place) => self.text(*place),
                SegmentTerm::Parts(parts) => self.join(parts),
            };
            match text {
                Some(text) => texts.push(text),
                None => return Known::Unknown,
            }
        }
        let database = self.facts.segments.get(1).map_or("(default)", String::as_str);
        let relative = texts.join("/");
        let full = format!("/databases/{database}/documents/{relative}");
        // A segment with a slash names no document.
        let valid = DocumentPath::parse(&full).is_some() && !texts.iter().any(|text| text.contains('/'));
        let stored = match self.facts.after.get(&relative).filter(|_| after) {
            Some(None) => return Known::value(Value::Null),
            Some(Some(fields)) => Some(fields),
            None => self.facts.documents.get(&relative),
        };
        Known::of(stored.filter(|_| valid).map(|fields| {
            let entries = [
                ("__name__", Value::Path(Path::of(&full))),
                ("data", fields.clone()),
                ("id", Value::from(texts.last().map_or("", String::as_str))),
            ];
            Value::Map(Map::from(entries))
        }))
    }

    /// The text of a place: what a path takes of it.
    fn text(&self, place: PlaceId) -> Option<String> {
        match self.place(place) {
            Known::Unknown => None,
            Known::Error => Some(format!("\u{0}{}", place.0)),
            Known::Value(value) => Some(match &*value {
                Value::String(text) => text.as_str().to_string(),
                Value::Null => "null".to_owned(),
                Value::Bool(b) => b.to_string(),
                Value::Int(n) => n.to_string(),
                Value::Float(n) => firewarden::value::number::double_to_string(*n),
                _ => format!("\u{0}{}", place.0),
            }),
        }
    }

    fn join(&self, parts: &[TextPart]) -> Option<String> {
        let mut text = String::new();
        for part in parts {
            match part {
                TextPart::Const(part) => text.push_str(&self.world.text(*part)),
                TextPart::Of(place) => text.push_str(&self.text(*place)?),
            }
        }
        Some(text)
    }

    fn values(&self, values: &Values) -> Known {
        for (guard, sym) in values.iter() {
            match self.truth(*guard) {
                Some(true) => return self.sym(sym),
                Some(false) => {}
                None => return Known::Unknown,
            }
        }
        Known::Error
    }

    fn sym(&self, sym: &Sym) -> Known {
        let number = |row: &crate::linear::Linear| row.value(&|var| self.number(var));
        match sym {
            Sym::Const(id) => Known::value(self.world.value(*id).clone()),
            Sym::Place(place) => self.place(*place),
            Sym::Bool(t, f) => match (self.truth(*t), self.truth(*f)) {
                (Some(true), _) => Known::value(Value::Bool(true)),
                (_, Some(true)) => Known::value(Value::Bool(false)),
                (Some(false), Some(false)) => Known::Error,
                _ => Known::Unknown,
            },
            Sym::Number(crate::value::NumKind::Int, linear) => match number(linear).and_then(Ratio::whole) {
                Some(n) => i64::try_from(n).map_or(Known::Unknown, |n| Known::value(Value::Int(n))),
                None => Known::Unknown,
            },
            Sym::Text(parts) => self.join(parts).map_or(Known::Unknown, |text| Known::value(Value::from(text))),
            Sym::List(items) => {
                let mut list = Vec::new();
                for item in items.iter() {
                    match self.values(item) {
                        Known::Value(value) => list.push(Value::clone(&value)),
                        other => return other,
                    }
                }
                Known::value(Value::List(list))
            }
            Sym::Keys(map) => match self.place(*map) {
                Known::Value(value) => match &*value {
                    Value::Map(map) => {
                        let mut keys: Vec<String> = map.iter().map(|(key, _)| key.to_owned()).collect();
                        keys.sort();
                        Known::value(Value::from(keys))
                    }
                    _ => Known::Error,
                },
                Known::Error => Known::Error,
                Known::Unknown => Known::Unknown,
            },
            _ => Known::Unknown,
        }
    }

    fn number(&self, var: NumVar) -> Option<Ratio> {
        let value = match self.place(var.place()) {
            Known::Unknown => return None,
            Known::Error => return Some(Ratio::ZERO),
            Known::Value(value) => value,
        };
        let size = |n: usize| Some(Ratio::int(n as i128));
        match (var, &*value) {
            (NumVar::Value(_), Value::Float(n)) if !n.is_finite() => None,
            (NumVar::Value(_), value) => match kind_of(value) {
                Some(Kind::Int | Kind::Float | Kind::Timestamp | Kind::Duration) => constant_number(value),
                _ => Some(Ratio::ZERO),
            },
            (NumVar::Len(_), Value::List(items)) => size(items.len()),
            (NumVar::Len(_), Value::Map(map)) => size(map.len()),
            (NumVar::Len(_), Value::Bytes(bytes)) => size(bytes.len()),
            (NumVar::TextLen(_), Value::String(text)) => size(text.as_str().size()),
            _ => Some(Ratio::ZERO),
        }
    }

    fn row(&self, row: &Row) -> Option<bool> {
        let value = row.linear.value(&|var| self.number(var))?;
        Some(match value.sign() {
            Ordering::Less => true,
            Ordering::Equal => !row.strict,
            Ordering::Greater => false,
        })
    }

    fn atom(&self, atom: Atom) -> Option<bool> {
        let value = |place| match self.place(place) {
            Known::Unknown => None,
            Known::Error => Some(None),
            Known::Value(value) => Some(Some(value)),
        };
        let read = |place| value(place).map(|value| value.map(|value| Value::clone(&value)));
        Some(match atom {
            Atom::Tag(place, kind) => match value(place)? {
                None => kind == Kind::Absent,
                Some(value) => kind_of(&value) == Some(kind),
            },
            Atom::Truth(place) => matches!(value(place)?.as_deref(), Some(Value::Bool(true))),
            Atom::TextIs(place, text) => self.text(place)? == self.world.text(text),
            Atom::TextSame(a, b) => self.text(a)? == self.text(b)?,
            Atom::TextIn(place, language) => match (value(place)?.as_deref(), self.world.language_of(language)?) {
                (Some(Value::String(text)), Language::Pattern(pattern)) => pattern.matches(text.as_str()),
                _ => false,
            },
            Atom::Row(row) => self.row(self.world.row_of(row)?)?,
            Atom::Same(relation, a, b) => match (value(a)?, value(b)?) {
                (Some(a), Some(b)) => match relation {
                    Relation::Operator => operator_equals(a.view(), b.view()),
                    Relation::Set => set_equals(a.view(), b.view()),
                },
                _ => false,
            },
            Atom::SameConst(place, constant) => match value(place)? {
                Some(value) => operator_equals(value.view(), self.world.value(constant).view()),
                None => false,
            },
            Atom::HasConst(list, item) => match value(list)? {
                Some(list) => has(&list, self.world.value(item)),
                None => false,
            },
            Atom::Has(list, item) => match (value(list)?, value(item)?) {
                (Some(list), Some(item)) => has(&list, &item),
                _ => false,
            },
            Atom::Other(place) => match value(place)?.as_deref() {
                Some(Value::Map(map)) => {
                    let tracked = self.names(place);
                    map.iter().any(|(key, _)| !tracked.iter().any(|name| name == key))
                }
                Some(Value::List(items)) => {
                    let tracked = self.tracked.elements(place);
                    let known = |item: &Value| {
                        let one = Value::List(vec![item.clone()]);
                        tracked.iter().any(|known| has(&one, self.world.value(*known)))
                    };
                    items.iter().any(|item| !known(item))
                }
                _ => false,
            },
            Atom::Only(place, set) => {
                let among = self.world.consts(set);
                match value(place)?.as_deref() {
                    Some(Value::Map(map)) => {
                        map.iter().all(|(key, _)| among.iter().any(|name| self.is_text(*name, key)))
                    }
                    Some(Value::List(items)) => items.iter().all(|item| {
                        let one = Value::List(vec![item.clone()]);
                        among.iter().any(|known| has(&one, self.world.value(*known)))
                    }),
                    _ => false,
                }
            }
            Atom::OtherDiff(which, new, old) => {
                let mut tracked = self.names(new);
                tracked.extend(self.names(old));
                let keys = diff_keys(which, &read(new)?, &read(old)?);
                keys.iter().any(|key| !tracked.contains(key))
            }
            Atom::OnlyDiff(which, new, old, set) => {
                let among = self.world.consts(set);
                let keys = diff_keys(which, &read(new)?, &read(old)?);
                keys.iter().all(|key| among.iter().any(|name| self.is_text(*name, key)))
            }
            Atom::Open(id) => {
                let open = self.world.open_of(id)?;
                let mut operands = Vec::new();
                for operand in open.operands.iter() {
                    match self.values(operand) {
                        Known::Value(value) => operands.push(Value::clone(&value)),
                        // The formula does not matter then.
                        Known::Error => return Some(false),
                        Known::Unknown => return None,
                    }
                }
                match compute(&open.what, &operands)? {
                    Some(Value::Bool(holds)) => holds,
                    _ => false,
                }
            }
        })
    }

    fn is_text(&self, constant: ConstId, text: &str) -> bool {
        matches!(self.world.value(constant), Value::String(_)) && self.world.text(constant) == text
    }

    fn names(&self, place: PlaceId) -> Vec<String> {
        let names = self.world.children(place).iter();
        names
            .filter_map(|(key, _)| if let Key::Name(name) = key { Some(self.world.text(*name)) } else { None })
            .collect()
    }
}

fn member(parent: &Value, name: &str) -> Option<Value> {
    match parent {
        Value::Map(map) => map.get(name).filter(|value| !matches!(value, Value::Undefined(_))).cloned(),
        _ => None,
    }
}

fn has(list: &Value, item: &Value) -> bool {
    match list.view() {
        firewarden::value::ValueRef::List(list) => in_list(item.view(), list),
        _ => false,
    }
}

fn diff_keys(which: DiffKeys, new: &Option<Value>, old: &Option<Value>) -> Vec<String> {
    let (Some(Value::Map(new)), Some(Value::Map(old))) = (new, old) else { return Vec::new() };
    let keys = |map: &Map| map.iter().map(|(key, _)| key.to_owned()).collect::<Vec<_>>();
    let (mut added, mut removed, mut changed, mut unchanged) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for key in keys(old) {
        match (new.get(&key), old.get(&key)) {
            (Some(a), Some(b)) if set_equals(a.view(), b.view()) => unchanged.push(key),
            (Some(_), _) => changed.push(key),
            _ => removed.push(key),
        }
    }
    added.extend(keys(new).into_iter().filter(|key| old.get(key).is_none()));
    match which {
        DiffKeys::Added => added,
        DiffKeys::Removed => removed,
        DiffKeys::Changed => changed,
        DiffKeys::Unchanged => unchanged,
        DiffKeys::Affected => [added, removed, changed].concat(),
    }
}
