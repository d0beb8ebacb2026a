//! Whether a request may pass, and nothing else: the statements' tests instead of their operations.
//!
//! The verdict is that of [`Evaluator::decide`]. Two things that a step-by-step evaluation watches are settled otherwise.
//! The expressions that a request may evaluate: the most that each statement can cost is known, and tests are asked only
//! while the sum of those tried stays within the limit. Values too large for the official engine: a test that comes upon
//! one stops. In both cases the request is evaluated step by step from its beginning; the documents asked for until then
//! are those that it asks for first, so that nothing changes by it.

use crate::program::{RequestedMethod, Statement};

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
    pub fn permits(&mut self, statements: &'a [Statement], method: RequestedMethod<'_>) -> Option<bool> {
        let Service { program, segments, .. } = self.language;
        let mut cost = 0_u32;
        for block in program.matcher.find(&program.blocks, segments).as_slice() {
            let Some(block) = program.blocks.get(*block as usize) else { continue };
            self.language.block = Some(block);
            for statement in block.statements.of(statements) {
                if !statement.methods.contains(method) {
                    continue;
                }
                cost = cost.saturating_add(statement.cost);
                if cost > MAX_EXPRESSIONS {
                    return None;
                }
                match (self.test(statement.test), self.halt) {
                    (Some(true), _) => return Some(true),
                    (Some(false), _) | (None, None) => {}
                    (None, Some(Halt::Ended)) => return Some(false),
                    (None, Some(Halt::Unsure)) => return None,
                }
            }
        }
        Some(false)
    }
}
