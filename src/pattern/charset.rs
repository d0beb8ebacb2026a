//! Parses bracketed classes, named classes and escapes.

use super::classes::{self, MAX, Set};
use super::parse::{Parser, to_char};
use super::unicode::unicode;

impl Parser<'_> {
    /// Parses a bracketed class, brackets included.
    pub(super) fn class(&mut self) -> Option<Set> {
        self.pos += 1;
        let negated = self.peek() == Some('^') && self.eat(1);
        let mut set = Set::default();
        let mut first = true;
        while first || self.peek()? != ']' {
            first = false;
            if self.peek() == Some('[') && self.next_is(1, ':') && self.posix(&mut set)? {
                continue;
            }
            if let Some(part) = self.class_escape()? {
                set.add_set(&part);
                continue;
            }
            let low = self.class_char()?;
            let range = self.peek() == Some('-') && !self.next_is(1, ']');
            let high = if range && self.eat(1) { self.class_char()? } else { low };
            if high < low {
                return None;
            }
            if self.flags.fold {
                set.add_set(&Set::from_ranges(&[(low, high)]).folded());
            } else {
                set.add(low, high);
            }
        }
        self.pos += 1;
        set.normalize();
        Some(if negated { set.negated() } else { set })
    }

    fn class_char(&mut self) -> Option<u32> {
        if self.peek()? == '\\' { self.escape() } else { self.next() }
    }

    /// Parses `[:name:]` in a class. Without a later `:]` the bracket is literal (`Some(false)`).
    fn posix(&mut self, set: &mut Set) -> Option<bool> {
        // The closing `:]` may share its colon: `[[:]` is an invalid name, not a class of two characters.
        let rest = self.text.get(self.pos + 1..)?;
        let close = [u32::from(':'), u32::from(']')];
        let Some(length) = rest.windows(2).position(|pair| pair == close) else {
            return Some(false);
        };
        let name: String = rest.get(1..length)?.iter().map(|&c| to_char(c)).collect();
        let (name, negated) = match name.strip_prefix('^') {
            Some(name) => (name, true),
            None => (name.as_str(), false),
        };
        let part = self.fold(classes::posix(name)?);
        set.add_set(&if negated { part.negated() } else { part });
        self.pos += length + 3;
        Some(true)
    }

    /// Parses `\d`, `\pN`, `\p{Name}` or their negations; `Some(None)` if something else follows.
    pub(super) fn class_escape(&mut self) -> Option<Option<Set>> {
        if self.peek() != Some('\\') {
            return Some(None);
        }
        let Some(letter) = self.peek_at(1) else { return Some(None) };
        let mut negated = letter.is_ascii_uppercase();
        let set = match letter.to_ascii_lowercase() {
            'p' => {
                self.pos += 2;
                let mut name = String::new();
                if self.peek()? == '{' {
                    self.pos += 1;
                    while self.peek()? != '}' {
                        name.push(self.peek()?);
                        self.pos += 1;
                    }
                    self.pos += 1;
                } else {
                    name.push(to_char(self.next()?));
                }
                let name = match name.strip_prefix('^') {
                    Some(rest) => {
                        negated = !negated;
                        rest
                    }
                    None => &name,
                };
                unicode(name, self.flags.fold)?
            }
            lower => match classes::perl(u32::from(lower)) {
                Some(set) => {
                    self.pos += 2;
                    self.fold(set)
                }
                None => return Some(None),
            },
        };
        Some(Some(if negated { set.negated() } else { set }))
    }

    fn fold(&self, set: Set) -> Set {
        if self.flags.fold { set.folded() } else { set }
    }

    /// Parses an escaped code point.
    pub(super) fn escape(&mut self) -> Option<u32> {
        self.pos += 1;
        let c = self.next()?;
        let Some(letter) = char::from_u32(c).filter(char::is_ascii_alphanumeric) else {
            return Some(c);
        };
        Some(match letter {
            // A single digit other than 0 would be a back reference.
            '1'..='7' if !self.peek().is_some_and(|c| c.is_digit(8)) => return None,
            '0'..='7' => {
                let mut value = letter.to_digit(8)?;
                for _ in 0..2 {
                    let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else { break };
                    value = value * 8 + digit;
                    self.pos += 1;
                }
                value
            }
            'x' if self.peek()? == '{' => {
                self.pos += 1;
                let mut value = self.hex_digit()?;
                while self.peek()? != '}' {
                    value = value * 16 + self.hex_digit()?;
                    if value > MAX {
                        return None;
                    }
                }
                self.pos += 1;
                value
            }
            'x' => self.hex_digit()? * 16 + self.hex_digit()?,
            'a' => 0x07,
            'f' => 0x0C,
            'n' => 0x0A,
            'r' => 0x0D,
            't' => 0x09,
            'v' => 0x0B,
            _ => return None,
        })
    }

    fn hex_digit(&mut self) -> Option<u32> {
        let digit = self.peek()?.to_digit(16)?;
        self.pos += 1;
        Some(digit)
    }
}
