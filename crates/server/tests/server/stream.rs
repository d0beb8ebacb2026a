//! Streams of server-sent events.

use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use serde_json::{Value as Json, json};

use crate::client::Database;

struct Events {
    bytes: std::pin::Pin<Box<dyn Stream<Item = reqwest::Result<bytes::Bytes>>>>,
    text: String,
}

impl Events {
    async fn open(database: &Database, path: &str) -> Events {
        let request = database.http.get(database.url(path)).header("accept", "text/event-stream");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        assert_eq!(response.headers()["cache-control"], "no-cache");
        Events { bytes: Box::pin(response.bytes_stream()), text: String::new() }
    }

    /// The next event but signs of life; `None` at the end.
    async fn next(&mut self) -> Option<(String, Json)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (name, data) = event.split_once('\n').unwrap();
                let name = name.strip_prefix("event: ").unwrap().to_owned();
                let data = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
                self.text = rest.to_owned();
                if name == "keep-alive" {
                    assert_eq!(data, Json::Null);
                    continue;
                }
                return Some((name, data));
            }
            let bytes = tokio::time::timeout(Duration::from_secs(30), self.bytes.next()).await.expect("an event");
            self.text += std::str::from_utf8(&bytes?.ok()?).unwrap();
        }
    }

    async fn expect(&mut self, name: &str, path: &str, data: Json) {
        assert_eq!(self.next().await, Some((name.to_owned(), json!({ "path": path, "data": data }))));
    }
}

#[tokio::test]
async fn changes_are_told() {
    let database = Database::start().await;
    database.put("/open/live.json", json!({ "é": 1 })).await;
    let mut events = Events::open(&database, "/open/live.json").await;
    events.expect("put", "/", json!({ "é": 1 })).await;
    database.put("/open/live/b.json", json!({ "c": 2 })).await;
    events.expect("put", "/b", json!({ "c": 2 })).await;
    let request = database.http.patch(database.url("/open/live.json")).body(r#"{"é":5,"d":6}"#);
    request.send().await.unwrap();
    events.expect("patch", "/", json!({ "é": 5, "d": 6 })).await;
    database.put("/open/live/b.json", Json::Null).await;
    events.expect("put", "/b", Json::Null).await;
    database.put("/open.json", json!({ "live": 1, "other": 2 })).await;
    events.expect("put", "/", json!(1)).await;
}

#[tokio::test]
async fn a_stream_that_loses_its_permission_is_cancelled() {
    let database = Database::start().await;
    database.put("/switch.json", json!({ "on": true, "data": 1 })).await;
    let mut events = Events::open(&database, "/switch/data.json").await;
    events.expect("put", "/", json!(1)).await;
    database.put("/switch/on.json", json!(false)).await;
    assert_eq!(events.next().await, Some(("cancel".to_owned(), Json::Null)));
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn a_denied_stream_is_an_ordinary_answer() {
    let database = Database::start().await;
    let request = database.http.get(database.url("/users/alice.json")).header("accept", "text/event-stream");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(response.text().await.unwrap().trim(), r#"{"error":"Permission denied"}"#);
}

#[tokio::test]
async fn streams_end_with_the_server() {
    let database = Database::start().await;
    let mut events = Events::open(&database, "/open.json").await;
    events.expect("put", "/", Json::Null).await;
    drop(database);
    assert_eq!(events.next().await, None);
}
