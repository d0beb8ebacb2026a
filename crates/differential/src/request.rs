//! A case of requests: rules, documents, who asks for what. Its JSON is the row that records it.

use std::{collections::BTreeMap, fmt};

use anyhow::{Context as _, Result, bail};
use firewarden::{firestore::Method, value::Comparator};
use serde_json::{Map as JsonMap, Value as Json, json};

use crate::emulator::denial::Said;

/// Rules and what is asked of them. Several requests are the writes of one commit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Case {
    /// The rules.
    pub source: String,
    /// Fields by name within the default database, as the REST API writes them.
    pub documents: BTreeMap<String, Json>,
    /// What is asked.
    pub requests: Vec<Asked>,
}

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// What it does.
    pub method: Method,
    /// The document or, of a list, the collection.
    pub path: String,
    /// The claims of the user's token; without them nobody is signed in.
    pub user: Option<Json>,
    /// All fields that are written, as the REST API writes them.
    pub fields: Option<Json>,
    /// What a list asks for.
    pub query: Option<Query>,
}

/// A query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// All of them hold.
    pub filters: Vec<Filter>,
    /// Fields, and whether the smallest comes first.
    pub order: Vec<(String, bool)>,
    /// At most so many documents.
    pub limit: Option<i64>,
    /// So many are skipped.
    pub offset: Option<i64>,
}

/// A condition on a field.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// The field's path.
    pub field: String,
    /// The operator, as the REST API names it.
    pub op: &'static str,
    /// The value, as the REST API writes it.
    pub value: Json,
}

/// Operators of filters that the engine knows.
pub const OPERATORS: [(&str, Comparator); 7] = [
    ("EQUAL", Comparator::Eq),
    ("NOT_EQUAL", Comparator::Ne),
    ("LESS_THAN", Comparator::Lt),
    ("LESS_THAN_OR_EQUAL", Comparator::Le),
    ("GREATER_THAN", Comparator::Gt),
    ("GREATER_THAN_OR_EQUAL", Comparator::Ge),
    ("ARRAY_CONTAINS", Comparator::ListContains),
];

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It may pass.
    Allowed,
    /// It may not; what the statements said, in order.
    Denied(Vec<Said>),
    /// The rules are refused.
    NoRules(String),
    /// No verdict: the emulator found something else wrong.
    Other(String),
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Allowed => f.write_str("allow"),
            Answer::Denied(said) if said.is_empty() => f.write_str("deny"),
            Answer::Denied(said) => {
                let said: Vec<_> = said.iter().map(Said::to_string).collect();
                write!(f, "deny: {}", said.join(", "))
            }
            Answer::NoRules(why) => write!(f, "refused: {why}"),
            Answer::Other(why) => write!(f, "no verdict: {why}"),
        }
    }
}

impl Case {
    /// The row of a case, without answers.
    pub fn to_json(&self) -> JsonMap<String, Json> {
        let requests: Vec<_> = self.requests.iter().map(Asked::to_json).collect();
        let fields = json!({ "source": self.source, "documents": self.documents, "requests": requests });
        match fields {
            Json::Object(fields) => fields,
            _ => JsonMap::new(),
        }
    }

    /// Reads a row.
    ///
    /// # Errors
    ///
    /// A part that is missing or is none.
    pub fn from_json(row: &Json) -> Result<Case> {
        let documents = row["documents"].as_object().into_iter().flatten();
        let requests = row["requests"].as_array().context("a row has requests")?;
        Ok(Case {
            source: row["source"].as_str().context("a row has a source")?.to_owned(),
            documents: documents.map(|(name, fields)| (name.clone(), fields.clone())).collect(),
            requests: requests.iter().map(Asked::from_json).collect::<Result<_>>()?,
        })
    }
}

impl Asked {
    /// A request of nobody, without data.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Asked { method, path: path.into(), user: None, fields: None, query: None }
    }

    /// The request as a row has it.
    pub fn to_json(&self) -> Json {
        let mut row = json!({ "method": self.method.name(), "path": self.path });
        if let Some(user) = &self.user {
            row["user"] = user.clone();
        }
        if let Some(fields) = &self.fields {
            row["fields"] = fields.clone();
        }
        if let Some(query) = &self.query {
            row["query"] = query.to_json();
        }
        row
    }

    fn from_json(row: &Json) -> Result<Asked> {
        let method = row["method"].as_str().and_then(Method::parse).context("a request has a method")?;
        let given = |name: &str| row.get(name).filter(|json| !json.is_null()).cloned();
        Ok(Asked {
            method,
            path: row["path"].as_str().context("a request has a path")?.to_owned(),
            user: given("user"),
            fields: given("fields"),
            query: row.get("query").map(Query::from_json).transpose()?,
        })
    }
}

impl Query {
    fn to_json(&self) -> Json {
        let filters: Vec<_> = self.filters.iter().map(|f| json!([f.field, f.op, f.value])).collect();
        let mut row = json!({ "where": filters });
        if !self.order.is_empty() {
            let order =
                self.order.iter().map(|(field, up)| json!([field, if *up { "ASCENDING" } else { "DESCENDING" }]));
            row["orderBy"] = order.collect();
        }
        for (name, number) in [("limit", self.limit), ("offset", self.offset)] {
            if let Some(number) = number {
                row[name] = json!(number);
            }
        }
        row
    }

    fn from_json(row: &Json) -> Result<Query> {
        let filter = |row: &Json| {
            let op = row[1].as_str().unwrap_or_default();
            let Some((op, _)) = OPERATORS.iter().find(|(name, _)| *name == op) else { bail!("{op:?} is no operator") };
            let field = row[0].as_str().context("a filter has a field")?.to_owned();
            Ok(Filter { field, op, value: row[2].clone() })
        };
        let order =
            |row: &Json| Ok((row[0].as_str().context("an order has a field")?.to_owned(), row[1] == "ASCENDING"));
        let list = |name: &str| row[name].as_array().into_iter().flatten();
        Ok(Query {
            filters: list("where").map(filter).collect::<Result<_>>()?,
            order: list("orderBy").map(order).collect::<Result<_>>()?,
            limit: row["limit"].as_i64(),
            offset: row["offset"].as_i64(),
        })
    }

    /// The query as the REST API takes it, over a collection.
    pub fn structured(&self, collection: &str) -> Json {
        let field = |name: &str| json!({ "fieldPath": name });
        let filters: Vec<_> = self.filters.iter().map(|filter| {
            json!({ "fieldFilter": { "field": field(&filter.field), "op": filter.op, "value": filter.value } })
        }).collect();
        let mut query = json!({ "from": [{ "collectionId": collection }] });
        match filters.as_slice() {
            [] => {}
            [only] => query["where"] = only.clone(),
            several => query["where"] = json!({ "compositeFilter": { "op": "AND", "filters": several } }),
        }
        if !self.order.is_empty() {
            let order = self.order.iter().map(
                |(name, up)| json!({ "field": field(name), "direction": if *up { "ASCENDING" } else { "DESCENDING" } }),
            );
            query["orderBy"] = order.collect();
        }
        for (name, number) in [("limit", self.limit), ("offset", self.offset)] {
            if let Some(number) = number {
                query[name] = json!(number);
            }
        }
        json!({ "structuredQuery": query })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_as_it_is_written() -> Result<()> {
        let filter = Filter { field: "n".to_owned(), op: "LESS_THAN", value: json!({ "integerValue": "1" }) };
        let query = Query { filters: vec![filter], order: vec![("n".to_owned(), false)], limit: Some(3), offset: None };
        let list = Asked { query: Some(query), user: Some(json!({ "sub": "alice" })), ..Asked::new(Method::List, "c") };
        let write = Asked { fields: Some(json!({})), ..Asked::new(Method::Create, "c/d") };
        let documents = BTreeMap::from([("c/x".to_owned(), json!({ "n": { "integerValue": "1" } }))]);
        let case = Case { source: "…".to_owned(), documents, requests: vec![list, write] };
        let row = Json::Object(case.to_json());
        assert_eq!(Case::from_json(&serde_json::from_str(&row.to_string())?)?, case);
        Ok(())
    }
}
