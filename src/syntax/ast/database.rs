//! The rules tree of a Realtime Database file.

use crate::text::Span;

use super::{ExprId, Exprs, Name};

/// A whole file.
#[derive(Clone, Debug)]
pub struct DatabaseRules {
    /// The rules of the database's root.
    pub root: Location,
    /// All expressions.
    pub exprs: Exprs,
    /// The comments of the file and of its expressions, in source order.
    pub comments: Vec<Span>,
}

/// The rules of a place, with those of the places below.
#[derive(Clone, Debug)]
pub struct Location {
    /// Its key; empty at the root.
    pub key: Name,
    /// `.read`
    pub read: Option<Condition>,
    /// `.write`
    pub write: Option<Condition>,
    /// `.validate`
    pub validate: Option<Condition>,
    /// `.indexOn`: child paths, or `.value`
    pub indexes: Vec<Name>,
    /// Places below, in source order; at most one is a wildcard.
    pub children: Vec<Location>,
}

impl Location {
    /// Whether it stands for any key: `$uid`.
    pub fn is_wildcard(&self) -> bool {
        self.key.text.starts_with('$')
    }
}

/// The value of a `.read`, `.write` or `.validate`.
#[derive(Clone, Copy, Debug)]
pub struct Condition {
    /// The expression; a boolean of JSON is one too.
    pub expr: ExprId,
    /// Its text, without quotes.
    pub span: Span,
}
