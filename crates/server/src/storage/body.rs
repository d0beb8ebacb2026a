//! Bodies of requests: read piece by piece, with limits on size and time.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, BodyDataStream, HttpBody as _};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};

/// The largest object in bytes: 5 GiB.
pub const MAX_OBJECT: u64 = 5 << 30;

/// The largest body with metadata, in bytes.
pub const MAX_METADATA: u64 = 1 << 20;

/// The most that is read of the body of a refused request, in bytes.
const MAX_DISCARDED: u64 = 256 << 20;

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
            _ => Ok(Pieces { stream: body.into_data_stream(), stated, limit, read: 0 }),
        }
    }

    /// The length that the client states, in bytes.
    pub fn stated(&self) -> Option<u64> {
        self.stated
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    ///
    /// See [`BodyError`].
    pub async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        match tokio::time::timeout(PIECE_TIME, self.stream.next()).await {
            Err(_) => Err(BodyError::Slow),
            Ok(Some(Ok(piece))) => {
                self.read += piece.len() as u64;
                if self.read > self.limit {
                    return Err(BodyError::TooLarge(self.limit));
                }
                Ok(Some(piece))
            }
            Ok(Some(Err(error))) => Err(BodyError::Broken(error.to_string())),
            // A connection that is cut can look like the end.
            Ok(None) if self.stated.is_some_and(|stated| self.read < stated) => {
                Err(BodyError::Broken("the connection was closed".to_owned()))
            }
            Ok(None) => Ok(None),
        }
    }
}

/// The whole of a body that is small.
///
/// # Errors
///
/// See [`BodyError`].
pub async fn small(body: Body, limit: u64) -> Result<Bytes, BodyError> {
    let mut pieces = Pieces::new(body, limit)?;
    let mut whole = BytesMut::new();
    while let Some(piece) = pieces.next().await? {
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

/// Reads the rest of a body whose request is refused: many clients read no answer before they have sent all.
pub async fn discard(body: Body) {
    if let Ok(mut pieces) = Pieces::new(body, MAX_DISCARDED) {
        while let Ok(Some(_)) = pieces.next().await {}
    }
}

/// A body for a parser that reads all it can get: one piece at a time, and no more than it is allowed.
pub struct Metered {
    next: Pin<Box<dyn Future<Output = (Pieces, Result<Option<Bytes>, BodyError>)> + Send>>,
    allowance: Allowance,
    pause: bool,
}

/// The number of bytes that a [`Metered`] body may still give.
#[derive(Clone, Debug)]
pub struct Allowance(Arc<AtomicU64>);

impl Allowance {
    /// Allows so many bytes from now on.
    pub fn set(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }
}

impl Metered {
    /// Wraps a body.
    pub fn new(pieces: Pieces) -> (Self, Allowance) {
        let allowance = Allowance(Arc::new(AtomicU64::new(0)));
        (Metered { next: Box::pin(next_of(pieces)), allowance: allowance.clone(), pause: false }, allowance)
    }
}

async fn next_of(mut pieces: Pieces) -> (Pieces, Result<Option<Bytes>, BodyError>) {
    let next = pieces.next().await;
    (pieces, next)
}

impl Stream for Metered {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // The parser polls until there is no more, so that a fast client would fill the memory.
        if std::mem::take(&mut self.pause) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Poll::Ready((pieces, next)) = self.next.as_mut().poll(context) else { return Poll::Pending };
        self.next = Box::pin(next_of(pieces));
        self.pause = true;
        Poll::Ready(match next {
            Ok(None) => None,
            Err(error) => Some(Err(error)),
            Ok(Some(piece)) => {
                let allowed = self.allowance.0.load(Ordering::Relaxed);
                let length = piece.len() as u64;
                if length > allowed {
                    return Poll::Ready(Some(Err(BodyError::TooLarge(MAX_METADATA))));
                }
                self.allowance.set(allowed - length);
                Some(Ok(piece))
            }
        })
    }
}
