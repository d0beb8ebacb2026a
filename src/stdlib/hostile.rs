//! Calls every built-in and operator with values as large as requests carry: the work must grow no faster than the
//! values, and no call may allocate more than 64 MiB. Work is counted in steps, memory by the allocator.

use std::{collections::HashMap, rc::Rc};

use bumpalo::Bump;

use super::{Dialect, Failure, table};
use crate::value::{
    Comparator, DiffStatus, LatLng, ListRef, Lookup, Map, Path, Relation, StrBuf, Type, Value, ValueRef, deep_equals,
    in_list, work::counted,
};

/// Size of a document in bytes.
const DOCUMENT: usize = 1 << 20;

/// Bytes that a call may allocate in addition to its arguments.
const MOST_MEMORY: u64 = 64 << 20;

fn wide(text: &str) -> Value {
    let units: Vec<u16> = text.encode_utf16().chain([0xD800]).collect();
    Value::String(StrBuf::from_units(units))
}

fn repeated(part: &str, bytes: usize) -> String {
    part.repeat(bytes / part.len())
}

fn numbered(bytes: usize, each: usize, write: impl Fn(usize) -> String) -> String {
    (0..bytes / each).map(write).collect()
}

fn location(n: usize) -> Value {
    Value::LatLng(LatLng::new(n as f64 / 1e5 - 90.0, n as f64 / 1e5).unwrap())
}

/// Lists of zeros that differ only in their signs.
fn zeros(n: usize) -> Value {
    Value::List((0..20).map(|bit| Value::Float(if n >> bit & 1 == 0 { 0.0 } else { -0.0 })).collect())
}

/// Values of a type, of about `bytes` bytes, as a client would choose them.
fn hostile(of: Type, bytes: usize) -> Vec<Value> {
    let list = |each: usize, make: &dyn Fn(usize) -> Value| -> Vec<Value> { (0..bytes / each).map(make).collect() };
    let lists = || {
        [
            list(8, &|n| Value::Int(n as i64)),
            list(16, &location),
            list(8, &|_| Value::Float(f64::NAN)),
            list(1, &|n| Value::Bool(n % 2 == 0)),
            list(8, &|n| Value::Int((1 << 60) + n as i64)),
            list(6, &|n| Value::from(format!("{n:x}"))),
            list(160, &zeros),
            list(40, &|n| Value::Map(Map::from([("a", n as i64), ("b", -(n as i64))]))),
            list(24, &|n| Value::Set(vec![Value::Int(n as i64), Value::Int(0)])),
        ]
    };
    match of {
        // The strings of a database are larger, and their methods fewer.
        Type::String if bytes > DOCUMENT => {
            vec![Value::from(repeated("😀", bytes)), Value::from(repeated("ﬃ", bytes)), wide(&repeated("a", bytes / 2))]
        }
        Type::String => vec![
            Value::from(repeated("a", bytes)),
            Value::from(repeated("😀", bytes)),
            Value::from(repeated("/", bytes)),
            Value::from(repeated("a/", bytes)),
            Value::from(repeated("ﬃ", bytes)),
            Value::from(numbered(bytes, 10, |n| format!("/{{a{n:06}}}"))),
            Value::from(numbered(bytes, 10, |n| format!("/%41{n:06}"))),
            wide(&repeated("a", bytes)),
            wide(&repeated("😀", bytes)),
        ],
        Type::Bytes => vec![Value::Bytes(vec![0xFF; bytes])],
        Type::List => lists().into_iter().map(Value::List).collect(),
        Type::Set => {
            let distinct = |list: Vec<Value>| {
                let items = Lookup::of(Relation::Set, list.iter().map(Value::view));
                Value::Set(items.items().iter().map(|item| item.to_value()).collect())
            };
            lists().into_iter().map(distinct).collect()
        }
        Type::Vector => vec![Value::Vector(list(8, &|n| Value::Float(n as f64)))],
        Type::Map => vec![
            Value::Map((0..bytes / 12).map(|n| (format!("{n:08x}"), n as i64)).collect()),
            Value::Map((0..bytes / 20).rev().map(|n| (format!("{n:08x}"), Value::Float(f64::NAN))).collect()),
        ],
        Type::MapDiff => {
            let entry = |n: usize| (StrBuf::from(format!("{n:08x}")), DiffStatus::Added);
            vec![Value::MapDiff((0..bytes / 12).map(entry).collect())]
        }
        Type::Path => vec![Value::Path(Path::of(&repeated("/a", bytes)))],
        Type::Int => vec![Value::Int(7)],
        Type::Float => vec![Value::Float(0.5)],
        Type::Bool => vec![Value::Bool(true)],
        Type::Null => vec![Value::Null],
        Type::LatLng => vec![location(1)],
        Type::Any => vec![Value::from(repeated("a", bytes)), Value::List(list(8, &|n| Value::Int(n as i64)))],
        _ => Vec::new(),
    }
}

/// Short strings that make calls costly: patterns, templates, separators.
const SHORT: [&str; 7] = ["", "a", "a.*b|a", "(a)", "$1$1$1$1$1$1$1$1", "xxxxxxxxxxxxxxxx", "(.{1,1000}){1,200}0"];

/// Large values of a type, by the position of the argument: no argument is another one itself.
type Known = HashMap<(usize, Type), Vec<Rc<Value>>>;

/// Arguments: large values, each with a similar and a different one, and strings also with short ones. Calls with arguments
/// of the same types, which follow each other, share the values.
fn arguments(known: &mut Known, types: &[Type], bytes: usize) -> Vec<Vec<Rc<Value>>> {
    known.retain(|(at, of), _| types.get(*at) == Some(of));
    let mut all = vec![Vec::new()];
    for (at, of) in types.iter().enumerate() {
        let make = || hostile(*of, bytes).into_iter().map(Rc::new).collect();
        let large: &Vec<_> = known.entry((at, *of)).or_insert_with(make);
        let short: Vec<_> = SHORT.iter().map(|text| Rc::new(Value::from(*text))).collect();
        let mut more = Vec::new();
        for (number, before) in all.iter().enumerate() {
            let mut values: Vec<&Rc<Value>> = match at {
                0 => large.iter().collect(),
                _ => large.iter().cycle().skip(number % large.len()).take(2).collect(),
            };
            if *of == Type::String && at > 0 {
                values.truncate(1);
                values.extend(short.iter().skip(if at > 1 { 3 } else { 0 }));
            }
            more.extend(values.into_iter().map(|value| [before.as_slice(), &[Rc::clone(value)]].concat()));
        }
        all = more;
    }
    all
}

type Call = dyn Fn(&Bump, &[ValueRef<'_>]) -> bool;

/// Every call of a language, by its name, with the types of its arguments.
fn calls(dialect: Dialect) -> Vec<(String, Vec<Type>, Box<Call>)> {
    let operators = dialect.operators();
    let mut calls: Vec<(String, Vec<Type>, Box<Call>)> = Vec::new();
    for builtin in table(dialect).filter(|builtin| builtin.receiver != Some(Type::Snapshot)) {
        for overload in builtin.overloads {
            let types: Vec<_> = builtin.receiver.iter().chain(overload.params).copied().collect();
            let call: Box<Call> = Box::new(move |bump, args| {
                let result = builtin.call(operators, bump, args);
                if let (Ok(ValueRef::Bool(false)), Some(why)) = (&result, builtin.reason) {
                    why(args);
                }
                described(result)
            });
            calls.push((format!("{dialect:?} {}", builtin.signatures()), types, call));
        }
    }
    for of in [Type::String, Type::Bytes, Type::List, Type::Set, Type::Map, Type::MapDiff, Type::Path, Type::Vector] {
        let mut add =
            |name: &str, call: Box<Call>| calls.push((format!("{dialect:?} {name} {of}"), vec![of, of], call));
        add("==", Box::new(move |_, args| (operators.compare)(Comparator::Eq, args[0], args[1]).is_ok()));
        add("<", Box::new(move |_, args| (operators.compare)(Comparator::Lt, args[0], args[1]).is_ok()));
        add("+", {
            Box::new(move |bump, args| {
                // The arguments outlive the call; results do not leave it.
                described((operators.arithmetic)(bump, super::Arithmetic::Add, args[0], args[1]))
            })
        });
        if dialect == Dialect::Service {
            add("in", Box::new(|_, args| in_list(args[0], ListRef::Made(&[args[1]]))));
            add("[==]", Box::new(|_, args| deep_equals(args[0], args[1])));
        }
    }
    calls
}

fn described(result: Result<ValueRef<'_>, Failure<'_>>) -> bool {
    match result {
        Ok(value) => !value.describe().is_empty(),
        Err(failure) => failure.is_fatal(),
    }
}

fn views(values: &[Rc<Value>]) -> Vec<ValueRef<'_>> {
    values.iter().map(|value| value.view()).collect()
}

fn name(call: &str, values: &[Rc<Value>]) -> String {
    let words: Vec<_> = values.iter().map(|value| value.view().describe()).collect();
    format!("{call} of {}", words.join(", "))
}

#[test]
fn no_call_works_more_than_in_proportion_to_its_arguments() {
    const SMALL: usize = 16 << 10;
    for dialect in [Dialect::Service, Dialect::Database] {
        let (mut small, mut large) = (Known::new(), Known::new());
        for (call, types, run) in calls(dialect) {
            let few = arguments(&mut small, &types, SMALL);
            for (few, many) in few.iter().zip(arguments(&mut large, &types, 4 * SMALL)) {
                let steps = |values: &[Rc<Value>]| {
                    let views = views(values);
                    counted(|| {
                        run(&Bump::new(), &views);
                    })
                };
                let (few, steps_of_many) = (steps(few), steps(&many));
                assert!(steps_of_many <= 6 * few + 20_000, "{}: {few}, then {steps_of_many}", name(&call, &many));
            }
        }
    }
}

#[test]
fn no_call_takes_much_memory() {
    for (dialect, bytes) in [(Dialect::Service, DOCUMENT), (Dialect::Database, 10 << 20)] {
        let mut known = Known::new();
        for (call, types, run) in calls(dialect) {
            for values in arguments(&mut known, &types, bytes) {
                let views = views(&values);
                let memory = allocation_counter::measure(|| {
                    run(&Bump::new(), &views);
                });
                assert!(memory.bytes_max <= MOST_MEMORY, "{}: {} bytes", name(&call, &values), memory.bytes_max);
            }
        }
    }
}

#[test]
fn an_evaluation_takes_no_more_memory_however_many_values_it_makes() {
    let text = Value::from(repeated("a", DOCUMENT / 2));
    let bump = Bump::new();
    let memory = allocation_counter::measure(|| {
        for (_, types, run) in calls(Dialect::Service) {
            for _ in 0..40 {
                let values: Vec<_> = types.iter().map(|_| text.view()).collect();
                run(&bump, &values);
            }
        }
    });
    assert!(memory.bytes_max <= MOST_MEMORY, "{}", memory.bytes_max);
}

#[test]
fn a_path_is_as_long_as_its_text() {
    let bump = Bump::new();
    let path =
        |text: &'static str| super::function("path").unwrap().call(&super::SERVICE, &bump, &[ValueRef::from(text)]);
    let bind = super::methods(Dialect::Service, "bind").next().unwrap();
    let (both, mut inner) = (path("/{a=**}/{b=**}").unwrap(), path("/x").unwrap());
    // Each is twice as long as the one before.
    for _ in 0..64 {
        let entries = [("a".into(), inner), ("b".into(), inner)];
        let values = ValueRef::Map(crate::value::MapRef::Made(bump.alloc_slice_copy(&entries)));
        match bind.call(&super::SERVICE, &bump, &[both, values]) {
            Ok(longer) => inner = longer,
            Err(failure) => return assert!(failure.is_fatal(), "{failure}"),
        }
    }
    panic!("a path of 2^64 segments");
}

#[test]
fn searches_that_look_far_beyond_many_matches_are_refused() {
    let text = repeated("a", DOCUMENT / 8);
    let bump = Bump::new();
    for (method, pattern, more, fine) in [
        ("split", "a.*b|a", &[][..], false),
        ("split", "a", &[], true),
        ("split", "a|b", &[], true),
        ("split", "a{3,70}", &[], true),
        ("split", "a.*", &[], true),
        ("replace", "a.*b|a", &["x"], false),
        ("replace", "(a)[^b]*b|a", &["$1"], false),
        ("replace", "(a)", &["$1"], true),
        ("replace", "(a){60}", &["$1"], true),
    ] {
        let args: Vec<_> = [text.as_str(), pattern].iter().chain(more).map(|text| ValueRef::from(*text)).collect();
        let builtin = super::methods(Dialect::Service, method).next().unwrap();
        match builtin.call(&super::SERVICE, &bump, &args) {
            Ok(_) => assert!(fine, "{method} {pattern}"),
            Err(failure) => assert!(!fine && failure.to_string().contains("takes too long"), "{method}: {failure}"),
        }
    }
    // Each search may scan all of a short text.
    let short = [text.get(..4_000).unwrap(), "a.*b|a"].map(ValueRef::from);
    let split = super::methods(Dialect::Service, "split").next().unwrap();
    assert!(split.call(&super::SERVICE, &bump, &short).is_ok());
}
