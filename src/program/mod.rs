//! The compiled form: checked syntax trees in, flat [`Code`] out, ready to decide any number of requests.
//!
//! Everything that can be settled before a request is: variables are slots, functions are numbers, patterns are
//! compiled, constants computed, match paths merged into one tree of segments. A [`Program`] is a file with services, a [`RuleTree`]
//! one of database rules.
//! Invariants: nodes are addressed by [`NodeId`], children before parents; no request data.
//!
//! # From text to listing
//!
//! A Storage rule, as an example for what follows:
//!
//! ```text
//! match /b/{bucket}/o {
//!   match /users/{userId}/images/{image} {
//!     allow create: if request.auth != null && request.auth.uid == userId && request.resource.size < 5 * 1024 * 1024
//!       && request.resource.contentType.matches('image/.*') && request.resource.metadata.owner == request.auth.uid;
//! ```
//!
//! `lower.rs` makes two things of it. The paths become branches of one tree of segments (`matcher.rs`), which finds the
//! blocks of a request however many there are; what all paths begin with, here all of the path, is compared at once, but
//! for `/b/{bucket}/o`, the [`Root`](crate::value::Root) that every request to Storage has. The condition becomes
//! operations, which a [`Program`] prints one a line, a number for each:
//!
//! ```text
//! 0 request            5 member 4 .auth       10 request                        15 constant 5120 (cost 3)
//! 1 member 0 .auth     6 member 5 .uid        11 member 10 .resource            16 constant 1024
//! 2 constant null      7 wildcard 1           12 member 11 .size                17 constant 5242880 (cost 5)
//! 3 compare != 1 2     8 compare == 6 7       13 constant 5                     18 compare < 12 17
//! 4 request            9 and 3 8              14 constant 1024                  19 and 9 18 …
//! ```
//!
//! `userId` is the wildcard 1, for `bucket` is 0. The product was computed (`fold.rs`) and remembers what it would have
//! cost: a request may evaluate [`MAX_EXPRESSIONS`], and the step-by-step evaluation counts as the official engine does.
//! The pattern of `matches` was compiled.
//!
//! # Tests
//!
//! Whoever asks only whether a request may pass need not see each operation. `testing.rs` says the same condition as one
//! [`Test`], which the listing prints below the statement:
//!
//! ```text
//! allow create if 34, costs up to 39
//!   test all(request.auth.uid == segment 4, request.resource.size < 5242880,
//!            request.resource.contentType matches "image/.*", request.resource.metadata.owner == request.auth.uid)
//! ```
//!
//! - Nested `&&` are one list, asked from left to right.
//! - `userId` always is the fifth segment of the path, since no glob stands before it.
//! - `request.auth != null` is gone: without a user, `request.auth.uid` fails, and a condition that fails permits as
//!   little as one that is false. That holds for whole conditions in which nothing is called.
//! - Each property knows its [`Holder`], what it is asked of: `owner` the metadata of the object that is uploaded; the
//!   user's id, which is read most, is a holder of its own.
//! - Names carry the hash by which maps find them and, where a request, an object or a user has a field of that name, its
//!   [`Symbol`](crate::value::Symbol): no name is compared with others.
//! - A function of the user, had the rule called one, would stand in the place of its call.
//! - What is no ordinary test is `evaluate`, with the number of the operation.
//! - 39 is the most that the condition can cost (`cost.rs`). As long as the statements of a request cost no more than
//!   may be evaluated, nothing needs to be counted.
//!
//! How tests are answered is told in [`crate::eval`].

mod builder;
mod calls;
mod chain;
mod code;
mod cost;
mod database;
mod fold;
mod hazard;
mod implied;
mod listing;
mod lower;
mod matcher;
mod rule_path;
mod scope;
mod service;
mod test;
mod testing;

pub use code::{Code, Function, MethodTable, Node, NodeId, Part, Place, Run};
pub use cost::MAX_EXPRESSIONS;
pub use database::{Rule, RuleChild, RulePlace, RuleTree, Validity, lower_database};
pub use lower::lower;
pub use matcher::{Matched, Matcher};
pub use rule_path::RuleSegment;
pub use scope::ServiceFunction;
pub use service::{Block, CaptureAt, Methods, Program, RequestedMethod, ServiceProgram, Statement, is_catch_all};
pub use test::{Asked, Bounds, Holder, Member, MemberName, Operand, Test, TestId};
