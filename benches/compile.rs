//! From text to decisions: reading (`parse`), and reading, checking and compiling (`compile`), by size of the rules.
#![allow(clippy::unwrap_used, missing_docs, reason = "benches")]

mod fixtures;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use firewarden::{internals::syntax::parse_service, storage::Ruleset, text::Source};

fn sources() -> Vec<(String, String)> {
    vec![
        ("w3".to_owned(), fixtures::w3_rules()),
        ("w4".to_owned(), fixtures::w4_rules()),
        ("w6-500".to_owned(), fixtures::w6_rules(500)),
    ]
}

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("storage/parse");
    for (name, text) in sources() {
        group.throughput(Throughput::Bytes(text.len() as u64));
        let source = Source::new("storage.rules", text);
        group.bench_function(name, |b| b.iter(|| parse_service(black_box(&source)).unwrap()));
    }
    group.finish();
}

fn compile(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("storage/compile");
    for (name, text) in sources() {
        group.throughput(Throughput::Bytes(text.len() as u64));
        let source = Source::new("storage.rules", text);
        group.bench_function(name, |b| b.iter(|| Ruleset::parse(black_box(&source)).unwrap()));
    }
    group.finish();
}

criterion_group!(benches, parse, compile);
criterion_main!(benches);
