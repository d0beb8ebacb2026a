//! The parsers that pest generates from `grammar/`, and what they return: a flat list of [`Node`]s.

use std::{panic, thread};

use pest::{
    Parser, RuleType, Token,
    error::{Error, ErrorVariant, InputLocation},
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

/// The JSON of Realtime Database rules, and the expressions in it.
#[allow(missing_docs, reason = "generated")]
pub(super) mod database {
    /// The parser of files, expressions and the tokens of both.
    #[derive(pest_derive::Parser)]
    #[grammar = "grammar/json.pest"]
    #[grammar = "grammar/database.pest"]
    pub struct DatabaseGrammar;
}

/// Nested brackets for which an ordinary stack suffices. Without optimisation a level takes some 8 KiB of it.
pub(super) const COMFORTABLE: usize = 24;

/// Bytes of stack for as many nested brackets as are parsed at all (`depth::MAX_OPEN`).
const LARGE_STACK: usize = 8 << 20;

/// Runs `f`, which recurses for each of `depth` nested brackets, on enough stack: where they are many, on a thread of its
/// own. Where no thread can be spawned, `f` runs on the current one.
pub(super) fn on_enough_stack<T: Send>(depth: usize, mut f: impl FnMut() -> T + Send) -> T {
    if depth <= COMFORTABLE {
        return f();
    }
    let joined = thread::scope(|scope| {
        let spawned = thread::Builder::new().stack_size(LARGE_STACK).spawn_scoped(scope, &mut f);
        spawned.map(thread::ScopedJoinHandle::join)
    });
    match joined {
        Ok(Ok(value)) => value,
        Ok(Err(payload)) => panic::resume_unwind(payload),
        Err(_) => f(),
    }
}

/// A match of a grammar rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<R> {
    pub(super) rule: R,
    pub(super) span: Span,
    /// The number of nodes below this one, which follow it.
    below: u32,
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

    /// The matches side by side, each with those below it.
    pub(super) fn siblings(self) -> impl Iterator<Item = (Node<R>, Self)> {
        let mut rest = self;
        std::iter::from_fn(move || {
            let node = rest.first()?;
            let (below, beside) = rest.split();
            rest = beside;
            Some((node, below))
        })
    }
}

/// Where reading ended, and the rules that could have matched there.
#[derive(Clone, Debug)]
pub(super) struct Failure<R> {
    pub(super) at: usize,
    pub(super) tried: Vec<R>,
}

/// The matches of `rule` in all of `text`, rules of Storage and Firestore.
///
/// # Errors
///
/// The offset at which no rule matched.
pub(super) fn parse_service(
    rule: service::Rule,
    text: &str,
) -> Result<Vec<Node<service::Rule>>, Failure<service::Rule>> {
    let masked = mask_unclosed_comments(text);
    parse::<service::ServiceGrammar, _>(rule, masked.as_deref().unwrap_or(text))
}

/// The matches of `rule` in all of `text`.
///
/// # Errors
///
/// The offset at which no rule matched.
pub(super) fn parse<P: Parser<R>, R: RuleType>(rule: R, text: &str) -> Result<Vec<Node<R>>, Failure<R>> {
    P::parse(rule, text).map(nodes).map_err(failure)
}

fn nodes<R: RuleType>(pairs: Pairs<'_, R>) -> Vec<Node<R>> {
    let tokens = pairs.tokens();
    let mut nodes: Vec<Node<R>> = Vec::with_capacity(tokens.len() / 2);
    // The matches whose ends are still to come.
    let mut open: Vec<usize> = Vec::with_capacity(16);
    for token in tokens {
        match token {
            Token::Start { rule, pos } => {
                open.push(nodes.len());
                nodes.push(Node { rule, span: Span::new(pos.pos(), pos.pos()), below: 0 });
            }
            Token::End { pos, .. } => {
                let Some(at) = open.pop() else { continue };
                let below = nodes.len() - at - 1;
                if let Some(node) = nodes.get_mut(at) {
                    node.span.end = u32::try_from(pos.pos()).unwrap_or(u32::MAX);
                    node.below = u32::try_from(below).unwrap_or(u32::MAX);
                }
            }
        }
    }
    nodes
}

fn failure<R: RuleType>(error: Error<R>) -> Failure<R> {
    let (InputLocation::Pos(at) | InputLocation::Span((at, _))) = error.location;
    let tried = match error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives,
        ErrorVariant::CustomError { .. } => Vec::new(),
    };
    Failure { at, tried }
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
