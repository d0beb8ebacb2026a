//! Bodies of requests: read piece by piece, with limits on size and time.

use std::{
    future::Future as _,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, BodyDataStream, HttpBody as _};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use tokio::time::Sleep;

use crate::lock;

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

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, BodyError>> {
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
    meter: Meter,
    pause: bool,
}

/// The other end of a [`Metered`] body.
#[derive(Clone)]
pub struct Meter(Arc<Mutex<Measured>>);

struct Measured {
    pieces: Pieces,
    allowed: u64,
}

impl Metered {
    /// Wraps a body, which may give nothing yet.
    pub fn new(pieces: Pieces) -> (Self, Meter) {
        let meter = Meter(Arc::new(Mutex::new(Measured { pieces, allowed: 0 })));
        (Metered { meter: meter.clone(), pause: false }, meter)
    }
}

impl Meter {
    /// Allows so many bytes from now on.
    pub fn allow(&self, bytes: u64) {
        lock(&self.0).allowed = bytes;
    }

    /// Reads what the parser left, so that the connection can be used again.
    pub async fn discard(&self) {
        let mut discarded = 0;
        while let Ok(Some(piece)) = std::future::poll_fn(|context| lock(&self.0).pieces.poll_next(context)).await {
            discarded += piece.len() as u64;
            if discarded > MAX_DISCARDED {
                return;
            }
        }
    }
}

impl Stream for Metered {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // The parser polls until there is no more, so that a fast client would fill the memory.
        if std::mem::take(&mut self.pause) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut measured = lock(&self.meter.0);
        let Poll::Ready(next) = measured.pieces.poll_next(context) else { return Poll::Pending };
        let next = next.and_then(|next| {
            let length = next.as_ref().map_or(0, |piece| piece.len() as u64);
            measured.allowed = measured.allowed.checked_sub(length).ok_or(BodyError::TooLarge(MAX_METADATA))?;
            Ok(next)
        });
        drop(measured);
        self.pause = true;
        Poll::Ready(next.transpose())
    }
}
