//! What results leave behind: copied with few allocations, and made into [`Outcome`]s when somebody reads them.

use std::fmt::Write as _;

use crate::{
    program::{Code, Node, NodeId, Run},
    stdlib::Dialect,
    value::{Content, MapRef, Path, PathRef, Record, Segment, SegmentRef, Str, StrBuf, Symbol, Value, ValueRef},
};

use super::{At, Fault, Outcome, Result, why};

/// Bytes of a value, roughly, that each step of a trace keeps: a request with huge claims appears in many steps.
const MAX_KEPT: i64 = 16 << 10;

/// Bytes of a text at a place of a database that is kept to be described; of a longer one the description is.
const MAX_DESCRIBED: usize = 400;

/// Bytes of texts that room is made for at first.
const FIRST_BYTES: usize = 1 << 10;

/// Fields of records that room is made for when the first record is met.
const FIRST_FIELDS: usize = 32;

/// Runs of texts that room is made for when the first is met.
const FIRST_RUNS: usize = 16;

/// Maps that are looked for among those that were met.
const MOST_MAPS: usize = 16;

/// A result, as far as it is kept: a kind and a word, which are passed in registers.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "values")]
pub enum Kept {
    Null,
    False,
    True,
    Int(Word),
    Float(Word),
    /// A run of the texts.
    Text(Word),
    /// A run of the runs of texts: its segments.
    Path(Word),
    /// One of the records.
    Record(Word),
    /// One of the values.
    Value(Word),
    /// One of the constants of the code.
    Constant(Word),
    /// A description: a run of the texts.
    Words(Word),
    /// A place in a database, and what is known of it.
    PlaceUnread,
    PlaceOfNothing,
    PlaceOfChildren,
    PlaceOfFalse,
    PlaceOfTrue,
    PlaceOfNumber(Word),
    PlaceOfText(Word),
    /// One of the errors.
    Error(Word),
}

/// A number, the place of an entry in a table, or a run of entries.
#[derive(Clone, Copy, Debug)]
pub struct Word(u64);

impl Word {
    fn int(self) -> i64 {
        self.0 as i64
    }

    fn float(self) -> f64 {
        f64::from_bits(self.0)
    }

    fn place(self) -> usize {
        self.0 as usize
    }

    fn run(self) -> Run {
        Run { start: (self.0 >> 32) as u32, len: self.0 as u32 }
    }
}

impl From<i64> for Word {
    fn from(n: i64) -> Self {
        Word(n as u64)
    }
}

impl From<f64> for Word {
    fn from(n: f64) -> Self {
        Word(n.to_bits())
    }
}

impl From<usize> for Word {
    fn from(place: usize) -> Self {
        Word(place as u64)
    }
}

impl From<Run> for Word {
    fn from(run: Run) -> Self {
        Word(u64::from(run.start) << 32 | u64::from(run.len))
    }
}

/// An error, whose message is a run of the texts.
#[derive(Clone, Copy, Debug)]
struct KeptError {
    node: NodeId,
    at: At,
    fatal: bool,
    message: Run,
    why: Option<Run>,
}

/// The tables behind [`Kept`].
#[derive(Clone, Debug, Default)]
pub struct Store {
    texts: String,
    runs: Vec<Run>,
    fields: Vec<(Symbol, Kept)>,
    records: Vec<Run>,
    values: Vec<Value>,
    errors: Vec<KeptError>,
}

/// A map that was met.
#[derive(Debug)]
struct Met {
    identity: [*const (); 2],
    kept: Kept,
}

/// Writes results down.
#[derive(Debug)]
pub struct Keeper<'p> {
    pub(super) code: &'p Code,
    pub(super) store: Store,
    /// A request is met in many steps.
    met: Vec<Met>,
    /// Fields of records that are not complete.
    open: Vec<(Symbol, Kept)>,
}

/// So many entries as the number of one.
fn number(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

impl<'p> Keeper<'p> {
    pub fn new(code: &'p Code) -> Self {
        Keeper { code, store: Store::default(), met: Vec::new(), open: Vec::new() }
    }

    /// With room for what most decisions keep.
    pub fn with_room(code: &'p Code) -> Self {
        let mut keeper = Keeper::new(code);
        keeper.store.texts.reserve(FIRST_BYTES);
        keeper
    }

    /// A text, in the table.
    pub fn text(&mut self, text: &str) -> Run {
        let start = number(self.store.texts.len());
        self.store.texts.push_str(text);
        Run { start, len: number(text.len()) }
    }

    /// What `write` writes, in the table of texts.
    pub fn written(&mut self, write: impl FnOnce(&mut String)) -> Run {
        let start = self.store.texts.len();
        write(&mut self.store.texts);
        Run { start: number(start), len: number(self.store.texts.len() - start) }
    }

    /// Texts, each as it writes itself, in the table.
    pub fn runs_of<W: FnOnce(&mut String)>(&mut self, writes: impl Iterator<Item = W>) -> Run {
        let start = self.store.runs.len();
        if self.store.runs.capacity() == 0 {
            self.store.runs.reserve(FIRST_RUNS);
        }
        for write in writes {
            let run = self.written(write);
            self.store.runs.push(run);
        }
        Run { start: number(start), len: number(self.store.runs.len() - start) }
    }

    /// The result of an operation.
    pub fn of(&mut self, node: NodeId, result: &Result<'_>) -> Kept {
        match (self.code.node(node), result) {
            (Node::Constant(at, _), Ok(_)) => Kept::Constant(Word::from(at as usize)),
            _ => self.keep(result),
        }
    }

    /// One of the errors: of a step of that node, the one that it has from its parts. Only one of those that were kept
    /// since it began can be it, where no other arose at the same place.
    pub fn passed_on(&self, node: NodeId, result: &Result<'_>, since: u32) -> Option<Kept> {
        let error = result.as_ref().err().filter(|error| error.node != node)?;
        let mut kept = self.store.errors.iter().enumerate().skip(since as usize);
        let (at, _) = kept.find(|(_, kept)| kept.node == error.node && kept.at == error.at)?;
        kept.all(|(_, kept)| kept.node != error.node || kept.at != error.at).then(|| Kept::Error(at.into()))
    }

    /// How many errors are kept.
    pub fn errors(&self) -> u32 {
        number(self.store.errors.len())
    }

    /// A result.
    pub fn keep(&mut self, result: &Result<'_>) -> Kept {
        let value = match result {
            Ok(value) => *value,
            Err(error) => {
                let message = self.written(|texts| {
                    // A text takes all that is written.
                    let _ = write!(texts, "{}", error.failure);
                });
                let fatal = error.failure.is_fatal();
                let why = why(self.code, error).map(|why| self.text(why));
                self.store.errors.push(KeptError { node: error.node, at: error.at, fatal, message, why });
                return Kept::Error((self.store.errors.len() - 1).into());
            }
        };
        match value {
            ValueRef::Bool(true) => Kept::True,
            ValueRef::Bool(false) => Kept::False,
            ValueRef::Map(map) => self.map(map),
            ValueRef::String(Str::Utf8(text)) if (text.len() as i64) < MAX_KEPT - 16 => self.value(value),
            ValueRef::Snapshot(place) => self.place(value, place.cached()),
            value if value.remaining_budget(MAX_KEPT) < 0 => self.words(value),
            value => self.value(value),
        }
    }

    /// A value in words.
    pub fn words(&mut self, value: ValueRef<'_>) -> Kept {
        Kept::Words(self.text(&value.describe()).into())
    }

    fn place(&mut self, place: ValueRef<'_>, known: Option<Content<'_>>) -> Kept {
        match known {
            None => Kept::PlaceUnread,
            Some(Content::Nothing) => Kept::PlaceOfNothing,
            Some(Content::Children) => Kept::PlaceOfChildren,
            Some(Content::Bool(true)) => Kept::PlaceOfTrue,
            Some(Content::Bool(false)) => Kept::PlaceOfFalse,
            Some(Content::Number(n)) => Kept::PlaceOfNumber(n.into()),
            Some(Content::String(text)) if text.len() <= MAX_DESCRIBED => Kept::PlaceOfText(self.text(text).into()),
            Some(Content::String(_)) => self.words(place),
        }
    }

    /// A value that is not too large.
    fn value(&mut self, value: ValueRef<'_>) -> Kept {
        let room = self.store.texts.len() + (MAX_KEPT as usize) < u32::MAX as usize;
        match value {
            ValueRef::Null => Kept::Null,
            ValueRef::Bool(true) => Kept::True,
            ValueRef::Bool(false) => Kept::False,
            ValueRef::Int(n) => Kept::Int(n.into()),
            ValueRef::Float(n) => Kept::Float(n.into()),
            ValueRef::String(Str::Utf8(text)) if room => Kept::Text(self.text(text).into()),
            ValueRef::Path(path) if room && path.segments().all(is_plain) => self.path(path),
            value => {
                self.store.values.push(value.to_value());
                Kept::Value((self.store.values.len() - 1).into())
            }
        }
    }

    fn path(&mut self, path: PathRef<'_>) -> Kept {
        let start = number(self.store.runs.len());
        for segment in path.segments() {
            if let SegmentRef::Simple(Str::Utf8(text)) = segment {
                let run = self.text(text);
                self.store.runs.push(run);
            }
        }
        Kept::Path(Run { start, len: number(self.store.runs.len()) - start }.into())
    }

    /// A map as it is kept, made once, with the maps in it. Those of a host share their entries, however large they are;
    /// who reads them sees whether they are too large.
    fn map(&mut self, map: MapRef<'_>) -> Kept {
        // Whatever has an identity lives as long as the decision, so that no map takes the place of another.
        let identity = map.identity();
        let known = self.met.iter().find(|met| Some(met.identity) == identity);
        if let Some(met) = known {
            return met.kept;
        }
        let value = ValueRef::Map(map);
        let kept = match map {
            MapRef::Record(record) => self.record(record),
            MapRef::Owned(_) => Some(self.value(value)),
            MapRef::Made(_) => (value.remaining_budget(MAX_KEPT) >= 0).then(|| self.value(value)),
        };
        let kept = kept.unwrap_or_else(|| self.words(value));
        if let Some(identity) = identity
            && self.met.len() < MOST_MAPS
        {
            self.met.push(Met { identity, kept });
        }
        kept
    }

    /// A record; none that has a value which is too large to be copied.
    fn record(&mut self, record: &dyn Record) -> Option<Kept> {
        let begin = self.open.len();
        if self.store.fields.capacity() == 0 {
            self.store.fields.reserve(FIRST_FIELDS);
            self.open.reserve(FIRST_FIELDS);
            self.met.reserve(MOST_MAPS);
        }
        for symbol in record.symbols() {
            let kept = match record.get(*symbol) {
                None => continue,
                Some(ValueRef::Map(map)) => self.map(map),
                Some(value @ (ValueRef::Null | ValueRef::Bool(_) | ValueRef::Int(_))) => self.value(value),
                Some(value) if value.remaining_budget(MAX_KEPT) >= 0 => self.value(value),
                Some(_) => Kept::Words(Run::default().into()),
            };
            if matches!(kept, Kept::Words(_)) {
                self.open.truncate(begin);
                return None;
            }
            self.open.push((*symbol, kept));
        }
        let fields = Run { start: number(self.store.fields.len()), len: number(self.open.len() - begin) };
        self.store.fields.extend(self.open.drain(begin..));
        self.store.records.push(fields);
        Some(Kept::Record((self.store.records.len() - 1).into()))
    }
}

fn is_plain(segment: SegmentRef<'_>) -> bool {
    matches!(segment, SegmentRef::Simple(Str::Utf8(_)))
}

/// Reads what was written down.
#[derive(Debug)]
pub struct Reader<'s> {
    pub(super) code: &'s Code,
    store: &'s Store,
    /// The records that were read: their copies share their entries.
    records: Vec<Option<Value>>,
}

impl<'s> Reader<'s> {
    pub fn new(code: &'s Code, store: &'s Store) -> Self {
        Reader { code, store, records: Vec::new() }
    }

    /// A run of the texts.
    pub fn text(&self, run: Run) -> &'s str {
        let start = run.start as usize;
        self.store.texts.get(start..start + run.len as usize).unwrap_or_default()
    }

    /// Runs of the texts.
    pub fn texts(&self, runs: Run) -> impl Iterator<Item = &'s str> {
        runs.of(&self.store.runs).iter().map(|run| self.text(*run))
    }

    /// A result as it is handed out.
    pub fn outcome(&mut self, kept: Kept) -> Outcome {
        let described = |content| Outcome::Described(Content::describe(Some(content)));
        match kept {
            Kept::Words(run) => Outcome::Described(self.text(run.run()).to_owned()),
            Kept::PlaceUnread => Outcome::Described(Content::describe(None)),
            Kept::PlaceOfNothing => described(Content::Nothing),
            Kept::PlaceOfChildren => described(Content::Children),
            Kept::PlaceOfFalse => described(Content::Bool(false)),
            Kept::PlaceOfTrue => described(Content::Bool(true)),
            Kept::PlaceOfNumber(n) => described(Content::Number(n.float())),
            Kept::PlaceOfText(run) => described(Content::String(self.text(run.run()))),
            Kept::Error(at) => match self.store.errors.get(at.place()) {
                Some(error) => Outcome::Error(self.fault(error)),
                None => Outcome::Value(Value::Null),
            },
            Kept::Constant(at) => match self.code.constants.get(at.place()) {
                // A constant of rules can be too large to be kept in each trace.
                Some(value) => outcome_of(self.code, &Ok(value.view())),
                None => Outcome::Value(Value::Null),
            },
            Kept::Float(n) => Outcome::Value(match n.float() {
                // Database rules know one kind of number, which people write without a point where it is whole.
                n if self.code.dialect == Dialect::Database && n.fract() == 0.0 && n.abs() < 9e15 => {
                    Value::Int(n as i64)
                }
                n => Value::Float(n),
            }),
            Kept::Record(_) | Kept::Value(_) => match self.value(kept) {
                value if value.view().remaining_budget(MAX_KEPT) < 0 => Outcome::Described(value.view().describe()),
                value => Outcome::Value(value),
            },
            kept => Outcome::Value(self.value(kept)),
        }
    }

    fn fault(&self, error: &KeptError) -> Fault {
        let why = error.why.map(|why| self.text(why).to_owned());
        Fault { why, ..Fault::at(self.code, error.node, error.at, self.text(error.message).to_owned(), error.fatal) }
    }

    /// The error, if it is one.
    pub fn error(&self, kept: Kept) -> Option<Fault> {
        let Kept::Error(at) = kept else { return None };
        self.store.errors.get(at.place()).map(|error| self.fault(error))
    }

    fn value(&mut self, kept: Kept) -> Value {
        match kept {
            Kept::False => Value::Bool(false),
            Kept::True => Value::Bool(true),
            Kept::Int(n) => Value::Int(n.int()),
            Kept::Float(n) => Value::Float(n.float()),
            Kept::Text(run) => Value::from(self.text(run.run())),
            Kept::Path(runs) => {
                let simple = |text: &str| Segment::Simple(StrBuf::from(text.to_owned()));
                Value::Path(Path { segments: self.texts(runs.run()).map(simple).collect() })
            }
            Kept::Record(at) => self.record(at.place()),
            Kept::Value(at) => self.store.values.get(at.place()).cloned().unwrap_or_default(),
            // Those of which a value has no part.
            _ => Value::Null,
        }
    }

    fn record(&mut self, at: usize) -> Value {
        if let Some(Some(known)) = self.records.get(at) {
            return known.clone();
        }
        let fields = self.store.records.get(at).copied().unwrap_or_default().of(&self.store.fields);
        let made = Value::Map(fields.iter().map(|(symbol, kept)| (symbol.text(), self.value(*kept))).collect());
        self.records.resize(self.records.len().max(at + 1), None);
        if let Some(known) = self.records.get_mut(at) {
            *known = Some(made.clone());
        }
        made
    }
}

/// A result as coverage keeps it.
pub(super) fn outcome_of(code: &Code, result: &Result<'_>) -> Outcome {
    let mut keeper = Keeper::new(code);
    let kept = keeper.keep(result);
    Reader::new(code, &keeper.store).outcome(kept)
}
