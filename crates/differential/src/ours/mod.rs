//! The engine of this repository, asked the same questions in process.

mod compile;
pub mod expression;
pub mod request;

pub use compile::{compile, is_syntax};
