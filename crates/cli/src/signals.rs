//! Signals that end this program, or the command that it runs.

use std::io;

use tokio::process::Child;

/// The signals that end a command.
#[cfg(unix)]
pub(super) struct Signals {
    streams: [(rustix::process::Signal, tokio::signal::unix::Signal); 4],
    /// Whether a person at a terminal sends them: the terminal sends `SIGINT` and `SIGQUIT` to the command too, and
    /// `firebase-tools` takes a second `SIGINT` for an order to end at once.
    from_terminal: bool,
}

#[cfg(unix)]
impl Signals {
    /// Signals are received from here on.
    pub(super) fn new() -> io::Result<Self> {
        use std::io::IsTerminal as _;

        use rustix::process::Signal;
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Signals {
            streams: [
                (Signal::INT, signal(SignalKind::interrupt())?),
                (Signal::QUIT, signal(SignalKind::quit())?),
                (Signal::TERM, signal(SignalKind::terminate())?),
                (Signal::HUP, signal(SignalKind::hangup())?),
            ],
            from_terminal: io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal(),
        })
    }

    /// The next signal.
    pub(super) async fn next(&mut self) -> rustix::process::Signal {
        std::future::poll_fn(|context| {
            let mut streams = self.streams.iter_mut();
            let received = streams.find_map(|(signal, stream)| stream.poll_recv(context).is_ready().then_some(*signal));
            received.map_or(std::task::Poll::Pending, std::task::Poll::Ready)
        })
        .await
    }

    /// Passes a signal on to a command.
    pub(super) fn hand_on(&self, signal: rustix::process::Signal, child: &Child) {
        use rustix::process::{Pid, Signal, kill_process};

        if self.from_terminal && [Signal::INT, Signal::QUIT].contains(&signal) {
            return;
        }
        let id = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        // It may have ended by itself.
        let _ = id.map(|id| kill_process(id, signal));
    }
}

/// The console tells all programs in it of Ctrl-C; this one waits for the command.
#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    /// Signals are received from here on.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Signals)
    }

    /// The next signal.
    pub(super) async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }

    /// Passes a signal on to a command.
    pub(super) fn hand_on(&self, (): (), _child: &Child) {}
}
