//! Whether a request may pass, and nothing else: the statements' tests instead of their operations.
//!
//! The verdict is that of [`Evaluator::decide`]. Two things that a step-by-step evaluation watches are settled otherwise.
//! The expressions that a request may evaluate: the most that each statement can cost is known, and tests are asked only
//! while the sum of those tried stays within the limit. Values too large for the official engine: a test that comes upon
//! one stops. In both cases, where a list or path literal failed and left operands behind, and where a block after one that
//! permits may end everything, the request is evaluated step by step from its beginning; the documents asked for until then
//! are those that it asks for first, so that nothing changes by it.

use crate::program::{RequestedMethod, Statement, TestId};

use super::{Evaluator, MAX_EXPRESSIONS, Service, Silent};

/// Why tests cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Halt {
    /// A failure that ends the whole decision.
    Ended,
    /// Tests cannot tell.
    Unsure,
}

impl<'a> Evaluator<'a, '_, Service<'a>, Silent> {
    /// Whether a statement permits; `None` where only [`Evaluator::decide`] can tell.
    #[inline]
    pub fn permits(&mut self, statements: &'a [Statement], method: RequestedMethod<'_>) -> Option<bool> {
        let Service { program, subject, .. } = self.language;
        let several;
        let blocks = match program.matcher.straight(subject.segments) {
            Some(blocks) => blocks,
            None => {
                several = program.matcher.fork(&program.blocks, subject.segments);
                several.as_slice()
            }
        };
        let mut cost = 0_u32;
        // A test without an answer that was not asked to its end: whatever of it ends everything does so only for
        // those that come after it.
        let mut unfinished: Option<TestId> = None;
        for (at, block) in blocks.iter().enumerate() {
            let Some(block) = program.blocks.get(*block as usize) else { continue };
            self.language.block = Some(block);
            for statement in block.statements.of(statements) {
                if !statement.methods.contains(method) {
                    continue;
                }
                if let Some(halt) = unfinished.take().and_then(|test| self.ask_rest(test)) {
                    return halt.verdict();
                }
                cost = cost.saturating_add(statement.cost);
                if cost > MAX_EXPRESSIONS {
                    return None;
                }
                let said = if statement.pure { self.briefly(statement.test) } else { self.test(statement.test) };
                match (said, self.halt) {
                    (Some(true), _) => {
                        let others = blocks.get(at + 1..).unwrap_or(&[]);
                        return (!program.may_abort(others, statements, method)).then_some(true);
                    }
                    (Some(false), _) => {}
                    (None, Some(halt)) => return halt.verdict(),
                    (None, None) if statement.pure => unfinished = Some(statement.test),
                    (None, None) => {}
                }
            }
        }
        Some(false)
    }

    /// Asks a test to its end; why tests cannot go on, if they cannot.
    #[cold]
    fn ask_rest(&mut self, test: TestId) -> Option<Halt> {
        self.test(test);
        self.halt
    }
}

impl Halt {
    /// What is known of the request then.
    fn verdict(self) -> Option<bool> {
        match self {
            Halt::Ended => Some(false),
            Halt::Unsure => None,
        }
    }
}
