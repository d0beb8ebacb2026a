//! The control endpoints: clocks that decisions and stored times follow, resets, and projects that know nothing of each
//! other.

use std::net::SocketAddr;

use firewarden::text::Source;
use firewarden_server::{Server, Service};
use serde_json::{Value as Json, json};

use crate::http::{Reply, send};

/// 2026-01-31T12:00:00Z
const NOON: i64 = 1_769_860_800_000;

const OWNER: (&str, &str) = ("authorization", "Bearer owner");

struct Fixture {
    server: Server,
    database: SocketAddr,
    storage: SocketAddr,
}

impl Fixture {
    /// Rules that allow writes at noon, and reads always.
    async fn start() -> Self {
        let server = Server::builder().project("demo").port(Service::Database, 0).port(Service::Storage, 0);
        let server = server.start().await.unwrap();
        let rules = json!({ "rules": { ".read": true, ".write": format!("now === {NOON}") } });
        for namespace in ["demo", "other"] {
            server.set_database_rules(namespace, &Source::new("database.rules.json", rules.to_string())).unwrap();
        }
        let rules = format!(
            "rules_version = '2'; service firebase.storage {{ match /b/{{b}}/o/{{all=**}} {{
                allow read; allow write: if request.time == timestamp.value({NOON}); }} }}"
        );
        server.set_storage_rules(None, &Source::new("storage.rules", rules)).unwrap();
        let at = |service| server.address(service).unwrap();
        Fixture { database: at(Service::Database), storage: at(Service::Storage), server }
    }

    async fn clock(&self, method: &str, query: &str, body: Json) -> Reply {
        send(self.database, method, &format!("/firewarden/clock{query}"), &[], body.to_string()).await
    }

    /// Writes the time of the server as a user.
    async fn write(&self, namespace: &str) -> Reply {
        let path = format!("/t.json?ns={namespace}");
        send(self.database, "PUT", &path, &[], r#"{".sv":"timestamp"}"#).await
    }

    /// Uploads an object as a user.
    async fn upload(&self, bucket: &str, name: &str) -> Reply {
        send(self.storage, "POST", &format!("/v0/b/{bucket}/o?name={name}"), &[], "content").await
    }

    async fn data(&self, namespace: &str) -> Json {
        send(self.database, "GET", &format!("/.json?ns={namespace}"), &[OWNER], "").await.json()
    }

    async fn names(&self, bucket: &str) -> Vec<Json> {
        let listed = send(self.storage, "GET", &format!("/v0/b/{bucket}/o"), &[OWNER], "").await.json();
        listed["items"].as_array().unwrap().iter().map(|item| item["name"].clone()).collect()
    }

    async fn requests(&self, project: &str) -> usize {
        let path = format!("/firewarden/requests?project={project}");
        send(self.storage, "GET", &path, &[], "").await.json().as_array().unwrap().len()
    }
}

fn is_frozen_at(reply: &Reply, millis: i64) -> bool {
    let clock = reply.json();
    reply.status == 200 && clock["millis"] == json!(millis) && clock["frozen"] == json!(true)
}

#[tokio::test]
async fn decisions_and_stored_times_follow_the_clock() {
    let fixture = Fixture::start().await;
    // The present is not that noon.
    assert_eq!((fixture.write("demo").await.status, fixture.upload("demo", "a").await.status), (401, 403));
    let set = fixture.clock("PUT", "", json!({ "now": "2026-01-31T12:00:00Z", "frozen": true })).await;
    assert!(is_frozen_at(&set, NOON), "{set:?}");
    assert_eq!(set.json()["now"], "2026-01-31T12:00:00Z");
    for _ in 0..2 {
        let written = fixture.write("demo").await;
        assert_eq!((written.status, written.json()), (200, json!(NOON)));
    }
    let stored = fixture.upload("demo", "a").await;
    assert_eq!(stored.status, 200, "{stored:?}");
    assert_eq!(stored.json()["timeCreated"], "2026-01-31T12:00:00.000Z");
    assert_eq!(stored.json()["generation"], json!(NOON.to_string()));

    let later = fixture.clock("PUT", "", json!({ "advance": "90s" })).await;
    assert!(is_frozen_at(&later, NOON + 90_000), "{later:?}");
    assert_eq!((fixture.write("demo").await.status, fixture.upload("demo", "b").await.status), (401, 403));
    // The owner is not bound by rules; the times are those of the clock.
    let path = "/o.json?ns=demo";
    let written = send(fixture.database, "PUT", path, &[OWNER], r#"{".sv":"timestamp"}"#).await;
    assert_eq!(written.json(), json!(NOON + 90_000));
    let changed = send(fixture.storage, "PATCH", "/v0/b/demo/o/a", &[OWNER], "{}").await.json();
    assert_eq!(changed["timeCreated"], "2026-01-31T12:00:00.000Z");
    assert_eq!(changed["updated"], "2026-01-31T12:01:30.000Z");

    for (change, millis) in [
        (json!({ "now": "now+1h" }), NOON + 90_000 + 3_600_000),
        (json!({ "now": NOON }), NOON),
        (json!({ "advance": -1 }), NOON - 1),
        (json!({ "advance": 1 }), NOON),
    ] {
        let set = fixture.clock("PUT", "", change.clone()).await;
        assert!(is_frozen_at(&set, millis), "{change}: {set:?}");
    }
    assert!(is_frozen_at(&fixture.clock("GET", "", Json::Null).await, NOON));
    assert_eq!(fixture.write("demo").await.status, 200);
    // The library sees the same clock.
    assert_eq!(fixture.server.clock("demo").millis(), NOON);
    let running = fixture.clock("PUT", "", json!({ "frozen": false })).await.json();
    assert_eq!(running["frozen"], json!(false));
    assert!(running["millis"].as_i64().unwrap() >= NOON);
    let reset = fixture.clock("DELETE", "", Json::Null).await.json();
    assert!(reset["millis"].as_i64().unwrap() > NOON + 86_400_000, "{reset}");
}

#[tokio::test]
async fn a_change_that_makes_no_sense_is_refused_with_an_example_and_changes_nothing() {
    let fixture = Fixture::start().await;
    fixture.clock("PUT", "", json!({ "now": NOON, "frozen": true })).await;
    for (body, words) in [
        ("", "EOF"),
        ("[]", "expected"),
        (r#"{"time": 1}"#, "unknown field `time`"),
        (r#"{"now": "noon"}"#, "`now` is no time: \"noon\""),
        (r#"{"now": true}"#, "`now` is no text and no whole number"),
        (r#"{"advance": "soon", "frozen": false}"#, "`advance` is no duration: \"soon\""),
        (r#"{"advance": 1.5}"#, "`advance` is no text and no whole number"),
        (r#"{"now": 1, "advance": 1}"#, "cannot be combined"),
    ] {
        let refused = send(fixture.storage, "PUT", "/firewarden/clock", &[], body).await;
        assert_eq!(refused.status, 400, "{body}");
        let error = refused.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains(words) && error.contains(r#"{"advance": "90s"}"#), "{body}: {error}");
    }
    for path in ["/firewarden/clock?projekt=demo", "/firewarden/reset?projekt=demo"] {
        let method = if path.contains("clock") { "GET" } else { "POST" };
        assert_eq!(send(fixture.storage, method, path, &[], "").await.status, 400, "{path}");
    }
    assert!(is_frozen_at(&fixture.clock("GET", "", Json::Null).await, NOON));
    // The ends of time are no panic.
    for body in [json!({ "advance": i64::MAX }), json!({ "advance": i64::MIN }), json!({ "now": i64::MIN })] {
        assert_eq!(fixture.clock("PUT", "", body).await.status, 200);
        fixture.write("demo").await;
        fixture.upload("demo", "a").await;
    }
}

#[tokio::test]
async fn each_project_has_its_clock() {
    let fixture = Fixture::start().await;
    let set = fixture.clock("PUT", "?project=other", json!({ "now": NOON, "frozen": true })).await;
    assert!(is_frozen_at(&set, NOON));
    assert_eq!((fixture.write("other").await.status, fixture.write("demo").await.status), (200, 401));
    for (bucket, status) in
        [("other", 200), ("other.appspot.com", 200), ("other.firebasestorage.app", 200), ("demo", 403)]
    {
        assert_eq!(fixture.upload(bucket, "a").await.status, status, "{bucket}");
    }
    assert_eq!(fixture.clock("GET", "", Json::Null).await.json()["frozen"], json!(false));
    assert!(is_frozen_at(&fixture.clock("GET", "?project=other", Json::Null).await, NOON));
}

#[tokio::test]
async fn a_reset_concerns_one_project_or_all_and_rules_stay() {
    let fixture = Fixture::start().await;
    let fill = async || {
        for project in ["demo", "other"] {
            fixture.clock("PUT", &format!("?project={project}"), json!({ "now": NOON, "frozen": true })).await;
            assert_eq!(fixture.write(project).await.status, 200);
            assert_eq!(fixture.upload(&format!("{project}.appspot.com"), "a").await.status, 200);
        }
    };
    let reset = async |query: &str| send(fixture.database, "POST", &format!("/firewarden/reset{query}"), &[], "").await;
    fill().await;
    assert_eq!(reset("?project=other").await.json(), json!({ "reset": "other" }));
    assert_eq!(fixture.requests("other").await, 0);
    assert!(fixture.requests("demo").await >= 2);
    assert_eq!((fixture.data("other").await, fixture.data("demo").await), (Json::Null, json!({ "t": NOON })));
    assert_eq!(fixture.names("other.appspot.com").await, Vec::<Json>::new());
    assert_eq!(fixture.names("demo.appspot.com").await, [json!("a")]);
    assert_eq!(fixture.clock("GET", "?project=other", Json::Null).await.json()["frozen"], json!(false));
    assert!(is_frozen_at(&fixture.clock("GET", "", Json::Null).await, NOON));
    // Its rules still deny at another time than noon.
    assert_eq!((fixture.write("other").await.status, fixture.upload("other", "b").await.status), (401, 403));

    fill().await;
    assert_eq!(reset("").await.json(), json!({ "reset": "all projects" }));
    for project in ["demo", "other"] {
        assert_eq!(fixture.requests(project).await, 0);
        assert_eq!(fixture.data(project).await, Json::Null);
        assert_eq!(fixture.names(&format!("{project}.appspot.com")).await, Vec::<Json>::new());
        assert_eq!(fixture.write(project).await.status, 401);
    }
}
