//! The tables that formulas refer to: places, constants, rows, languages, operations that are not modelled.

use std::rc::Rc;

use firewarden::{
    Value,
    internals::pattern::Pattern,
    value::{Duration, Timestamp},
};
use rustc_hash::FxHashMap;

use crate::{
    atom::{Atom, ConstId, ConstsId, LanguageId, OpenId, RowId},
    formula::{Formula, Formulas},
    linear::{Linear, NumVar, Row},
    place::{Key, Kind, Kinds, Origin, Place, PlaceId},
    ratio::Ratio,
    schema::{Member, Schema},
    value::{Sym, Values},
};

/// A set of texts.
#[derive(Clone, Debug)]
pub enum Language {
    /// The texts that a pattern matches as a whole.
    Pattern(Rc<Pattern>),
}

/// Which operation gives a value that is not modelled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OpenWhat {
    /// A built-in by its qualified name.
    Builtin(String),
    /// An operator.
    Operator(&'static str),
    /// An operand that a failed literal left behind.
    Stray(u32, u32),
    /// A document whose path is not modelled.
    Lookup(&'static str),
}

/// An operation that is not modelled, with its operands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Open {
    /// The operation.
    pub what: OpenWhat,
    /// Its operands.
    pub operands: Rc<[Values]>,
}

/// The tables of one question.
#[derive(Debug, Default)]
pub struct World {
    /// All formulas.
    pub formulas: Formulas,
    places: Vec<Place>,
    by_origin: FxHashMap<Origin, PlaceId>,
    children: FxHashMap<PlaceId, Vec<(Key, PlaceId)>>,
    consts: Vec<Value>,
    const_ids: FxHashMap<String, ConstId>,
    const_sets: Vec<Rc<[ConstId]>>,
    rows: Vec<Row>,
    row_ids: FxHashMap<Row, RowId>,
    languages: Vec<Language>,
    language_ids: FxHashMap<String, LanguageId>,
    opens: Vec<Open>,
    open_ids: FxHashMap<Open, OpenId>,
    /// Where the first operation of each kind that is not modelled stands: the source's index and an offset.
    pub open_spans: FxHashMap<OpenId, (u32, u32)>,
    /// Formulas that hold for every request, made while other formulas were.
    pub facts: Vec<Formula>,
    /// The names of the wildcards that segments stand for, for readable witnesses.
    pub segment_names: Vec<Option<String>>,
    /// The values of segments, by index; a constant where the product fixes it.
    pub segments: Vec<Segment>,
}

/// A segment of the request's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment {
    /// The product fixes it.
    Const(ConstId),
    /// The request names it.
    Place(PlaceId),
    /// It stands for documents without a name, in a list.
    Unnamed,
}

impl World {
    /// A place; a place without kinds where there is none of that id, which nothing makes.
    pub fn place(&self, id: PlaceId) -> &Place {
        const NOWHERE: &Place =
            &Place { origin: Origin::Named("nowhere"), kinds: Kinds::NONE, schema: Schema::Leaf, required: false };
        self.places.get(id.0 as usize).unwrap_or(NOWHERE)
    }

    /// The number of places.
    pub fn place_count(&self) -> usize {
        self.places.len()
    }

    /// Whether a place is another one or below it.
    pub fn is_below(&self, place: PlaceId, around: PlaceId) -> bool {
        let mut at = place;
        loop {
            if at == around {
                return true;
            }
            match self.place(at).origin {
                Origin::Child(parent, _) => at = parent,
                _ => return false,
            }
        }
    }

    /// The ids of all places.
    pub fn places(&self) -> impl Iterator<Item = PlaceId> + use<> {
        (0..self.places.len() as u32).map(PlaceId)
    }

    /// The place of an origin, made with these properties if it is new.
    pub fn place_of(&mut self, origin: Origin, kinds: Kinds, schema: Schema, required: bool) -> PlaceId {
        if let Some(id) = self.by_origin.get(&origin) {
            return *id;
        }
        let id = PlaceId(self.places.len() as u32);
        if let Origin::Child(parent, key) = &origin {
            self.children.entry(*parent).or_default().push((*key, id));
        }
        self.by_origin.insert(origin.clone(), id);
        self.places.push(Place { origin, kinds, schema, required });
        id
    }

    /// The place of an origin, if it was made.
    pub fn known_place(&self, origin: &Origin) -> Option<PlaceId> {
        self.by_origin.get(origin).copied()
    }

    /// The places directly below a place.
    pub fn children(&self, of: PlaceId) -> &[(Key, PlaceId)] {
        self.children.get(&of).map_or(&[], Vec::as_slice)
    }

    /// The place below another; `None` where its schema has none.
    pub fn child(&mut self, parent: PlaceId, key: Key) -> Option<PlaceId> {
        let origin = Origin::Child(parent, key);
        if let Some(id) = self.by_origin.get(&origin) {
            return Some(*id);
        }
        let schema = self.place(parent).schema;
        let member = match key {
            Key::Name(name) => schema.member(&self.text(name)),
            Key::Of(_) | Key::Index(_) => schema.element(),
        };
        let Member { kinds, required, schema } = member?;
        let kinds = kinds.or(Kinds::of(&[Kind::Absent]));
        let child = self.place_of(origin, kinds, schema, required);
        self.child_facts(parent, key, child);
        Some(child)
    }

    /// What holds of the members that every token has.
    fn child_facts(&mut self, parent: PlaceId, key: Key, child: PlaceId) {
        let Key::Name(name) = key else { return };
        let name = self.text(name);
        match (self.place(parent).schema, name.as_str()) {
            (Schema::Auth, "uid") => {
                let empty = self.text_is(child, "");
                self.facts.push(empty.not());
            }
            (Schema::Token, "sub" | "user_id") => {
                let Origin::Child(auth, _) = self.place(parent).origin else { return };
                let uid = self.constant_text("uid");
                if let Some(uid) = self.child(auth, Key::Name(uid)) {
                    let (there, same) = (self.present(child), self.text_same(uid, child));
                    let fact = self.formulas.implies(there, same);
                    self.facts.push(fact);
                }
            }
            (Schema::Object, "size" | "generation" | "metageneration") | (Schema::Query, "offset") => {
                let row = Linear::var(NumVar::Value(child)).times(Ratio::ONE.neg());
                let positive = row.and_then(|linear| self.row(linear, false)).unwrap_or(Formula::TRUE);
                self.facts.push(positive);
            }
            _ => {}
        }
    }

    /// The place of a member by its name.
    pub fn member(&mut self, parent: PlaceId, name: &str) -> Option<PlaceId> {
        let name = self.constant_text(name);
        self.child(parent, Key::Name(name))
    }

    /// A constant.
    pub fn constant(&mut self, value: &Value) -> ConstId {
        // Values have no hash; their text tells them apart, the sign of zero and types included.
        let text = format!("{value:?}");
        if let Some(id) = self.const_ids.get(&text) {
            return *id;
        }
        let id = ConstId(self.consts.len() as u32);
        self.consts.push(value.clone());
        self.const_ids.insert(text, id);
        id
    }

    /// A constant text.
    pub fn constant_text(&mut self, text: &str) -> ConstId {
        self.constant(&Value::from(text))
    }

    /// The value of a constant.
    pub fn value(&self, id: ConstId) -> &Value {
        self.consts.get(id.0 as usize).unwrap_or(&Value::Null)
    }

    /// The text of a constant that is one; else the empty text.
    pub fn text(&self, id: ConstId) -> String {
        match self.value(id) {
            Value::String(text) => text.as_str().to_string(),
            _ => String::new(),
        }
    }

    /// A set of constants.
    pub fn const_set(&mut self, mut set: Vec<ConstId>) -> ConstsId {
        set.sort_unstable();
        set.dedup();
        if let Some(at) = self.const_sets.iter().position(|known| **known == *set) {
            return ConstsId(at as u32);
        }
        self.const_sets.push(set.into());
        ConstsId(self.const_sets.len() as u32 - 1)
    }

    /// The constants of a set.
    pub fn consts(&self, id: ConstsId) -> Rc<[ConstId]> {
        self.const_sets.get(id.0 as usize).cloned().unwrap_or_else(|| Rc::from([]))
    }

    /// The language of a pattern.
    pub fn language(&mut self, pattern: &Pattern, dialect: &str) -> LanguageId {
        let key = format!("{dialect}:{}", pattern.source());
        if let Some(id) = self.language_ids.get(&key) {
            return *id;
        }
        let id = LanguageId(self.languages.len() as u32);
        self.languages.push(Language::Pattern(Rc::new(pattern.clone())));
        self.language_ids.insert(key, id);
        id
    }

    /// A language.
    pub fn language_of(&self, id: LanguageId) -> Option<&Language> {
        self.languages.get(id.0 as usize)
    }

    /// An operation that is not modelled.
    pub fn open(&mut self, what: OpenWhat, operands: impl Into<Rc<[Values]>>) -> OpenId {
        let open = Open { what, operands: operands.into() };
        if let Some(id) = self.open_ids.get(&open) {
            return *id;
        }
        let id = OpenId(self.opens.len() as u32);
        self.opens.push(open.clone());
        self.open_ids.insert(open, id);
        id
    }

    /// What an operation that is not modelled is.
    pub fn open_of(&self, id: OpenId) -> Option<&Open> {
        self.opens.get(id.0 as usize)
    }

    /// The place of the result of an operation that is not modelled.
    pub fn open_place(&mut self, id: OpenId, kinds: Kinds, schema: Schema) -> PlaceId {
        let kinds = kinds.or(Kinds::of(&[Kind::Absent]));
        self.place_of(Origin::Open(id), kinds, schema, false)
    }

    /// The inequality of a row.
    pub fn row_of(&self, id: RowId) -> Option<&Row> {
        self.rows.get(id.0 as usize)
    }

    /// Whether some inequality speaks of the size of a place.
    pub fn has_length(&self, place: PlaceId) -> bool {
        self.rows.iter().any(|row| row.linear.terms.iter().any(|(var, _)| *var == NumVar::Len(place)))
    }

    /// `linear <= 0`, or `linear < 0`; `None` where a number exceeds what is represented. A row and its opposite are one
    /// atom.
    pub fn row(&mut self, linear: Linear, strict: bool) -> Option<Formula> {
        let row = Row { linear, strict };
        let Some((_, first)) = row.linear.terms.first().copied() else {
            let sign = row.linear.constant.sign();
            let holds = sign.is_lt() || sign.is_eq() && !strict;
            return Some(if holds { Formula::TRUE } else { Formula::FALSE });
        };
        let negative = first.sign().is_lt();
        let row = if negative { row.negated()? } else { row };
        // One is the first coefficient.
        let scale = Ratio::ONE.div(row.linear.terms.first().map_or(Ratio::ONE, |(_, c)| *c))?;
        let row = Row { linear: row.linear.times(scale)?, strict: row.strict };
        let id = match self.row_ids.get(&row) {
            Some(id) => *id,
            None => {
                let id = RowId(self.rows.len() as u32);
                self.rows.push(row.clone());
                self.row_ids.insert(row, id);
                id
            }
        };
        let atom = self.formulas.atom(Atom::Row(id));
        Some(if negative { atom.not() } else { atom })
    }

    /// Whether a place has a value of a kind.
    pub fn tag(&mut self, place: PlaceId, kind: Kind) -> Formula {
        let kinds = self.place(place).kinds;
        if !kinds.has(kind) {
            return Formula::FALSE;
        }
        if kinds.single().is_some() {
            return Formula::TRUE;
        }
        self.formulas.atom(Atom::Tag(place, kind))
    }

    /// Whether a place has a value of any of these kinds.
    pub fn tags(&mut self, place: PlaceId, kinds: Kinds) -> Formula {
        let all = self.place(place).kinds;
        if all.without(kinds).is_empty() {
            return Formula::TRUE;
        }
        // The smaller side has fewer atoms.
        let (inside, outside) = (all.and(kinds), all.without(kinds));
        if inside.iter().count() > outside.iter().count() {
            return self.tags(place, outside).not();
        }
        let tags: Vec<_> = inside.iter().map(|kind| self.tag(place, kind)).collect();
        self.formulas.any(tags)
    }

    /// Whether something is at a place.
    pub fn present(&mut self, place: PlaceId) -> Formula {
        self.tag(place, Kind::Absent).not()
    }

    /// Whether the text of a place is a constant.
    pub fn text_is(&mut self, place: PlaceId, text: &str) -> Formula {
        let text = self.constant_text(text);
        self.formulas.atom(Atom::TextIs(place, text))
    }

    /// Whether two places have the same text.
    pub fn text_same(&mut self, a: PlaceId, b: PlaceId) -> Formula {
        if a == b {
            return Formula::TRUE;
        }
        self.formulas.atom(Atom::TextSame(a.min(b), a.max(b)))
    }

    /// `a <= b`, or with `strict` `a < b`.
    pub fn at_most(&mut self, a: &Linear, b: &Linear, strict: bool) -> Option<Formula> {
        let difference = a.plus(Ratio::ONE.neg(), b)?;
        self.row(difference, strict)
    }

    /// `a == b` of numbers.
    pub fn same_number(&mut self, a: &Linear, b: &Linear) -> Option<Formula> {
        let (below, above) = (self.at_most(a, b, false)?, self.at_most(b, a, false)?);
        Some(self.formulas.and(below, above))
    }

    /// A single value that is always there.
    pub fn always(&self, sym: Sym) -> Values {
        Rc::from([(Formula::TRUE, sym)])
    }

    /// A segment as a value; `None` for one without a name.
    pub fn segment(&self, at: usize) -> Option<Sym> {
        match self.segments.get(at)? {
            Segment::Const(text) => Some(Sym::Const(*text)),
            Segment::Place(place) => Some(Sym::Place(*place)),
            Segment::Unnamed => None,
        }
    }
}

/// Nanoseconds since 1970.
pub fn time_number(time: Timestamp) -> Ratio {
    Ratio::int(i128::from(time.unix_seconds()) * 1_000_000_000 + i128::from(time.nanos()))
}

/// Nanoseconds.
pub fn duration_number(length: Duration) -> Ratio {
    Ratio::int(i128::from(length.seconds()) * 1_000_000_000 + i128::from(length.nanos()))
}
