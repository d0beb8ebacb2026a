//! Runs of tokens that no rules file of a service has, and that people write who come from other languages.

use crate::{
    syntax::token::{
        ALLOW, ASSIGN, CLOSE_BRACE, CLOSE_BRACKET, CLOSE_PAREN, COLON, DOLLAR, DOT, DOUBLE_STAR, EQ, FALSE, FUNCTION,
        GT, IDENTIFIER, IF, IN, IS, Kind, LT, MATCH, NE, NOT, NULL, NUM_FLOAT, NUM_INT, OPEN_BRACE, OPEN_PAREN,
        PATH_SEGMENT, PLUS, QUESTION, RETURN, RULES_VERSION, SEMICOLON, SLASH, STRING, TRUE, Token,
    },
    text::Span,
};

/// A part of the text that cannot be what it was meant to be.
#[derive(Debug)]
pub(in crate::syntax) struct Finding {
    pub(in crate::syntax) span: Span,
    /// What it is, beside its place; empty where the hint says it.
    pub(in crate::syntax) what: String,
    /// What to write instead.
    pub(in crate::syntax) hint: String,
}

/// What a token of a sequence may be.
#[derive(Clone, Copy)]
enum One {
    /// A token of this kind.
    A(Kind),
    /// One of this kind that follows without a blank.
    Joined(Kind),
    /// A word, whatever kind of token it is.
    Word(&'static str),
    /// The same as a member.
    Member(&'static str),
    /// A name.
    Name,
    /// What an operand may end with.
    Operand,
    /// What an expression begins with, and no statement.
    Value,
    /// Anything but a point, or the beginning.
    NoDot,
}

use One::{A, Joined, Member, Name, NoDot, Operand, Value, Word};

/// A sequence, the places in it where what is wrong begins and ends, and what to write instead.
struct Sequence(&'static [One], std::ops::RangeInclusive<usize>, &'static str);

const CHOICE: &str =
    "functions and conditions have no statements: choose with `condition ? a : b`, or join with `&&` and `||`";
const LET: &str = "variables are bound with `let`, within a function: `let a = 1;`";
const CONDITION: &str = "a condition is an expression: leave out `return`";
const AND: &str = "`and` is written `&&`";
const OR: &str = "`or` is written `||`";
const NO_LOOPS: &str = "rules have no loops: lists have hasAll(), hasAny() and hasOnly()";
/// What to write instead of a regular expression between slashes.
pub(in crate::syntax) const PATTERN: &str =
    "a pattern is a string, which has to match the whole text: `text.matches('[a-z]+')`";
const PATH: &str = "in a path write `$(name)`: `/users/$(request.auth.uid)`";

const SEQUENCES: &[Sequence] = &[
    Sequence(&[A(EQ), Joined(ASSIGN)], 0..=1, "compare with `==`: rules have no `===`"),
    Sequence(&[A(NE), Joined(ASSIGN)], 0..=1, "compare with `!=`: rules have no `!==`"),
    Sequence(&[A(LT), Joined(GT)], 0..=1, "compare with `!=`: rules have no `<>`"),
    Sequence(&[A(ASSIGN), Joined(LT)], 0..=1, "write `<=`"),
    Sequence(
        &[A(ASSIGN), Joined(GT)],
        0..=1,
        "write `>=`; a function is `function name(a) { return …; }`, rules have no `=>`",
    ),
    Sequence(&[A(PLUS), Joined(ASSIGN)], 0..=1, "rules change nothing: write `a + b`"),
    Sequence(&[Operand, A(DOUBLE_STAR)], 1..=1, "write `math.pow(a, b)`"),
    Sequence(
        &[A(QUESTION), Joined(DOT)],
        0..=1,
        "rules have no `?.`: test with `'key' in map`, or write `map.get('key', null)`",
    ),
    Sequence(&[A(QUESTION), Joined(QUESTION)], 0..=1, "rules have no `??`: write `map.get('key', default)`"),
    Sequence(&[A(DOLLAR), Joined(OPEN_BRACE)], 0..=1, PATH),
    Sequence(&[Operand, Word("and")], 1..=1, AND),
    Sequence(&[Operand, Word("AND")], 1..=1, AND),
    Sequence(&[Operand, Word("or")], 1..=1, OR),
    Sequence(&[Operand, Word("OR")], 1..=1, OR),
    Sequence(&[Operand, Word("not"), A(IN)], 1..=2, "write `!(a in b)`"),
    Sequence(&[A(IS), Word("not")], 0..=1, "write `!(a is string)`, or `a != null`"),
    Sequence(&[A(IS), A(NULL)], 0..=1, "write `a == null`"),
    Sequence(&[NoDot, Word("not")], 1..=1, "write `!a`"),
    Sequence(&[Word("NOT"), Name], 0..=0, "write `!a`"),
    Sequence(&[Word("typeof"), Name], 0..=0, "write `a is string`, `a is number`, `a is bool`"),
    Sequence(&[Operand, Word("instanceof")], 1..=1, "write `a is string`, `a is number`, `a is bool`"),
    Sequence(
        &[Word("new"), Name],
        0..=0,
        "rules make no objects: the time is `request.time`, dates are `timestamp.date(2026, 1, 31)`",
    ),
    Sequence(&[Word("await"), Name], 0..=0, "get() and exists() give their answer at once: leave out `await`"),
    Sequence(&[Word("async"), A(FUNCTION)], 0..=0, "get() and exists() give their answer at once: leave out `async`"),
    Sequence(&[Word("const"), Name], 0..=0, LET),
    Sequence(&[NoDot, Word("var")], 1..=1, LET),
    Sequence(
        &[A(CLOSE_PAREN), A(OPEN_BRACE), Value],
        2..=2,
        "a function gives its value with `return`: `function f(a) { return a == 1; }`",
    ),
    Sequence(&[A(OPEN_BRACE), A(IF)], 1..=1, CHOICE),
    Sequence(&[A(SEMICOLON), A(IF)], 1..=1, CHOICE),
    Sequence(&[A(CLOSE_BRACE), A(IF)], 1..=1, CHOICE),
    Sequence(&[NoDot, Word("else")], 1..=1, CHOICE),
    Sequence(&[NoDot, Word("then")], 1..=1, CHOICE),
    Sequence(&[A(CLOSE_BRACE), Word("elif")], 1..=1, CHOICE),
    Sequence(&[A(COLON), A(RETURN)], 1..=1, "write `allow read: if condition;`, without `return`"),
    Sequence(&[A(IF), A(RETURN)], 1..=1, CONDITION),
    Sequence(&[NoDot, Word("for")], 1..=1, NO_LOOPS),
    Sequence(&[NoDot, Word("while")], 1..=1, NO_LOOPS),
    Sequence(&[NoDot, Word("switch")], 1..=1, CHOICE),
    Sequence(&[NoDot, Word("deny")], 1..=1, "rules only allow: what no `allow` permits is denied"),
    Sequence(&[A(MATCH), A(IDENTIFIER)], 1..=1, "a path begins with a slash: `match /users/{userId}`"),
    Sequence(&[A(MATCH), A(STRING)], 1..=1, "a path stands without quotes: `match /users/{userId}`"),
    Sequence(&[A(RULES_VERSION), A(ASSIGN), A(NUM_INT)], 2..=2, "the version is a string: `rules_version = '2';`"),
    Sequence(&[A(RULES_VERSION), A(ASSIGN), A(NUM_FLOAT)], 2..=2, "the version is a string: `rules_version = '2';`"),
    Sequence(&[Member("matches"), A(OPEN_PAREN), A(SLASH)], 2..=2, PATTERN),
    Sequence(&[Member("matches"), A(OPEN_PAREN), A(PATH_SEGMENT)], 2..=2, PATTERN),
    Sequence(&[A(DOT), A(MATCH), A(OPEN_PAREN)], 1..=1, PATTERN),
    Sequence(&[Member("split"), A(OPEN_PAREN), A(SLASH)], 2..=2, "a pattern is a string: `text.split(',')`"),
    Sequence(&[Member("replace"), A(OPEN_PAREN), A(SLASH)], 2..=2, "a pattern is a string: `text.replace('a', 'b')`"),
    Sequence(&[Word("/.test")], 0..=0, PATTERN),
    Sequence(&[Word("/i.test")], 0..=0, PATTERN),
    Sequence(&[Word("/.exec")], 0..=0, PATTERN),
    Sequence(&[A(ALLOW), A(SEMICOLON)], 0..=1, "name what is allowed: `allow read, write: if condition;`"),
];

/// Sequences that are looked for: nobody reads more.
const MOST: usize = 500;

/// The sequences in a text, in its order.
pub(in crate::syntax) fn find(text: &str, tokens: &[Token]) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for at in 0..tokens.len() {
        let matched = SEQUENCES.iter().find_map(|sequence| sequence.at(text, tokens, at));
        // A sequence that begins within the one before says nothing new.
        let finding = matched.filter(|next| found.last().is_none_or(|last| last.span.end <= next.span.start));
        found.extend(finding);
        if found.len() == MOST {
            break;
        }
    }
    found
}

impl Sequence {
    fn at(&self, text: &str, tokens: &[Token], at: usize) -> Option<Finding> {
        let Sequence(sequence, wrong, hint) = self;
        let token = |place: usize| tokens.get(at + place);
        for (place, one) in sequence.iter().enumerate() {
            let before = (at + place).checked_sub(1).and_then(|at| tokens.get(at));
            if !one.is(text, before, token(place)?) {
                return None;
            }
        }
        let (first, last) = (token(*wrong.start())?, token(*wrong.end())?);
        Some(Finding { span: first.span().to(last.span()), what: String::new(), hint: (*hint).to_owned() })
    }
}

impl One {
    fn is(self, text: &str, before: Option<&Token>, token: &Token) -> bool {
        match self {
            One::A(kind) => token.kind == kind,
            One::Joined(kind) => token.kind == kind && before.is_some_and(|before| before.end == token.start),
            // What follows a point is a member, whatever the word.
            One::Word(word) => {
                text.get(token.span().range()) == Some(word) && before.is_none_or(|before| before.kind != DOT)
            }
            One::Member(word) => {
                text.get(token.span().range()) == Some(word) && before.is_some_and(|before| before.kind == DOT)
            }
            One::Name => token.kind == IDENTIFIER,
            One::Operand => matches!(
                token.kind,
                IDENTIFIER | NUM_INT | NUM_FLOAT | STRING | TRUE | FALSE | NULL | CLOSE_PAREN | CLOSE_BRACKET
            ),
            One::Value => {
                let begins = [IDENTIFIER, NUM_INT, NUM_FLOAT, STRING, TRUE, FALSE, NULL, NOT, OPEN_PAREN];
                begins.contains(&token.kind)
                    && !["const", "var"].contains(&text.get(token.span().range()).unwrap_or(""))
            }
            One::NoDot => token.kind != DOT,
        }
    }
}
