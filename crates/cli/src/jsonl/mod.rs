//! `eval --jsonl`: one JSON request a line, one answer a line, in order, for programs in other languages.

mod answer;
mod database;
mod decide;
mod expression;
mod function_table;
mod request;

use std::{
    collections::HashMap,
    io::{BufRead, Read as _, Write},
};

use serde_json::{Map as JsonMap, Value as Json, json};

use firewarden::{
    Error,
    database::Ruleset,
    internals::{service::Compiled, syntax},
    text::{Diagnostics, Source},
};

/// The number of compiled sources that are cached, so that a client can send the same source again.
const MAX_CACHED: usize = 256;

/// The longest line, in bytes, without its line feed.
const MAX_LINE: u64 = crate::input::MAX_INPUT;

/// The rules that a session has compiled.
#[derive(Default)]
struct Session {
    named: HashMap<String, Loaded>,
    recent: HashMap<String, Result<Compiled, Diagnostics>>,
    request_rules: request::RulesCache,
    recent_databases: HashMap<String, Result<Ruleset, Diagnostics>>,
}

/// A named ruleset.
enum Loaded {
    Services(Compiled),
    Database(Ruleset),
}

/// Answers every line of `input`, also those that are malformed, which never allow anything.
///
/// # Errors
///
/// Reading or writing fails.
pub(super) fn run(mut input: impl BufRead, mut output: impl Write) -> std::io::Result<()> {
    let mut session = Session::default();
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if input.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let length = line.strip_suffix(b"\n").unwrap_or(&line).len() as u64;
        let mut answer = if length > MAX_LINE {
            skip_line(&mut input)?;
            bad(Json::Null, format!("the line is longer than {} MiB", MAX_LINE >> 20))
        } else if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        } else {
            session.answer(&line)
        };
        if let Json::Object(fields) = &mut answer
            && fields.contains_key("bad_request")
        {
            fields.insert("line".to_owned(), number.into());
        }
        serde_json::to_writer(&mut output, &answer)?;
        output.write_all(b"\n")?;
        output.flush()?;
    }
    output.flush()
}

/// Discards the rest of a line.
fn skip_line(input: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let read = input.fill_buf()?;
        let end = read.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(read.len(), |end| end + 1);
        input.consume(length);
        if end.is_some() || length == 0 {
            return Ok(());
        }
    }
}

impl Session {
    fn answer(&mut self, line: &[u8]) -> Json {
        let request: Json = match serde_json::from_slice(line) {
            Ok(request) => request,
            Err(error) => return bad(Json::Null, format!("the line is not JSON: {error}")),
        };
        let Json::Object(request) = request else { return bad(Json::Null, "the line is not a JSON object") };
        let id = request.get("id").cloned().unwrap_or(Json::Null);
        match self.dispatch(&request) {
            Ok(mut answer) => {
                let mut fields = JsonMap::new();
                fields.insert("id".to_owned(), id);
                fields.append(&mut answer);
                Json::Object(fields)
            }
            Err(why) => bad(id, why),
        }
    }

    fn dispatch(&mut self, request: &JsonMap<String, Json>) -> Result<JsonMap<String, Json>, String> {
        let Some(op) = optional_text(request, "op")? else {
            return object(request::decide(&mut self.request_rules, request)?);
        };
        let answer = match op {
            "check" => answer::issues(&self.compile(text(request, "source")?)),
            "parse" => parse(text(request, "expr")?)?,
            "expression" => self.expression(request)?,
            "decide" => self.decide(request)?,
            "database" => self.database(request)?,
            "load" => self.load(request)?,
            other => {
                return Err(format!(
                    "unknown op `{other}`; expected check, parse, expression, decide, database or load"
                ));
            }
        };
        object(answer)
    }

    fn compile(&mut self, source: &str) -> Result<Compiled, Diagnostics> {
        if let Some(known) = self.recent.get(source) {
            return known.clone();
        }
        let compiled = Compiled::new(&Source::new("rules", source));
        if self.recent.len() >= MAX_CACHED {
            self.recent.clear();
        }
        self.recent.insert(source.to_owned(), compiled.clone());
        compiled
    }

    fn load(&mut self, request: &JsonMap<String, Json>) -> Result<Json, String> {
        let name = text(request, "name")?;
        let (loaded, answer) = if request.contains_key("rules") {
            match self.database_rules(&database::source(request)?) {
                Ok(rules) => {
                    let answer = json!({ "ok": true, "issues": answer::list(rules.warnings()) });
                    (Some(Loaded::Database(rules)), answer)
                }
                Err(refused) => (None, json!({ "ok": false, "issues": answer::list(&refused) })),
            }
        } else {
            let compiled = self.compile(text(request, "source")?);
            let answer = answer::issues(&compiled);
            (compiled.ok().map(Loaded::Services), answer)
        };
        match loaded {
            Some(loaded) => self.named.insert(name.to_owned(), loaded),
            // After a refused source, the name must not keep the older rules.
            None => self.named.remove(name),
        };
        Ok(answer)
    }

    /// The ruleset that a request names.
    fn loaded(&self, request: &JsonMap<String, Json>) -> Result<Option<&Loaded>, String> {
        match request.get("ruleset") {
            Some(Json::String(name)) => {
                self.named.get(name).map(Some).ok_or_else(|| format!("no ruleset `{name}` is loaded"))
            }
            Some(_) => Err("expected `ruleset` to be a name given to load, a string".to_owned()),
            None => Ok(None),
        }
    }

    fn database_rules(&mut self, source: &str) -> Result<Ruleset, Diagnostics> {
        if let Some(known) = self.recent_databases.get(source) {
            return known.clone();
        }
        let rules = match Ruleset::parse(&Source::new("rules", source)) {
            Ok(rules) => Ok(rules),
            Err(Error::Source(refused)) => Err(refused),
            // Parsing rules has no other errors.
            Err(_) => Err(Diagnostics::new(Source::new("rules", source), Vec::new())),
        };
        if self.recent_databases.len() >= MAX_CACHED {
            self.recent_databases.clear();
        }
        self.recent_databases.insert(source.to_owned(), rules.clone());
        rules
    }

    fn database(&mut self, request: &JsonMap<String, Json>) -> Result<Json, String> {
        let rules = match self.loaded(request)? {
            Some(Loaded::Database(rules)) => Ok(rules.clone()),
            Some(Loaded::Services(_)) => return Err("the ruleset has services, not database rules".to_owned()),
            None => self.database_rules(&database::source(request)?),
        };
        match rules {
            Ok(rules) => database::decide(&rules, request),
            Err(refused) => Ok(database::refused(&refused)),
        }
    }

    fn decide(&mut self, request: &JsonMap<String, Json>) -> Result<Json, String> {
        let compiled = match self.loaded(request)? {
            Some(Loaded::Services(compiled)) => Ok(compiled.clone()),
            Some(Loaded::Database(_)) => return Err("the ruleset has database rules, not services".to_owned()),
            None => self.compile(text(request, "source")?),
        };
        match compiled {
            Ok(compiled) => decide::decide(&compiled, request),
            Err(refused) => Ok(answer::issues(&Err(refused))),
        }
    }

    fn expression(&mut self, request: &JsonMap<String, Json>) -> Result<Json, String> {
        let service = optional_text(request, "service")?.unwrap_or(firewarden::storage::SERVICE);
        let functions = optional_text(request, "functions_text")?.unwrap_or("");
        let source = expression::source(service, functions, text(request, "expr")?);
        match self.compile(&source) {
            Ok(compiled) => expression::evaluate(&compiled, service, request),
            Err(refused) => Ok(
                json!({ "compile_error": answer::messages(&refused, true), "warnings": answer::messages(&refused, false) }),
            ),
        }
    }
}

fn parse(expression: &str) -> Result<Json, String> {
    match syntax::parse_expression(&Source::new("expression", expression)) {
        Ok((exprs, root)) => Ok(json!({ "canonical": syntax::print_expression(&exprs, root) })),
        Err(refused) => Ok(answer::issues(&Err(refused))),
    }
}

fn object(answer: Json) -> Result<JsonMap<String, Json>, String> {
    match answer {
        Json::Object(fields) => Ok(fields),
        _ => Err("internal: an answer is an object".to_owned()),
    }
}

fn bad(id: Json, why: impl Into<String>) -> Json {
    json!({ "id": id, "bad_request": why.into() })
}

fn text<'j>(request: &'j JsonMap<String, Json>, field: &str) -> Result<&'j str, String> {
    optional_text(request, field)?.ok_or_else(|| format!("missing field `{field}`"))
}

fn optional_text<'j>(request: &'j JsonMap<String, Json>, field: &str) -> Result<Option<&'j str>, String> {
    match request.get(field) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("expected the field `{field}` to be a string")),
    }
}
