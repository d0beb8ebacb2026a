//! What results leave behind: copied with few allocations, and made into [`Outcome`]s when somebody reads them.

use std::fmt::Write as _;

use crate::{
    program::{Code, Node, NodeId, Run},
    stdlib::Dialect,
    value::{Content, MapRef, Path, PathRef, Record, Segment, SegmentRef, Str, StrBuf, Value, ValueRef},
};

use super::{At, Fault, Outcome, Result};

/// Bytes of a value, roughly, that each step of a trace keeps: a request with huge claims appears in many steps.
const MAX_KEPT: i64 = 16 << 10;

/// Bytes of a text at a place of a database that is kept to be described; of a longer one the description is.
const MAX_DESCRIBED: usize = 400;

/// Bytes of texts that room is made for at first.
const FIRST_BYTES: usize = 1 << 10;

/// Fields of records that room is made for when the first record is met.
const FIRST_FIELDS: usize = 32;

/// Maps that are looked for among those that were met.
const MOST_MAPS: usize = 16;

/// A result, as far as it is kept.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "values")]
pub enum Kept {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// A run of the texts.
    Text(Run),
    /// A run of the runs of texts: its segments.
    Path(Run),
    /// One of the records.
    Record(u32),
    /// One of the values.
    Value(u32),
    /// One of the constants of the code.
    Constant(u32),
    /// A description: a run of the texts.
    Words(Run),
    /// A place in a database.
    Place(Place),
    /// One of the errors.
    Error(u32),
}

/// What is known of a place in a database.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    Nothing,
    Children,
    Unread,
    Bool(bool),
    Number(f64),
    /// A run of the texts.
    Text(Run),
}

/// An error, whose message is a run of the texts.
#[derive(Clone, Copy, Debug)]
struct KeptError {
    node: NodeId,
    at: At,
    fatal: bool,
    message: Run,
}

/// The tables behind [`Kept`].
#[derive(Clone, Debug, Default)]
pub struct Store {
    texts: String,
    runs: Vec<Run>,
    fields: Vec<(&'static str, Kept)>,
    records: Vec<Run>,
    values: Vec<Value>,
    errors: Vec<KeptError>,
}

/// A map that was met.
#[derive(Debug)]
struct Met {
    identity: [*const (); 2],
    kept: Kept,
    /// What it leaves of [`MAX_KEPT`].
    left: i64,
}

/// Writes results down.
#[derive(Debug)]
pub struct Keeper<'p> {
    pub(super) code: &'p Code,
    pub(super) store: Store,
    /// A request is met in many steps.
    met: Vec<Met>,
    /// Fields of records that are not complete.
    open: Vec<(&'static str, Kept)>,
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
        for write in writes {
            let run = self.written(write);
            self.store.runs.push(run);
        }
        Run { start: number(start), len: number(self.store.runs.len() - start) }
    }

    /// The result of an operation.
    pub fn of(&mut self, node: NodeId, result: &Result<'_>) -> Kept {
        match (self.code.node(node), result) {
            (Node::Constant(at, _), Ok(_)) => Kept::Constant(at),
            _ => self.keep(result),
        }
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
                self.store.errors.push(KeptError { node: error.node, at: error.at, fatal, message });
                return Kept::Error(number(self.store.errors.len() - 1));
            }
        };
        match value {
            ValueRef::Bool(b) => Kept::Bool(b),
            ValueRef::Map(map) => match self.map(map) {
                (_, left) if left < 0 => self.words(value),
                (kept, _) => kept,
            },
            ValueRef::String(Str::Utf8(text)) if (text.len() as i64) < MAX_KEPT - 16 => self.value(value),
            ValueRef::Snapshot(place) => self.place(value, place.known()),
            value if value.taken_from(MAX_KEPT) < 0 => self.words(value),
            value => self.value(value),
        }
    }

    /// A value in words.
    pub fn words(&mut self, value: ValueRef<'_>) -> Kept {
        Kept::Words(self.text(&value.describe()))
    }

    fn place(&mut self, place: ValueRef<'_>, known: Option<Content<'_>>) -> Kept {
        Kept::Place(match known {
            None => Place::Unread,
            Some(Content::Nothing) => Place::Nothing,
            Some(Content::Children) => Place::Children,
            Some(Content::Bool(b)) => Place::Bool(b),
            Some(Content::Number(n)) => Place::Number(n),
            Some(Content::String(text)) if text.len() <= MAX_DESCRIBED => Place::Text(self.text(text)),
            Some(Content::String(_)) => return self.words(place),
        })
    }

    /// A value that is not too large.
    fn value(&mut self, value: ValueRef<'_>) -> Kept {
        let room = self.store.texts.len() + (MAX_KEPT as usize) < u32::MAX as usize;
        match value {
            ValueRef::Null => Kept::Null,
            ValueRef::Bool(b) => Kept::Bool(b),
            ValueRef::Int(n) => Kept::Int(n),
            ValueRef::Float(n) => Kept::Float(n),
            ValueRef::String(Str::Utf8(text)) if room => Kept::Text(self.text(text)),
            ValueRef::Path(path) if room && path.segments().all(is_plain) => self.path(path),
            value => {
                self.store.values.push(value.to_value());
                Kept::Value(number(self.store.values.len() - 1))
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
        Kept::Path(Run { start, len: number(self.store.runs.len()) - start })
    }

    /// A map as it is kept, and what it leaves of [`MAX_KEPT`]. Made once, with the maps in it.
    fn map(&mut self, map: MapRef<'_>) -> (Kept, i64) {
        // Whatever has an identity lives as long as the decision, so that no map takes the place of another.
        let identity = map.identity();
        let known = self.met.iter().find(|met| Some(met.identity) == identity);
        if let Some(met) = known {
            return (met.kept, met.left);
        }
        let (kept, left) = match map {
            MapRef::Record(record) => self.record(record),
            map => match ValueRef::Map(map).taken_from(MAX_KEPT) {
                left if left < 0 => (Kept::Null, left),
                left => (self.value(ValueRef::Map(map)), left),
            },
        };
        if let Some(identity) = identity
            && self.met.len() < MOST_MAPS
        {
            self.met.push(Met { identity, kept, left });
        }
        (kept, left)
    }

    fn record(&mut self, record: &dyn Record) -> (Kept, i64) {
        let mut left = ValueRef::Map(MapRef::Made(&[])).taken_from(MAX_KEPT);
        let begin = self.open.len();
        if self.store.fields.capacity() == 0 {
            self.store.fields.reserve(FIRST_FIELDS);
            self.open.reserve(FIRST_FIELDS);
            self.met.reserve(MOST_MAPS);
        }
        for name in record.names() {
            let Some(value) = record.field(name) else { continue };
            left = ValueRef::String(Str::Utf8(name)).taken_from(left);
            let kept = match value {
                ValueRef::Map(map) => {
                    let (kept, left_by_map) = self.map(map);
                    left -= MAX_KEPT - left_by_map;
                    kept
                }
                value => {
                    left = value.taken_from(left);
                    if left < 0 { Kept::Null } else { self.value(value) }
                }
            };
            if left < 0 {
                self.open.truncate(begin);
                return (Kept::Null, left);
            }
            self.open.push((name, kept));
        }
        let fields = Run { start: number(self.store.fields.len()), len: number(self.open.len() - begin) };
        self.store.fields.extend(self.open.drain(begin..));
        self.store.records.push(fields);
        (Kept::Record(number(self.store.records.len() - 1)), left)
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
        match kept {
            Kept::Words(run) => Outcome::Described(self.text(run).to_owned()),
            Kept::Place(place) => Outcome::Described(self.place(place)),
            Kept::Error(at) => match self.store.errors.get(at as usize) {
                Some(error) => Outcome::Error(self.fault(error)),
                None => Outcome::Value(Value::Null),
            },
            Kept::Constant(at) => match self.code.constants.get(at as usize) {
                // A constant of rules can be too large to be kept in each trace.
                Some(value) => outcome_of(self.code, &Ok(value.view())),
                None => Outcome::Value(Value::Null),
            },
            // Database rules know one kind of number, which people write without a point where it is whole.
            Kept::Float(n) if self.code.dialect == Dialect::Database && n.fract() == 0.0 && n.abs() < 9e15 => {
                Outcome::Value(Value::Int(n as i64))
            }
            kept => Outcome::Value(self.value(kept)),
        }
    }

    fn fault(&self, error: &KeptError) -> Fault {
        Fault::at(self.code, error.node, error.at, self.text(error.message).to_owned(), error.fatal)
    }

    /// The error, if it is one.
    pub fn error(&self, kept: Kept) -> Option<Fault> {
        let Kept::Error(at) = kept else { return None };
        self.store.errors.get(at as usize).map(|error| self.fault(error))
    }

    fn place(&self, place: Place) -> String {
        let known = match place {
            Place::Unread => None,
            Place::Nothing => Some(Content::Nothing),
            Place::Children => Some(Content::Children),
            Place::Bool(b) => Some(Content::Bool(b)),
            Place::Number(n) => Some(Content::Number(n)),
            Place::Text(run) => Some(Content::String(self.text(run))),
        };
        Content::describe(known)
    }

    fn value(&mut self, kept: Kept) -> Value {
        match kept {
            Kept::Bool(b) => Value::Bool(b),
            Kept::Int(n) => Value::Int(n),
            Kept::Float(n) => Value::Float(n),
            Kept::Text(run) => Value::from(self.text(run)),
            Kept::Path(runs) => {
                let simple = |text: &str| Segment::Simple(StrBuf::from(text.to_owned()));
                Value::Path(Path { segments: self.texts(runs).map(simple).collect() })
            }
            Kept::Record(at) => self.record(at),
            Kept::Value(at) => self.store.values.get(at as usize).cloned().unwrap_or_default(),
            // Those of which a value has no part.
            Kept::Null | Kept::Constant(_) | Kept::Words(_) | Kept::Place(_) | Kept::Error(_) => Value::Null,
        }
    }

    fn record(&mut self, at: u32) -> Value {
        let at = at as usize;
        if let Some(Some(known)) = self.records.get(at) {
            return known.clone();
        }
        let fields = self.store.records.get(at).copied().unwrap_or_default().of(&self.store.fields);
        let made = Value::Map(fields.iter().map(|(name, kept)| (*name, self.value(*kept))).collect());
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
