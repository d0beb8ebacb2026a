//! Answers of the official emulator, recorded step by step: the same requests get the same answers, but for random ids,
//! codes and times.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::Fixture;
use crate::http::{Reply, send};

/// A request with the recorded answer. `${NAME}` in a request is a value that an earlier step saved.
#[derive(Deserialize)]
struct Step {
    name: String,
    method: String,
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<Json>,
    raw: Option<String>,
    form: Option<BTreeMap<String, String>>,
    /// Milliseconds by which the clock advances first.
    #[serde(default)]
    pause: i64,
    /// The last entry of a list with these fields, in the place of the answer.
    pick: Option<Pick>,
    /// Values to save, by path in the answer.
    #[serde(default)]
    save: BTreeMap<String, String>,
    status: u16,
    answer: Json,
    #[serde(default)]
    shown: BTreeMap<String, Option<String>>,
}

#[derive(Deserialize)]
struct Pick {
    list: String,
    r#where: Map<String, Json>,
}

/// The saved values.
#[derive(Default)]
struct Saved(BTreeMap<String, String>);

impl Saved {
    fn fill(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.0 {
            text = text.replace(&format!("${{{name}}}"), value);
        }
        text
    }

    fn fill_json(&self, json: &Json) -> Json {
        match json {
            Json::String(text) => json!(self.fill(text)),
            Json::Array(items) => items.iter().map(|item| self.fill_json(item)).collect(),
            Json::Object(fields) => {
                Json::Object(fields.iter().map(|(name, value)| (name.clone(), self.fill_json(value))).collect())
            }
            other => other.clone(),
        }
    }
}

async fn ask(fixture: &Fixture, step: &Step, saved: &Saved) -> Reply {
    let mut headers: Vec<(&str, &str)> = step.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    let (kind, body) = if let Some(form) = &step.form {
        let mut text = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form {
            text.append_pair(name, &saved.fill(value));
        }
        (Some("application/x-www-form-urlencoded"), text.finish())
    } else if let Some(raw) = &step.raw {
        (Some("application/json"), raw.clone())
    } else if let Some(body) = &step.body {
        (Some("application/json"), saved.fill_json(body).to_string())
    } else {
        (None, String::new())
    };
    if let Some(kind) = kind.filter(|_| !step.headers.contains_key("content-type")) {
        headers.push(("content-type", kind));
    }
    send(fixture.address, &step.method, &saved.fill(&step.path), &headers, body).await
}

fn picked(pick: &Option<Pick>, answer: Json) -> Json {
    let Some(Pick { list, r#where }) = pick else { return answer };
    let matches = |entry: &&Json| r#where.iter().all(|(name, value)| entry[name] == *value);
    answer[list].as_array().unwrap().iter().rfind(matches).cloned().unwrap_or_default()
}

/// Ids that requests choose.
const CHOSEN: [&str; 11] = ["full", "dis", "mfa", "cu", "cu2", "cu3", "cu4", "17", "snake", "b1", "nobody"];

/// The answer without what is random in it.
struct Normalizer<'a> {
    host: String,
    saved: &'a Saved,
}

impl Normalizer<'_> {
    fn json(&self, json: &Json, name: &str) -> Json {
        match json {
            Json::Array(items) => items.iter().map(|item| self.json(item, name)).collect(),
            Json::Object(fields) => {
                Json::Object(fields.iter().map(|(name, value)| (name.clone(), self.json(value, name))).collect())
            }
            Json::Number(_) if ["iat", "exp", "auth_time"].contains(&name) => json!("<s>"),
            Json::Number(_) if name == "passwordUpdatedAt" => json!("<ms>"),
            Json::String(text) => self.text(text, name),
            other => other.clone(),
        }
    }

    fn text(&self, text: &str, name: &str) -> Json {
        let is = |length: usize, more: &str| {
            text.len() == length && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
        };
        let digits = |length| text.len() == length && text.chars().all(|c| c.is_ascii_digit());
        let kind = match name {
            "idToken" | "id_token" | "access_token" | "sessionCookie" if text.split('.').count() == 3 => {
                return self.token(text);
            }
            "refreshToken" | "refresh_token" => "<refresh token>",
            "localId" | "user_id" | "sub" | "uid" if !CHOSEN.contains(&text) && is(28, "") => "<28 letters and digits>",
            "mfaEnrollmentId" | "second_factor_identifier" | "tenantId" | "tenant" if is(28, "") => {
                "<28 letters and digits>"
            }
            "name" if text.contains("/tenants/") => "projects/demo-fw/tenants/<id>",
            "oobCode" if is(54, "-_") => "<54 of base64url>",
            "sessionInfo" if is(226, "-_") => "<226 of base64url>",
            "temporaryProof" if is(119, "-_") => "<119 of base64url>",
            "mfaPendingCredential" => "<pending credential>",
            "sessionId" if is(27, "") => "<27 letters and digits>",
            "code" if digits(6) => "<6 digits>",
            "createdAt" | "lastLoginAt" if digits(13) => "<ms>",
            "validSince" if digits(10) && text != "4102444800" => "<s>",
            "lastRefreshAt" | "enrolledAt" => "<ISO time>",
            "salt" | "passwordHash" => return json!(masked(text, "fakeSalt", 20, "<20>")),
            "message" if text.starts_with("Invalid JSON payload received. Unexpected") => {
                "Invalid JSON payload received. <what the parser says>"
            }
            _ => return json!(self.plain(text)),
        };
        json!(kind)
    }

    fn plain(&self, text: &str) -> String {
        let mut text = text.replace(&self.host, "<host>");
        for name in ["code", "ten"] {
            if let Some(value) = self.saved.0.get(name).filter(|value| value.len() > 20) {
                text = text.replace(value, &format!("<{name}>"));
            }
        }
        if text.contains("oobCode=<") { text } else { masked(&text, "oobCode=", 54, "<54>") }
    }

    fn token(&self, text: &str) -> Json {
        let part = |at: usize| -> Json {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text.split('.').nth(at).unwrap()).unwrap()).unwrap()
        };
        let (header, payload) = (part(0), part(1));
        let lifetime = payload["exp"].as_i64().unwrap() - payload["iat"].as_i64().unwrap();
        json!({ "<header>": self.json(&header, ""), "<payload>": self.json(&payload, ""), "<lifetime>": lifetime })
    }
}

/// Replaces so many characters after a prefix.
fn masked(text: &str, prefix: &str, length: usize, mask: &str) -> String {
    let Some((before, after)) = text.split_once(prefix) else { return text.to_owned() };
    match after.get(length..) {
        Some(rest) => format!("{before}{prefix}{mask}{rest}"),
        None => text.to_owned(),
    }
}

#[tokio::test]
async fn answers_are_those_of_the_official_emulator() {
    let fixture = Fixture::start().await;
    let mut saved = Saved::default();
    let mut failures = Vec::new();
    for line in include_str!("wire.jsonl").lines() {
        let step: Step = serde_json::from_str(line).unwrap();
        fixture.server.clock("demo-fw").advance(step.pause);
        let reply = ask(&fixture, &step, &saved).await;
        let json = serde_json::from_slice(&reply.body).unwrap_or_else(|_| json!(reply.text()));
        let json = if reply.status == 200 { picked(&step.pick, json) } else { json };
        for (name, path) in &step.save {
            let value = path.split('.').try_fold(&json, |json, part| match part.parse::<usize>() {
                Ok(at) => json.get(at),
                Err(_) => json.get(part),
            });
            if let Some(value) = value.and_then(Json::as_str) {
                saved.0.insert(name.clone(), value.to_owned());
            }
        }
        if step.name == "signInWithCustomToken: JSON" {
            saved.0.insert("cuT".to_owned(), json["idToken"].as_str().unwrap().to_owned());
        }
        let found = Normalizer { host: fixture.address.to_string(), saved: &saved }.json(&json, "");
        let headers = step.shown.iter().filter(|(name, value)| reply.header(name) != value.as_deref().unwrap_or(""));
        let headers: Vec<_> = headers.map(|(name, _)| format!("{name}: {}", reply.header(name))).collect();
        if reply.status != step.status || found != step.answer || !headers.is_empty() {
            failures.push(format!(
                "{}: {headers:?}\n  wanted {} {}\n  got    {} {found}",
                step.name, step.status, step.answer, reply.status
            ));
        }
    }
    assert!(failures.is_empty(), "{} steps differ:\n{}", failures.len(), failures.join("\n"));
}
