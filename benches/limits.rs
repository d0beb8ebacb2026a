//! What decisions cost, against the same decisions written by hand, and whether that is within the bars.
//!
//! `cargo bench --bench limits` takes about a minute; `-- decisions growth` runs only those sections, out of
//! `decisions`, `growth`, `compile`, `threads`, `tokens` and `process`; `-- --test` runs every piece once and judges
//! nothing. `-- fixed w3p 1000000` does nothing but that decision, so often: for `perf`, or under `valgrind
//! --tool=callgrind`, whose count of instructions compares two versions on any machine. There are w1p to w4p, w5, w5-deny,
//! w6, explain (of W3p), explain-w5, compile-storage and compile-database (64 KiB; with -small behind, 4 KiB).
//!
//! How to read a line of `decisions`:
//!
//! ```text
//! W3p allow         95 ns  native   38.0 ns  ratio  2.50  allocs 0  explain   2100 ns   22.1x  lazy   31.0 ns   3.06x
//! ```
//!
//! - `W1p` to `W4p` are Storage rules, decided from the request as a user gives it: the object's name as text, matching
//!   included. `W5` is a write of a record of 20 fields to a database with 500 of them.
//! - `allow` is permitted. `deny` fails in the last condition, so that all work is done, and of W5 in the first;
//!   `deny-anon` is nobody's request; of W5, `deny-first` and `deny-last` fail in that field. Where a program written by
//!   hand is done after the first comparison, the ratio is large though little time is lost: see the nanoseconds.
//! - the first figure is `permits`, `native` the function in `fixtures/native.rs` or `fixtures/database.rs` on the same
//!   request, which splits the same path; `explain` is the decision with its whole trace, `lazy` the function that cuts
//!   only as much of the path as its answer needs: a program for one ruleset can do that.
//! - each is the median of up to 61 short batches, all lines of a workload taken in turns; a ratio is the median of the
//!   ratios of neighbouring batches, so that a busy machine changes it little. The nanoseconds themselves hold for one
//!   machine and one moment.
//! - of work that takes milliseconds the quickest batch is printed too (`best`); the bars are held against medians.
//! - `allocs` is what one `permits` allocates. `W6` takes the last of so many blocks or places; its growth is 2,000 of
//!   them against 10.
//!
//! Before anything is timed, both are asked about every combination of methods, paths, users and uploads that the
//! section knows, and must agree. At the end stands a table of the bars. A missed bar is no failure: the clock of a
//! shared machine proves nothing, so the exit status is 0.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "benches")]

mod fixtures;
#[path = "fixtures/limits/mod.rs"]
mod sections;

use fixtures::measure::Clock;
use sections::{Report, compile, decisions, fixed, growth, process, threads, w5};

type Section = fn(Clock, &mut Report);

/// What one word on the command line asks for.
const SECTIONS: [(&str, &[Section]); 6] = [
    ("decisions", &[decisions::run, w5::run]),
    ("growth", &[growth::run]),
    ("compile", &[compile::run]),
    ("threads", &[threads::run]),
    ("tokens", &[tokens]),
    ("process", &[process::run]),
];

#[cfg(feature = "verify")]
use sections::tokens::run as tokens;

#[cfg(not(feature = "verify"))]
fn tokens(_: Clock, _: &mut Report) {
    println!("tokens are verified with the feature `verify`, which is off");
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    if has("--list") {
        return;
    }
    let clock = Clock { quick: has("--test") };
    if let Some(at) = arguments.iter().position(|argument| argument == "fixed") {
        let rounds = arguments.get(at + 2).and_then(|text| text.parse().ok());
        if !rounds.zip(arguments.get(at + 1)).is_some_and(|(rounds, name)| fixed::run(name, rounds)) {
            println!("say what, and how often: fixed w3p 1000000");
        }
        return;
    }
    let all = !SECTIONS.iter().any(|(name, _)| has(name));
    let mut report = Report::default();
    for (name, parts) in SECTIONS {
        if all || has(name) {
            println!("-- {name}");
            parts.iter().for_each(|part| part(clock, &mut report));
        }
    }
    match clock.quick {
        true => println!("everything ran once; nothing was judged"),
        false => report.print(),
    }
}
