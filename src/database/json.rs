//! Data and requests from JSON, in the REST export form: `.value` and `.priority`, arrays, server values. Source: the
//! realtime-database specification, sections 7.5 and 7.10.

use std::borrow::Cow;

use serde_json::{Map as JsonMap, Value as Json, json};

use crate::value::json::double;

use super::{
    Data, Incoming, Query, Request, RequestError, Scalar, ServerValue,
    data::DataNode,
    incoming::Placeholder,
    limits::{MAX_LEVELS, check_value, key_error, place_of, shorten},
    request::Operation,
};

/// The levels of JSON that are read: those of paths, and the objects around values and server values.
const MAX_NESTING: usize = MAX_LEVELS + 4;

impl Data {
    /// Reads stored data. Nulls, empty objects and empty arrays are absent values, arrays are objects whose keys are the
    /// indexes, `{".value": v, ".priority": p}` is a value with a priority.
    ///
    /// # Errors
    ///
    /// The database cannot have stored the value: it has a server value, or a key, depth or number beyond the limits.
    pub fn from_json(json: &Json) -> Result<Data, RequestError> {
        let mut reader = JsonReader::default();
        let data = reader.value(json)?;
        if let Some(placeholder) = reader.placeholders.first() {
            let names: Vec<&str> = placeholder.path.iter().map(|name| &**name).collect();
            let found = "stored data has none".to_owned();
            return Err(RequestError::ServerValue { place: place_of(&names), found });
        }
        check_value(&data, &mut Vec::new())?;
        Ok(data)
    }

    /// Writes the export form: a priority is beside the children, or beside `.value`.
    pub fn to_json(&self) -> Json {
        let scalar = |scalar: &Scalar| match scalar {
            Scalar::Bool(b) => json!(b),
            // The database writes whole numbers without a point.
            Scalar::Number(n) if n.fract() == 0.0 && n.abs() < 9e15 => json!(*n as i64),
            Scalar::Number(n) => json!(n),
            Scalar::String(text) => json!(text),
        };
        let priority = self.priority().map(|p| (".priority".to_owned(), scalar(p)));
        match &self.node {
            DataNode::Nothing => Json::Null,
            DataNode::Leaf(leaf) if priority.is_none() => scalar(leaf),
            DataNode::Leaf(leaf) => {
                Json::Object([(".value".to_owned(), scalar(leaf))].into_iter().chain(priority).collect())
            }
            DataNode::Children(children) => {
                let children = children.iter().map(|(name, child)| (name.as_str().to_owned(), child.to_json()));
                Json::Object(priority.into_iter().chain(children).collect())
            }
        }
    }
}

impl TryFrom<Json> for Data {
    type Error = RequestError;

    fn try_from(json: Json) -> Result<Data, RequestError> {
        Data::from_json(&json)
    }
}

impl From<&Json> for Incoming {
    fn from(json: &Json) -> Self {
        let mut reader = JsonReader::default();
        match reader.value(json) {
            Ok(data) => Incoming::with_placeholders(data, reader.placeholders),
            Err(error) => Incoming::refused(error),
        }
    }
}

impl From<Json> for Incoming {
    fn from(json: Json) -> Self {
        Incoming::from(&json)
    }
}

impl<'a> Request<'a> {
    /// Replaces the values at several paths below a location, all or none: an object of paths and values, of which null
    /// deletes. The rules decide each path on its own, with the same data before and after.
    pub fn update(path: impl Into<Cow<'a, str>>, values: Json) -> Self {
        let values = match values {
            Json::Object(fields) => Ok(fields.iter().map(|(path, value)| (path.clone(), value.into())).collect()),
            Json::Array(items) => {
                Ok(items.iter().enumerate().map(|(at, value)| (at.to_string(), value.into())).collect())
            }
            Json::Null => Ok(Vec::new()),
            other => Err(RequestError::Update { found: kind(&other) }),
        };
        Self::new(Operation::Update(values), path)
    }
}

impl Query {
    /// The fields of a query in JSON.
    pub const NAMES: [&'static str; 9] = [
        "orderByKey",
        "orderByValue",
        "orderByPriority",
        "orderByChild",
        "startAt",
        "endAt",
        "equalTo",
        "limitToFirst",
        "limitToLast",
    ];

    /// Reads a query of the line protocol or a request file, an object with the fields [`Self::NAMES`].
    ///
    /// # Errors
    ///
    /// The message for an unknown field, or for a value that does not fit its field.
    pub fn from_json(json: &Json) -> Result<Query, String> {
        let Json::Object(fields) = json else { return Err(format!("a query is an object, not {}", kind(json))) };
        let mut query = Query::new();
        let asks = |(_, value): &(&String, &Json)| !matches!(value, Json::Null | Json::Bool(false));
        let mut orders = fields.iter().filter(|(name, _)| name.starts_with("orderBy")).filter(asks);
        if let (Some((first, _)), Some((second, _))) = (orders.next(), orders.next()) {
            return Err(format!("{first} and {second} stand beside each other; a query has one order"));
        }
        for (name, value) in fields {
            let bad = || format!("{name}: {} does not fit", shorten(&value.to_string()));
            let count = || value.as_u64().and_then(|n| u32::try_from(n).ok()).ok_or_else(bad);
            let bound = || scalar(value).ok_or_else(bad);
            query = match (name.as_str(), value) {
                (_, Json::Null) => query,
                ("orderByKey" | "orderByValue" | "orderByPriority", Json::Bool(false)) => query,
                ("orderByKey", Json::Bool(true)) => query.order_by_key(),
                ("orderByValue", Json::Bool(true)) => query.order_by_value(),
                ("orderByPriority", Json::Bool(true)) => query.order_by_priority(),
                ("orderByChild", Json::String(path)) => query.order_by_child(path.as_str()),
                ("startAt", _) => query.start_at(bound()?),
                ("endAt", _) => query.end_at(bound()?),
                ("equalTo", _) => query.equal_to(bound()?),
                ("limitToFirst", _) => query.limit_to_first(count()?),
                ("limitToLast", _) => query.limit_to_last(count()?),
                ("orderByKey" | "orderByValue" | "orderByPriority" | "orderByChild", _) => return Err(bad()),
                _ => return Err(format!("{name} is no part of a query; there are {}", Query::NAMES.join(", "))),
            };
        }
        Ok(query)
    }
}

/// A boolean, number or string of JSON.
pub(super) fn scalar(json: &Json) -> Option<Scalar> {
    match json {
        Json::Bool(b) => Some(Scalar::Bool(*b)),
        Json::Number(n) => Some(Scalar::Number(double(n))),
        Json::String(text) => Some(Scalar::String(text.as_str().into())),
        _ => None,
    }
}

pub(super) fn kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

#[derive(Default)]
struct JsonReader {
    path: Vec<String>,
    placeholders: Vec<Placeholder>,
}

impl JsonReader {
    fn place(&self) -> String {
        place_of(&self.path.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn add_placeholder(&mut self, value: ServerValue, is_priority: bool) {
        let path = self.path.iter().map(|name| Box::from(name.as_str())).collect();
        self.placeholders.push(Placeholder { path, value, is_priority });
    }

    fn value(&mut self, json: &Json) -> Result<Data, RequestError> {
        if self.path.len() > MAX_NESTING {
            return Err(RequestError::TooDeep { place: self.place(), levels: self.path.len() });
        }
        match json {
            Json::Null => Ok(Data::default()),
            Json::Object(fields) => self.object(fields),
            Json::Array(items) => {
                let items = items.iter().enumerate().map(|(at, item)| (at.to_string(), item));
                self.children(items)
            }
            other => Ok(scalar(other).map_or_else(Data::default, Data::from)),
        }
    }

    fn object(&mut self, fields: &JsonMap<String, Json>) -> Result<Data, RequestError> {
        let priority = match fields.get(".priority") {
            None | Some(Json::Null) => None,
            Some(json) => self.priority(json)?,
        };
        let special = |name: &str| matches!(name, ".value" | ".priority" | ".sv");
        let data = if let Some(server) = fields.get(".sv") {
            if fields.keys().any(|name| !matches!(name.as_str(), ".sv" | ".priority")) {
                return Err(RequestError::ValueBesideChildren { place: self.place() });
            }
            let value = self.server(server)?;
            self.add_placeholder(value, false);
            Data::from(0.0)
        } else if let Some(value) = fields.get(".value") {
            if fields.keys().any(|name| !special(name)) {
                return Err(RequestError::ValueBesideChildren { place: self.place() });
            }
            match value {
                Json::Null => Data::default(),
                Json::Object(inner) if inner.contains_key(".sv") && inner.len() == 1 => self.object(inner)?,
                value => match scalar(value) {
                    Some(scalar) => Data::from(scalar),
                    None => return Err(RequestError::Value { place: self.place(), found: kind(value) }),
                },
            }
        } else {
            self.children(fields.iter().filter(|(name, _)| !special(name)).map(|(name, json)| (name.clone(), json)))?
        };
        Ok(match priority {
            Some(priority) => data.with_priority(priority),
            None => data,
        })
    }

    fn children<'j>(&mut self, entries: impl Iterator<Item = (String, &'j Json)>) -> Result<Data, RequestError> {
        let mut children = Vec::new();
        for (name, json) in entries {
            // An absent value needs a valid key too: no data would show the error later.
            if let Some(error) = key_error(&name, || self.place()) {
                return Err(error);
            }
            self.path.push(name.clone());
            let child = self.value(json)?;
            self.path.pop();
            children.push((name, child));
        }
        Ok(Data::object(children))
    }

    fn priority(&mut self, json: &Json) -> Result<Option<Scalar>, RequestError> {
        match json {
            Json::Object(fields) => match fields.get(".sv") {
                Some(server) if fields.len() == 1 => {
                    let value = self.server(server)?;
                    self.add_placeholder(value, true);
                    Ok(Some(Scalar::Number(0.0)))
                }
                _ => Err(RequestError::Priority { place: self.place(), found: "an object" }),
            },
            json => match scalar(json) {
                Some(priority @ (Scalar::Number(_) | Scalar::String(_))) => Ok(Some(priority)),
                _ => Err(RequestError::Priority { place: self.place(), found: kind(json) }),
            },
        }
    }

    fn server(&self, json: &Json) -> Result<ServerValue, RequestError> {
        match json {
            Json::String(name) if name == "timestamp" => Ok(ServerValue::Timestamp),
            Json::Object(fields) if fields.len() == 1 => {
                fields.get("increment").and_then(Json::as_f64).map(ServerValue::Increment).ok_or(())
            }
            _ => Err(()),
        }
        .map_err(|()| RequestError::ServerValue { place: self.place(), found: shorten(&json.to_string()) })
    }
}
