//! Words about a port that is in use: by which process, and what to do.

use std::{io, net::SocketAddr};

use firewarden_server::Service;

/// Why a service cannot listen, and what would help.
pub(super) fn taken(service: Service, address: SocketAddr, error: &io::Error) -> String {
    let (name, port) = (service.name(), address.port());
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            let process = listeners::get_process_by_port(port, listeners::Protocol::TCP);
            let by = process.map_or(String::new(), |process| format!(" by {} (process {})", process.name, process.pid));
            format!(
                "{name} cannot listen on {address}: the port is in use{by}; end that process, or name another port with \
                 --port {name}={} (0 takes a free one), or as emulators.{name}.port in firebase.json",
                port.checked_add(1).unwrap_or(0)
            )
        }
        io::ErrorKind::PermissionDenied => {
            format!("{name} cannot listen on {address}: ports below 1024 need privileges; use --port {name}=PORT")
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("{name} cannot listen on {address}: no interface of this machine has the address; see --host")
        }
        _ => format!("{name} cannot listen on {address}: {error}"),
    }
}
