//! The fuzz targets over their corpus, and over mutations of it: the same ones in every run.

use std::{fs, path::Path};

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Mutations of each file of a corpus.
const MUTATIONS: usize = 200;

#[test]
fn service_rules() {
    run("service_rules", firewarden_fuzz::service_rules);
}

#[test]
fn database_rules() {
    run("database_rules", firewarden_fuzz::database_rules);
}

#[test]
fn patterns() {
    run("patterns", firewarden_fuzz::patterns);
}

#[test]
fn tokens() {
    run("tokens", firewarden_fuzz::tokens);
}

#[test]
fn requests() {
    run("requests", firewarden_fuzz::requests);
}

fn run(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{name} has no corpus");
    let texts: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    let mut random = ChaCha8Rng::seed_from_u64(7);
    for text in &texts {
        target(text);
        for _ in 0..MUTATIONS {
            let other = &texts[random.random_range(0..texts.len())];
            target(&mutated(text, other, &mut random));
        }
    }
}

/// A text with a few edits: bytes that change, parts that are left out, doubled, or taken from another text.
fn mutated(text: &[u8], other: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    const TOKENS: &[u8] = b"(){}[]'\"/\\*.,:;=&|!?$-+<>%0123456789azAZ_ \n";
    let mut text = text.to_vec();
    for _ in 0..random.random_range(1..5) {
        let at = random.random_range(0..=text.len());
        let end = (at + random.random_range(1..24)).min(text.len());
        match random.random_range(0..5) {
            0 if at < text.len() => text[at] = TOKENS[random.random_range(0..TOKENS.len())],
            1 => text.insert(at, TOKENS[random.random_range(0..TOKENS.len())]),
            2 => drop(text.drain(at..end)),
            3 => {
                let part = text[at..end].to_vec();
                text.splice(at..at, part);
            }
            _ if !other.is_empty() => {
                let from = random.random_range(0..other.len());
                let to = (from + random.random_range(1..24)).min(other.len());
                text.splice(at..at, other[from..to].iter().copied());
            }
            _ => {}
        }
    }
    text
}
