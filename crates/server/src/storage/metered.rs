//! A body for a parser that reads all it can get.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::Stream;

use super::MAX_METADATA;
use crate::{
    body::{BodyError, MAX_DISCARDED, Pieces},
    lock,
};

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
