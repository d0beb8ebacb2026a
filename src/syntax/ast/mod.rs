//! The syntax tree: [`Ruleset`] and the expressions in it.
//!
//! Expressions live in one arena and name each other by [`ExprId`]; a child always has a smaller id than its
//! parent, so walks over long chains need no recursion. Invariant: holds what the text says, nothing derived.

mod database;
mod expr;
mod service;

pub use crate::value::TypeName;
pub use database::{Condition, DatabaseRules, Location};
pub use expr::{BinaryOp, Capture, Expr, ExprId, ExprList, Exprs, PathPart, UnaryOp};
pub use service::{Allow, Function, Import, Item, Let, Match, Method, Name, Names, Ruleset, Segment, Service, Version};
