//! Random questions: expressions of all types, rules, mutants of real files, requests.

pub mod expression;
pub mod literals;
pub mod mutants;
pub mod requests;
pub mod rules;
pub mod world;
