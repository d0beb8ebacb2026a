//! Lists a program as text: one line for each operation, for tests and for the curious.

use std::fmt::{self, Formatter};

use crate::value::number::javascript_number;

use super::{
    Code, Corrupt, Id, Ids, Op, OpId, Operand, Part, Predicate, Program, RuleTree, Statement, service::KNOWN_METHODS,
};

/// Lists a file with services.
pub(super) fn service(program: &Program, f: &mut Formatter<'_>) -> fmt::Result {
    operations(&program.code, f)?;
    for (id, function) in program.code.functions.iter().enumerate() {
        let (parameters, lets) = (function.parameters.join(", "), joined(function.lets.iter(), " "));
        writeln!(f, "function {id} {}({parameters}) lets [{lets}] result {}", function.name, function.result)?;
    }
    for service in &program.services {
        writeln!(f, "service {}", service.name)?;
        for block in service.blocks.iter() {
            writeln!(f, "  match {} rank {}", block.path, block.rank)?;
            for statement in block.statements.iter() {
                let text = program.statements.get(statement).and_then(|statement| self::statement(program, statement));
                write(f, "    allow ", text)?;
            }
        }
    }
    Ok(())
}

/// Lists a file of database rules.
pub(super) fn database(tree: &RuleTree, f: &mut Formatter<'_>) -> fmt::Result {
    operations(&tree.code, f)?;
    for node in tree.nodes.iter() {
        writeln!(f, "{}", node.path)?;
        let rules = [(".read", node.read), (".write", node.write), (".validate", node.validate)];
        for (name, rule) in rules {
            if let Some(rule) = rule {
                write(f, &format!("  {name} if "), condition(&tree.code, rule.condition))?;
            }
        }
        if !node.indexes.is_empty() {
            writeln!(f, "  .indexOn {}", node.indexes.join(", "))?;
        }
    }
    Ok(())
}

fn operations(code: &Code, f: &mut Formatter<'_>) -> fmt::Result {
    for id in code.ops.ids() {
        write(f, &format!("{id:>4}  "), code.op(id).and_then(|op| operation(code, op)))?;
    }
    Ok(())
}

/// Writes a line; that of a corrupt program says so.
fn write(f: &mut Formatter<'_>, head: &str, text: Result<String, Corrupt>) -> fmt::Result {
    writeln!(f, "{head}{}", text.as_deref().unwrap_or(Corrupt::MESSAGE))
}

fn statement(program: &Program, statement: &Statement) -> Result<String, Corrupt> {
    let known = KNOWN_METHODS.iter().enumerate().filter(|(i, _)| statement.methods.mask & (1 << i) != 0);
    let known = known.map(|(_, name)| *name).chain(statement.methods.others.iter().map(String::as_str));
    let methods = known.collect::<Vec<_>>().join(",");
    Ok(match statement.condition {
        None => format!("{methods} always"),
        Some(id) => format!("{methods} if {}", condition(&program.code, id)?),
    })
}

/// A condition by its number, and where it is fused, what its predicate asks.
fn condition(code: &Code, id: OpId) -> Result<String, Corrupt> {
    Ok(match code.op(id)? {
        Op::Fused(predicate, ..) => format!("{id}: {}", self::predicate(code, *code.predicates.get(predicate)?)?),
        _ => id.to_string(),
    })
}

fn joined<T: ToString>(items: impl Iterator<Item = T>, separator: &str) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(separator)
}

fn predicate(code: &Code, predicate: Predicate) -> Result<String, Corrupt> {
    let all = |parts: Ids<Predicate>| -> Result<String, Corrupt> {
        let parts = code.predicates.slice(parts)?.iter().map(|part| self::predicate(code, *part));
        Ok(parts.collect::<Result<Vec<_>, _>>()?.join(", "))
    };
    let one = |part: Id<Predicate>| self::predicate(code, *code.predicates.get(part)?);
    let variable = |slot: u8| code.dialect.variable_name(slot);
    let operand = |operand: Operand| self::operand(code, operand);
    let equals = |wanted: bool| if wanted { "==" } else { "!=" };
    Ok(match predicate {
        Predicate::Always(known) => known.to_string(),
        Predicate::All(parts) => format!("all({})", all(parts)?),
        Predicate::Any(parts) => format!("any({})", all(parts)?),
        Predicate::Not(part) => format!("not({})", one(part)?),
        Predicate::HasType(slot, wanted) => format!("{} has type {wanted}", variable(slot)),
        Predicate::HasChildren(slot, names) => {
            format!("{} has children {}", variable(slot), operand(Operand::Constant(names))?)
        }
        Predicate::LengthWithin(slot, low, high) => format!("{}.length in {low}..={high}", variable(slot)),
        Predicate::NumberWithin(slot, low, high) => format!("{}.val in {low}..={high}", variable(slot)),
        Predicate::Null(a, wanted) => format!("{} {} null", operand(a)?, equals(wanted)),
        Predicate::Same(a, b, wanted) => format!("{} {} {}", operand(a)?, equals(wanted), operand(b)?),
        Predicate::Int(op, a, n) => format!("{} {} {n}", operand(a)?, op.symbol()),
        Predicate::Bool(a, known) => format!("{} == {known}", operand(a)?),
        Predicate::Compare(op, a, b) => format!("{} {} {}", operand(a)?, op.symbol(), operand(b)?),
        Predicate::Matches(text, pattern) => {
            format!("{} matches {:?}", operand(text)?, code.patterns.get(pattern)?.source())
        }
        Predicate::In(a, b) => format!("{} in {}", operand(a)?, operand(b)?),
        Predicate::Is(a, name) => format!("{} is {}", operand(a)?, name.name()),
        Predicate::Value(a) => operand(a)?,
        Predicate::Given(a, part) => format!("given({}, {})", operand(a)?, one(part)?),
        Predicate::Evaluate(id) => format!("evaluate {id}"),
    })
}

fn operand(code: &Code, operand: Operand) -> Result<String, Corrupt> {
    let variable = |slot: u8| code.dialect.variable_name(slot);
    Ok(match operand {
        Operand::Constant(value) => code.constants.get(value)?.view().describe(),
        Operand::Number(n) => javascript_number(n),
        Operand::Int(n) => n.to_string(),
        Operand::Variable(slot) => variable(slot).to_owned(),
        Operand::Capture(slot) => format!("wildcard {slot}"),
        Operand::Segment(at) => format!("segment {at}"),
        Operand::Val(slot) => format!("{}.val", variable(slot)),
        Operand::Length(slot) => format!("{}.length", variable(slot)),
        Operand::Member(_, member) => {
            let member = code.members.get(member)?;
            let names = member.path.iter().map(|name| code.name(*name)).collect::<Result<Vec<_>, _>>()?;
            format!("{}.{}", variable(member.slot), names.join("."))
        }
    })
}

fn operation(code: &Code, op: Op) -> Result<String, Corrupt> {
    let list = |ids: Ids<OpId>| code.lists.slice(ids).map(|ids| joined(ids.iter(), " "));
    Ok(match op {
        Op::Constant(value, cost) => {
            let value = code.constants.get(value)?.view().describe();
            if cost > 1 { format!("constant {value} (cost {cost})") } else { format!("constant {value}") }
        }
        Op::Unknown => "unknown variable".to_owned(),
        Op::Variable(slot) => code.dialect.variable_name(slot).to_owned(),
        Op::Capture(slot) => format!("wildcard {slot}"),
        Op::Local(slot) => format!("local {slot}"),
        Op::Member(a, name) => format!("member {a} .{}", code.name(name)?),
        Op::Index(a, b) => format!("index {a} {b}"),
        Op::Range(a, b, c) => {
            let bound = |id: Option<OpId>| id.map_or("-".to_owned(), |id| id.to_string());
            format!("range {a} {} {}", bound(b), bound(c))
        }
        Op::List(items) => format!("list [{}]", list(items)?),
        Op::Map(items) => format!("map [{}]", list(items)?),
        Op::Path(parts) => {
            let part = |part: &Part| -> Result<String, Corrupt> {
                Ok(match part {
                    Part::Literal(name) => format!("/{}", code.name(*name)?),
                    Part::Capture(name) => format!("/{{{}}}", code.name(*name)?),
                    Part::Glob(name) => format!("/{{{}=**}}", code.name(*name)?),
                    Part::Op(id) => format!("/$({id})"),
                })
            };
            let parts = code.parts.slice(parts)?.iter().map(part);
            format!("path {}", parts.collect::<Result<String, _>>()?)
        }
        Op::Not(a) => format!("not {a}"),
        Op::Negate(a) => format!("negate {a}"),
        Op::And(a, b) => format!("and {a} {b}"),
        Op::Or(a, b) => format!("or {a} {b}"),
        Op::All(parts) => format!("all [{}]", list(parts)?),
        Op::Any(parts) => format!("any [{}]", list(parts)?),
        Op::Claim(a, b) => format!("claim {a} {b}"),
        Op::In(a, b) => format!("in {a} {b}"),
        Op::Compare(op, a, b) => format!("compare {} {a} {b}", op.symbol()),
        Op::Arithmetic(op, a, b) => format!("arithmetic {} {a} {b}", op.symbol()),
        Op::Is(a, name) => format!("is {a} {}", name.name()),
        Op::Ternary(a, b, c) => format!("ternary {a} {b} {c}"),
        Op::Builtin(builtin, arguments) => format!("builtin {} [{}]", builtin.qualified_name(), list(arguments)?),
        Op::Method(table, receiver, arguments, pattern) => {
            let name = &code.methods.get(table)?.name;
            let pattern = match pattern {
                Some(pattern) => format!(" pattern {:?}", code.patterns.get(pattern)?.source()),
                None => String::new(),
            };
            format!("method {receiver} .{name} [{}]{pattern}", list(arguments)?)
        }
        Op::Service(function, arguments) => format!("service {} [{}]", function.name(), list(arguments)?),
        Op::Call(function, arguments) => format!("call {function} [{}]", list(arguments)?),
        Op::Missing(_, name, arguments) => format!("missing {} [{}]", code.name(name)?, list(arguments)?),
        Op::Fused(_, origin, max_cost) => format!("fused {origin}, costs up to {max_cost}"),
    })
}
