//! Sessions over WebSockets.

use serde_json::json;

use crate::client::Database;

#[tokio::test]
async fn a_connection_begins_with_hello() {
    let database = Database::start().await;
    let (one, two) = (database.connect().await, database.connect().await);
    assert_eq!(one.hello["v"], "5");
    assert_eq!(one.hello["h"], database.address.to_string());
    assert_eq!(one.hello["s"].as_str().map(str::len), Some(32));
    assert_ne!(one.hello["s"], two.hello["s"]);
}

#[tokio::test]
async fn hello_has_the_time_of_the_project() {
    let database = Database::start().await;
    database.server.clock("demo").freeze(Some(1_234));
    assert_eq!(database.connect().await.hello["ts"], 1_234);
}

#[tokio::test]
async fn pings_are_answered_and_keepalives_are_not() {
    let database = Database::start().await;
    let mut client = database.connect().await;
    client.raw("0").await;
    client.raw(r#"{"t":"c","d":{"t":"p","d":{}}}"#).await;
    assert_eq!(client.message().await, Some(json!({ "t": "c", "d": { "t": "o", "d": null } })));
}

#[tokio::test]
async fn answers_come_in_the_order_of_requests() {
    let database = Database::start().await;
    let mut client = database.connect().await;
    let mut numbers = Vec::new();
    for i in 0..200 {
        let (action, body) = if i % 2 == 0 {
            ("p", json!({ "p": format!("/open/order/{i}"), "d": i }))
        } else {
            ("g", json!({ "p": "/open/order", "q": {} }))
        };
        numbers.push(client.send(action, body).await);
    }
    for number in numbers {
        assert_eq!(client.message().await.unwrap()["d"]["r"], number);
    }
}

#[tokio::test]
async fn own_pushes_come_before_the_answer() {
    let database = Database::start().await;
    let mut client = database.connect().await;
    client.ok("q", json!({ "p": "/open/own", "h": "" })).await;
    client.pushes.clear();
    client.ok("p", json!({ "p": "/open/own/x", "d": 1 })).await;
    assert_eq!(client.pushes.len(), 1);
    assert_eq!(client.pushes[0]["d"], json!({ "a": "d", "b": { "p": "open/own/x", "d": 1 } }));
}

#[tokio::test]
async fn statuses_are_the_official_ones() {
    let database = Database::start().await;
    let mut client = database.connect().await;
    for (action, body, status) in [
        ("s", json!({ "c": {} }), "ok"),
        ("appcheck", json!({ "token": "x" }), "ok"),
        ("unappeck", json!({}), "ok"),
        ("unauth", json!({}), "ok"),
        ("zz", json!({ "p": "/open" }), "error"),
        ("p", json!({ "p": "/users/alice", "d": 1 }), "permission_denied"),
        ("g", json!({ "p": "/users/alice", "q": {} }), "permission_denied"),
        ("q", json!({ "p": "/users/alice", "h": "" }), "permission_denied"),
        ("o", json!({ "p": "/users/alice", "d": 1 }), "permission_denied"),
        ("p", json!({ "p": "/open/t", "d": 1, "h": "wrong" }), "datastale"),
        ("p", json!({ "p": "/open/a.b", "d": 1 }), "error"),
        ("m", json!({ "p": "/open", "d": { "a": 1, "a/b": 2 } }), "error"),
        ("p", json!({ "p": 7 }), "error"),
        ("auth", json!({ "cred": "no token" }), "invalid_token"),
    ] {
        let answer = client.ask(action, body.clone()).await;
        assert_eq!(answer["s"], status, "{action} {body}: {answer}");
        if status == "permission_denied" {
            assert_eq!(answer["d"], "Permission denied");
        }
    }
}

#[tokio::test]
async fn users_come_from_tokens_whose_time_is_over() {
    let database = Database::start().await;
    let mut client = database.connect().await;
    let token = firewarden::auth::mock_token(&json!({ "sub": "alice", "role": "boss" }), "demo").unwrap();
    let answer = client.ok("auth", json!({ "cred": token })).await;
    assert_eq!(answer["auth"]["uid"], "alice");
    assert_eq!(answer["auth"]["role"], "boss");
    assert_eq!(answer["auth"]["token"]["exp"], 3600);
    client.ok("p", json!({ "p": "/users/alice", "d": 1 })).await;
    client.ok("gauth", json!({ "cred": "owner", "authvar": { "uid": "bob" } })).await;
    assert_eq!(client.ask("p", json!({ "p": "/users/alice", "d": 1 })).await["s"], "permission_denied");
    client.ok("p", json!({ "p": "/users/bob", "d": 1 })).await;
    client.ok("gauth", json!({ "cred": "owner", "noauth": true })).await;
    assert_eq!(client.ask("p", json!({ "p": "/users/bob", "d": 1 })).await["s"], "permission_denied");
    client.ok("gauth", json!({ "cred": "owner" })).await;
    client.ok("p", json!({ "p": "/nowhere", "d": 1 })).await;
}

#[tokio::test]
async fn long_messages_are_split_in_both_directions() {
    let database = Database::start().await;
    let mut client = database.connect().await;
    let value = "🐵é".repeat(40_000);
    let request = json!({ "t": "d", "d": { "r": 900, "a": "p", "b": { "p": "/open/long", "d": value } } }).to_string();
    // Pieces of any length are taken.
    let characters: Vec<char> = request.chars().collect();
    let pieces: Vec<String> = characters.chunks(7_000).map(|piece| piece.iter().collect()).collect();
    client.raw(&pieces.len().to_string()).await;
    for piece in &pieces {
        client.raw(piece).await;
    }
    assert_eq!(client.answer(900).await["s"], "ok");
    let number = client.send("g", json!({ "p": "/open/long", "q": {} })).await;
    let count: usize = client.frame().await.unwrap().parse().unwrap();
    let mut text = String::new();
    for _ in 0..count {
        let piece = client.frame().await.unwrap();
        assert!(piece.encode_utf16().count() <= 16_384);
        text += &piece;
    }
    let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(answer["d"]["r"], number);
    assert_eq!(answer["d"]["b"]["d"], value);
}

#[tokio::test]
async fn a_cut_connection_runs_its_on_disconnect() {
    let database = Database::start().await;
    let (mut one, mut two) = (database.connect().await, database.connect().await);
    two.ok("q", json!({ "p": "/open/gone", "h": "" })).await;
    two.pushes.clear();
    one.ok("o", json!({ "p": "/open/gone", "d": "yes" })).await;
    drop(one);
    assert_eq!(two.push().await["d"]["b"]["d"], "yes");
}

#[tokio::test]
async fn a_listen_that_loses_its_permission_is_revoked() {
    let database = Database::start().await;
    let (mut one, mut two) = (database.connect().await, database.connect().await);
    two.ok("p", json!({ "p": "/switch", "d": { "on": true, "data": 1 } })).await;
    one.ok("q", json!({ "p": "/switch/data", "h": "", "q": { "l": 2, "vf": "l", "i": ".key" }, "t": 1 })).await;
    one.pushes.clear();
    two.ok("p", json!({ "p": "/switch/on", "d": false })).await;
    let revoked = one.push().await["d"].clone();
    assert_eq!((&revoked["a"], &revoked["b"]["p"]), (&json!("c"), &json!("switch/data")));
    assert_eq!(revoked["b"]["q"], json!([{ "l": 2, "vf": "l", "i": ".key" }]));
}

#[tokio::test]
async fn a_missing_index_is_a_warning() {
    let database = Database::start().await;
    let mut client = database.connect().await;
    let query = json!({ "l": 1, "vf": "l", "i": "n" });
    let answer = client.ok("q", json!({ "p": "/open/none", "h": "", "q": query, "t": 1 })).await;
    assert_eq!(answer, json!({ "w": ["no_index"] }));
    assert_eq!(client.ok("q", json!({ "p": "/open/byN", "h": "", "q": query, "t": 2 })).await, json!({}));
}

#[tokio::test]
async fn denials_are_explained_on_the_console_in_debug_mode() {
    let database = Database::start_with(true).await;
    let mut client = database.connect().await;
    client.ask("p", json!({ "p": "/users/alice", "d": 1 })).await;
    assert_eq!(client.pushes.len(), 1);
    assert_eq!(client.pushes[0]["d"]["a"], "sd");
    assert!(client.pushes[0]["d"]["b"]["msg"].as_str().unwrap().contains("/users/alice"));
}

#[tokio::test]
async fn sockets_end_with_the_server() {
    let database = Database::start().await;
    let mut client = database.connect().await;
    drop(database);
    assert_eq!(client.frame().await, None);
}
