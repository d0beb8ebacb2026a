//! The official formats: test requests of the Rules API, and coverage as the Firestore emulator reports it.

mod coverage;
mod position;
mod report;

pub use coverage::coverage;
pub use position::SourcePosition;
pub use report::ExpressionReport;
