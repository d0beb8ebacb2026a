//! The list of problems in the official order.

use super::codes::Code;
use crate::text::{Diagnostic, Diagnostics, Source, Span};

/// The problems found so far.
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

    /// The problems in source order; at one position, errors come first, then the order is that of the messages. Each
    /// problem occurs once, even if two statements or calls cause it (measured; a problem of the whole file comes
    /// first).
    pub(super) fn finish(mut self, source: &Source) -> Diagnostics {
        self.list.sort_by(|a, b| {
            let position = |d: &Diagnostic| (d.span.map(|span| span.start), !d.is_error());
            position(a).cmp(&position(b)).then_with(|| a.message.cmp(&b.message))
        });
        self.list.dedup_by(|a, b| a.message == b.message && a.span.map(|s| s.start) == b.span.map(|s| s.start));
        Diagnostics::new(source.clone(), self.list)
    }
}
