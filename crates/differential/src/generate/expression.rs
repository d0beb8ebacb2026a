//! Random typed expressions over everything the language has. Built-ins come from the engine's own table, so that a new
//! one is asked about without a change here.

use firewarden::{
    internals::stdlib::{Builtin, Dialect, Overload, table},
    value::Type,
};

use super::literals::{TYPES, literal, pattern, replacement};
use crate::random::Random;

/// What expressions may name.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Variables, or members of them, with their types.
    pub variables: Vec<(String, Type)>,
    /// Functions with the number of their parameters.
    pub functions: Vec<(String, usize)>,
}

/// Makes expressions.
#[derive(Debug)]
pub struct Expressions<'r> {
    /// The choices.
    pub random: &'r mut Random,
    /// What may be named.
    pub scope: &'r Scope,
}

#[rustfmt::skip]
const FAILING: &[&str] = &[
    "1 / 0", "null.a", "nothing", "[1][3]", "({'a': 1}).b", "int('x')", "1 % 0", "resource.data.zz", "request.zz", "'a' + 1",
    "(9223372036854775807 + 1)", "unknown(1)", "math.nothing(1)", "null[0]", "request.auth.uid", "({})['k']", "'a'[5]",
];
#[rustfmt::skip]
const TYPE_NAMES: &[&str] = &[
    "bool", "bytes", "constraint", "duration", "float", "int", "latlng", "list", "vector", "set", "number", "map", "string",
    "timestamp", "path", "map_diff",
];
const COMPARISONS: &[&str] = &["<", "<=", ">", ">="];
const ORDERED: [Type; 6] = [Type::Int, Type::Float, Type::String, Type::Bytes, Type::Duration, Type::Timestamp];
const NAMES: &[&str] = &["a", "b", "k", "x", "size", "é", "data"];

impl Expressions<'_> {
    /// An expression that should have that type; some fail, and some are of another type.
    pub fn of(&mut self, want: Type, depth: usize) -> String {
        if depth == 0 || self.random.chance(12) {
            return self.leaf(want);
        }
        let want = if want == Type::Any || self.random.chance(6) { self.any_type() } else { want };
        match self.random.below(100) {
            0..3 => self.random.word(FAILING).to_owned(),
            3..42 => self.builtin(want, depth),
            42..72 => self.operation(want, depth),
            72..79 => {
                let (condition, yes, no) =
                    (self.of(Type::Bool, depth - 1), self.of(want, depth - 1), self.of(want, depth - 1));
                let text = format!("{} ? {} : {}", self.held(&condition), self.held(&yes), self.held(&no));
                self.maybe_held(text, 90)
            }
            79..84 => self.call(want, depth),
            84..92 => self.taken_out(want, depth),
            92..95 => format!("({})", self.of(want, depth - 1)),
            _ => self.leaf(want),
        }
    }

    fn any_type(&mut self) -> Type {
        self.random.pick(&TYPES).copied().unwrap_or(Type::Null)
    }

    fn leaf(&mut self, want: Type) -> String {
        let named: Vec<_> = self
            .scope
            .variables
            .iter()
            .filter(|(_, of)| *of == want || *of == Type::Any || want == Type::Any)
            .collect();
        if self.random.chance(35)
            && let Some((name, _)) = self.random.pick(&named)
        {
            return name.clone();
        }
        literal(self.random, want)
    }

    /// In parentheses, unless it needs none.
    fn held(&mut self, text: &str) -> String {
        let name = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'_') && !text.starts_with('-');
        let bare = name || text.starts_with('(') && closes_at_end(text);
        if bare || self.random.chance(15) { text.to_owned() } else { format!("({text})") }
    }

    fn maybe_held(&mut self, text: String, percent: usize) -> String {
        if self.random.chance(percent) { format!("({text})") } else { text }
    }

    fn builtin(&mut self, want: Type, depth: usize) -> String {
        let fits = |overload: &Overload| overload.result == want || overload.result == Type::Any;
        let all: Vec<(&Builtin, &Overload)> = table(Dialect::Service)
            .flat_map(|builtin| builtin.overloads.iter().map(move |overload| (builtin, overload)))
            .filter(|(_, overload)| fits(overload))
            .collect();
        let Some((builtin, overload)) = self.random.pick(&all).copied() else { return self.leaf(want) };
        let mut arguments = Vec::new();
        for (at, param) in overload.params.iter().enumerate() {
            arguments.push(self.argument(builtin.name, at, *param, depth));
        }
        if self.random.chance(3) {
            arguments.pop();
        } else if self.random.chance(2) {
            arguments.push(self.leaf(Type::Any));
        }
        let arguments = arguments.join(", ");
        match (builtin.receiver, builtin.package) {
            (Some(receiver), _) => {
                let receiver = self.of(receiver, depth - 1);
                format!("{}.{}({arguments})", self.held(&receiver), builtin.name)
            }
            (None, Some(package)) => format!("{package}.{}({arguments})", builtin.name),
            (None, None) => format!("{}({arguments})", builtin.name),
        }
    }

    fn argument(&mut self, name: &str, at: usize, param: Type, depth: usize) -> String {
        match (name, at) {
            ("matches" | "replace" | "split", 0) if self.random.chance(75) => pattern(self.random),
            ("replace", 1) if self.random.chance(60) => replacement(self.random),
            ("value", 1) if self.random.chance(80) => {
                self.random.word(&["'w'", "'d'", "'h'", "'m'", "'s'", "'ms'", "'ns'"]).to_owned()
            }
            ("date" | "time", _) if self.random.chance(60) => self.random.below(40).to_string(),
            _ => {
                let param = if self.random.chance(5) { Type::Any } else { param };
                self.of(param, depth - 1)
            }
        }
    }

    fn binary(&mut self, left: Type, op: &str, right: Type, depth: usize) -> String {
        let (left, right) = (self.of(left, depth - 1), self.of(right, depth - 1));
        let text = format!("{} {op} {}", self.held(&left), self.held(&right));
        self.maybe_held(text, 50)
    }

    fn operation(&mut self, want: Type, depth: usize) -> String {
        use Type::{Bool, Duration, Float, Int, List, Map, Path, Set, String, Timestamp};
        match want {
            Bool => self.test(depth),
            Int | Float => {
                if self.random.chance(15) {
                    let operand = self.of(want, depth - 1);
                    return format!("-{}", self.held(&operand));
                }
                let op = self.random.word(&["+", "-", "*", "/", "%"]);
                let (a, b) = if want == Float && self.random.chance(50) {
                    if self.random.chance(50) { (Int, Float) } else { (Float, Int) }
                } else {
                    (want, want)
                };
                self.binary(a, op, b, depth)
            }
            String => self.binary(String, "+", String, depth),
            Duration => match self.random.below(3) {
                0 => self.binary(Duration, "+", Duration, depth),
                1 => self.binary(Duration, "-", Duration, depth),
                _ => self.binary(Timestamp, "-", Timestamp, depth),
            },
            Timestamp => {
                let op = self.random.word(&["+", "-"]);
                self.binary(Timestamp, op, Duration, depth)
            }
            List => match self.random.below(3) {
                0 => self.range(List, depth),
                _ => self.list(depth),
            },
            Set => format!("{}.toSet()", self.list(depth)),
            Map => self.map(depth),
            Path => self.path(depth),
            _ => self.builtin(want, depth),
        }
    }

    fn test(&mut self, depth: usize) -> String {
        match self.random.below(20) {
            0..5 => {
                let of = self.any_type();
                let op = self.random.word(&["==", "!="]);
                self.binary(of, op, of, depth)
            }
            5..8 => {
                let of = self.random.pick(&ORDERED).copied().unwrap_or(Type::Int);
                let op = self.random.word(COMPARISONS);
                self.binary(of, op, of, depth)
            }
            8..11 => {
                let container = self.random.pick(&[Type::List, Type::Map, Type::Set]).copied().unwrap_or(Type::List);
                let element = if container == Type::Map { Type::String } else { Type::Any };
                self.binary(element, "in", container, depth)
            }
            11..13 => {
                let operand = self.of(Type::Any, depth - 1);
                let name = self.random.word(TYPE_NAMES);
                let text = format!("{} is {name}", self.held(&operand));
                self.maybe_held(text, 60)
            }
            13..17 => {
                let op = self.random.word(&["&&", "||"]);
                self.binary(Type::Bool, op, Type::Bool, depth)
            }
            _ => {
                let operand = self.of(Type::Bool, depth - 1);
                format!("!{}", self.held(&operand))
            }
        }
    }

    fn range(&mut self, of: Type, depth: usize) -> String {
        let whole = self.of(of, depth - 1);
        let (from, to) = (self.of(Type::Int, depth - 1), self.of(Type::Int, depth - 1));
        let whole = self.held(&whole);
        match self.random.below(4) {
            0 => format!("{whole}[{from}:]"),
            1 => format!("{whole}[:{to}]"),
            _ => format!("{whole}[{from}:{to}]"),
        }
    }

    fn list(&mut self, depth: usize) -> String {
        let of = self.any_type();
        let items: Vec<_> = (0..self.random.below(4)).map(|_| self.of(of, depth - 1)).collect();
        format!("[{}]", items.join(", "))
    }

    fn map(&mut self, depth: usize) -> String {
        let mut entries = Vec::new();
        for _ in 0..self.random.below(3) {
            let key = match self.random.chance(80) {
                true => format!("'{}'", self.random.word(NAMES)),
                false => self.of(Type::String, depth - 1),
            };
            let value = self.of(Type::Any, depth - 1);
            entries.push(format!("{key}: {value}"));
        }
        format!("{{{}}}", entries.join(", "))
    }

    fn path(&mut self, depth: usize) -> String {
        let mut text = String::new();
        for _ in 0..=self.random.below(3) {
            text += &match self.random.below(4) {
                0 => format!("/$({})", self.of(Type::String, depth - 1)),
                1 => format!("/$({})", self.of(Type::Any, depth - 1)),
                _ => format!("/{}", self.random.word(NAMES)),
            };
        }
        text
    }

    fn call(&mut self, want: Type, depth: usize) -> String {
        let Some((name, count)) = self.random.pick(&self.scope.functions).cloned() else {
            return self.builtin(want, depth);
        };
        let arguments: Vec<_> = (0..count).map(|_| self.of(want, depth - 1)).collect();
        format!("{name}({})", arguments.join(", "))
    }

    /// Of a list, a map, a string.
    fn taken_out(&mut self, want: Type, depth: usize) -> String {
        let value = self.of(want, depth - 1);
        match self.random.below(6) {
            0 => format!("[{value}, 1][{}]", self.random.word(&["0", "-1", "1", "2", "0.0", "'0'"])),
            1 => format!("({{'a': {value}}}).a"),
            2 => format!("({{'a': {value}}})['{}']", self.random.word(&["a", "b"])),
            3 => format!("({{'a': {value}}}).get('{}', {})", self.random.word(&["a", "b"]), self.leaf(want)),
            4 => self.range(Type::String, depth),
            _ => format!("({value}).{}", self.random.word(NAMES)),
        }
    }
}

fn closes_at_end(text: &str) -> bool {
    let mut depth = 0_i32;
    for (at, octet) in text.bytes().enumerate() {
        depth += match octet {
            b'(' => 1,
            b')' => -1,
            _ => 0,
        };
        if depth == 0 {
            return at + 1 == text.len();
        }
    }
    false
}

/// A function `name(a, b)` with up to two variables. Everything in it may name its parameters.
pub fn function(random: &mut Random, scope: &Scope, name: &str, result: Type, depth: usize) -> (String, usize) {
    let count = random.below(3);
    let mut inner = scope.clone();
    let parameters = ["p", "q"].get(..count).unwrap_or_default();
    inner.variables.extend(parameters.iter().map(|name| ((*name).to_owned(), Type::Any)));
    let mut text = format!("function {name}({}) {{ ", parameters.join(", "));
    for variable in ["v", "w"].iter().take(random.below(3)) {
        let value = Expressions { random, scope: &inner }.of(Type::Any, depth);
        text += &format!("let {variable} = {value}; ");
        inner.variables.push(((*variable).to_owned(), Type::Any));
    }
    let value = Expressions { random, scope: &inner }.of(result, depth);
    text += &format!("return {value}; }}");
    (text, count)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{emulator::Compiled, generate::world, ours::compile};

    #[test]
    fn most_expressions_compile_and_every_builtin_comes_up() {
        let mut random = Random::of(1, "test", 0);
        let scope = world::scope();
        let (mut compiled, mut names) = (0, HashSet::new());
        for _ in 0..3000 {
            let text = Expressions { random: &mut random, scope: &scope }.of(Type::Any, 3);
            let source = format!(
                "rules_version = '2';\nservice cloud.firestore {{\nmatch /a/b {{\nallow get: if [{text}] == [];\n}}\n}}\n"
            );
            compiled += usize::from(matches!(compile(&source), Compiled::Accepted(_)));
            names.extend(table(Dialect::Service).map(|b| b.name).filter(|name| text.contains(&format!("{name}("))));
        }
        assert!(compiled > 2000, "{compiled} of 3000");
        let missing: Vec<_> = table(Dialect::Service).map(|b| b.name).filter(|name| !names.contains(name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
