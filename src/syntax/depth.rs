//! Nesting: text that would overflow the parser's stack is refused before parsing, expressions that the official compiler
//! calls too complex are refused after it.

use crate::text::{Diagnostic, Span};

use super::{
    ast::{Expr, ExprId, Exprs},
    error,
    message::EXPRESSION_TOO_COMPLEX,
};

/// Levels of nesting the official compiler accepts in an expression: 98 parentheses around a literal are fine, 99 are
/// not (language specification, section 5; cases limit-021 to limit-030). Receivers do not count.
pub const MAX_NESTING: u32 = 99;

/// Levels of the whole expression tree, receivers counted. The official engine accepts chains of 399 members and
/// overflows its stack near 860; we refuse in between, so that later stages may recurse.
pub const MAX_TREE_DEPTH: u32 = 512;

/// Open brackets and ternaries at which a text is refused unparsed. No accepted source comes near.
pub(super) const MAX_OPEN: usize = 250;

const HINT: &str = "move parts of it into functions or let variables";

/// The most brackets and `?` that are open at once, given each bracket, `?` and `:` of a text with its offset.
///
/// # Errors
///
/// The bracket at which [`MAX_OPEN`] are open.
pub(super) fn scan(marks: impl Iterator<Item = (u8, usize)>) -> Result<usize, Diagnostic> {
    // For each open bracket, how many `?` inside it wait for their `:`.
    let mut open: Vec<usize> = vec![0];
    let mut ternaries = 0;
    let mut braces = 0;
    let mut deepest = 0;
    for (mark, at) in marks {
        match mark {
            b'(' | b'[' | b'{' => {
                open.push(0);
                braces += usize::from(mark == b'{');
            }
            b')' | b']' | b'}' => {
                braces -= usize::from(mark == b'}' && braces > 0);
                if open.len() > 1 {
                    ternaries -= open.pop().unwrap_or(0);
                }
            }
            b'?' => {
                if let Some(last) = open.last_mut() {
                    *last += 1;
                    ternaries += 1;
                }
            }
            _ => {
                if let Some(last) = open.last_mut().filter(|last| **last > 0) {
                    *last -= 1;
                    ternaries -= 1;
                }
            }
        }
        deepest = deepest.max(open.len() - 1 + ternaries);
        if deepest >= MAX_OPEN {
            let place = Some(Span::new(at, at + 1));
            if braces + 1 == open.len() {
                let message = "Rule hierarchy is too complex to evaluate safely.";
                return Err(error::problem(error::RULES_TOO_DEEP, place, message));
            }
            return Err(error::problem(error::TOO_COMPLEX, place, EXPRESSION_TOO_COMPLEX).with_hint(HINT));
        }
    }
    Ok(deepest)
}

/// The brackets, `?` and `:` outside of strings, comments and path segments, with their offsets. Exact for well-formed
/// rules; in other texts it may mistake something for a string.
pub(super) fn marks(text: &str) -> impl Iterator<Item = (u8, usize)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    // Where one comment has no end, none after it has.
    let mut comments_close = true;
    std::iter::from_fn(move || {
        loop {
            let wanted =
                |byte: &u8| matches!(byte, b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'?' | b':' | b'\'' | b'"' | b'/');
            at += bytes.get(at..)?.iter().position(wanted)?;
            let start = at;
            match bytes.get(at..)? {
                [quote @ (b'\'' | b'"'), inside @ ..] => at += 1 + string(inside, *quote),
                [b'/', b'/', inside @ ..] => at += 2 + inside.iter().take_while(|byte| **byte != b'\n').count(),
                [b'/', b'*', ..] if comments_close => match text.get(at + 2..)?.find("*/") {
                    Some(length) => at += length + 4,
                    None => comments_close = false,
                },
                [b'/', inside @ ..] => at += 1 + segment(inside),
                [mark, ..] => {
                    at += 1;
                    return Some((*mark, start));
                }
                [] => return None,
            }
        }
    })
}

/// The length of a string after its first quote.
fn string(inside: &[u8], quote: u8) -> usize {
    let mut escaped = false;
    let ends = |byte: &u8| {
        let ends = !escaped && *byte == quote || *byte == b'\n';
        escaped = !escaped && *byte == b'\\';
        ends
    };
    inside.iter().position(ends).map_or(inside.len(), |end| end + 1)
}

/// The length of a path segment after its slash.
fn segment(inside: &[u8]) -> usize {
    let plain = |bytes: &[u8]| {
        let mut length = 0;
        while let Some(rest) = bytes.get(length..) {
            length += match rest {
                [b'%', a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => 3,
                [byte, ..] if byte.is_ascii_alphanumeric() || b"&'*-.:@_~+".contains(byte) => 1,
                _ => break,
            };
        }
        length
    };
    match inside {
        [b'(', inner @ ..] => match plain(inner) {
            length @ 1.. if inner.get(length) == Some(&b')') => length + 2,
            _ => 0,
        },
        _ => plain(inside),
    }
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
            found.push(error::problem(error::TOO_COMPLEX, Some(place), EXPRESSION_TOO_COMPLEX).with_hint(HINT));
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
