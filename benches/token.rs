//! Tokens: verified with their signature, found again in the cache, minted, decoded.
//!
//! The back end is that of the features: `--features verify-aws-lc` (default) or, without default features,
//! `--features verify-rust-crypto`. The table printed first has medians and allocations.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "benches")]

use std::{hint::black_box, sync::Arc, time::Instant};

#[cfg(feature = "verify-aws-lc")]
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use criterion::Criterion;
use firewarden::{
    Timestamp,
    auth::{Algorithm, Claims, Issuer, KeySet, Keys, Signer, Verifier, decode},
    storage::{Request, Ruleset},
};
use serde_json::json;

const PRIVATE_KEY: &str = include_str!("../tests/engine/identity/keys/test-rsa-a.private.pem");
const EC_PRIVATE_KEY: &str = include_str!("../tests/engine/identity/keys/test-ec.private.pem");
const PUBLIC_KEYS: &str = include_str!("../tests/engine/identity/keys/test-jwks.json");
const CERTIFICATE: &str = include_str!("../tests/engine/identity/keys/test-rsa-a.certificate.pem");
const NOW: i64 = 1_700_000_100;

fn at(second: i64) -> Timestamp {
    Timestamp::from_secs(second).unwrap()
}

/// 17 claims, 8 groups.
fn claims() -> Claims {
    Claims::from_json(json!({
        "name": "Ada Lovelace", "picture": "https://example.com/photos/ada.png",
        "iss": "https://securetoken.google.com/demo-bench", "aud": "demo-bench",
        "auth_time": 1_700_000_000, "user_id": "u0250", "sub": "u0250", "iat": 1_700_000_000, "exp": 4_000_000_000_u64,
        "email": "ada@example.com", "email_verified": true,
        "firebase": { "identities": { "email": ["ada@example.com"] }, "sign_in_provider": "password" },
        "admin": true, "org": "acme", "level": 7, "beta": false,
        "groups": ["viewers", "commenters", "billing", "support", "qa", "editors", "ops", "legal"],
    }))
    .unwrap()
}

/// What is measured, by name. Gives whether it went well.
type Measured<'a> = (&'static str, Box<dyn Fn() -> bool + 'a>);

struct Work {
    rs256: String,
    es256: String,
    verifier: Verifier,
    pem: Verifier,
    es256_verifier: Verifier,
    cached: Verifier,
    signer: Signer,
    rules: Ruleset,
    /// What the library alone needs, to compare with.
    alone: (jsonwebtoken::DecodingKey, jsonwebtoken::Validation),
    #[cfg(feature = "verify-aws-lc")]
    signature: Signature,
}

/// The key of the RSA tokens.
fn public_key() -> serde_json::Value {
    let keys: serde_json::Value = serde_json::from_str(PUBLIC_KEYS).unwrap();
    keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == "ka").unwrap().clone()
}

/// The key of the RSA tokens and the checks that are usual with it.
fn alone() -> (jsonwebtoken::DecodingKey, jsonwebtoken::Validation) {
    let key = public_key();
    let part = |name: &str| key[name].as_str().unwrap();
    let mut checks = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    checks.set_audience(&["demo-bench"]);
    checks.set_issuer(&["https://securetoken.google.com/demo-bench"]);
    (jsonwebtoken::DecodingKey::from_rsa_components(part("n"), part("e")).unwrap(), checks)
}

/// The RS256 check of a token's signature alone, by the back end.
#[cfg(feature = "verify-aws-lc")]
struct Signature {
    components: aws_lc_rs::signature::RsaPublicKeyComponents<Vec<u8>>,
    parsed: aws_lc_rs::signature::ParsedPublicKey,
    signature: Vec<u8>,
}

#[cfg(feature = "verify-aws-lc")]
impl Signature {
    const RS256: &aws_lc_rs::signature::RsaParameters = &aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256;

    fn of(token: &str) -> Self {
        let octets = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let key = public_key();
        let part = |name: &str| octets(key[name].as_str().unwrap());
        let components = aws_lc_rs::signature::RsaPublicKeyComponents { n: part("n"), e: part("e") };
        let parsed = components.to_parsed_public_key(Self::RS256).unwrap();
        Signature { components, parsed, signature: octets(token.rsplit_once('.').unwrap().1) }
    }

    fn rebuilt(&self, message: &[u8]) -> bool {
        self.components.verify(Self::RS256, message, &self.signature).is_ok()
    }

    fn kept(&self, message: &[u8]) -> bool {
        self.parsed.verify_sig(message, &self.signature).is_ok()
    }
}

impl Work {
    fn new() -> Self {
        let keys: Arc<Keys> = Keys::new(KeySet::parse(PUBLIC_KEYS).unwrap());
        let certificates = Keys::new(KeySet::parse(&json!({ "ka": CERTIFICATE }).to_string()).unwrap());
        let signer = Signer::from_pem(PRIVATE_KEY).unwrap().key_id("ka");
        let ec = Signer::from_pem(EC_PRIVATE_KEY).unwrap().key_id("ec");
        let cached = Verifier::id_tokens("demo-bench", keys.clone()).cached(10_000);
        // The token stands among a thousand others.
        for n in 0..1_000 {
            let mut other = claims();
            other.set("sub", format!("u{n:04}"));
            assert!(cached.verify(&signer.sign(&other).unwrap(), at(NOW)).is_ok());
        }
        let rules = "rules_version = '2'; service firebase.storage { match /b/{b}/o/adminOnly/{id} {
            allow read: if request.auth.token.admin == true; } }";
        let rs256 = signer.sign(&claims()).unwrap();
        Work {
            #[cfg(feature = "verify-aws-lc")]
            signature: Signature::of(&rs256),
            rs256,
            es256: ec.sign(&claims()).unwrap(),
            verifier: Verifier::id_tokens("demo-bench", keys.clone()),
            pem: Verifier::id_tokens("demo-bench", certificates),
            es256_verifier: Verifier::issuer(
                Issuer::signed_only(Algorithm::Es256).audience("demo-bench").with_subject(),
                keys,
            ),
            cached,
            signer,
            rules: rules.parse().unwrap(),
            alone: alone(),
        }
    }

    /// What the signature check costs in any case.
    #[cfg(feature = "verify-aws-lc")]
    fn floor(&self) -> Vec<Measured<'_>> {
        let message = self.rs256.rsplit_once('.').unwrap().0.as_bytes();
        vec![
            ("RS256 signature, key rebuilt", Box::new(move || self.signature.rebuilt(black_box(message)))),
            ("RS256 signature, key kept", Box::new(move || self.signature.kept(black_box(message)))),
        ]
    }

    #[cfg(not(feature = "verify-aws-lc"))]
    fn floor(&self) -> Vec<Measured<'_>> {
        Vec::new()
    }

    fn all(&self) -> Vec<Measured<'_>> {
        let decide = || {
            let user = self.cached.verify(black_box(&self.rs256), at(NOW)).unwrap();
            let request = Request::get("photos", "adminOnly/x").auth(user.auth().unwrap());
            self.rules.permits(&request, &()).unwrap()
        };
        let seen = || self.verifier.verify(black_box(&self.rs256), at(NOW)).unwrap().auth().is_some();
        let alone = || {
            let (key, checks) = &self.alone;
            jsonwebtoken::decode::<serde_json::Value>(black_box(&self.rs256), key, checks).is_ok()
        };
        let mut all = self.floor();
        let whole: [Measured<'_>; 9] = [
            ("jsonwebtoken alone, RS256", Box::new(alone)),
            ("verify RS256, key from JWKS", Box::new(|| self.verifier.verify(black_box(&self.rs256), at(NOW)).is_ok())),
            ("verify RS256, what rules see", Box::new(seen)),
            ("verify RS256, key from X.509", Box::new(|| self.pem.verify(black_box(&self.rs256), at(NOW)).is_ok())),
            ("verify ES256", Box::new(|| self.es256_verifier.verify(black_box(&self.es256), at(NOW)).is_ok())),
            ("verify RS256, cached", Box::new(|| self.cached.verify(black_box(&self.rs256), at(NOW)).is_ok())),
            ("verify cached and decide", Box::new(decide)),
            ("decode, nothing verified", Box::new(|| decode(black_box(&self.rs256)).is_ok())),
            ("sign RS256", Box::new(|| self.signer.sign(black_box(&claims())).is_ok())),
        ];
        all.extend(whole);
        all
    }
}

fn median_ns(mut work: impl FnMut() -> bool) -> f64 {
    let mut rounds = 8_u32;
    loop {
        let start = Instant::now();
        for _ in 0..rounds {
            black_box(work());
        }
        if start.elapsed().as_millis() >= 4 || rounds > 1 << 24 {
            break;
        }
        rounds *= 2;
    }
    let mut times: Vec<f64> = (0..15)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..rounds {
                black_box(work());
            }
            start.elapsed().as_nanos() as f64 / f64::from(rounds)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[7]
}

fn main() {
    let work = Work::new();
    let bytes = work.rs256.len();
    println!("a token of {bytes} bytes");
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("token");
    for (name, run) in work.all() {
        assert!(run(), "{name}");
        let count = allocation_counter::measure(|| {
            black_box(run());
        });
        println!("{name:<32}{:>12.1} ns  {:>4} allocations", median_ns(&run), count.count_total);
        group.bench_function(name, |bencher| bencher.iter(&run));
    }
    group.finish();
    criterion.final_summary();
}
