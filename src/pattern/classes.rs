//! Sets of code points, surrogates included, and the ASCII classes of RE2/J.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

pub(super) const MAX: u32 = 0x10_FFFF;
pub(super) const SURROGATES: (u32, u32) = (0xD800, 0xDFFF);

/// Inclusive ranges, which [`Set::normalize`] makes sorted, disjoint and non-adjacent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Set {
    ranges: Vec<(u32, u32)>,
}

impl Set {
    pub(super) fn from_ranges(ranges: &[(u32, u32)]) -> Set {
        let mut set = Set { ranges: ranges.to_vec() };
        set.normalize();
        set
    }

    pub(super) fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges
    }

    pub(super) fn add(&mut self, low: u32, high: u32) {
        self.ranges.push((low, high));
    }

    pub(super) fn add_set(&mut self, other: &Set) {
        self.ranges.extend_from_slice(&other.ranges);
    }

    pub(super) fn normalize(&mut self) {
        self.ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(self.ranges.len());
        for &(low, high) in &self.ranges {
            match merged.last_mut() {
                Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
                _ => merged.push((low, high)),
            }
        }
        self.ranges = merged;
    }

    /// The complement; `self` must be normalized.
    pub(super) fn negated(&self) -> Set {
        let mut ranges = Vec::with_capacity(self.ranges.len() + 1);
        let mut next = 0;
        for &(low, high) in &self.ranges {
            if low > next {
                ranges.push((next, low - 1));
            }
            next = high + 1;
        }
        if next <= MAX {
            ranges.push((next, MAX));
        }
        Set { ranges }
    }

    /// The members that are characters, that is all except surrogates.
    pub(super) fn to_class(&self) -> ClassUnicode {
        let low = (0, SURROGATES.0 - 1);
        let high = (SURROGATES.1 + 1, MAX);
        let parts = self.ranges.iter().flat_map(|&range| [meet(range, low), meet(range, high)]);
        ClassUnicode::new(
            parts
                .flatten()
                .filter_map(|(low, high)| Some(ClassUnicodeRange::new(char::from_u32(low)?, char::from_u32(high)?))),
        )
    }
}

pub(super) fn meet(a: (u32, u32), b: (u32, u32)) -> Option<(u32, u32)> {
    let both = (a.0.max(b.0), a.1.min(b.1));
    (both.0 <= both.1).then_some(both)
}

pub(super) fn from_class(class: &ClassUnicode) -> Set {
    let ranges = class.iter().map(|r| (u32::from(r.start()), u32::from(r.end())));
    Set::from_ranges(&ranges.collect::<Vec<_>>())
}

/// The class `\d`, `\s` or `\w`: ASCII only, without vertical tab (runtime specification, section 13).
pub(super) fn perl(letter: u32) -> Option<Set> {
    Some(match char::from_u32(letter)? {
        'd' => ascii(&[(b'0', b'9')]),
        's' => ascii(&[(b'\t', b'\n'), (0x0C, b'\r'), (b' ', b' ')]),
        'w' => ascii(&[(b'0', b'9'), (b'A', b'Z'), (b'_', b'_'), (b'a', b'z')]),
        _ => return None,
    })
}

/// The class with the name between `[:` and `:]`.
pub(super) fn posix(name: &str) -> Option<Set> {
    Some(match name {
        "alnum" => ascii(&[(b'0', b'9'), (b'A', b'Z'), (b'a', b'z')]),
        "alpha" => ascii(&[(b'A', b'Z'), (b'a', b'z')]),
        "ascii" => ascii(&[(0, 0x7F)]),
        "blank" => ascii(&[(b'\t', b'\t'), (b' ', b' ')]),
        "cntrl" => ascii(&[(0, 0x1F), (0x7F, 0x7F)]),
        "digit" => ascii(&[(b'0', b'9')]),
        "graph" => ascii(&[(b'!', b'~')]),
        "lower" => ascii(&[(b'a', b'z')]),
        "print" => ascii(&[(b' ', b'~')]),
        "punct" => ascii(&[(b'!', b'/'), (b':', b'@'), (b'[', b'`'), (b'{', b'~')]),
        "space" => ascii(&[(b'\t', b'\r'), (b' ', b' ')]),
        "upper" => ascii(&[(b'A', b'Z')]),
        "word" => ascii(&[(b'0', b'9'), (b'A', b'Z'), (b'_', b'_'), (b'a', b'z')]),
        "xdigit" => ascii(&[(b'0', b'9'), (b'A', b'F'), (b'a', b'f')]),
        _ => return None,
    })
}

fn ascii(ranges: &[(u8, u8)]) -> Set {
    let wide = ranges.iter().map(|&(low, high)| (u32::from(low), u32::from(high)));
    Set::from_ranges(&wide.collect::<Vec<_>>())
}
