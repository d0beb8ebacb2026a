//! Clients that do not keep to the protocol. The server goes on for all others.

use std::time::Duration;

use futures_util::SinkExt as _;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::client::Database;

#[tokio::test]
async fn what_is_no_message_ends_the_connection_with_an_error() {
    let database = Database::start().await;
    for text in ["{\"t\":\"d\"", "nonsense", "[1]", "null", "-1", "{\"t\":\"d\",\"d\":{\"a\":\"q\"}}"] {
        let mut client = database.connect().await;
        client.raw(text).await;
        assert_eq!(client.message().await.unwrap()["d"]["t"], "e", "{text}");
        assert_eq!(client.frame().await, None, "{text}");
    }
    let mut client = database.connect().await;
    client.socket.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(client.frame().await, None);
    database.connect().await.ok("s", json!({})).await;
}

#[tokio::test]
async fn deep_and_large_requests_are_refused_and_the_connection_goes_on() {
    let database = Database::start().await;
    let mut client = database.connect().await;
    let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
    client.raw(&format!(r#"{{"t":"d","d":{{"r":100,"a":"p","b":{{"p":"/open/deep","d":{deep}}}}}}}"#)).await;
    assert_eq!(client.answer(100).await["s"], "error");
    let levels = vec!["x"; 40].join("/");
    assert_ne!(client.ask("p", json!({ "p": format!("/open/{levels}"), "d": 1 })).await["s"], "ok");
    let large =
        json!({ "t": "d", "d": { "r": 101, "a": "p", "b": { "p": "/open", "d": "x".repeat(17 << 20) } } }).to_string();
    client.raw("18").await;
    for at in 0..18 {
        client.raw(large.get(at << 20..).map_or("", |rest| rest.get(..1 << 20).unwrap_or(rest))).await;
    }
    assert_eq!(client.answer(101).await["s"], "too_big");
    client.ok("s", json!({})).await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off() {
    let database = Database::start().await;
    let mut deaf = database.connect().await;
    deaf.ok("q", json!({ "p": "/open/flood", "h": "" })).await;
    let mut writer = database.connect().await;
    let value = "x".repeat(3 << 20);
    // More than sockets and the queue of the server hold.
    for i in 0..16 {
        writer.ok("p", json!({ "p": "/open/flood/x", "d": format!("{i}{value}") })).await;
    }
    let mut frames = 0;
    while deaf.frame().await.is_some() {
        frames += 1;
    }
    assert!(frames < 16 * (3 << 20) / 16_384, "{frames}");
    writer.ok("s", json!({})).await;
}

#[tokio::test]
async fn a_client_that_only_sends_is_not_read_from_without_end() {
    let database = Database::start().await;
    let mut writer = database.connect().await;
    writer.ok("p", json!({ "p": "/open/much", "d": "x".repeat(1 << 20) })).await;
    let mut sender = database.connect().await;
    let request = json!({ "t": "d", "d": { "r": 1, "a": "g", "b": { "p": "/open/much", "q": {} } } }).to_string();
    // The server stops reading once answers are not taken, so sending comes to a halt: no answer is made for it.
    let sending = async {
        loop {
            if sender.socket.send(Message::text(request.clone())).await.is_err() {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_millis(500), sending).await;
    writer.ok("g", json!({ "p": "/open/much", "q": {} })).await;
}

#[tokio::test]
async fn a_count_without_pieces_harms_nobody() {
    let database = Database::start().await;
    let mut waiting = database.connect().await;
    waiting.raw("999999").await;
    waiting.raw("{").await;
    database.connect().await.ok("s", json!({})).await;
}

#[tokio::test]
async fn messages_and_frames_have_an_end() {
    let database = Database::start().await;
    let piece = "x".repeat(1 << 20);
    let mut endless = database.connect().await;
    endless.raw("999999").await;
    for _ in 0..80 {
        if endless.socket.send(Message::text(piece.clone())).await.is_err() {
            break;
        }
    }
    assert_eq!(endless.frame().await, None);
    let mut wide = database.connect().await;
    let _ = wide.socket.send(Message::text("x".repeat(5 << 20))).await;
    assert_eq!(wide.frame().await, None);
    database.connect().await.ok("s", json!({})).await;
}

#[tokio::test]
async fn reading_namespaces_does_not_keep_them() {
    let database = Database::start().await;
    for i in 0..2_500 {
        let url = format!("http://{}/.json?ns=read-{i}", database.address);
        assert_eq!(database.http.get(url).send().await.unwrap().text().await.unwrap(), "null");
    }
    assert_eq!(database.get("/open.json").await.0, 200);
    assert_eq!(database.get("/nowhere.json").await.0, 401);
}

#[tokio::test]
async fn names_of_namespaces_are_checked() {
    let database = Database::start().await;
    for name in ["", "a%2Fb", "a%20b", &"x".repeat(300)] {
        let url = format!("http://{}/open.json?ns={name}", database.address);
        assert_eq!(database.http.get(url).send().await.unwrap().status(), 400, "{name}");
    }
}
