//! Brackets that are not closed, and those that close nothing: which one is meant, by how the lines are indented.

use crate::text::Span;

/// What is wrong with the brackets of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Imbalance {
    /// This one is not closed.
    Unclosed(Span),
    /// This one is closed by another kind of bracket.
    Crossed(Span, Span),
    /// This one closes none.
    Extra(Span),
}

/// A bracket that is open.
struct Open {
    byte: u8,
    span: Span,
    line: Line,
    /// Whether nothing follows it on its line, as where a block begins.
    last: bool,
}

/// The line that a bracket stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Line {
    start: usize,
    /// Blanks that it begins with.
    indent: usize,
}

/// The first bracket that is wrong, of those of a text in their order.
pub(super) fn imbalance(text: &str, brackets: impl IntoIterator<Item = Span>) -> Option<Imbalance> {
    let mut open: Vec<Open> = Vec::new();
    // By the lines that they stand in: the first that is likely not closed, and that likely closes none.
    let (mut unclosed, mut extra) = (None, None);
    let mut lines = Lines { text, at: 0, line: Line { start: 0, indent: 0 }, read: false };
    for span in brackets {
        let Some(byte) = text.as_bytes().get(span.start as usize).copied() else { continue };
        let line = lines.of(span.start as usize);
        if matches!(byte, b'(' | b'[' | b'{') {
            let rest = text.get(span.end as usize..).unwrap_or("").trim_start_matches([' ', '\t', '\r']);
            open.push(Open { byte, span, line, last: rest.starts_with('\n') });
            continue;
        }
        let Some(last) = open.last() else { return Some(Imbalance::Extra(extra.unwrap_or(span))) };
        if !closes(last.byte, byte) {
            let outer = open.iter().rev().skip(1).any(|outer| closes(outer.byte, byte));
            return Some(match (last.byte, byte) {
                _ if outer => Imbalance::Unclosed(last.span),
                // A block does not end before the next statement does.
                (b'{', _) => Imbalance::Extra(span),
                (_, b'}') => Imbalance::Unclosed(last.span),
                _ => Imbalance::Crossed(last.span, span),
            });
        }
        let leads = span.start as usize == line.start + line.indent;
        if leads && last.line != line && line.indent < last.line.indent {
            unclosed = unclosed.or(Some(last.span));
        }
        if (leads || last.last) && last.line != line && line.indent > last.line.indent {
            extra = extra.or(Some(span));
        }
        open.pop();
    }
    open.last().map(|last| Imbalance::Unclosed(unclosed.unwrap_or(last.span)))
}

fn closes(open: u8, close: u8) -> bool {
    matches!((open, close), (b'(', b')') | (b'[', b']') | (b'{', b'}'))
}

/// Finds the lines of offsets that grow.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: Line,
    read: bool,
}

impl Lines<'_> {
    fn of(&mut self, offset: usize) -> Line {
        let passed = self.text.get(self.at..offset).unwrap_or("");
        let start = match passed.rfind('\n') {
            Some(feed) => self.at + feed + 1,
            None if self.read => self.line.start,
            None => 0,
        };
        if !self.read || start != self.line.start {
            let rest = self.text.get(start..).unwrap_or("");
            self.line = Line { start, indent: rest.len() - rest.trim_start_matches([' ', '\t']).len() };
            self.read = true;
        }
        self.at = offset;
        self.line
    }
}

impl Imbalance {
    /// Where it is seen: what stands before this place is not concerned.
    pub(super) fn place(self) -> Span {
        match self {
            Imbalance::Unclosed(open) | Imbalance::Crossed(open, _) => open,
            Imbalance::Extra(close) => close,
        }
    }

    /// What is said of the bracket, and what to do.
    pub(super) fn words(self, text: &str) -> (String, String) {
        let written = |span: Span| text.get(span.range()).unwrap_or("");
        let closing = |open: &str| match open {
            "(" => ")",
            "[" => "]",
            _ => "}",
        };
        match self {
            Imbalance::Unclosed(open) => {
                let open = written(open);
                (format!("this `{open}` is not closed"), format!("close the `{open}` with `{}`", closing(open)))
            }
            Imbalance::Crossed(open, close) => {
                let (open, close) = (written(open), written(close));
                let hint = format!("close the `{open}` with `{}`, not with `{close}`", closing(open));
                (format!("this `{open}` is closed by `{close}`"), hint)
            }
            Imbalance::Extra(close) => {
                let close = written(close);
                (format!("this `{close}` closes nothing"), format!("remove the `{close}`, or open it before"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Imbalance, imbalance};
    use crate::text::Span;

    /// The bracket, by line and column, that is said to be wrong.
    fn wrong(text: &str) -> Option<(&'static str, usize, usize)> {
        let brackets = text.match_indices(['(', ')', '[', ']', '{', '}']).map(|(at, _)| Span::new(at, at + 1));
        let found = imbalance(text, brackets)?;
        let at = found.place().start as usize;
        let line = text[..at].matches('\n').count() + 1;
        let column = at - text[..at].rfind('\n').map_or(0, |feed| feed + 1) + 1;
        let kind = match found {
            Imbalance::Unclosed(_) => "unclosed",
            Imbalance::Crossed(..) => "crossed",
            Imbalance::Extra(_) => "extra",
        };
        Some((kind, line, column))
    }

    #[test]
    #[allow(clippy::string_slice, clippy::indexing_slicing, reason = "tests")]
    fn the_bracket_that_is_wrong_is_found() {
        assert_eq!(wrong("a {\n  b {\n  }\n}\n"), None);
        // Without lines of their own, the last one that is open.
        assert_eq!(wrong("a { b { c }"), Some(("unclosed", 1, 3)));
        assert_eq!(wrong("a { b ( c }"), Some(("unclosed", 1, 7)));
        assert_eq!(wrong("f(a[1)"), Some(("unclosed", 1, 4)));
        assert_eq!(wrong("f(a]"), Some(("crossed", 1, 2)));
        assert_eq!(wrong("f(a))"), Some(("extra", 1, 5)));
        assert_eq!(wrong("a { b) }"), Some(("extra", 1, 6)));
        assert_eq!(wrong("f(a }"), Some(("unclosed", 1, 2)));
        // The block in the middle is not closed, whose end the outer one seems to have.
        assert_eq!(wrong("a {\n  b {\n    c;\n  d {\n  }\n}\n"), Some(("unclosed", 2, 5)));
        assert_eq!(wrong("a {\n  b {\n    c {\n    }\n  }\n"), Some(("unclosed", 1, 3)));
        // One within is closed twice.
        assert_eq!(wrong("a {\n  b {\n    c;\n    }\n  }\n}\n"), Some(("extra", 4, 5)));
        assert_eq!(wrong("a {\n  b {\n    c { d }}\n  }\n}\n"), Some(("extra", 3, 12)));
    }
}
