//! The Auth service, asked over HTTP.

mod functions;
mod hostile;
mod state;
mod wire;

use std::net::SocketAddr;

use firewarden_server::{Server, Service};
use serde_json::Value as Json;

use crate::http::{Reply, send};

/// A server with accounts, on a port of its own.
pub struct Fixture {
    pub server: Server,
    pub address: SocketAddr,
}

impl Fixture {
    pub async fn start() -> Self {
        let server = Server::builder().project("demo-fw").port(Service::Auth, 0).start().await.unwrap();
        let address = server.address(Service::Auth).unwrap();
        Fixture { server, address }
    }

    /// A request of a user.
    pub async fn key(&self, operation: &str, body: Json) -> Reply {
        let path = format!("/identitytoolkit.googleapis.com/v1/accounts:{operation}?key=k");
        self.send("POST", &path, &[], &body).await
    }

    /// A request of an administrator.
    pub async fn admin(&self, operation: &str, body: Json) -> Reply {
        let path = format!("/identitytoolkit.googleapis.com/v1/projects/demo-fw/accounts{operation}");
        self.send("POST", &path, &[("authorization", "Bearer owner")], &body).await
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Json) -> Reply {
        let mut headers = headers.to_vec();
        headers.push(("content-type", "application/json"));
        send(self.address, method, path, &headers, body.to_string()).await
    }
}
