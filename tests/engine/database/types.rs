//! The static types: for each position what it takes, for each type its members (specification, sections 3.2 and 3.3,
//! recorded on the service for every pair).

use firewarden::{
    Auth,
    database::{Data, Request},
};
use serde_json::json;

use super::{allows, refused, rules};

/// An expression of each type, and which positions take it: as a condition, compared, ordered or added, computed with,
/// as a string.
const TYPES: [(&str, &str, [bool; 5]); 15] = [
    ("Boolean", "data.exists()", [true, true, false, false, false]),
    ("Number", "now", [false, true, true, true, false]),
    ("Number", "$key.length", [false, true, true, true, false]),
    ("String", "$key", [false, true, true, false, true]),
    ("String", "auth.uid.toLowerCase()", [false, true, true, false, true]),
    ("Null", "null", [false, true, false, false, false]),
    ("Regex", "/a/", [false; 5]),
    ("Snapshot", "root", [false; 5]),
    ("SnapshotMethod", "data.val", [false; 5]),
    ("Value", "data.val()", [false, true, true, true, true]),
    ("Auth", "auth.token.level", [false, true, true, true, true]),
    ("Query", "query", [false; 5]),
    ("QueryValue", "query.equalTo", [false, true, true, true, false]),
    ("Value of a choice", "(now > 1 ? $key : 1)", [false, true, true, true, true]),
    ("Mixed", "(now > 1 ? now : true)", [false, true, true, true, true]),
];

/// A position: the rule with `@` for the operand, which column of the table says what it takes, the message.
const POSITIONS: [(&str, usize, &str); 29] = [
    ("@", 0, "Expression must evaluate to a boolean."),
    ("!@", 0, "! only operates on booleans."),
    ("@ && true", 0, "Left operand of && must be boolean."),
    ("true && @", 0, "Right operand of && must be boolean."),
    ("@ || true", 0, "Left operand of || must be boolean."),
    ("true || @", 0, "Right operand of || must be boolean."),
    ("@ ? true : false", 0, "condition of ? must be boolean."),
    ("@ == 1", 1, "Invalid == expression: left operand is not a number, boolean, string, null."),
    ("1 == @", 1, "Invalid == expression: right operand is not a number, boolean, string, or null."),
    ("@ === 1", 1, "Invalid == expression: left operand is not a number, boolean, string, null."),
    ("@ != 1", 1, "Invalid != expression: left operand is not a number, boolean, string, or null."),
    ("1 !== @", 1, "Invalid != expression: right operand is not a number, boolean, string, or null."),
    ("@ < 1", 2, "Invalid < expression: left operand must be a number or string."),
    ("1 <= @", 2, "Invalid <= expression: right operand must be a number or string."),
    ("@ > 'a'", 2, "Invalid > expression: left operand must be a number or string."),
    ("'a' >= @", 2, "Invalid >= expression: right operand must be a number or string."),
    ("@ + 1 == 1", 2, "Invalid + expression: left operand is not a number or string."),
    ("'a' + @ == 1", 2, "Invalid + expression: right operand is not a number or string."),
    ("@ - 1 == 1", 3, "Invalid - expression: left operand is not a number."),
    ("1 * @ == 1", 3, "Invalid * expression: right operand is not a number."),
    ("@ / 1 == 1", 3, "Invalid / expression: left operand is not a number."),
    ("1 % @ == 1", 3, "Invalid % expression: right operand is not a number."),
    ("-@ == 1", 3, "- only operates on numbers."),
    ("root.child(@).exists()", 4, "child() expects a string argument."),
    ("root.hasChild(@)", 4, "hasChild() expects a string argument."),
    ("root.hasChildren(['a', @])", 4, "hasChildren() expects an array of strings."),
    ("$key.contains(@)", 4, "contains() expects a string argument."),
    ("$key.replace(@, 'b') == 'b'", 4, "Argument 1 of replace() must be a string."),
    ("$key.replace('a', @) == 'b'", 4, "Argument 2 of replace() must be a string."),
];

fn judged(expression: &str) -> Result<(), String> {
    let source = json!({ "rules": { "$key": { ".write": expression } } });
    match source.to_string().parse::<firewarden::database::Ruleset>() {
        Ok(_) => Ok(()),
        Err(_) => {
            let found = refused(&source.to_string());
            // One rule gives one error.
            assert_eq!(found.iter().filter(|problem| problem.is_error()).count(), 1, "{expression}\n{found}");
            Err(found.iter().next().unwrap().message.clone())
        }
    }
}

#[test]
fn every_position_takes_the_types_it_takes() {
    let mut wrong = Vec::new();
    for (position, column, message) in POSITIONS {
        for (name, expression, takes) in TYPES {
            let expression = position.replace('@', expression);
            let expected = if takes[column] { Ok(()) } else { Err(message.to_owned()) };
            let got = judged(&expression);
            if got != expected {
                wrong.push(format!("{expression} ({name}): {got:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_array_is_nothing_but_the_argument_of_has_children() {
    for (position, ..) in POSITIONS {
        let expression = position.replace('@', "['a']");
        assert_eq!(judged(&expression), Err("Unexpected array literal.".to_owned()), "{expression}");
    }
    for expression in
        ["['a'].length == 1", "data.child(['a']).exists()", "data.foo == ['a']", "data.hasChildren([['a']])"]
    {
        assert_eq!(judged(expression), Err("Unexpected array literal.".to_owned()), "{expression}");
    }
    for expression in ["data.hasChildren(['a'])", "data.hasChildren((['a', auth.uid]))", "data.hasChildren([])"] {
        assert_eq!(judged(expression), Ok(()), "{expression}");
    }
    let one = "hasChildren() expects only a single argument (containing an array of child names).";
    assert_eq!(judged("data.hasChildren(['a'], ['b'])"), Err(one.to_owned()));
}

#[test]
fn every_type_has_its_members() {
    let none = Err("Invalid property access: target is not an object.".to_owned());
    let unknown = |name: &str| Err(format!("No such method/property '{name}'."));
    let no_function = Err("Type error: Function call on target that is not a function.".to_owned());
    for (name, expression, _) in TYPES {
        let judged = |rest: &str| judged(&format!("({expression}){rest}"));
        match name {
            "Snapshot" => {
                assert_eq!(judged(".foo == 1"), unknown("foo"), "{name}");
                assert_eq!(judged(".length == 1"), unknown("length"), "{name}");
                assert_eq!(judged(".contains('a')"), unknown("contains"), "{name}");
                assert_eq!(judged("['exists']()"), Ok(()), "{name}");
            }
            "String" | "Value" | "Value of a choice" => {
                assert_eq!(judged(".foo == 1"), unknown("foo"), "{name}");
                assert_eq!(judged(".length == 1"), Ok(()), "{name}");
                assert_eq!(judged(".length() == 1"), no_function, "{name}");
                assert_eq!(judged(".contains('a')"), Ok(()), "{name}");
                assert_eq!(judged(".exists()"), unknown("exists"), "{name}");
            }
            "Auth" => {
                assert_eq!(judged(".foo == 1"), Ok(()), "{name}");
                assert_eq!(judged(".length == 1"), Ok(()), "{name}");
                assert_eq!(judged(".exists()"), no_function, "{name}");
                assert_eq!(judged("[$key] == 1"), Ok(()), "{name}");
                assert_eq!(judged(".contains('a')"), Ok(()), "{name}");
            }
            "Query" => {
                assert_eq!(judged(".foo == 1"), unknown("foo"), "{name}");
                assert_eq!(judged(".startAfter == 1"), unknown("startAfter"), "{name}");
                assert_eq!(judged(".limitToLast == 1"), Ok(()), "{name}");
                assert_eq!(judged(".orderByKey"), Ok(()), "{name}");
                assert_eq!(judged(".limitToLast() == 1"), no_function, "{name}");
            }
            _ => {
                assert_eq!(judged(".foo == 1"), none, "{name}");
                assert_eq!(judged("['foo'] == 1"), none, "{name}");
                assert_eq!(judged(".contains('a')"), none, "{name}");
            }
        }
        // A computed name is for claims; otherwise it is refused before the type is looked at.
        let computed = Err("Invalid property access.".to_owned());
        assert_eq!(judged("[$key] == 1"), if name == "Auth" { Ok(()) } else { computed }, "{name}");
    }
}

#[test]
fn methods_count_their_arguments() {
    for method in ["val", "exists", "isString", "isNumber", "isBoolean", "parent", "getPriority"] {
        let expected = Err(format!("{method}() expects no arguments."));
        assert_eq!(judged(&format!("data.{method}(1) == 1")), expected);
    }
    for method in ["toLowerCase", "toUpperCase"] {
        assert_eq!(judged(&format!("$key.{method}('a') == 'a'")), Err(format!("{method}() expects no arguments.")));
    }
    for method in ["contains", "beginsWith", "endsWith"] {
        for arguments in ["", "'a', 'b'"] {
            let expected = Err(format!("{method}() expects 1 argument."));
            assert_eq!(judged(&format!("$key.{method}({arguments})")), expected);
        }
    }
    assert_eq!(judged("$key.replace('a') == 'a'"), Err("replace() expects two arguments.".to_owned()));
    let literal = Err("matches() expects a regular expression literal argument.".to_owned());
    assert_eq!(judged("$key.matches('a')"), literal);
    assert_eq!(judged("$key.matches((/a/))"), Ok(()));
    let count = Err("matches() expects 1 regular expression literal argument.".to_owned());
    assert_eq!(judged("$key.matches(/a/, /b/)"), count);
}

#[test]
fn names_are_those_of_the_place_and_the_places_around() {
    let unknown = |name: &str| Err(format!("Unknown variable '{name}'."));
    assert_eq!(judged("$other == 'a'"), unknown("$other"));
    assert_eq!(judged("undefined == null"), unknown("undefined"));
    assert_eq!(judged("request.auth != null"), unknown("request"));
    let read = json!({ "rules": { ".read": "newData.exists()" } }).to_string();
    assert_eq!(refused(&read).iter().next().unwrap().message, "newData is invalid in .read expressions.");
    rules(&json!({ "rules": { "$a": { "b": { "$c": { ".read": "$a == $c && query.orderByKey" } } } } }));
}

#[test]
fn the_first_error_from_the_left_is_the_one_reported() {
    for (expression, message) in [
        ("data.foo == 1 && data.bar == 2", "No such method/property 'foo'."),
        ("1 == data || foo", "Invalid == expression: right operand is not a number, boolean, string, or null."),
        ("data == newData", "Invalid == expression: left operand is not a number, boolean, string, null."),
        ("true ? foo : bar", "Unknown variable 'foo'."),
    ] {
        assert_eq!(judged(expression), Err(message.to_owned()), "{expression}");
    }
}

#[test]
fn operators_bind_as_in_javascript() {
    use firewarden::database::Request;
    for (expression, expected) in [
        ("true == 1 < 2", true),
        ("1 < 2 == 2 < 3", true),
        ("true || true && false", true),
        ("1 + 2 * 3 == 7", true),
        ("7 % 4 * 2 == 6", true),
        ("8 - 4 - 2 == 2", true),
        ("- - 1 == 1", true),
        ("!!true", true),
        ("-1 + 2 == 1", true),
        ("false ? true : false ? false : true", true),
        ("true ? false : true ? true : true", false),
        ("false || true ? true : false", true),
        ("('a' + 1 + 2) == 'a12' && (1 + 2 + 'a') == '3a'", true),
        ("0x10 == 16 && 010 == 8 && .5 == 0.5 && 5. == 5 && 1e3 == 1000 && 08 == 8", true),
        ("'\\x41\\u0042\\103\\n'.length == 4 && 'it\\'s' == \"it's\"", true),
        ("1 /* a */ == 1 // b\n && true", true),
    ] {
        let rules = rules(&json!({ "rules": { ".read": expression } }));
        assert_eq!(rules.permits(&Request::read("/"), &()).unwrap(), expected, "{expression}");
    }
}

#[test]
fn what_is_no_value_fails_where_one_is_wanted() {
    // A choice has no type that is known before, so that these are compiled.
    for (rule, expected) in [
        ("(true ? /a/ : 'b') == '/a/'", false),
        ("(true ? /a/ : 'b') != '/a/'", false),
        ("(true ? data.val : 'b') == null", false),
        ("(false ? data.val : 'b') == 'b'", true),
        // What has no length has none that is other than two.
        ("auth.token.number.length != 2", false),
        ("auth.token.yes.length != 2", false),
        ("auth.token.none.length != 2", false),
        ("auth.token.text.length == 2", true),
        ("auth.none.length == null", false),
    ] {
        let claims = json!({ "sub": "a", "number": 5, "yes": true, "text": "ab" });
        let rules = rules(&json!({ "rules": { ".read": rule } }));
        let request = Request::read("/").auth(Auth::from_claims(claims));
        assert_eq!(allows(&rules, &request, &Data::default()), expected, "{rule}");
    }
}
