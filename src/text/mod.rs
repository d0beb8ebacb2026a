//! Source text and messages about it: [`Source`] in, [`Diagnostics`] and caret frames out.
//!
//! Invariant: knows no language. Which problems exist, and their codes, is in `check/codes.rs` and `lint/codes.rs`.

mod diagnostic;
mod lookalike;
mod near;
mod render;
mod source;
mod span;
mod visible;

pub use diagnostic::{Diagnostic, Diagnostics, Label, Severity};
pub(crate) use lookalike::Lookalike;
#[doc(hidden)]
pub use near::nearest;
pub use render::frame;
#[doc(hidden)]
pub use render::frame_within;
pub use source::{LineColumn, Source};
pub use span::Span;

/// A name in one line: control characters, such as line breaks, are written as escapes.
#[doc(hidden)]
pub fn one_line(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains(char::is_control) {
        return text.into();
    }
    let one = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(one).collect::<String>().into()
}
