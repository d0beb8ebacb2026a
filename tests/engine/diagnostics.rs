//! What problems in rules look like: one smallest source for each code, rendered.

use std::{collections::BTreeSet, fs, path::Path};

use firewarden::{
    Diagnostics, Error, database,
    internals::check::{Code, is_refused_if_strict},
    storage::Ruleset,
    text::{Severity, Source},
};

#[test]
fn every_code_has_a_source_that_raises_it_and_no_source_is_without_a_code() {
    let codes: BTreeSet<_> = Code::ALL.iter().map(|code| code.id().to_owned()).collect();
    let files: BTreeSet<_> = sources().into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, files);
    for (code, source) in sources() {
        let found = problems(&source);
        assert!(raises(&found, &code), "{} raises\n{found}", source.name());
    }
}

#[test]
fn every_example_in_the_code_list_raises_its_code() {
    for code in Code::ALL {
        let found = problems(&Source::new(code.id(), code.example()));
        assert!(raises(&found, code.id()), "the example of {} raises\n{found}", code.id());
    }
}

#[test]
fn codes_are_found_by_name_and_agree_with_what_is_raised() {
    for code in Code::ALL {
        assert_eq!(Code::from_id(code.id()), Some(*code));
        assert!(code.id().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{}", code.id());
        let found = problems(&Source::new(code.id(), code.example()));
        let raised = found.iter().find(|problem| problem.code == code.id()).unwrap();
        assert_eq!(raised.severity, code.severity(), "{}", code.id());
        // What is refused never runs.
        assert!(!is_refused_if_strict(code.id()) || code.severity() == Severity::Warning, "{}", code.id());
    }
    assert_eq!(Code::from_id("no-such-code"), None);
    assert!(!is_refused_if_strict("no-such-code"));
}

#[test]
fn problems_are_rendered_for_people() {
    for (code, source) in sources() {
        insta::assert_snapshot!(code, problems(&source).to_string());
    }
}

/// The source of each code, by the code.
fn sources() -> Vec<(String, Source)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics");
    let mut sources: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let code = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let name = path.file_name().unwrap().to_str().unwrap();
            (code, Source::new(name, fs::read_to_string(&path).unwrap()))
        })
        .collect();
    // No file here is as long as this one has to be.
    let long = Code::TooLarge;
    sources.push((long.id().to_owned(), Source::new("too-large.rules", long.example())));
    sources.sort_by(|a, b| a.0.cmp(&b.0));
    sources
}

fn problems(source: &Source) -> Diagnostics {
    // Database rules are JSON.
    if source.text().starts_with('{') {
        return match database::Ruleset::parse(source) {
            Ok(rules) => rules.warnings().clone(),
            Err(Error::Source(problems)) => problems,
            Err(other) => panic!("{}: {other}", source.name()),
        };
    }
    match Ruleset::parse(source) {
        Ok(rules) => rules.warnings().clone(),
        Err(Error::Source(problems)) => problems,
        Err(other) => panic!("{}: {other}", source.name()),
    }
}

fn raises(found: &Diagnostics, code: &str) -> bool {
    found.iter().any(|problem| problem.code == code)
}
