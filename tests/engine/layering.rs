//! The order of the folders in `src/lib.rs` holds: each imports only from those before it. And what else can be read
//! from the text: which folders know which crates, who prints, how long files are.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Each may use those before it.
const LAYERS: [&str; 18] = [
    "text",
    "value",
    "request",
    "pattern",
    "stdlib",
    "syntax",
    "check",
    "program",
    "eval",
    "explain",
    "auth",
    "error",
    "service",
    "storage",
    "firestore",
    "database",
    "lint",
    "rules",
];

/// Those that may use less than all before them.
const NARROWER: [(&str, &[&str]); 3] =
    [("syntax", &["text", "value"]), ("auth", &["value", "request"]), ("error", &["text"])];

/// Neither may use the other.
const SIBLINGS: [&str; 2] = ["storage", "firestore"];

/// What only these files and folders may name.
const CONFINED: &[(&str, &[&str])] = &[
    ("aws_lc_rs::", &["auth/verify/"]),
    ("pest::", &["syntax/grammar.rs"]),
    ("pest_derive::", &["syntax/grammar.rs"]),
    ("smallvec::", &["check/", "database/", "eval/", "program/", "syntax/"]),
    ("terminal_size::", &["cli/"]),
    ("indicatif::", &["cli/"]),
    ("notify_debouncer_mini::", &["cli/"]),
    ("saphyr_parser::", &["suite/"]),
    ("jsonc_parser::", &["suite/", "server/database/settings.rs"]),
    ("redb::", &["server/disk/"]),
    ("imbl::", &["server/database/tree/"]),
    ("axum::", &["server/"]),
    ("tokio::", &["server/", "cli/serve/", "cli/signals.rs", "cli/java.rs", "cli/exec_firebase.rs"]),
    ("minijinja::", &["suite/coverage/"]),
    ("quick_junit::", &["suite/report/"]),
    (
        "serde_json::",
        &[
            "value/json.rs",
            "auth/",
            "storage/json.rs",
            "storage/variables.rs",
            "firestore/json.rs",
            "firestore/rest.rs",
            "database/json.rs",
            "database/hostile.rs",
            "rules/",
            "analysis/witness/",
            "suite/",
            "server/",
            "cli/",
        ],
    ),
    ("regex_automata::", &["pattern/", "analysis/solve/automaton.rs"]),
    ("regex_syntax::", &["pattern/", "analysis/solve/automaton.rs"]),
    ("jsonwebtoken::", &["auth/verify/"]),
    ("clap::", &["cli/"]),
    ("anstream::", &["cli/"]),
    ("anstyle::", &["cli/"]),
    ("println!", &["cli/"]),
    ("eprintln!", &["cli/"]),
    ("print!", &["cli/"]),
    ("eprint!", &["cli/"]),
    ("std::fs", &["suite/files.rs", "server/disk/", "server/storage/folder.rs", "cli/"]),
    ("std::env", &["cli/"]),
    ("std::process", &["server/hub.rs", "cli/"]),
    ("SystemTime::now", &["server/clock.rs", "cli/"]),
    ("Instant::now", &["server/auth/functions/", "server/database/session/", "server/storage/uploads.rs", "cli/"]),
];

const LONGEST: usize = 500;

#[test]
fn modules_import_only_from_the_layers_before_them() {
    let mut wrong = Vec::new();
    for file in files() {
        let module = file.name.split(['/', '.']).next().unwrap();
        if module == "lib" {
            continue;
        }
        if !LAYERS.contains(&module) {
            wrong.push(format!("{}: {module} is no layer", file.name));
        }
        for (line, imported) in file.imports("crate") {
            if imported != module && !may_use(module, &imported) {
                wrong.push(format!("{}:{line}: {module} imports crate::{imported}", file.name));
            }
        }
        for (line, above) in file.above() {
            wrong.push(format!("{}:{line}: {above} leaves {module}; write crate::", file.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn crates_and_side_effects_stay_in_their_folders() {
    let mut wrong = Vec::new();
    for file in all_files() {
        let lines = file.code().map(|(line, text)| (line, text.to_owned()));
        let grouped = file.imports("std").into_iter().map(|(line, name)| (line, format!("std::{name}")));
        for (line, text) in lines.chain(grouped) {
            for &(word, places) in CONFINED {
                if names(&text, word) && !places.iter().any(|place| file.name.starts_with(place)) {
                    wrong.push(format!("{}:{line}: {word} belongs to {}", file.name, places.join(", ")));
                }
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_short() {
    let long: Vec<_> = all_files()
        .into_iter()
        .map(|file| (file.text.lines().count(), file.name))
        .filter(|(lines, _)| *lines > LONGEST)
        .map(|(lines, name)| format!("{name} has {lines} lines, {LONGEST} are the limit"))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<_> = all_files()
        .into_iter()
        .filter(|file| !file.text.starts_with("//! ") && !file.text.starts_with("#![doc"))
        .map(|file| file.name)
        .collect();
    assert!(silent.is_empty(), "no `//!` at the top of {}", silent.join(", "));
}

#[test]
fn the_architecture_page_lists_every_file_with_its_first_sentence() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md")).unwrap();
    let listed: Vec<&str> =
        page.split("\n## Files\n").nth(1).unwrap().lines().filter(|l| l.starts_with("- ")).collect();
    let mut expected = Vec::new();
    for layer in LAYERS {
        let folder = format!("{layer}/");
        for file in files() {
            let Some(name) = file.name.strip_prefix(&folder) else { continue };
            let paragraph = file.text.lines().map_while(|line| line.strip_prefix("//! ")).collect::<Vec<_>>().join(" ");
            let end = paragraph.find(". ").map_or(paragraph.len(), |at| at + 1);
            expected.push(format!("- `{name}`: {}", &paragraph[..end]));
        }
    }
    let missing: Vec<_> = expected.iter().filter(|line| !listed.contains(&line.as_str())).collect();
    assert!(missing.is_empty(), "docs/architecture.md lacks, or says otherwise: {missing:#?}");
    assert_eq!(listed.len(), expected.len(), "docs/architecture.md lists files that do not exist");
}

#[test]
fn imports_are_read_as_they_are_written() {
    let text =
        "use crate::{\n    a::{b, c},\n    d,\n    E as F,\n};\nuse crate::g::*;\n// crate::no\nlet x = crate::h::i();";
    let file = File { name: "m/f.rs".to_owned(), text: text.to_owned() };
    let found: Vec<_> = file.imports("crate").into_iter().map(|(line, name)| format!("{line} {name}")).collect();
    assert_eq!(found, ["1 a", "1 d", "1 E", "6 g", "8 h"]);
    let up = File { name: "m/f.rs".to_owned(), text: "use super::a;\nuse super::super::b;".to_owned() };
    assert_eq!(up.above().len(), 1);
    let root = File { name: "m/mod.rs".to_owned(), text: "use super::a;".to_owned() };
    assert_eq!(root.above().len(), 1);
    assert!(names("eprintln!(1)", "eprintln!") && !names("eprintln!(1)", "println!"));
}

fn may_use(module: &str, imported: &str) -> bool {
    let place = |name| LAYERS.iter().position(|layer| *layer == name);
    let before = place(imported).is_some_and(|at| Some(at) < place(module));
    let narrow = NARROWER.iter().find(|(name, _)| *name == module);
    let siblings = SIBLINGS.contains(&module) && SIBLINGS.contains(&imported);
    before && !siblings && narrow.is_none_or(|(_, allowed)| allowed.contains(&imported))
}

/// A file of source text.
#[derive(Clone)]
struct File {
    name: String,
    text: String,
}

impl File {
    /// Lines that are neither comments nor tests, numbered.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_test = self.name.ends_with("/tests.rs") || self.name.contains("/tests/");
        let tests = if is_test { 0 } else { usize::MAX };
        let tests = self.text.find("\nmod tests {").unwrap_or(tests).min(self.text.len());
        let lines = self.text[..tests].lines().enumerate().map(|(at, line)| (at + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// The first names after `root::`, also in groups, with their lines.
    fn imports(&self, root: &str) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        let lines: Vec<_> = self.code().collect();
        for (at, (line, text)) in lines.iter().enumerate() {
            for (column, _) in text.match_indices(&format!("{root}::")) {
                if text[..column].ends_with(is_word) {
                    continue;
                }
                let after = &text[column + root.len() + 2..];
                match after.strip_prefix('{') {
                    None => found.push((*line, word(after))),
                    Some(group) => {
                        let rest = lines[at + 1..].iter().map(|(_, text)| *text);
                        let group: Vec<_> = std::iter::once(group).chain(rest).collect();
                        found.extend(members(&group.join("\n")).into_iter().map(|name| (*line, name)));
                    }
                }
            }
        }
        found
    }

    /// Paths through `super` that leave the module.
    fn above(&self) -> Vec<(usize, String)> {
        let depth = self.name.matches('/').count() - usize::from(self.name.ends_with("/mod.rs"));
        let out = "super::".repeat(depth + 1);
        self.code().filter(|(_, text)| text.contains(&out)).map(|(line, _)| (line, out.clone())).collect()
    }
}

/// The names at the outer level of a group whose brace is already open.
fn members(group: &str) -> Vec<String> {
    let (mut depth, mut names, mut fresh) = (0, Vec::new(), true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            c if fresh && is_word(c) => {
                names.push(word(&group[at..]));
                fresh = false;
            }
            _ => {}
        }
    }
    names
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| is_word(*c)).collect()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a text holds a word that does not go on before or after.
fn names(text: &str, wanted: &str) -> bool {
    text.match_indices(wanted).any(|(at, _)| {
        let goes_on = wanted.ends_with(is_word) && text[at + wanted.len()..].starts_with(is_word);
        !text[..at].ends_with(is_word) && !goes_on
    })
}

/// The files of the engine.
fn files() -> Vec<File> {
    files_of("src", "")
}

/// Those of the engine, the analysis, the suites, the servers and the command: `suite/load.rs`, `cli/args.rs`.
fn all_files() -> Vec<File> {
    let crates = ["analysis", "suite", "server", "cli"];
    let of_crate = |name: &str| files_of(&format!("crates/{name}/src"), &format!("{name}/"));
    files().into_iter().chain(crates.into_iter().flat_map(of_crate)).collect()
}

fn files_of(folder: &str, prefix: &str) -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
                let name = format!("{prefix}{name}");
                let text = fs::read_to_string(&path).unwrap();
                found.push(File { name, text });
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}
