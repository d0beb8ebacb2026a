//! Time of all questions about the statements of a file: median, 90th percentile and worst file, and the counts of answers.
//!
//! `FIREWARDEN_CORPUS` names a folder of rules; without it the examples are asked. Arguments select files by a part of
//! their name.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a bench")]

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use firewarden::{Timestamp, rules::Rules, text::Source};
use firewarden_analysis::{
    ask::{METHODS, Settings, Verdict, diff::diff, never, program, subject::Subject},
    permit::Ruleset,
};

fn files() -> Vec<PathBuf> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut files = match std::env::var_os("FIREWARDEN_CORPUS") {
        Some(folder) => std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "rules"))
            .collect(),
        None => vec![examples.join("photos/storage.rules"), examples.join("wiki/firestore.rules")],
    };
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    files.retain(|path: &PathBuf| {
        wanted.is_empty() || wanted.iter().any(|part| path.display().to_string().contains(part))
    });
    files.sort();
    files
}

#[derive(Default)]
struct Count {
    yes: usize,
    no: usize,
    unknown: usize,
    replayed: usize,
}

fn statements(rules: &Rules, settings: Settings, count: &mut Count) {
    let Some((product, program)) = program(rules) else { return };
    let Some(ruleset) = Ruleset::new(0, program, product) else { return };
    for method in METHODS {
        for statement in ruleset.statements(method) {
            match never::statement_may(rules, ruleset, &statement, method, Subject::Anybody, settings) {
                Verdict::Yes(witness) => {
                    count.yes += 1;
                    count.replayed += usize::from(matches!(witness.permitted_by(rules), Ok(true)));
                }
                Verdict::No(_) => count.no += 1,
                Verdict::Unknown(_) => count.unknown += 1,
            }
        }
    }
}

fn summary(what: &str, mut times: Vec<(Duration, String)>) {
    times.sort();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].0;
    println!("{what}: median {:?}, 90th {:?}, worst {:?} ({} files)", at(50), at(90), at(100), times.len());
    for (time, name) in times.iter().rev().take(5) {
        println!("    {time:?} {name}");
    }
}

fn run() {
    let settings = Settings::from(Timestamp::from_secs(1_796_000_000).unwrap());
    let (mut count, mut asked, mut compared, mut differences) = (Count::default(), Vec::new(), Vec::new(), 0);
    for path in files() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let Ok(rules) = Rules::parse(&Source::new(&name, &text), None) else { continue };
        let unknown = count.unknown;
        let start = Instant::now();
        statements(&rules, settings, &mut count);
        let name = format!("{name}, {} lines, {} unknown", text.lines().count(), count.unknown - unknown);
        asked.push((start.elapsed(), name.clone()));
        let start = Instant::now();
        let found = diff(&rules, &rules, settings, None, &|_, _| true).map_or(0, |found| found.differences.len());
        differences += found;
        compared.push((start.elapsed(), format!("{name}, {found} differences from itself")));
    }
    if asked.is_empty() {
        return println!("no rules");
    }
    println!("{} yes ({} replay), {} no, {} unknown", count.yes, count.replayed, count.no, count.unknown);
    summary("statements", asked);
    println!("{differences} differences of files from themselves");
    summary("diff with itself", compared);
}

fn main() {
    // Conditions nest as deeply as the parser permits.
    std::thread::Builder::new().stack_size(256 << 20).spawn(run).unwrap().join().unwrap();
}
