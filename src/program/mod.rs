//! The compiled form: checked syntax trees in, a [`Program`] or a [`RuleTree`] out, ready to decide any number of requests.
//!
//! Lowering settles everything that it can before a request: variables are slots, functions and names are [`Id`]s, patterns
//! are compiled, arithmetic on constants is computed, match paths are merged into one tree of segments. A [`Program`] is a
//! file with services, a [`RuleTree`] one of database rules. Invariants: operations come after their operands; nothing in
//! here belongs to a request; a look-up that misses is an error ([`Corrupt`]), never an empty value.
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
//! blocks of a request however many there are. What all paths begin with, here the whole path, is compared at once;
//! every request to Storage has the [prefix](crate::value::PathPrefix) `/b/{bucket}/o`. The condition becomes operations, which a
//! [`Program`] lists one a line, with a number for each:
//!
//! ```text
//! 0 request            5 member 4 .auth       10 request                        15 constant 5120 (cost 3)
//! 1 member 0 .auth     6 member 5 .uid        11 member 10 .resource            16 constant 1024
//! 2 constant null      7 wildcard 1           12 member 11 .size                17 constant 5242880 (cost 5)
//! 3 compare != 1 2     8 compare == 6 7       13 constant 5                     18 compare < 12 17
//! 4 request            9 and 3 8              14 constant 1024                  19 and 9 18 …
//! ```
//!
//! `userId` is the wildcard 1, as `bucket` is 0. `fold.rs` computes the product and keeps its official cost: a request may
//! evaluate [`MAX_EXPRESSIONS`], which the machine counts as the official engine does. The pattern of `matches` is compiled.
//!
//! # Fused operations
//!
//! A caller who asks only whether a request may pass needs no result of a single operation. `fuse.rs` therefore adds one
//! operation for the whole condition, [`Op::Fused`]. It has a [`Predicate`], its origin (the operations above), and the most
//! that the origin can cost (`effects.rs`). The listing shows the three:
//!
//! ```text
//! 35 fused 34, costs up to 39
//! allow create if 35: all(request.auth != null, request.auth.uid == segment 4, request.resource.size < 5242880,
//!                         request.resource.contentType matches "image/.*",
//!                         request.resource.metadata.owner == request.auth.uid)
//! ```
//!
//! - Nested `&&` are one list, asked from left to right.
//! - `userId` always is the fifth segment of the path, as no glob comes before it.
//! - Each property has a [`Holder`], what it is a property of: `owner` belongs to the metadata of the uploaded object. The
//!   user's id, which rules read most, is a holder of its own.
//! - Names have the hash by which maps find them and, where a request, an object or a user has a field of that name, its
//!   [`Symbol`](crate::value::Symbol): nothing compares names.
//! - A user's function takes the place of its call.
//! - What has no predicate is `evaluate`, with the number of the operation.
//!
//! [`crate::eval`] says how a predicate is asked, and when its origin is evaluated instead.

mod builder;
mod chain;
mod code;
mod database;
mod effects;
mod fold;
mod functions;
mod fuse;
mod listing;
mod lower;
mod matcher;
mod predicate;
mod rule_path;
mod service;
mod table;

pub use code::{Code, Function, MethodTable, NameId, Op, OpId, Part, Spans};
pub use database::{Rule, RuleChild, RuleNode, RuleTree, Validity, lower_database};
pub use effects::MAX_EXPRESSIONS;
pub use functions::ServiceFunction;
pub use lower::lower;
pub use matcher::Matcher;
pub use predicate::{Holder, Member, Operand, Predicate};
pub use rule_path::RuleSegment;
pub use service::{Block, CaptureAt, Methods, Program, SegmentPattern, ServiceProgram, Statement, is_catch_all};
pub use table::{Corrupt, Id, Ids, Table};
