//! What the filters of a query say about the documents that it returns.

use crate::{
    explain::NAME,
    service::DocumentPath,
    value::{Comparator, Constraint, Map, Path, PathRef, Value},
};

/// Maximum number of alternatives of a query in disjunctive normal form.
const MAX_ALTERNATIVES: usize = 30;

/// Maximum number of filtered fields that are nested in other filtered fields.
const MAX_INNER: usize = 4;

/// Maximum nesting of filters.
const MAX_DEPTH: usize = 100;

/// A filter of a query. Field paths may be nested (`author.uid`); backquotes enclose a name that contains a dot.
///
/// Comparisons with null or NaN mean what client libraries make of them: `==` is "is null", `!=` is "is not null".
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// The field compares with the value.
    Field(String, Comparator, Value),
    /// `in`: the field equals one of the values.
    In(String, Vec<Value>),
    /// `not-in`: the field equals none of the values.
    NotIn(String, Vec<Value>),
    /// `array-contains-any`: the field is a list that contains one of the values.
    ContainsAny(String, Vec<Value>),
    /// All of these filters hold.
    And(Vec<Filter>),
    /// One of these filters holds.
    Or(Vec<Filter>),
}

type Term = (Comparator, Value);

/// Terms on fields, all of which hold: one alternative of the disjunctive normal form.
type Conjunction<'f> = Vec<(&'f str, Vec<Term>)>;

/// One way to satisfy the filters of a query. The rules decide each alternative; a query is allowed if all of them are.
#[derive(Clone, Debug)]
pub(super) struct Alternative {
    /// The value of `resource`.
    pub(super) resource: Value,
    /// The only document that can satisfy the alternative, by its name within the database: rules see that document.
    pub(super) document: Option<String>,
}

/// The collection that a query reads.
pub(super) struct QueryScope<'q> {
    pub(super) database: &'q str,
    /// The path of the collection within the database.
    pub(super) collection: &'q str,
    /// Whether `__name__` is known to be below a document.
    pub(super) below: bool,
}

/// Every way to satisfy all of the filters.
///
/// # Errors
///
/// A message, if Firestore refuses the query.
pub(super) fn alternatives(filters: &[Filter], scope: &QueryScope<'_>) -> Result<Vec<Alternative>, String> {
    let mut found: Vec<Conjunction<'_>> = Vec::new();
    for conjunction in conjoin(filters, 0)? {
        if !found.contains(&conjunction) {
            found.push(conjunction);
        }
    }
    let each: Result<Vec<_>, _> = found.into_iter().map(|conjunction| outcomes(conjunction, scope)).collect();
    Ok(each?.concat())
}

fn conjoin(filters: &[Filter], depth: usize) -> Result<Vec<Conjunction<'_>>, String> {
    filters.iter().try_fold(vec![Vec::new()], |so_far, filter| {
        let more = filter.to_dnf(depth)?;
        let each = so_far.iter().flat_map(|a| more.iter().map(|b| a.iter().chain(b).cloned().collect()));
        check_count(each.collect())
    })
}

fn check_count<T>(alternatives: Vec<T>) -> Result<Vec<T>, String> {
    match alternatives.len() {
        0..=MAX_ALTERNATIVES => Ok(alternatives),
        many => Err(format!("the filters have {many} alternatives; a query has at most {MAX_ALTERNATIVES}")),
    }
}

impl Filter {
    fn to_dnf(&self, depth: usize) -> Result<Vec<Conjunction<'_>>, String> {
        if depth > MAX_DEPTH {
            return Err(format!("filters nest more than {MAX_DEPTH} deep"));
        }
        let each = |field: &'_ String, values: &[Value], terms: fn(&Value) -> Vec<Term>| match values {
            [] => Err(format!("the list of values for {field} is empty")),
            values => check_count(values.iter().map(terms).collect()),
        };
        let on = |field, terms: Vec<Vec<Term>>| terms.into_iter().map(|terms| vec![(field, terms)]).collect();
        Ok(match self {
            Filter::Field(field, op, value) => on(field.as_str(), vec![comparison_terms(*op, value)]),
            Filter::In(field, values) => on(field, each(field, values, in_terms)?),
            Filter::NotIn(field, values) => on(field, vec![each(field, values, not_in_terms)?.concat()]),
            Filter::ContainsAny(field, values) => {
                on(field, each(field, values, |value| comparison_terms(Comparator::ListContains, value))?)
            }
            Filter::And(filters) => conjoin(filters, depth + 1)?,
            Filter::Or(filters) => {
                if filters.is_empty() {
                    return Err("`or` has no filter".to_owned());
                }
                let each: Result<Vec<_>, String> = filters.iter().map(|f| f.to_dnf(depth + 1)).collect();
                check_count(each?.concat())?
            }
        })
    }
}

/// Two contradicting terms: the official engine's form of a comparison that nothing satisfies.
fn contradiction() -> Vec<Term> {
    vec![(Comparator::Eq, Value::Bool(true)), (Comparator::Eq, Value::Bool(false))]
}

fn is_nan(value: &Value) -> bool {
    matches!(value, Value::Float(n) if n.is_nan())
}

/// What the official engine knows of a compared field. It knows nothing of an order among values that rules do not
/// order.
fn comparison_terms(op: Comparator, value: &Value) -> Vec<Term> {
    use Comparator::{Eq, Ge, Gt, Le, ListContains, Lt, Ne};
    let odd = matches!(value, Value::Null) || is_nan(value);
    match op {
        Eq | Ne => vec![(op, normalized(value))],
        ListContains if odd => vec![(op, Value::List(Vec::new()))],
        ListContains => vec![(op, normalized(value))],
        Lt | Le | Gt | Ge if odd => contradiction(),
        Lt | Le | Gt | Ge => match value {
            Value::Bool(_) | Value::List(_) | Value::Map(_) | Value::LatLng(_) | Value::Path(_) => Vec::new(),
            _ => vec![(op, normalized(value))],
        },
    }
}

/// The terms for one value of `in`.
fn in_terms(value: &Value) -> Vec<Term> {
    if matches!(value, Value::Null) || is_nan(value) {
        contradiction()
    } else {
        comparison_terms(Comparator::Eq, value)
    }
}

/// The terms for one value of `not-in`.
fn not_in_terms(value: &Value) -> Vec<Term> {
    match value {
        Value::Null => contradiction(),
        value if is_nan(value) => vec![(Comparator::Ne, Value::Null)],
        value => comparison_terms(Comparator::Ne, value),
    }
}

/// A value as Firestore stores it: zero has no sign.
fn normalized(value: &Value) -> Value {
    match value {
        Value::Float(n) if *n == 0.0 => Value::Float(0.0),
        Value::List(items) => Value::List(items.iter().map(normalized).collect()),
        Value::Map(map) => {
            let mut fields = Map::new();
            for (key, value) in map.iter() {
                fields.insert(key.to_owned(), normalized(value));
            }
            Value::Map(fields)
        }
        value => value.clone(),
    }
}

/// What rules may see of one way to satisfy the filters.
///
/// If both a field and one nested in it are filtered (`author`, `author.uid`), the official engine applies them in the
/// order of a hash: the outer field may replace what is known of the inner one. That order is unknown here, so the
/// rules decide each outcome.
fn outcomes(conjunction: Conjunction<'_>, scope: &QueryScope<'_>) -> Result<Vec<Alternative>, String> {
    let mut fields: Vec<(Vec<String>, FieldConstraint)> = Vec::new();
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
        let path = parse_field_path(field)?;
        let at = fields.iter().position(|(known, _)| *known == path).unwrap_or_else(|| {
            fields.push((path, FieldConstraint::default()));
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
    // An outer field comes before the fields nested in it, so that a map that it equals keeps them.
    fields.sort_by_key(|(path, _)| path.len());
    let fields: Vec<_> = fields.into_iter().map(|(path, known)| (path, known.value())).collect();
    let is_inner =
        |path: &[String]| fields.iter().any(|(outer, _)| outer.len() < path.len() && path.starts_with(outer));
    let inner: Vec<_> = fields.iter().filter(|(path, _)| is_inner(path)).collect();
    if inner.len() > MAX_INNER {
        let many = inner.len();
        return Err(format!(
            "{many} filtered fields are nested in other filtered fields; at most {MAX_INNER} are supported"
        ));
    }
    let lost = |case: usize, path: &[String]| {
        inner.iter().position(|(inner, _)| inner == path).is_some_and(|at| case & (1 << at) != 0)
    };
    let outcomes = (0..1_usize << inner.len()).map(|case| {
        let mut data = Map::new();
        for (path, value) in fields.iter().filter(|(path, _)| !lost(case, path)) {
            set_nested(&mut data, path, value.clone());
        }
        let mut resource = resource.clone();
        resource.insert("data", data);
        Alternative { resource: Value::Map(resource), document: document.clone() }
    });
    Ok(outcomes.collect())
}

/// What filters say about a field.
#[derive(Default)]
struct FieldConstraint {
    terms: Vec<Term>,
    /// Whether one of the filters says nothing.
    has_unknown: bool,
}

impl FieldConstraint {
    fn add(&mut self, terms: Vec<Term>) {
        self.has_unknown |= terms.is_empty();
        for term in terms {
            if !self.terms.contains(&term) {
                self.terms.push(term);
            }
        }
    }

    /// The value of a field that one equality fixes, without other filters; otherwise a constraint.
    fn value(mut self) -> Value {
        match self.terms.pop() {
            Some((Comparator::Eq, value)) if self.terms.is_empty() && !self.has_unknown => value,
            last => {
                self.terms.extend(last);
                Value::Constraint(Constraint { terms: self.terms })
            }
        }
    }
}

/// Sets a field by its path.
fn set_nested(data: &mut Map, path: &[String], value: Value) {
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
            set_nested(&mut inner, rest, value);
            data.insert(first.as_str(), inner);
        }
    }
}

/// Parses the path of a field.
fn parse_field_path(field: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    let mut rest = field;
    loop {
        let (name, after) = match rest.strip_prefix('`') {
            Some(quoted) => {
                quoted_name(quoted).ok_or_else(|| format!("invalid field path {field:?}: unclosed backquote"))?
            }
            None => {
                let (name, after) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
                (name.to_owned(), after)
            }
        };
        if name.is_empty() {
            return Err(format!("invalid field path {field:?}: empty name"));
        }
        names.push(name);
        match after.strip_prefix('.') {
            Some(more) => rest = more,
            None if after.is_empty() => return Ok(names),
            None => return Err(format!("invalid field path {field:?}: a dot must follow the closing backquote")),
        }
    }
}

/// The name before the closing backquote, and the text after it.
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

/// The full name of a document, from a reference, a name within the database, or an id within the collection.
fn full_name(value: &Value, scope: &QueryScope<'_>) -> Result<String, String> {
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
        _ => return Err(format!("{NAME} compares with documents: a path, a name such as \"posts/p1\", or an id")),
    };
    match DocumentPath::parse(&full) {
        Some(_) => Ok(full),
        None => Err(format!("{NAME}: `{full}` is not the name of a document")),
    }
}
