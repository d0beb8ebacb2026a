//! The table of built-ins keeps its promises: every entry is documented by an example that is true.

use std::collections::BTreeSet;

use firewarden::{
    database,
    internals::stdlib,
    storage::{Request, Ruleset},
    value::Type,
};
use serde_json::json;

#[test]
fn every_example_is_true() {
    let mut wrong = Vec::new();
    for builtin in stdlib::table(stdlib::Dialect::Service) {
        let name = builtin.qualified_name();
        let block = format!("match /b/{{bucket}}/o/{{name}} {{\n    allow get: if {};\n  }}", builtin.example);
        let rules = format!("rules_version = '2';\nservice firebase.storage {{\n  {block}\n}}\n");
        match rules.parse::<Ruleset>() {
            Err(refused) => wrong.push(format!("{name}: {refused}")),
            Ok(rules) => {
                let decision = rules.explain(&Request::get("b", "x"), &()).unwrap();
                if !decision.is_allowed() {
                    wrong.push(format!("{name}:\n{}", decision.explanation()));
                }
                if !rules.warnings().is_empty() {
                    wrong.push(format!("{name}:\n{}", rules.warnings()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_example_of_database_rules_is_true() {
    let stored = json!({ "a": { "b": 1 }, "s": "x", "t": true, "p": { ".value": 2, ".priority": 7 } });
    let stored = database::Data::from_json(&stored).unwrap();
    let mut wrong = Vec::new();
    for builtin in stdlib::table(stdlib::Dialect::Database) {
        let name = builtin.qualified_name();
        let source = json!({ "rules": { ".read": builtin.example } }).to_string();
        match source.parse::<database::Ruleset>() {
            Err(refused) => wrong.push(format!("{name}: {refused}")),
            Ok(rules) => {
                let decision = rules.explain(&database::Request::read("/"), &stored).unwrap();
                if !decision.is_allowed() {
                    wrong.push(format!("{name}:\n{}", decision.explanation()));
                }
            }
        }
        // `length` is a property.
        let call = format!(".{}{}", builtin.name, if builtin.name == "length" { "" } else { "(" });
        if !builtin.example.contains(&call) {
            wrong.push(format!("{name} is not in its example: {}", builtin.example));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_example_calls_its_function() {
    // What a query tells of a value cannot be written in rules.
    for builtin in stdlib::table(stdlib::Dialect::Service).filter(|builtin| builtin.receiver != Some(Type::Constraint))
    {
        let call = match (builtin.receiver, builtin.package) {
            (Some(_), _) => format!(".{}(", builtin.name),
            (None, Some(package)) => format!("{package}.{}(", builtin.name),
            (None, None) => format!("{}(", builtin.name),
        };
        assert!(builtin.example.contains(&call), "{}: {}", builtin.qualified_name(), builtin.example);
    }
}

/// The built-ins of both languages.
fn both() -> impl Iterator<Item = &'static stdlib::Builtin> {
    stdlib::table(stdlib::Dialect::Service).chain(stdlib::table(stdlib::Dialect::Database))
}

#[test]
fn every_entry_says_in_a_sentence_what_it_means() {
    for builtin in both() {
        let (name, doc) = (builtin.qualified_name(), builtin.doc);
        assert!(doc.starts_with(|c: char| c.is_uppercase() || c == '`'), "{name}: {doc:?}");
        assert!(doc.ends_with('.') && !doc.contains('\n'), "{name}: {doc:?}");
        assert!(!builtin.overloads.is_empty(), "{name} can never be called");
    }
}

#[test]
fn no_two_entries_have_the_same_name() {
    let mut names = BTreeSet::new();
    let of = |dialect| stdlib::table(dialect).map(move |builtin| (dialect, builtin));
    for (dialect, builtin) in of(stdlib::Dialect::Service).chain(of(stdlib::Dialect::Database)) {
        let name = (
            dialect == stdlib::Dialect::Service,
            builtin.receiver.map(|receiver| receiver.name()),
            builtin.package,
            builtin.name,
        );
        assert!(names.insert(name), "{name:?} is there twice");
        assert!(builtin.receiver.is_none() || builtin.package.is_none(), "{} is a method of a package", builtin.name);
    }
    assert!(!names.is_empty());
}
