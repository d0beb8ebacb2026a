//! The pages of the repository hold what they say: their suites run as they stand, their links lead somewhere, and the
//! pages that rustdoc shows link to what is there, too.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use firewarden_suite::{Options, Suites, discover};

/// The folder of the repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The pages that rustdoc shows (`src/lib.rs`), with the number of tests in the suites that they print.
const SHOWN: [(&str, usize); 7] = [
    ("README.md", 9),
    ("docs/suites.md", 3),
    ("docs/migrate.md", 53),
    ("docs/lints.md", 0),
    ("docs/jsonl.md", 0),
    ("CONFORMANCE.md", 0),
    ("examples/README.md", 0),
];

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The fenced blocks of a page whose first line is a comment that names a file: the name, and the whole block.
fn files(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if !line.starts_with("```") {
            continue;
        }
        let block: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
        let name = block.first().and_then(|line| line.strip_prefix("// ").or_else(|| line.strip_prefix("# ")));
        let is_file = |name: &&str| [".rules", ".rules.json", ".test.yaml"].iter().any(|end| name.ends_with(end));
        if let Some(name) = name.filter(is_file) {
            found.push((name.to_owned(), block.join("\n") + "\n"));
        }
    }
    found
}

/// Writes the files of a page into folders: a name that was there already begins the next one.
fn folders(name: &str, page: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages").join(name.replace('/', "-"));
    let _ = fs::remove_dir_all(&root);
    let mut folders: Vec<PathBuf> = Vec::new();
    for (file, text) in files(page) {
        let is_new = folders.last().is_none_or(|folder| folder.join(&file).exists());
        if is_new {
            folders.push(root.join(folders.len().to_string()));
        }
        let folder = folders.last().unwrap();
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(file), text).unwrap();
    }
    folders
}

#[test]
fn suites_of_the_pages_pass_without_a_note() {
    let now = "2026-11-22T10:00:00Z".parse().unwrap();
    for (name, tests) in SHOWN {
        let mut passed = 0;
        for folder in folders(name, &page(name)) {
            let found = discover(std::slice::from_ref(&folder)).unwrap();
            let suites = Suites::load(&firewarden_suite::Disk, &found, now);
            assert!(suites.errors.is_empty() && suites.warnings.is_empty(), "{name}: {:?}", suites.errors);
            let run = suites.run(&Options { strict: true, ..Options::default() }, &|_| ());
            assert!(run.passed(), "{name}, {}: {:#?}", folder.display(), run.results);
            passed += run.counts().0;
        }
        assert_eq!(passed, tests, "{name}");
    }
}

/// Every Markdown page of the repository.
fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" {
            pages(&path, found);
        } else if name.ends_with(".md") {
            found.push(path.strip_prefix(ROOT).unwrap_or(&path).to_owned());
        }
    }
}

/// A link of a page.
struct Link {
    target: String,
    /// Whether a page of rustdoc can lead it elsewhere: `[name]`, with the target at the page's end.
    is_reference: bool,
}

/// Links outside code: `](target)`, and `[name]: target` at the beginning of a line.
fn links(page: &str) -> Vec<Link> {
    let mut found = Vec::new();
    let mut is_code = false;
    for line in page.lines() {
        is_code ^= line.trim_start().starts_with("```");
        if is_code {
            continue;
        }
        if let Some((_, target)) = line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")) {
            found.push(Link { target: target.to_owned(), is_reference: true });
        }
        // Every second piece between backquotes is code.
        for text in line.split('`').step_by(2) {
            for rest in text.split("](").skip(1) {
                let target = rest.split(')').next().unwrap_or_default().to_owned();
                found.push(Link { target, is_reference: false });
            }
        }
    }
    found
}

/// How a heading is called in a link.
fn anchors(page: &str) -> HashSet<String> {
    let heading = |line: &str| line.starts_with('#').then(|| line.trim_start_matches('#').trim().to_lowercase());
    let anchor = |heading: String| {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.collect::<String>().replace(' ', "-")
    };
    page.lines().filter_map(heading).map(anchor).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut found = Vec::new();
    pages(Path::new(ROOT), &mut found);
    assert!(found.len() > 10, "{found:?}");
    let mut broken = Vec::new();
    let mut count = 0;
    for name in &found {
        let text = page(&name.to_string_lossy());
        for Link { target, .. } in links(&text).iter().filter(|link| !link.target.contains("://")) {
            count += 1;
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = name.parent().unwrap().join(path);
            let at = if target.starts_with('#') { name.clone() } else { path };
            if !Path::new(ROOT).join(&at).exists()
                || !anchor.is_empty() && !anchors(&page(&at.to_string_lossy())).contains(anchor)
            {
                broken.push(format!("{}: {target}", name.display()));
            }
        }
    }
    assert!(broken.is_empty() && count >= 8, "{count} links, broken: {broken:#?}");
}

/// rustdoc shows these pages under other addresses. There, a link to a file leads nowhere, unless `src/lib.rs` leads it to
/// the page's module before the page's own definition does.
#[test]
fn links_of_the_published_documentation_lead_to_its_pages() {
    let lib = fs::read_to_string(Path::new(ROOT).join("src/lib.rs")).unwrap();
    for (name, _) in SHOWN {
        assert!(lib.contains(&format!("include_str!(\"../{name}\")")), "rustdoc does not show {name}");
        let text = page(name);
        let local =
            links(&text).into_iter().filter(|link| !link.target.contains("://") && !link.target.starts_with('#'));
        for Link { target, is_reference } in local {
            assert!(is_reference, "{name}: write [{target}] and its target at the end of the page");
            let definition = text.lines().find(|line| line.ends_with(&format!("]: {target}"))).unwrap();
            let label = definition.split_once("]: ").unwrap().0;
            let (before, _) = lib.split_once(&format!("include_str!(\"../{name}\")")).unwrap();
            let block = before.rsplit_once("include_str!").map_or(before, |(_, block)| block);
            assert!(block.contains(&format!("{label}]: ")), "src/lib.rs does not lead {label}] of {name} to a page");
        }
    }
}
