//! Functions of the service answered from a table in the request.

use bumpalo::Bump;
use serde_json::{Map as JsonMap, Value as Json};

use crate::{
    eval::Host,
    program::ServiceFunction,
    service::call_error,
    stdlib::{Failure, member_of},
    value::{Map, PathRef, Value, ValueRef, json},
};

/// Answers by function and path; `*` is for every path without its own.
#[derive(Default)]
pub(super) struct Table {
    functions: Map,
    prefix: &'static str,
}

impl Table {
    pub(super) fn new(service: &str, functions: Option<&Json>) -> Result<Self, String> {
        let prefix = if service == crate::storage::SERVICE { "firestore." } else { "" };
        let mut table = Table { functions: Map::new(), prefix };
        let functions = match functions {
            None | Some(Json::Null) => return Ok(table),
            Some(Json::Object(functions)) => functions,
            Some(_) => return Err("functions is an object from names to tables".to_owned()),
        };
        for (name, rows) in functions {
            let Json::Object(rows) = rows else { return Err(format!("the table of {name} is not an object")) };
            table.functions.insert(name.as_str(), read(rows)?);
        }
        Ok(table)
    }
}

/// Typed values by key.
pub(super) fn read(rows: &JsonMap<String, Json>) -> Result<Map, String> {
    let mut map = Map::new();
    for (key, value) in rows {
        map.insert(key.as_str(), json::from_typed(value).map_err(|e| format!("{key}: {e}"))?);
    }
    Ok(map)
}

impl<'a> Host<'a> for Table {
    fn call(
        &'a self,
        function: ServiceFunction,
        path: PathRef<'a>,
        arena: &'a Bump,
    ) -> Result<ValueRef<'a>, Failure<'a>> {
        let name = format!("{}{}", self.prefix, function.name());
        let text = path.text().as_str().to_string();
        let row = match self.functions.get(&name) {
            Some(Value::Map(rows)) => rows.get(&text).or_else(|| rows.get("*")),
            _ => None,
        };
        match row {
            Some(value) => member_of(value.view()),
            None => Err(call_error(self.prefix, function, path, arena)),
        }
    }
}
