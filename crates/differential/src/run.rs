//! A run: threads that take batches until the time, or the number of cases, is up.

use std::{
    fs,
    path::{Path, PathBuf},
    process,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result};

use crate::{
    args::Args,
    emulator::{Client, Emulator},
    kinds::{Kind, Setting, batch},
    rows::Writer,
    tally::Tally,
};

/// Files longer than this are not mutated: the emulator takes a second for them.
const LONGEST_FILE: u64 = 20_000;

/// Asks for all kinds and prints what was found; true where something differs.
///
/// # Errors
///
/// The emulator does not answer, or a file cannot be read or written.
pub fn run(args: &Args, emulator: &Emulator) -> Result<bool> {
    let seed =
        args.seed.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()));
    println!("seed {seed}");
    let corpus = corpus(&args.corpus)?;
    let writer = args.out.as_deref().map(Writer::new).transpose()?;
    let setting = Setting {
        seed,
        corpus,
        effort: args.effort,
        record: args.record,
        tally: Mutex::new(Tally::new(args.each)),
        writer,
    };
    let share = Duration::from_secs(args.seconds) / u32::try_from(args.kind.len()).unwrap_or(1).max(1);
    for kind in &args.kind {
        ask(args, &setting, emulator, *kind, Instant::now() + share)?;
    }
    let mut more = String::new();
    setting.tally(|tally| {
        for (kind, found, count) in tally.findings().filter(|(_, _, count)| *count > 1) {
            let class = found.signature.lines().next().unwrap_or_default();
            more += &format!("{kind}: {count} times: {class}\n");
        }
        println!("{more}{tally}");
        Ok(tally.any())
    })
}

fn ask(args: &Args, setting: &Setting, emulator: &Emulator, kind: Kind, deadline: Instant) -> Result<()> {
    let next = AtomicU64::new(0);
    let failed = Mutex::new(None);
    thread::scope(|scope| {
        for job in 0..args.jobs.max(1) {
            let (next, failed) = (&next, &failed);
            scope.spawn(move || {
                let client = Client::new(emulator.address(), &format!("{}-{}-{job}", args.project, process::id()));
                let mut asker = None;
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let done = args.cases.map_or_else(|| Instant::now() >= deadline, |cases| number >= cases);
                    if done {
                        return;
                    }
                    if let Err(error) = batch(kind, setting, &client, &mut asker, number) {
                        let error = error.context(format!("batch {number} of {}", kind.name()));
                        if let Ok(mut failed) = failed.lock() {
                            failed.get_or_insert(error);
                        }
                        // The others stop too: without answers there is nothing to compare.
                        next.store(u64::MAX / 2, Ordering::Relaxed);
                        return;
                    }
                }
            });
        }
    });
    failed.into_inner().ok().flatten().map_or(Ok(()), Err)
}

/// The texts of all rules files of those folders, or of the repository's examples and diagnostics.
fn corpus(folders: &[PathBuf]) -> Result<Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut open: Vec<PathBuf> = folders.to_vec();
    if open.is_empty() {
        open.extend(
            ["tests/diagnostics", "examples"].map(|folder| root.join(folder)).into_iter().filter(|f| f.is_dir()),
        );
    }
    let mut paths = Vec::new();
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.ends_with("node_modules") {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rules") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let mut texts = Vec::new();
    for path in paths {
        let short = fs::metadata(&path).is_ok_and(|about| about.len() <= LONGEST_FILE);
        if short && let Ok(text) = fs::read_to_string(&path) {
            texts.push(text);
        }
    }
    Ok(texts)
}
