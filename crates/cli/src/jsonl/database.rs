//! The operation `database`: a request to Realtime Database rules.

use serde_json::{Map as JsonMap, Value as Json, json};

use firewarden::{
    Timestamp, Value,
    database::{Data, Incoming, Query, Request, Ruleset, Transport},
    text::Diagnostics,
};

use super::{answer, optional_text, text};

/// The rules of a request: the text of a file, or its JSON.
pub(super) fn source(request: &JsonMap<String, Json>) -> Result<String, String> {
    match request.get("rules") {
        Some(Json::String(text)) => Ok(text.clone()),
        Some(rules @ Json::Object(_)) => Ok(rules.to_string()),
        Some(_) => Err("expected `rules` to be an object, or the text of a rules file".to_owned()),
        None => Err("missing field `rules`".to_owned()),
    }
}

/// Decides the request: `{"decision"}` with `reason` and, if an index is missing, `warnings`.
pub(super) fn decide(rules: &Ruleset, request: &JsonMap<String, Json>) -> Result<Json, String> {
    let stored = match request.get("data") {
        None | Some(Json::Null) => Data::default(),
        Some(data) => Data::from_json(data).map_err(|error| format!("data: {error}"))?,
    };
    let operation = match request.get("operation") {
        Some(Json::Object(operation)) => operation,
        _ => return Err("expected `operation` to be an object".to_owned()),
    };
    let path = text(operation, "path")?;
    let value = operation.get("value").unwrap_or(&Json::Null);
    let mut asked = match text(operation, "type")? {
        "read" => {
            let query = operation.get("query").filter(|query| !query.is_null()).map(Query::from_json);
            Request::read(path).query(query.transpose().map_err(|error| format!("query: {error}"))?.unwrap_or_default())
        }
        "write" => Request::write(path, Incoming::from(value)),
        "update" => Request::update(path, value.clone()),
        other => return Err(format!("unknown operation `{other}`; expected read, write or update")),
    };
    asked = match request.get("auth") {
        None | Some(Json::Null) => asked,
        Some(auth @ Json::Object(_)) => asked.auth_variable(Value::from(auth)),
        Some(_) => return Err("expected `auth` to be null or an object".to_owned()),
    };
    asked = match optional_text(request, "transport")? {
        None | Some("websocket") => asked,
        Some("rest") => asked.transport(Transport::Rest),
        Some(other) => return Err(format!("unknown transport `{other}`; expected websocket or rest")),
    };
    asked = match request.get("now") {
        // Rules that read the clock then fail, which denies.
        None | Some(Json::Null) => asked,
        Some(now) => asked.at(time(now)?),
    };
    let decision = rules.evaluate(&asked, &stored).map_err(|error| error.to_string())?;
    let mut answer = json!({
        "decision": if decision.is_allowed() { "allow" } else { "deny" },
        "reason": decision.reason(),
    });
    if let (Json::Object(fields), false) = (&mut answer, decision.warnings().is_empty()) {
        let warnings = decision.warnings().iter().map(|warning| json!(warning.message));
        fields.insert("warnings".to_owned(), warnings.collect());
    }
    Ok(answer)
}

/// Parses `now`, in milliseconds since 1970.
fn time(now: &Json) -> Result<Timestamp, String> {
    let millis = now.as_i64().ok_or("expected `now` to be a whole number of milliseconds since 1970")?;
    Timestamp::from_millis(millis).map_err(|_| format!("`now` is {millis} ms since 1970, outside the years 1 to 9999"))
}

/// The answer for refused rules: `{"errors"}`, messages with their positions, and `issues`.
pub(super) fn refused(diagnostics: &Diagnostics) -> Json {
    let errors = diagnostics.iter().filter(|problem| problem.is_error()).map(|problem| {
        let at = diagnostics.position(problem);
        format!("{}:{}: {}", at.map_or(0, |at| at.line), at.map_or(0, |at| at.column), problem.message)
    });
    json!({ "errors": errors.collect::<Vec<_>>(), "issues": answer::list(diagnostics) })
}
