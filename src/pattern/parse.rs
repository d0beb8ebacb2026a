//! Parses patterns to [`Node`] trees: accepts the dialect of RE2/J and refuses what RE2/J refuses.
//!
//! The parser keeps its own stack of groups, and the height of the tree is limited, so neither parsing nor walking a
//! pattern can exhaust the thread's stack.

use super::classes::{MAX, Set};

/// A parsed pattern.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Empty,
    /// One code point, exactly.
    Literal(u32),
    /// One code point of a set, after case folding.
    Class(Set),
    Look(Look),
    Capture(u32, Box<Node>),
    Repeat(Box<Repeat>),
    Concat(Vec<Node>),
    Alternate(Vec<Node>),
}

#[derive(Clone, Debug)]
pub(super) struct Repeat {
    pub(super) min: u32,
    pub(super) max: Option<u32>,
    pub(super) greedy: bool,
    pub(super) node: Node,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    TextStart,
    TextEnd,
    LineStart,
    LineEnd,
    WordBoundary,
    NotWordBoundary,
}

/// A parsed pattern and its groups.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) node: Node,
    pub(super) groups: u32,
    pub(super) names: Vec<(Box<str>, u32)>,
}

/// Why a pattern was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Invalid,
    /// The budget of the file is exhausted.
    OverBudget,
    /// Too large for a pattern from a value.
    TooLarge,
    TooLong,
    TooManyGroups,
    TooDeep,
}

pub(super) const MAX_LENGTH: usize = 4096;
pub(super) const MAX_GROUPS: u32 = 100;
pub(super) const MAX_NESTING: u32 = 20;
const MAX_REPEAT: u32 = 1000;
/// Maximum height of the tree. Groups alone reach about 60; only oddities such as `a*\Q\E*\Q\E*` need more.
const MAX_HEIGHT: u32 = 120;

#[derive(Clone, Copy)]
pub(super) struct Flags {
    pub(super) fold: bool,
    multi_line: bool,
    dot_newline: bool,
    swap_greed: bool,
}

/// An open group, or the whole pattern.
struct Frame {
    /// The capture index; `None` for `(?:`.
    capture: Option<u32>,
    /// Flags to restore after the group.
    outer: Flags,
    branches: Vec<(Node, u32)>,
    /// The parts of the current branch, each with its height.
    items: Vec<(Node, u32)>,
}

impl Frame {
    fn new(capture: Option<u32>, outer: Flags) -> Frame {
        Frame { capture, outer, branches: Vec::new(), items: Vec::new() }
    }

    fn end_branch(&mut self) {
        let (mut nodes, height) = unzip(std::mem::take(&mut self.items));
        let branch = match nodes.len() {
            0 => (Node::Empty, 1),
            1 => (nodes.pop().unwrap_or(Node::Empty), height),
            _ => (Node::Concat(nodes), height + 1),
        };
        self.branches.push(branch);
    }

    fn finish(mut self) -> (Node, u32) {
        self.end_branch();
        let (mut nodes, height) = unzip(self.branches);
        let (node, height) = match nodes.len() {
            1 => (nodes.pop().unwrap_or(Node::Empty), height),
            _ => (Node::Alternate(nodes), height + 1),
        };
        match self.capture {
            Some(index) => (Node::Capture(index, Box::new(node)), height + 1),
            None => (node, height),
        }
    }
}

fn unzip(items: Vec<(Node, u32)>) -> (Vec<Node>, u32) {
    let height = items.iter().map(|item| item.1).max().unwrap_or(0);
    (items.into_iter().map(|item| item.0).collect(), height)
}

/// Parses `pattern`, a sequence of code points in which a lone surrogate represents itself.
pub(super) fn parse(pattern: &[u32]) -> Result<Parsed, Refusal> {
    check_groups(pattern)?;
    Parser::new(pattern).run().ok_or(Refusal::Invalid)
}

/// Makes the official engine's check before parsing. It only counts parentheses, including those in classes and quotes:
/// `[(]` is refused as unbalanced.
fn check_groups(pattern: &[u32]) -> Result<(), Refusal> {
    let units: usize = pattern.iter().map(|&c| if c > 0xFFFF { 2 } else { 1 }).sum();
    if units > MAX_LENGTH {
        return Err(Refusal::TooLong);
    }
    let (mut groups, mut depth) = (0_u32, 0_u32);
    let mut rest = pattern.iter();
    while let Some(&c) = rest.next() {
        match char::from_u32(c) {
            Some('\\') => {
                rest.next();
            }
            Some('(') => {
                groups += 1;
                depth += 1;
                if groups > MAX_GROUPS {
                    return Err(Refusal::TooManyGroups);
                }
                if depth > MAX_NESTING {
                    return Err(Refusal::TooDeep);
                }
            }
            Some(')') => depth = depth.checked_sub(1).ok_or(Refusal::Invalid)?,
            _ => {}
        }
    }
    if depth == 0 { Ok(()) } else { Err(Refusal::Invalid) }
}

pub(super) struct Parser<'p> {
    pub(super) text: &'p [u32],
    pub(super) pos: usize,
    pub(super) flags: Flags,
    /// Open groups, innermost last, without the current one.
    outer: Vec<Frame>,
    frame: Frame,
    groups: u32,
    names: Vec<(Box<str>, u32)>,
}

/// Methods return `None` for a pattern that RE2/J refuses: all refusals have the same message.
impl<'p> Parser<'p> {
    fn new(text: &'p [u32]) -> Self {
        let flags = Flags { fold: false, multi_line: false, dot_newline: false, swap_greed: false };
        let frame = Frame::new(None, flags);
        Parser { text, pos: 0, flags, outer: Vec::new(), frame, groups: 0, names: Vec::new() }
    }

    fn run(mut self) -> Option<Parsed> {
        let mut after_repeat = false;
        while let Some(c) = self.peek() {
            let start = self.pos;
            let repeat = match c {
                '*' => self.eat(1).then_some((0, None)),
                '+' => self.eat(1).then_some((1, None)),
                '?' => self.eat(1).then_some((0, Some(1))),
                '{' => self.repeat_count()?,
                _ => None,
            };
            if let Some((min, max)) = repeat {
                // RE2/J refuses `a**`, but not `a*(?i)*` or `(a*)*`.
                if after_repeat {
                    return None;
                }
                self.repeat(min, max)?;
                after_repeat = true;
                continue;
            }
            // RE2/J takes a literal `{` for a repetition here: it refuses `{*`.
            after_repeat = c == '{';
            self.pos = start;
            self.step(c)?;
        }
        if !self.outer.is_empty() {
            return None;
        }
        let (node, _) = self.frame.finish();
        Some(Parsed { node, groups: self.groups, names: self.names })
    }

    /// Parses anything but a repetition; `c` is the next character, not yet consumed.
    fn step(&mut self, c: char) -> Option<()> {
        match c {
            '(' if self.next_is(1, '?') => return self.flags_or_group(),
            '(' => {
                self.pos += 1;
                self.open_capture();
            }
            ')' => {
                self.pos += 1;
                let outer = self.outer.pop()?;
                let closed = std::mem::replace(&mut self.frame, outer);
                self.flags = closed.outer;
                let (node, height) = closed.finish();
                return self.push(node, height);
            }
            '|' => {
                self.pos += 1;
                self.frame.end_branch();
            }
            '^' => {
                let multi_line = self.flags.multi_line;
                return self.look(1, if multi_line { Look::LineStart } else { Look::TextStart });
            }
            '$' => {
                let multi_line = self.flags.multi_line;
                return self.look(1, if multi_line { Look::LineEnd } else { Look::TextEnd });
            }
            '.' => {
                self.pos += 1;
                let newline = u32::from('\n');
                let set = if self.flags.dot_newline {
                    Set::from_ranges(&[(0, MAX)])
                } else {
                    Set::from_ranges(&[(0, newline - 1), (newline + 1, MAX)])
                };
                return self.push(Node::Class(set), 1);
            }
            '[' => {
                let set = self.class()?;
                return self.push(Node::Class(set), 1);
            }
            '\\' => return self.backslash(),
            _ => {
                let c = self.next()?;
                return self.literal(c);
            }
        }
        Some(())
    }

    fn backslash(&mut self) -> Option<()> {
        match self.peek_at(1) {
            Some('A') => return self.look(2, Look::TextStart),
            Some('z') => return self.look(2, Look::TextEnd),
            Some('b') => return self.look(2, Look::WordBoundary),
            Some('B') => return self.look(2, Look::NotWordBoundary),
            Some('Q') => {
                self.pos += 2;
                while self.peek().is_some() {
                    if self.peek() == Some('\\') && self.next_is(1, 'E') {
                        self.pos += 2;
                        break;
                    }
                    let c = self.next()?;
                    self.literal(c)?;
                }
                return Some(());
            }
            _ => {}
        }
        if let Some(set) = self.class_escape()? {
            return self.push(Node::Class(set), 1);
        }
        let c = self.escape()?;
        self.literal(c)
    }

    fn look(&mut self, length: usize, look: Look) -> Option<()> {
        self.pos += length;
        self.push(Node::Look(look), 1)
    }

    fn literal(&mut self, c: u32) -> Option<()> {
        if self.flags.fold {
            let set = Set::folded_literal(c);
            if set.ranges() != [(c, c)] {
                return self.push(Node::Class(set), 1);
            }
        }
        self.push(Node::Literal(c), 1)
    }

    fn push(&mut self, node: Node, height: u32) -> Option<()> {
        if height > MAX_HEIGHT {
            return None;
        }
        self.frame.items.push((node, height));
        Some(())
    }

    /// Makes the last part a repetition; fails if the branch has no part.
    fn repeat(&mut self, min: u32, max: Option<u32>) -> Option<()> {
        let lazy = self.peek() == Some('?') && self.eat(1);
        let greedy = lazy == self.flags.swap_greed;
        let (node, height) = self.frame.items.pop()?;
        self.push(Node::Repeat(Box::new(Repeat { min, max, greedy, node })), height + 1)
    }

    /// Parses `{n}`, `{n,}` or `{n,m}`. Text that only starts like one gives `Some(None)` and is literal.
    fn repeat_count(&mut self) -> Option<Option<(u32, Option<u32>)>> {
        let Some((min, max)) = self.braces() else { return Some(None) };
        let valid = min <= MAX_REPEAT && max.is_none_or(|max| max <= MAX_REPEAT && min <= max);
        valid.then_some(Some((min, max)))
    }

    fn braces(&mut self) -> Option<(u32, Option<u32>)> {
        self.pos += 1;
        let min = self.number()?;
        let max = if self.peek()? != ',' {
            Some(min)
        } else {
            self.pos += 1;
            if self.peek()? == '}' { None } else { Some(self.number()?) }
        };
        (self.peek()? == '}' && self.eat(1)).then_some((min, max))
    }

    /// Parses digits without a leading zero; a number that is too large saturates.
    fn number(&mut self) -> Option<u32> {
        let start = self.pos;
        let mut value = 0_u32;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            value = value.saturating_mul(10).saturating_add(digit);
            self.pos += 1;
        }
        let leading_zero = self.text.get(start) == Some(&u32::from('0')) && self.pos - start > 1;
        (self.pos > start && !leading_zero).then_some(value)
    }

    fn open_capture(&mut self) {
        self.groups += 1;
        self.open(Some(self.groups));
    }

    fn open(&mut self, capture: Option<u32>) {
        let frame = Frame::new(capture, self.flags);
        self.outer.push(std::mem::replace(&mut self.frame, frame));
    }

    /// Parses `(?P<name>`, `(?<name>`, `(?flags)` or `(?flags:`.
    fn flags_or_group(&mut self) -> Option<()> {
        self.pos += 2;
        let skip = match (self.peek(), self.peek_at(1)) {
            (Some('P'), Some('<')) => 2,
            (Some('<'), _) => 1,
            _ => return self.flags_group(),
        };
        self.pos += skip;
        let mut name = String::new();
        while self.peek()? != '>' {
            name.push(self.peek()?);
            self.pos += 1;
        }
        self.pos += 1;
        let valid = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !valid || self.names.iter().any(|(known, _)| **known == *name) {
            return None;
        }
        self.open_capture();
        self.names.push((name.into_boxed_str(), self.groups));
        Some(())
    }

    fn flags_group(&mut self) -> Option<()> {
        let mut flags = self.flags;
        let mut on = true;
        let mut any_since_minus = true;
        loop {
            let c = self.peek()?;
            self.pos += 1;
            match c {
                'i' => flags.fold = on,
                'm' => flags.multi_line = on,
                's' => flags.dot_newline = on,
                'U' => flags.swap_greed = on,
                '-' if on => {
                    on = false;
                    any_since_minus = false;
                    continue;
                }
                ':' | ')' if any_since_minus => {
                    if c == ':' {
                        self.open(None);
                    }
                    self.flags = flags;
                    return Some(());
                }
                _ => return None,
            }
            any_since_minus = true;
        }
    }

    pub(super) fn next(&mut self) -> Option<u32> {
        let c = *self.text.get(self.pos)?;
        self.pos += 1;
        Some(c)
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.peek_at(0)
    }

    /// The character `ahead` of the position. A lone surrogate, which the syntax never uses, reads as U+FFFD.
    pub(super) fn peek_at(&self, ahead: usize) -> Option<char> {
        self.text.get(self.pos + ahead).map(|&c| to_char(c))
    }

    pub(super) fn next_is(&self, ahead: usize, c: char) -> bool {
        self.peek_at(ahead) == Some(c)
    }

    /// Consumes characters and returns true, for use in conditions.
    pub(super) fn eat(&mut self, length: usize) -> bool {
        self.pos += length;
        true
    }
}

pub(super) fn to_char(c: u32) -> char {
    char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER)
}
