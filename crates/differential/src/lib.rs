//! A differential test: random questions to the official Firestore emulator and to firewarden, compared, minimised and
//! written down as rows that tests replay.
//!
//! | module | what |
//! |---|---|
//! | `emulator` | the official engine as a black box: process, HTTP, what its answers mean |
//! | `ours` | the engine of this repository, asked the same |
//! | `generate` | random rules, expressions, requests |
//! | `minimise` | makes what differs small |
//! | `kinds` | one module a kind of question: makes cases, asks both, compares |
//! | `tally` | what differs, one entry a fault; the summary |
//! | `rows` | rows of recorded tables |

#![forbid(unsafe_code)]

pub mod args;
pub mod documents;
pub mod emulator;
pub mod generate;
pub mod kinds;
pub mod minimise;
pub mod ours;
pub mod random;
pub mod request;
pub mod rows;
pub mod run;
// The tables' own test compares with it, too.
#[path = "../../../tests/oracle/same.rs"]
pub mod same;
pub mod tally;
