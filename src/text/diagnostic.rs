//! One problem in a source text, and the list of all of them.

use super::{LineColumn, Source, Span, render};

/// How grave a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The source is refused.
    Error,
    /// The source is accepted; the part named may never do what it says.
    Warning,
}

/// A second place that a problem has to do with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is there.
    pub text: String,
}

/// One problem: what, where, how grave. Built by the checker, read by people and programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable name of this kind of problem, such as `unknown-variable`.
    pub code: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// Where it is; `None` for a problem of the file as a whole, which the official compiler places at 0:0.
    pub span: Option<Span>,
    /// The official compiler's message, verbatim; of a lint, ours.
    pub message: String,
    /// Other places it has to do with.
    pub labels: Vec<Label>,
    /// What would be right, in our words.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// A problem at a place.
    pub fn new(code: &'static str, severity: Severity, span: Option<Span>, message: impl Into<String>) -> Self {
        Diagnostic { code, severity, span, message: message.into(), labels: Vec::new(), hint: None }
    }

    /// The same with a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with a second place.
    #[must_use]
    pub fn with_label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Whether the source is refused because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// All problems found in one source, in the order in which the official compiler lists them.
#[derive(Clone, Debug)]
pub struct Diagnostics {
    source: Source,
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// The problems of a source.
    pub fn new(source: Source, list: Vec<Diagnostic>) -> Self {
        Diagnostics { source, list }
    }

    /// The text they are about.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The problems, in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether any of them refuses the source.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(Diagnostic::is_error)
    }

    /// These and others of the same source, by place; at one place these come first.
    #[must_use]
    pub fn with(mut self, others: Diagnostics) -> Self {
        self.list.extend(others.list);
        self.list.sort_by_key(|problem| problem.span.map(|span| span.start));
        self
    }

    /// The line and column of a problem; `None` for one of the whole file.
    pub fn position(&self, diagnostic: &Diagnostic) -> Option<LineColumn> {
        diagnostic.span.map(|span| self.source.position(span.start))
    }

    /// The same problems with some of them changed, as `--strict` does.
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

/// Caret frames of every problem, without colour.
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
