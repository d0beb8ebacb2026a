//! What a request is before it meets rules: the product that it is for, and the parts that most conditions read.
//!
//! The path of a request is a value ([`crate::value::Segments`]), because rules read it.

mod facts;
mod product;

pub use facts::{Facts, Resource, User};
pub use product::ServiceProduct;
