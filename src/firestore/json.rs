//! Queries from JSON.

use serde_json::Value as Json;

use crate::value::{Comparator, json};

use super::{Direction, Query};

impl Query {
    /// The parts that a query in JSON can have.
    pub const NAMES: [&'static str; 4] = ["limit", "offset", "orderBy", "where"];

    /// Reads a query as request files and suites have it: `limit`, `offset`, `orderBy` (fields to `ASC` or `DESC`) and
    /// `where`, a list of field, comparison and value.
    ///
    /// # Errors
    ///
    /// A name that is none of these, or a value that does not fit it, in words.
    pub fn from_json(json: &Json) -> Result<Query, String> {
        let Json::Object(fields) = json else { return Err("a query is an object".to_owned()) };
        let mut query = Query::new();
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
            let int = || value.as_i64().ok_or_else(|| format!("{name}: {value} is no whole number"));
            query = match name.as_str() {
                "limit" => query.limit(int()?),
                "offset" => query.offset(int()?),
                "orderBy" => order(query, value)?,
                "where" => {
                    let filters = value.as_array().ok_or("where is a list of [field, comparison, value]")?;
                    filters.iter().try_fold(query, filter)?
                }
                _ => return Err(format!("{name} is no part of a query; there are limit, offset, orderBy, where")),
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

fn filter(query: Query, filter: &Json) -> Result<Query, String> {
    let parts = filter.as_array().map(Vec::as_slice);
    let Some([Json::String(field), Json::String(op), value]) = parts else {
        return Err(format!("where: {filter} is not [field, comparison, value]"));
    };
    let op = match op.as_str() {
        "==" => Comparator::Eq,
        "!=" => Comparator::Ne,
        "<" => Comparator::Lt,
        "<=" => Comparator::Le,
        ">" => Comparator::Gt,
        ">=" => Comparator::Ge,
        "array-contains" => Comparator::ListContains,
        other => return Err(format!("where {field}: {other:?} is none of == != < <= > >= array-contains")),
    };
    let value = json::field(value).map_err(|error| format!("where {field}: {error}"))?;
    Ok(query.filter(field, op, value))
}
