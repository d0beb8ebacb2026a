//! The recorded tables, by fused operations and by their origins.

use std::{fs, path::Path};

use bumpalo::Bump;
use firewarden::{
    Value,
    internals::{
        check,
        eval::{Evaluator, Host, NoAnswer, Reasons, Service, Silent, Subject, Verdict},
        program::{self, Methods, OpId, Program, ServiceFunction},
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
    (!check::check(&source, &ruleset).has_errors()).then(|| program::lower(&source, &ruleset).unwrap())
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

/// How often fused operations told the truth of their origins, and left it to them.
#[derive(Default)]
struct Told {
    truths: usize,
    falses: usize,
    failures: usize,
    slow: usize,
    allowed: usize,
}

impl Told {
    /// Decides a request by fused operations and by their origins, and compares. Then does so for the condition of every
    /// statement in the blocks that cover the path, whatever its method: true and false are what the origin gives, a
    /// failure is none of the two that could end the evaluation of the whole request.
    fn compare(
        &mut self,
        row: &str,
        program: &Program,
        service: &str,
        request: (&str, &str),
        variables: &Map,
        host: &Table,
    ) {
        let Some(service) = program.service(service) else { return };
        let (method, path) = request;
        let (first, second, third) = (Bump::new(), Bump::new(), Bump::new());
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let segments = Segments::from_slice(&segments);
        let resources =
            [variables.get("resource"), within(variables.get("request"), "resource")].map(|value| match value {
                Some(Value::Map(map)) => Some(Fields(map)),
                _ => None,
            });
        let subject = Subject {
            segments: &segments,
            unnamed_last: false,
            request: variables.get("request").map(Value::view),
            resource: variables.get("resource").map(Value::view),
            facts: facts(variables, &resources),
        };
        let language = |block| Service { program: service, subject: &subject, host, block };
        let method = Methods::named(method);
        let quick =
            Evaluator::new(&program.code, language(None), &first, &mut Silent).decide(&program.statements, &method);
        let slow =
            Evaluator::new(&program.code, language(None), &second, &mut Reasons).decide(&program.statements, &method);
        let permits = |verdict| matches!(verdict, Verdict::Allow(_));
        assert!(!matches!(slow, Verdict::Slow), "{row}");
        assert!(matches!(quick, Verdict::Slow) || permits(quick) == permits(slow), "{row}");
        self.allowed += usize::from(permits(slow));
        for block in service.matcher.find(&service.blocks, &segments).unwrap() {
            let block = service.blocks.get(block).unwrap();
            for statement in program.statements.slice(block.statements).unwrap() {
                if let Some(condition) = statement.condition {
                    self.fused(row, program, language(Some(block)), &third, condition);
                }
            }
        }
    }

    fn fused<'a>(&mut self, row: &str, program: &'a Program, language: Service<'a>, arena: &'a Bump, condition: OpId) {
        let origin = Evaluator::new(&program.code, language, arena, &mut Reasons).condition(condition);
        let answer = Evaluator::new(&program.code, language, arena, &mut Silent).answer(Some(condition));
        match answer {
            Ok(truth) => assert!(matches!(origin, Ok(ValueRef::Bool(found)) if found == truth), "{row}: {origin:?}"),
            Err(NoAnswer::Fails) => {
                let is_fatal = origin.is_err_and(|error| error.failure.is_fatal());
                assert!(!is_fatal && !matches!(origin, Ok(ValueRef::Bool(true))), "{row}: {origin:?}");
            }
            Err(NoAnswer::Slow) => {}
        }
        match answer {
            Ok(true) => self.truths += 1,
            Ok(false) => self.falses += 1,
            Err(NoAnswer::Fails) => self.failures += 1,
            Err(NoAnswer::Slow) => self.slow += 1,
        }
    }
}

#[test]
fn fused_operations_are_as_their_origins_in_recorded_decisions() {
    let (shared, rows): (Vec<_>, Vec<_>) = table("decisions").into_iter().partition(|row| row.get("name").is_some());
    let mut told = Told::default();
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
        let request = (row["method"].as_str().unwrap(), row["path"].as_str().unwrap());
        let host = Table { functions, prefix };
        told.compare(&row.to_string(), &program, service, request, &values(variables), &host);
    }
    let Told { truths, falses, failures, slow, allowed } = told;
    println!("{truths} {falses} {failures} {slow} {allowed}");
    assert!(truths > 100 && falses > 100 && failures > 100 && slow < truths + falses && allowed > 50);
}

#[test]
fn fused_operations_are_as_their_origins_for_recorded_expressions() {
    let mut rows = table("expressions");
    let environment = Map::from([("request", json::from_typed(&rows.remove(0)["environment"]).unwrap())]);
    rows.extend(table("expressions-fresh"));
    let host = Table { functions: Map::new(), prefix: "firestore." };
    let mut told = Told::default();
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
            told.compare(&condition, &program, "firebase.storage", ("get", "/b/bkt/o/d1"), &environment, &host);
        }
    }
    let Told { truths, falses, failures, slow, allowed } = told;
    println!("{truths} {falses} {failures} {slow} {allowed}");
    assert!(truths > 2_000 && falses > 2_000 && failures > 10_000 && slow < truths && allowed > 2_000);
}
