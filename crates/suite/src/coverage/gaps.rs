//! Gaps of coverage, the most serious first.

use firewarden::text::Span;

use super::{Counts, FileCoverage, Status};

/// The kind of a gap, ordered by seriousness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GapKind {
    /// A statement was never evaluated.
    Statement,
    /// A function was never called.
    Function,
    /// A condition was not both true and false.
    Condition(Status),
}

/// Something that is not covered.
#[derive(Clone, Debug)]
pub struct Gap {
    /// The span of the statement, function or condition.
    pub span: Span,
    /// What is missing.
    pub kind: GapKind,
    /// The counts of results.
    pub counts: Counts,
    /// The source text; a database rule has its path before it, a function only its name.
    pub text: String,
}

impl FileCoverage {
    /// The gaps: first what was never evaluated, then conditions that only failed or had one outcome, each in the order
    /// of the text. A gap contains those inside a statement or function that was never evaluated.
    pub fn gaps(&self) -> Vec<Gap> {
        let source = self.source();
        let unseen = |span, kind, text| Gap { span, kind, counts: Counts::default(), text };
        let statements = self.statement_list().iter().filter(|statement| statement.counts.total() == 0);
        let statements = statements.map(|statement| {
            let text = source.slice(statement.span);
            // `false` alone says nothing.
            let text = if self.is_database() { format!("{}: {text}", statement.label) } else { text.to_owned() };
            unseen(statement.span, GapKind::Statement, text)
        });
        let functions = self.function_list().iter().filter(|function| function.calls == 0);
        let functions =
            functions.map(|function| unseen(function.span, GapKind::Function, format!("function {}", function.name)));
        let mut gaps: Vec<Gap> = statements.chain(functions).collect();
        gaps.sort_by_key(|gap| gap.span);
        let around: Vec<_> = gaps.iter().map(|gap| gap.span).collect();
        for condition in self.condition_list() {
            let (span, status) = (condition.span, condition.status());
            // Statements and functions do not overlap, so the last one that starts before the condition is the only
            // candidate.
            let before = around.partition_point(|gap| gap.start <= span.start);
            let inside = before.checked_sub(1).and_then(|at| around.get(at)).is_some_and(|gap| span.end <= gap.end);
            if status != Status::Both && !(inside && status == Status::Never) {
                let text = source.slice(span).to_owned();
                gaps.push(Gap { span, kind: GapKind::Condition(status), counts: condition.counts, text });
            }
        }
        gaps.sort_by_key(|gap| (gap.rank(), gap.span));
        gaps
    }
}

impl Gap {
    /// The rank of the gap by seriousness: never evaluated, only failed, one outcome.
    fn rank(&self) -> u8 {
        match self.kind {
            GapKind::Statement | GapKind::Function | GapKind::Condition(Status::Never) => 0,
            GapKind::Condition(Status::OnlyFailed) => 1,
            GapKind::Condition(_) => 2,
        }
    }
}

/// Writes `never tried`, `only true`, `only false (2 errors)`.
impl std::fmt::Display for Gap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            GapKind::Statement => f.write_str("never tried"),
            GapKind::Function => f.write_str("never called"),
            GapKind::Condition(status) => {
                write!(f, "{status}")?;
                match self.counts.failures() {
                    0 => Ok(()),
                    1 => f.write_str(" (1 error)"),
                    errors => write!(f, " ({errors} errors)"),
                }
            }
        }
    }
}
