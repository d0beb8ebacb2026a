//! From a request to a decision: the limits of the database, the overlay of the write, the walk over the rules, the cause.

use std::borrow::Cow;

use bumpalo::Bump;
use smallvec::SmallVec;

use crate::{error::Error, program::RuleTree};

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
        is_refused, path_of, place_of, shorten,
    },
    location::{Location, Mutation, Overlay, stored_number},
    recorder::WalkRecorder,
    request::Operation,
};

/// Whether the rules allow the request, without a trace.
pub(super) fn permits(rules: &RuleTree, request: &Request<'_>, tree: &dyn Tree) -> Result<bool, Error> {
    let texts = Bump::new();
    let host = HostCache::new(tree, &texts);
    let granted = walk_paths(rules, request, &host, None, |_, verdict| verdict.is_ok());
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
    let result = walk_paths(rules, request, &host, Some(&mut recorder), |path, verdict| {
        paths.push((path_of(path), verdict));
        true
    });
    if let Some(error) = host.into_error() {
        return Err(Error::Data(error));
    }
    let mut traces = recorder.traces;
    let cause = match (result, &request.operation) {
        (Ok(_), _) => cause(&traces, &paths),
        (Err(ChangeError::Refused(error)), _) => Cause::Refused(error),
        // The host has no error, so the compiled rules are corrupt.
        (Err(ChangeError::Data(_)), Operation::Read(_)) => Cause::NoRule("/".to_owned(), RuleKind::Read),
        (Err(ChangeError::Data(_)), _) => Cause::NoRule("/".to_owned(), RuleKind::Write),
    };
    sort(&mut traces);
    let warnings = index_warning(rules, request).into_iter().collect();
    Ok(Decision { ruleset: ruleset.clone(), cause, traces, warnings, request: request.title() })
}

/// Passes the verdict of each path of a request to `each` until it returns false; true if it never did.
fn walk_paths(
    rules: &RuleTree,
    request: &Request<'_>,
    host: &HostCache<'_>,
    recorder: Option<&mut WalkRecorder<'_>>,
    mut each: impl FnMut(&[&str], Verdict) -> bool,
) -> Result<bool, ChangeError> {
    let stored = host.data();
    let root = Location::root(host, Overlay::Stored(stored));
    // Filled in place: the names are many bytes to move.
    let mut path = PathNames::default();
    path.add(&request.path);
    let (auth, facts) = (request.user.variable(), request.user.facts());
    let globals = Globals { request, auth, facts, root: &root };
    let mut walk = RuleWalk::new(rules, &globals, recorder);
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
            let changes = update(values, &path, &root, request)?;
            let Some((first, rest)) = changes.split_first() else { return Ok(true) };
            let mut mutation = Mutation::at(PathNames::of(first.path()).names(), first.mutation());
            for change in rest {
                mutation.add(PathNames::of(change.path()).names(), change.mutation());
            }
            let new_root = Location::root(host, Overlay::mutated(&mutation, stored));
            for change in &changes {
                let path = PathNames::of(change.path());
                let value = match change {
                    Change::Value { value, .. } => Some(&**value),
                    Change::Priority { .. } => None,
                };
                if let Some(recorder) = &mut walk.recorder {
                    recorder.update(change.path());
                }
                let verdict = walk.write(&new_root, path.names(), value)?;
                if !each(path.names(), verdict) {
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
    fn of(path: &'r str) -> Self {
        let mut names = PathNames::default();
        names.add(path);
        names
    }

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
) -> Result<Cow<'v, Data>, ChangeError> {
    if value.placeholders.is_empty() {
        return Ok(Cow::Borrowed(&value.data));
    }
    let data = value.resolved(now, |below| stored_number(root, &[path, below].concat()).map_err(ChangeError::from))?;
    // A sum can exceed the range that the database stores.
    check_value(&data, &mut Vec::new())?;
    Ok(Cow::Owned(data))
}

/// The priority that a write to `…/.priority` sets for the location above.
fn priority_of(value: &Incoming, path: &PathNames<'_>, now: Option<f64>) -> Result<Option<Scalar>, ChangeError> {
    value.checked.clone().map_err(|error| error.under(path.names()))?;
    let data = value.resolved(now, |_| Ok::<_, ChangeError>(None))?;
    let found = match (data.scalar(), data.is_nothing()) {
        (Some(priority @ (Scalar::Number(_) | Scalar::String(_))), _) => return Ok(Some(priority.clone())),
        (None, true) => return Ok(None),
        (Some(scalar), _) => scalar.kind(),
        (None, false) => "an object",
    };
    Err(RequestError::Priority { place: place_of(path.names()), found }.into())
}

/// Decides a priority as a write of the location itself (realtime-database specification, section 5.2, recommended).
fn set_priority(
    walk: &mut RuleWalk<'_, '_>,
    path: &PathNames<'_>,
    priority: Option<&Scalar>,
    mut each: impl FnMut(&[&str], Verdict) -> bool,
) -> Result<bool, ChangeError> {
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

/// The change of writing a value to a path, which may be that of a priority, and the size of the value in bytes.
fn change_at<'v>(
    value: &'v Incoming,
    mut path: PathNames<'v>,
    root: &Location<'_>,
    now: Option<f64>,
) -> Result<(Change<'v>, usize), ChangeError> {
    let is_priority = path.is_priority();
    if is_priority {
        path.pop();
    }
    path.check()?;
    let (size, names) = (check_fit(value, &path)?, path.names());
    let change = if is_priority {
        Change::Priority { path: path_of(names), priority: priority_of(value, &path, now)? }
    } else {
        Change::Value { path: path_of(names), value: resolve(value, now, root, names)? }
    };
    Ok((change, size))
}

/// The changes of an update, sorted by the names of their paths. No path is below another.
fn update<'v>(
    values: &'v [(String, Incoming)],
    base: &PathNames<'v>,
    root: &Location<'_>,
    request: &Request<'_>,
) -> Result<Vec<Change<'v>>, ChangeError> {
    let mut changes = Vec::with_capacity(values.len());
    let mut bytes = 0;
    for (key, value) in values {
        let mut path = base.clone();
        path.add(key);
        let (change, size) = change_at(value, path, root, request.now)?;
        bytes += key.len() + size;
        changes.push(change);
    }
    if values.is_empty() {
        base.check()?;
    }
    check_size(bytes, request.transport)?;
    changes.sort_by(|a, b| names(a.path()).cmp(names(b.path())));
    // In sorted order, the paths below a path follow it.
    for pair in changes.windows(2) {
        if let [outer, inner] = pair
            && let (outer, inner) = (outer.path(), inner.path())
            && names(inner).take(names(outer).count()).eq(names(outer))
        {
            return Err(RequestError::Overlap { outer: shorten(outer), inner: shorten(inner) }.into());
        }
    }
    Ok(changes)
}

/// The changes that a write makes to what `tree` holds, sorted by path; none for a read.
pub(super) fn changes<'r>(request: &'r Request<'_>, tree: &dyn Tree) -> Result<Vec<Change<'r>>, ChangeError> {
    let texts = Bump::new();
    let host = HostCache::new(tree, &texts);
    let root = Location::root(&host, Overlay::Stored(host.data()));
    let found = changes_of(request, &root);
    host.into_error().map_or(found, |error| Err(ChangeError::Data(error)))
}

fn changes_of<'r>(request: &'r Request<'_>, root: &Location<'_>) -> Result<Vec<Change<'r>>, ChangeError> {
    let path = PathNames::of(&request.path);
    match &request.operation {
        Operation::Read(_) => Ok(Vec::new()),
        Operation::Priority(priority) => {
            check_priority(&path, priority.as_ref())?;
            Ok(vec![Change::Priority { path: path_of(path.names()), priority: priority.clone() }])
        }
        Operation::Write(value) => {
            let (change, size) = change_at(value, path, root, request.now)?;
            check_size(size, request.transport)?;
            Ok(vec![change])
        }
        Operation::Update(values) => update(values.as_ref().map_err(Clone::clone)?, &path, root, request),
    }
}

/// The warning for a query whose index the rules of its location do not list (realtime-database specification, section 7.9).
pub(super) fn index_warning(rules: &RuleTree, request: &Request<'_>) -> Option<IndexWarning> {
    let Operation::Read(query) = &request.operation else { return None };
    let index = Query::index(query)?;
    let mut node = rules.nodes.get(rules.root).ok();
    let names: Vec<&str> = names(&request.path).collect();
    for name in &names {
        node = node.and_then(|node| node.child(name)).and_then(|child| rules.nodes.get(child).ok());
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
