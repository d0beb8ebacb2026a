//! `firewarden token` on the command line: minted, exchanged, verified, refused.

use std::path::{Path, PathBuf};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value as Json, json};

use super::runner::{self, Ran};

mod called;

const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/engine/identity/keys");
const NOW: &str = "1700000000";
const ACCOUNT: &str = "sa@demo-x.iam.gserviceaccount.com";

impl Ran {
    fn json(&self) -> Json {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{}{}", self.out, self.err))
    }
}

/// Runs the command in a folder that has the test keys, with a text on its standard input.
fn run_with(folder: &Path, input: &str, arguments: &[&str]) -> Ran {
    runner::run(folder, arguments, input)
}

fn run(folder: &Path, arguments: &[&str]) -> Ran {
    run_with(folder, "", arguments)
}

/// A folder for one test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("identity-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    for key in std::fs::read_dir(KEYS).unwrap() {
        let key = key.unwrap().path();
        std::fs::copy(&key, folder.join(key.file_name().unwrap())).unwrap();
    }
    let account = json!({
        "type": "service_account", "project_id": "demo-x", "client_email": ACCOUNT,
        "private_key": std::fs::read_to_string(folder.join("test-rsa-a.private.pem")).unwrap(),
    });
    std::fs::write(folder.join("account.json"), account.to_string()).unwrap();
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}

/// A custom token with `premiumAccount`, exchanged for a signed ID token: `id.jwt`.
fn id_token(folder: &Path) -> String {
    let minted = run(
        folder,
        &["token", "mint", "alice", "--key", "account.json", "--claims", r#"{"premiumAccount": true}"#, "--now", NOW],
    );
    assert_eq!((minted.status, minted.err.as_str()), (0, ""));
    write(folder, "custom.jwt", &minted.out);
    let exchanged = run(
        folder,
        &[
            "token",
            "exchange",
            "custom.jwt",
            "--keys",
            "test-rsa-a.public.pem",
            "--account",
            ACCOUNT,
            "--project",
            "demo-x",
            "--sign-with",
            "test-rsa-a.private.pem",
            "--kid",
            "ka",
            "--now",
            NOW,
        ],
    );
    assert_eq!((exchanged.status, exchanged.err.as_str()), (0, ""));
    write(folder, "id.jwt", &exchanged.out);
    exchanged.out.trim().to_owned()
}

const VERIFY: [&str; 7] = ["token", "verify", "id.jwt", "--keys", "test-jwks.json", "--project", "demo-x"];

fn verify(folder: &Path, more: &[&str]) -> Ran {
    run(folder, &[&VERIFY[..], more].concat())
}

#[test]
fn a_token_is_minted_exchanged_and_verified() {
    let folder = folder("chain");
    id_token(&folder);
    let verified = verify(&folder, &["--now", NOW, "--format", "json"]);
    assert_eq!(verified.status, 0, "{}", verified.err);
    let answer = verified.json();
    assert_eq!((&answer["verified"], &answer["uid"]), (&json!(true), &json!("alice")));
    assert_eq!(answer["claims"]["premiumAccount"], true);
    assert_eq!(answer["claims"]["firebase"], json!({ "identities": {}, "sign_in_provider": "custom" }));
    // The time may be written either way.
    assert_eq!(verify(&folder, &["--now", "2023-11-14T22:13:20Z"]).status, 0);
    // The clock is the computer's without it: the token expired long ago.
    assert_eq!(verify(&folder, &[]).status, 1);
}

#[test]
fn bad_tokens_are_refused_with_their_official_codes() {
    let folder = folder("refused");
    let token = id_token(&folder);
    let code = |ran: &Ran| ran.json()["error"]["code"].as_str().unwrap().to_owned();
    let refused = |token: &str, more: &[&str]| {
        write(&folder, "id.jwt", token);
        let ran = verify(&folder, &[&["--format", "json", "--now", NOW], more].concat());
        assert_eq!(ran.status, 1, "{}", ran.out);
        (code(&ran), ran.json()["error"]["message"].as_str().unwrap().to_owned())
    };
    let (message, signature) = token.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let flipped = refused(&format!("{message}.{first}{}", &signature[1..]), &[]);
    assert_eq!(flipped.0, "auth/argument-error");
    assert!(flipped.1.starts_with("Firebase ID token has invalid signature."));
    write(&folder, "id.jwt", &token);
    let expired = verify(&folder, &["--now", "1700003600", "--format", "json"]);
    assert_eq!((expired.status, code(&expired).as_str()), (1, "auth/id-token-expired"));
    let words = verify(&folder, &["--now", "1700003600"]);
    assert!(words.out.is_empty() && words.err.contains("has expired") && words.err.contains("auth/id-token-expired"));
    let arguments = ["token", "verify", "id.jwt", "--keys", "test-jwks.json", "--project", "other", "--now", NOW];
    let other = run(&folder, &[&arguments[..], &["--format", "json"]].concat());
    assert_eq!((other.status, code(&other).as_str()), (1, "auth/argument-error"));
    assert!(other.json()["error"]["message"].as_str().unwrap().contains(r#"Expected "other" but got "demo-x""#));
    let custom = std::fs::read_to_string(folder.join("custom.jwt")).unwrap();
    assert!(refused(&custom, &[]).1.contains("was given a custom token"));
    assert_eq!(refused("nonsense", &[]).0, "auth/argument-error");
    write(&folder, "id.jwt", &token);
    let tenant = verify(&folder, &["--now", NOW, "--tenant", "t1", "--format", "json"]);
    assert_eq!(code(&tenant), "auth/mismatching-tenant-id");
}

#[test]
fn a_refusal_comes_with_a_hint() {
    let folder = folder("hints");
    let token = id_token(&folder);
    let hint = |ran: &Ran| ran.err.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap_or_default().to_owned();
    // In words, also where little is printed, and as a member of the JSON.
    write(&folder, "id.jwt", &format!("Bearer {token}"));
    let words = verify(&folder, &["--now", NOW, "--quiet"]);
    assert!(words.status == 1 && hint(&words).contains("the scheme `Bearer`"), "{}", words.all());
    let told = verify(&folder, &["--now", NOW, "--format", "json"]).json();
    assert!(told["error"]["hint"].as_str().unwrap().contains("the scheme `Bearer`"), "{told}");
    let decoded = run(&folder, &["token", "decode", "id.jwt"]);
    assert!(decoded.status == 2 && hint(&decoded).contains("the scheme `Bearer`"), "{}", decoded.all());
    write(&folder, "id.jwt", &token);
    // An ID token handed in for a custom one, verified and as the emulator takes it.
    let exchange = ["token", "exchange", "id.jwt", "--project", "demo-x", "--now", NOW];
    for more in [&["--unsigned"][..], &["--keys", "test-rsa-a.public.pem", "--account", ACCOUNT]] {
        let exchanged = run(&folder, &[&exchange, more].concat());
        assert!(exchanged.status == 1 && hint(&exchanged).contains("this is an ID token"), "{}", exchanged.all());
    }
    // A custom token handed in for an ID token, signed and as the emulator mints it.
    let minted = run(&folder, &["token", "mint", "alice", "--unsigned", "--now", NOW]);
    write(&folder, "unsigned.jwt", &minted.out);
    for (file, mode) in [("custom.jwt", "signed"), ("unsigned.jwt", "signed"), ("unsigned.jwt", "emulator")] {
        let by: &[&str] = if mode == "emulator" { &["--emulator"] } else { &["--keys", "test-jwks.json"] };
        let ran = run(&folder, &[&["token", "verify", file, "--project", "demo-x", "--now", NOW], by].concat());
        assert!(ran.status == 1 && hint(&ran).contains("signInWithCustomToken"), "{file} {mode}: {}", ran.all());
    }
    // The same where a request is decided.
    write(&folder, "storage.rules", STORAGE_RULES);
    let by =
        ["--token", "custom.jwt", "--keys", "test-jwks.json", "--project", "demo-x", "--time", "2023-11-14T22:13:20Z"];
    let eval = ["eval", "storage.rules", "get", "premium/alice/a.mp4"];
    let words = run(&folder, &[&eval[..], &by].concat());
    assert!(words.status == 1 && hint(&words).contains("signInWithCustomToken"), "{}", words.all());
    let told = run(&folder, &[&eval[..], &by, &["--format", "json"]].concat()).json();
    assert!(told["hint"].as_str().unwrap().contains("signInWithCustomToken"), "{told}");
}

#[test]
fn a_skew_beyond_what_is_allowed_is_refused_in_words() {
    let folder = folder("skew");
    id_token(&folder);
    // Issued 300 seconds from now.
    let early = ["--now", "1699999700", "--format", "json"];
    assert_eq!(verify(&folder, &[&early[..], &["--skew", "300"]].concat()).status, 0);
    let refused = verify(&folder, &[&early[..], &["--skew", "299"]].concat());
    assert!(refused.json()["error"]["hint"].as_str().unwrap().contains("5 minutes ahead"), "{}", refused.out);
    for (skew, words) in [
        ("301", "at most 300 seconds"),
        ("99999999", "at most 300 seconds"),
        ("-5", "cannot be negative"),
        ("5m", "whole seconds"),
        ("1.5", "whole seconds"),
    ] {
        let ran = verify(&folder, &[&early[..], &["--skew", skew]].concat());
        assert!(ran.status == 2 && ran.err.contains(words), "{skew}: {}", ran.all());
    }
}

#[test]
fn text_in_utf_16_is_named() {
    let folder = folder("utf-16");
    let token = id_token(&folder);
    let octets: Vec<u8> = "\u{feff}".chars().chain(token.chars()).flat_map(|c| (c as u16).to_le_bytes()).collect();
    std::fs::write(folder.join("id.jwt"), octets).unwrap();
    let ran = verify(&folder, &["--now", NOW]);
    assert!(ran.status == 2 && ran.err.contains("this is UTF-16"), "{}", ran.all());
}

#[test]
fn secrets_come_from_files_and_are_not_printed() {
    let folder = folder("secrets");
    let account = std::fs::read_to_string(folder.join("account.json")).unwrap();
    let minted =
        run_with(&folder, &account, &["token", "mint", "alice", "--key", "-", "--now", NOW, "--format", "json"]);
    assert_eq!(minted.status, 0, "{}", minted.err);
    let payload = minted.json()["payload"].clone();
    assert_eq!((&payload["uid"], &payload["iss"]), (&json!("alice"), &json!(ACCOUNT)));
    assert!(!minted.out.contains("PRIVATE"));
    // A key that cannot be read is not repeated.
    write(&folder, "bad.pem", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n");
    let bad = run(&folder, &["token", "mint", "alice", "--key", "bad.pem", "--account", "a@b"]);
    assert_eq!(bad.status, 2);
    assert!(bad.err.contains("bad.pem") && !bad.err.contains("c2VjcmV0"));
    let without = run(&folder, &["token", "mint", "alice", "--key", "test-rsa-a.private.pem"]);
    assert!(without.status == 2 && without.err.contains("--account"));
    let public = run(&folder, &["token", "mint", "a", "--key", "test-rsa-a.public.pem", "--account", "a@b"]);
    assert_eq!(public.status, 2);
    // Nothing takes a token as an argument.
    let given = run(&folder, &["token", "decode", "a.b.c"]);
    assert_eq!(given.status, 2);
}

#[test]
fn what_may_not_be_minted_is_refused() {
    let folder = folder("minting");
    let mint = |uid: &str, more: &[&str]| {
        run(&folder, &[&["token", "mint", uid, "--key", "account.json", "--format", "json"], more].concat())
    };
    let message = |ran: &Ran| ran.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message(&mint("", &[])).contains("non-empty string uid"));
    assert!(message(&mint(&"u".repeat(129), &[])).contains("128 characters"));
    assert!(message(&mint("a", &["--claims", r#"{"sub": 1}"#])).contains("\"sub\" is reserved"));
    assert!(message(&mint("a", &["--claims", "[1]"])).contains("non-null object"));
    assert!(message(&mint("a", &["--lifetime", "3601"])).contains("3600"));
    assert_eq!(mint("a", &["--claims", "{"]).status, 2);
    assert_eq!(mint("a", &["--claims", r#"{"sub": 1}"#, "--node-compatible"]).status, 0);
}

#[test]
fn what_surprises_is_warned_of() {
    let folder = folder("warnings");
    let claims = r#"{"uid": 1, "email": "x", "level": 1}"#;
    let minted = run(&folder, &["token", "mint", "a", "--key", "account.json", "--now", NOW, "--claims", claims]);
    assert_eq!(minted.status, 0);
    assert!(minted.err.contains("warning: the claim `uid`") && minted.err.contains("warning: the claim `email`"));
    assert!(!minted.err.contains("level"));
    let whose = |email: &str| run(&folder, &["token", "mint", "a", "--key", "account.json", "--account", email]);
    assert_eq!(whose(ACCOUNT).status, 0);
    assert!(whose("other@x").status == 2 && whose("other@x").err.contains(&format!("{ACCOUNT}'s, not other@x's")));
    write(&folder, "custom.jwt", &minted.out);
    let sign = |key: &str| {
        let exchange = ["token", "exchange", "custom.jwt", "--project", "demo-x", "--unsigned", "--now", NOW];
        run(&folder, &[&exchange[..], &["--sign-with", key]].concat())
    };
    let unnamed = sign("test-rsa-a.private.pem");
    assert!(unnamed.status == 0 && unnamed.err.contains("--kid"), "{}", unnamed.err);
    let curve = sign("test-ec.private.pem");
    assert!(curve.status == 2 && curve.err.contains("RS256"), "{}", curve.err);
}

#[test]
fn what_a_token_says_never_reaches_the_terminal_as_it_is() {
    let folder = folder("terminal");
    let claims = json!({ "aud": "\u{1b}[2Jx\nerror: ok", "sub": "a" });
    let part = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
    let header = json!({ "alg": "RS256", "kid": "ka" });
    write(&folder, "id.jwt", &format!("{}.{}.AAAA", part(&header), part(&claims)));
    let refused = verify(&folder, &["--now", NOW]);
    assert_eq!(refused.status, 1);
    assert!(refused.err.contains("\\u{1b}[2Jx\\nerror: ok"), "{}", refused.err);
    assert_eq!(refused.err.lines().count(), 1);
}

#[test]
fn tokens_of_the_emulator_are_taken_when_they_are_asked_for() {
    let folder = folder("emulator");
    let minted = run(&folder, &["token", "mint", "bob", "--unsigned", "--claims", r#"{"role": "x"}"#, "--now", NOW]);
    write(&folder, "custom.jwt", &minted.out);
    let keys = ["--keys", "test-jwks.json", "--account", ACCOUNT];
    let exchange = ["token", "exchange", "custom.jwt", "--project", "demo-x", "--now", NOW];
    assert_eq!(run(&folder, &[&exchange[..], &keys[..]].concat()).status, 1);
    assert_eq!(run(&folder, &exchange).status, 2);
    let user = r#"{"email": "Bob@Example.com", "customClaims": {"role": "db", "level": 1}, "displayName": "Bob"}"#;
    let exchanged = run(
        &folder,
        &[&exchange[..], &["--unsigned", "--user", user, "--emulator-token", "--format", "json"]].concat(),
    );
    let answer = exchanged.json();
    assert_eq!(answer["isNewUser"], false);
    assert_eq!(answer["claims"]["role"], "x");
    assert_eq!((&answer["claims"]["level"], &answer["claims"]["email"]), (&json!(1), &json!("bob@example.com")));
    write(&folder, "id.jwt", answer["idToken"].as_str().unwrap());
    assert_eq!(verify(&folder, &["--now", NOW]).status, 1);
    let emulated = run(
        &folder,
        &["token", "verify", "id.jwt", "--project", "demo-x", "--emulator", "--now", NOW, "--format", "json"],
    );
    assert_eq!((emulated.status, &emulated.json()["verified"]), (0, &json!(false)));
    let decoded = run(&folder, &["token", "decode", "id.jwt"]);
    assert_eq!(decoded.json()["header"], json!({ "alg": "none", "typ": "JWT" }));
    assert!(decoded.err.contains("decoded only"));
    let disabled = run(&folder, &[&exchange[..], &["--unsigned", "--user", r#"{"disabled": true}"#]].concat());
    assert!(disabled.status == 1 && disabled.err.contains("USER_DISABLED"));
    let misspelt = run(&folder, &[&exchange[..], &["--unsigned", "--user", r#"{"mail": "x"}"#]].concat());
    assert!(misspelt.status == 2 && misspelt.err.contains("mail"));
    let reserved =
        run(&folder, &[&exchange[..], &["--unsigned", "--user", r#"{"customClaims": {"iss": 1}}"#]].concat());
    assert!(reserved.status == 2 && reserved.err.contains("auth/reserved-claim"));
}

#[test]
fn a_single_key_in_pem_is_named_by_an_option() {
    let folder = folder("pem");
    id_token(&folder);
    let pem =
        ["token", "verify", "id.jwt", "--keys", "test-rsa-a.certificate.pem", "--project", "demo-x", "--now", NOW];
    assert_eq!(run(&folder, &[&pem[..], &["--kid", "ka"]].concat()).status, 0);
    assert_eq!(run(&folder, &pem).status, 1);
    let custom = ["token", "verify", "custom.jwt", "--kind", "custom-token", "--keys", "test-rsa-a.certificate.pem"];
    assert_eq!(run(&folder, &[&custom[..], &["--account", ACCOUNT, "--now", NOW]].concat()).status, 0);
    assert_eq!(run(&folder, &[&custom[..], &["--account", "other@x", "--now", NOW]].concat()).status, 1);
    for without_project in [&["--keys", "test-jwks.json"][..], &["--emulator"]] {
        let ran = run(&folder, &[&["token", "verify", "id.jwt"], without_project].concat());
        assert!(ran.status == 2 && ran.err.contains("--project"), "{}", ran.all());
    }
}

const STORAGE_RULES: &str = "rules_version = '2';
service firebase.storage {
  match /b/{bucket}/o {
    match /premium/{uid}/{file} {
      allow read: if request.auth.uid == uid && request.auth.token.premiumAccount == true;
    }
  }
}
";

const DATABASE_RULES: &str = r#"{
  "rules": {
    "premium": {
      "$uid": { ".read": "auth !== null && auth.uid === $uid && auth.token.premiumAccount === true && auth.provider === 'custom'" }
    }
  }
}
"#;

#[test]
fn rules_of_both_languages_decide_on_the_verified_user() {
    let folder = folder("rules");
    let token = id_token(&folder);
    write(&folder, "storage.rules", STORAGE_RULES);
    write(&folder, "database.rules.json", DATABASE_RULES);
    let by = ["--token", "id.jwt", "--keys", "test-jwks.json", "--project", "demo-x", "--time", "2023-11-14T22:13:20Z"];
    let storage =
        |path: &str, more: &[&str]| run(&folder, &[&["eval", "storage.rules", "get", path], &by[..], more].concat());
    let database = |path: &str, more: &[&str]| {
        run(&folder, &[&["eval", "database.rules.json", "read", path], &by[..], more].concat())
    };
    for (ran, status) in [
        (storage("premium/alice/a.mp4", &[]), 0),
        (storage("premium/bob/a.mp4", &[]), 1),
        (database("premium/alice", &[]), 0),
        (database("premium/bob", &[]), 1),
    ] {
        assert_eq!(ran.status, status, "{}{}", ran.out, ran.err);
    }
    // The same from a file, which names the others from where it stands.
    let request = json!({
        "rules": "storage.rules", "method": "get", "path": "premium/alice/a.mp4", "token": "id.jwt",
        "keys": "test-jwks.json", "project": "demo-x", "time": "2023-11-14T22:13:20Z",
    });
    write(&folder, "request.json", &request.to_string());
    let file = folder.join("request.json");
    assert_eq!(run(Path::new("/"), &["eval", "--request", file.to_str().unwrap()]).status, 0);
    // Refused tokens are denied with their codes, whatever the rules say.
    write(&folder, "storage.rules", &STORAGE_RULES.replace("request.auth.uid == uid &&", "true ||"));
    let refused = |ran: Ran| {
        assert_eq!(ran.status, 1, "{}{}", ran.out, ran.err);
        ran.json()["code"].as_str().unwrap().to_owned()
    };
    let late = ["--time", "2023-11-14T23:13:20Z", "--format", "json"];
    let expired = [&["eval", "storage.rules", "get", "premium/alice/a.mp4"], &by[..6], &late[..]].concat();
    assert_eq!(refused(run(&folder, &expired)), "auth/id-token-expired");
    let elsewhere: Vec<_> = by.iter().map(|word| if *word == "demo-x" { "other" } else { word }).collect();
    let elsewhere =
        [&["eval", "storage.rules", "get", "premium/alice/a.mp4", "--format", "json"], &elsewhere[..]].concat();
    assert_eq!(refused(run(&folder, &elsewhere)), "auth/argument-error");
    let (message, signature) = token.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    write(&folder, "id.jwt", &format!("{message}.{first}{}", &signature[1..]));
    assert_eq!(refused(storage("premium/alice/a.mp4", &["--format", "json"])), "auth/argument-error");
    let words = storage("premium/alice/a.mp4", &[]);
    assert!(words.err.contains("the token is refused: Firebase ID token has invalid signature"), "{}", words.err);
    for wrong in [&["--token", "id.jwt"][..], &["--keys", "test-jwks.json"], &[&by[..], &["--as", "bob"]].concat()] {
        let ran = run(&folder, &[&["eval", "storage.rules", "get", "premium/alice/a.mp4"], wrong].concat());
        assert_eq!(ran.status, 2, "{}", ran.err);
    }
}
