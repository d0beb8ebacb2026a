//! Diagnostics of a source text.

use super::{LineColumn, Source, Span, render};

/// The severity of a diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The compiler refuses the source.
    Error,
    /// The compiler accepts the source, which probably does not do what its author means.
    Warning,
}

/// A secondary span of a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The span.
    pub span: Span,
    /// The text beside the carets.
    pub text: String,
}

/// A diagnostic, for people and programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The stable code, such as `unknown-variable`.
    pub code: &'static str,
    /// The severity.
    pub severity: Severity,
    /// The primary span; `None` for a diagnostic of the whole file, which the official compiler reports at 0:0.
    pub span: Option<Span>,
    /// The official compiler's message, verbatim; our own message for a lint.
    pub message: String,
    /// The secondary spans.
    pub labels: Vec<Label>,
    /// Our own text: what would be right.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// A diagnostic without labels and hint.
    pub fn new(code: &'static str, severity: Severity, span: Option<Span>, message: impl Into<String>) -> Self {
        Diagnostic { code, severity, span, message: message.into(), labels: Vec::new(), hint: None }
    }

    /// Sets the hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a label.
    #[must_use]
    pub fn with_label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Whether the diagnostic is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The diagnostics of a source, in the order of the official compiler.
#[derive(Clone, Debug)]
pub struct Diagnostics {
    source: Source,
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// The diagnostics of a source, in the order of `list`.
    pub fn new(source: Source, list: Vec<Diagnostic>) -> Self {
        Diagnostics { source, list }
    }

    /// The source of the spans.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The diagnostics in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The number of diagnostics.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(Diagnostic::is_error)
    }

    /// Adds diagnostics of the same source and sorts all by position; at one position these come first.
    #[must_use]
    pub fn with(mut self, others: Diagnostics) -> Self {
        self.list.extend(others.list);
        self.list.sort_by_key(|diagnostic| diagnostic.span.map(|span| span.start));
        self
    }

    /// The line and column of a diagnostic; `None` for one of the whole file.
    pub fn position(&self, diagnostic: &Diagnostic) -> Option<LineColumn> {
        diagnostic.span.map(|span| self.source.position(span.start))
    }

    /// Applies `change` to each diagnostic, such as to make warnings errors.
    #[must_use]
    pub fn map(mut self, change: impl FnMut(&mut Diagnostic)) -> Self {
        self.list.iter_mut().for_each(change);
        self
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

/// Writes each diagnostic with its source line and carets, without colour.
impl std::fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, diagnostic) in self.list.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{}", render::report(&self.source, diagnostic))?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
