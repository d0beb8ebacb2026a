//! Comments cite the specifications in `docs/spec/` by section: each of those is there.

use std::{
    fs,
    path::{Path, PathBuf},
};

const SPECIFICATIONS: [&str; 4] = ["language", "runtime", "realtime-database", "identity"];

#[test]
fn cited_sections_are_in_the_specifications() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let headings = |name: &str| -> Vec<String> {
        let text = fs::read_to_string(root.join(format!("docs/spec/{name}.md"))).unwrap();
        let numbers = text.lines().filter_map(|line| line.trim_start_matches('#').strip_prefix(' '));
        numbers
            .filter_map(|line| line.split(' ').next())
            .map(|number| number.trim_end_matches('.').to_owned())
            .collect()
    };
    let known: Vec<_> = SPECIFICATIONS.iter().map(|name| (*name, headings(name))).collect();
    let (mut cited, mut wrong) = (0, Vec::new());
    for file in files(&root.join("src")) {
        for (name, sections) in citations(&fs::read_to_string(&file).unwrap()) {
            let Some((_, headings)) = known.iter().find(|(known, _)| *known == name) else {
                wrong.push(format!("{}: no specification is called {name:?}", file.display()));
                continue;
            };
            for section in sections {
                cited += 1;
                if !headings.contains(&section) {
                    wrong.push(format!("{}: the {name} specification has no section {section}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cited > 50, "{cited} citations are read");
}

/// The specifications that comments cite, each with its sections: `runtime specification, sections 11 and 15`.
fn citations(code: &str) -> Vec<(String, Vec<String>)> {
    let comments: Vec<_> = code
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("//"))
        .flat_map(|line| line.trim_start_matches(['/', '!']).split_whitespace())
        .collect();
    let mut found = Vec::new();
    for (at, word) in comments.iter().enumerate() {
        if !word.starts_with("specification") || !comments.get(at + 1).is_some_and(|next| next.starts_with("section")) {
            continue;
        }
        let name = at.checked_sub(1).and_then(|before| comments.get(before)).unwrap_or(&"").trim_start_matches('(');
        let mut sections = Vec::new();
        for word in comments.iter().skip(at + 2) {
            let number = word.trim_end_matches([',', ';', ':', '.', ')']);
            let is_number = number.starts_with(|c: char| c.is_ascii_digit());
            if is_number {
                sections.push(number.to_owned());
            }
            let ends = word.ends_with([';', ':', '.', ')']);
            if ends || !(is_number || matches!(*word, "and" | "to")) {
                break;
            }
        }
        found.push((name.to_owned(), sections));
    }
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

#[test]
fn citations_are_read_over_line_ends() {
    let code =
        "//! The order of evaluation (runtime\n//! specification, sections 3 and 4.1; more), and `x`.\nfn f() {}\n";
    assert_eq!(citations(code), [("runtime".to_owned(), vec!["3".to_owned(), "4.1".to_owned()])]);
}
