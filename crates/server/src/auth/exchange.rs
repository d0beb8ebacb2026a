//! Requests to Auth in the journal: what was asked and answered, what functions said, and which claims rules will see.

use std::sync::{Arc, Mutex};

use firewarden::{auth::Claims, rules::Decision, text::Source};
use serde_json::{Map, Value as Json, json};

use crate::{
    Service,
    journal::{Record, Replay, Verdict},
    lock,
    memory::json_size,
};

use super::{answer::Answer, call::Call, error::Refusal};

/// What happens during a request.
#[derive(Clone, Debug, Default)]
pub struct Trace(Arc<Mutex<Events>>);

#[derive(Debug, Default)]
struct Events {
    /// The calls of blocking functions.
    functions: Vec<Json>,
    /// The claims of the last ID token.
    claims: Option<Claims>,
}

impl Trace {
    /// Notes what a blocking function was asked and what it answered.
    pub fn function(&self, called: Json) {
        lock(&self.0).functions.push(called);
    }

    /// Notes a token.
    pub fn token(&self, claims: &Claims) {
        lock(&self.0).claims = Some(claims.clone());
    }
}

/// A request before it is answered.
pub struct Asked {
    trace: Trace,
    operation: &'static str,
    project: String,
    tenant: Option<String>,
    is_admin: bool,
    body: Json,
    auth: Arc<super::Auth>,
}

impl Asked {
    /// A request to an operation.
    pub fn new(call: &Call, operation: &'static str, body: &Json) -> Self {
        Asked {
            trace: call.trace.clone(),
            operation,
            project: call.project.id.clone(),
            tenant: call.tenant.clone(),
            is_admin: call.is_admin,
            body: body.clone(),
            auth: Arc::clone(&call.auth),
        }
    }

    /// Keeps the request with its answer.
    pub fn record(self, answer: &Result<Answer, Refusal>) {
        let Events { functions, claims } = std::mem::take(&mut *lock(&self.trace.0));
        let (answer, reason) = match answer {
            Ok(answer) => (Json::Object(answer.fields().clone()), String::new()),
            Err(refusal) => (json!({ "error": refusal.message() }), refusal.message().to_owned()),
        };
        let text = |json: &Json, name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
        let uid = claims.as_ref().and_then(Claims::subject).map(str::to_owned);
        let uid = uid.or_else(|| text(&answer, "localId")).or_else(|| text(&self.body, "localId"));
        let exchange = Exchange { request: self.body, answer, functions, claims };
        self.auth.shared.journal.record(Record {
            service: Service::Auth,
            time: self.auth.shared.clock(&self.project).now(),
            instance: self.tenant.unwrap_or_else(|| self.project.clone()),
            project: self.project,
            method: self.operation,
            path: exchange.about(),
            uid,
            verdict: match (self.is_admin, reason.is_empty()) {
                (_, false) => Verdict::Denied,
                (true, true) => Verdict::Admin,
                (false, true) => Verdict::Allowed,
            },
            reason,
            place: None,
            replay: Arc::new(exchange),
        });
    }
}

/// A request with its answer.
struct Exchange {
    request: Json,
    answer: Json,
    functions: Vec<Json>,
    claims: Option<Claims>,
}

impl Exchange {
    /// Whom the request is about: an address, a number or a provider.
    fn about(&self) -> String {
        let names = ["email", "phoneNumber", "providerId"];
        let found = names.into_iter().find_map(|name| {
            [&self.answer, &self.request].into_iter().find_map(|json| json.get(name).and_then(Json::as_str))
        });
        found.unwrap_or_default().to_owned()
    }
}

impl Replay for Exchange {
    /// Auth has no rules.
    fn explain(&self) -> Option<Decision> {
        None
    }

    fn rules(&self) -> Option<Source> {
        None
    }

    fn detail(&self) -> Json {
        let mut detail = Map::new();
        if let Some(claims) = &self.claims {
            detail.insert("claims".to_owned(), json!(claims.as_object()));
        }
        if !self.functions.is_empty() {
            detail.insert("blockingFunctions".to_owned(), json!(self.functions));
        }
        detail.insert("request".to_owned(), self.request.clone());
        detail.insert("answer".to_owned(), self.answer.clone());
        Json::Object(detail)
    }

    /// The user of the token, as the users of a suite.
    fn suite(&self) -> String {
        let Some(claims) = &self.claims else {
            return "# This request issued no token, so there is no user to test with.\n".to_owned();
        };
        let uid = claims.subject().unwrap_or_default();
        let user = json!({ "uid": uid, "claims": claims.as_object() });
        format!("# The user of this token. Add `rules` and `tests`.\nusers:\n  {}: {user}\n", json!(uid))
    }

    fn size(&self) -> usize {
        let own = [&self.request, &self.answer].into_iter().chain(&self.functions).map(json_size).sum::<usize>();
        let claims = self.claims.iter().flat_map(Claims::iter).map(|(name, value)| name.len() + json_size(value));
        // Many small values, of which an account consists, take more than the estimate.
        512 + 3 * (own + claims.sum::<usize>())
    }
}
