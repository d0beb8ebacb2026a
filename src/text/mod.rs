//! Source text and messages about it: [`Source`] in, [`Diagnostics`] and caret frames out.
//!
//! Invariant: knows no language. Which problems exist, and their codes, is `check/codes.rs`.

mod diagnostic;
mod render;
mod source;
mod span;

pub use diagnostic::{Diagnostic, Diagnostics, Label, Severity};
pub use render::frame;
pub use source::{LineColumn, Source};
pub use span::Span;
