//! Identity: the recorded cases, with tokens that are really signed and verified, and what the cases do not reach.

mod callables;
mod cases;
mod claims;
mod example;
mod functions;
mod hints;
mod issuers;
mod keys;
mod mapping;
mod properties;
mod simulation;
mod tokens;
mod verification;
