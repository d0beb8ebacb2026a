//! Reads queries from JSON.

use serde_json::Value as Json;

use crate::value::{Comparator, Value, json};

use super::{Direction, Filter, Query};

/// The operators of filters in JSON.
const OPERATORS: &str = "== != < <= > >= in not-in array-contains array-contains-any";

/// Maximum nesting of filters.
const MAX_DEPTH: usize = 100;

impl Query {
    /// The parts of a query in JSON.
    pub const NAMES: [&'static str; 6] = ["limit", "offset", "orderBy", "where", "or", "collectionGroup"];

    /// Reads a query as request files and suites write it: `limit`, `offset`, `orderBy` (fields to `ASC` or `DESC`),
    /// `where`, a list of filters that all hold, `or`, a list of filters of which one holds, and `collectionGroup`
    /// (true). A filter is a list of field, operator and value, or `{"or": [...]}`, `{"and": [...]}`.
    ///
    /// # Errors
    ///
    /// A message about an unknown part, or about a value that does not fit.
    pub fn from_json(json: &Json) -> Result<Query, String> {
        let Json::Object(fields) = json else { return Err("a query must be an object".to_owned()) };
        let mut query = Query::new();
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
            let int = || value.as_i64().ok_or_else(|| format!("`{name}`: {value} is not a whole number"));
            query = match name.as_str() {
                "limit" => query.limit(int()?),
                "offset" => query.offset(int()?),
                "orderBy" => order(query, value)?,
                "where" => filters("where", value, 0)?.into_iter().fold(query, Query::matching),
                "or" => query.matching(Filter::Or(filters("or", value, 0)?)),
                "collectionGroup" => match value {
                    Json::Bool(true) => query.collection_group(),
                    Json::Bool(false) => query,
                    _ => return Err(format!("collectionGroup: {value} is not true or false")),
                },
                _ => return Err(format!("unknown part `{name}` of a query: there are {}", Query::NAMES.join(", "))),
            };
        }
        Ok(query)
    }
}

fn order(mut query: Query, fields: &Json) -> Result<Query, String> {
    let fields = fields.as_object().ok_or("orderBy is an object: {\"age\": \"ASC\"}")?;
    for (field, direction) in fields {
        query = query.order_by(
            field,
            match direction.as_str() {
                Some("ASC") => Direction::Ascending,
                Some("DESC") => Direction::Descending,
                _ => return Err(format!("orderBy {field}: ASC or DESC, not {direction}")),
            },
        );
    }
    Ok(query)
}

fn filters(name: &str, list: &Json, depth: usize) -> Result<Vec<Filter>, String> {
    if depth > MAX_DEPTH {
        return Err(format!("{name}: filters nest more than {MAX_DEPTH} deep"));
    }
    let list = list.as_array().ok_or_else(|| format!("{name} is a list of [field, comparison, value]"))?;
    list.iter().map(|filter| one(name, filter, depth)).collect()
}

fn one(name: &str, filter: &Json, depth: usize) -> Result<Filter, String> {
    if let Some(composite) = filter.as_object() {
        let mut parts = composite.iter();
        return match (parts.next(), parts.next()) {
            (Some((name, list)), None) if name == "and" => Ok(Filter::And(filters("and", list, depth + 1)?)),
            (Some((name, list)), None) if name == "or" => Ok(Filter::Or(filters("or", list, depth + 1)?)),
            _ => Err(format!("{name}: {filter} is not {{\"and\": [...]}} or {{\"or\": [...]}}")),
        };
    }
    let parts = filter.as_array().map(Vec::as_slice);
    let Some([Json::String(field), Json::String(op), value]) = parts else {
        return Err(format!("{name}: {filter} is not [field, comparison, value]"));
    };
    let comparator = match op.as_str() {
        "==" => Comparator::Eq,
        "!=" => Comparator::Ne,
        "<" => Comparator::Lt,
        "<=" => Comparator::Le,
        ">" => Comparator::Gt,
        ">=" => Comparator::Ge,
        "array-contains" => Comparator::ListContains,
        "in" => return Ok(Filter::In(field.clone(), values(name, field, op, value)?)),
        "not-in" => return Ok(Filter::NotIn(field.clone(), values(name, field, op, value)?)),
        "array-contains-any" => return Ok(Filter::ContainsAny(field.clone(), values(name, field, op, value)?)),
        other => return Err(format!("{name} {field}: unknown operator `{other}`: there are {OPERATORS}")),
    };
    let value = json::field(value).map_err(|error| format!("{name} {field}: {error}"))?;
    Ok(Filter::Field(field.clone(), comparator, value))
}

fn values(name: &str, field: &str, op: &str, list: &Json) -> Result<Vec<Value>, String> {
    match json::field(list) {
        Ok(Value::List(values)) if !values.is_empty() => Ok(values),
        Ok(_) => Err(format!("{name} {field}: {op} takes a list of values, not {list}")),
        Err(error) => Err(format!("{name} {field}: {error}")),
    }
}
