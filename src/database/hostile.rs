//! Methods of snapshots on texts that a client stores: memory and the number of allocations grow at most in proportion to
//! the texts. `stdlib/hostile.rs` tests all other built-ins in the same way.

use serde_json::json;

use super::{Data, Request, Ruleset};
use crate::{
    stdlib::{Builtin, Dialect, table},
    value::Type,
};

const SMALL: usize = 16 << 10;
const LARGE: usize = 4 * SMALL;

/// The maximum of bytes that a decision allocates beside its data.
const MOST_MEMORY: u64 = 64 << 20;

/// The parts that texts repeat: paths of many names, of none, of one, of wide characters.
fn parts() -> [String; 6] {
    ["a/", "/", "a", "😀/", "%2F", "\u{e9}"].map(str::to_owned)
}

/// Calls of a method on each kind of location, with the text as every argument.
fn calls(method: &Builtin) -> Vec<String> {
    let text = "root.child('text').val()";
    let locations =
        ["root", "data", "newData", "data.child('x')", "root.child(root.child('text').val())", "newData.parent()"];
    let arguments = method.overloads.iter().map(|overload| {
        let each = overload.params.iter().map(|param| match param {
            Type::List => format!("[{text}, {text}, 'a']"),
            _ => text.to_owned(),
        });
        each.collect::<Vec<_>>().join(", ")
    });
    arguments.flat_map(|given| locations.map(|location| format!("{location}.{}({given})", method.name))).collect()
}

/// A boolean condition with a call, for each type of result.
fn condition(call: &str, result: Type) -> String {
    match result {
        Type::Bool => call.to_owned(),
        Type::Snapshot => format!("{call}.exists()"),
        _ => format!("{call} == null"),
    }
}

/// The peak of bytes and the number of allocations of a decision with its explanation.
fn cost(rules: &Ruleset, text: &str) -> (u64, u64) {
    let stored = Data::from_json(&json!({ "text": text, "a": { "a": { "a": 1 } }, "x": { "b": true } })).unwrap();
    let requests = [Request::read("/x"), Request::write("/x", json!({ "text": text }))];
    let memory = allocation_counter::measure(|| {
        for request in &requests {
            let decision = rules.explain(request, &stored).unwrap();
            assert!(!decision.explanation().to_string().is_empty());
            assert_eq!(rules.permits(request, &stored).unwrap(), decision.is_allowed());
        }
    });
    (memory.bytes_max, memory.count_total)
}

#[test]
fn methods_of_snapshots_cost_no_more_than_in_proportion_to_texts() {
    let mut asked = 0;
    for method in table(Dialect::Database).filter(|method| method.receiver == Some(Type::Snapshot)) {
        let result = method.overloads.first().map_or(Type::Any, |overload| overload.result);
        for call in calls(method) {
            let condition = condition(&call, result);
            let source = json!({ "rules": { "x": { ".read": condition, ".write": condition } } }).to_string();
            // A `.read` has no `newData`.
            let source = if condition.contains("newData") { source.replace(".read", ".validate") } else { source };
            let rules: Ruleset = source.parse().unwrap_or_else(|refused| panic!("{refused}"));
            for part in parts() {
                let text = |bytes: usize| part.repeat(bytes / part.len());
                let (small, large) = (cost(&rules, &text(SMALL)), cost(&rules, &text(LARGE)));
                asked += 1;
                assert!(large.0 <= 6 * small.0 + (1 << 20), "{condition} of {part:?}: {small:?}, then {large:?}");
                assert!(large.1 <= 6 * small.1 + 1_000, "{condition} of {part:?}: {small:?}, then {large:?}");
                assert!(large.0 <= MOST_MEMORY, "{condition} of {part:?}: {} bytes", large.0);
            }
        }
    }
    assert!(asked > 100, "{asked}");
}
