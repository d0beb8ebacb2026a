//! A witness as sentences, as a command line, as a test of a suite, and as data.

use firewarden::{
    Value,
    internals::request::ServiceProduct,
    rules::{Decision, Rules},
    value::{Map, json::to_plain},
};
use serde_json::{Map as JsonMap, Value as Json, json};

use super::{
    Witness,
    written::{document, entries, literal, written},
};
use crate::schema::Method;

impl Witness {
    /// Lines with a word and what it says: who asks, for what, with what.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = vec![("as", self.who()), (self.method.name(), self.target())];
        if let Some(incoming) = &self.incoming {
            lines.push(("with", if incoming.is_empty() { "nothing".to_owned() } else { entries(incoming) }));
        }
        match &self.stored {
            Some(stored) if self.method == Method::List => {
                let filters: Vec<_> =
                    stored.iter().map(|(field, value)| format!("{field} == {}", literal(value))).collect();
                lines.extend((!filters.is_empty()).then(|| ("where", filters.join(" and "))));
            }
            Some(stored) if stored.is_empty() => lines.push(("stored", format!("any {}", self.kind()))),
            Some(stored) => lines.push(("stored", entries(stored))),
            None => {}
        }
        if let Some(limit) = self.limit {
            lines.push(("limit", limit.to_string()));
        }
        if self.offset != 0 {
            lines.push(("offset", self.offset.to_string()));
        }
        if let Some(names) = &self.write_fields {
            lines.push(("mask", names.join(", ")));
        }
        if !self.params.is_empty() {
            lines.push(("params", entries(&self.params)));
        }
        for (name, fields) in &self.documents {
            let words = match fields {
                Value::Map(map) if map.is_empty() => "exists".to_owned(),
                fields => format!("= {}", literal(fields)),
            };
            lines.push(("document", format!("{name} {words}")));
        }
        for (name, fields) in &self.after {
            let words = match fields {
                None => "is deleted by the same commit".to_owned(),
                Some(fields) => format!("= {} after the same commit", literal(fields)),
            };
            lines.push(("document", format!("{name} {words}")));
        }
        lines
    }

    fn kind(&self) -> &'static str {
        match self.product {
            ServiceProduct::Storage => "object",
            ServiceProduct::Firestore => "document",
        }
    }

    fn who(&self) -> String {
        let Some((uid, token)) = &self.auth else { return "nobody signed in".to_owned() };
        let provider = match token.get("firebase") {
            Some(Value::Map(firebase)) => firebase.get("sign_in_provider").and_then(Value::as_str),
            _ => None,
        };
        let mut words = uid.clone();
        for (name, value) in token.iter().filter(|(name, _)| !matches!(*name, "sub" | "user_id" | "firebase")) {
            words.push_str(&format!(", token.{name} = {}", literal(value)));
        }
        if let Some(provider) = provider {
            words.push_str(&format!(", provider {provider}"));
        }
        words
    }

    /// The claims that a user does not have anyhow.
    fn claims(&self, token: &Map) -> JsonMap<String, Json> {
        match to_plain(Value::Map(token.clone()).view()) {
            Json::Object(mut claims) => {
                claims.retain(|name, _| !matches!(name.as_str(), "sub" | "user_id"));
                claims
            }
            _ => JsonMap::new(),
        }
    }

    /// The bucket or the database, where it is not the one that a suite and `firewarden eval` take by themselves.
    fn other_root(&self) -> Option<(&'static str, &str)> {
        let option = match self.product {
            ServiceProduct::Storage => "bucket",
            ServiceProduct::Firestore => "database",
        };
        (self.root != self.usual_root()).then_some((option, self.root.as_str()))
    }

    fn target(&self) -> String {
        let name = if self.path.is_empty() { "/".to_owned() } else { self.name() };
        self.other_root().map_or_else(|| name.clone(), |(kind, root)| format!("{name} in the {kind} {root}"))
    }

    /// The members of an object or the fields of a document, as suites and `firewarden eval` take them.
    fn content(&self, map: &Map) -> Json {
        match self.product {
            // Metadata have no typed values, only texts and whole numbers.
            ServiceProduct::Storage => {
                let stated = map.iter().filter(|(key, value)| *key != "name" && !matches!(value, Value::Null));
                stated.map(|(key, value)| (key.to_owned(), to_plain(value.view()))).collect()
            }
            ServiceProduct::Firestore => Json::Object(document(map)),
        }
    }

    fn query(&self) -> Option<Json> {
        let mut query = JsonMap::new();
        if let Some(limit) = self.limit {
            query.insert("limit".to_owned(), limit.into());
        }
        if self.offset != 0 {
            query.insert("offset".to_owned(), self.offset.into());
        }
        let filter = |(field, value): (&str, &Value)| json!([super::quoted(field), "==", written(value)]);
        let filters: Vec<Json> = self.stored.iter().flat_map(Map::iter).map(filter).collect();
        if !filters.is_empty() {
            query.insert("where".to_owned(), filters.into());
        }
        (self.method == Method::List && !query.is_empty()).then_some(Json::Object(query))
    }

    fn after_json(&self) -> Json {
        let one = |fields: &Option<Value>| fields.as_ref().map_or(Json::Null, written);
        self.after.iter().map(|(name, fields)| (name.clone(), one(fields))).collect()
    }

    fn documents_json(&self) -> JsonMap<String, Json> {
        self.documents.iter().map(|(name, fields)| (name.clone(), written(fields))).collect()
    }

    /// The words of `firewarden eval` for this request, one an option; `None` where it has no option for a part of it.
    pub fn command(&self, rules: &str) -> Option<Vec<String>> {
        if self.write_fields.is_some() || !self.params.is_empty() {
            return None;
        }
        let name = if self.path.is_empty() { "/".to_owned() } else { self.name() };
        let mut words = vec![format!("firewarden eval {} {} {}", quote(rules), self.method.name(), quote(&name))];
        let mut option = |name: &str, value: &str| words.push(format!("--{name} {}", quote(value)));
        if let Some((uid, token)) = &self.auth {
            option("as", uid);
            let claims = self.claims(token);
            if !claims.is_empty() {
                option("claims", &Json::Object(claims).to_string());
            }
        }
        if let Some((name, root)) = self.other_root() {
            option(name, root);
        }
        if let Some(stored) = self.stored.as_ref().filter(|_| self.method != Method::List) {
            option("existing", &self.content(stored).to_string());
        }
        if let Some(incoming) = &self.incoming {
            option("with", &self.content(incoming).to_string());
        }
        if let Some(query) = self.query() {
            option("query", &query.to_string());
        }
        if !self.documents.is_empty() {
            option("documents", &Json::Object(self.documents_json()).to_string());
        }
        if !self.after.is_empty() {
            option("after", &self.after_json().to_string());
        }
        option("time", &self.time.to_string());
        Some(words)
    }

    /// The request as a test of a suite, without its name and the expected verdict; `None` where suites have no word for a
    /// part of it. The clock is a key of its own, `now`.
    pub fn suite_test(&self) -> Option<JsonMap<String, Json>> {
        if self.write_fields.is_some() {
            return None;
        }
        let mut test = JsonMap::new();
        let mut set = |key: &str, value: Json| drop(test.insert(key.to_owned(), value));
        if let Some((uid, token)) = &self.auth {
            let claims = self.claims(token);
            set("as", if claims.is_empty() { json!({ "uid": uid }) } else { json!({ "uid": uid, "claims": claims }) });
        }
        set(self.method.name(), if self.path.is_empty() { "/".into() } else { self.name().into() });
        if let Some((name, root)) = self.other_root() {
            set(name, root.into());
        }
        if let Some(incoming) = &self.incoming {
            set("with", self.content(incoming));
        }
        if let Some(query) = self.query() {
            set("query", query);
        }
        if !self.params.is_empty() {
            set("params", to_plain(Value::Map(self.params.clone()).view()));
        }
        let mut documents = self.documents_json();
        if let Some(stored) = self.stored.as_ref().filter(|_| self.method != Method::List) {
            match self.product {
                ServiceProduct::Storage => set("objects", json!({ self.name(): self.content(stored) })),
                ServiceProduct::Firestore => drop(documents.insert(self.name(), self.content(stored))),
            }
        }
        if !documents.is_empty() {
            set("documents", Json::Object(documents));
        }
        if !self.after.is_empty() {
            set("batch", true.into());
            set("after", self.after_json());
        }
        set("now", self.time.to_string().into());
        Some(test)
    }

    /// The request as data.
    pub fn json(&self) -> Json {
        let mut out = json!({
            "method": self.method.name(),
            "path": self.name(),
            "root": self.root,
            "time": self.time.to_string(),
            "auth": self.auth.as_ref().map(|(uid, token)| json!({ "uid": uid, "token": self.claims(token) })),
        });
        let mut set = |key: &str, value: Json| {
            if let Json::Object(fields) = &mut out {
                fields.insert(key.to_owned(), value);
            }
        };
        if let Some(stored) = self.stored.as_ref().filter(|_| self.method != Method::List) {
            set("existing", self.content(stored));
        }
        if let Some(incoming) = &self.incoming {
            set("with", self.content(incoming));
        }
        if let Some(query) = self.query() {
            set("query", query);
        }
        if !self.documents.is_empty() {
            set("documents", Json::Object(self.documents_json()));
        }
        if !self.after.is_empty() {
            set("after", self.after_json());
        }
        set("test", self.suite_test().map_or(Json::Null, Json::Object));
        out
    }

    /// The decision of rules on the request, explained; `None` where they cannot decide it.
    pub fn decision(&self, rules: &Rules) -> Option<Decision> {
        let decision = match rules {
            Rules::Storage(rules) => rules.explain(&self.storage(), self).ok()?,
            Rules::Firestore(rules) => rules.explain(&self.firestore(), self).ok()?,
            Rules::Database(_) => return None,
        };
        Some(Decision::Service(Box::new(decision)))
    }
}

/// A word of a command line.
fn quote(word: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "/._-=@:".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
