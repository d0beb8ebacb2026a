//! The decisions written by hand in Rust, the path split first.

use std::hint::black_box;

use crate::{
    Piece,
    fixtures::{
        self,
        database::{self, Native},
        native,
        people::{self, Person, Upload},
    },
};
use firewarden::{database::Data, storage::Method};

pub fn pieces() -> Vec<Piece> {
    let decide = |at: usize, method, name: &'static str, person: Person, upload: Upload| {
        move || {
            let (auth, incoming) = (person.user.as_ref(), upload.incoming.as_ref());
            let request = native::Request { method, bucket: fixtures::BUCKET, name, auth, incoming };
            native::ALL[at](black_box(&request))
        }
    };
    let upload = || people::upload(1_048_576, Some("image/png"), &[("owner", "u0250"), ("camera", "x100")]);
    let names = [fixtures::W1_NAME, fixtures::W2_NAME, fixtures::W3_NAME, fixtures::W4_NAME];
    let mut pieces: Vec<Piece> = (0..4)
        .map(|at| {
            let method = if at == 2 { Method::Create } else { Method::Get };
            let one = |person| decide(at, method, names[at], person, upload());
            Piece::new(["W1", "W2", "W3", "W4"][at], one(people::ada()), one(people::stranger()))
        })
        .collect();
    let write = |version| {
        let (stored, new) = (database::stored(), Data::from_json(&database::record(250, version)).unwrap());
        move || {
            let path = database::W5_PATH;
            database::w5_by_hand(black_box(&Native { path, uid: Some("u0250"), new: &new, stored: &stored }))
        }
    };
    pieces.push(Piece::new("W5", write(4), write(2)));
    pieces
}
