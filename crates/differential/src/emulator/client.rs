//! HTTP to the emulator, for one project: rules, coverage, documents, and requests as anybody.

use std::time::Duration;

use anyhow::{Context as _, Result};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value as Json, json};
use ureq::{Agent, http};

use super::{
    compiled::{self, Compiled},
    coverage::Report,
};

/// Octets of an answer that are read: coverage reports repeat the rules and all values.
const LONGEST_ANSWER: u64 = 512 << 20;

/// Asks about one project of an emulator. Each thread has its own.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    base: String,
    project: String,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub enum Who<'a> {
    /// Rules do not apply.
    Owner,
    /// Nobody is signed in.
    Nobody,
    /// The user with those claims.
    User(&'a Json),
}

/// An answer over HTTP.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; a string where it is no JSON.
    pub body: Json,
}

impl Answer {
    /// The text of its error.
    pub fn error(&self) -> &str {
        // Streaming methods answer with a list.
        let body = self.body.get(0).unwrap_or(&self.body);
        body["error"]["message"].as_str().or(body.as_str()).unwrap_or_default()
    }
}

impl Client {
    /// A client of the emulator at `HOST:PORT`.
    pub fn new(address: &str, project: &str) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(120)));
        Client { agent: config.build().into(), base: format!("http://{address}"), project: project.to_owned() }
    }

    /// The name that documents of the default database begin with, for bodies of requests.
    pub fn documents(&self) -> String {
        format!("projects/{}/databases/(default)/documents", self.project)
    }

    /// The path of a document or collection, for [`Self::call`].
    pub fn path(&self, name: &str) -> String {
        let segments: Vec<_> = name.split('/').map(encode).collect();
        format!("/v1/{}/{}", self.documents(), segments.join("/"))
    }

    /// Sets the project's rules.
    ///
    /// # Errors
    ///
    /// No answer. A refusal is an answer.
    pub fn set_rules(&self, source: &str) -> Result<Compiled> {
        let path = format!("/emulator/v1/projects/{}:securityRules", self.project);
        let body = json!({ "rules": { "files": [{ "content": source }] } });
        Ok(compiled::read(&self.call("PUT", &path, Some(&body), Who::Nobody)?))
    }

    /// What was evaluated since rules were set: a report for each condition and function.
    ///
    /// # Errors
    ///
    /// No answer, or none that is a report.
    pub fn coverage(&self) -> Result<Vec<Report>> {
        let path = format!("/emulator/v1/projects/{}:ruleCoverage", self.project);
        let answer = self.call("GET", &path, None, Who::Nobody)?;
        anyhow::ensure!(answer.status == 200, "coverage: {} {}", answer.status, answer.error());
        Ok(Report::list(&answer.body["report"]))
    }

    /// Stores a document, whatever the rules are. `fields` are as the REST API writes them.
    ///
    /// # Errors
    ///
    /// No answer, or the emulator does not take it.
    pub fn store(&self, name: &str, fields: &Json) -> Result<()> {
        let answer = self.call("PATCH", &self.path(name), Some(&json!({ "fields": fields })), Who::Owner)?;
        anyhow::ensure!(answer.status == 200, "storing {name}: {} {}", answer.status, answer.error());
        Ok(())
    }

    /// Deletes a document, whatever the rules are; one that is not there too.
    ///
    /// # Errors
    ///
    /// No answer.
    pub fn remove(&self, name: &str) -> Result<()> {
        self.call("DELETE", &self.path(name), None, Who::Owner).map(drop)
    }

    /// Deletes all documents of the default database.
    ///
    /// # Errors
    ///
    /// No answer.
    pub fn clear(&self) -> Result<()> {
        let path = format!("/emulator/v1/{}", self.documents());
        self.call("DELETE", &path, None, Who::Owner).map(drop)
    }

    /// Any request.
    ///
    /// # Errors
    ///
    /// No answer.
    pub fn call(&self, method: &str, path: &str, body: Option<&Json>, who: Who<'_>) -> Result<Answer> {
        let mut request = http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        request = match who {
            Who::Nobody => request,
            Who::Owner => request.header("Authorization", "Bearer owner"),
            Who::User(claims) => request.header("Authorization", format!("Bearer {}", token(claims))),
        };
        let context = || format!("asking the emulator: {method} {path}");
        let answer = match body {
            Some(body) => {
                let request = request.header("Content-Type", "application/json").body(body.to_string());
                self.agent.run(request.with_context(context)?)
            }
            None => self.agent.run(request.body(()).with_context(context)?),
        };
        let mut answer = answer.with_context(context)?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().with_config().limit(LONGEST_ANSWER).lossy_utf8(true).read_to_string();
        let text = text.with_context(context)?;
        Ok(Answer { status, body: serde_json::from_str(&text).unwrap_or(Json::String(text)) })
    }
}

/// An unsigned token with those claims.
fn token(claims: &Json) -> String {
    let part = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}.", part(&json!({ "alg": "none", "typ": "JWT" })), part(claims))
}

/// A segment of a URL's path.
fn encode(segment: &str) -> String {
    let octet = |octet: u8| match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'(' | b')' => {
            char::from(octet).to_string()
        }
        other => format!("%{other:02X}"),
    };
    segment.bytes().map(octet).collect()
}
