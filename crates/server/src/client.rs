//! A client of HTTP on this machine and in its network: one request on a connection of its own.

use axum::http::{Request, Response};
use bytes::Bytes;
use firewarden::BoxError;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Sends a request to an address, `HOST:PORT`, and reads an answer of at most `limit` bytes. How long that may take, the
/// caller says.
///
/// # Errors
///
/// Nobody listens there, the connection breaks, or the answer is too large.
pub async fn exchange(address: &str, request: Request<Full<Bytes>>, limit: usize) -> Result<Response<Bytes>, BoxError> {
    let socket = TcpStream::connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await?;
    let connection = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(connection));
    let (parts, body) = sender.send_request(request).await?.into_parts();
    let body = Limited::new(body, limit).collect().await?.to_bytes();
    drop(connection);
    Ok(Response::from_parts(parts, body))
}
