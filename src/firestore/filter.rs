//! What the filters of a query tell about the documents that it returns.

use crate::{
    explain::NAME,
    service::DocumentPath,
    value::{Comparator, Constraint, Map, Path, PathRef, Value},
};

/// Alternatives that a query may have, once its filters are multiplied out.
const MAX_ALTERNATIVES: usize = 30;

/// Filtered fields that may be in other filtered fields.
const MAX_INNER: usize = 4;

/// Filters that may stand in each other.
const MAX_DEPTH: usize = 100;

/// A filter of a query. Fields may be nested (`author.uid`); a part of a name that holds a dot stands in backquotes.
///
/// Comparing with null or NaN means what client libraries make of it: `==` is "is null", `!=` is "is not null".
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// A field compared with a value.
    Field(String, Comparator, Value),
    /// `in`: a field that equals one of the values.
    In(String, Vec<Value>),
    /// `not-in`: a field that equals none of the values.
    NotIn(String, Vec<Value>),
    /// `array-contains-any`: a list that holds one of the values.
    ContainsAny(String, Vec<Value>),
    /// All of these.
    And(Vec<Filter>),
    /// One of these.
    Or(Vec<Filter>),
}

type Term = (Comparator, Value);

/// Terms on fields, all of which hold: one way to satisfy the filters.
type Conjunction<'f> = Vec<(&'f str, Vec<Term>)>;

/// One way to satisfy the filters of a query. Rules are asked about each, and a query passes if all of them pass.
#[derive(Clone, Debug)]
pub(super) struct Alternative {
    /// What `resource` is.
    pub(super) resource: Value,
    /// The only document that can satisfy it, by its name within the database: rules see that document.
    pub(super) document: Option<String>,
}

/// What a query is about.
pub(super) struct Scope<'q> {
    pub(super) database: &'q str,
    /// The path of the collection within the database.
    pub(super) collection: &'q str,
    /// Whether `__name__` is known to lie below a document.
    pub(super) below: bool,
}

/// Every way to satisfy all of the filters.
///
/// # Errors
///
/// A query that Firestore refuses, in words.
pub(super) fn alternatives(filters: &[Filter], scope: &Scope<'_>) -> Result<Vec<Alternative>, String> {
    let mut found: Vec<Conjunction<'_>> = Vec::new();
    for conjunction in all(filters, 0)? {
        if !found.contains(&conjunction) {
            found.push(conjunction);
        }
    }
    let each: Result<Vec<_>, _> = found.into_iter().map(|conjunction| cases(conjunction, scope)).collect();
    Ok(each?.concat())
}

fn all(filters: &[Filter], depth: usize) -> Result<Vec<Conjunction<'_>>, String> {
    filters.iter().try_fold(vec![Vec::new()], |so_far, filter| {
        let more = filter.multiplied_out(depth)?;
        let each = so_far.iter().flat_map(|a| more.iter().map(|b| a.iter().chain(b).cloned().collect()));
        limited(each.collect())
    })
}

fn limited<T>(alternatives: Vec<T>) -> Result<Vec<T>, String> {
    match alternatives.len() {
        0..=MAX_ALTERNATIVES => Ok(alternatives),
        many => Err(format!("the filters have {many} alternatives; a query has at most {MAX_ALTERNATIVES}")),
    }
}

impl Filter {
    fn multiplied_out(&self, depth: usize) -> Result<Vec<Conjunction<'_>>, String> {
        if depth > MAX_DEPTH {
            return Err(format!("filters stand in each other more than {MAX_DEPTH} deep"));
        }
        let each = |field: &'_ String, values: &[Value], terms: fn(&Value) -> Vec<Term>| match values {
            [] => Err(format!("the list of values for {field} is empty")),
            values => limited(values.iter().map(terms).collect()),
        };
        let on = |field, terms: Vec<Vec<Term>>| terms.into_iter().map(|terms| vec![(field, terms)]).collect();
        Ok(match self {
            Filter::Field(field, op, value) => on(field.as_str(), vec![compared(*op, value)]),
            Filter::In(field, values) => on(field, each(field, values, equal)?),
            Filter::NotIn(field, values) => on(field, vec![each(field, values, unequal)?.concat()]),
            Filter::ContainsAny(field, values) => {
                on(field, each(field, values, |value| compared(Comparator::ListContains, value))?)
            }
            Filter::And(filters) => all(filters, depth + 1)?,
            Filter::Or(filters) => {
                if filters.is_empty() {
                    return Err("or has no filter".to_owned());
                }
                let each: Result<Vec<_>, String> = filters.iter().map(|f| f.multiplied_out(depth + 1)).collect();
                limited(each?.concat())?
            }
        })
    }
}

/// Two terms that contradict each other: what the official engine makes of comparisons that nothing satisfies.
fn nothing() -> Vec<Term> {
    vec![(Comparator::Eq, Value::Bool(true)), (Comparator::Eq, Value::Bool(false))]
}

fn is_nan(value: &Value) -> bool {
    matches!(value, Value::Float(n) if n.is_nan())
}

/// What the official engine knows of a field that is compared. Of order among values that rules do not order, it knows
/// nothing.
fn compared(op: Comparator, value: &Value) -> Vec<Term> {
    use Comparator::{Eq, Ge, Gt, Le, ListContains, Lt, Ne};
    let odd = matches!(value, Value::Null) || is_nan(value);
    match op {
        Eq | Ne => vec![(op, stored(value))],
        ListContains if odd => vec![(op, Value::List(Vec::new()))],
        ListContains => vec![(op, stored(value))],
        Lt | Le | Gt | Ge if odd => nothing(),
        Lt | Le | Gt | Ge => match value {
            Value::Bool(_) | Value::List(_) | Value::Map(_) | Value::LatLng(_) | Value::Path(_) => Vec::new(),
            _ => vec![(op, stored(value))],
        },
    }
}

/// One of the values of `in`.
fn equal(value: &Value) -> Vec<Term> {
    if matches!(value, Value::Null) || is_nan(value) { nothing() } else { compared(Comparator::Eq, value) }
}

/// One of the values of `not-in`.
fn unequal(value: &Value) -> Vec<Term> {
    match value {
        Value::Null => nothing(),
        value if is_nan(value) => vec![(Comparator::Ne, Value::Null)],
        value => compared(Comparator::Ne, value),
    }
}

/// A value as Firestore keeps it: zero has no sign.
fn stored(value: &Value) -> Value {
    match value {
        Value::Float(n) if *n == 0.0 => Value::Float(0.0),
        Value::List(items) => Value::List(items.iter().map(stored).collect()),
        Value::Map(map) => {
            let mut fields = Map::new();
            for (key, value) in map.iter() {
                fields.insert(key.to_owned(), stored(value));
            }
            Value::Map(fields)
        }
        value => value.clone(),
    }
}

/// What rules may see of one way to satisfy the filters.
///
/// Where a field is filtered beside a field in it (`author`, `author.uid`), the official engine takes one after the
/// other in the order of a hash: the outer one may replace what is known of the inner one. That order is not known
/// here, so that rules are asked about each outcome.
fn cases(conjunction: Conjunction<'_>, scope: &Scope<'_>) -> Result<Vec<Alternative>, String> {
    let mut fields: Vec<(Vec<String>, Known)> = Vec::new();
    let mut names: Option<Vec<(Comparator, String)>> = None;
    let mut ordered = false;
    for (field, terms) in conjunction {
        if field == NAME {
            let names = names.get_or_insert_default();
            // Rules do not order paths.
            for (op, value) in &terms {
                match op {
                    Comparator::Eq | Comparator::Ne => names.push((*op, full_name(value, scope)?)),
                    _ => ordered = true,
                }
            }
            ordered |= terms.is_empty();
            continue;
        }
        let path = names_of(field)?;
        let at = fields.iter().position(|(known, _)| *known == path).unwrap_or_else(|| {
            fields.push((path, Known::default()));
            fields.len() - 1
        });
        if let Some((_, known)) = fields.get_mut(at) {
            known.add(terms);
        }
    }
    let mut resource = Map::new();
    let mut document = None;
    match names.as_deref() {
        Some([(Comparator::Eq, name)]) if !ordered => document = name.splitn(5, '/').last().map(str::to_owned),
        None if !scope.below => {}
        names => {
            let terms = names.unwrap_or_default().iter().map(|(op, name)| (*op, Value::Path(Path::of(name)))).collect();
            resource.insert(NAME, Value::Constraint(Constraint { terms }));
        }
    }
    // A field comes before those in it, so that a map that it equals keeps them.
    fields.sort_by_key(|(path, _)| path.len());
    let fields: Vec<_> = fields.into_iter().map(|(path, known)| (path, known.value())).collect();
    let is_inner =
        |path: &[String]| fields.iter().any(|(outer, _)| outer.len() < path.len() && path.starts_with(outer));
    let inner: Vec<_> = fields.iter().filter(|(path, _)| is_inner(path)).collect();
    if inner.len() > MAX_INNER {
        let many = inner.len();
        return Err(format!("{many} filtered fields are in other filtered fields; at most {MAX_INNER} are decided"));
    }
    let lost = |case: usize, path: &[String]| {
        inner.iter().position(|(inner, _)| inner == path).is_some_and(|at| case & (1 << at) != 0)
    };
    let cases = (0..1_usize << inner.len()).map(|case| {
        let mut data = Map::new();
        for (path, value) in fields.iter().filter(|(path, _)| !lost(case, path)) {
            insert(&mut data, path, value.clone());
        }
        let mut resource = resource.clone();
        resource.insert("data", data);
        Alternative { resource: Value::Map(resource), document: document.clone() }
    });
    Ok(cases.collect())
}

/// What filters tell about a field.
#[derive(Default)]
struct Known {
    terms: Vec<Term>,
    /// Whether a filter is among them that tells nothing.
    vague: bool,
}

impl Known {
    fn add(&mut self, terms: Vec<Term>) {
        self.vague |= terms.is_empty();
        for term in terms {
            if !self.terms.contains(&term) {
                self.terms.push(term);
            }
        }
    }

    /// A field fixed by one equality, and by no filter beside it, is that value; all else is a constraint.
    fn value(mut self) -> Value {
        match self.terms.pop() {
            Some((Comparator::Eq, value)) if self.terms.is_empty() && !self.vague => value,
            last => {
                self.terms.extend(last);
                Value::Constraint(Constraint { terms: self.terms })
            }
        }
    }
}

/// Sets a field by its names.
fn insert(data: &mut Map, path: &[String], value: Value) {
    match path {
        [] => {}
        [name] => {
            data.insert(name.as_str(), value);
        }
        [first, rest @ ..] => {
            let mut inner = match data.get(first) {
                Some(Value::Map(map)) => map.clone(),
                _ => Map::new(),
            };
            insert(&mut inner, rest, value);
            data.insert(first.as_str(), inner);
        }
    }
}

/// The names in the path of a field.
fn names_of(field: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    let mut rest = field;
    loop {
        let (name, after) = match rest.strip_prefix('`') {
            Some(quoted) => {
                quoted_name(quoted).ok_or_else(|| format!("{field:?} has a backquote that is not closed"))?
            }
            None => {
                let (name, after) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
                (name.to_owned(), after)
            }
        };
        if name.is_empty() {
            return Err(format!("{field:?} has an empty name in it"));
        }
        names.push(name);
        match after.strip_prefix('.') {
            Some(more) => rest = more,
            None if after.is_empty() => return Ok(names),
            None => return Err(format!("{field:?} goes on after a backquote")),
        }
    }
}

/// What stands before the closing backquote, and what follows.
fn quoted_name(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut chars = text.char_indices();
    loop {
        match chars.next()? {
            (at, '`') => return Some((name, text.get(at + 1..)?)),
            (_, '\\') => name.push(chars.next()?.1),
            (_, c) => name.push(c),
        }
    }
}

/// The full name of a document: from a reference, a name within the database, or an id within the collection.
fn full_name(value: &Value, scope: &Scope<'_>) -> Result<String, String> {
    let within = |name: &str| format!("/databases/{}/documents/{name}", scope.database);
    let full = match value {
        Value::Path(path) => PathRef::Owned(path).text().as_str().to_string(),
        Value::String(name) => {
            let name = name.as_str().to_string();
            if name.contains('/') {
                within(name.trim_start_matches('/'))
            } else {
                within(&format!("{}/{name}", scope.collection))
            }
        }
        _ => return Err(format!("{NAME} is compared with documents: a path, a name such as \"posts/p1\", or an id")),
    };
    match DocumentPath::parse(&full) {
        Some(_) => Ok(full),
        None => Err(format!("{NAME}: {full} names no document")),
    }
}
