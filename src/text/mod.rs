//! Source text and diagnostics: [`Source`], [`Diagnostics`] and their rendering with carets.
//!
//! Invariant: this layer knows no language. The codes of diagnostics are in `check/codes.rs` and `lint/codes.rs`.

mod diagnostic;
mod lookalike;
mod nearest;
mod render;
mod source;
mod span;
mod visible;

pub use diagnostic::{Diagnostic, Diagnostics, Label, Severity};
pub(crate) use lookalike::Lookalike;
#[doc(hidden)]
pub use nearest::nearest;
pub use render::frame;
#[doc(hidden)]
pub use render::frame_within;
pub use source::{LineColumn, Source};
pub use span::Span;
pub(crate) use visible::{display_width, prefix_within, suffix_within};

/// Escapes control characters such as line breaks, so that a name fits on one line.
#[doc(hidden)]
pub fn one_line(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains(char::is_control) {
        return text.into();
    }
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect::<String>().into()
}
