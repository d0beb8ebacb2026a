//! What lints found, as they find it.

use crate::text::{Diagnostic, Span};

use super::Code;

/// Warnings, in any order.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) list: Vec<Diagnostic>,
}

impl Findings {
    pub(super) fn add(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.list.push(code.problem(span, message));
    }

    /// The same with a hint that knows more than the table.
    pub(super) fn hint(&mut self, code: Code, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.list.push(code.problem(span, message).with_hint(hint));
    }

    /// In source order, each once: a function is looked at for each of its calls.
    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        self.list.sort_by(|a, b| {
            let place = |d: &Diagnostic| d.span.map(|span| (span.start, span.end));
            place(a).cmp(&place(b)).then_with(|| a.code.cmp(b.code)).then_with(|| a.message.cmp(&b.message))
        });
        self.list.dedup_by(|a, b| a.code == b.code && a.span == b.span);
        self.list
    }
}
