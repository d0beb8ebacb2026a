//! The progress of a long run, if standard error is a terminal.

use std::{
    io::IsTerminal as _,
    sync::Once,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shorter runs show no progress.
const SHORT: Duration = Duration::from_millis(500);

pub(super) struct Progress {
    bar: ProgressBar,
    begun: Instant,
    shown: Once,
}

impl Progress {
    pub(super) fn new(tests: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(tests as u64), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} tests, {eta} left") {
            bar.set_style(style);
        }
        Progress { bar, begun: Instant::now(), shown: Once::new() }
    }

    /// Adds tests that were run.
    pub(super) fn add(&self, more: usize) {
        self.bar.inc(more as u64);
        if self.begun.elapsed() > SHORT && std::io::stderr().is_terminal() {
            self.shown.call_once(|| self.bar.set_draw_target(ProgressDrawTarget::stderr()));
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
