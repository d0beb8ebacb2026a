//! Source text and messages about it: [`Source`] in, [`Diagnostics`] and caret frames out.
//!
//! Invariant: knows no language. Which problems exist, and their codes, is in `check/codes.rs` and `lint/codes.rs`.

mod diagnostic;
#[cfg(feature = "cli")]
mod fold;
mod lookalike;
mod near;
mod render;
mod source;
mod span;
mod visible;

pub use diagnostic::{Diagnostic, Diagnostics, Label, Severity};
pub(crate) use lookalike::Lookalike;
pub(crate) use near::nearest;
pub use render::frame;
pub(crate) use render::frame_within;
pub use source::{LineColumn, Source};
pub use span::Span;

/// A name in one line: control characters, such as line breaks, are written as escapes.
pub(crate) fn one_line(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains(char::is_control) {
        return text.into();
    }
    let one = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(one).collect::<String>().into()
}
