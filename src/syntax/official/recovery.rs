//! How the official parser goes on after an error. It decides what else is reported, and with
//! the list sorted by position a later report may well become the first.

use std::collections::BTreeSet;

use super::network::{StateId, StateKind};
use super::parser::{Failure, Parser};
use super::token::{EOF, EPSILON, KindSet, Token};

#[derive(Debug, Default)]
pub(super) struct Recovery {
    /// Nothing is reported again until a token has fitted.
    silent: bool,
    /// Where the last error left off, and in which states.
    last: Option<(usize, BTreeSet<StateId>)>,
    /// The expectation at the last optional place, for the message of a later mismatch.
    pending: Option<KindSet>,
}

impl Parser<'_> {
    /// Reads a token of `set`.
    pub(super) fn expect(&mut self, set: KindSet) -> Result<(), Failure> {
        if set.has(self.kind(0)) {
            self.fitted();
            self.consume();
            return Ok(());
        }
        if self.recovery.is_none() {
            return Err(Failure::Mismatch(set));
        }
        if self.delete_one() {
            self.consume();
            return Ok(());
        }
        if self.insert_one() {
            return Ok(());
        }
        let pending = self.recovery.as_ref().and_then(|recovery| recovery.pending);
        Err(Failure::Mismatch(pending.unwrap_or_else(|| self.expected())))
    }

    fn fitted(&mut self) {
        if let Some(recovery) = self.recovery.as_mut() {
            recovery.silent = false;
            recovery.last = None;
        }
    }

    fn silent(&self) -> bool {
        self.recovery.as_ref().is_none_or(|recovery| recovery.silent)
    }

    /// Checks at the start of a block or loop that the next token can be one of it.
    pub(super) fn sync(&mut self) -> Result<(), Failure> {
        if self.silent() {
            return Ok(());
        }
        let next = self.network.next(self.state);
        if next.has(self.kind(0)) {
            if let Some(recovery) = self.recovery.as_mut() {
                recovery.pending = None;
            }
            return Ok(());
        }
        if next.has(EPSILON) {
            let expected = self.expected();
            if let Some(recovery) = self.recovery.as_mut() {
                recovery.pending.get_or_insert(expected);
            }
            return Ok(());
        }
        match self.network.kind(self.state) {
            StateKind::PlusLoopBack | StateKind::StarLoopBack => {
                self.report_unexpected();
                let mut resume = self.expected();
                resume.join(self.resume_set());
                self.skip_to(resume);
                Ok(())
            }
            _ if self.delete_one() => Ok(()),
            _ => Err(Failure::Mismatch(self.expected())),
        }
    }

    /// What may come next, callers included.
    fn expected(&mut self) -> KindSet {
        self.expected_from(self.network.next(self.state))
    }

    fn expected_from(&mut self, next: KindSet) -> KindSet {
        self.count(if next.has(EPSILON) { self.frames.len() } else { 0 });
        let mut all = next.without(EPSILON);
        let mut open = next.has(EPSILON);
        for frame in self.frames.iter().skip(1).rev() {
            if !open {
                break;
            }
            let next = self.network.next(frame.follow);
            all.join(next.without(EPSILON));
            open = next.has(EPSILON);
        }
        if open {
            all.add(EOF);
        }
        all
    }

    /// What may come after any of the rules being read.
    fn resume_set(&mut self) -> KindSet {
        self.count(self.frames.len());
        let mut all = KindSet::default();
        for frame in self.frames.iter().skip(1) {
            all.join(self.network.next(frame.follow));
        }
        all.without(EPSILON)
    }

    fn skip_to(&mut self, resume: KindSet) {
        loop {
            let kind = self.kind(0);
            if kind == EOF || resume.has(kind) {
                return;
            }
            self.consume();
        }
    }

    /// Drops the next token if the one after it would do.
    fn delete_one(&mut self) -> bool {
        let after = self.kind(1);
        if !self.expected().has(after) {
            return false;
        }
        self.report_unexpected();
        self.consume();
        self.fitted();
        true
    }

    /// Pretends that the wanted token was there if the next one would follow it.
    fn insert_one(&mut self) -> bool {
        let Some(super::network::Edge::Token(_, to)) = self.network.edges(self.state).first() else {
            return false;
        };
        let following = self.expected_from(self.network.next(*to));
        if !following.has(self.kind(0)) {
            return false;
        }
        if !self.silent() {
            self.set_silent();
            let token = self.token(0);
            let message = format!("missing {} at '{}'", self.expected().display(), self.shown(token));
            self.report(token, message);
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.pretended = true;
        }
        true
    }

    fn set_silent(&mut self) {
        if let Some(recovery) = self.recovery.as_mut() {
            recovery.silent = true;
        }
    }

    /// Unlike other reports this one is never held back, and leaves the next one free.
    fn report_unexpected(&mut self) {
        let token = self.token(0);
        let message = format!("Unexpected '{}'.", self.text(token));
        self.report(token, message);
    }

    pub(super) fn report_failure(&mut self, failure: Failure) {
        if self.silent() {
            return;
        }
        self.set_silent();
        match failure {
            Failure::NoViable(index) => {
                let token = self.token_at(index);
                let message = format!("Unexpected '{}'.", self.text(token));
                self.report(token, message);
            }
            Failure::Mismatch(expected) => {
                let token = self.token(0);
                let message = format!("mismatched input '{}' expecting {}", self.shown(token), expected.display());
                self.report(token, message);
            }
            Failure::TooComplex => {}
        }
    }

    /// Skips to something that a caller can go on with.
    pub(super) fn recover(&mut self) {
        let (at, state) = (self.at, self.state);
        // A second failure in the same place: at least one token has to go.
        let stuck = self
            .recovery
            .as_ref()
            .and_then(|recovery| recovery.last.as_ref())
            .is_some_and(|(index, states)| *index == at && states.contains(&state));
        if stuck {
            self.consume();
        }
        let at = self.at;
        if let Some(recovery) = self.recovery.as_mut() {
            let (index, states) = recovery.last.get_or_insert_with(|| (at, BTreeSet::new()));
            *index = at;
            states.insert(state);
        }
        let resume = self.resume_set();
        self.skip_to(resume);
    }

    fn shown(&self, token: Token) -> String {
        self.text(token).replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t")
    }
}
