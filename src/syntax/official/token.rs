//! Token kinds of the official lexer, in the order in which its messages list them.

/// Index into [`NAMES`].
pub(super) type Kind = u8;

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
pub(super) const EOF: Kind = 0;
pub(super) const SERVICE: Kind = 42;
pub(super) const PATH_SEGMENT: Kind = 44;
pub(super) const IDENTIFIER: Kind = 45;
pub(super) const NUM_INT: Kind = 46;
pub(super) const NUM_FLOAT: Kind = 47;
pub(super) const UNPAIRED_DOUBLE: Kind = 48;
pub(super) const UNPAIRED_SINGLE: Kind = 49;
pub(super) const STRING: Kind = 50;
pub(super) const BYTES: Kind = 51;
pub(super) const RULES_VERSION: Kind = 52;
pub(super) const SERVICE_NAME: Kind = 53;
pub(super) const SERVICE_KEYWORD: Kind = 54;
pub(super) const RESERVED: Kind = 55;

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

/// The kind of a keyword or operator spelled `text`.
pub(super) fn kind_spelled(text: &str) -> Option<Kind> {
    NAMES
        .iter()
        .position(|name| name.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) == Some(text))
        .and_then(|index| Kind::try_from(index).ok())
}

/// One token, as byte offsets into the source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}
