//! A request to a decision: what the database takes, the overlay of the write, the walk, and what it says.

use std::borrow::Cow;

use arrayvec::ArrayVec;
use bumpalo::Bump;

use crate::{error::Error, eval::Silent, program::RuleTree, value::Unreadable};

use super::{
    Cause, Data, Decision, Incoming, IndexWarning, Query, Request, RequestError, RuleKind, Ruleset, Scalar, Transport,
    Tree,
    context::{self, AuthRecord, Given},
    data::names,
    decide::{RuleWalk, Undecided, Verdict},
    limits::{
        Extent, MAX_KEY, MAX_LEVELS, MAX_WRITE_REST, MAX_WRITE_SOCKET, check_number, check_path, is_refused, path_of,
        place_of,
    },
    place::{Base, Change, Location, State, stored_number},
    query::QueryRecord,
    recorder::{Detail, WalkObserver, WalkRecorder},
    request::Operation,
    store::Store,
    trace_log::{TraceLog, cause},
    tree::Leaf,
};

/// Why a request has no verdict.
enum Halt {
    /// The database does not take it. Apart, so that answers stay small.
    Refused(Box<RequestError>),
    /// The host's data cannot be read, and the store has the error; or the compiled rules are corrupt.
    Undecided,
}

impl From<RequestError> for Halt {
    fn from(error: RequestError) -> Self {
        Halt::Refused(Box::new(error))
    }
}

impl From<Undecided> for Halt {
    fn from(_: Undecided) -> Self {
        Halt::Undecided
    }
}

impl From<Unreadable> for Halt {
    fn from(_: Unreadable) -> Self {
        Halt::Undecided
    }
}

/// Only whether the request may pass: nothing is written down.
pub(super) fn permits(rules: &RuleTree, request: &Request<'_>, tree: &dyn Tree) -> Result<bool, Error> {
    let texts = Bump::new();
    let store = Store::new(tree, &texts);
    let said = judge(rules, request, &store, &mut Silent, |_, verdict| verdict == Verdict::Allowed);
    match (said, store.into_failure()) {
        (_, Some(error)) => Err(Error::Data(error)),
        (Ok(granted), None) => Ok(granted),
        (Err(_), None) => Ok(false),
    }
}

/// The decision with what decided, and the detail that is asked for.
pub(super) fn decide(
    ruleset: &Ruleset,
    request: &Request<'_>,
    tree: &dyn Tree,
    detail: Detail<'_>,
) -> Result<Decision, Error> {
    let rules = &ruleset.inner.tree;
    let texts = Bump::new();
    let store = Store::new(tree, &texts);
    let mut recorder = WalkRecorder::new(detail);
    let mut paths = Vec::new();
    let said = judge(rules, request, &store, &mut recorder, |path, verdict| {
        paths.push((path_of(path), verdict));
        true
    });
    if let Some(error) = store.into_failure() {
        return Err(Error::Data(error));
    }
    let kind = if matches!(request.operation, Operation::Read(_)) { RuleKind::Read } else { RuleKind::Write };
    let cause = match said {
        Ok(_) => cause(&recorder.rules, &paths, kind),
        Err(Halt::Refused(error)) => Cause::Refused(*error),
        // The store has no error: the compiled rules are corrupt.
        Err(Halt::Undecided) => Cause::NoRule("/".to_owned(), kind),
    };
    let warnings = index_warning(rules, request).into_iter().collect();
    let source = rules.code.source.clone();
    let rules = TraceLog::new(ruleset.clone(), recorder.rules);
    Ok(Decision { source, cause, rules, warnings, request: request.title() })
}

/// Judges every path of a request until `each` says that no more is wanted; true if it never did.
fn judge<O: WalkObserver>(
    rules: &RuleTree,
    request: &Request<'_>,
    store: &Store<'_>,
    observer: &mut O,
    mut each: impl FnMut(&[&str], Verdict) -> bool,
) -> Result<bool, Halt> {
    let base = store.data().map_or(Base::Host, Base::memory);
    let root = Location::root(store, State::Stored(base));
    let mut path = Path::default();
    path.add(&request.path);
    let record = AuthRecord::of(&request.user);
    let query = match &request.operation {
        Operation::Read(query) => Some(query),
        _ => None,
    };
    let query = QueryRecord { query, transport: request.transport };
    let given = Given {
        auth: context::auth(&request.user, &record),
        facts: context::facts(&request.user),
        now: request.now,
        query: &query,
        root: &root,
    };
    let mut walk = RuleWalk::new(rules, &given, observer);
    match &request.operation {
        Operation::Read(query) => {
            path.check()?;
            query.check()?;
            let verdict = walk.read(path.names())?;
            Ok(each(path.names(), verdict))
        }
        Operation::Write(value) if path.is_priority() => {
            path.pop();
            let priority = priority_of(value, &path, request.now)?;
            set_priority(&mut walk, &path, priority.as_ref(), each)
        }
        Operation::Priority(priority) => set_priority(&mut walk, &path, priority.as_ref(), each),
        Operation::Write(value) => {
            path.check()?;
            check_size(fits(value, &path)?, request.transport)?;
            let resolved;
            let data = if value.deferred.is_empty() {
                &value.data
            } else {
                resolved = resolve(value, request.now, &root, path.names())?;
                &*resolved
            };
            let change = Change::Replace(data);
            let new_root = Location::root(store, State::changed_at(path.names(), &change, base));
            let verdict = walk.write(&new_root, path.names(), Some(data))?;
            Ok(each(path.names(), verdict))
        }
        Operation::Update(values) => {
            let values = values.as_ref().map_err(Clone::clone)?;
            let writes = update(values, &path, &root, request)?;
            let Some(change) = overlay(&writes) else { return Ok(true) };
            let new_root = Location::root(store, State::changed(&change, base));
            for write in &writes {
                walk.observer.update(&write.path);
                let verdict = walk.write(&new_root, &write.path, write.data())?;
                if !each(&write.path, verdict) {
                    return Ok(false);
                }
            }
            Ok(true)
        }
    }
}

/// The names of a path, without allocating. Of one that is too deep only the first are kept.
#[derive(Clone, Default)]
struct Path<'r> {
    kept: ArrayVec<&'r str, { MAX_LEVELS + 2 }>,
    /// Those that are not kept.
    more: usize,
    /// Whether a name is one that data may not have.
    is_unusual: bool,
}

impl<'r> Path<'r> {
    /// Adds the names of a path; slashes at its ends do not count. One pass over the bytes splits and judges.
    fn add(&mut self, text: &'r str) {
        let mut start = 0;
        for (at, byte) in text.bytes().enumerate().filter(|(_, byte)| is_refused(*byte)) {
            if byte == b'/' {
                self.add_name(text.get(start..at));
                start = at + 1;
            } else {
                self.is_unusual = true;
            }
        }
        self.add_name(text.get(start..));
    }

    #[inline]
    fn add_name(&mut self, name: Option<&'r str>) {
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            self.is_unusual |= name.len() > MAX_KEY;
            self.more += usize::from(self.kept.try_push(name).is_err());
        }
    }

    fn pop(&mut self) {
        match self.more.checked_sub(1) {
            Some(more) => self.more = more,
            None => drop(self.kept.pop()),
        }
    }

    fn names(&self) -> &[&'r str] {
        &self.kept
    }

    /// Whether it names a priority, which is that of the place above.
    fn is_priority(&self) -> bool {
        self.kept.last() == Some(&".priority")
    }

    #[inline]
    fn check(&self) -> Result<(), RequestError> {
        let levels = self.kept.len() + self.more;
        if levels > MAX_LEVELS || self.is_unusual { self.refuse(levels) } else { Ok(()) }
    }

    #[cold]
    fn refuse(&self, levels: usize) -> Result<(), RequestError> {
        if levels > MAX_LEVELS {
            return Err(RequestError::TooDeep { place: place_of(&self.kept), levels });
        }
        check_path(&self.kept)
    }
}

/// How many bytes a value has where it is written.
#[inline]
fn fits(value: &Incoming, path: &Path<'_>) -> Result<usize, RequestError> {
    match &value.checked {
        Ok(extent) if path.names().len() + extent.levels <= MAX_LEVELS => Ok(extent.bytes),
        checked => misfit(checked, path),
    }
}

#[cold]
fn misfit(checked: &Result<Extent, RequestError>, path: &Path<'_>) -> Result<usize, RequestError> {
    let extent = checked.clone().map_err(|error| error.under(path.names()))?;
    Err(RequestError::TooDeep { place: place_of(path.names()), levels: path.names().len() + extent.levels })
}

#[inline]
fn check_size(bytes: usize, transport: Transport) -> Result<(), RequestError> {
    let limit = match transport {
        Transport::WebSocket => MAX_WRITE_SOCKET,
        Transport::Rest => MAX_WRITE_REST,
    };
    if bytes > limit { Err(RequestError::WriteTooLarge { bytes, limit }) } else { Ok(()) }
}

/// The value with what the server fills in; borrowed where that is nothing.
fn resolve<'v>(
    value: &'v Incoming,
    now: Option<f64>,
    root: &Location<'_>,
    path: &[&str],
) -> Result<Cow<'v, Data>, Halt> {
    if value.deferred.is_empty() {
        return Ok(Cow::Borrowed(&value.data));
    }
    let data = value.resolved(now, |below| stored_number(root, &[path, below].concat()).map_err(Halt::from))?;
    // A sum may be beyond what the database stores.
    super::limits::check_value(&data, &mut Vec::new())?;
    Ok(Cow::Owned(data))
}

/// The priority that a write to `…/.priority` sets, of the place above it.
fn priority_of(value: &Incoming, path: &Path<'_>, now: Option<f64>) -> Result<Option<Scalar>, Halt> {
    value.checked.clone().map_err(|error| error.under(path.names()))?;
    let data = value.resolved(now, |_| Ok::<_, Halt>(None))?;
    let found = match (data.scalar(), data.is_nothing()) {
        (Some(priority @ (Scalar::Number(_) | Scalar::String(_))), _) => return Ok(Some(priority.clone())),
        (None, true) => return Ok(None),
        (Some(scalar), _) => super::limits::kind(scalar),
        (None, false) => "an object",
    };
    Err(RequestError::Priority { place: place_of(path.names()), found }.into())
}

/// Judged as a write of the place itself (realtime-database specification, section 5.2, recommended).
fn set_priority<O: WalkObserver>(
    walk: &mut RuleWalk<'_, O>,
    path: &Path<'_>,
    priority: Option<&Scalar>,
    mut each: impl FnMut(&[&str], Verdict) -> bool,
) -> Result<bool, Halt> {
    path.check()?;
    if let Some(scalar @ Scalar::Bool(_)) = priority {
        let found = super::limits::kind(scalar);
        return Err(RequestError::Priority { place: place_of(path.names()), found }.into());
    }
    if let Some(Scalar::Number(n)) = priority {
        check_number(*n).map_err(|number| RequestError::Number { place: place_of(path.names()), number })?;
    }
    let change = Change::Priority(priority.map(Leaf::from));
    let new_root = walk.given.root.with_change(path.names(), &change);
    let verdict = walk.write(&new_root, path.names(), None)?;
    Ok(each(path.names(), verdict))
}

/// One path of an update.
struct Write<'v> {
    path: Vec<&'v str>,
    value: Written<'v>,
}

enum Written<'v> {
    Value(Cow<'v, Data>),
    Priority(Option<Scalar>),
}

impl Write<'_> {
    /// What replaces the place.
    fn data(&self) -> Option<&Data> {
        match &self.value {
            Written::Value(data) => Some(data),
            Written::Priority(_) => None,
        }
    }

    fn change(&self) -> Change<'_> {
        match &self.value {
            Written::Value(data) => Change::Replace(data),
            Written::Priority(priority) => Change::Priority(priority.as_ref().map(Leaf::from)),
        }
    }
}

/// The paths of an update, sorted; none of them in another.
fn update<'v>(
    values: &'v [(String, Incoming)],
    base: &Path<'v>,
    root: &Location<'_>,
    request: &Request<'_>,
) -> Result<Vec<Write<'v>>, Halt> {
    let mut writes = Vec::with_capacity(values.len());
    let mut bytes = 0;
    for (key, value) in values {
        let mut path = base.clone();
        path.add(key);
        let is_priority = path.is_priority();
        if is_priority {
            path.pop();
        }
        path.check()?;
        bytes += key.len() + fits(value, &path)?;
        let value = if is_priority {
            Written::Priority(priority_of(value, &path, request.now)?)
        } else {
            Written::Value(resolve(value, request.now, root, path.names())?)
        };
        writes.push(Write { path: path.names().to_vec(), value });
    }
    if values.is_empty() {
        base.check()?;
    }
    check_size(bytes, request.transport)?;
    writes.sort_by(|a, b| a.path.cmp(&b.path));
    // Sorted, a path is followed by those below it.
    for pair in writes.windows(2) {
        if let [outer, inner] = pair
            && inner.path.starts_with(&outer.path)
        {
            return Err(RequestError::Overlap { outer: place_of(&outer.path), inner: place_of(&inner.path) }.into());
        }
    }
    Ok(writes)
}

/// All changes of an update, seen from the root; nothing where it has none.
fn overlay<'v>(writes: &'v [Write<'v>]) -> Option<Change<'v>> {
    let (first, rest) = writes.split_first()?;
    let mut all = Change::at(&first.path, first.change());
    for write in rest {
        all.add(&write.path, write.change());
    }
    Some(all)
}

/// A query whose index the rules of its place do not list (realtime-database specification, section 7.9).
fn index_warning(rules: &RuleTree, request: &Request<'_>) -> Option<IndexWarning> {
    let Operation::Read(query) = &request.operation else { return None };
    let index = Query::index(query)?;
    let mut node = rules.nodes.get(rules.root).ok();
    let names: Vec<&str> = names(&request.path).collect();
    for name in &names {
        node = node.and_then(|node| node.child(name)).and_then(|(child, _)| rules.nodes.get(child).ok());
    }
    if node.is_some_and(|node| node.indexes.iter().any(|known| known.trim_matches('/') == index)) {
        return None;
    }
    let (path, at) = (path_of(&names), place_of(&names));
    let message = match request.transport {
        Transport::WebSocket => format!(
            "Using an unspecified index. Your data will be downloaded and filtered on the client. Consider adding \
             \".indexOn\": \"{index}\" at {at} to your security rules for better performance."
        ),
        Transport::Rest => {
            format!("Index not defined, add \".indexOn\": \"{index}\", for path \"{at}\", to the rules")
        }
    };
    Some(IndexWarning { path, index: index.to_owned(), message })
}
