//! A witness as sentences, as a command line, as a test of a suite, and as data.

use firewarden::{
    Value,
    internals::request::ServiceProduct,
    value::{Map, json::to_plain},
};
use serde_json::{Value as Json, json};

use super::Witness;
use crate::schema::Method;

impl Witness {
    /// Lines with a word and what it says: who asks, for what, with what.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = vec![("as", self.who()), (self.method.name(), self.target())];
        if let Some(incoming) = &self.incoming {
            let words = if incoming.is_empty() { "nothing".to_owned() } else { plain(incoming) };
            lines.push(("with", words));
        }
        match &self.stored {
            Some(stored) if self.method == Method::List && !stored.is_empty() => {
                lines.push(("where", plain(stored)));
            }
            Some(stored) => {
                lines.push(("stored", if stored.is_empty() { "anything".to_owned() } else { plain(stored) }))
            }
            None => {}
        }
        if let Some(limit) = self.limit {
            lines.push(("limit", limit.to_string()));
        }
        for (name, fields) in &self.documents {
            lines.push(("document", format!("{name} = {}", json_of(fields))));
        }
        for (name, fields) in &self.after {
            let words = fields.as_ref().map_or("is deleted by the same commit".to_owned(), |fields| {
                format!("= {} after the same commit", json_of(fields))
            });
            lines.push(("document", format!("{name} {words}")));
        }
        lines
    }

    fn who(&self) -> String {
        let Some((uid, token)) = &self.auth else { return "nobody signed in".to_owned() };
        let claims = self.claims(token);
        let provider = match token.get("firebase") {
            Some(Value::Map(firebase)) => firebase.get("sign_in_provider").and_then(Value::as_str),
            _ => None,
        };
        let mut words = uid.clone();
        for (name, value) in claims.iter().filter(|(name, _)| *name != "firebase") {
            words.push_str(&format!(", token.{name} = {value}"));
        }
        if let Some(provider) = provider {
            words.push_str(&format!(", provider {provider}"));
        }
        words
    }

    /// The claims that a user does not have anyhow.
    fn claims(&self, token: &Map) -> serde_json::Map<String, Json> {
        match to_plain(Value::Map(token.clone()).view()) {
            Json::Object(mut claims) => {
                claims.retain(|name, _| !matches!(name.as_str(), "sub" | "user_id"));
                claims
            }
            _ => serde_json::Map::new(),
        }
    }

    fn target(&self) -> String {
        let default = match self.product {
            ServiceProduct::Storage => "bucket",
            ServiceProduct::Firestore => "(default)",
        };
        let name = if self.path.is_empty() { "/".to_owned() } else { self.name() };
        if self.root == default { name } else { format!("{name} in {}", self.root) }
    }

    /// The options of `firewarden eval` for this request; `None` where it has no option for a part of it.
    pub fn command(&self, rules: &str) -> Option<String> {
        if !self.after.is_empty() || self.write_fields.is_some() || !self.params.is_empty() {
            return None;
        }
        let mut words =
            vec!["firewarden eval".to_owned(), quote(rules), self.method.name().to_owned(), quote(&self.name())];
        if let Some((uid, token)) = &self.auth {
            words.extend(["--as".to_owned(), quote(uid)]);
            let claims = self.claims(token);
            if !claims.is_empty() {
                words.extend(["--claims".to_owned(), quote(&Json::Object(claims).to_string())]);
            }
        }
        if let Some(stored) = &self.stored {
            let option = if self.method == Method::List { return None } else { "--existing" };
            words.extend([option.to_owned(), quote(&to_plain(Value::Map(stored.clone()).view()).to_string())]);
        }
        if let Some(incoming) = &self.incoming {
            words.extend(["--with".to_owned(), quote(&to_plain(Value::Map(incoming.clone()).view()).to_string())]);
        }
        if !self.documents.is_empty() {
            let documents: serde_json::Map<String, Json> =
                self.documents.iter().map(|(name, fields)| (name.clone(), to_plain(fields.view()))).collect();
            words.extend(["--documents".to_owned(), quote(&Json::Object(documents).to_string())]);
        }
        Some(words.join(" "))
    }

    /// The request as data.
    pub fn json(&self) -> Json {
        let map = |map: &Map| to_plain(Value::Map(map.clone()).view());
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
        if let Some(stored) = &self.stored {
            set(if self.method == Method::List { "filters" } else { "existing" }, map(stored));
        }
        if let Some(incoming) = &self.incoming {
            set("with", map(incoming));
        }
        if let Some(limit) = self.limit {
            set("limit", json!(limit));
        }
        if !self.documents.is_empty() {
            set(
                "documents",
                self.documents.iter().map(|(name, fields)| (name.clone(), to_plain(fields.view()))).collect(),
            );
        }
        out
    }
}

fn json_of(value: &Value) -> String {
    to_plain(value.view()).to_string()
}

fn plain(map: &Map) -> String {
    let entries = map.iter().map(|(key, value)| format!("{key}: {}", json_of(value)));
    entries.collect::<Vec<_>>().join(", ")
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
