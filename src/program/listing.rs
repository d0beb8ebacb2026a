//! A program as text: one line an operation, for tests and for the curious.

use std::fmt::{Formatter, Result};

use crate::value::number::javascript_number;

use super::{Code, Node, Operand, Part, Program, RuleTree, Run, Test, service::KNOWN_METHODS};

/// A file with services.
pub(super) fn service(program: &Program, f: &mut Formatter<'_>) -> Result {
    operations(&program.code, f)?;
    for (id, function) in program.code.functions.iter().enumerate() {
        let lets: Vec<_> = function.lets.iter().map(|l| l.0.to_string()).collect();
        let parameters = function.parameters.join(", ");
        writeln!(
            f,
            "function {id} {}({parameters}) lets [{}] result {}",
            function.name,
            lets.join(" "),
            function.result.0
        )?;
    }
    for service in &program.services {
        writeln!(f, "service {}", service.name)?;
        for block in &service.blocks {
            writeln!(f, "  match {} rank {}", block.path, block.rank)?;
            for statement in block.statements.of(&program.statements) {
                let condition = statement.condition.map_or("always".to_owned(), |id| format!("if {}", id.0));
                writeln!(f, "    allow {} {condition}, costs up to {}", methods(statement), statement.cost)?;
                if let Some(asked) =
                    program.code.tests.get(statement.test.0 as usize).filter(|_| statement.condition.is_some())
                {
                    writeln!(f, "      test {}", test(&program.code, *asked))?;
                }
            }
        }
    }
    Ok(())
}

/// A file of database rules.
pub(super) fn database(tree: &RuleTree, f: &mut Formatter<'_>) -> Result {
    operations(&tree.code, f)?;
    for place in &tree.places {
        writeln!(f, "{}", place.path)?;
        let rules = [(".read", place.read), (".write", place.write), (".validate", place.validate)];
        for (name, rule) in rules {
            if let Some(rule) = rule {
                let asked =
                    tree.code.tests.get(rule.test.0 as usize).map_or(String::new(), |asked| test(&tree.code, *asked));
                writeln!(f, "  {name} {}: {asked}", rule.condition.0)?;
            }
        }
        if !place.indexes.is_empty() {
            writeln!(f, "  .indexOn {}", place.indexes.join(", "))?;
        }
    }
    Ok(())
}

/// One line an operation.
fn operations(code: &Code, f: &mut Formatter<'_>) -> Result {
    for (id, node) in code.nodes.iter().enumerate() {
        writeln!(f, "{id:>4}  {}", operation(code, *node))?;
    }
    Ok(())
}

/// A test in one line, with the operations that it evaluates as they are.
fn test(code: &Code, test: Test) -> String {
    let run = |run: Run| run.of(&code.tests).iter().map(|part| self::test(code, *part)).collect::<Vec<_>>().join(", ");
    let constant = |at: u32| code.constants.get(at as usize).map_or(String::new(), |value| value.view().describe());
    let variable = |slot: u8| code.dialect.variable_name(slot);
    let operand = |operand: Operand| match operand {
        Operand::Constant(at) => constant(at),
        Operand::Number(n) => javascript_number(n),
        Operand::Int(n) => n.to_string(),
        Operand::Variable(slot) => variable(slot).to_owned(),
        Operand::Capture(slot) => format!("wildcard {slot}"),
        Operand::Segment(at) => format!("segment {at}"),
        Operand::Val(slot) => format!("{}.val", variable(slot)),
        Operand::Length(slot) => format!("{}.length", variable(slot)),
        Operand::Member(_, at) => code.members.get(at as usize).map_or(String::new(), |member| {
            let names = member.names.of(&code.member_names).iter().map(|name| format!(".{}", code.name(name.text)));
            format!("{}{}", variable(member.slot), names.collect::<String>())
        }),
    };
    match test {
        Test::Always(known) => known.to_string(),
        Test::All(parts) => format!("all({})", run(parts)),
        Test::Any(parts) => format!("any({})", run(parts)),
        Test::Not(part) => {
            format!("not({})", code.tests.get(part.0 as usize).map_or(String::new(), |t| self::test(code, *t)))
        }
        Test::Content(asked, slot) => format!("{asked:?}({})", variable(slot)).to_lowercase(),
        Test::HasChildren(slot, names) => format!("children({}, {})", variable(slot), constant(names)),
        Test::LengthWithin(slot, bounds) => format!("{}.length within {bounds}", variable(slot)),
        Test::NumberWithin(slot, bounds) => format!("{}.val within {bounds}", variable(slot)),
        Test::Null(a, wanted) => format!("{} {} null", operand(a), if wanted { "==" } else { "!=" }),
        Test::Same(a, b, wanted) => format!("{} {} {}", operand(a), if wanted { "==" } else { "!=" }, operand(b)),
        Test::Int(op, a, n) => format!("{} {} {n}", operand(a), op.symbol()),
        Test::Bool(a, known) => format!("{} == {known}", operand(a)),
        Test::Compare(op, a, b) => format!("{} {} {}", operand(a), op.symbol(), operand(b)),
        Test::Matches(text, pattern) => {
            let pattern = code.patterns.get(pattern as usize).map_or("", |pattern| pattern.source());
            format!("{} matches {pattern:?}", operand(text))
        }
        Test::In(a, b) => format!("{} in {}", operand(a), operand(b)),
        Test::Is(a, name) => format!("{} is {}", operand(a), name.name()),
        Test::Value(a) => operand(a),
        Test::Given(a, part) => {
            let part = code.tests.get(part.0 as usize).map_or(String::new(), |t| self::test(code, *t));
            format!("given({}, {part})", operand(a))
        }
        Test::Evaluate(node) => format!("evaluate {}", node.0),
    }
}

fn methods(statement: &super::Statement) -> String {
    let known = KNOWN_METHODS.iter().enumerate().filter(|(i, _)| statement.methods.mask & (1 << i) != 0);
    let names: Vec<_> =
        known.map(|(_, name)| *name).chain(statement.methods.others.iter().map(String::as_str)).collect();
    names.join(",")
}

fn operation(code: &Code, node: Node) -> String {
    let run = |run: Run| run.of(&code.lists).iter().map(|id| id.0.to_string()).collect::<Vec<_>>().join(" ");
    match node {
        Node::Constant(at, cost) => {
            let value = code.constants.get(at as usize).map_or(String::new(), |v| v.view().describe());
            if cost > 1 { format!("constant {value} (cost {cost})") } else { format!("constant {value}") }
        }
        Node::Unknown => "unknown variable".to_owned(),
        Node::Variable(slot) => code.dialect.variable_name(slot).to_owned(),
        Node::Capture(slot) => format!("wildcard {slot}"),
        Node::Local(slot) => format!("local {slot}"),
        Node::Member(a, name) => format!("member {} .{}", a.0, code.name(name)),
        Node::Index(a, b) => format!("index {} {}", a.0, b.0),
        Node::Range(a, b, c) => {
            let bound = |id: Option<super::NodeId>| id.map_or("-".to_owned(), |id| id.0.to_string());
            format!("range {} {} {}", a.0, bound(b), bound(c))
        }
        Node::List(items) => format!("list [{}]", run(items)),
        Node::Map(items) => format!("map [{}]", run(items)),
        Node::Path(parts) => {
            let part = |part: &Part| match part {
                Part::Literal(name) => format!("/{}", code.name(*name)),
                Part::Capture(name) => format!("/{{{}}}", code.name(*name)),
                Part::Glob(name) => format!("/{{{}=**}}", code.name(*name)),
                Part::Node(id) => format!("/$({})", id.0),
            };
            format!("path {}", parts.of(&code.parts).iter().map(part).collect::<String>())
        }
        Node::Not(a) => format!("not {}", a.0),
        Node::Negate(a) => format!("negate {}", a.0),
        Node::And(a, b) => format!("and {} {}", a.0, b.0),
        Node::Or(a, b) => format!("or {} {}", a.0, b.0),
        Node::All(parts) => format!("all [{}]", run(parts)),
        Node::Any(parts) => format!("any [{}]", run(parts)),
        Node::Claim(a, b) => format!("claim {} {}", a.0, b.0),
        Node::In(a, b) => format!("in {} {}", a.0, b.0),
        Node::Compare(op, a, b) => format!("compare {} {} {}", op.symbol(), a.0, b.0),
        Node::Arithmetic(op, a, b) => format!("arithmetic {} {} {}", op.symbol(), a.0, b.0),
        Node::Is(a, name) => format!("is {} {}", a.0, name.name()),
        Node::Ternary(a, b, c) => format!("ternary {} {} {}", a.0, b.0, c.0),
        Node::Builtin(builtin, args) => format!("builtin {} [{}]", builtin.qualified_name(), run(args)),
        Node::Method(table, receiver, args, pattern) => {
            let name = code.methods.get(table as usize).map_or("", |m| m.name.as_str());
            let pattern = code
                .patterns
                .get((pattern as usize).wrapping_sub(1))
                .map_or(String::new(), |p| format!(" pattern {:?}", p.source()));
            format!("method {} .{name} [{}]{pattern}", receiver.0, run(args))
        }
        Node::Service(function, args) => format!("service {} [{}]", function.name(), run(args)),
        Node::Call(function, args) => format!("call {function} [{}]", run(args)),
        Node::Missing(_, name, args) => format!("missing {} [{}]", code.name(name), run(args)),
    }
}
