//! Decides a request, as often as it needs another document.

use std::{cell::RefCell, collections::HashMap};

use firewarden::{
    BoxError, DocumentPath, Documents, Value,
    firestore::fields_from_rest,
    storage::{Method, Ruleset, VariableRequest},
};
use serde::Deserialize;
use serde_json::Value as Json;

use super::{answer::Answer, value};

/// The `context` of a request to decide. Variables other than `request` and `resource` are not read: rules cannot name
/// them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VerifyContext {
    pub(super) ruleset_name: String,
    method: String,
    path: String,
    #[serde(default)]
    variables: Variables,
}

#[derive(Default, Deserialize)]
struct Variables {
    #[serde(default)]
    request: Option<Json>,
    #[serde(default)]
    resource: Option<Json>,
}

/// A request to decide.
pub(super) struct Verify {
    rules: Ruleset,
    /// Any of them has to be allowed.
    methods: &'static [Method],
    path: String,
    request: Value,
    resource: Value,
    documents: Fetched,
}

/// How far a decision is.
pub(super) enum Progress {
    Done(Answer),
    /// The document that it needs, by its full name.
    Fetch(String, Box<Verify>),
}

impl Verify {
    pub(super) fn begin(rules: Ruleset, context: VerifyContext) -> Progress {
        match Self::new(rules, context) {
            Ok(verify) => verify.run(),
            Err(why) => Progress::Done(Answer::error(why)),
        }
    }

    fn new(rules: Ruleset, context: VerifyContext) -> Result<Self, String> {
        let VerifyContext { ruleset_name: _, method, path, variables } = context;
        let variable = |name: &str, given: Option<Json>| match given {
            Some(given) => value::read(&given).map_err(|why| format!("variable {name}: {why}")),
            None => Ok(Value::Null),
        };
        let mut request = variable("request", variables.request)?;
        // The method is the only member of `request` that comes beside it.
        if let Value::Map(members) = &mut request {
            members.insert("method", method.as_str());
        }
        Ok(Verify {
            rules,
            methods: methods(&method)?,
            path,
            request,
            resource: variable("resource", variables.resource)?,
            documents: Fetched::default(),
        })
    }

    /// Goes on with the document that was asked for.
    pub(super) fn resume(mut self, status: &str, result: &Json) -> Progress {
        let Some(name) = self.documents.wanted.take() else { return self.run() };
        let document = match status {
            "ok" => match result.get("fields") {
                Some(Json::Object(fields)) => fields_from_rest(fields).map(Some).map_err(|why| why.to_string()),
                // A document without fields.
                None | Some(Json::Null) => Ok(Some(Value::Map(Default::default()))),
                Some(_) => Err("its `fields` are not an object".to_owned()),
            },
            "not_found" => Ok(None),
            other => Err(format!("the status is `{other}`")),
        };
        match document {
            Ok(document) => {
                self.documents.known.insert(name, document);
                self.run()
            }
            Err(why) => Progress::Done(Answer::error(format!("the document {name} could not be read: {why}"))),
        }
    }

    fn run(self) -> Progress {
        let mut denied = None;
        for &method in self.methods {
            let Verify { path, request, resource, .. } = &self;
            let given = VariableRequest { method, path, request, resource };
            match self.rules.explain_variables(&given, &self.documents) {
                Ok(decision) if decision.is_allowed() => return Progress::Done(Answer::verdict(&decision)),
                Ok(decision) => denied = denied.or(Some(decision)),
                Err(error) => {
                    let wanted = self.documents.wanted.borrow().clone();
                    return match wanted {
                        Some(name) => Progress::Fetch(name, Box::new(self)),
                        None => Progress::Done(Answer::error(error.to_string())),
                    };
                }
            }
        }
        Progress::Done(match denied {
            Some(decision) => Answer::verdict(&decision),
            None => Answer::error("the request has no method".to_owned()),
        })
    }
}

/// `read` and `write` stand for any method that rules grant with them.
fn methods(name: &str) -> Result<&'static [Method], String> {
    Ok(match name {
        "get" => &[Method::Get],
        "list" => &[Method::List],
        "create" => &[Method::Create],
        "update" => &[Method::Update],
        "delete" => &[Method::Delete],
        "read" => &[Method::Get, Method::List],
        "write" => &[Method::Create, Method::Update, Method::Delete],
        other => {
            return Err(format!("unknown method `{other}`; expected get, list, create, update, delete, read or write"));
        }
    })
}

/// The documents that came so far. `firebase-tools` answers from a Firestore emulator, and ends if there is none: nothing is
/// asked for before an evaluation needs it.
#[derive(Default)]
struct Fetched {
    known: HashMap<String, Option<Value>>,
    /// The document that the last evaluation lacked.
    wanted: RefCell<Option<String>>,
}

impl Documents for Fetched {
    fn get(&self, path: DocumentPath<'_>) -> Result<Option<Value>, BoxError> {
        match self.known.get(path.full()) {
            Some(document) => Ok(document.clone()),
            None => {
                *self.wanted.borrow_mut() = Some(path.full().to_owned());
                Err("the document has to be fetched first".into())
            }
        }
    }
}
