//! A server with a database, and bare clients of its protocols.

use std::{net::SocketAddr, time::Duration};

use firewarden::text::Source;
use firewarden_server::{Server, Service};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value as Json, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

/// Longer than any answer takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Rules with a bit of everything.
pub const RULES: &str = r#"{ "rules": {
    // A comment.
    "open": { ".read": true, ".write": true, "byN": { ".indexOn": "n" } },
    "users": { "$uid": { ".read": "auth.uid === $uid", ".write": "auth.uid === $uid" } },
    "switch": { ".write": true, "data": { ".read": "root.child('switch/on').val() === true" } },
} }"#;

/// A server whose namespace `demo` has [`RULES`].
pub struct Database {
    pub server: Server,
    pub address: SocketAddr,
    pub http: reqwest::Client,
}

impl Database {
    pub async fn start() -> Self {
        Self::start_with(false).await
    }

    pub async fn start_with(debug: bool) -> Self {
        let server = Server::builder().project("demo").debug(debug).port(Service::Database, 0).start().await.unwrap();
        server.set_database_rules("demo", &Source::new("database.rules.json", RULES)).unwrap();
        let address = server.address(Service::Database).unwrap();
        Database { server, address, http: reqwest::Client::new() }
    }

    pub fn url(&self, path: &str) -> String {
        let separator = if path.contains('?') { '&' } else { '?' };
        format!("http://{}{path}{separator}ns=demo", self.address)
    }

    pub async fn connect(&self) -> Client {
        let mut client = self.socket("").await;
        let hello = client.message().await.unwrap();
        assert_eq!(hello["d"]["t"], "h");
        client.hello = hello["d"]["d"].clone();
        client
    }

    /// A socket before its first message.
    pub async fn socket(&self, more: &str) -> Client {
        let url = format!("ws://{}/.ws?v=5&ns=demo{more}", self.address);
        let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        Client { socket, hello: Json::Null, pushes: Vec::new(), number: 0 }
    }

    pub async fn get(&self, path: &str) -> (u16, Json) {
        let response = self.http.get(self.url(path)).send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default())
    }

    pub async fn put(&self, path: &str, value: Json) -> u16 {
        let request = self.http.put(self.url(path)).bearer_auth("owner").body(value.to_string());
        request.send().await.unwrap().status().as_u16()
    }
}

/// A WebSocket client.
pub struct Client {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub hello: Json,
    /// What the server said of its own accord.
    pub pushes: Vec<Json>,
    number: u64,
}

impl Client {
    /// The next frame; `None` once the connection has ended.
    pub async fn frame(&mut self) -> Option<String> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("a frame in time") {
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next message.
    pub async fn message(&mut self) -> Option<Json> {
        let mut text = self.frame().await?;
        if let Ok(count) = text.parse::<usize>() {
            text.clear();
            for _ in 0..count {
                text += &self.frame().await?;
            }
        }
        Some(serde_json::from_str(&text).unwrap())
    }

    pub async fn raw(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// Sends a request without waiting for its answer. Returns its number.
    pub async fn send(&mut self, action: &str, body: Json) -> u64 {
        self.number += 1;
        let request = json!({ "t": "d", "d": { "r": self.number, "a": action, "b": body } });
        self.raw(&request.to_string()).await;
        self.number
    }

    /// The answer to a request: `{"s","d"}`.
    pub async fn answer(&mut self, number: u64) -> Json {
        loop {
            let message = self.message().await.expect("an answer");
            if message["d"]["r"] == number {
                return message["d"]["b"].clone();
            }
            self.pushes.push(message);
        }
    }

    pub async fn ask(&mut self, action: &str, body: Json) -> Json {
        let number = self.send(action, body).await;
        self.answer(number).await
    }

    pub async fn ok(&mut self, action: &str, body: Json) -> Json {
        let answer = self.ask(action, body).await;
        assert_eq!(answer["s"], "ok", "{answer}");
        answer["d"].clone()
    }

    /// Waits for what the server says of its own accord.
    pub async fn push(&mut self) -> Json {
        if self.pushes.is_empty() {
            return self.message().await.expect("a push");
        }
        self.pushes.remove(0)
    }
}
