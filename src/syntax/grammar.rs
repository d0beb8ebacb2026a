//! The parsers that pest generates from `grammar/`, and what they return: a flat list of [`Node`]s.

use std::thread;

use pest::{
    Parser, RuleType, Token,
    error::{Error, InputLocation},
    iterators::Pairs,
};

use crate::text::Span;

/// The rules language of Storage and Firestore.
#[allow(missing_docs, reason = "generated")]
pub(super) mod service {
    /// The parser of files, lone expressions and tokens.
    #[derive(pest_derive::Parser)]
    #[grammar = "grammar/lexical.pest"]
    #[grammar = "grammar/service.pest"]
    pub struct ServiceGrammar;
}

/// Nested brackets for which any thread's stack suffices. A level takes up to 5 KiB of it without optimisation.
const COMFORTABLE: usize = 64;

/// Bytes of stack for as many nested brackets as are parsed at all (`depth::MAX_OPEN`).
const LARGE_STACK: usize = 4 << 20;

/// Runs `f`, which recurses for each of `depth` nested brackets, on enough stack: where they are many, on a thread of its
/// own. Where no thread can be spawned, `f` runs on the current one.
pub(super) fn on_enough_stack<T: Send>(depth: usize, f: impl Fn() -> T + Sync) -> T {
    if depth <= COMFORTABLE {
        return f();
    }
    thread::scope(|scope| {
        let spawned = thread::Builder::new().stack_size(LARGE_STACK).spawn_scoped(scope, &f);
        spawned.ok().and_then(|thread| thread.join().ok())
    })
    .unwrap_or_else(f)
}

/// A match of a grammar rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<R> {
    pub(super) rule: R,
    start: u32,
    end: u32,
    /// The number of nodes below this one, which follow it.
    below: u32,
}

impl<R> Node<R> {
    /// The text that the rule matched.
    pub(super) fn span(&self) -> Span {
        Span { start: self.start, end: self.end }
    }
}

/// Matches side by side, each followed by those below it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nodes<'n, R>(pub(super) &'n [Node<R>]);

impl<'n, R: Copy> Nodes<'n, R> {
    /// The first match.
    #[inline]
    pub(super) fn first(self) -> Option<Node<R>> {
        self.0.first().copied()
    }

    /// The matches below the first one, and those beside it.
    #[inline]
    pub(super) fn split(self) -> (Self, Self) {
        let Some((first, rest)) = self.0.split_first() else { return (self, self) };
        let (below, beside) = rest.split_at_checked(first.below as usize).unwrap_or((rest, &[]));
        (Nodes(below), Nodes(beside))
    }
}

/// The matches of `rule` in all of `text`.
///
/// # Errors
///
/// The offset at which no rule matched.
pub(super) fn parse<P: Parser<R>, R: RuleType>(rule: R, text: &str) -> Result<Vec<Node<R>>, usize> {
    let masked = mask_unclosed_comments(text);
    match P::parse(rule, masked.as_deref().unwrap_or(text)) {
        Ok(pairs) => Ok(nodes(pairs)),
        Err(error) => Err(offset(&error)),
    }
}

fn nodes<R: RuleType>(pairs: Pairs<'_, R>) -> Vec<Node<R>> {
    let tokens = pairs.tokens();
    let mut nodes: Vec<Node<R>> = Vec::with_capacity(tokens.len() / 2);
    let mut open: Vec<usize> = Vec::new();
    for token in tokens {
        match token {
            Token::Start { rule, pos } => {
                open.push(nodes.len());
                let start = u32::try_from(pos.pos()).unwrap_or(u32::MAX);
                nodes.push(Node { rule, start, end: start, below: 0 });
            }
            Token::End { pos, .. } => {
                let Some(at) = open.pop() else { continue };
                let below = nodes.len() - at - 1;
                if let Some(node) = nodes.get_mut(at) {
                    node.end = u32::try_from(pos.pos()).unwrap_or(u32::MAX);
                    node.below = u32::try_from(below).unwrap_or(u32::MAX);
                }
            }
        }
    }
    nodes
}

fn offset<R: RuleType>(error: &Error<R>) -> usize {
    match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    }
}

/// The text with `/+` for each `/*` that no `*/` follows, where there are any. Both begin path segments of the same length,
/// but the grammar would look for the end of such a comment wherever one could stand, which takes quadratic time.
fn mask_unclosed_comments(text: &str) -> Option<String> {
    let opens = |text: &str| text.match_indices('/').any(|(at, _)| text.as_bytes().get(at + 1) == Some(&b'*'));
    if !opens(text) {
        return None;
    }
    let (before, after) = match text.rfind("*/") {
        // `/*/` does not close itself.
        Some(close) if text.get(..close).is_some_and(|before| before.ends_with('/')) => {
            text.split_at_checked(close - 1)?
        }
        Some(close) => text.split_at_checked(close)?,
        None => ("", text),
    };
    opens(after).then(|| format!("{before}{}", after.replace("/*", "/+")))
}
