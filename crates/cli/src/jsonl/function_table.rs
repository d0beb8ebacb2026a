//! Service functions that a table in the request answers.

use bumpalo::Bump;
use serde_json::{Map as JsonMap, Value as Json};

use firewarden::{
    internals::{
        eval::Host,
        program::ServiceFunction,
        request::ServiceProduct,
        service::{CallFailure, CallTarget, DocumentScope},
        stdlib::{Failure, member_of},
    },
    value::{Map, PathRef, Str, Value, ValueRef, json, path::split_path},
};

/// Results by function and path; `*` is for all other paths.
pub(super) struct FunctionTable<'r> {
    rows: Vec<Row>,
    scope: DocumentScope<'r>,
    /// Whether the request is for a Firestore document: then rules can read only what they can read in Firestore. For
    /// other requests, which try the language or have a host of their own, the table answers any path.
    real: bool,
}

struct Row {
    function: String,
    /// The segments of the path; `None` stands for all other paths.
    path: Option<Vec<String>>,
    answer: Value,
}

impl<'r> FunctionTable<'r> {
    /// The table of a request. `path` is that of the request, `service` that of the rules.
    pub(super) fn new(service: &'r str, path: &[&'r str], functions: Option<&Json>) -> Result<Self, String> {
        let prefix = ServiceProduct::Firestore.prefix();
        let (owner, real) = match path {
            [first, owner, last, _, ..] => (*owner, (*first, *last) == (prefix.first, prefix.last)),
            _ => ("", false),
        };
        let real = real && service == ServiceProduct::Firestore.service();
        let mut table = FunctionTable { rows: Vec::new(), scope: DocumentScope::new(service, owner), real };
        let functions = match functions {
            None | Some(Json::Null) => return Ok(table),
            Some(Json::Object(functions)) => functions,
            Some(_) => return Err("expected `functions` to be an object from names to tables".to_owned()),
        };
        for (function, rows) in functions {
            let Json::Object(rows) = rows else {
                return Err(format!("expected the table of `{function}` to be an object"));
            };
            for (key, answer) in rows {
                let path = match key.as_str() {
                    "*" => None,
                    path => {
                        Some(split_path(path).map_err(|why| format!("`{function}`: invalid path `{path}`: {why}"))?)
                    }
                };
                let path = path.map(|segments| segments.into_iter().map(str::to_owned).collect());
                let answer = json::from_typed(answer).map_err(|e| format!("{key}: {e}"))?;
                table.rows.push(Row { function: function.clone(), path, answer });
            }
        }
        Ok(table)
    }

    fn find(&self, function: &str, segments: &[Str<'_>]) -> Option<&Value> {
        let mut rows = self.rows.iter().filter(|row| row.function == function);
        let fits = |row: &&Row| match &row.path {
            Some(path) => path.iter().map(|text| Str::Utf8(text)).eq(segments.iter().copied()),
            None => false,
        };
        let found = rows.clone().find(fits).or_else(|| rows.find(|row| row.path.is_none()));
        found.map(|row| &row.answer)
    }
}

/// Converts typed values by key.
pub(super) fn read(rows: &JsonMap<String, Json>) -> Result<Map, String> {
    let mut map = Map::new();
    for (key, value) in rows {
        map.insert(key.as_str(), json::from_typed(value).map_err(|e| format!("{key}: {e}"))?);
    }
    Ok(map)
}

impl<'a> Host<'a> for FunctionTable<'_> {
    fn call(
        &'a self,
        function: ServiceFunction,
        path: PathRef<'a>,
        arena: &'a Bump,
    ) -> Result<ValueRef<'a>, Failure<'a>> {
        let full;
        let segments: Vec<Str<'_>> = if self.real {
            match self.scope.resolve(function, path, arena)? {
                CallTarget::Impossible => return Ok(ValueRef::Bool(false)),
                CallTarget::Document(name) => full = name,
            }
            full.split('/').skip(1).map(Str::Utf8).collect()
        } else {
            path.resolved().map_err(|unbound| Failure::Unbound(unbound.0))?
        };
        let name = format!("{}{}", self.scope.prefix(), function.name());
        match self.find(&name, &segments) {
            Some(value) => member_of(value.view()),
            None => Err(self.scope.call_error(function, path, CallFailure::Unstated, arena)),
        }
    }
}
