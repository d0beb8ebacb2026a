//! The kinds of questions: each makes cases, asks both engines, and compares.

pub mod asked;
pub mod compile;
pub mod expressions;
pub mod requests;

use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use asked::Asker;
use clap::ValueEnum;
use serde_json::json;

use crate::{
    emulator::Client,
    generate::rules::Purpose,
    random::Random,
    rows::{Row, Writer},
    tally::{Found, Tally},
};

/// A kind of question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Is a source refused, and what is said of it?
    Compile,
    /// What does an expression give?
    Expressions,
    /// May a request for a document pass?
    Decisions,
    /// May a query?
    Queries,
    /// May a commit of several writes?
    Commits,
}

impl Kind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Compile => "compile",
            Kind::Expressions => "expressions",
            Kind::Decisions => "decisions",
            Kind::Queries => "queries",
            Kind::Commits => "commits",
        }
    }
}

/// What all batches of a run share.
#[derive(Debug)]
pub struct Setting {
    /// The run's seed.
    pub seed: u64,
    /// Texts that are mutated.
    pub corpus: Vec<String>,
    /// Tests that one difference may cost to be made small.
    pub effort: usize,
    /// Cases on which both agree that are written down too, of each kind.
    pub record: u64,
    /// What was found.
    pub tally: Mutex<Tally>,
    /// Where rows go.
    pub writer: Option<Writer>,
}

impl Setting {
    /// Works on the tally: nothing that panics holds it.
    pub fn tally<T>(&self, work: impl FnOnce(&mut Tally) -> T) -> T {
        work(&mut self.tally.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes a source on which the official compiler fails. That is no answer to compare with, and still worth knowing.
    fn broke(&self, kind: Kind, source: &str, why: &str) -> Result<()> {
        let few = self.tally(|tally| tally.broke(kind.name()) <= MOST_FAILURES);
        let row = Row { table: "compiler-failures", json: json!({ "source": source, "answer": why }) };
        match &self.writer {
            Some(writer) if few => writer.write(&row),
            _ => Ok(()),
        }
    }

    /// Notes a difference that was made small, prints it where it is new, and writes its row.
    fn report(&self, kind: Kind, found: Found) -> Result<()> {
        let (row, shown, finding) = (found.row.clone(), describe(kind, &found), finding(kind, &found));
        if self.tally(|tally| tally.found(kind.name(), found)) {
            println!("{shown}");
            if let Some(writer) = &self.writer {
                writer.write(&row)?;
                writer.write(&finding)?;
            }
        }
        Ok(())
    }
}

/// Sources that are written down on which the official compiler fails.
const MOST_FAILURES: u64 = 50;

/// Of cases on which both agree one in so many is written down, where that is wanted.
const RECORD_EVERY: u64 = 100;

impl Setting {
    /// Writes a case on which both agree, if it is one of those that are wanted.
    fn agrees(&self, kind: Kind, row: impl FnOnce() -> Row) -> Result<()> {
        let compared = self.tally(|tally| tally.count(kind.name()));
        let wanted = compared.is_multiple_of(RECORD_EVERY) && compared / RECORD_EVERY <= self.record;
        match &self.writer {
            Some(writer) if wanted => writer.write(&row()),
            _ => Ok(()),
        }
    }
}

/// A finding with both answers, for whoever looks through many.
fn finding(kind: Kind, found: &Found) -> Row {
    let Found { signature, shown, row, official, ours } = found;
    let class = signature.lines().next();
    let json = json!({
        "kind": kind.name(), "class": class, "question": shown, "official": official, "ours": ours, "table": row.table,
        "row": row.json,
    });
    Row { table: "findings", json }
}

fn describe(kind: Kind, found: &Found) -> String {
    let indent = |text: &str| text.replace('\n', "\n            ");
    let (official, ours) = (indent(&found.official), indent(&found.ours));
    let class = found.signature.lines().next().unwrap_or_default();
    let shown = found.shown.lines().filter(|line| !line.trim().is_empty()).collect::<Vec<_>>().join("\n    ");
    format!("{}: {class}\n    {shown}\n  official: {official}\n  ours:     {ours}\n", kind.name())
}

/// Asks a batch of questions, always the same of the same number. `asker` is what a thread keeps for expressions.
///
/// # Errors
///
/// The emulator does not answer.
pub fn batch<'c>(
    kind: Kind,
    setting: &Setting,
    client: &'c Client,
    asker: &mut Option<Asker<'c>>,
    number: u64,
) -> Result<()> {
    let mut random = Random::of(setting.seed, kind.name(), number);
    match kind {
        Kind::Compile => compile::batch(setting, client, &mut random),
        Kind::Expressions => {
            let asker = match asker {
                Some(asker) => asker,
                none => none.insert(Asker::new(client)?),
            };
            expressions::batch(setting, asker, &mut random)
        }
        Kind::Decisions => requests::batch(kind, Purpose::Documents, setting, client, &mut random),
        Kind::Queries => requests::batch(kind, Purpose::Lists, setting, client, &mut random),
        Kind::Commits => requests::batch(kind, Purpose::Commits, setting, client, &mut random),
    }
}
