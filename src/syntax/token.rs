//! Tokens of rules files: their kinds, numbered as the official lexer numbers them, and their places. They serve what is
//! said of refused text, and comments; the parser reads characters.

use crate::text::Span;

use super::grammar::{self, Node, service::Rule};

/// What a token is. A number rather than an `enum`: sets of kinds are bits, and tables are indexed by it.
pub(super) type Kind = u8;

// Of those in `NAMES`, the ones that this crate asks for.
pub(super) const EOF: Kind = 0;
pub(super) const ASSIGN: Kind = 2;
pub(super) const COLON: Kind = 3;
pub(super) const DOT: Kind = 6;
pub(super) const DOLLAR: Kind = 7;
pub(super) const EQ: Kind = 8;
pub(super) const GT: Kind = 9;
pub(super) const OPEN_BRACE: Kind = 12;
pub(super) const OPEN_BRACKET: Kind = 13;
pub(super) const OPEN_PAREN: Kind = 14;
pub(super) const LT: Kind = 15;
pub(super) const MINUS: Kind = 17;
pub(super) const NE: Kind = 19;
pub(super) const NOT: Kind = 20;
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

/// Words that a service's name cannot be.
pub(super) const SERVICE_KEYWORDS: [&str; 15] = [
    "allow", "deny", "extends", "false", "function", "if", "import", "in", "is", "match", "null", "package", "return",
    "service", "true",
];

/// A text as the official lexer cuts it: the longest token wins, and what no token can start is dropped.
#[derive(Debug)]
pub(super) struct Lexed {
    /// The last one is always the end of input.
    pub(super) tokens: Vec<Token>,
    /// A file with any is refused.
    pub(super) dropped: Vec<Dropped>,
    pub(super) comments: Vec<Span>,
}

/// Characters that the lexer dropped.
#[derive(Debug)]
pub(super) struct Dropped {
    /// How many tokens stood before it.
    pub(super) tokens_before: usize,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Where the message points: the character that did not fit.
    pub(super) at: usize,
}

impl Lexed {
    /// The brackets, `?` and `:` with their offsets.
    pub(super) fn marks(&self, text: &str) -> impl Iterator<Item = (u8, usize)> {
        let marks = self.tokens.iter().filter(|token| {
            matches!(
                token.kind,
                OPEN_BRACE | OPEN_BRACKET | OPEN_PAREN | CLOSE_BRACE | CLOSE_BRACKET | CLOSE_PAREN | QUESTION | COLON
            )
        });
        marks.filter_map(|token| Some((*text.as_bytes().get(token.start as usize)?, token.start as usize)))
    }
}

/// Splits a text into tokens.
pub(super) fn lex(text: &str) -> Lexed {
    let mut lexed = Lexed { tokens: Vec::new(), dropped: Vec::new(), comments: Vec::new() };
    // The grammar has a token for any text.
    let nodes = grammar::parse_service(Rule::tokens, text).unwrap_or_default();
    for node in nodes.iter().skip(1) {
        let span = node.span;
        let written = text.get(span.range()).unwrap_or("");
        let Some(kind) = kind(node, written) else {
            match node.rule {
                Rule::comment => lexed.comments.push(span),
                rule => {
                    let misfit = usize::from(rule == Rule::dropped && written.starts_with(['&', '|']));
                    lexed.dropped.push(Dropped {
                        tokens_before: lexed.tokens.len(),
                        start: span.start as usize,
                        end: span.end as usize,
                        at: span.start as usize + misfit,
                    });
                }
            }
            continue;
        };
        lexed.tokens.push(Token { kind, start: span.start, end: span.end });
    }
    lexed
}

/// The kind of a token; `None` of a comment and of what is dropped.
fn kind(node: &Node<Rule>, written: &str) -> Option<Kind> {
    Some(match node.rule {
        Rule::EOI => EOF,
        Rule::identifier => IDENTIFIER,
        Rule::word => kind_named(&format!("'{written}'")).unwrap_or(RESERVED),
        Rule::punctuation => kind_named(&format!("'{written}'"))?,
        Rule::string => STRING,
        Rule::bytes => BYTES,
        Rule::unpaired if written.starts_with('"') => UNPAIRED_DOUBLE,
        Rule::unpaired => UNPAIRED_SINGLE,
        Rule::number if written.contains('.') => NUM_FLOAT,
        Rule::number => NUM_INT,
        Rule::segment => PATH_SEGMENT,
        Rule::service_word => SERVICE,
        Rule::service_name if SERVICE_KEYWORDS.contains(&written) => SERVICE_KEYWORD,
        Rule::service_name => SERVICE_NAME,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{EOF, IDENTIFIER, NAMES, NUM_FLOAT, NUM_INT, kind_named, lex};

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
