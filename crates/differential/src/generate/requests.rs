//! Random requests to random rules.

use firewarden::firestore::Method;
use serde_json::json;

use super::{
    rules::{self, Purpose},
    world,
};
use crate::{
    random::Random,
    request::{Asked, Case, Filter, OPERATORS, Query},
};

/// Requests that are asked of one ruleset: setting rules costs more than a request.
const PER_RULESET: usize = 12;

/// Cases that share rules and documents.
pub fn cases(random: &mut Random, purpose: Purpose) -> Vec<Case> {
    let source = rules::file(random, purpose);
    let documents = world::documents(random);
    let one = |_| {
        let requests = match purpose {
            Purpose::Documents => vec![document(random)],
            Purpose::Lists => vec![list(random)],
            Purpose::Commits => commit(random),
        };
        Case { source: source.clone(), documents: documents.clone(), requests }
    };
    (0..PER_RULESET).map(one).collect()
}

fn document(random: &mut Random) -> Asked {
    let method = match random.below(12) {
        0..4 => Method::Get,
        4..6 => Method::Create,
        6..9 => Method::Update,
        9 | 10 => Method::Delete,
        _ => return list(random),
    };
    let there = match method {
        Method::Create => false,
        Method::Update => true,
        _ => random.chance(80),
    };
    let name = random.word(if there { &world::STORED } else { &world::MISSING });
    let fields = matches!(method, Method::Create | Method::Update).then(|| world::few_fields(random));
    Asked { user: world::user(random), fields, ..Asked::new(method, name) }
}

fn list(random: &mut Random) -> Asked {
    let mut query = Query::default();
    for _ in 0..random.below(3) {
        let field = random.word(&["n", "owner", "tags", "map.a", "open", "role"]);
        let known = random.pick(&OPERATORS).copied().map_or("EQUAL", |(name, _)| name);
        let op = match field {
            "tags" if random.chance(70) => "ARRAY_CONTAINS",
            _ if random.chance(50) => "EQUAL",
            _ => known,
        };
        let value = match field {
            "map.a" => json!({ "integerValue": random.below(3).to_string() }),
            "tags" if op == "ARRAY_CONTAINS" => json!({ "stringValue": random.word(&["x", "alice"]) }),
            name => world::field(random, name),
        };
        query.filters.push(Filter { field: field.to_owned(), op, value });
    }
    if random.chance(25) {
        query.order.push((random.word(&["n", "owner"]).to_owned(), random.chance(50)));
    }
    query.limit = random.chance(40).then(|| random.below(5) as i64 + 1);
    query.offset = random.chance(10).then(|| random.below(3) as i64);
    Asked {
        user: world::user(random),
        query: Some(query),
        ..Asked::new(Method::List, random.word(&world::COLLECTIONS))
    }
}

fn commit(random: &mut Random) -> Vec<Asked> {
    let user = world::user(random);
    let mut names: Vec<&str> = world::STORED.iter().chain(&world::MISSING).copied().collect();
    let mut writes = Vec::new();
    for _ in 0..2 + random.below(3) {
        let name = names.swap_remove(random.below(names.len()));
        let there = world::STORED.contains(&name);
        let method = match (there, random.chance(70)) {
            (false, _) => Method::Create,
            (true, true) => Method::Update,
            (true, false) => Method::Delete,
        };
        let fields = (method != Method::Delete).then(|| world::few_fields(random));
        writes.push(Asked { user: user.clone(), fields, ..Asked::new(method, name) });
    }
    writes
}
