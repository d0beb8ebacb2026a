//! The rules runtime under `firebase-tools`: transcripts of lines in (`> `) and out (`< `).

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::{fs, io::Write, path::Path};

use firewarden_server::runtime::serve;
use serde_json::Value as Json;

/// Gives the lines in of a transcript to the runtime, and compares the lines out. `UPDATE_TRANSCRIPTS=1` writes them anew.
fn replay(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/runtime").join(name).with_extension("txt");
    let text = fs::read_to_string(&path).unwrap();
    let input: String =
        text.lines().filter_map(|line| line.strip_prefix("> ")).map(|line| format!("{line}\n")).collect();
    let mut output = Vec::new();
    serve(input.as_bytes(), &mut output).unwrap();
    let output = String::from_utf8(output).unwrap();
    // Each line in has one line out, after the greeting.
    let mut lines = output.lines();
    let mut written = format!("< {}\n", lines.next().unwrap());
    let mut answers = lines.map(|line| format!("< {line}\n"));
    for line in input.lines() {
        written.push_str(&format!("> {line}\n"));
        written.push_str(&answers.next().unwrap());
    }
    assert_eq!(answers.next(), None);
    if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
        return fs::write(&path, &written).unwrap();
    }
    for (number, (expected, line)) in text.lines().zip(written.lines()).enumerate() {
        assert_eq!(line, expected, "{}:{}", path.display(), number + 1);
    }
    assert_eq!(text.lines().count(), written.lines().count(), "{}", path.display());
}

#[test]
fn requests_are_decided_and_denials_explained() {
    replay("decisions");
}

#[test]
fn rulesets_are_loaded_replaced_and_refused() {
    replay("rulesets");
}

#[test]
fn documents_are_fetched_once_while_other_requests_are_answered() {
    replay("documents");
}

#[test]
fn lines_that_are_no_requests_are_answered() {
    replay("lines");
}

/// Counts how often it is written to and flushed.
#[derive(Default)]
struct Counting {
    text: Vec<u8>,
    writes: usize,
    flushes: usize,
}

impl Write for &mut Counting {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.writes += 1;
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.flushes += 1;
        Ok(())
    }
}

#[test]
fn each_message_is_one_write() {
    let mut output = Counting::default();
    let empty_lines_have_no_answer = "\n  \n{\"id\":0,\"action\":\"x\"}\n\n";
    serve(empty_lines_have_no_answer.as_bytes(), &mut output).unwrap();
    assert_eq!((output.writes, output.flushes), (2, 2));
    assert_eq!(output.text.iter().filter(|byte| **byte == b'\n').count(), 2);
}

#[test]
fn requests_that_wait_for_documents_are_bounded() {
    let rules = "rules_version = '2'; service firebase.storage { match /b/{b}/o/{f} {
        allow get: if firestore.exists(/databases/(default)/documents/a/b); } }";
    let source = serde_json::json!({ "files": [{ "name": "storage.rules", "content": rules }] });
    let load =
        serde_json::json!({ "action": "load_ruleset", "context": { "rulesetName": "0", "source": source }, "id": 0 });
    let mut input = format!("{load}\n");
    let verify = |id: usize| {
        let context = serde_json::json!({ "rulesetName": "0", "method": "get", "path": "/b/x/o/y", "variables": {} });
        format!("{}\n", serde_json::json!({ "action": "verify", "context": context, "id": id }))
    };
    (1..=4_097).for_each(|id| input.push_str(&verify(id)));
    // The last finds no room; the first is still there.
    input.push_str("{\"status\":\"ok\",\"result\":{\"fields\":{}},\"id\":1}\n");
    let mut output = Vec::new();
    serve(input.as_bytes(), &mut output).unwrap();
    let lines: Vec<Json> = output.split(|b| *b == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let [.., before, refused, answered] = lines.as_slice() else { panic!("too few lines") };
    assert_eq!(before["action"], "fetch_firestore_document");
    assert_eq!(refused["errors"][0], "4096 requests wait for documents already");
    assert_eq!(answered["result"]["permit"], true);
}
