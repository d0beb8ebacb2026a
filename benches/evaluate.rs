//! Decisions from the request's path text, matching included: W1p to W4p allowed and denied, beside the same decision
//! written by hand, and W6, which grows the number of blocks.
//!
//! Criterion's report has the times; the table printed first has what a report needs: nanoseconds and allocations per
//! decision and the ratio to the hand-written function in the same run.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "benches")]

mod fixtures;

use std::{hint::black_box, time::Instant};

use criterion::Criterion;
use firewarden::storage::{Method, Request, Ruleset};
use fixtures::{native, people};

/// Batches timed for a figure of the table; the median counts.
const BATCHES: usize = 15;

fn median_ns(mut decide: impl FnMut() -> bool) -> f64 {
    let mut rounds = 64_u32;
    // Calibrate to batches of a few milliseconds.
    loop {
        let start = Instant::now();
        for _ in 0..rounds {
            black_box(decide());
        }
        if start.elapsed().as_millis() >= 4 || rounds > 1 << 26 {
            break;
        }
        rounds *= 2;
    }
    let mut times: Vec<f64> = (0..BATCHES)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..rounds {
                black_box(decide());
            }
            start.elapsed().as_nanos() as f64 / f64::from(rounds)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[BATCHES / 2]
}

fn table() {
    let (auth, stranger, upload) = (fixtures::auth(), fixtures::stranger(), fixtures::upload());
    let ada = people::ada();
    println!("{:<22}{:>9}{:>9}{:>9}{:>9}{:>8}", "decision", "permits", "evaluate", "explain", "by hand", "ratio");
    for (i, (name, rules, allowed)) in fixtures::workloads(&auth, &upload).into_iter().enumerate() {
        let rules: Ruleset = rules.parse().unwrap();
        let denied = allowed.clone().auth(&stranger);
        let (method, upload) = if i == 2 {
            (Method::Create, people::upload(1_048_576, Some("image/png"), &[("owner", "u0250"), ("camera", "x100")]))
        } else {
            (Method::Get, people::nothing())
        };
        let by_hand = native::Request {
            method,
            bucket: fixtures::BUCKET,
            name: [fixtures::W1_NAME, fixtures::W2_NAME, fixtures::W3_NAME, fixtures::W4_NAME][i],
            auth: ada.user.as_ref(),
            incoming: upload.incoming.as_ref(),
        };
        assert!(native::ALL[i](&by_hand));
        let hand = median_ns(|| native::ALL[i](black_box(&by_hand)));
        for (word, request, expected) in [("allow", &allowed, true), ("deny", &denied, false)] {
            assert_eq!(rules.permits(request, &()).unwrap(), expected, "{name} {word}");
            let permits = median_ns(|| rules.permits(black_box(request), &()).unwrap());
            let evaluate = median_ns(|| rules.evaluate(black_box(request), &()).unwrap().is_allowed());
            let explain = median_ns(|| rules.explain(black_box(request), &()).unwrap().is_allowed());
            let count = allocation_counter::measure(|| {
                black_box(rules.permits(request, &()).unwrap());
            });
            println!(
                "{:<22}{permits:>9.0}{evaluate:>9.0}{explain:>9.0}{hand:>9.1}{:>7.1}x  {} allocations",
                format!("{name} {word}"),
                permits / hand,
                count.count_total
            );
        }
    }
    let mut smallest = 0.0;
    for blocks in [10, 100, 500, 2_000] {
        let rules: Ruleset = fixtures::w6_rules(blocks).parse().unwrap();
        let name = fixtures::w6_name(blocks);
        let request = Request::new(Method::Get, fixtures::BUCKET, name.as_str()).auth(&auth);
        assert!(rules.permits(&request, &()).unwrap());
        let ns = median_ns(|| rules.permits(black_box(&request), &()).unwrap());
        if blocks == 10 {
            smallest = ns;
        }
        println!("{:<22}{ns:>9.0}{:>36.2}x of 10 blocks", format!("w6 {blocks} blocks"), ns / smallest);
    }
    println!();
}

/// W5, a whole write of 20 fields, and W6 by siblings and by depth.
fn database_table() {
    use firewarden::{Auth, database::Ruleset};
    use fixtures::database::{self, Native};

    println!("{:<22}{:>9}{:>9}{:>9}{:>9}{:>8}", "decision", "permits", "evaluate", "explain", "by hand", "ratio");
    let rules: Ruleset = database::w5_rules().parse().unwrap();
    let (auth, stored) = (fixtures::auth(), database::stored());
    let (newer, older) = (database::record(250, 4), database::record(250, 2));
    let stranger = Auth::user("u0999");
    for (word, value, auth, uid, expected) in [
        ("allow", &newer, &auth, "u0250", true),
        ("deny: last field", &older, &auth, "u0250", false),
        ("deny: not granted", &newer, &stranger, "u0999", false),
    ] {
        let (incoming, new) =
            (firewarden::database::Incoming::from(value), firewarden::database::Data::from_json(value).unwrap());
        let request = database::w5_request(auth, &incoming);
        let native = Native { path: database::W5_PATH, uid: Some(uid), new: &new, stored: &stored };
        assert_eq!(database::w5_by_hand(&native), expected, "{word}");
        assert_eq!(rules.permits(&request, &stored).unwrap(), expected, "{word}");
        let hand = median_ns(|| database::w5_by_hand(black_box(&native)));
        let permits = median_ns(|| rules.permits(black_box(&request), &stored).unwrap());
        let evaluate = median_ns(|| rules.evaluate(black_box(&request), &stored).unwrap().is_allowed());
        let explain = median_ns(|| rules.explain(black_box(&request), &stored).unwrap().is_allowed());
        let count = allocation_counter::measure(|| {
            black_box(rules.permits(&request, &stored).unwrap());
        });
        println!(
            "{:<22}{permits:>9.0}{evaluate:>9.0}{explain:>9.0}{hand:>9.1}{:>7.1}x  {} allocations",
            format!("w5 {word}"),
            permits / hand,
            count.count_total
        );
    }
    for depth in [0, 30] {
        let mut smallest = 0.0;
        for siblings in [10, 100, 500, 2_000] {
            let rules: Ruleset = database::w6_rules(siblings, depth).parse().unwrap();
            let path = database::w6_path(siblings, depth);
            let request = firewarden::database::Request::read(path.as_str()).auth(&auth);
            assert!(rules.permits(&request, &()).unwrap());
            let ns = median_ns(|| rules.permits(black_box(&request), &()).unwrap());
            if siblings == 10 {
                smallest = ns;
            }
            let name = format!("w6 db {siblings}, {} levels", depth + 2);
            println!("{name:<22}{ns:>9.0}{:>36.2}x of 10 siblings", ns / smallest);
        }
    }
    println!();
}

fn criterion_benches(criterion: &mut Criterion) {
    let (auth, stranger, upload) = (fixtures::auth(), fixtures::stranger(), fixtures::upload());
    let mut group = criterion.benchmark_group("storage/evaluate");
    for (name, rules, allowed) in fixtures::workloads(&auth, &upload) {
        let rules: Ruleset = rules.parse().unwrap();
        let denied = allowed.clone().auth(&stranger);
        group.bench_function(format!("{name}/allow"), |b| b.iter(|| rules.permits(black_box(&allowed), &()).unwrap()));
        group.bench_function(format!("{name}/deny"), |b| b.iter(|| rules.permits(black_box(&denied), &()).unwrap()));
    }
    for blocks in [10, 2_000] {
        let rules: Ruleset = fixtures::w6_rules(blocks).parse().unwrap();
        let name = fixtures::w6_name(blocks);
        let request = Request::new(Method::Get, fixtures::BUCKET, name.as_str()).auth(&auth);
        group.bench_function(format!("w6/{blocks}"), |b| b.iter(|| rules.permits(black_box(&request), &()).unwrap()));
    }
    group.finish();
    let mut group = criterion.benchmark_group("database/evaluate");
    let rules: firewarden::database::Ruleset = fixtures::database::w5_rules().parse().unwrap();
    let (stored, value) = (fixtures::database::stored(), fixtures::database::w5_value(4));
    for (name, auth) in [("w5/allow", &auth), ("w5/deny", &stranger)] {
        let request = fixtures::database::w5_request(auth, &value);
        group.bench_function(name, |b| b.iter(|| rules.permits(black_box(&request), &stored).unwrap()));
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    // `--test` only asks whether the benches run.
    if !std::env::args().any(|argument| argument == "--test") {
        table();
        database_table();
    }
    criterion_benches(&mut criterion);
    criterion.final_summary();
}
