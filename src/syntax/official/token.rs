//! How the official messages name tokens, and sets of token kinds.

pub(super) use crate::syntax::token::*;

/// A set of token kinds, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Hash)]
pub(super) struct KindSet(u64);

impl KindSet {
    pub(super) fn one(kind: Kind) -> Self {
        Self(1u64.checked_shl(u32::from(kind)).unwrap_or(0))
    }
    pub(super) fn has(self, kind: Kind) -> bool {
        self.0 & Self::one(kind).0 != 0
    }
    pub(super) fn add(&mut self, kind: Kind) {
        self.0 |= Self::one(kind).0;
    }
    pub(super) fn join(&mut self, other: Self) {
        self.0 |= other.0;
    }
    pub(super) fn without(self, kind: Kind) -> Self {
        Self(self.0 & !Self::one(kind).0)
    }
    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// As in `expecting {'{', '/', PATH_SEGMENT}`; a single member stands without braces.
    pub(super) fn display(self) -> String {
        let names: Vec<&str> = NAMES
            .iter()
            .enumerate()
            .filter(|(kind, _)| Kind::try_from(*kind).is_ok_and(|kind| self.has(kind)))
            .map(|(_, name)| *name)
            .collect();
        match names.as_slice() {
            [one] => (*one).to_owned(),
            _ => format!("{{{}}}", names.join(", ")),
        }
    }
}

/// Marks "the end of the rule is reachable" in look-ahead sets; no token has this kind.
pub(super) const EPSILON: Kind = 63;

/// Names as the messages print them: the text in quotes, or the name of a token class.
pub(super) const NAMES: [&str; 57] = [
    "<EOF>",
    "'&&'",
    "'='",
    "':'",
    "','",
    "'--'",
    "'.'",
    "'$'",
    "'=='",
    "'>'",
    "'>='",
    "'++'",
    "'{'",
    "'['",
    "'('",
    "'<'",
    "'<='",
    "'-'",
    "'%'",
    "'!='",
    "'!'",
    "'||'",
    "'+'",
    "'}'",
    "']'",
    "')'",
    "';'",
    "'/'",
    "'*'",
    "'**'",
    "'?'",
    "'allow'",
    "'false'",
    "'function'",
    "'if'",
    "'import'",
    "'in'",
    "'is'",
    "'let'",
    "'match'",
    "'null'",
    "'return'",
    "'service'",
    "'true'",
    "PATH_SEGMENT",
    "IDENTIFIER",
    "NUM_INT",
    "NUM_FLOAT",
    "UNPAIRED_DOUBLE_QUOTE",
    "UNPAIRED_SINGLE_QUOTE",
    "STRING",
    "BYTES",
    "'rules_version'",
    "SERVICE_NAME",
    "SERVICE_KEYWORD",
    "RESERVED",
    "'@'",
];

/// The kind with this name.
pub(super) fn kind_named(name: &str) -> Option<Kind> {
    let name = if name == "EOF" { "<EOF>" } else { name };
    NAMES.iter().position(|candidate| *candidate == name).and_then(|index| Kind::try_from(index).ok())
}

#[cfg(test)]
mod tests {
    use super::{EOF, IDENTIFIER, NAMES, NUM_FLOAT, NUM_INT, kind_named};
    use crate::syntax::lexer::lex;

    #[test]
    fn names_stand_in_the_order_of_the_kinds() {
        for (name, text) in NAMES.iter().map(|name| (name, name.trim_matches('\'').to_lowercase())) {
            if name.starts_with('\'') {
                assert_eq!(lex(&text).tokens.first().map(|token| token.kind), kind_named(name), "{name}");
            }
        }
        for (name, kind) in [("EOF", EOF), ("IDENTIFIER", IDENTIFIER), ("NUM_INT", NUM_INT), ("NUM_FLOAT", NUM_FLOAT)] {
            assert_eq!(kind_named(name), Some(kind));
        }
    }
}
