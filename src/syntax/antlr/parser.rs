//! Interprets the ATN over the tokens, as the code that ANTLR generates does.

use super::SyntaxError;
use super::atn::{Atn, StateId, StateKind, Transition};
use super::error_strategy::DefaultErrorStrategy;
use super::notice::{Notice, Place};
use super::simulator::{Decision, ParserAtnSimulator, Unpredictable};
use super::token::{EOF, Kind, KindSet, Token};

/// Rule contexts at once; a source that needs more is not parsed further.
const MAX_FRAMES: usize = 4000;
/// Errors after which the parser ends.
pub(super) const MAX_ERRORS: usize = 500;

/// An invocation of a rule.
#[derive(Debug)]
pub(super) struct RuleContext {
    /// The state in which the caller continues.
    pub(super) follow: StateId,
    /// The invoking state.
    caller: StateId,
    precedence: u8,
    /// Index of the first token.
    first: usize,
    /// First and end token index of the rule that this one invoked last.
    inner: (usize, usize),
    /// A token of this rule was conjured up, and one of that rule.
    pub(super) pretended: bool,
    inner_pretended: bool,
}

/// Why a rule ends before its stop state.
#[derive(Debug, Clone, Copy)]
pub(super) enum RecognitionError {
    NoViableAlt(usize),
    InputMismatch(KindSet),
    TooComplex,
}

#[derive(Debug)]
pub(super) struct Parser<'a> {
    pub(super) atn: &'static Atn,
    source: &'a str,
    tokens: &'a [Token],
    /// Index of the next token.
    pub(super) at: usize,
    /// The state that error recovery starts from.
    pub(super) state: StateId,
    pub(super) frames: Vec<RuleContext>,
    simulator: &'a mut ParserAtnSimulator,
    /// Recovers from errors; without one the first error ends the run (`BailErrorStrategy`).
    pub(super) error_strategy: Option<DefaultErrorStrategy>,
    pub(super) errors: Vec<SyntaxError>,
    /// First and end token index of what `++` and `--` stand at.
    pub(super) incremented: Vec<(usize, usize)>,
    /// Index of the last token looked at.
    pub(super) reach: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(
        source: &'a str,
        tokens: &'a [Token],
        simulator: &'a mut ParserAtnSimulator,
        error_strategy: Option<DefaultErrorStrategy>,
    ) -> Self {
        simulator.reach = 0;
        simulator.steps = 0;
        Self {
            atn: Atn::get(),
            source,
            tokens,
            at: 0,
            state: 0,
            frames: Vec::new(),
            simulator,
            error_strategy,
            errors: Vec::new(),
            incremented: Vec::new(),
            reach: 0,
        }
    }

    /// Counts work beside prediction.
    pub(super) fn count(&mut self, steps: usize) {
        self.simulator.steps = self.simulator.steps.saturating_add(steps);
    }

    /// Parses the whole source. Returns false where it gives up: at the first error, or because it takes too long.
    pub(super) fn run(&mut self) -> bool {
        let start = self.atn.rule(0).map_or(0, |rule| rule.start);
        self.frames.push(RuleContext {
            follow: 0,
            caller: 0,
            precedence: 0,
            first: 0,
            inner: (0, 0),
            pretended: false,
            inner_pretended: false,
        });
        let mut current = start;
        while !self.frames.is_empty() {
            match self.advance(current) {
                Ok(next) => current = next,
                Err(RecognitionError::TooComplex) => return false,
                Err(failure) => {
                    if self.error_strategy.is_none() {
                        self.token(0);
                        return false;
                    }
                    if self.errors.len() > MAX_ERRORS || self.simulator.is_exhausted() {
                        return false;
                    }
                    self.report_error(failure);
                    self.recover();
                    current = self.leave();
                }
            }
        }
        true
    }

    pub(super) fn token_at(&self, index: usize) -> Token {
        let last = self.tokens.last().copied();
        self.tokens.get(index).copied().or(last).unwrap_or(Token { kind: EOF, start: 0, end: 0 })
    }

    /// The token `ahead` places after the next one.
    pub(super) fn token(&mut self, ahead: usize) -> Token {
        let index = self.at.saturating_add(ahead);
        self.reach = self.reach.max(index).max(self.simulator.reach);
        self.token_at(index)
    }

    pub(super) fn kind(&mut self, ahead: usize) -> Kind {
        self.token(ahead).kind
    }

    pub(super) fn consume(&mut self) {
        if self.kind(0) != EOF {
            self.at = self.at.saturating_add(1);
            self.token(0);
        }
    }

    pub(super) fn text(&self, token: Token) -> &'a str {
        if token.kind == EOF {
            return "<EOF>";
        }
        self.source.get(token.span().range()).unwrap_or_default()
    }

    pub(super) fn report(&mut self, token: Token, message: String) {
        self.errors.push(SyntaxError::at(token, message));
    }

    /// Moves from `current` along a transition, into a rule, or out of one.
    fn advance(&mut self, current: StateId) -> Result<StateId, RecognitionError> {
        let atn = self.atn;
        let Some(state) = atn.state(current) else {
            return Ok(self.leave());
        };
        match state.kind {
            StateKind::RuleStop => return Ok(self.leave()),
            StateKind::Plain => {}
            StateKind::StarLoopBack => {
                self.state = current;
                self.sync()?;
                let [Transition::Epsilon(entry)] = state.transitions.as_slice() else {
                    return Ok(current);
                };
                return self.decide(*entry);
            }
            StateKind::BlockStart
            | StateKind::PlusBlockStart
            | StateKind::StarBlockStart
            | StateKind::StarLoopEntry => {
                self.state = current;
                self.sync()?;
                return self.decide(current);
            }
            StateKind::PlusLoopBack => {
                self.state = current;
                self.sync()?;
                let next = self.decide(current)?;
                return Ok(self.past_lone_block(next));
            }
        }
        match state.transitions.first() {
            None => Ok(self.leave()),
            Some(Transition::Epsilon(to)) => Ok(self.past_lone_star(*to)),
            Some(Transition::Precedence(_, to)) => Ok(*to),
            Some(Transition::Notice(notice, to)) => {
                self.notice(*notice);
                Ok(*to)
            }
            Some(Transition::Token(set, to)) => {
                self.state = current;
                self.match_set(*set)?;
                Ok(*to)
            }
            Some(Transition::Rule { rule, precedence, follow }) => {
                if self.frames.len() >= MAX_FRAMES {
                    return Err(RecognitionError::TooComplex);
                }
                self.state = current;
                self.token(0);
                self.frames.push(RuleContext {
                    follow: *follow,
                    caller: current,
                    precedence: *precedence,
                    first: self.at,
                    inner: (self.at, self.at),
                    pretended: false,
                    inner_pretended: false,
                });
                Ok(atn.rule(*rule).map_or(*follow, |rule| rule.start))
            }
        }
    }

    /// A block of one alternative in a loop has no decision and no `sync` of its own.
    fn past_lone_block(&self, state: StateId) -> StateId {
        match (self.atn.kind(state), self.atn.transitions(state)) {
            (StateKind::PlusBlockStart | StateKind::StarBlockStart, [Transition::Epsilon(to)]) => *to,
            _ => state,
        }
    }

    fn past_lone_star(&self, state: StateId) -> StateId {
        if self.atn.kind(state) == StateKind::StarBlockStart {
            return self.past_lone_block(state);
        }
        state
    }

    fn decide(&mut self, state: StateId) -> Result<StateId, RecognitionError> {
        let atn = self.atn;
        let transitions = atn.transitions(state);
        let alternative = if transitions.len() < 2 { 0 } else { self.choose(state)? };
        match transitions.get(alternative) {
            Some(Transition::Epsilon(to)) if atn.kind(state) == StateKind::StarLoopEntry => {
                Ok(self.past_lone_block(*to))
            }
            Some(Transition::Epsilon(to)) => Ok(*to),
            _ => Ok(state),
        }
    }

    fn choose(&mut self, state: StateId) -> Result<usize, RecognitionError> {
        let atn = self.atn;
        if let Some((node, sets)) = atn.state(state).and_then(|node| Some((node, node.ll1_lookahead.as_ref()?))) {
            let kind = self.kind(0);
            return match sets.iter().position(|set| set.has(kind)) {
                Some(alternative) => Ok(alternative),
                None if node.may_leave => Ok(sets.len().saturating_sub(1)),
                None => Err(RecognitionError::NoViableAlt(self.at)),
            };
        }
        let decision = Decision {
            state,
            precedence: self.frames.last().map_or(0, |frame| frame.precedence),
            at: self.at,
            sll_only: self.error_strategy.is_none(),
        };
        let follows = self.frames.iter().skip(1).map(|frame| frame.follow);
        self.simulator.adaptive_predict(decision, self.tokens, follows).map_err(|reason| match reason {
            Unpredictable::NoViableAlt(at) => RecognitionError::NoViableAlt(at),
            Unpredictable::TooComplex => RecognitionError::TooComplex,
        })
    }

    /// Ends the current rule and returns the state in which its caller continues.
    fn leave(&mut self) -> StateId {
        let Some(frame) = self.frames.pop() else {
            return 0;
        };
        self.state = frame.caller;
        if let Some(caller) = self.frames.last_mut() {
            caller.inner = (frame.first, self.at);
            caller.inner_pretended = frame.pretended;
        }
        frame.follow
    }

    fn notice(&mut self, notice: Notice) {
        let ahead = self.token(0);
        let read = self.token_at(self.at.saturating_sub(1));
        let ((first, end), pretended) =
            self.frames.last().map_or(((0, 0), false), |frame| (frame.inner, frame.inner_pretended));
        if notice == Notice::Incremented {
            self.incremented.push((first, end));
        }
        let place = match notice.place() {
            Place::Ahead => ahead,
            Place::Read => read,
            Place::Finished => self.token_at(first),
        };
        let text = match notice {
            Notice::Type if pretended => "<missing IDENTIFIER>".to_owned(),
            Notice::Type => self.joined(first, end),
            _ => self.text(read).to_owned(),
        };
        if !notice.is_satisfied_by(&text) {
            self.report(place, notice.message(&text));
        }
    }

    /// The text of tokens, without the white space between them.
    fn joined(&self, first: usize, end: usize) -> String {
        self.tokens.get(first..end).unwrap_or_default().iter().map(|token| self.text(*token)).collect()
    }
}
