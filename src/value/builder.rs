//! Builds text from parts.

use super::string::{Str, StrBuf};

/// Builds text from parts. The first part that is not UTF-8 converts everything to code units, once.
#[derive(Clone, Debug, Default)]
pub struct StrBuilder {
    utf8: String,
    /// The whole text, once a part was not UTF-8; `utf8` is unused from then on.
    wide: Option<Vec<u16>>,
}

impl StrBuilder {
    /// Appends `part`.
    pub fn push(&mut self, part: Str<'_>) {
        match (&mut self.wide, part) {
            (Some(wide), part) => wide.extend(part.units()),
            (None, Str::Utf8(s)) => self.utf8.push_str(s),
            (None, Str::Wide(units)) => self.push_units(units),
        }
    }

    /// Appends code units, which may hold lone surrogates.
    pub fn push_units(&mut self, units: &[u16]) {
        let utf8 = &self.utf8;
        let wide = self.wide.get_or_insert_with(|| utf8.encode_utf16().collect());
        wide.extend_from_slice(units);
    }

    /// Size of the text so far in bytes.
    pub fn bytes(&self) -> usize {
        self.wide.as_ref().map_or(self.utf8.len(), |units| 2 * units.len())
    }

    /// The finished text.
    pub fn finish(self) -> StrBuf {
        match self.wide {
            Some(units) => StrBuf::from_units(units),
            None => StrBuf::Utf8(self.utf8),
        }
    }
}
