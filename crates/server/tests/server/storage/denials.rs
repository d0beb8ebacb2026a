//! Denials: statuses, texts, and the reason.

use serde_json::json;

use super::{Fixture, OWNER, RULES, user};

#[tokio::test]
async fn a_denial_says_which_permission_and_why() {
    let fixture = Fixture::start().await;
    let (name, bob) = user("bob");
    let bob = (name, bob.as_str());
    for (method, path, headers, message, reason) in [
        (
            "GET",
            "/v0/b/b/o/users%2Falice%2Fx",
            vec![],
            "No READ permission.",
            "`request.auth != null` is false (storage.rules:6:22)",
        ),
        ("GET", "/v0/b/b/o?prefix=users%2Falice%2F", vec![], "No LIST permission.", "(storage.rules:6:22)"),
        (
            "POST",
            "/v0/b/b/o?name=users/alice/x",
            vec![bob],
            "No WRITE permission.",
            "`request.auth.uid == uid` is false (storage.rules:7:23)",
        ),
        ("DELETE", "/v0/b/b/o/users%2Falice%2Fx", vec![bob], "No WRITE permission.", "(storage.rules:7:23)"),
        ("PATCH", "/v0/b/b/o/kept%2Fx", vec![], "No WRITE permission.", "Null value"),
        ("GET", "/v0/b/b/o/user%2Falice%2Fx", vec![], "No READ permission.", "no statement covers"),
    ] {
        let reply = fixture.send(method, path, &headers, "").await;
        let error = &reply.json()["error"];
        assert_eq!((reply.status, &error["code"]), (403, &json!(403)));
        assert_eq!(error["message"], format!("Permission denied. {message}"));
        assert!(error["reason"].as_str().unwrap().contains(reason), "{method} {path}: {error}");
        assert!(reply.header("x-firewarden-request").parse::<u64>().unwrap() > 0);
    }
}

#[tokio::test]
async fn rules_see_the_upload_before_defaults_are_filled_in() {
    let fixture = Fixture::start().await;
    let text = ("content-type", "text/plain");
    assert_eq!(fixture.upload("small/a", "123456789", &[text]).await.status, 200);
    assert_eq!(fixture.upload("small/b", "1234567890", &[text]).await.status, 403);
    assert_eq!(fixture.upload("small/c", "1", &[]).await.status, 403);
    // An overwrite is a `create` with a stored object.
    assert_eq!(fixture.upload("kept/a", "1", &[]).await.status, 200);
    assert_eq!(fixture.upload("kept/a", "2", &[]).await.status, 403);
    assert_eq!(fixture.send("PATCH", "/v0/b/b/o/kept%2Fa", &[], "{\"metadata\":{\"k\":\"w\"}}").await.status, 403);
    assert_eq!(fixture.send("PATCH", "/v0/b/b/o/kept%2Fa", &[], "{\"metadata\":{\"k\":\"v\"}}").await.status, 200);
}

#[tokio::test]
async fn the_owner_passes_and_a_missing_object_is_missing() {
    let fixture = Fixture::start().await;
    for scheme in ["Bearer owner", "Firebase owner"] {
        let reply = fixture.send("GET", "/v0/b/b/o/closed", &[("authorization", scheme)], "").await;
        assert_eq!((reply.status, reply.text()), (404, "Not Found"));
    }
    assert_eq!(fixture.send("GET", "/v0/b/b/o/closed", &[("authorization", "Bearer Owner")], "").await.status, 403);
}

#[tokio::test]
async fn without_valid_rules_everything_is_denied() {
    let fixture = Fixture::without_rules().await;
    let message = "Permission denied. Storage Emulator has no loaded ruleset.";
    for (method, path) in
        [("GET", "/v0/b/b/o/x"), ("GET", "/v0/b/b/o"), ("POST", "/v0/b/b/o?name=x"), ("DELETE", "/v0/b/b/o/x")]
    {
        let reply = fixture.send(method, path, &[OWNER], "").await;
        assert_eq!((reply.status, &reply.json()["error"]["message"]), (403, &json!(message)), "{method} {path}");
    }
    assert_eq!(fixture.get("/v0/").await.json(), json!({ "emulator": "storage" }));
    let rules = json!({ "rules": { "files": [{ "name": "storage.rules", "content": "service firebase.storage {" }] } });
    let reply = fixture.send("PUT", "/internal/setRules", &[], rules.to_string()).await;
    assert_eq!(
        (reply.status, &reply.json()["message"]),
        (400, &json!("There was an error updating rules, see logs for more details"))
    );
    let reply = fixture.get("/v0/b/b/o/x").await;
    assert!(reply.json()["error"]["reason"].as_str().unwrap().contains("storage.rules:1:"), "{reply:?}");
}

#[tokio::test]
async fn rules_are_for_all_buckets_or_for_the_named_ones() {
    let fixture = Fixture::without_rules().await;
    let set = async |files: serde_json::Value| {
        fixture.send("PUT", "/internal/setRules", &[], json!({ "rules": { "files": files } }).to_string()).await
    };
    let refused = async |files, text: &str| {
        let reply = set(files).await;
        assert_eq!((reply.status, &reply.json()["message"]), (400, &json!(text)));
    };
    refused(json!([]), "Request body must include 'rules.files' array").await;
    refused(json!([{ "name": "x" }]), "Each member of 'rules.files' array must contain 'name' and 'content'").await;
    let text = "Each member of 'rules.files' array must contain 'name', 'content', and 'resource'";
    refused(json!([{ "name": "x", "content": "" }, { "name": "y", "content": "" }]), text).await;
    let reply = fixture.send("PUT", "/internal/setRules", &[], "no json").await;
    assert_eq!(
        (reply.status, &reply.json()["message"]),
        (400, &json!("Request body must include 'rules.files' array"))
    );
    let ok = set(json!([{ "name": "a", "content": RULES, "resource": "one" }])).await;
    assert_eq!((ok.status, &ok.json()["message"]), (200, &json!("Rules updated successfully")));
    assert_eq!(fixture.get("/v0/b/other/o/open%2Fx").await.status, 404);
    let closed = "service firebase.storage { match /b/{b}/o { match /x { allow read; } } }";
    set(json!([{ "name": "a", "content": RULES, "resource": "one" }, { "name": "b", "content": closed, "resource": "two" }])).await;
    assert_eq!(fixture.get("/v0/b/one/o/open%2Fx").await.status, 404);
    assert_eq!(fixture.get("/v0/b/two/o/open%2Fx").await.status, 403);
    assert_eq!(fixture.get("/v0/b/two/o/x").await.status, 404);
    assert!(fixture.get("/v0/b/other/o/open%2Fx").await.text().contains("no loaded ruleset"));
    // Rules of version 1 have no lists.
    let reply = fixture.get("/v0/b/two/o").await.json();
    assert_eq!(reply["error"]["message"], "Permission denied. No LIST permission.");
    assert!(reply["error"]["reason"].as_str().unwrap().contains("only allowed for rules_version='2'"));
}

#[tokio::test]
async fn a_reset_keeps_rules() {
    let fixture = Fixture::start().await;
    fixture.upload("open/x", "x", &[]).await;
    let reply = fixture.send("POST", "/internal/reset", &[], "").await;
    assert_eq!((reply.status, reply.text()), (200, "OK"));
    assert_eq!(fixture.get("/v0/b/b/o/open%2Fx").await.status, 404);
}

#[tokio::test]
async fn pages_of_this_machine_may_read_answers() {
    let fixture = Fixture::start().await;
    let headers = [("origin", "http://localhost:3000"), ("access-control-request-private-network", "true")];
    let reply = fixture.send("GET", "/v0/b/b/o/open%2Fx", &headers, "").await;
    assert_eq!(reply.header("access-control-allow-origin"), "http://localhost:3000");
    assert_eq!(reply.header("access-control-allow-private-network"), "true");
    assert!(reply.header("access-control-expose-headers").contains("x-goog-upload-url"));
}
