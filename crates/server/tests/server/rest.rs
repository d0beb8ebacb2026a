//! The REST API.

use reqwest::{Method, Response};
use serde_json::{Value as Json, json};

use crate::client::Database;

async fn send(
    database: &Database,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> Response {
    let mut request = database.http.request(method, database.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.body(body.to_owned());
    }
    request.send().await.unwrap()
}

async fn json_of(response: Response) -> Json {
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

fn header<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn answers_have_the_official_headers() {
    let database = Database::start().await;
    let response = send(&database, Method::GET, "/open.json", &[("origin", "http://localhost:3000")], None).await;
    assert_eq!(response.status(), 200);
    for (name, value) in [
        ("access-control-allow-origin", "*"),
        ("cache-control", "no-cache"),
        ("content-type", "application/json; charset=utf-8"),
        ("content-length", "4"),
        ("x-firebase-project-id", "demo"),
        ("x-firebase-project-number", "123456789"),
    ] {
        assert_eq!(header(&response, name), Some(value), "{name}");
    }
    assert_eq!(header(&response, "x-firebase-uuid").map(str::len), Some(36));
    assert_eq!(response.text().await.unwrap(), "null");
}

#[tokio::test]
async fn every_method_works() {
    let database = Database::start().await;
    let value = json!({ "a": 1, "b": { "c": "x" } });
    let response = send(&database, Method::PUT, "/open/m.json", &[], Some(&value.to_string())).await;
    assert_eq!((response.status().as_u16(), json_of(response).await), (200, value));
    let response = send(&database, Method::PATCH, "/open/m.json", &[], Some(r#"{"a":null,"b/d":2}"#)).await;
    assert_eq!((response.status().as_u16(), json_of(response).await), (200, json!({ "a": null, "b/d": 2 })));
    assert_eq!(database.get("/open/m.json").await, (200, json!({ "b": { "c": "x", "d": 2 } })));
    let response = send(&database, Method::POST, "/open/list.json", &[], Some("7")).await;
    let name = json_of(response).await["name"].as_str().unwrap().to_owned();
    assert_eq!(name.len(), 20);
    assert_eq!(database.get(&format!("/open/list/{name}.json")).await, (200, json!(7)));
    let response = send(&database, Method::HEAD, "/open/m.json", &[], None).await;
    assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (200, ""));
    let response = send(&database, Method::DELETE, "/open/m.json", &[], None).await;
    assert_eq!((response.status().as_u16(), json_of(response).await), (200, Json::Null));
    let response = send(&database, Method::POST, "/open/o.json", &[("x-http-method-override", "PUT")], Some("1")).await;
    assert_eq!(json_of(response).await, 1);
    let response =
        send(&database, Method::POST, "/open/o.json?x-http-method-override=patch", &[], Some("{\"a\":2}")).await;
    assert_eq!(json_of(response).await, json!({ "a": 2 }));
    assert_eq!(send(&database, Method::TRACE, "/open/o.json", &[], None).await.status(), 405);
}

#[tokio::test]
async fn denials_say_why_in_headers() {
    let database = Database::start().await;
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let response = send(&database, method, "/users/alice.json", &[], Some("1")).await;
        assert_eq!(response.status(), 401);
        assert!(header(&response, "x-firewarden-reason").is_some_and(|reason| !reason.is_empty()));
        assert!(header(&response, "x-firewarden-request").unwrap().parse::<u64>().unwrap() > 0);
        assert_eq!(json_of(response).await, json!({ "error": "Permission denied" }));
    }
}

#[tokio::test]
async fn users_are_named_in_the_official_ways() {
    let database = Database::start().await;
    assert_eq!(database.put("/users/alice.json", json!(1)).await, 200);
    let token = firewarden::auth::mock_token(&json!({ "sub": "alice" }), "demo").unwrap();
    let get = async |path: &str, headers: &[(&str, &str)]| {
        send(&database, Method::GET, path, headers, None).await.status().as_u16()
    };
    assert_eq!(get(&format!("/users/alice.json?auth={token}"), &[]).await, 200);
    assert_eq!(get(&format!("/users/bob.json?auth={token}"), &[]).await, 401);
    // As in the official emulator, every bearer is the owner.
    assert_eq!(get("/users/bob.json", &[("authorization", &format!("Bearer {token}"))]).await, 200);
    assert_eq!(get("/users/bob.json?access_token=x", &[]).await, 200);
    assert_eq!(get("/users/bob.json", &[("authorization", "Basic x")]).await, 401);
    let owner = [("authorization", "Bearer owner")];
    assert_eq!(get("/users/alice.json?auth_variable_override=%7B%22uid%22:%22alice%22%7D", &owner).await, 200);
    assert_eq!(get("/users/alice.json?auth_variable_override=%7B%22uid%22:%22bob%22%7D", &owner).await, 401);
    assert_eq!(get("/users/alice.json?auth_variable_override=null", &owner).await, 401);
    assert_eq!(get("/users/alice.json?auth_variable_override=7", &owner).await, 400);
    let response = send(&database, Method::GET, "/open.json?auth=nonsense", &[], None).await;
    assert_eq!(response.status(), 401);
    assert_eq!(json_of(response).await, json!({ "error": "Could not parse auth token." }));
}

#[tokio::test]
async fn etags_and_conditions() {
    let database = Database::start().await;
    let wants = [("x-firebase-etag", "true")];
    let response = send(&database, Method::GET, "/open/e.json", &wants, None).await;
    assert_eq!(header(&response, "etag"), Some("null_etag"));
    let response = send(&database, Method::PUT, "/open/e.json", &[("if-match", "null_etag")], Some("1")).await;
    assert_eq!(response.status(), 200);
    let tag = header(&response, "etag").unwrap().to_owned();
    assert_eq!(tag, "YPVfR2bXt/lcDjiQZ8pOkAd3qkQ=");
    assert_eq!(send(&database, Method::GET, "/open/e.json", &[], None).await.headers().get("etag"), None);
    let response = send(&database, Method::GET, "/open/e.json", &[("if-none-match", &tag)], None).await;
    assert_eq!((response.status().as_u16(), header(&response, "etag")), (304, Some(tag.as_str())));
    let response = send(&database, Method::GET, "/open/e.json", &[("if-none-match", "x")], None).await;
    assert_eq!((response.status().as_u16(), header(&response, "etag")), (200, Some(tag.as_str())));
    for method in [Method::PUT, Method::DELETE] {
        let response = send(&database, method, "/open/e.json", &[("if-match", "null_etag")], Some("2")).await;
        assert_eq!((response.status().as_u16(), header(&response, "etag")), (412, Some(tag.as_str())));
        assert_eq!(json_of(response).await, 1);
    }
    let response = send(&database, Method::DELETE, "/open/e.json", &[("if-match", &tag)], None).await;
    assert_eq!((response.status().as_u16(), header(&response, "etag")), (200, Some("null_etag")));
    for method in [Method::PATCH, Method::POST] {
        assert_eq!(send(&database, method, "/open/e.json", &[("if-match", &tag)], Some("{}")).await.status(), 400);
    }
}

#[tokio::test]
async fn answers_are_printed_as_asked() {
    let database = Database::start().await;
    database.put("/open/p.json", json!({ "a": { ".value": 1, ".priority": 2 }, "b": { "c": 1 } })).await;
    let get = async |path: &str| send(&database, Method::GET, path, &[], None).await;
    let response = get("/open/p.json?print=silent").await;
    assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (204, ""));
    assert!(get("/open/p.json?print=pretty").await.text().await.unwrap().contains("\n  \"a\": 1"));
    assert_eq!(json_of(get("/open/p.json?shallow=true").await).await, json!({ "a": true, "b": true }));
    assert_eq!(json_of(get("/open/p.json?shallow=true&limitToFirst=1").await).await, json!({ "a": true }));
    assert_eq!(json_of(get("/open/p.json?format=export").await).await["a"], json!({ ".value": 1, ".priority": 2 }));
    let response = get("/open/p/a.json?callback=take.it").await;
    assert_eq!(header(&response, "content-type"), Some("application/javascript; charset=utf-8"));
    assert_eq!(response.text().await.unwrap(), "/**/take.it(1);\n");
    let response = get("/open/p/a.json?download=a\".json").await;
    assert_eq!(header(&response, "content-disposition"), Some("attachment; filename=\"a_.json\""));
}

#[tokio::test]
async fn queries_need_an_order_and_an_index() {
    let database = Database::start().await;
    database.put("/open/byN.json", json!({ "a": { "n": 2 }, "b": { "n": 1 }, "c": { "n": 3 } })).await;
    let get = async |path: &str| database.get(path).await;
    let (status, json) = get("/open/byN.json?orderBy=%22n%22&startAt=2").await;
    assert_eq!((status, json), (200, json!({ "a": { "n": 2 }, "c": { "n": 3 } })));
    let (status, json) = get("/open/byN.json?orderBy=%22m%22&startAt=2").await;
    assert_eq!(status, 400);
    let text = json["error"].as_str().unwrap();
    assert!(
        text.contains("Index not defined, add \".indexOn\": \"m\", for path \"/open/byN\", to the rules"),
        "{text}"
    );
    for bad in ["limitToFirst=1", "orderBy=n", "orderBy=%22$key%22&limitToFirst=x", "orderBy=%22$key%22&startAt=%7B%7D"]
    {
        assert_eq!(get(&format!("/open/byN.json?{bad}")).await.0, 400, "{bad}");
    }
}

#[tokio::test]
async fn bad_requests_are_errors_of_the_client() {
    let database = Database::start().await;
    for (method, path, body) in [
        (Method::GET, "/", None),
        (Method::GET, "/open", None),
        (Method::GET, "/open/%FF.json", None),
        (Method::GET, "/open/a%23b.json", None),
        (Method::GET, "/open.json?print=x", None),
        (Method::GET, "/open.json?timeout=x", None),
        (Method::GET, "/open.json?callback=a(b)", None),
        (Method::PUT, "/open.json", None),
        (Method::PUT, "/open.json", Some("{")),
        (Method::PUT, "/open.json", Some("{\"a.b\":1}")),
        (Method::PUT, "/open.json?writeSizeLimit=x", Some("1")),
        (Method::PATCH, "/open.json", Some("1")),
        (Method::PATCH, "/open.json", Some("{\"a\":1,\"a/b\":2}")),
    ] {
        let response = send(&database, method.clone(), path, &[], body).await;
        assert_eq!(response.status(), 400, "{method} {path} {body:?}");
        assert!(json_of(response).await["error"].is_string());
    }
}

#[tokio::test]
async fn the_namespace_may_be_in_the_host() {
    let database = Database::start().await;
    assert_eq!(database.put("/open/ns.json", json!("here")).await, 200);
    let get = async |host: &str| {
        let url = format!("http://{}/open/ns.json", database.address);
        database.http.get(url).header("host", host).send().await.unwrap().text().await.unwrap()
    };
    assert_eq!(get("demo.localhost:9000").await, "\"here\"");
    assert_eq!(get("other.localhost:9000").await, "null");
    // The server's project.
    assert_eq!(get("localhost:9000").await, "\"here\"");
}
