//! Tests of the stand-in for the Storage emulator.

mod cloud;
mod denials;
mod hostile;
mod reads;
mod transfer;
mod uploads;

use std::net::SocketAddr;

use bytes::Bytes;
use firewarden::text::Source;
use firewarden_server::{Server, Service};

use crate::http::{Reply, send};

/// Rules for most tests: everything below `open/`, and users below their ids.
const RULES: &str = "rules_version = '2';
service firebase.storage {
  match /b/{bucket}/o {
    match /open/{p=**} { allow read, write; }
    match /users/{uid}/{p=**} {
      allow read: if request.auth != null;
      allow write: if request.auth.uid == uid;
    }
    match /small/{p=**} { allow create: if request.resource.size < 10 && request.resource.contentType == 'text/plain'; }
    match /kept/{p=**} { allow create: if resource == null; allow update: if request.resource.metadata.k == 'v'; }
  }
}
";

/// The header of the owner.
const OWNER: (&str, &str) = ("authorization", "Bearer owner");

/// A running server.
struct Fixture {
    server: Server,
    address: SocketAddr,
}

impl Fixture {
    async fn start() -> Self {
        let fixture = Fixture::without_rules().await;
        fixture.server.set_storage_rules(None, &Source::new("storage.rules", RULES)).unwrap();
        fixture
    }

    async fn without_rules() -> Self {
        let server = Server::builder().project("demo").port(Service::Storage, 0).start().await.unwrap();
        let address = server.address(Service::Storage).unwrap();
        Fixture { server, address }
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Reply {
        send(self.address, method, path, headers, body).await
    }

    async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], "").await
    }

    /// Uploads an object to the bucket `b` by its content.
    async fn upload(&self, name: &str, body: impl Into<Bytes>, headers: &[(&str, &str)]) -> Reply {
        let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
        self.send("POST", &format!("/v0/b/b/o?name={name}"), headers, body).await
    }
}

/// The header of a user, as the test library makes it.
fn user(uid: &str) -> (&'static str, String) {
    let token = firewarden::auth::mock_token(&serde_json::json!({ "sub": uid }), "demo").unwrap();
    ("authorization", format!("Firebase {token}"))
}

/// Bytes that look random.
fn noise(length: usize) -> Bytes {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let next = std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    });
    next.take(length).collect()
}
