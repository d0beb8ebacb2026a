//! Serves the database and storage on the official ports or those given: `serve DATABASE_PORT STORAGE_PORT`.
#![allow(clippy::print_stdout)]

use std::time::Duration;

use firewarden_server::{Server, Service};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut ports = std::env::args().skip(1).map(|port| port.parse::<u16>());
    let mut builder = Server::builder().project("fake-server");
    for service in [Service::Database, Service::Storage] {
        let port = ports.next().transpose()?.unwrap_or(service.default_port());
        builder = builder.port(service, port);
    }
    let server = builder.debug(std::env::var_os("FIREWARDEN_DEBUG").is_some()).start().await?;
    println!("database on {:?}, storage on {:?}", server.address(Service::Database), server.address(Service::Storage));
    loop {
        tokio::time::sleep(Duration::from_secs(3_600)).await;
    }
}
