//! `/emulator/openapi.json`: the operations in the form of OpenAPI 3.1, made of the types that read the requests.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value as Json, json};

use crate::answer::json_answer;

use super::{
    Auth,
    routes::{Operation, operations},
};

/// Where schemas of bodies are in the description.
const SCHEMAS: &str = "/components/schemas";

/// The description, with the address by which the client called.
pub async fn answer(State(auth): State<Arc<Auth>>, headers: HeaderMap) -> Response {
    json_answer(StatusCode::OK, &description(&auth.base_url(&headers), &operations()))
}

fn description(base: &str, operations: &[Operation]) -> Json {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = SCHEMAS.into());
    let mut generator = settings.into_generator();
    let mut paths: Map<String, Json> = Map::new();
    for operation in operations {
        let path = paths.entry(operation.path.clone()).or_insert_with(|| json!({}));
        if let Json::Object(methods) = path {
            methods.insert(operation.method().as_str().to_lowercase(), described(operation, &mut generator));
        }
    }
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Error".to_owned(), error());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "firewarden: the Auth stand-in",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The operations of Identity Toolkit and Secure Token that clients of Firebase Auth use, \
                            and those of the emulator below /emulator.",
        },
        "servers": [{ "url": base }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": { "type": "apiKey", "in": "query", "name": "key", "description": "Any text: a user asks." },
                "keyHeader": { "type": "apiKey", "in": "header", "name": "x-goog-api-key", "description": "The same." },
                "owner": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`owner`, or an access token that begins with `ya29.`: an administrator asks.",
                },
            },
        },
    })
}

fn described(operation: &Operation, generator: &mut SchemaGenerator) -> Json {
    let parameters: Vec<Json> = operation
        .path
        .split(['{', '}'])
        .skip(1)
        .step_by(2)
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    let answer = |description: &str| json!({ "description": description, "content": { "application/json": { "schema": { "type": "object" } } } });
    let refusal = json!({
        "description": "What is wrong with the request.",
        "content": { "application/json": { "schema": { "$ref": format!("#{SCHEMAS}/Error") } } },
    });
    let mut described = json!({
        "operationId": operation.id,
        "parameters": parameters,
        "responses": match operation.is_done {
            true => json!({ "200": answer("The answer of the API."), "default": refusal }),
            false => json!({ "501": refusal }),
        },
        // What is below `/emulator` is open to everybody who reaches the port.
        "security": match operation.path.starts_with("/emulator/") {
            true => json!([]),
            false => json!([{ "key": [] }, { "keyHeader": [] }, { "owner": [] }]),
        },
    });
    if let (Some(body), Json::Object(fields)) = (operation.handler.body, &mut described) {
        let schema = body(generator);
        fields.insert("requestBody".to_owned(), json!({ "content": { "application/json": { "schema": schema } } }));
    }
    described
}

/// The form of all refusals.
fn error() -> Json {
    let text = || json!({ "type": "string" });
    json!({
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {
                    "code": { "type": "integer" },
                    "message": { "type": "string", "description": "`CODE`, or `CODE : words`." },
                    "status": text(),
                    "errors": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": { "message": text(), "reason": text(), "domain": text() },
                        },
                    },
                },
            },
        },
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn operations_have_names_of_their_own_and_bodies_with_the_fields_that_are_read() {
        let operations = operations();
        let names: BTreeSet<_> = operations.iter().map(|operation| &operation.id).collect();
        assert_eq!(names.len(), operations.len());
        let description = description("http://127.0.0.1:9099", &operations);
        let at = |pointer: &str| description.pointer(pointer).cloned().unwrap_or_default();
        let sign_up = at("/paths/~1identitytoolkit.googleapis.com~1v1~1accounts:signUp/post");
        assert_eq!(sign_up["operationId"], "identitytoolkit.accounts.signUp");
        let body = sign_up["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str().unwrap();
        let fields = at(&format!("{}/properties", body.strip_prefix('#').unwrap()));
        assert!(fields.get("displayName").is_some() && fields.get("mfaInfo").is_some(), "{fields}");
    }

    /// Each reference leads to a schema.
    #[test]
    fn references_are_to_schemas_that_exist() {
        fn references(json: &Json, found: &mut BTreeSet<String>) {
            match json {
                Json::Object(fields) => {
                    for (name, value) in fields {
                        match value.as_str() {
                            Some(place) if name == "$ref" => drop(found.insert(place.to_owned())),
                            _ => references(value, found),
                        }
                    }
                }
                Json::Array(items) => items.iter().for_each(|item| references(item, found)),
                _ => {}
            }
        }
        let description = description("http://127.0.0.1:9099", &operations());
        let mut found = BTreeSet::new();
        references(&description, &mut found);
        assert!(found.len() > 20, "{found:?}");
        for place in found {
            assert!(description.pointer(place.strip_prefix('#').unwrap()).is_some(), "{place}");
        }
    }
}
