//! Nesting: what would overflow a parser's stack is refused before parsing, what the official compiler calls too
//! complex is refused after.

use crate::text::{Diagnostic, Span};

use super::{
    ast::{Expr, ExprId, Exprs},
    error,
    token::{CLOSE_BRACE, CLOSE_BRACKET, CLOSE_PAREN, COLON, OPEN_BRACE, OPEN_BRACKET, OPEN_PAREN, QUESTION, Token},
};

/// Levels of nesting the official compiler accepts in an expression: 98 parentheses around a literal are fine, 99 are
/// not (language specification, section 5; cases limit-021 to limit-030). Receivers do not count.
pub const MAX_NESTING: u32 = 99;

/// Levels of the whole expression tree, receivers counted. The official engine accepts chains of 399 members and
/// overflows its stack near 860; we refuse in between, so that later stages may recurse.
pub const MAX_TREE_DEPTH: u32 = 512;

/// Open brackets (and ternaries) at which reading stops. Far above what any accepted source can hold.
pub(super) const MAX_OPEN: usize = 250;

const MESSAGE: &str = "Expression is too complex to evaluate safely.";
const HINT: &str = "move parts of it into functions or let variables";

/// Refuses tokens whose brackets nest so deeply that no source with them is accepted. The parser ends at the same
/// bracket if it gets so far.
pub(super) fn scan(tokens: &[Token]) -> Result<(), Diagnostic> {
    // For each open bracket, how many `?` inside it wait for their `:`.
    let mut open: Vec<usize> = vec![0];
    let mut ternaries = 0;
    let mut braces = 0;
    for token in tokens {
        match token.kind {
            OPEN_PAREN | OPEN_BRACKET | OPEN_BRACE => {
                open.push(0);
                braces += usize::from(token.kind == OPEN_BRACE);
            }
            CLOSE_PAREN | CLOSE_BRACKET | CLOSE_BRACE => {
                braces -= usize::from(token.kind == CLOSE_BRACE && braces > 0);
                if open.len() > 1 {
                    ternaries -= open.pop().unwrap_or(0);
                }
            }
            QUESTION => {
                if let Some(last) = open.last_mut() {
                    *last += 1;
                    ternaries += 1;
                }
            }
            COLON => {
                if let Some(last) = open.last_mut().filter(|last| **last > 0) {
                    *last -= 1;
                    ternaries -= 1;
                }
            }
            _ => {}
        }
        if open.len() + ternaries > MAX_OPEN {
            let place = Some(token.span());
            if braces + 1 == open.len() {
                let message = "Rule hierarchy is too complex to evaluate safely.";
                return Err(error::problem(error::RULES_TOO_DEEP, place, message));
            }
            return Err(error::problem(error::TOO_COMPLEX, place, MESSAGE).with_hint(HINT));
        }
    }
    Ok(())
}

/// The nodes that stand too deep below `root`, as the official compiler lists them: each node on the first level
/// beyond the limit. `nodes` are below it and itself; `groups` gives the parentheses around a node, which count as levels.
pub(super) fn too_deep(
    text: &str,
    exprs: &Exprs,
    root: ExprId,
    nodes: usize,
    groups: &[(ExprId, u32)],
) -> Vec<Diagnostic> {
    if nodes as u64 + groups.iter().map(|group| u64::from(group.1)).sum::<u64>() <= u64::from(MAX_NESTING) {
        return Vec::new();
    }
    let extra = |id: ExprId| match groups.binary_search_by_key(&id, |g| g.0) {
        Ok(at) => groups.get(at).map_or(0, |g| g.1),
        Err(_) => 0,
    };
    let mut found = Vec::new();
    let mut queue = vec![(root, 1, 1)];
    while let Some((id, level, depth)) = queue.pop() {
        let parentheses = extra(id);
        if level + parentheses > MAX_NESTING || depth > MAX_TREE_DEPTH {
            // The first node beyond the limit may be one of the parentheses.
            let place = match MAX_NESTING.checked_sub(level) {
                Some(fitting) if fitting < parentheses => parenthesis(text, exprs.outer(id), fitting + 1),
                _ => exprs.span(id),
            };
            found.push(error::problem(error::TOO_COMPLEX, Some(place), MESSAGE).with_hint(HINT));
            continue;
        }
        let level = level + parentheses;
        let node = exprs.get(id);
        if !matches!(node, Expr::Variable(_)) {
            queue.extend(node.children().map(|(child, nests)| (child, level + u32::from(nests), depth + 1)));
        }
    }
    found
}

/// The `n`th parenthesis of those that open at the start of `outer`, counted from zero.
fn parenthesis(text: &str, outer: Span, n: u32) -> Span {
    let mut at = outer.start as usize;
    for _ in 0..n {
        at = error::skip_trivia(text, at + 1);
    }
    Span::new(at, at + 1)
}
