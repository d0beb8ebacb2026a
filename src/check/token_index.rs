//! Source positions that the syntax tree lacks: parentheses around an expression, the keyword `let`.
//!
//! The official compiler points at the first token of an expression, including parentheses, when it reports a variable
//! without a type; the tree omits parentheses. One scan of the text finds them again.

use crate::text::Span;

/// The kind of a token, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A grouping `(`, with the index of its `)` once that is known.
    Group(Option<usize>),
    /// `(` of a call or an interpolation.
    Call,
    /// `)`
    Close,
    /// A name or keyword.
    Word,
    Other,
}

/// The tokens of a text, without comments.
pub(super) struct TokenIndex {
    tokens: Vec<(u32, Kind)>,
}

impl TokenIndex {
    pub(super) fn new(text: &str) -> Self {
        let mut tokens: Vec<(u32, Kind)> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        // Whether a parenthesis here belongs to the word before it.
        let mut callable = false;
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let (length, kind) = token(rest);
            let start = u32::try_from(at).unwrap_or(u32::MAX);
            at += length;
            let Some(kind) = kind else { continue };
            match rest.as_bytes().first() {
                Some(b'(') => {
                    open.push(tokens.len());
                    tokens.push((start, if callable { Kind::Call } else { Kind::Group(None) }));
                }
                Some(b')') => {
                    let close = tokens.len();
                    if let Some((_, Kind::Group(partner))) = open.pop().and_then(|i| tokens.get_mut(i)) {
                        *partner = Some(close);
                    }
                    tokens.push((start, Kind::Close));
                }
                _ => tokens.push((start, kind)),
            }
            callable = kind == Kind::Word && !matches!(rest.get(..length), Some("if" | "in" | "return"));
        }
        TokenIndex { tokens }
    }

    /// The start of an expression with the parentheses around it. For a `primary`, which is the receiver of a member or
    /// call or the operand of a minus, the outermost parenthesis belongs to the operation instead (measured: `-((a.x +
    /// a))` points at the second).
    pub(super) fn start(&self, span: Span, primary: bool) -> u32 {
        let first = self.index(span.start);
        let after = self.index(span.end);
        let (mut start, mut own) = (span.start, None);
        let previous = self.tokens.get(..first).unwrap_or(&[]).iter().rev();
        for (at, kind) in previous {
            let Kind::Group(Some(close)) = *kind else { break };
            if close >= after {
                // Parentheses of the expression close right after it; those of an enclosing expression do not.
                let between = self.tokens.get(after..close).unwrap_or(&[]);
                if between.iter().any(|(_, kind)| *kind != Kind::Close) {
                    break;
                }
                if primary && let Some(inner) = own.replace(*at) {
                    start = inner;
                    continue;
                } else if primary {
                    continue;
                }
            }
            start = *at;
        }
        start
    }

    /// The start of the token before the one at `offset`: `let` before the name of a variable.
    pub(super) fn previous(&self, offset: u32) -> u32 {
        let index = self.index(offset);
        index.checked_sub(1).and_then(|i| self.tokens.get(i)).map_or(offset, |(start, _)| *start)
    }

    /// The index of the first token at or after an offset.
    fn index(&self, offset: u32) -> usize {
        self.tokens.partition_point(|(start, _)| *start < offset)
    }
}

/// The length of the token at the start of a text; whitespace and comments have no kind.
fn token(text: &str) -> (usize, Option<Kind>) {
    let bytes = text.as_bytes();
    let run = |from: usize, of: fn(u8) -> bool| from + bytes.iter().skip(from).take_while(|b| of(**b)).count();
    match bytes.first().copied().unwrap_or(0) {
        b' ' | b'\t' | b'\r' | b'\n' | b'\x0C' => (1, None),
        b'/' if text.starts_with("//") => (text.find('\n').unwrap_or(text.len()), None),
        b'/' if text.starts_with("/*") && text.get(2..).is_some_and(|rest| rest.contains("*/")) => {
            (text.get(2..).and_then(|rest| rest.find("*/")).map_or(text.len(), |end| end + 4), None)
        }
        b'/' => (run(1, is_segment), Some(Kind::Other)),
        quote @ (b'\'' | b'"') => (string_length(bytes, quote), Some(Kind::Other)),
        b if is_word(b) => (run(1, is_word), Some(Kind::Word)),
        _ => (text.chars().next().map_or(1, char::len_utf8), Some(Kind::Other)),
    }
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'$'
}

fn is_segment(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"&'*-.:@_~+%".contains(&b)
}

/// The length of a string literal, including its quotes.
fn string_length(bytes: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(b) = bytes.get(at) {
        match b {
            b'\\' => at += 2,
            b'\n' => return 1,
            b if *b == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len().max(1)
}
