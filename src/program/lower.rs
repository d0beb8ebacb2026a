//! Lowers checked syntax to a [`Program`].

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::{
    request::ServiceProduct,
    stdlib::{self, Dialect},
    syntax::ast::{self, Expr, ExprId, Exprs, PathPart, Segment, UnaryOp, Version},
    text::Source,
    value::Value,
};

use super::{
    Block, Corrupt, Function, Id, Ids, Methods, Op, OpId, Part, Program, SegmentPattern, ServiceFunction,
    ServiceProgram, Statement, Table,
    builder::Builder,
    chain::Chain,
    effects::{Effects, learn},
    fold,
    matcher::{Matcher, order},
};

/// Compiles a file that the checker accepted.
///
/// # Errors
///
/// An id names no entry: a mistake of this crate's.
pub fn lower(source: &Source, ruleset: &ast::Ruleset) -> Result<Program, Corrupt> {
    let mut lowering = Lowering {
        builder: Builder::new(source, Dialect::Service),
        statements: Table::default(),
        exprs: &ruleset.exprs,
        version: ruleset.version,
        service: "",
        functions: Vec::new(),
        captures: Vec::new(),
        locals: Vec::new(),
        blocks: Table::default(),
        segments: Vec::new(),
        paths: Vec::new(),
        owners: Vec::new(),
    };
    lowering.builder.reserve(ruleset.exprs.len());
    let services = ruleset.services().map(|service| lowering.service(service, ruleset)).collect::<Result<_, _>>()?;
    let Lowering { builder, statements, .. } = lowering;
    Ok(Program { code: builder.code, version: ruleset.version, statements, services })
}

struct Lowering<'s> {
    builder: Builder,
    statements: Table<Statement>,
    exprs: &'s Exprs,
    version: Version,
    /// The service under construction: its name says which functions exist.
    service: &'s str,
    /// The functions that each block around declares, by name, the innermost block last; before them those of the file
    /// and of the service (language specification, section 6, rules 9 to 11).
    functions: Vec<FxHashMap<&'s str, Id<Function>>>,
    /// The wildcards of the blocks around, the outermost first.
    captures: Vec<&'s str>,
    /// The parameters and variables of the function so far.
    locals: Vec<&'s str>,
    /// The blocks of the service.
    blocks: Table<Block>,
    /// The segments that paths must have for the blocks, one block after the other.
    segments: Vec<&'s Segment>,
    /// Which of the segments are those of each block; `None` for a block that no path satisfies.
    paths: Vec<Option<Range<usize>>>,
    /// The block, itself or around it, whose own path has the glob that applies to each block.
    owners: Vec<Option<Id<Block>>>,
}

impl<'s> Lowering<'s> {
    fn service(&mut self, service: &'s ast::Service, ruleset: &'s ast::Ruleset) -> Result<ServiceProgram, Corrupt> {
        self.service = &service.name.text;
        // Functions outside services are compiled for each service: what they call depends on it.
        let functions = self.functions(ruleset.functions())?.and(self.functions(service.functions.iter())?);
        let first = self.statements.next_id();
        for block in &service.matches {
            self.block(block, None, &Chain::default())?;
        }
        self.functions.clear();
        let mut blocks = std::mem::take(&mut self.blocks);
        order(&mut blocks, &self.owners);
        let paths: Vec<_> = self.paths.iter().map(|path| self.segments.get(path.clone()?)).collect();
        let matcher = Matcher::new(&blocks, &paths, self.version)?;
        (self.segments, self.paths, self.owners) = Default::default();
        let statements = self.statements.slice(self.statements.since(first))?;
        let aborts = statements.iter().any(|statement| statement.aborts);
        let name = service.name.text.to_string();
        Ok(ServiceProgram {
            product: ServiceProduct::of_service(&name),
            name,
            version: self.version,
            functions,
            blocks,
            aborts,
            matcher,
        })
    }

    /// Opens a level of functions: declares all of them before it compiles them, so that they see each other.
    fn functions(&mut self, functions: impl Iterator<Item = &'s ast::Function>) -> Result<Ids<Function>, Corrupt> {
        let functions: Vec<_> = functions.collect();
        // The body of a function is not known yet; until it is, no operation stands for it.
        let unknown = self.builder.code.ops.next_id();
        let ids = self.builder.code.functions.extend(functions.iter().map(|function| Function {
            name: function.name.text.clone(),
            parameters: function.parameters.iter().map(|p| p.text.clone()).collect(),
            lets: Vec::new(),
            let_names: function.lets.iter().map(|l| l.name.text.clone()).collect(),
            let_spans: function.lets.iter().map(|l| l.span).collect(),
            result: unknown,
            span: function.span,
            effects: None,
        }));
        let mut level = FxHashMap::default();
        for (id, function) in ids.iter().zip(&functions) {
            level.entry(function.name.text.as_str()).or_insert(id);
        }
        self.functions.push(level);
        for (id, function) in ids.iter().zip(functions) {
            self.locals = function.parameters.iter().map(|p| p.text.as_str()).collect();
            let mut lets = Vec::new();
            for binding in &function.lets {
                lets.push(self.expression(binding.value));
                self.locals.push(&binding.name.text);
            }
            let result = self.expression(function.result);
            self.locals.clear();
            let slot = self.builder.code.functions.get_mut(id)?;
            (slot.lets, slot.result) = (lets, result);
        }
        for id in ids.iter() {
            learn(&mut self.builder.code, id)?;
        }
        Ok(ids)
    }

    fn block(&mut self, block: &'s ast::Match, parent: Option<Id<Block>>, around: &Chain<'s>) -> Result<(), Corrupt> {
        let id = self.blocks.next_id();
        let (mut path, mut captures) = match parent {
            Some(parent) => {
                let outer = self.blocks.get(parent)?;
                (outer.path.clone(), outer.captures.clone())
            }
            None => (String::new(), Vec::new()),
        };
        let chain = around.with(&block.path, id, &mut path, &mut captures);
        let before = self.captures.len();
        for segment in &block.path {
            if let Segment::Capture(capture) = segment {
                self.captures.push(&capture.name.text);
            }
        }
        let functions = self.functions(block.functions.iter())?;
        // In version 1 nothing below a block with a glob ever applies, whatever its own path.
        let dead = self.version == Version::V1 && around.owner.is_some();
        let first = self.segments.len();
        let covers = !dead && chain.segments(&mut self.segments).is_some();
        if !covers {
            self.segments.truncate(first);
        }
        let covered = covers.then_some(first..self.segments.len());
        let mut lowered = Block {
            parent,
            path,
            functions,
            statements: Ids::NONE,
            span: block.keyword.to(block.path_span),
            captures,
            fixed: covered.clone().map_or(0, |segments| segments.len() - usize::from(chain.glob().is_some())),
            pattern: covered
                .clone()
                .and_then(|covered| self.segments.get(covered))
                .map(|segments| segments.iter().map(|segment| SegmentPattern::of(segment)).collect()),
            glob: chain.glob(),
            rank: 0,
        };
        self.builder.segments = lowered.segments();
        let first = self.statements.next_id();
        for allow in &block.allows {
            let statement = self.statement(allow);
            self.statements.push(statement);
        }
        lowered.statements = self.statements.since(first);
        self.blocks.push(lowered);
        self.owners.push(chain.owner);
        self.paths.push(covered);
        for inner in &block.matches {
            self.block(inner, Some(id), &chain)?;
        }
        self.functions.pop();
        self.captures.truncate(before);
        Ok(())
    }

    /// Compiles a statement of the block whose functions and wildcards are in scope.
    fn statement(&mut self, allow: &'s ast::Allow) -> Statement {
        let mut methods = Methods::default();
        allow.methods.iter().for_each(|m| methods.add(&m.text));
        let Some(condition) = allow.condition else {
            return Statement { methods, condition: None, cost: 0, aborts: false, span: allow.span };
        };
        let condition = self.expression(condition);
        let Effects { cost, aborts, .. } = Effects::of(&self.builder.code, condition);
        Statement { methods, condition: Some(self.builder.fuse(condition, cost)), cost, aborts, span: allow.span }
    }

    fn expression(&mut self, root: ExprId) -> OpId {
        let exprs = self.exprs;
        let op = match exprs.get(root) {
            Expr::Null => self.builder.constant(Value::Null),
            Expr::Bool(b) => self.builder.constant(Value::Bool(*b)),
            Expr::Int(n) => self.builder.constant(Value::Int(*n)),
            Expr::Float(n) => self.builder.constant(Value::Float(*n)),
            Expr::Str(text) => self.builder.constant(Value::String(text.clone())),
            Expr::Bytes(octets) => self.builder.constant(Value::Bytes(octets.clone())),
            // `database.rs` lowers database rules.
            Expr::Regex(..) | Expr::Invoke(..) => Op::Unknown,
            Expr::List(items) => Op::List(self.list(items.iter().copied())),
            Expr::Map(entries) => {
                let flat = entries.iter().flat_map(|(k, v)| [*k, *v]);
                Op::Map(self.list(flat))
            }
            Expr::Path(parts) => self.path(parts),
            Expr::Variable(name) => self.variable(&name.text),
            Expr::Member(object, name) => {
                let object = self.expression(*object);
                Op::Member(object, self.builder.name(&name.text))
            }
            Expr::Index(object, index) => Op::Index(self.expression(*object), self.expression(*index)),
            Expr::Range(object, from, to) => {
                let object = self.expression(*object);
                let (from, to) = (from.map(|id| self.expression(id)), to.map(|id| self.expression(id)));
                Op::Range(object, from, to)
            }
            Expr::Call(name, arguments) => self.call(&name.text, arguments),
            Expr::PackageCall(package, name, arguments) => self.package_call(&package.text, &name.text, arguments),
            Expr::Method(receiver, name, arguments) => self.method(*receiver, &name.text, arguments),
            Expr::Unary(UnaryOp::Not, a) => Op::Not(self.expression(*a)),
            Expr::Unary(UnaryOp::Negate, a) => {
                let a = self.expression(*a);
                fold::negate(&mut self.builder, a).unwrap_or(Op::Negate(a))
            }
            Expr::Binary(op, a, b) => {
                let (a, b) = (self.expression(*a), self.expression(*b));
                self.builder.binary(*op, a, b)
            }
            Expr::Is(a, type_name) => Op::Is(self.expression(*a), *type_name),
            Expr::Ternary(a, b, c) => Op::Ternary(self.expression(*a), self.expression(*b), self.expression(*c)),
        };
        self.builder.push(op, exprs, root)
    }

    fn variable(&mut self, name: &str) -> Op {
        // The newest local and the innermost wildcard hide others of their name.
        let slot = |names: &[&str]| names.iter().rposition(|known| *known == name).and_then(|at| u8::try_from(at).ok());
        let local = slot(&self.locals).map(Op::Local);
        let variable = || Dialect::Service.variable(name).map_or(Op::Unknown, Op::Variable);
        local.or_else(|| slot(&self.captures).map(Op::Capture)).unwrap_or_else(variable)
    }

    fn path(&mut self, parts: &[PathPart]) -> Op {
        let mut lowered = Vec::with_capacity(parts.len());
        for part in parts {
            lowered.push(match part {
                PathPart::Literal(text, _) => Part::Literal(self.builder.name(text)),
                PathPart::Capture(capture) if capture.glob => Part::Glob(self.builder.name(&capture.name.text)),
                PathPart::Capture(capture) => Part::Capture(self.builder.name(&capture.name.text)),
                PathPart::Interpolation(id) => Part::Op(self.expression(*id)),
            });
        }
        Op::Path(self.builder.code.parts.extend(lowered))
    }

    /// A call without a package. Users' functions hide built-ins of the same name, and the nearest function hides others,
    /// whatever their parameters.
    fn call(&mut self, name: &str, arguments: &[ExprId]) -> Op {
        let arguments = self.list(arguments.iter().copied());
        if let Some(function) = self.functions.iter().rev().find_map(|level| level.get(name)) {
            return Op::Call(*function, arguments);
        }
        if let Some(builtin) = stdlib::function(name) {
            return Op::Builtin(builtin, arguments);
        }
        match ServiceFunction::find(self.service, None, name) {
            Some(function) => Op::Service(function, arguments),
            None => Op::Missing(None, self.builder.name(name), arguments),
        }
    }

    fn package_call(&mut self, package: &str, name: &str, arguments: &[ExprId]) -> Op {
        let arguments = self.list(arguments.iter().copied());
        if let Some(builtin) = stdlib::package_function(package, name) {
            return Op::Builtin(builtin, arguments);
        }
        match ServiceFunction::find(self.service, Some(package), name) {
            Some(function) => Op::Service(function, arguments),
            None => Op::Missing(Some(self.builder.name(package)), self.builder.name(name), arguments),
        }
    }

    fn method(&mut self, receiver: ExprId, name: &str, arguments: &[ExprId]) -> Op {
        let receiver = self.expression(receiver);
        let exprs = self.exprs;
        let pattern = match arguments.first().map(|id| exprs.get(*id)) {
            // A literal that is no pattern fails when a request uses it (`replace`), or the checker refused it.
            Some(Expr::Str(text)) if matches!(name, "matches" | "split" | "replace") => self.builder.text_pattern(text),
            _ => None,
        };
        let table = self.builder.method(name);
        Op::Method(table, receiver, self.list(arguments.iter().copied()), pattern)
    }

    fn list(&mut self, ids: impl Iterator<Item = ExprId>) -> Ids<OpId> {
        let before = self.builder.pending.len();
        for id in ids {
            let op = self.expression(id);
            self.builder.pending.push(op);
        }
        self.builder.list(before)
    }
}
