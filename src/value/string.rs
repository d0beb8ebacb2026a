//! Text of rules values: sequences of UTF-16 code units.
//!
//! Nearly every string is ordinary UTF-8 and stays borrowed as such. Only text with a lone surrogate, which rules can
//! produce by indexing or by a literal, is stored as code units. Sizes and offsets always count UTF-16 code units
//! (runtime specification, sections 1, 10 and 11).

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

pub use super::builder::StrBuilder;

/// Borrowed text.
///
/// INVARIANT: `Wide` holds at least one lone surrogate, so each text has exactly one form and texts
/// of different forms are never equal. [`StrBuf::from_units`] keeps it.
#[derive(Clone, Copy, Debug)]
pub enum Str<'a> {
    /// Text without lone surrogates.
    Utf8(&'a str),
    /// Text with at least one lone surrogate.
    Wide(&'a [u16]),
}

/// Owned text, with the invariant of [`Str`].
#[derive(Clone, Debug)]
pub enum StrBuf {
    /// Text without lone surrogates.
    Utf8(String),
    /// Text with at least one lone surrogate.
    Wide(Vec<u16>),
}

/// Part of a text: borrowed if the original contains it as a slice, owned otherwise.
#[derive(Clone, Debug)]
pub enum CowStr<'a> {
    /// A slice of the original.
    Borrowed(Str<'a>),
    /// New text, such as half of a surrogate pair.
    Owned(StrBuf),
}

/// Whether two texts are equal. Names and identifiers are short: calling the general comparison would cost more than
/// comparing them.
#[inline]
pub fn same_text(a: &str, b: &str) -> bool {
    same_bytes(a.as_bytes(), b.as_bytes())
}

/// [`str::strip_prefix`] for short prefixes, with the comparison of [`same_text`].
#[inline]
pub fn strip_prefix<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let begin = text.as_bytes().get(..prefix.len())?;
    if same_bytes(begin, prefix.as_bytes()) { text.get(prefix.len()..) } else { None }
}

/// Sets the highest bit of each of eight bytes that equals `byte`.
#[inline(always)]
pub fn match_mask(byte: u8, bytes: [u8; 8]) -> u64 {
    const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
    let other = u64::from_le_bytes(bytes) ^ u64::from_le_bytes([byte; 8]);
    !(((other & LOW) + LOW) | other | LOW)
}

/// [`same_text`] for bytes.
#[inline]
pub fn same_bytes(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    if a.len() > 16 {
        a == b
    } else if a.len() >= 8 {
        a.first_chunk::<8>() == b.first_chunk::<8>() && a.last_chunk::<8>() == b.last_chunk::<8>()
    } else if a.len() >= 4 {
        a.first_chunk::<4>() == b.first_chunk::<4>() && a.last_chunk::<4>() == b.last_chunk::<4>()
    } else {
        // Empty text may have a dangling pointer, which makes loading from it slow.
        a.first() == b.first() && a.last() == b.last() && a.get(1) == b.get(1)
    }
}

impl<'a> Str<'a> {
    /// Length in UTF-16 code units.
    #[inline]
    pub fn size(self) -> usize {
        match self {
            Str::Utf8(s) => utf16_len(s),
            Str::Wide(units) => units.len(),
        }
    }

    /// Size in bytes.
    #[inline]
    pub fn bytes(self) -> usize {
        match self {
            Str::Utf8(s) => s.len(),
            Str::Wide(units) => 2 * units.len(),
        }
    }

    /// Whether the text is empty.
    pub fn is_empty(self) -> bool {
        match self {
            Str::Utf8(s) => s.is_empty(),
            Str::Wide(units) => units.is_empty(),
        }
    }

    /// The code units in order.
    pub fn units(self) -> Units<'a> {
        match self {
            Str::Utf8(s) => Units::Utf8(s.encode_utf16()),
            Str::Wide(units) => Units::Wide(units.iter()),
        }
    }

    /// The text as UTF-8; `None` if it contains a lone surrogate.
    pub fn as_utf8(self) -> Option<&'a str> {
        match self {
            Str::Utf8(s) => Some(s),
            Str::Wide(_) => None,
        }
    }

    /// An owned copy.
    pub fn to_buf(self) -> StrBuf {
        match self {
            Str::Utf8(s) => StrBuf::Utf8(s.to_owned()),
            Str::Wide(units) => StrBuf::Wide(units.to_vec()),
        }
    }

    /// The code unit at `index` as text of size 1; `None` out of bounds. Half of a surrogate pair is a lone surrogate
    /// (recorded case `string +/8`).
    pub fn unit_at(self, index: usize) -> Option<CowStr<'a>> {
        self.range(index, index.checked_add(1)?)
    }

    /// The code units from `from` up to, not including, `to`; `None` unless `from <= to <= self.size()`. Callers check
    /// the stricter bounds of ranges in rules.
    pub fn range(self, from: usize, to: usize) -> Option<CowStr<'a>> {
        match self {
            Str::Utf8(s) => range_utf8(s, from, to),
            Str::Wide(units) => {
                let part = units.get(from..to)?;
                Some(if is_well_formed(part) {
                    CowStr::Owned(StrBuf::Utf8(String::from_utf16_lossy(part)))
                } else {
                    CowStr::Borrowed(Str::Wide(part))
                })
            }
        }
    }

    /// `self` followed by `other`. Two halves of a pair that meet become one character (recorded case `string +/9`).
    pub fn concat(self, other: Str<'_>) -> StrBuf {
        let mut out = StrBuilder::default();
        out.push(self);
        out.push(other);
        out.finish()
    }

    /// Order by UTF-16 code units, the order of `<` (runtime specification, section 6). It differs from the order of
    /// Rust strings where a character above U+FFFF meets one in U+E000..=U+FFFF.
    pub fn cmp_units(self, other: Str<'_>) -> Ordering {
        match (self, other) {
            (Str::Utf8(a), Str::Utf8(b)) => cmp_utf8(a.as_bytes(), b.as_bytes()),
            (a, b) => a.units().cmp(b.units()),
        }
    }

    /// Removes leading and trailing code units up to U+0020 (runtime specification, section 11).
    pub fn trim(self) -> Str<'a> {
        match self {
            Str::Utf8(s) => Str::Utf8(s.trim_matches(|c| c <= ' ')),
            // Trimming keeps all surrogates, so the rest is still `Wide`.
            Str::Wide(units) => {
                let start = units.iter().position(|&u| u > 0x20).unwrap_or(units.len());
                let end = units.iter().rposition(|&u| u > 0x20).map_or(start, |last| last + 1);
                Str::Wide(units.get(start..end).unwrap_or(units))
            }
        }
    }

    /// ASCII letters in upper case, everything else unchanged (runtime specification, section 11).
    pub fn upper(self) -> CowStr<'a> {
        self.map_ascii(|b| b.is_ascii_lowercase(), |b| b.to_ascii_uppercase())
    }

    /// ASCII letters in lower case, everything else unchanged (runtime specification, section 11).
    pub fn lower(self) -> CowStr<'a> {
        self.map_ascii(|b| b.is_ascii_uppercase(), |b| b.to_ascii_lowercase())
    }

    fn map_ascii(self, changes: fn(&u8) -> bool, map: fn(&u8) -> u8) -> CowStr<'a> {
        match self {
            Str::Utf8(s) if !s.bytes().any(|b| changes(&b)) => CowStr::Borrowed(self),
            Str::Utf8(s) => {
                let change = |c: char| match u8::try_from(c) {
                    Ok(b) if b.is_ascii() => char::from(map(&b)),
                    _ => c,
                };
                CowStr::Owned(StrBuf::Utf8(s.chars().map(change).collect()))
            }
            Str::Wide(units) => {
                let change = |&u: &u16| match u8::try_from(u) {
                    Ok(b) if b.is_ascii() => u16::from(map(&b)),
                    _ => u,
                };
                CowStr::Owned(StrBuf::Wide(units.iter().map(change).collect()))
            }
        }
    }

    /// About the first `most` characters as UTF-8. The rest of a long text is not copied.
    pub fn beginning(self, most: usize) -> Cow<'a, str> {
        match self {
            Str::Utf8(s) => match s.char_indices().nth(most) {
                Some((end, _)) => Cow::Borrowed(s.get(..end).unwrap_or(s)),
                None => Cow::Borrowed(s),
            },
            Str::Wide(units) => Cow::Owned(Str::Wide(units.get(..most).unwrap_or(units)).to_string()),
        }
    }

    /// The UTF-8 bytes; a lone surrogate becomes `?` (recorded case `string +/11`).
    pub fn to_utf8(self) -> Cow<'a, [u8]> {
        match self {
            Str::Utf8(s) => Cow::Borrowed(s.as_bytes()),
            Str::Wide(_) => Cow::Owned(self.to_string().into_bytes()),
        }
    }
}

impl StrBuf {
    /// Text from code units, in the form that the invariant of [`Str`] requires.
    pub fn from_units(units: Vec<u16>) -> StrBuf {
        match String::from_utf16(&units) {
            Ok(s) => StrBuf::Utf8(s),
            Err(_) => StrBuf::Wide(units),
        }
    }

    /// Borrows the text.
    pub fn as_str(&self) -> Str<'_> {
        match self {
            StrBuf::Utf8(s) => Str::Utf8(s),
            StrBuf::Wide(units) => Str::Wide(units),
        }
    }
}

impl<'a> CowStr<'a> {
    /// Borrows the text.
    pub fn as_str(&self) -> Str<'_> {
        match self {
            CowStr::Borrowed(s) => *s,
            CowStr::Owned(buf) => buf.as_str(),
        }
    }
}

/// Iterator over UTF-16 code units, see [`Str::units`].
#[derive(Clone, Debug)]
pub enum Units<'a> {
    /// Units encoded from UTF-8.
    Utf8(std::str::EncodeUtf16<'a>),
    /// Stored units.
    Wide(std::slice::Iter<'a, u16>),
}

impl Iterator for Units<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        match self {
            Units::Utf8(units) => units.next(),
            Units::Wide(units) => units.next().copied(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Units::Utf8(units) => units.size_hint(),
            Units::Wide(units) => units.size_hint(),
        }
    }
}

impl<'a> From<&'a str> for Str<'a> {
    fn from(s: &'a str) -> Self {
        Str::Utf8(s)
    }
}

impl<'a> From<&'a StrBuf> for Str<'a> {
    fn from(buf: &'a StrBuf) -> Self {
        buf.as_str()
    }
}

impl From<String> for StrBuf {
    fn from(s: String) -> Self {
        StrBuf::Utf8(s)
    }
}

impl From<&str> for StrBuf {
    fn from(s: &str) -> Self {
        StrBuf::Utf8(s.to_owned())
    }
}

impl PartialEq for Str<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Str::Utf8(a), Str::Utf8(b)) => a == b,
            (Str::Wide(a), Str::Wide(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Str<'_> {}

impl Hash for Str<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Str::Utf8(s) => s.hash(state),
            Str::Wide(units) => units.hash(state),
        }
    }
}

impl PartialEq for StrBuf {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for StrBuf {}

impl Hash for StrBuf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

/// Lone surrogates print as `?`, as in the messages of the official engine.
impl fmt::Display for Str<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Str::Utf8(s) => f.write_str(s),
            Str::Wide(units) => {
                char::decode_utf16(units.iter().copied()).try_for_each(|c| fmt::Write::write_char(f, c.unwrap_or('?')))
            }
        }
    }
}

impl fmt::Display for StrBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

fn utf16_len(s: &str) -> usize {
    if s.is_ascii() {
        return s.len();
    }
    // One unit for each character, and one more for each whose lead byte announces four bytes.
    s.bytes().map(|b| usize::from(b & 0xC0 != 0x80) + usize::from(b >= 0xF0)).sum()
}

fn is_well_formed(units: &[u16]) -> bool {
    char::decode_utf16(units.iter().copied()).all(|c| c.is_ok())
}

fn range_utf8(s: &str, from: usize, to: usize) -> Option<CowStr<'_>> {
    if from > to {
        return None;
    }
    if s.is_ascii() {
        return s.get(from..to).map(|part| CowStr::Borrowed(Str::Utf8(part)));
    }
    let (start, split_start) = byte_of_unit(s, from)?;
    let rest = s.get(start..)?;
    let (len, split_end) = byte_of_unit(rest, to - from + usize::from(split_start))?;
    if !split_start && !split_end {
        return rest.get(..len).map(|part| CowStr::Borrowed(Str::Utf8(part)));
    }
    let units = rest.encode_utf16().skip(usize::from(split_start)).take(to - from).collect();
    Some(CowStr::Owned(StrBuf::from_units(units)))
}

/// The byte offset of a unit offset, and whether it falls inside the pair that starts there.
fn byte_of_unit(s: &str, unit: usize) -> Option<(usize, bool)> {
    let mut seen = 0;
    for (byte, c) in s.char_indices() {
        if seen == unit {
            return Some((byte, false));
        }
        seen += c.len_utf16();
        if seen > unit {
            return Some((byte, true));
        }
    }
    (seen == unit).then_some((s.len(), false))
}

fn cmp_utf8(a: &[u8], b: &[u8]) -> Ordering {
    match a.iter().zip(b).find(|(x, y)| x != y) {
        Some((&x, &y)) => unit_rank(x).cmp(&unit_rank(y)),
        None => a.len().cmp(&b.len()),
    }
}

/// Maps a UTF-8 byte to a rank, such that the first differing byte orders as the UTF-16 units would: four-byte
/// characters (lead 0xF0..) are surrogate pairs, which sort before U+E000 (lead 0xEE, 0xEF).
fn unit_rank(byte: u8) -> u8 {
    match byte {
        0xEE..=0xEF => byte + 0x10,
        0xF0.. => byte - 0x02,
        _ => byte,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares every operation with the same operation on plain vectors of code units.
    #[test]
    fn agrees_with_code_units() {
        let units = [0x20, 0x61, 0x5A, 0xE9, 0x3042, 0xD83D, 0xDE00, 0xE000, 0xFF5E];
        let texts: Vec<Vec<u16>> = (0..9_usize.pow(4))
            .map(|n| (0..n % 5).map(|i| units[n / 9_usize.pow(i as u32) % 9]).collect())
            .step_by(7)
            .collect();
        for (a, b) in texts.iter().zip(texts.iter().skip(5)) {
            let (x, y) = (StrBuf::from_units(a.clone()), StrBuf::from_units(b.clone()));
            let (x, y) = (x.as_str(), y.as_str());
            assert_eq!(matches!(x, Str::Wide(_)), String::from_utf16(a).is_err());
            assert_eq!(x.size(), a.len());
            assert_eq!(x.cmp_units(y), a.cmp(b));
            assert_eq!(x == y, a == b);
            assert_eq!(x.concat(y), StrBuf::from_units([a.as_slice(), b].concat()));
            for from in 0..=a.len() + 1 {
                for to in 0..=a.len() + 1 {
                    let want = a.get(from..to).map(|part| StrBuf::from_units(part.to_vec()));
                    assert_eq!(x.range(from, to).map(|part| part.as_str().to_buf()), want);
                }
            }
            let solid = |u: &u16| *u > 0x20;
            let start = a.iter().position(solid).unwrap_or(a.len());
            let end = a.iter().rposition(solid).map_or(start, |last| last + 1);
            assert_eq!(x.trim().to_buf(), StrBuf::from_units(a[start..end].to_vec()));
            let upper = a.iter().map(|&u| if u == 0x61 { 0x41 } else { u }).collect();
            assert_eq!(x.upper().as_str().to_buf(), StrBuf::from_units(upper));
        }
    }
}
