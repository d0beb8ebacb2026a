//! The workloads of `benches/limits.rs`, decided by firewarden and by what else there is. See README.md.

#[path = "../../fixtures/mod.rs"]
mod fixtures;

mod by_hand;
mod cedar;
mod cel_rust;
mod hidane;
mod node;
mod ours;
mod rego;
mod table;

use fixtures::measure::{Batch, Clock, batch};
use table::Table;

/// Which of the columns.
pub const WORKLOADS: [&str; 7] = ["W1", "W2", "W3", "W4", "W5", "W6/10", "W6/2000"];

/// A workload in one engine.
pub struct Piece {
    workload: &'static str,
    batch: Batch<'static>,
}

impl Piece {
    /// Both decisions are asked for once; the allowed one is timed.
    pub fn new(
        workload: &'static str,
        mut allow: impl FnMut() -> bool + 'static,
        mut deny: impl FnMut() -> bool + 'static,
    ) -> Self {
        assert!(allow(), "{workload}");
        assert!(!deny(), "{workload}");
        Piece { workload, batch: batch(allow) }
    }
}

fn main() {
    let clock = Clock { quick: std::env::args().any(|argument| argument == "--test") };
    let engines = [
        ("by hand".to_owned(), by_hand::pieces()),
        ("firewarden".to_owned(), ours::pieces()),
        ("firewarden, Firestore rules".to_owned(), ours::firestore_pieces()),
        (table::named("hidane-rules"), hidane::pieces()),
        (table::named("cel"), cel_rust::pieces()),
        (table::named("cedar-policy"), cedar::pieces()),
        (table::named("regorus"), rego::pieces()),
    ];
    let mut table = Table::new(engines.iter().map(|(name, _)| name.clone()));
    let mut by_workload: Vec<Vec<(usize, Batch<'static>)>> = WORKLOADS.iter().map(|_| Vec::new()).collect();
    for (row, (_, pieces)) in engines.into_iter().enumerate() {
        for piece in pieces {
            let column = WORKLOADS.iter().position(|name| *name == piece.workload).unwrap();
            by_workload[column].push((row, piece.batch));
        }
    }
    // All engines take turns in a workload.
    for (column, pieces) in by_workload.into_iter().enumerate() {
        let (rows, batches): (Vec<_>, Vec<_>) = pieces.into_iter().unzip();
        let figures = clock.time(batches);
        rows.into_iter().enumerate().for_each(|(at, row)| table.set(row, column, figures.of(at)));
    }
    node::add(&mut table, clock);
    if clock.quick {
        println!("every engine decided every workload");
    } else {
        table.print();
    }
}
