//! Sessions over a WebSocket.

use std::{sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message as Frame, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use futures_util::{FutureExt as _, SinkExt as _};
use tokio::time::{Instant, timeout};

use super::{
    Next, Session,
    frames::{Assembler, Unassembled, frames},
    long_poll::Poll,
    message::{self, Control, Message},
    outbox::Outbox,
};
use crate::{at_length_if, memory::FREE};

/// The longest frame of a client in bytes. Official clients send at most 16,384 UTF-16 code units.
const MAX_FRAME: usize = 4 << 20;

/// The memory for what is read from a socket. Ten thousand idle sockets have it.
const READ_BUFFER: usize = 4 << 10;

/// The time in which the next piece of a message has to come.
const PIECE_TIME: Duration = Duration::from_secs(60);

/// The time after which a client with further messages lets others come.
const TURN: Duration = Duration::from_millis(1);

/// The time in which a client has to take a frame.
const SEND_TIME: Duration = Duration::from_secs(60);

/// The time for the switch from long polling, as long as clients wait for it.
const SWITCH_TIME: Duration = Duration::from_secs(60);

/// Sets the limits of a WebSocket.
pub fn configure(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade.read_buffer_size(READ_BUFFER).max_frame_size(MAX_FRAME).max_message_size(MAX_FRAME)
}

/// Serves a new session until its end.
pub async fn serve(socket: WebSocket, session: Session, host: String) {
    session.outbox().say(session.hello(&host));
    let outbox = Arc::clone(session.outbox());
    let mut connection = Connection::new(socket, outbox);
    let end = connection.run(session).await;
    connection.close(end).await;
}

/// Serves a client that goes on with a session of long polling, or tells it that there is none. The switch: both sides say
/// `a` here, and `n` as their last message over polls.
pub async fn take_over(mut socket: WebSocket, poll: Option<Arc<Poll>>, host: String) {
    let Some(poll) = poll else {
        // The client tries again with a session of its own.
        let _ = socket.send(Frame::Text(message::control("r", host).into())).await;
        let _ = socket.send(Frame::Close(None)).await;
        return;
    };
    let mut connection = Connection::new(socket, Arc::clone(poll.outbox()));
    let end = match timeout(SWITCH_TIME, connection.switch(&poll)).await {
        Ok(Ok(Some(session))) => connection.run(session).await,
        Ok(Ok(None)) | Err(_) => End::Server,
        Ok(Err(end)) => end,
    };
    connection.close(end).await;
}

struct Connection {
    socket: WebSocket,
    outbox: Arc<Outbox>,
    assembler: Assembler,
}

/// Why a connection ends.
#[derive(Debug)]
enum End {
    /// The client closed it, or went away.
    Client,
    /// The client does not read, or the server stops.
    Server,
    /// The client does not speak the protocol.
    Protocol,
    /// A message is too long.
    TooLong,
    /// The messages of all clients are too long.
    Full,
}

impl Connection {
    fn new(socket: WebSocket, outbox: Arc<Outbox>) -> Self {
        let assembler = Assembler::new(outbox.memory());
        Connection { socket, outbox, assembler }
    }

    /// Sends what waits, then takes one message, and so on. So answers have the order of the requests, and a client that
    /// does not read is not read from.
    async fn run(&mut self, mut session: Session) -> End {
        loop {
            let text = match self.receive(true).await {
                Ok(Some(text)) => text,
                Ok(None) => continue,
                Err(end) => return end,
            };
            let began = Instant::now();
            let next = at_length_if(text.len() > FREE, || session.take(&text));
            self.assembler.release();
            if began.elapsed() > TURN {
                // The thread looks for what came from others meanwhile.
                tokio::task::yield_now().await;
            }
            if next == Next::Close {
                let sent = async {
                    self.send_waiting().await?;
                    self.flush().await
                };
                let _ = sent.await;
                return End::Protocol;
            }
        }
    }

    /// The next message, or `None` if something else happened. If `sends`, also sends what waits.
    async fn receive(&mut self, sends: bool) -> Result<Option<Utf8Bytes>, End> {
        if sends {
            self.send_waiting().await?;
        }
        // What a client sends without waiting is answered in one go.
        let frame = match self.socket.recv().now_or_never() {
            Some(frame) => frame,
            None => {
                self.flush().await?;
                let end = self.outbox.end();
                let wait = async {
                    let frame = self.socket.recv();
                    if self.assembler.is_waiting() { timeout(PIECE_TIME, frame).await.ok() } else { Some(frame.await) }
                };
                tokio::select! {
                    () = end.cancelled() => return Err(End::Server),
                    () = self.outbox.ready(), if sends => return Ok(None),
                    frame = wait => match frame {
                        Some(frame) => frame,
                        // The rest of a message does not come.
                        None => return Err(End::Protocol),
                    },
                }
            }
        };
        match frame {
            Some(Ok(Frame::Text(text))) => self.assembler.push(text).map_err(|why| match why {
                Unassembled::TooLong => End::TooLong,
                Unassembled::Full(_) => End::Full,
            }),
            Some(Ok(Frame::Binary(_))) => Err(End::Protocol),
            Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => Ok(None),
            Some(Ok(Frame::Close(_)) | Err(_)) | None => Err(End::Client),
        }
    }

    async fn send_waiting(&mut self) -> Result<(), End> {
        while let Some(message) = self.outbox.pop() {
            for frame in frames(message.text()) {
                let sent = timeout(SEND_TIME, self.socket.feed(Frame::Text(frame)));
                tokio::select! {
                    () = self.outbox.end().cancelled() => return Err(End::Server),
                    sent = sent => match sent {
                        Ok(Ok(())) => {}
                        Ok(Err(_)) => return Err(End::Client),
                        Err(_) => return Err(End::Server),
                    },
                }
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), End> {
        tokio::select! {
            () = self.outbox.end().cancelled() => Err(End::Server),
            sent = timeout(SEND_TIME, self.socket.flush()) => match sent {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) => Err(End::Client),
                Err(_) => Err(End::Server),
            },
        }
    }

    /// Takes a session over from long polling; `None` if it has ended.
    async fn switch(&mut self, poll: &Poll) -> Result<Option<Session>, End> {
        self.say(message::control("a", serde_json::json!({}))).await?;
        loop {
            let Some(text) = self.receive(false).await? else { continue };
            match Message::parse(&text) {
                Ok(Message::Control(Control::Ping)) => self.say(message::control("o", ())).await?,
                Ok(Message::Control(Control::SwitchAck)) => break,
                Ok(Message::Control(_)) => {}
                Ok(Message::Request(_)) | Err(_) => return Err(End::Protocol),
            }
        }
        poll.end_output();
        // Requests over this connection wait until those over polls are done.
        Ok(poll.session_after_input().await)
    }

    async fn say(&mut self, text: String) -> Result<(), End> {
        self.socket.feed(Frame::Text(text.into())).await.map_err(|_| End::Client)?;
        self.flush().await
    }

    /// Says good-bye, for a moment.
    async fn close(mut self, end: End) {
        let code = match end {
            End::Client => close_code::NORMAL,
            End::Server => close_code::AWAY,
            End::Protocol => close_code::PROTOCOL,
            End::TooLong => close_code::SIZE,
            End::Full => close_code::AGAIN,
        };
        let frame = CloseFrame { code, reason: Utf8Bytes::default() };
        let _ = timeout(Duration::from_secs(1), self.socket.send(Frame::Close(Some(frame)))).await;
    }
}
