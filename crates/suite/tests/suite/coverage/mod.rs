//! Coverage of rules: counts against counts made by hand, and what the reports look like.

mod corpus;
mod counts;
mod hand;
mod reports;
