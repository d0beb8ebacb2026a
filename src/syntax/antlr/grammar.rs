//! The grammar of the official parser, error alternatives included, and the reader of its
//! notation.
//!
//! Reconstructed from recorded error messages. `@name` reports a named error (see `notice`),
//! `{n}` admits an operator only where the binding strength in force is at most `n`, and
//! `rule[n]` enters a rule with that strength. Order matters: where two alternatives fit, the
//! earlier one is taken.

/// The `match_` rules repeat those of a path: rules that were shared would have more followers,
/// and what may follow a rule decides which alternative is taken when none fits.
///
/// `name: alternatives;` per rule; the first rule is the start.
pub(super) const GRAMMAR: &str = r"
file: version? import* (service | function)+ EOF;
version: 'rules_version' '=' STRING ';'?;
import: 'import' STRING ';' | 'import' STRING alias IDENTIFIER ';';
alias: IDENTIFIER @alias;

service: 'service' service_name '{' (match | function)+ '}'
       | 'service' service_name '{' @empty_service '}';
service_name: SERVICE_NAME | SERVICE_KEYWORD @service_keyword;

match: 'match' match_path '{' (match | function | allow)+ '}'
     | 'match' match_path '{' @empty_match '}'
     | path @missing_match '{' '}';
match_path: match_segment+;
match_segment: PATH_SEGMENT | '/' match_variable | '/' match_single | '/' match_glob | '/' @bare_slash;
match_variable: '{' IDENTIFIER '}' | '{' IDENTIFIER '}' @extra_brace '}';
match_single: '{' IDENTIFIER '=' '*' '}' | '{' IDENTIFIER '=' '*' '}' @extra_brace '}';
match_glob: '{' IDENTIFIER '=' '**' '}' | '{' IDENTIFIER '=' '**' '}' @extra_brace_glob '}';

path: segment+;
segment: PATH_SEGMENT | '/' variable | '/' single | '/' glob | '/' @bare_slash;
variable: '{' IDENTIFIER '}' | '{' IDENTIFIER '}' @extra_brace '}';
single: '{' IDENTIFIER '=' '*' '}' | '{' IDENTIFIER '=' '*' '}' @extra_brace '}';
glob: '{' IDENTIFIER '=' '**' '}' | '{' IDENTIFIER '=' '**' '}' @extra_brace_glob '}';

allow: 'allow' IDENTIFIER (',' IDENTIFIER)* (',' @stray)? condition? ';'?
     | 'allow' @missing_operation;
condition: ':' 'if' expr
         | @missing_colon 'if' expr
         | ':' expr @missing_if
         | ':' 'if' @missing_condition;

function: 'function' IDENTIFIER parameters '{' body '}'
        | 'function' IDENTIFIER parameters '{' @missing_body '}'
        | 'function' IDENTIFIER @missing_signature '{' body '}'
        | 'function' @missing_id parameters '{' body '}';
parameters: '(' names? ')'
          | '(' names? ')' @extra_bracket ')';
names: IDENTIFIER (',' IDENTIFIER)*;
body: let* 'return' expr ';'?;
let: 'let' name '=' expr ';';
name: IDENTIFIER;

expr: ( postfix
      | '-' postfix
      | '!' expr[10]
      | ('++' | '--') @increment postfix @incremented
      | postfix ('++' | '--') @increment @incremented
      )     ( {9} ('*' | '/' | '%') expr[10]
            | {8} ('+' | '-') expr[9]
            | {7} ('<' | '<=' | '>' | '>=') expr[8]
            | {6} ('==' | '!=') expr[7]
            | {5} 'is' type @type
            | {4} 'in' expr[5]
            | {3} '&&' expr[4]
            | {2} '||' expr[3]
            | {1} '?' expr[0] ':' expr[1]
            )*;
type: IDENTIFIER;
postfix: (primary | IDENTIFIER '.' IDENTIFIER '(' arguments? ')') ( '.' property
                 | '.' IDENTIFIER '(' arguments? ')'
                 | '[' index ']'
                 )*;
index: expr | range;
range: expr? ':' expr?;
property: IDENTIFIER | 'allow' | 'false' | 'function' | 'if' | 'import' | 'in' | 'is' | 'let'
        | 'match' | 'null' | 'return' | 'service' | 'true' | RESERVED;
primary: literal | IDENTIFIER | IDENTIFIER '(' arguments? ')' | '(' expr ')' | list | map
       | expr_segment+;
literal: 'true' | 'false' | 'null' | NUM_INT | NUM_FLOAT | STRING | BYTES
       | UNPAIRED_DOUBLE_QUOTE @unpaired_double
       | UNPAIRED_SINGLE_QUOTE @unpaired_single;
arguments: expressions ','?;
expressions: expr (',' expr)*;
list: '[' arguments? ']';
map: '{' entries? '}';
entries: pairs ','?;
pairs: pair (',' pair)*;
pair: expr ':' expr;
expr_segment: segment | '/' '$' '(' expr ')';
";

/// A source that the official engine has read something like before any other. What a prediction meets first decides
/// which of two sets of places stays (see `closure::Key`), and on an engine in use that is what most sources hold.
pub(super) const USUAL: &str = "rules_version = '2';
service a {
  match /a/{b}/{c=**}/{d=*} {
    allow get, list: if true;
    allow get: if a == /a/$(a.b)/{c}/d;
    function f(x, y) { let z = -a; return !a.b in [1, 2,] || a.b(c)[0][1:] is int ? {'a': b.c} : (1 + f(/a).b.c * 2); }
    match /d { function g() { return a; } allow read; }
  }
}";

/// What the reader of the notation sees.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item<'a> {
    /// A token class or a quoted token.
    Token(&'a str),
    /// A rule with the binding strength to enter it with.
    Rule(&'a str, u8),
    Notice(&'a str),
    Precedence(u8),
    /// Alternatives in brackets with their repetition mark.
    Block(Vec<Vec<Item<'a>>>, Repeat),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Repeat {
    Once,
    Optional,
    Star,
    Plus,
}

/// Reads rules as (name, alternatives).
pub(super) fn rules(text: &str) -> Vec<(&str, Vec<Vec<Item<'_>>>)> {
    let mut words = Words { rest: text };
    let mut rules = Vec::new();
    while let Some(name) = words.next() {
        words.next(); // the colon
        let alternatives = words.alternatives();
        words.next(); // the semicolon
        rules.push((name, alternatives));
    }
    rules
}

struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    fn peek(&self) -> Option<&'a str> {
        let text = self.rest.trim_start();
        let first = text.chars().next()?;
        let length = if first == '\'' {
            text.get(1..)?.find('\'')?.saturating_add(2)
        } else {
            let length = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
            length.max(first.len_utf8())
        };
        text.get(..length)
    }

    fn next(&mut self) -> Option<&'a str> {
        let word = self.peek()?;
        self.rest = self.rest.trim_start().get(word.len()..)?;
        Some(word)
    }

    fn next_is(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(word);
        if found {
            self.next();
        }
        found
    }

    fn alternatives(&mut self) -> Vec<Vec<Item<'a>>> {
        let mut alternatives = vec![self.sequence()];
        while self.next_is("|") {
            alternatives.push(self.sequence());
        }
        alternatives
    }

    fn sequence(&mut self) -> Vec<Item<'a>> {
        let mut items = Vec::new();
        while let Some(word) = self.peek() {
            if matches!(word, "|" | ")" | ";") {
                break;
            }
            self.next();
            let item = match word {
                "(" => {
                    let alternatives = self.alternatives();
                    self.next(); // the bracket
                    Item::Block(alternatives, Repeat::Once)
                }
                "@" => Item::Notice(self.next().unwrap_or_default()),
                "{" => Item::Precedence(self.number()),
                _ if word.starts_with(|c: char| c == '\'' || c.is_ascii_uppercase()) => Item::Token(word),
                _ if self.next_is("[") => Item::Rule(word, self.number()),
                _ => Item::Rule(word, 0),
            };
            let repeat = match self.peek() {
                Some("?") => Repeat::Optional,
                Some("*") => Repeat::Star,
                Some("+") => Repeat::Plus,
                _ => {
                    items.push(item);
                    continue;
                }
            };
            self.next();
            items.push(match item {
                Item::Block(alternatives, _) => Item::Block(alternatives, repeat),
                single => Item::Block(vec![vec![single]], repeat),
            });
        }
        items
    }

    /// A number and the bracket that closes it.
    fn number(&mut self) -> u8 {
        let number = self.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        self.next();
        number
    }
}
