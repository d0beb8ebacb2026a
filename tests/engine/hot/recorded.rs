//! The recorded tables through both ways.

use std::{fs, path::Path};

use bumpalo::Bump;
use firewarden::{
    Value,
    internals::{
        check,
        eval::{Evaluator, Host, Service, Silent, Subject, Verdict},
        program::{self, Program, RequestedMethod, ServiceFunction},
        request::{Facts, Resource, User},
        stdlib::{Failure, member_of},
        syntax,
    },
    text::Source,
    value::{Map, PathRef, Record, Segments, Symbol, ValueRef, json},
};
use serde_json::Value as Json;

/// Answers by function and path; `*` is for every path without its own.
struct Table {
    functions: Map,
    prefix: &'static str,
}

impl<'a> Host<'a> for Table {
    fn call(&'a self, function: ServiceFunction, path: PathRef<'a>, _: &'a Bump) -> Result<ValueRef<'a>, Failure<'a>> {
        let text = path.text().as_str().to_string();
        let row = match self.functions.get(&format!("{}{}", self.prefix, function.name())) {
            Some(Value::Map(rows)) => rows.get(&text).or_else(|| rows.get("*")),
            _ => None,
        };
        row.map_or(Err(Failure::Message("no such document")), |value| member_of(value.view()))
    }
}

/// The cases of a table: of its file, and of the files in the folder of its name.
fn table(name: &str) -> Vec<Json> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle");
    let topics = fs::read_dir(folder.join(name)).into_iter().flatten().map(|entry| entry.unwrap().path());
    let files = [folder.join(name).with_extension("jsonl")].into_iter().chain(topics);
    let texts: Vec<_> = files.map(|path| fs::read_to_string(path).unwrap()).collect();
    let lines = texts.iter().flat_map(|text| text.lines()).filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn values(rows: &Json) -> Map {
    let rows = rows.as_object().into_iter().flatten();
    rows.map(|(key, value)| (key.as_str(), json::from_typed(value).unwrap())).collect()
}

/// The program, where the compiler accepts the text.
fn compiled(text: &str) -> Option<Program> {
    let source = Source::new("a.rules", text);
    let ruleset = syntax::parse_service(&source).ok()?;
    (!check::check(&source, &ruleset).has_errors()).then(|| program::lower(&source, &ruleset))
}

/// A map as a host's record.
struct Fields<'v>(&'v Map);

impl Record for Fields<'_> {
    fn get(&self, symbol: Symbol) -> Option<ValueRef<'_>> {
        self.field(symbol.text())
    }

    fn field(&self, name: &str) -> Option<ValueRef<'_>> {
        self.0.get(name).map(Value::view)
    }

    fn symbols(&self) -> &'static [Symbol] {
        &[]
    }
}

fn within<'v>(value: Option<&'v Value>, name: &str) -> Option<&'v Value> {
    match value {
        Some(Value::Map(map)) => map.get(name),
        _ => None,
    }
}

/// What a product would know of these variables; none where its requests never look so.
fn facts<'v>(variables: &'v Map, [existing, incoming]: &'v [Option<Fields<'v>>; 2]) -> Option<Facts<'v>> {
    let request = variables.get("request");
    let user = match within(request, "auth")? {
        Value::Null => None,
        auth => Some(User { uid: within(Some(auth), "uid")?, token: within(Some(auth), "token")? }),
    };
    let resource = |value: Option<&Value>, record: &'v Option<Fields<'v>>| match (value, record) {
        (_, Some(record)) => {
            let name = if record.0.get("metadata").is_some() { Symbol::Metadata } else { Symbol::Data };
            let fields = match record.0.get(name.text()) {
                Some(Value::Map(fields)) => Some(fields),
                _ => None,
            };
            Resource::Record { record, name, fields }
        }
        (Some(Value::Null), None) => Resource::Nothing,
        _ => Resource::Unknown,
    };
    Some(Facts {
        user,
        incoming: resource(within(request, "resource"), incoming),
        existing: resource(variables.get("resource"), existing),
    })
}

/// The verdicts of both ways; tests may not be able to tell.
fn both(
    program: &Program,
    service: &str,
    method: &str,
    path: &str,
    variables: &Map,
    host: &Table,
) -> (Option<bool>, bool) {
    let Some(program_of) = program.service(service) else { return (Some(false), false) };
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let path = Segments::from_slice(&segments);
    let resources =
        [variables.get("resource"), within(variables.get("request"), "resource")].map(|value| match value {
            Some(Value::Map(map)) => Some(Fields(map)),
            _ => None,
        });
    let subject = Subject {
        segments: &path,
        unnamed_last: false,
        request: variables.get("request").map(Value::view),
        resource: variables.get("resource").map(Value::view),
        facts: facts(variables, &resources),
    };
    let language = || Service { program: program_of, subject: &subject, host, block: None };
    let (first, second) = (Bump::new(), Bump::new());
    let quick = Evaluator::new(&program.code, language(), &first, &mut Silent)
        .permits(&program.statements, RequestedMethod::new(method));
    let verdict = Evaluator::new(&program.code, language(), &second, &mut Silent).decide(&program.statements, method);
    (quick, matches!(verdict, Verdict::Allow(_)))
}

#[test]
fn recorded_decisions_are_the_same_by_tests() {
    let (shared, rows): (Vec<_>, Vec<_>) = table("decisions").into_iter().partition(|row| row.get("name").is_some());
    let (mut told, mut untold) = (0, 0);
    for row in rows {
        let service = row["service"].as_str().unwrap_or("cloud.firestore");
        let text = match row["source"].as_str() {
            Some(source) => source.to_owned(),
            None => format!(
                "rules_version = '{}';\nservice {service} {{\n{}\n}}\n",
                row["version"].as_i64().unwrap_or(2),
                row["body"].as_str().unwrap()
            ),
        };
        let Some(program) = compiled(&text) else { continue };
        let variables = match row["variables"].as_str() {
            Some(name) => &shared.iter().find(|shared| shared["name"] == name).unwrap()["variables"],
            None => &row["variables"],
        };
        let functions = row["functions"].as_object().into_iter().flatten();
        let functions = functions.map(|(name, rows)| (name.as_str(), Value::Map(values(rows)))).collect();
        let prefix = if service == "firebase.storage" { "firestore." } else { "" };
        let (method, path) = (row["method"].as_str().unwrap(), row["path"].as_str().unwrap());
        let host = Table { functions, prefix };
        let (quick, slow) = both(&program, service, method, path, &values(variables), &host);
        match quick {
            Some(quick) => assert_eq!(quick, slow, "{row}"),
            None => untold += 1,
        }
        told += usize::from(quick.is_some());
    }
    assert!(told > 500 && untold < told / 4, "{told} and {untold}");
}

#[test]
fn recorded_expressions_as_conditions_are_the_same_by_tests() {
    let mut rows = table("expressions");
    let environment = Map::from([("request", json::from_typed(&rows.remove(0)["environment"]).unwrap())]);
    rows.extend(table("expressions-fresh"));
    let host = Table { functions: Map::new(), prefix: "firestore." };
    let (mut told, mut allowed) = (0, 0);
    for row in rows {
        let (expression, functions) = (row["expr"].as_str().unwrap(), row["pre"].as_str().unwrap_or(""));
        let conditions = [
            expression.to_owned(),
            format!("!({expression}) || ({expression})"),
            format!("({expression}) == true && f(({expression}))"),
            format!("f({expression}) || request.v is map && !f({expression})"),
        ];
        for condition in conditions {
            let Some(program) = compiled(&format!(
                "rules_version = '2'; service firebase.storage {{ match /b/{{bucket}}/o {{ {functions} \
                 function f(x) {{ let y = x; return y == y && x != null; }} \
                 match /{{doc}} {{ allow get: if {condition}; }} }} }}"
            )) else {
                continue;
            };
            let (quick, slow) = both(&program, "firebase.storage", "get", "/b/bkt/o/d1", &environment, &host);
            if let Some(quick) = quick {
                assert_eq!(quick, slow, "{condition}");
                (told, allowed) = (told + 1, allowed + usize::from(slow));
            }
        }
    }
    assert!(told > 20_000 && allowed > 2_000, "{told}, {allowed} of them allowed");
}
