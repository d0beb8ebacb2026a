//! Errors that the official compiler finds while it builds its tree. It does so only where its
//! first run ended well, and then lists them together with the named errors of that run.

use std::collections::BTreeSet;

use super::SyntaxError;
use super::token::{
    ALLOW, ASSIGN, BYTES, CLOSE_BRACE, CLOSE_BRACKET, CLOSE_PAREN, DOT, DOUBLE_STAR, FALSE, FUNCTION, IDENTIFIER,
    IMPORT, IS, Kind, MATCH, MINUS, NULL, NUM_INT, OPEN_BRACE, OPEN_PAREN, PATH_SEGMENT, RULES_VERSION, SLASH, STAR,
    TRUE, Token,
};
use crate::syntax::{literal, message};

/// Finds them by the tokens alone, which is enough in a source that fits the grammar.
/// The compiler does not look into what is `incremented`, given by its first and end index.
pub(super) fn tree_errors(source: &str, tokens: &[Token], incremented: &[(usize, usize)]) -> Vec<SyntaxError> {
    let mut hidden = vec![false; tokens.len()];
    for (first, end) in incremented {
        hidden.get_mut(*first..*end).unwrap_or_default().fill(true);
    }
    let mut finder = Finder { source, tokens, errors: Vec::new() };
    let version = finder.version();
    // A version it does not know keeps the compiler from looking into the services.
    let services = version.is_some();
    let old = version == Some(1);
    let mut imports = 0usize;
    for ((index, token), hidden) in tokens.iter().enumerate().zip(hidden) {
        match token.kind {
            _ if hidden => {}
            BYTES if services => finder.bytes(*token),
            NUM_INT if services => finder.number(index, *token),
            IDENTIFIER if services => finder.package(index, *token),
            _ if finder.is(index, IMPORT) && !finder.is_after(index, DOT) => {
                imports = imports.saturating_add(1);
                finder.import(index, *token, imports == 1);
            }
            _ if services && finder.starts_path(index) => finder.path(index, old),
            _ => {}
        }
    }
    finder.errors
}

struct Finder<'a> {
    source: &'a str,
    tokens: &'a [Token],
    errors: Vec<SyntaxError>,
}

impl Finder<'_> {
    fn report(&mut self, token: Token, message: String) {
        self.errors.push(SyntaxError::at(token, message));
    }

    fn kind(&self, index: usize) -> Option<Kind> {
        self.tokens.get(index).map(|token| token.kind)
    }

    fn text(&self, index: usize) -> &str {
        self.tokens.get(index).and_then(|token| self.source.get(token.span().range())).unwrap_or_default()
    }

    fn is(&self, index: usize, kind: Kind) -> bool {
        self.kind(index) == Some(kind)
    }

    fn is_after(&self, index: usize, kind: Kind) -> bool {
        index.checked_sub(1).is_some_and(|before| self.is(before, kind))
    }

    /// What a string literal stands for.
    fn string(&self, index: usize) -> String {
        literal::string(self.text(index)).as_str().to_string()
    }

    /// The version, if it is one.
    fn version(&mut self) -> Option<u8> {
        let Some(first) = self.tokens.first().filter(|token| token.kind == RULES_VERSION) else {
            return Some(1);
        };
        match self.string(2).as_str() {
            "1" => Some(1),
            "2" => Some(2),
            version => {
                self.report(*first, message::unsupported_version(version));
                None
            }
        }
    }

    fn import(&mut self, index: usize, token: Token, first: bool) {
        if first {
            self.report(token, message::IMPORTS.to_owned());
        }
        let module = self.string(index.saturating_add(1));
        self.report(token, message::unknown_module(&module));
    }

    fn bytes(&mut self, token: Token) {
        let text = self.source.get(token.span().range()).unwrap_or_default();
        let mut escaped = false;
        let unicode = text.chars().any(|c| {
            let found = escaped && c == 'u';
            escaped = !escaped && c == '\\';
            found
        });
        if unicode {
            self.report(token, message::invalid_bytes(text));
        }
    }

    fn number(&mut self, index: usize, token: Token) {
        let text = self.text(index).to_owned();
        // Only a negated literal may reach one further.
        let negated = self.is_after(index, MINUS) && !self.is_operand_end(index.checked_sub(2));
        let limit = if negated { 1u64 << 63 } else { (1u64 << 63) - 1 };
        if !text.parse::<u64>().is_ok_and(|value| value <= limit) {
            self.report(token, message::invalid_number(&text));
        }
    }

    fn is_operand_end(&self, index: Option<usize>) -> bool {
        let Some(kind) = index.and_then(|index| self.kind(index)) else {
            return false;
        };
        matches!(kind, IDENTIFIER..=BYTES | PATH_SEGMENT)
            || matches!(kind, CLOSE_PAREN | CLOSE_BRACKET | CLOSE_BRACE | TRUE | FALSE | NULL)
    }

    fn package(&mut self, index: usize, token: Token) {
        let name = self.text(index).to_owned();
        if !crate::syntax::PACKAGES.contains(&name.as_str()) {
            return;
        }
        let before = index.checked_sub(1).and_then(|before| self.kind(before));
        let named = [DOT, IS, FUNCTION, ALLOW].iter().any(|kind| self.is_after(index, *kind));
        let next = index.saturating_add(1);
        let call = self.is(next, DOT)
            && self.kind(index.saturating_add(2)) == Some(IDENTIFIER)
            && self.is(index.saturating_add(3), OPEN_PAREN);
        if !named && !call && !self.is(next, OPEN_PAREN) && before != Some(IDENTIFIER) {
            self.report(token, message::package_as_variable(&name));
        }
    }

    fn starts_path(&self, index: usize) -> bool {
        let segment = self.kind(index) == Some(PATH_SEGMENT) || self.is(index, SLASH);
        segment
            && !index.checked_sub(1).is_some_and(|before| {
                self.kind(before) == Some(PATH_SEGMENT)
                    || self.is(before, SLASH)
                    || self.is_operand_end(Some(before)) && !self.is(before, CLOSE_BRACE)
            })
            && !self.follows_binding(index)
    }

    /// Whether the token before ends `/{x}`, so that this is not the path's first segment.
    fn follows_binding(&self, index: usize) -> bool {
        self.is_after(index, CLOSE_BRACE)
            && [4usize, 6]
                .iter()
                .any(|back| index.checked_sub(*back).is_some_and(|start| self.binding(start).is_some()))
    }

    /// The binding `/{x}`, `/{x=*}` or `/{x=**}` at `index`: whether a glob, and what comes after.
    fn binding(&self, index: usize) -> Option<(bool, usize)> {
        let at = |offset: usize| index.saturating_add(offset);
        if !(self.is(index, SLASH) && self.is(at(1), OPEN_BRACE) && self.kind(at(2)) == Some(IDENTIFIER)) {
            return None;
        }
        if self.is(at(3), CLOSE_BRACE) {
            return Some((false, at(4)));
        }
        let glob = self.is(at(4), DOUBLE_STAR);
        (self.is(at(3), ASSIGN) && (glob || self.is(at(4), STAR)) && self.is(at(5), CLOSE_BRACE)).then(|| (glob, at(6)))
    }

    /// Checks the variables of a path, and the globs of a match path.
    fn path(&mut self, start: usize, old: bool) {
        let of_match = self.is_after(start, MATCH);
        let mut names: BTreeSet<&str> = BTreeSet::new();
        let mut globs: Vec<usize> = Vec::new();
        let mut faults = Vec::new();
        let mut last = start;
        let mut at = start;
        loop {
            if let Some((glob, next)) = self.binding(at) {
                let name = at.saturating_add(2);
                if !names.insert(self.text(name)) {
                    faults.push((name, message::repeated_capture(self.text(name))));
                }
                if glob {
                    globs.push(at);
                }
                last = at;
                at = next;
            } else if self.kind(at) == Some(PATH_SEGMENT) || self.is(at, SLASH) {
                last = at;
                at = at.saturating_add(1);
            } else {
                break;
            }
        }
        if of_match && old {
            let misplaced = globs.iter().find(|glob| **glob != last);
            faults.extend(misplaced.map(|glob| (*glob, message::GLOB_NOT_LAST.to_owned())));
        } else if of_match {
            faults.extend(globs.get(1).map(|glob| (*glob, message::SECOND_GLOB.to_owned())));
        }
        for (index, message) in faults {
            if let Some(token) = self.tokens.get(index).copied() {
                self.report(token, message);
            }
        }
    }
}
