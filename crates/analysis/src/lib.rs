//! Analysis of rules: what a change opens or closes, what can never happen, who can do what.
//!
//! Every question has one of three answers: yes, with a request that the engine decided; no, because the formula that
//! over-approximates the property has no solution; or unknown, with the construct that stood in the way.

pub mod ask;
pub mod atom;
pub mod axioms;
mod compute;
pub mod formula;
pub mod interpret;
pub mod linear;
pub mod model;
pub mod permit;
pub mod place;
pub mod ratio;
pub mod schema;
pub mod shape;
pub mod shapes;
pub mod show;
pub mod solve;
pub mod symbolic;
pub mod value;
pub mod witness;
pub mod world;
