//! Pattern text to [`Node`] tree. The parser keeps its own stack of groups, whose number is limited, so neither reading
//! nor walking a pattern can exhaust the thread's stack.

use super::super::classes::{self, Set};
use super::super::parse::Node;
use super::{Anchored, DialectError, any, times};

/// Bytes of a pattern; the service's limit, if any, is not known.
const MAX_LENGTH: usize = 16_384;
/// Groups within each other.
const MAX_NESTING: usize = 40;
/// Largest count of a repetition.
const MAX_REPEAT: u32 = 10_000;
/// Operators that the service's automaton library knows, if they are switched on. Its `@`, any text, is not: projects
/// in production match addresses with an unescaped one.
const OPERATORS: [char; 5] = ['"', '~', '&', '#', '<'];

/// Parses the text between the slashes.
pub(super) fn parse(source: &str, fold: bool) -> Result<Anchored, DialectError> {
    if source.len() > MAX_LENGTH {
        let message = format!("regular expression longer than {MAX_LENGTH} bytes");
        return Err(DialectError::new(0, source.len(), message));
    }
    if source.is_empty() {
        let hint = "write `^$` for the empty text, `.*` for any";
        return Err(DialectError::new(0, 0, "empty regular expression").with_hint(hint));
    }
    let units = source.encode_utf16().collect();
    let parser = Parser { source, units, pos: 0, fold, outer: Vec::new(), frame: Frame::default(), repeated: false };
    parser.run()
}

/// An open group, or the whole pattern.
#[derive(Default)]
struct Frame {
    /// Where its parenthesis stands, in units.
    start: usize,
    branches: Vec<Node>,
    /// Pieces of the current branch.
    items: Vec<Node>,
}

struct Parser<'s> {
    source: &'s str,
    units: Vec<u16>,
    pos: usize,
    fold: bool,
    /// Open groups, innermost last, without the current one.
    outer: Vec<Frame>,
    frame: Frame,
    /// The last item is a repetition.
    repeated: bool,
}

/// A member of a set.
enum Member {
    One(u32),
    Many(Set),
}

impl Parser<'_> {
    fn run(mut self) -> Result<Anchored, DialectError> {
        let at_start = self.eat('^');
        let mut at_end = false;
        while let Some(c) = self.peek() {
            if c == '$' && self.pos + 1 == self.units.len() {
                at_end = true;
                break;
            }
            self.repeated = match self.repetition(c)? {
                Some((min, max)) => {
                    self.repeat(min, max);
                    true
                }
                None => {
                    self.step(c)?;
                    false
                }
            };
        }
        if !self.outer.is_empty() {
            let start = self.frame.start;
            let hint = "add the `)`, or escape it as `\\(`";
            return Err(self.error(start, start + 1, "this group is not closed").with_hint(hint));
        }
        let frame = std::mem::take(&mut self.frame);
        Ok(Anchored { node: self.finish(frame)?, at_start, at_end })
    }

    /// Anything but a repetition; `c` is the next character and not yet consumed.
    fn step(&mut self, c: char) -> Result<(), DialectError> {
        let start = self.pos;
        match c {
            '(' => return self.open(),
            ')' => {
                let Some(outer) = self.outer.pop() else {
                    let hint = "remove it, or escape it as `\\)`";
                    return Err(self.error(start, start + 1, "this `)` closes no group").with_hint(hint));
                };
                let closed = std::mem::replace(&mut self.frame, outer);
                let node = self.finish(closed)?;
                self.pos += 1;
                self.frame.items.push(node);
            }
            '|' => {
                let items = std::mem::take(&mut self.frame.items);
                let branch = self.branch(items)?;
                self.pos += 1;
                self.frame.branches.push(branch);
            }
            '^' => {
                let hint = "move it to the front of the pattern, or escape it as `\\^`";
                let message = "`^` can only be the first character of the pattern";
                return Err(self.error(start, start + 1, message).with_hint(hint));
            }
            '$' => {
                let hint = "move it to the end of the pattern, or escape it as `\\$`";
                let message = "`$` can only be the last character of the pattern";
                return Err(self.error(start, start + 1, message).with_hint(hint));
            }
            '.' => {
                self.pos += 1;
                self.frame.items.push(any());
            }
            '[' => {
                let set = self.set()?;
                self.frame.items.push(Node::Class(set));
            }
            _ if OPERATORS.contains(&c) => {
                let message = format!("`{c}` may be an operator of the service's automaton library");
                return Err(self.error(start, start + 1, message).with_hint(format!("escape it as `\\{c}`")));
            }
            _ => {
                let item = match self.member()? {
                    Member::One(unit) => self.literal(unit),
                    Member::Many(set) => Node::Class(set),
                };
                self.frame.items.push(item);
            }
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), DialectError> {
        let start = self.pos;
        self.pos += 1;
        if self.eat('?') {
            let hint = match (self.peek(), self.peek_at(1)) {
                (Some('=' | '!'), _) | (Some('<'), Some('=' | '!')) => {
                    "there is no look-around; combine several `matches` with `&&`"
                }
                (Some(':' | '<' | 'P'), _) => "groups only group here: write `(…)`",
                _ => "groups only group here: write `(…)`, or `(\\?…)` for a question mark",
            };
            return Err(self.error(start, self.pos, "`(?` begins no group").with_hint(hint));
        }
        if self.outer.len() >= MAX_NESTING {
            return Err(self.error(start, self.pos, format!("more than {MAX_NESTING} groups within each other")));
        }
        let frame = Frame { start, ..Frame::default() };
        self.outer.push(std::mem::replace(&mut self.frame, frame));
        Ok(())
    }

    /// The node of a group or of the pattern, whose last branch ends here.
    fn finish(&self, frame: Frame) -> Result<Node, DialectError> {
        if frame.branches.is_empty() {
            return Ok(concat(frame.items));
        }
        let mut branches = frame.branches;
        branches.push(self.branch(frame.items)?);
        Ok(Node::Alternate(branches))
    }

    /// One of several alternatives, which ends here.
    fn branch(&self, items: Vec<Node>) -> Result<Node, DialectError> {
        if items.is_empty() {
            let hint = "write `(…)?` for what may be left out, or `\\|` for the bar itself";
            // The bar before it, or the one that ends the first.
            let before = self.pos.checked_sub(1).filter(|&at| self.units.get(at) == Some(&u16::from(b'|')));
            let bar = before.unwrap_or(self.pos);
            return Err(self.error(bar, bar + 1, "empty alternative").with_hint(hint));
        }
        Ok(concat(items))
    }

    /// The counts of a repetition, if one comes next.
    fn repetition(&mut self, c: char) -> Result<Option<(u32, Option<u32>)>, DialectError> {
        let start = self.pos;
        let counts = match c {
            '*' => (0, None),
            '+' => (1, None),
            '?' => (0, Some(1)),
            '{' if self.frame.items.is_empty() && !self.digit_at(1) => return Ok(None),
            '{' => self.counts()?,
            _ => return Ok(None),
        };
        if c != '{' {
            self.pos += 1;
        }
        if self.frame.items.is_empty() {
            let hint = format!("escape it as `\\{c}`");
            return Err(self.error(start, self.pos, "there is nothing to repeat").with_hint(hint));
        }
        if self.repeated {
            let hint = match c {
                '?' => "there are no lazy quantifiers, nor is there a need: only whether it matches can be asked",
                '+' => "there are no possessive quantifiers; write `(…)` to repeat what is repeated already",
                _ => "write `(…)` to repeat what is repeated already",
            };
            return Err(self.error(start, self.pos, "two repetitions in a row").with_hint(hint));
        }
        Ok(Some(counts))
    }

    /// `{n}`, `{n,}` or `{n,m}`.
    fn counts(&mut self) -> Result<(u32, Option<u32>), DialectError> {
        let start = self.pos;
        self.pos += 1;
        let min = self.number();
        let max = if self.eat(',') { self.number() } else { min };
        let (Some(min), true) = (min, self.eat('}')) else {
            let hint = "write `{n}`, `{n,}` or `{n,m}`, or `\\{` for the brace itself";
            return Err(self.error(start, start + 1, "this `{` begins no repetition").with_hint(hint));
        };
        if max.is_some_and(|max| max < min) {
            return Err(self.error(start, self.pos, "the first count is above the second"));
        }
        if max.unwrap_or(min) > MAX_REPEAT {
            let hint = "compare the `length` of the text instead";
            return Err(self.error(start, self.pos, format!("a count above {MAX_REPEAT}")).with_hint(hint));
        }
        Ok((min, max))
    }

    /// Digits; a number too large to matter is `u32::MAX`.
    fn number(&mut self) -> Option<u32> {
        let start = self.pos;
        let mut value = 0_u32;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            value = value.saturating_mul(10).saturating_add(digit);
            self.pos += 1;
        }
        (self.pos > start).then_some(value)
    }

    /// Makes the last item a repetition.
    fn repeat(&mut self, min: u32, max: Option<u32>) {
        if let Some(node) = self.frame.items.pop() {
            self.frame.items.push(times(min, max, node));
        }
    }

    /// A bracketed set, brackets included.
    fn set(&mut self) -> Result<Set, DialectError> {
        let start = self.pos;
        self.pos += 1;
        let negated = self.eat('^');
        if self.peek() == Some(']') {
            let hint = "write `\\]` for a bracket in a set";
            return Err(self.error(start, self.pos + 1, "empty set").with_hint(hint));
        }
        let (mut units, mut named) = (Set::default(), Set::default());
        while !self.eat(']') {
            let from = self.pos;
            if self.peek().is_none() {
                let message = "unterminated regular expression literal";
                return Err(self.error(start, from, message).with_hint("this set lacks its `]`"));
            }
            let low = match self.member()? {
                Member::One(unit) => unit,
                Member::Many(set) => {
                    named.add_set(&set);
                    continue;
                }
            };
            let mut high = low;
            if self.peek() == Some('-') && self.peek_at(1).is_some_and(|c| c != ']') {
                self.pos += 1;
                high = match self.member()? {
                    Member::One(unit) => unit,
                    Member::Many(_) => {
                        let hint = "escape the hyphen as `\\-`";
                        return Err(self.error(from, self.pos, "a range cannot end in a class").with_hint(hint));
                    }
                };
            }
            if high < low {
                let hint = "the first character of a range must not be behind the second";
                return Err(self.error(from, self.pos, "range out of order").with_hint(hint));
            }
            units.add(low, high);
        }
        units.normalize();
        let mut set = if self.fold { units.folded() } else { units };
        set.add_set(&named);
        set.normalize();
        Ok(if negated { set.negated() } else { set })
    }

    /// One character or escape; also the parts of a set.
    fn member(&mut self) -> Result<Member, DialectError> {
        let start = self.pos;
        let Some(unit) = self.next() else {
            return Err(self.error(start, start, "unterminated regular expression literal"));
        };
        if unit != u32::from('\\') {
            return Ok(Member::One(unit));
        }
        let Some(unit) = self.next() else {
            let hint = "write `\\\\` for the backslash itself";
            return Err(self.error(start, self.pos, "nothing follows the backslash").with_hint(hint));
        };
        match char::from_u32(unit) {
            Some(c @ ('d' | 's' | 'w' | 'D' | 'S' | 'W')) => {
                let set = classes::perl(c.to_ascii_lowercase().into()).unwrap_or_default();
                Ok(Member::Many(if c.is_ascii_uppercase() { set.negated() } else { set }))
            }
            Some(c @ ('b' | 'B')) => {
                let message = format!("there is no `\\{c}`: an escaped letter is that letter");
                let hint = format!("match the characters around instead, such as `\\W`; for the letter write `{c}`");
                Err(self.error(start, self.pos, message).with_hint(hint))
            }
            _ => Ok(Member::One(unit)),
        }
    }

    fn literal(&self, unit: u32) -> Node {
        if self.fold {
            let set = Set::folded_literal(unit);
            if set.ranges() != [(unit, unit)] {
                return Node::Class(set);
            }
        }
        Node::Literal(unit)
    }

    fn next(&mut self) -> Option<u32> {
        let unit = *self.units.get(self.pos)?;
        self.pos += 1;
        Some(unit.into())
    }

    fn peek(&self) -> Option<char> {
        self.peek_at(0)
    }

    /// Half of a pair, never part of the syntax, reads as U+FFFD.
    fn peek_at(&self, ahead: usize) -> Option<char> {
        let unit = *self.units.get(self.pos + ahead)?;
        Some(char::from_u32(unit.into()).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn digit_at(&self, ahead: usize) -> bool {
        self.peek_at(ahead).is_some_and(|c| c.is_ascii_digit())
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        self.pos += usize::from(found);
        found
    }

    /// A problem from unit `start` to unit `end`.
    fn error(&self, start: usize, end: usize, message: impl Into<String>) -> DialectError {
        DialectError::new(self.byte(start, false), self.byte(end, true), message)
    }

    /// The byte where a unit stands; from within a pair, the end of the pair or its start.
    fn byte(&self, unit: usize, up: bool) -> usize {
        let mut units = 0;
        for (at, c) in self.source.char_indices() {
            let after = units + c.len_utf16();
            if units >= unit || (after > unit && !up) {
                return at;
            }
            units = after;
        }
        self.source.len()
    }
}

fn concat(mut items: Vec<Node>) -> Node {
    match items.len() {
        0 => Node::Empty,
        1 => items.pop().unwrap_or(Node::Empty),
        _ => Node::Concat(items),
    }
}
