//! From a request to a decision: the limits of the database, the overlay of the write, the walk over the rules, the cause.

use std::borrow::Cow;

use bumpalo::Bump;
use smallvec::SmallVec;

use crate::{error::Error, eval::Silent, program::RuleTree, value::Unreadable};

use super::{
    Cause, Change, ChangeError, Data, Decision, Incoming, IndexWarning, Query, Request, RequestError, RuleKind,
    Ruleset, Scalar, Transport, Tree,
    context::Globals,
    data::names,
    decide::{RuleWalk, Verdict},
    decision::{cause, sort},
    host_cache::HostCache,
    limits::{
        MAX_KEY, MAX_LEVELS, MAX_WRITE_REST, MAX_WRITE_SOCKET, ValueSize, check_number, check_path, check_value,
        is_refused, path_of, place_of,
    },
    location::{Location, Mutation, Overlay, stored_number},
    query::QueryRecord,
    recorder::{WalkObserver, WalkRecorder},
    request::Operation,
};

/// Why a request has no verdict.
enum NoVerdict {
    /// The database refuses the request. Boxed, so that results stay small.
    Refused(Box<RequestError>),
    /// The host has an error, or the compiled rules are corrupt.
    Unreadable,
}

impl From<RequestError> for NoVerdict {
    fn from(error: RequestError) -> Self {
        NoVerdict::Refused(Box::new(error))
    }
}

impl From<Unreadable> for NoVerdict {
    fn from(_: Unreadable) -> Self {
        NoVerdict::Unreadable
    }
}

/// Whether the rules allow the request, without a trace.
pub(super) fn permits(rules: &RuleTree, request: &Request<'_>, tree: &dyn Tree) -> Result<bool, Error> {
    let texts = Bump::new();
    let host = HostCache::new(tree, &texts);
    let granted = walk_paths(rules, request, &host, &mut Silent, |_, verdict| verdict == Verdict::Allowed);
    match host.into_error() {
        Some(error) => Err(Error::Data(error)),
        None => Ok(granted.unwrap_or(false)),
    }
}

/// The decision with its cause and what the recorder keeps.
pub(super) fn decide(
    ruleset: &Ruleset,
    request: &Request<'_>,
    tree: &dyn Tree,
    mut recorder: WalkRecorder<'_>,
) -> Result<Decision, Error> {
    let rules = ruleset.tree();
    let texts = Bump::new();
    let host = HostCache::new(tree, &texts);
    let mut paths = Vec::new();
    let result = walk_paths(rules, request, &host, &mut recorder, |path, verdict| {
        paths.push((path_of(path), verdict));
        true
    });
    if let Some(error) = host.into_error() {
        return Err(Error::Data(error));
    }
    let mut traces = recorder.traces;
    let kind = if matches!(request.operation, Operation::Read(_)) { RuleKind::Read } else { RuleKind::Write };
    let cause = match result {
        Ok(_) => cause(&traces, &paths, kind),
        Err(NoVerdict::Refused(error)) => Cause::Refused(*error),
        // The host has no error, so the compiled rules are corrupt.
        Err(NoVerdict::Unreadable) => Cause::NoRule("/".to_owned(), kind),
    };
    sort(&mut traces);
    let warnings = index_warning(rules, request).into_iter().collect();
    Ok(Decision { ruleset: ruleset.clone(), cause, traces, warnings, request: request.title() })
}

/// Passes the verdict of each path of a request to `each` until it returns false; true if it never did.
fn walk_paths<O: WalkObserver>(
    rules: &RuleTree,
    request: &Request<'_>,
    host: &HostCache<'_>,
    observer: &mut O,
    mut each: impl FnMut(&[&str], Verdict) -> bool,
) -> Result<bool, NoVerdict> {
    let stored = host.data();
    let root = Location::root(host, Overlay::Stored(stored));
    let mut path = PathNames::default();
    path.add(&request.path);
    let query = match &request.operation {
        Operation::Read(query) => Some(query),
        _ => None,
    };
    let query = QueryRecord { query, transport: request.transport };
    let (auth, facts) = (request.user.variable(), request.user.facts());
    let globals = Globals { auth, facts, now: request.now, query: &query, root: &root };
    let mut walk = RuleWalk::new(rules, &globals, observer);
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
            check_size(check_fit(value, &path)?, request.transport)?;
            // Most writes have no placeholders: a borrowed value spares them the moves and the drop of a `Cow`.
            let resolved;
            let data = if value.placeholders.is_empty() {
                &value.data
            } else {
                resolved = resolve(value, request.now, &root, path.names())?;
                &*resolved
            };
            let mutation = Mutation::Replace(data);
            let new_root = Location::root(host, Overlay::mutated_at(path.names(), &mutation, stored));
            let verdict = walk.write(&new_root, path.names(), Some(data))?;
            Ok(each(path.names(), verdict))
        }
        Operation::Update(values) => {
            let values = values.as_ref().map_err(Clone::clone)?;
            let writes = update(values, &path, &root, request)?;
            let Some((first, rest)) = writes.split_first() else { return Ok(true) };
            let mut mutation = Mutation::at(&first.path, first.mutation());
            for write in rest {
                mutation.add(&write.path, write.mutation());
            }
            let new_root = Location::root(host, Overlay::mutated(&mutation, stored));
            for write in &writes {
                walk.observer.update(&write.path);
                let verdict = walk.write(&new_root, &write.path, write.data.as_deref())?;
                if !each(&write.path, verdict) {
                    return Ok(false);
                }
            }
            Ok(true)
        }
    }
}

/// The number of names that [`PathNames`] keeps.
const MAX_NAMES: usize = MAX_LEVELS + 2;

/// The names of a path, without allocation. A path that is too deep keeps only the first names.
#[derive(Clone, Default)]
struct PathNames<'r> {
    kept: SmallVec<[&'r str; MAX_NAMES]>,
    /// The number of names that are not kept.
    more: usize,
    /// Whether a name may be one that no data can have.
    is_unusual: bool,
}

impl<'r> PathNames<'r> {
    /// Adds the names of a path and ignores slashes at its ends. One pass over the bytes splits and checks them.
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
            match self.kept.len() {
                MAX_NAMES => self.more += 1,
                _ => self.kept.push(name),
            }
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

    /// Whether the path is the priority of the location above.
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

/// Checks that the database takes a value at a path, and returns its size in bytes.
#[inline]
fn check_fit(value: &Incoming, path: &PathNames<'_>) -> Result<usize, RequestError> {
    match &value.checked {
        Ok(size) if path.names().len() + size.levels <= MAX_LEVELS => Ok(size.bytes),
        checked => misfit(checked, path),
    }
}

#[cold]
fn misfit(checked: &Result<ValueSize, RequestError>, path: &PathNames<'_>) -> Result<usize, RequestError> {
    let size = checked.clone().map_err(|error| error.under(path.names()))?;
    Err(RequestError::TooDeep { place: place_of(path.names()), levels: path.names().len() + size.levels })
}

#[inline]
fn check_size(bytes: usize, transport: Transport) -> Result<(), RequestError> {
    let limit = match transport {
        Transport::WebSocket => MAX_WRITE_SOCKET,
        Transport::Rest => MAX_WRITE_REST,
    };
    if bytes > limit { Err(RequestError::WriteTooLarge { bytes, limit }) } else { Ok(()) }
}

/// The value with server values filled in; borrowed if it has none.
fn resolve<'v>(
    value: &'v Incoming,
    now: Option<f64>,
    root: &Location<'_>,
    path: &[&str],
) -> Result<Cow<'v, Data>, NoVerdict> {
    if value.placeholders.is_empty() {
        return Ok(Cow::Borrowed(&value.data));
    }
    let data = value.resolved(now, |below| stored_number(root, &[path, below].concat()).map_err(NoVerdict::from))?;
    // A sum can exceed the range that the database stores.
    check_value(&data, &mut Vec::new())?;
    Ok(Cow::Owned(data))
}

/// The priority that a write to `…/.priority` sets for the location above.
fn priority_of(value: &Incoming, path: &PathNames<'_>, now: Option<f64>) -> Result<Option<Scalar>, NoVerdict> {
    value.checked.clone().map_err(|error| error.under(path.names()))?;
    let data = value.resolved(now, |_| Ok::<_, NoVerdict>(None))?;
    let found = match (data.scalar(), data.is_nothing()) {
        (Some(priority @ (Scalar::Number(_) | Scalar::String(_))), _) => return Ok(Some(priority.clone())),
        (None, true) => return Ok(None),
        (Some(scalar), _) => scalar.kind(),
        (None, false) => "an object",
    };
    Err(RequestError::Priority { place: place_of(path.names()), found }.into())
}

/// Decides a priority as a write of the location itself (realtime-database specification, section 5.2, recommended).
fn set_priority<O: WalkObserver>(
    walk: &mut RuleWalk<'_, O>,
    path: &PathNames<'_>,
    priority: Option<&Scalar>,
    mut each: impl FnMut(&[&str], Verdict) -> bool,
) -> Result<bool, NoVerdict> {
    check_priority(path, priority)?;
    let mutation = Mutation::Priority(priority);
    let new_root = walk.globals.root.mutated_at(path.names(), &mutation);
    let verdict = walk.write(&new_root, path.names(), None)?;
    Ok(each(path.names(), verdict))
}

/// Checks that a location can have a priority.
fn check_priority(path: &PathNames<'_>, priority: Option<&Scalar>) -> Result<(), RequestError> {
    path.check()?;
    match priority {
        Some(scalar @ Scalar::Bool(_)) => {
            Err(RequestError::Priority { place: place_of(path.names()), found: scalar.kind() })
        }
        Some(Scalar::Number(n)) => {
            check_number(*n).map_err(|number| RequestError::Number { place: place_of(path.names()), number })
        }
        _ => Ok(()),
    }
}

/// The write to one path.
struct PathWrite<'v> {
    path: Vec<&'v str>,
    /// The value that replaces the location; without it, the write sets the priority.
    data: Option<Cow<'v, Data>>,
    priority: Option<Scalar>,
}

impl<'v> From<PathWrite<'v>> for Change<'v> {
    fn from(write: PathWrite<'v>) -> Self {
        let path = path_of(&write.path);
        match write.data {
            Some(value) => Change::Value { path, value },
            None => Change::Priority { path, priority: write.priority },
        }
    }
}

impl PathWrite<'_> {
    fn mutation(&self) -> Mutation<'_> {
        match &self.data {
            Some(data) => Mutation::Replace(data),
            None => Mutation::Priority(self.priority.as_ref()),
        }
    }
}

/// The write of a value to a path, which may be that of a priority, and the size of the value in bytes.
fn path_write<'v>(
    value: &'v Incoming,
    mut path: PathNames<'v>,
    root: &Location<'_>,
    now: Option<f64>,
) -> Result<(PathWrite<'v>, usize), NoVerdict> {
    let is_priority = path.is_priority();
    if is_priority {
        path.pop();
    }
    path.check()?;
    let size = check_fit(value, &path)?;
    let (data, priority) = if is_priority {
        (None, priority_of(value, &path, now)?)
    } else {
        (Some(resolve(value, now, root, path.names())?), None)
    };
    Ok((PathWrite { path: path.names().to_vec(), data, priority }, size))
}

/// The writes of an update, sorted by path. No path is a prefix of another.
fn update<'v>(
    values: &'v [(String, Incoming)],
    base: &PathNames<'v>,
    root: &Location<'_>,
    request: &Request<'_>,
) -> Result<Vec<PathWrite<'v>>, NoVerdict> {
    let mut writes = Vec::with_capacity(values.len());
    let mut bytes = 0;
    for (key, value) in values {
        let mut path = base.clone();
        path.add(key);
        let (write, size) = path_write(value, path, root, request.now)?;
        bytes += key.len() + size;
        writes.push(write);
    }
    if values.is_empty() {
        base.check()?;
    }
    check_size(bytes, request.transport)?;
    writes.sort_by(|a, b| a.path.cmp(&b.path));
    // In sorted order, the paths below a path follow it.
    for pair in writes.windows(2) {
        if let [outer, inner] = pair
            && inner.path.starts_with(&outer.path)
        {
            return Err(RequestError::Overlap { outer: place_of(&outer.path), inner: place_of(&inner.path) }.into());
        }
    }
    Ok(writes)
}

/// The changes that a write makes to what `tree` holds, sorted by path; none for a read.
pub(super) fn changes<'r>(request: &'r Request<'_>, tree: &dyn Tree) -> Result<Vec<Change<'r>>, ChangeError> {
    let texts = Bump::new();
    let host = HostCache::new(tree, &texts);
    let root = Location::root(&host, Overlay::Stored(host.data()));
    let found = changes_at(request, &root);
    match (found, host.into_error()) {
        (Ok(changes), None) => Ok(changes),
        (Err(NoVerdict::Refused(error)), None) => Err(ChangeError::Refused(*error)),
        (_, Some(error)) => Err(ChangeError::Data(error)),
        (Err(NoVerdict::Unreadable), None) => Err(ChangeError::Data("the data cannot be read".into())),
    }
}

fn changes_at<'r>(request: &'r Request<'_>, root: &Location<'_>) -> Result<Vec<Change<'r>>, NoVerdict> {
    let mut path = PathNames::default();
    path.add(&request.path);
    let values = match &request.operation {
        Operation::Read(_) => return Ok(Vec::new()),
        Operation::Priority(priority) => {
            check_priority(&path, priority.as_ref())?;
            return Ok(vec![Change::Priority { path: path_of(path.names()), priority: priority.clone() }]);
        }
        Operation::Write(value) => {
            let (write, size) = path_write(value, path, root, request.now)?;
            check_size(size, request.transport)?;
            return Ok(vec![write.into()]);
        }
        Operation::Update(values) => values.as_ref().map_err(Clone::clone)?,
    };
    Ok(update(values, &path, root, request)?.into_iter().map(Change::from).collect())
}

/// The warning for a query whose index the rules of its location do not list (realtime-database specification, section 7.9).
pub(super) fn index_warning(rules: &RuleTree, request: &Request<'_>) -> Option<IndexWarning> {
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
