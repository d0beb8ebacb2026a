//! firewarden: the request as a user gives it, path matching included.

use firewarden::{Auth, database, firestore, storage};
use serde_json::json;

use crate::{
    Piece,
    fixtures::{self, database as records, people},
};

fn almost() -> Auth {
    people::almost().auth.unwrap()
}

fn get(workload: &'static str, rules: &str, name: String, denied: Auth) -> Piece {
    let rules: storage::Ruleset = rules.parse().unwrap();
    let decide = |auth: Auth| {
        let (rules, request) = (rules.clone(), storage::Request::get(fixtures::BUCKET, name.clone()).auth(auth));
        move || rules.permits(std::hint::black_box(&request), &()).unwrap()
    };
    Piece::new(workload, decide(fixtures::auth()), decide(denied))
}

pub fn pieces() -> Vec<Piece> {
    let images: storage::Ruleset = fixtures::w3_rules().parse().unwrap();
    let upload = |auth: Auth| {
        let (rules, request) =
            (images.clone(), storage::Request::create(fixtures::BUCKET, fixtures::upload()).auth(auth));
        move || rules.permits(std::hint::black_box(&request), &()).unwrap()
    };
    let mut pieces = vec![
        get("W1", &fixtures::w1_rules(), fixtures::W1_NAME.to_owned(), almost()),
        get("W2", &fixtures::w2_rules(), fixtures::W2_NAME.to_owned(), almost()),
        Piece::new("W3", upload(fixtures::auth()), upload(fixtures::stranger())),
        get("W4", &fixtures::w4_rules(), fixtures::W4_NAME.to_owned(), almost()),
    ];
    let rules: database::Ruleset = records::w5_rules().parse().unwrap();
    let write = |version| {
        let (rules, stored) = (rules.clone(), records::stored());
        let request = database::Request::write(records::W5_PATH, records::record(250, version)).auth(fixtures::auth());
        move || rules.permits(std::hint::black_box(&request), &stored).unwrap()
    };
    pieces.push(Piece::new("W5", write(4), write(2)));
    for (workload, blocks) in [("W6/10", 10), ("W6/2000", 2_000)] {
        pieces.push(get(workload, &fixtures::w6_rules(blocks), fixtures::w6_name(blocks), fixtures::stranger()));
    }
    pieces
}

/// The same rules for documents: what a Firestore engine decides too.
pub fn firestore_pieces() -> Vec<Piece> {
    let decide = |rules: &str, request: firestore::Request<'static>, denied: Auth, workload| {
        let rules: firestore::Ruleset = rules.parse().unwrap();
        let decide = |auth: Auth| {
            let (rules, request) = (rules.clone(), request.clone().auth(auth));
            move || rules.permits(std::hint::black_box(&request), &()).unwrap()
        };
        Piece::new(workload, decide(fixtures::auth()), decide(denied))
    };
    let get = |path: &str| firestore::Request::get(path.to_owned());
    let image = firestore::Document::new(fixtures::W3_NAME, upload());
    let mut pieces = vec![
        decide(&documents(&fixtures::w1_rules()), get(fixtures::W1_NAME), almost(), "W1"),
        decide(&documents(&fixtures::w2_rules()), get(fixtures::W2_NAME), almost(), "W2"),
        decide(&documents(&fixtures::w3_rules()), firestore::Request::create(image), fixtures::stranger(), "W3"),
        decide(&documents(&fixtures::w4_rules()), get(fixtures::W4_NAME), almost(), "W4"),
    ];
    for (workload, blocks) in [("W6/10", 10), ("W6/2000", 2_000)] {
        let rules = fixtures::w6_firestore_rules(blocks);
        pieces.push(decide(&rules, get(&fixtures::w6_name(blocks)), fixtures::stranger(), workload));
    }
    pieces
}

/// The fields of W3's upload, as those of a document.
pub fn upload() -> serde_json::Value {
    json!({ "size": 1_048_576, "contentType": "image/png", "metadata": { "owner": "u0250", "camera": "x100" } })
}

/// Storage rules as Firestore rules.
pub fn documents(rules: &str) -> String {
    let rules = rules.replace("service firebase.storage", "service cloud.firestore");
    let rules = rules.replace("match /b/{bucket}/o", "match /databases/{database}/documents");
    rules.replace("request.resource.", "request.resource.data.")
}
