//! The stand-in for the rules runtime that `firebase-tools` starts for its Storage emulator: one JSON object a line, in on
//! standard input, out on standard output.
//!
//! `firebase-tools` keeps the objects and speaks HTTP; it asks the runtime to load rules and to decide requests. Each line has
//! the `id` of a request, and its answer repeats it. A decision that needs a Firestore document asks for it under the same
//! `id`; other requests are answered until the document comes, and the request is then decided anew with it. Decisions take
//! microseconds and read nothing else, so that one thread without a queue is enough.

mod answer;
mod rulesets;
mod value;
mod verify;

use std::{
    collections::HashMap,
    io::{self, BufRead, Read as _, Write},
};

use firewarden::{
    internals::syntax::ast::Version,
    rules::{Product, Rules, RulesError},
    text::{Severity, Source},
};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use answer::Answer;
use rulesets::Rulesets;
use verify::{Progress, Verify, VerifyContext};

/// The longest line, in bytes. A longer one is skipped: its `id` cannot be known.
const MAX_LINE: u64 = 64 << 20;

/// The number of decisions that may wait for documents.
const MAX_WAITING: usize = 4_096;

/// Answers the lines of `input` until it ends. Each answer is written at once and as a whole: releases of `firebase-tools`
/// before 15.34 take whatever they read at a time for one message.
///
/// ```
/// let mut lines = Vec::new();
/// let rules = "service firebase.storage { match /b/{bucket}/o/{name} { allow get; } }";
/// let source = serde_json::json!({ "files": [{ "name": "storage.rules", "content": rules }] });
/// let context = serde_json::json!({ "rulesetName": "0", "source": source });
/// let load = serde_json::json!({ "action": "load_ruleset", "context": context, "id": 0 }).to_string();
/// firewarden_server::runtime::serve(load.as_bytes(), &mut lines)?;
/// let lines = String::from_utf8_lossy(&lines);
/// assert!(lines.starts_with("{\"id\":-1,\"status\":\"ok\"}\n{\"id\":0,\"status\":\"ok\",\"errors\":[]"));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// Reading or writing fails.
pub fn serve(mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut runtime = Runtime::default();
    send(&mut output, &json!({ "id": -1, "status": "ok" }))?;
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.len() as u64 == MAX_LINE && !line.ends_with(b"\n") {
            input.skip_until(b'\n')?;
        } else if !line.iter().all(u8::is_ascii_whitespace)
            && let Some(answer) = runtime.answer(&line)
        {
            send(&mut output, &answer)?;
        }
    }
}

fn send(output: &mut impl Write, message: &Json) -> io::Result<()> {
    let mut line = message.to_string();
    line.push('\n');
    output.write_all(line.as_bytes())?;
    output.flush()
}

/// A line of `firebase-tools`: a request, or, without `action`, the document that a request waits for.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    id: Json,
    action: Option<String>,
    #[serde(default)]
    context: Json,
    #[serde(default)]
    status: String,
    #[serde(default)]
    result: Json,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LoadContext {
    ruleset_name: String,
    source: LoadSource,
}

#[derive(Deserialize)]
struct LoadSource {
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    name: String,
    content: String,
}

/// The loaded rules, and the requests that wait for documents, by `id`.
#[derive(Default)]
struct Runtime {
    rulesets: Rulesets,
    waiting: HashMap<String, Verify>,
}

impl Runtime {
    fn answer(&mut self, line: &[u8]) -> Option<Json> {
        let Line { id, action, context, status, result } = match serde_json::from_slice(line) {
            Ok(line) => line,
            Err(error) => return Some(Answer::error(format!("the line is no request: {error}")).with_id(Json::Null)),
        };
        let key = id.to_string();
        let progress = match action.as_deref() {
            Some("load_ruleset") => Progress::Done(self.load(context)),
            Some("verify") => self.verify(context),
            Some(other) => {
                Progress::Done(Answer::error(format!("unknown action `{other}`; expected load_ruleset or verify")))
            }
            None => match self.waiting.remove(&key) {
                Some(waiting) => waiting.resume(&status, &result),
                // The answer to a request that was cancelled by a second one with its `id`, or by nobody.
                None => Progress::Done(Answer::error("no request with this id waits for a document".to_owned())),
            },
        };
        Some(match progress {
            Progress::Done(answer) => answer.with_id(id),
            Progress::Fetch(..) if self.waiting.len() >= MAX_WAITING => {
                Answer::error(format!("{MAX_WAITING} requests wait for documents already")).with_id(id)
            }
            Progress::Fetch(path, verify) => {
                self.waiting.insert(key, *verify);
                json!({
                    "server_request_id": id,
                    "action": "fetch_firestore_document",
                    "status": "ok",
                    "context": { "path": path },
                    "errors": [],
                    "warnings": [],
                })
            }
        })
    }

    /// Compiles rules under a name. A name whose rules are refused has none.
    fn load(&mut self, context: Json) -> Answer {
        let LoadContext { ruleset_name, source: LoadSource { files } } = match serde_json::from_value(context) {
            Ok(context) => context,
            Err(error) => return Answer::error(format!("`context` of load_ruleset: {error}")),
        };
        self.rulesets.remove(&ruleset_name);
        let [File { name, content }] = files.as_slice() else {
            return Answer::error(format!("rules are one file, not {}", files.len()));
        };
        // Messages name the file; its folder is the reader's own.
        let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let source = Source::new(name, content);
        match Rules::parse(&source, Some(Product::Storage)) {
            Ok(Rules::Storage(rules)) => {
                let version = match rules.compiled().program().version {
                    Version::V1 => 1,
                    Version::V2 => 2,
                };
                let answer = Answer {
                    warnings: answer::issues(rules.warnings(), Severity::Warning),
                    result: json!({ "rulesVersion": version }),
                    ..Answer::default()
                };
                self.rulesets.insert(ruleset_name, rules);
                answer
            }
            Err(RulesError::Refused(refused)) => Answer {
                errors: answer::issues(&refused, Severity::Error),
                warnings: answer::issues(&refused, Severity::Warning),
                ..Answer::default()
            },
            Err(RulesError::Product(why)) => {
                Answer { errors: vec![answer::issue(why, name, 1, 1)], ..Answer::default() }
            }
            // Parsing for one product gives no other.
            Ok(_) => Answer::error("the rules are not for Storage".to_owned()),
        }
    }

    fn verify(&mut self, context: Json) -> Progress {
        let context: VerifyContext = match serde_json::from_value(context) {
            Ok(context) => context,
            Err(error) => return Progress::Done(Answer::error(format!("`context` of verify: {error}"))),
        };
        match self.rulesets.get(&context.ruleset_name) {
            Some(rules) => Verify::begin(rules, context),
            None => {
                let why = format!("no ruleset `{}` is loaded, or it was loaded long ago", context.ruleset_name);
                Progress::Done(Answer::error(why))
            }
        }
    }
}
