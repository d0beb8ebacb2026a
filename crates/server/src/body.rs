//! Bodies of requests: read piece by piece, with limits on size and time.

use std::{
    future::Future as _,
    ops::Deref,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, BodyDataStream, HttpBody as _},
    extract::{FromRef, FromRequest, Request},
    http::StatusCode,
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use tokio::time::Sleep;

use crate::{
    answer::Failure,
    memory::{Full, Held, Memory},
};

/// The largest body of a control endpoint in bytes.
const MAX_SMALL: u64 = 2 << 20;

/// The most that is read of the body of a refused request, in bytes.
pub const MAX_DISCARDED: u64 = 256 << 20;

/// The time in which a client has to send the next piece of a body.
const PIECE_TIME: Duration = Duration::from_secs(60);

/// Why a body cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is too large: the limit in bytes.
    #[error("the body is larger than {0} bytes")]
    TooLarge(u64),
    /// It ended early.
    #[error("the body ended early: {0}")]
    Broken(String),
    /// The client stopped sending.
    #[error("no more of the body came within {} seconds", PIECE_TIME.as_secs())]
    Slow,
    /// The bodies of all requests together are too large.
    #[error(transparent)]
    Full(#[from] Full),
    /// It is not what its type says.
    #[error("{0}")]
    Malformed(String),
}

/// A body that is read piece by piece.
pub struct Pieces {
    stream: BodyDataStream,
    /// The length that the client states.
    stated: Option<u64>,
    limit: u64,
    read: u64,
    /// Runs while the next piece is awaited.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Pieces {
    /// A body of at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// The client states a larger one.
    pub fn new(body: Body, limit: u64) -> Result<Self, BodyError> {
        let stated = body.size_hint().exact();
        match stated {
            Some(length) if length > limit => Err(BodyError::TooLarge(limit)),
            _ => Ok(Pieces { stream: body.into_data_stream(), stated, limit, read: 0, timer: None }),
        }
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    ///
    /// See [`BodyError`].
    pub async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    /// As [`Pieces::next`].
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, BodyError>> {
        let Poll::Ready(next) = self.stream.poll_next_unpin(context) else {
            let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(PIECE_TIME)));
            return timer.as_mut().poll(context).map(|()| Err(BodyError::Slow));
        };
        self.timer = None;
        Poll::Ready(match next {
            Some(Ok(piece)) => {
                self.read += piece.len() as u64;
                if self.read > self.limit { Err(BodyError::TooLarge(self.limit)) } else { Ok(Some(piece)) }
            }
            Some(Err(error)) => Err(BodyError::Broken(error.to_string())),
            // A connection that is cut can look like the end.
            None if self.stated.is_some_and(|stated| self.read < stated) => {
                Err(BodyError::Broken("the connection was closed".to_owned()))
            }
            None => Ok(None),
        })
    }
}

impl BodyError {
    /// The status of an answer that says it.
    pub fn status(&self) -> StatusCode {
        match self {
            BodyError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            BodyError::Slow => StatusCode::REQUEST_TIMEOUT,
            BodyError::Full(_) => StatusCode::SERVICE_UNAVAILABLE,
            BodyError::Broken(_) | BodyError::Malformed(_) => StatusCode::BAD_REQUEST,
        }
    }
}

/// A whole body, which counts as on its way as long as this value is there.
#[derive(Debug)]
pub struct Whole {
    bytes: Bytes,
    _held: Held,
}

impl Deref for Whole {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads a whole body of at most `limit` bytes.
///
/// # Errors
///
/// See [`BodyError`].
pub async fn whole(body: Body, limit: u64, memory: &Memory) -> Result<Whole, BodyError> {
    let mut pieces = Pieces::new(body, limit)?;
    let mut held = memory.hold();
    let mut bytes = BytesMut::new();
    while let Some(piece) = pieces.next().await? {
        bytes.extend_from_slice(&piece);
        held.resize(bytes.len())?;
    }
    Ok(Whole { bytes: bytes.freeze(), _held: held })
}

/// The body of a request to a control endpoint.
pub struct Small(pub Whole);

impl<S: Send + Sync> FromRequest<S> for Small
where
    Memory: FromRef<S>,
{
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let body = whole(request.into_body(), MAX_SMALL, &Memory::from_ref(state)).await;
        body.map(Small).map_err(|error| {
            let status = match error.status() {
                StatusCode::SERVICE_UNAVAILABLE => "UNAVAILABLE",
                StatusCode::REQUEST_TIMEOUT => "DEADLINE_EXCEEDED",
                _ => "INVALID_ARGUMENT",
            };
            Failure::new(error.status(), status, error.to_string())
        })
    }
}

/// Reads the rest of a body whose request is refused: many clients read no answer before they have sent all.
pub async fn discard(body: Body) {
    if let Ok(mut pieces) = Pieces::new(body, MAX_DISCARDED) {
        while let Ok(Some(_)) = pieces.next().await {}
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;

    use super::*;
    use crate::memory::FREE;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_go_on_ends() {
        let begins = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"x"))]).chain(stream::pending());
        let read = whole(Body::from_stream(begins), 100, &Memory::default()).await;
        assert_eq!(read.map(|body| body.len()), Err(BodyError::Slow));
    }

    #[tokio::test]
    async fn bodies_have_a_limit_each_and_one_together() {
        let memory = Memory::limited(3 * FREE, FREE);
        let body = || Body::from(vec![b'x'; 2 * FREE]);
        let limit = 2 * FREE as u64;
        assert_eq!(whole(body(), limit - 1, &memory).await.err(), Some(BodyError::TooLarge(limit - 1)));
        let first = whole(body(), limit, &memory).await;
        assert_eq!(first.as_ref().map(|body| body.len()), Ok(2 * FREE));
        let second = whole(body(), limit, &memory).await;
        assert_eq!(second.err().map(|error| error.status()), Some(StatusCode::SERVICE_UNAVAILABLE));
        assert!(whole(Body::from("small"), limit, &memory).await.is_ok());
        drop(first);
        assert!(whole(body(), limit, &memory).await.is_ok());
    }
}
