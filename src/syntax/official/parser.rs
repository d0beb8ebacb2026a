//! Walks the grammar's network over the tokens, like the official parser generator's output.

use super::SyntaxError;
use super::network::{Edge, Network, StateId, StateKind};
use super::notice::{Notice, Place};
use super::predict::{Decision, Predictor, Unpredictable};
use super::recovery::Recovery;
use super::token::{EOF, Kind, KindSet, Token};

/// Rules open at once; a nesting that needs more is not followed.
const MAX_FRAMES: usize = 4000;
/// Errors after which reading ends.
pub(super) const MAX_ERRORS: usize = 500;

/// One rule being read.
#[derive(Debug)]
pub(super) struct Frame {
    /// Where the caller continues.
    pub(super) follow: StateId,
    /// The caller's state while the rule is read.
    caller: StateId,
    strength: u8,
    /// Index of the first token.
    first: usize,
    /// First and end token index of the rule that was read last within this one.
    inner: (usize, usize),
    /// A token of it was pretended, and one of that rule.
    pub(super) pretended: bool,
    inner_pretended: bool,
}

/// Why a rule could not be read to its end.
#[derive(Debug, Clone, Copy)]
pub(super) enum Failure {
    NoViable(usize),
    Mismatch(KindSet),
    TooComplex,
}

#[derive(Debug)]
pub(super) struct Parser<'a> {
    pub(super) network: &'static Network,
    source: &'a str,
    tokens: &'a [Token],
    /// Index of the next token.
    pub(super) at: usize,
    /// The state that recovery goes by.
    pub(super) state: StateId,
    pub(super) frames: Vec<Frame>,
    predictor: &'a mut Predictor,
    /// Recovers from errors; without it the first one ends the run.
    pub(super) recovery: Option<Recovery>,
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
        predictor: &'a mut Predictor,
        recovery: Option<Recovery>,
    ) -> Self {
        predictor.reach = 0;
        predictor.steps = 0;
        Self {
            network: Network::get(),
            source,
            tokens,
            at: 0,
            state: 0,
            frames: Vec::new(),
            predictor,
            recovery,
            errors: Vec::new(),
            incremented: Vec::new(),
            reach: 0,
        }
    }

    /// Counts work that is none of the prediction's.
    pub(super) fn count(&mut self, steps: usize) {
        self.predictor.steps = self.predictor.steps.saturating_add(steps);
    }

    /// Reads the whole source; false if it gave up, at the first error or because it would take too long.
    pub(super) fn run(&mut self) -> bool {
        let start = self.network.rule(0).map_or(0, |rule| rule.start);
        self.frames.push(Frame {
            follow: 0,
            caller: 0,
            strength: 0,
            first: 0,
            inner: (0, 0),
            pretended: false,
            inner_pretended: false,
        });
        let mut current = start;
        while !self.frames.is_empty() {
            match self.advance(current) {
                Ok(next) => current = next,
                Err(Failure::TooComplex) => return false,
                Err(failure) => {
                    if self.recovery.is_none() {
                        self.token(0);
                        return false;
                    }
                    if self.errors.len() > MAX_ERRORS || self.predictor.is_exhausted() {
                        return false;
                    }
                    self.report_failure(failure);
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
        self.reach = self.reach.max(index).max(self.predictor.reach);
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

    /// One move from `current`: along an edge, into a rule, or out of one.
    fn advance(&mut self, current: StateId) -> Result<StateId, Failure> {
        let network = self.network;
        let Some(state) = network.state(current) else {
            return Ok(self.leave());
        };
        match state.kind {
            StateKind::RuleStop => return Ok(self.leave()),
            StateKind::Plain => {}
            StateKind::StarLoopBack => {
                self.state = current;
                self.sync()?;
                let [Edge::Empty(entry)] = state.edges.as_slice() else {
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
        match state.edges.first() {
            None => Ok(self.leave()),
            Some(Edge::Empty(to)) => Ok(self.past_lone_star(*to)),
            Some(Edge::Strength(_, to)) => Ok(*to),
            Some(Edge::Notice(notice, to)) => {
                self.notice(*notice);
                Ok(*to)
            }
            Some(Edge::Token(set, to)) => {
                self.state = current;
                self.expect(*set)?;
                Ok(*to)
            }
            Some(Edge::Rule { rule, strength, follow }) => {
                if self.frames.len() >= MAX_FRAMES {
                    return Err(Failure::TooComplex);
                }
                self.state = current;
                self.token(0);
                self.frames.push(Frame {
                    follow: *follow,
                    caller: current,
                    strength: *strength,
                    first: self.at,
                    inner: (self.at, self.at),
                    pretended: false,
                    inner_pretended: false,
                });
                Ok(network.rule(*rule).map_or(*follow, |rule| rule.start))
            }
        }
    }

    /// A block of one alternative in a loop needs no decision, and no check, of its own.
    fn past_lone_block(&self, state: StateId) -> StateId {
        match (self.network.kind(state), self.network.edges(state)) {
            (StateKind::PlusBlockStart | StateKind::StarBlockStart, [Edge::Empty(to)]) => *to,
            _ => state,
        }
    }

    fn past_lone_star(&self, state: StateId) -> StateId {
        if self.network.kind(state) == StateKind::StarBlockStart {
            return self.past_lone_block(state);
        }
        state
    }

    fn decide(&mut self, state: StateId) -> Result<StateId, Failure> {
        let network = self.network;
        let edges = network.edges(state);
        let alternative = if edges.len() < 2 { 0 } else { self.choose(state)? };
        match edges.get(alternative) {
            Some(Edge::Empty(to)) if network.kind(state) == StateKind::StarLoopEntry => Ok(self.past_lone_block(*to)),
            Some(Edge::Empty(to)) => Ok(*to),
            _ => Ok(state),
        }
    }

    fn choose(&mut self, state: StateId) -> Result<usize, Failure> {
        let network = self.network;
        if let Some((node, sets)) = network.state(state).and_then(|node| Some((node, node.settled.as_ref()?))) {
            let kind = self.kind(0);
            return match sets.iter().position(|set| set.has(kind)) {
                Some(alternative) => Ok(alternative),
                None if node.may_leave => Ok(sets.len().saturating_sub(1)),
                None => Err(Failure::NoViable(self.at)),
            };
        }
        let decision = Decision {
            state,
            strength: self.frames.last().map_or(0, |frame| frame.strength),
            at: self.at,
            quick: self.recovery.is_none(),
        };
        let follows = self.frames.iter().skip(1).map(|frame| frame.follow);
        self.predictor.predict(decision, self.tokens, follows).map_err(|reason| match reason {
            Unpredictable::NoViable(at) => Failure::NoViable(at),
            Unpredictable::TooComplex => Failure::TooComplex,
        })
    }

    /// Ends the rule in hand and returns where its caller continues.
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

    /// The text of tokens, without what stood between them.
    fn joined(&self, first: usize, end: usize) -> String {
        self.tokens.get(first..end).unwrap_or_default().iter().map(|token| self.text(*token)).collect()
    }
}
