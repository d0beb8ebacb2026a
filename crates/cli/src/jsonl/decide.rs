//! The operation `decide`: a request as two values and a path.

use bumpalo::Bump;
use serde_json::{Map as JsonMap, Value as Json, json};

use firewarden::{
    internals::{
        eval::{Evaluator, Fault, Reasons, Service, Subject, Verdict},
        program::Methods,
        service::Compiled,
    },
    value::{Map, Segments, path::decode_path},
};

use super::{
    answer,
    function_table::{FunctionTable, read},
    optional_text, text,
};

pub(super) fn decide(compiled: &Compiled, request: &JsonMap<String, Json>) -> Result<Json, String> {
    let service_name = optional_text(request, "service")?.unwrap_or(firewarden::storage::SERVICE);
    let (method, path) = (text(request, "method")?, text(request, "path")?);
    let variables = variables(request)?;
    let program = compiled.program();
    let Some(service) = program.service(service_name) else { return Ok(json!({ "permit": false })) };
    let segments = match decode_path(path) {
        Ok(segments) => segments,
        Err(why) => return Ok(json!({ "permit": false, "error": { "message": why, "line": null, "column": null } })),
    };
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let host = FunctionTable::new(service_name, &segments, request.get("functions"))?;
    let arena = Bump::new();
    let path = Segments::from_slice(&segments);
    let subject = subject(&path, &variables);
    let language = Service { program: service, subject: &subject, host: &host, block: None };
    let mut observer = Reasons;
    let mut evaluator = Evaluator::new(&program.code, language, &arena, &mut observer);
    Ok(match evaluator.decide(&program.statements, &Methods::named(method)) {
        Verdict::Allow(_) => json!({ "permit": true }),
        Verdict::Deny(None) | Verdict::Slow => json!({ "permit": false }),
        Verdict::Deny(Some(error)) | Verdict::Abort(error) => {
            json!({ "permit": false, "error": answer::fault(&Fault::new(&program.code, &error)) })
        }
    })
}

/// The subject of an evaluation over a path, with the variables `request` and `resource`.
pub(super) fn subject<'r>(segments: &'r Segments<'r>, variables: &'r Map) -> Subject<'r> {
    let view = |name| variables.get(name).map(firewarden::Value::view);
    Subject { segments, unnamed_last: false, request: view("request"), resource: view("resource"), facts: None }
}

pub(super) fn variables(request: &JsonMap<String, Json>) -> Result<Map, String> {
    match request.get("variables") {
        None | Some(Json::Null) => Ok(Map::new()),
        Some(Json::Object(rows)) => read(rows).map_err(|e| format!("variable {e}")),
        Some(_) => Err("expected `variables` to be an object from names to typed values".to_owned()),
    }
}
