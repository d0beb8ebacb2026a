//! ANTLR's `DefaultErrorStrategy`: how the parser recovers decides what else it reports, and since the list is sorted by
//! position, a later report may become the first.

use std::collections::BTreeSet;

use super::atn::{StateId, StateKind};
use super::parser::{Parser, RecognitionError};
use super::token::{EOF, EPSILON, KindSet, Token};

#[derive(Debug, Default)]
pub(super) struct DefaultErrorStrategy {
    /// No error is reported until a token matches.
    error_recovery_mode: bool,
    /// The token index of the last error, and the states in which errors occurred there.
    last: Option<(usize, BTreeSet<StateId>)>,
    /// The expected tokens at the last optional construct, for the message of a later mismatch.
    next_tokens_context: Option<KindSet>,
}

impl Parser<'_> {
    /// Matches a token of `set`, with `recoverInline` where another one stands.
    pub(super) fn match_set(&mut self, set: KindSet) -> Result<(), RecognitionError> {
        if set.has(self.kind(0)) {
            self.report_match();
            self.consume();
            return Ok(());
        }
        if self.error_strategy.is_none() {
            return Err(RecognitionError::InputMismatch(set));
        }
        if self.single_token_deletion() {
            self.consume();
            return Ok(());
        }
        if self.single_token_insertion() {
            return Ok(());
        }
        let next_tokens_context =
            self.error_strategy.as_ref().and_then(|error_strategy| error_strategy.next_tokens_context);
        Err(RecognitionError::InputMismatch(next_tokens_context.unwrap_or_else(|| self.expected_tokens())))
    }

    fn report_match(&mut self) {
        if let Some(error_strategy) = self.error_strategy.as_mut() {
            error_strategy.error_recovery_mode = false;
            error_strategy.last = None;
        }
    }

    fn error_recovery_mode(&self) -> bool {
        self.error_strategy.as_ref().is_none_or(|error_strategy| error_strategy.error_recovery_mode)
    }

    /// Checks at a block or loop that it can begin or go on with the next token.
    pub(super) fn sync(&mut self) -> Result<(), RecognitionError> {
        if self.error_recovery_mode() {
            return Ok(());
        }
        let next = self.atn.next_tokens(self.state);
        if next.has(self.kind(0)) {
            if let Some(error_strategy) = self.error_strategy.as_mut() {
                error_strategy.next_tokens_context = None;
            }
            return Ok(());
        }
        if next.has(EPSILON) {
            let expected_tokens = self.expected_tokens();
            if let Some(error_strategy) = self.error_strategy.as_mut() {
                error_strategy.next_tokens_context.get_or_insert(expected_tokens);
            }
            return Ok(());
        }
        match self.atn.kind(self.state) {
            StateKind::PlusLoopBack | StateKind::StarLoopBack => {
                self.report_unwanted_token();
                let mut resume = self.expected_tokens();
                resume.join(self.error_recovery_set());
                self.consume_until(resume);
                Ok(())
            }
            _ if self.single_token_deletion() => Ok(()),
            _ => Err(RecognitionError::InputMismatch(self.expected_tokens())),
        }
    }

    /// The tokens that may come next, callers included.
    fn expected_tokens(&mut self) -> KindSet {
        self.expected_tokens_from(self.atn.next_tokens(self.state))
    }

    fn expected_tokens_from(&mut self, next: KindSet) -> KindSet {
        self.count(if next.has(EPSILON) { self.frames.len() } else { 0 });
        let mut all = next.without(EPSILON);
        let mut open = next.has(EPSILON);
        for frame in self.frames.iter().skip(1).rev() {
            if !open {
                break;
            }
            let next = self.atn.next_tokens(frame.follow);
            all.join(next.without(EPSILON));
            open = next.has(EPSILON);
        }
        if open {
            all.add(EOF);
        }
        all
    }

    /// The tokens that may follow any of the rules that were invoked.
    fn error_recovery_set(&mut self) -> KindSet {
        self.count(self.frames.len());
        let mut all = KindSet::default();
        for frame in self.frames.iter().skip(1) {
            all.join(self.atn.next_tokens(frame.follow));
        }
        all.without(EPSILON)
    }

    fn consume_until(&mut self, resume: KindSet) {
        loop {
            let kind = self.kind(0);
            if kind == EOF || resume.has(kind) {
                return;
            }
            self.consume();
        }
    }

    /// Drops the next token if the one after it is expected.
    fn single_token_deletion(&mut self) -> bool {
        let after = self.kind(1);
        if !self.expected_tokens().has(after) {
            return false;
        }
        self.report_unwanted_token();
        self.consume();
        self.report_match();
        true
    }

    /// Conjures up the missing token if the next one may follow it.
    fn single_token_insertion(&mut self) -> bool {
        let Some(super::atn::Transition::Token(_, to)) = self.atn.transitions(self.state).first() else {
            return false;
        };
        let following = self.expected_tokens_from(self.atn.next_tokens(*to));
        if !following.has(self.kind(0)) {
            return false;
        }
        if !self.error_recovery_mode() {
            self.begin_error_condition();
            let token = self.token(0);
            let message = format!("missing {} at '{}'", self.expected_tokens().display(), self.shown(token));
            self.report(token, message);
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.pretended = true;
        }
        true
    }

    fn begin_error_condition(&mut self) {
        if let Some(error_strategy) = self.error_strategy.as_mut() {
            error_strategy.error_recovery_mode = true;
        }
    }

    /// Reports an unwanted token, also in error recovery mode, which it does not begin.
    fn report_unwanted_token(&mut self) {
        let token = self.token(0);
        let message = format!("Unexpected '{}'.", self.text(token));
        self.report(token, message);
    }

    pub(super) fn report_error(&mut self, failure: RecognitionError) {
        if self.error_recovery_mode() {
            return;
        }
        self.begin_error_condition();
        match failure {
            RecognitionError::NoViableAlt(index) => {
                let token = self.token_at(index);
                let message = format!("Unexpected '{}'.", self.text(token));
                self.report(token, message);
            }
            RecognitionError::InputMismatch(expected_tokens) => {
                let token = self.token(0);
                let message =
                    format!("mismatched input '{}' expecting {}", self.shown(token), expected_tokens.display());
                self.report(token, message);
            }
            RecognitionError::TooComplex => {}
        }
    }

    /// Consumes tokens up to one that a caller can go on with.
    pub(super) fn recover(&mut self) {
        let (at, state) = (self.at, self.state);
        // A second error at the same token and state: without progress the parser would loop.
        let stuck = self
            .error_strategy
            .as_ref()
            .and_then(|error_strategy| error_strategy.last.as_ref())
            .is_some_and(|(index, states)| *index == at && states.contains(&state));
        if stuck {
            self.consume();
        }
        let at = self.at;
        if let Some(error_strategy) = self.error_strategy.as_mut() {
            let (index, states) = error_strategy.last.get_or_insert_with(|| (at, BTreeSet::new()));
            *index = at;
            states.insert(state);
        }
        let resume = self.error_recovery_set();
        self.consume_until(resume);
    }

    fn shown(&self, token: Token) -> String {
        self.text(token).replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t")
    }
}
