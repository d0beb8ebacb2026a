//! The list of problems, put into the official order.

use super::codes::Code;
use crate::text::{Diagnostic, Diagnostics, Source, Span};

/// Problems as they are found.
#[derive(Default)]
pub(super) struct Problems {
    list: Vec<Diagnostic>,
}

impl Problems {
    pub(super) fn add(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.push(code.problem(Some(span), message));
    }

    pub(super) fn push(&mut self, problem: Diagnostic) {
        self.list.push(problem);
    }

    /// In source order, at one place errors first and then by their text, each once: what two statements or calls
    /// find alike is one problem (measured; a problem of the whole file comes first).
    pub(super) fn finish(mut self, source: &Source) -> Diagnostics {
        self.list.sort_by(|a, b| {
            let place = |d: &Diagnostic| (d.span.map(|span| span.start), !d.is_error());
            place(a).cmp(&place(b)).then_with(|| a.message.cmp(&b.message))
        });
        self.list.dedup_by(|a, b| a.message == b.message && a.span.map(|s| s.start) == b.span.map(|s| s.start));
        Diagnostics::new(source.clone(), self.list)
    }
}
