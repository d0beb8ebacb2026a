//! Tokens of rules files: their kinds, numbered as the official lexer numbers them, and their places.

use crate::text::Span;

/// What a token is. A number rather than an `enum`: sets of kinds are bits, and tables are indexed by it.
pub(super) type Kind = u8;

pub(super) const EOF: Kind = 0;
pub(super) const AND: Kind = 1;
pub(super) const ASSIGN: Kind = 2;
pub(super) const COLON: Kind = 3;
pub(super) const COMMA: Kind = 4;
pub(super) const DECREMENT: Kind = 5;
pub(super) const DOT: Kind = 6;
pub(super) const DOLLAR: Kind = 7;
pub(super) const EQ: Kind = 8;
pub(super) const GT: Kind = 9;
pub(super) const GE: Kind = 10;
pub(super) const INCREMENT: Kind = 11;
pub(super) const OPEN_BRACE: Kind = 12;
pub(super) const OPEN_BRACKET: Kind = 13;
pub(super) const OPEN_PAREN: Kind = 14;
pub(super) const LT: Kind = 15;
pub(super) const LE: Kind = 16;
pub(super) const MINUS: Kind = 17;
pub(super) const PERCENT: Kind = 18;
pub(super) const NE: Kind = 19;
pub(super) const NOT: Kind = 20;
pub(super) const OR: Kind = 21;
pub(super) const PLUS: Kind = 22;
pub(super) const CLOSE_BRACE: Kind = 23;
pub(super) const CLOSE_BRACKET: Kind = 24;
pub(super) const CLOSE_PAREN: Kind = 25;
pub(super) const SEMICOLON: Kind = 26;
pub(super) const SLASH: Kind = 27;
pub(super) const STAR: Kind = 28;
pub(super) const DOUBLE_STAR: Kind = 29;
pub(super) const QUESTION: Kind = 30;
pub(super) const ALLOW: Kind = 31;
pub(super) const FALSE: Kind = 32;
pub(super) const FUNCTION: Kind = 33;
pub(super) const IF: Kind = 34;
pub(super) const IMPORT: Kind = 35;
pub(super) const IN: Kind = 36;
pub(super) const IS: Kind = 37;
pub(super) const LET: Kind = 38;
pub(super) const MATCH: Kind = 39;
pub(super) const NULL: Kind = 40;
pub(super) const RETURN: Kind = 41;
pub(super) const SERVICE: Kind = 42;
pub(super) const TRUE: Kind = 43;
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
pub(super) const AT: Kind = 56;

/// One token, as byte offsets into the source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Token {
    pub(super) fn span(self) -> Span {
        Span { start: self.start, end: self.end }
    }
}
