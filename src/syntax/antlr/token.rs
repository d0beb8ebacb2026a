//! How the official messages name tokens, and sets of token kinds.

pub(super) use crate::syntax::token::*;

/// A set of token kinds, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Hash)]
pub(super) struct KindSet(u64);

impl KindSet {
    pub(super) fn one(kind: Kind) -> Self {
        Self(1u64.checked_shl(u32::from(kind)).unwrap_or(0))
    }
    pub(super) fn has(self, kind: Kind) -> bool {
        self.0 & Self::one(kind).0 != 0
    }
    pub(super) fn add(&mut self, kind: Kind) {
        self.0 |= Self::one(kind).0;
    }
    pub(super) fn join(&mut self, other: Self) {
        self.0 |= other.0;
    }
    pub(super) fn without(self, kind: Kind) -> Self {
        Self(self.0 & !Self::one(kind).0)
    }
    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// As in `expecting {'{', '/', PATH_SEGMENT}`; a single member stands without braces.
    pub(super) fn display(self) -> String {
        let names: Vec<&str> = NAMES
            .iter()
            .enumerate()
            .filter(|(kind, _)| Kind::try_from(*kind).is_ok_and(|kind| self.has(kind)))
            .map(|(_, name)| *name)
            .collect();
        match names.as_slice() {
            [one] => (*one).to_owned(),
            _ => format!("{{{}}}", names.join(", ")),
        }
    }
}

/// Marks "the end of the rule is reachable" in look-ahead sets; no token has this kind.
pub(super) const EPSILON: Kind = 63;
