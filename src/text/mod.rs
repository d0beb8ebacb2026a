//! Source text and messages about it: [`Source`] in, [`Diagnostics`] and caret frames out.
//!
//! Invariant: knows no language. Which problems exist, and their codes, is in `check/codes.rs` and `lint/codes.rs`.

mod diagnostic;
mod near;
mod render;
mod source;
mod span;

pub use diagnostic::{Diagnostic, Diagnostics, Label, Severity};
pub(crate) use near::nearest;
pub use render::frame;
pub use source::{LineColumn, Source};
pub use span::Span;
