//! Mutants: real and random files with a few tokens or characters deleted, doubled, swapped, inserted.

use crate::{minimise::tokens, random::Random};

#[rustfmt::skip]
const INSERTED: &[&str] = &[
    "rules_version", "=", "'2'", "'1'", ";", "service", "cloud.firestore", "firebase.storage", "{", "}", "match", "/", "/a", "/{x}",
    "/{x=**}", "{x}", "**", "allow", "read", "write", "get", ",", ":", "if", "true", "false", "null", "function", "f", "(", ")",
    "return", "let", "x", "request", ".", "[", "]", "&&", "||", "!", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/ ", "%", "?",
    "in", "is", "string", "0", "1", "007", "9223372036854775808", "1.5", ".5", "1.", "'a'", "\"b\"", "'\\u00e9'", "b'\\xff'", "$(",
    "$", "math", "import", "matches", "size", "// c\n", "/* c */", "/*", "*/", "\n", " ", "\t", "\r", "é", "😀", "\u{0}",
    "\u{feff}", "'", "\"", "\\", "#", "@", "++", "--", "&", "|", "~", "`", "'\\", "'\\q'", "'\\u12'", "\u{a0}", "\u{2028}", "\u{85}",
    "\u{b}", "\u{c}", "1e5", "0x1", "_", "a_b", "$a", "...", "->", "=>", "===", "not", "and", "or", "allow:", "b'", "b\"é\"", "/(default)",
    "/$(x)", "/{", "/a.b", "/a-b", "/%20", "/é", "/'a'", "//", "'\n'", "version", "rules_version = '2';", "list", "[1:2]", "[:]", "{}",
    "{'a': 1,}", "[1,]", "f(,)", "f(a b)", "a.b.c", "a..b", ".a", "is int", "in []", "9999999999999999999999", "- -1", "!!a", "-(1)",
];
const ODD: &[char] = &[
    'a', '\'', '"', '/', '{', '}', '(', ')', ';', '\\', '$', '.', ' ', '\n', '\t', '\u{0}', 'é', '😀', '\u{200b}',
    '\u{a0}', '\u{85}', '‘', '“', '*', '=', '&', '|', '#', '0', '_', '-', '\r', '\u{feff}', '\u{7f}', ':', ',', '[',
    '?',
];

/// A mutant of a text, some ten lines of it where it is long.
pub fn mutant(random: &mut Random, of: &str) -> String {
    let mut text = of.to_owned();
    for _ in 0..1 + random.below(3) {
        text = match random.chance(65) {
            true => by_token(random, &text),
            false => by_character(random, &text),
        };
    }
    text
}

fn by_token(random: &mut Random, text: &str) -> String {
    let mut parts: Vec<String> = tokens::split(text).into_iter().map(str::to_owned).collect();
    let solid: Vec<usize> = parts.iter().enumerate().filter(|(_, p)| !p.trim().is_empty()).map(|(at, _)| at).collect();
    let Some(at) = random.pick(&solid).copied() else { return random.word(INSERTED).to_owned() };
    match random.below(7) {
        0 | 1 => drop(parts.remove(at)),
        2 => {
            let part = parts.get(at).cloned().unwrap_or_default();
            parts.insert(at, format!("{part} "));
        }
        3 => {
            let other = random.pick(&solid).copied().unwrap_or(at);
            parts.swap(at, other);
        }
        4 => parts.insert(at, format!("{} ", random.word(INSERTED))),
        5 => {
            if let Some(part) = parts.get_mut(at) {
                *part = random.word(INSERTED).to_owned();
            }
        }
        _ => {
            let until = (at + 1 + random.below(6)).min(parts.len());
            parts.drain(at..until);
        }
    }
    parts.concat()
}

fn by_character(random: &mut Random, text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let at = random.below(characters.len() + 1);
    let odd = random.pick(ODD).copied().unwrap_or('a');
    match (random.below(5), characters.get(at).copied()) {
        (0, Some(_)) => drop(characters.remove(at)),
        (1, Some(character)) => characters.insert(at, character),
        (2, Some(_)) if at > 0 => characters.swap(at - 1, at),
        (3, Some(_)) => {
            if let Some(character) = characters.get_mut(at) {
                *character = odd;
            }
        }
        _ => characters.insert(at, odd),
    }
    characters.into_iter().collect()
}
