//! The list of warnings that lints add to.

use crate::text::{Diagnostic, Span};

use super::Code;

/// Warnings in any order.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) list: Vec<Diagnostic>,
}

impl Findings {
    pub(super) fn add(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.list.push(code.diagnostic(span, message));
    }

    /// Adds a warning with a hint that is more specific than that of the code.
    pub(super) fn add_with_hint(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.list.push(code.diagnostic(span, message).with_hint(hint));
    }

    /// The warnings in source order, without the duplicates from functions with several calls.
    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        self.list.sort_by(|a, b| {
            let place = |d: &Diagnostic| d.span.map(|span| (span.start, span.end));
            place(a).cmp(&place(b)).then_with(|| a.code.cmp(b.code)).then_with(|| a.message.cmp(&b.message))
        });
        self.list.dedup_by(|a, b| a.code == b.code && a.span == b.span);
        self.list
    }
}
