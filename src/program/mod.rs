//! The compiled form: checked syntax trees in, flat [`Code`] out, ready to decide any number of requests.
//!
//! Everything that can be settled before a request is: variables are slots, functions are numbers, patterns are
//! compiled, constants computed, match paths merged into one tree of segments. A [`Program`] is a file with services, a [`RuleTree`]
//! one of database rules.
//! Invariants: nodes are addressed by [`NodeId`], children before parents; no request data.

mod builder;
mod chain;
mod code;
mod cost;
mod database;
mod fold;
mod listing;
mod lower;
mod matcher;
mod scope;
mod service;
mod test;
mod testing;

pub use code::{Code, Function, MethodTable, Node, NodeId, Part, Place, Run};
pub use cost::MAX_EXPRESSIONS;
pub use database::{Rule, RulePlace, RuleTree, lower_database};
pub use lower::lower;
pub use matcher::{Matched, Matcher};
pub use scope::ServiceFunction;
pub use service::{Block, CaptureAt, Methods, Program, RequestedMethod, ServiceProgram, Statement};
pub use test::{Asked, Bounds, MemberName, Operand, Test, TestId};
