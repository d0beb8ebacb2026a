//! The endpoints below `/firewarden/` and the page, with requests that nobody made.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{Request as HttpRequest, Response, header},
};
use firewarden::{
    Auth, Timestamp, database,
    rules::Decision,
    storage::{Object, Request, Ruleset},
    text::Source,
};
use futures_util::StreamExt as _;
use http_body_util::BodyExt as _;
use serde_json::{Value as Json, json};
use tower::ServiceExt as _;

use crate::{
    Service,
    journal::{Record, Replay, Verdict},
    page,
    server::Services,
    shared::{Settings, Shared},
};

const STORAGE_RULES: &str = "rules_version = '2';
service firebase.storage {
  match /b/{bucket}/o {
    function isSignedIn() {
      return request.auth != null;
    }
    // Everybody has a folder.
    match /users/{user}/{file} {
      allow read: if isSignedIn();
      allow create: if isSignedIn() && request.auth.uid == user
                    && request.resource.size < 5 * 1024 * 1024
                    && request.resource.contentType.matches('image/.*');
    }
    match /public/{all=**} {
      allow read;
    }
  }
}
";

const DATABASE_RULES: &str = r#"{
  "rules": {
    "rooms": {
      "$room": {
        ".read": "auth != null && data.child('members').child(auth.uid).exists()",
        "messages": {
          "$message": {
            ".write": "auth != null && !data.exists() && newData.child('author').val() == auth.uid",
            ".validate": "newData.child('text').isString() && newData.child('text').val().length < 20"
          }
        }
      }
    }
  }
}
"#;

/// A request whose decision is made anew by a function.
struct Made<F> {
    source: Source,
    decide: F,
}

impl<F: Fn() -> Option<Decision> + Send + Sync> Replay for Made<F> {
    fn explain(&self) -> Option<Decision> {
        (self.decide)()
    }

    fn rules(&self) -> Option<Source> {
        Some(self.source.clone())
    }

    fn detail(&self) -> Json {
        json!({ "auth": { "uid": "ann", "token": { "email": "ann@example.com" } }, "documents": {} })
    }

    fn suite(&self) -> String {
        "tests:\n  - name: one\n".to_owned()
    }

    fn size(&self) -> usize {
        100
    }
}

fn record(shared: &Shared, service: Service, what: (&'static str, &str, Option<&str>, bool), replay: Arc<dyn Replay>) {
    let (method, path, uid, allowed) = what;
    let decision = replay.explain();
    let verdict = if allowed { Verdict::Allowed } else { Verdict::Denied };
    shared.journal.record(Record {
        service,
        project: "demo".to_owned(),
        instance: if service == Service::Storage { "demo.appspot.com" } else { "demo-default-rtdb" }.to_owned(),
        method,
        path: path.to_owned(),
        uid: uid.map(str::to_owned),
        verdict: if decision.is_none() { Verdict::Admin } else { verdict },
        reason: decision.map(|decision| decision.reason()).unwrap_or_default(),
        place: (!allowed).then(|| ("storage.rules".to_owned(), 10, 20)),
        time: Timestamp::from_millis(1_795_318_035_478).unwrap(),
        replay,
    });
}

/// Uploads a file as a user.
fn upload(shared: &Shared, name: &str, uid: Option<&str>, size: i64) {
    let source = Source::new("storage.rules", STORAGE_RULES);
    let rules = Ruleset::parse(&source).unwrap();
    let object = Object::new(name.to_owned()).size(size).content_type("image/png");
    let (object, user) = (object.clone(), uid.map(Auth::user));
    let decide = move || {
        let mut request = Request::create("demo.appspot.com", object.clone());
        if let Some(user) = &user {
            request = request.auth(user.clone());
        }
        Some(Decision::Service(Box::new(rules.explain(&request, &()).unwrap())))
    };
    let allowed = decide().unwrap().is_allowed();
    record(shared, Service::Storage, ("create", name, uid, allowed), Arc::new(Made { source, decide }));
}

/// Writes a message as a user.
fn write(shared: &Shared, path: &str, uid: &str, value: Json) {
    let source = Source::new("database.rules.json", DATABASE_RULES);
    let rules = database::Ruleset::parse(&source).unwrap();
    let (at, user) = (path.to_owned(), Auth::user(uid));
    let decide = move || {
        let request = database::Request::write(&at, value.clone()).auth(user.clone());
        Some(Decision::Database(Box::new(rules.explain(&request, &database::Data::default()).unwrap())))
    };
    let allowed = decide().unwrap().is_allowed();
    record(shared, Service::Database, ("write", path, Some(uid), allowed), Arc::new(Made { source, decide }));
}

fn services() -> Arc<Services> {
    let settings = Settings { project: "demo".to_owned(), ..Settings::default() };
    let addresses = [
        (Service::Database, "127.0.0.1:9000".parse().unwrap()),
        (Service::Storage, "0.0.0.0:9199".parse().unwrap()),
        (Service::Page, "127.0.0.1:4000".parse().unwrap()),
    ];
    let services = Services::new(settings, addresses.into_iter().collect()).unwrap();
    let shared = &services.shared;
    upload(shared, "users/ann/cat.png", Some("ann"), 2_000);
    upload(shared, "users/ann/cat.png", Some("bob"), 2_000);
    upload(shared, "users/ann/huge.png", Some("ann"), 9_000_000);
    upload(shared, "users/ann/cat.png", None, 2_000);
    write(shared, "/rooms/r1/messages/m1", "ann", json!({ "author": "ann", "text": "hello" }));
    write(shared, "/rooms/r1/messages/m2", "ann", json!({ "author": "bob", "text": "hello" }));
    write(shared, "/rooms/r1/messages/m3", "ann", json!({ "author": "ann", "text": "x".repeat(30) }));
    services
}

fn router(services: &Arc<Services>) -> Router {
    page::router(services).merge(super::router(services))
}

async fn call(router: &Router, url: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let mut request = HttpRequest::get(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn text(answer: Response<Body>) -> String {
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

async fn json_of(router: &Router, url: &str) -> Json {
    serde_json::from_str(&text(call(router, url, &[]).await).await).unwrap()
}

#[tokio::test]
async fn requests_are_filtered() {
    let router = router(&services());
    for (query, ids) in [
        ("", vec![1, 2, 3, 4, 5, 6, 7]),
        ("?verdict=deny", vec![2, 3, 4, 6, 7]),
        ("?verdict=allow&service=storage", vec![1]),
        ("?path=huge", vec![3]),
        ("?path=/users", vec![1, 2, 3, 4]),
        ("?path=/ann", vec![]),
        ("?path=/rooms/r1/messages/m2", vec![6]),
        ("?uid=bob", vec![2]),
        ("?uid=", vec![4]),
        ("?project=demo&after=5", vec![6, 7]),
        ("?project=other", vec![]),
    ] {
        let found = json_of(&router, &format!("/firewarden/requests{query}")).await;
        let found: Vec<u64> = found.as_array().unwrap().iter().map(|entry| entry["id"].as_u64().unwrap()).collect();
        assert_eq!(found, ids, "{query}");
    }
    let refused = call(&router, "/firewarden/requests?verdict=denied", &[]).await;
    assert_eq!(refused.status(), 400);
    assert!(text(refused).await.contains("expected allow, deny or admin"));
}

#[tokio::test]
async fn a_request_has_its_explanation_and_its_rules_with_values() {
    let router = router(&services());
    let found = json_of(&router, "/firewarden/requests/3").await;
    assert_eq!((&found["path"], &found["verdict"]), (&json!("users/ann/huge.png"), &json!("deny")));
    assert_eq!(found["decision"]["cause"], "conditions-false");
    assert!(found["explanation"].as_str().unwrap().contains("request.resource.size → 9000000"));
    assert_eq!(found["rules"]["text"], STORAGE_RULES);
    assert_eq!(found["rules"]["decisive"]["text"], "false");
    assert!(found["rules"]["values"].as_array().unwrap().iter().any(|value| value["value"] == "9000000"));
    assert_eq!(found["detail"]["auth"]["uid"], "ann");
    let found = json_of(&router, "/firewarden/requests/6").await;
    assert_eq!(found["rules"]["file"], "database.rules.json");
    assert!(found["rules"]["values"].as_array().unwrap().iter().any(|value| value["value"] == "'bob'"));
    let suite = call(&router, "/firewarden/requests/3/suite", &[]).await;
    assert_eq!(suite.headers()[header::CONTENT_TYPE], "application/yaml; charset=utf-8");
    assert_eq!(text(suite).await, "tests:\n  - name: one\n");
    for url in ["/firewarden/requests/99", "/firewarden/requests/x", "/firewarden/requests/99/suite"] {
        assert_eq!(call(&router, url, &[]).await.status(), 404, "{url}");
    }
}

#[tokio::test]
async fn a_stream_has_the_kept_requests_then_those_to_come() {
    let services = services();
    let router = router(&services);
    let ids = async |url: &str, headers: &[(&str, &str)], more: usize, count: usize| {
        let answer = call(&router, url, headers).await;
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
        let mut body = answer.into_body().into_data_stream();
        for _ in 0..more {
            upload(&services.shared, "users/ann/more.png", Some("ann"), 1);
        }
        let mut read = String::new();
        while read.matches("event: request").count() < count {
            read.push_str(std::str::from_utf8(&body.next().await.unwrap().unwrap()).unwrap());
        }
        read.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect::<Vec<u64>>()
    };
    assert_eq!(ids("/firewarden/requests?stream&after=6", &[], 1, 2).await, [7, 8]);
    let events = [("accept", "text/event-stream")];
    assert_eq!(ids("/firewarden/requests?verdict=allow", &events, 1, 4).await, [1, 5, 8, 9]);
    let again = [("accept", "text/event-stream"), ("last-event-id", "8")];
    assert_eq!(ids("/firewarden/requests", &again, 0, 1).await, [9]);
    // Of a server that ran before.
    let older = [("accept", "text/event-stream"), ("last-event-id", "500")];
    assert_eq!(ids("/firewarden/requests", &older, 0, 9).await.len(), 9);
}

#[tokio::test]
async fn streams_are_bounded_and_given_back() {
    let router = router(&services());
    let mut open = Vec::new();
    for _ in 0..64 {
        open.push(call(&router, "/firewarden/requests?stream", &[]).await);
    }
    assert_eq!(call(&router, "/firewarden/requests?stream", &[]).await.status(), 503);
    open.pop();
    assert_eq!(call(&router, "/firewarden/requests?stream", &[]).await.status(), 200);
}

#[tokio::test]
async fn the_page_loads_only_what_is_its_own() {
    let services = services();
    let router = router(&services);
    let page = call(&router, "/", &[("host", "localhost:4000")]).await;
    let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
    assert!(policy.contains("connect-src 'self' http://127.0.0.1:9000 http://localhost:9199;"), "{policy}");
    let page = text(page).await;
    assert!(page.starts_with("<!doctype html>") && !page.contains("http://") && !page.contains("https://"));
    assert!(!page.contains("style=") && !page.contains("onclick"), "the policy forbids styles and scripts in it");
    // A host that is no name is no part of the policy.
    let odd = call(&router, "/", &[("host", "a;script-src *:80")]).await;
    assert!(!odd.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains('*'));
    for (file, content) in [
        ("/page.css", "text/css; charset=utf-8"),
        ("/page.js", "text/javascript; charset=utf-8"),
        ("/parts.js", "text/javascript; charset=utf-8"),
        ("/data.js", "text/javascript; charset=utf-8"),
    ] {
        let answer = call(&router, file, &[]).await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()[header::CONTENT_TYPE]),
            (200, &content.parse().unwrap())
        );
    }
    let services = json_of(&router, "/firewarden/services").await;
    assert_eq!(services["project"], "demo");
    assert_eq!(services["services"][0], json!({ "name": "database", "host": "127.0.0.1", "port": 9000 }));
}

#[tokio::test]
async fn coverage_has_four_formats() {
    let router = router(&services());
    for (format, content) in [
        ("", "text/html; charset=utf-8"),
        ("?format=html", "text/html; charset=utf-8"),
        ("?format=json", "application/json"),
        ("?format=lcov", "text/plain; charset=utf-8"),
        ("?format=text", "text/plain; charset=utf-8"),
    ] {
        let answer = call(&router, &format!("/firewarden/coverage{format}"), &[]).await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()[header::CONTENT_TYPE]),
            (200, &content.parse().unwrap())
        );
    }
    assert_eq!(json_of(&router, "/firewarden/coverage?format=json").await["version"], 1);
    assert_eq!(call(&router, "/firewarden/coverage?format=xml", &[]).await.status(), 400);
}
