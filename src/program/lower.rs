//! Checked syntax to [`Program`].

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::{
    request::ServiceProduct,
    stdlib::{self, Arithmetic, Dialect},
    syntax::ast::{self, BinaryOp, Expr, ExprId, Exprs, PathPart, Segment, UnaryOp, Version},
    text::Source,
    value::{Comparator, Value},
};

use super::{
    Block, Function, Methods, Node, NodeId, Part, Program, Run, ServiceProgram, Statement, Test, TestId,
    builder::Builder,
    calls::called,
    chain::{Cell, Chain},
    cost::{Costs, MAX_EXPRESSIONS},
    fold,
    hazard::Hazards,
    matcher::{Matcher, order},
    scope::{Scope, ServiceFunction},
    test::is_pure,
    testing::test_of,
};

/// Compiles a file that the checker accepted.
pub fn lower(source: &Source, ruleset: &ast::Ruleset) -> Program {
    let mut lowering = Lowering {
        builder: Builder::new(source, Dialect::Service),
        statements: Vec::new(),
        services: Vec::new(),
        exprs: &ruleset.exprs,
        service: "",
        scope: Scope::default(),
        costs: Costs::default(),
        hazards: Hazards::default(),
        always: TestId(0),
    };
    lowering.builder.reserve(ruleset.exprs.len());
    lowering.builder.code.tests.push(Test::Always(true));
    for service in ruleset.services() {
        lowering.service(service, ruleset);
    }
    let Lowering { builder, statements, services, .. } = lowering;
    Program { code: builder.code, version: ruleset.version, statements, services }
}

struct Lowering<'s> {
    builder: Builder,
    statements: Vec<Statement>,
    services: Vec<ServiceProgram>,
    exprs: &'s Exprs,
    /// The service being compiled: its name says which functions exist.
    service: &'s str,
    scope: Scope<'s>,
    costs: Costs,
    hazards: Hazards,
    /// The test of a statement without a condition.
    always: TestId,
}

impl<'s> Lowering<'s> {
    fn service(&mut self, service: &'s ast::Service, ruleset: &'s ast::Ruleset) {
        self.service = &service.name.text;
        self.scope = Scope::default();
        // Functions outside services are compiled for each service: what they call depends on it.
        let root: Vec<_> = ruleset.functions().collect();
        let mut functions = self.functions(root.iter().copied());
        functions.len += self.functions(service.functions.iter()).len;
        let first = self.statements.len();
        let mut blocks = Blocks {
            list: Vec::new(),
            cells: Vec::new(),
            paths: Vec::new(),
            owners: Vec::new(),
            version: ruleset.version,
        };
        for block in &service.matches {
            self.block(block, None, &Chain::default(), &mut blocks);
        }
        let Blocks { mut list, cells, paths, owners, .. } = blocks;
        order(&mut list, &owners);
        let paths: Vec<_> = paths.into_iter().map(|path| path.and_then(|path| cells.get(path))).collect();
        let matcher = Matcher::new(&list, &paths, ruleset.version);
        let blocks = list;
        let own = self.statements.get(first..).unwrap_or(&[]);
        let aborts = own.iter().any(|statement| statement.aborts);
        let name = service.name.text.to_string();
        self.services.push(ServiceProgram {
            product: ServiceProduct::of_service(&name),
            name,
            version: ruleset.version,
            functions,
            blocks,
            aborts,
            matcher,
        });
        self.scope = Scope::default();
    }

    /// Opens a level of functions: declares all of them, then compiles them, so that they see each other.
    fn functions(&mut self, functions: impl Iterator<Item = &'s ast::Function>) -> Run {
        let functions: Vec<_> = functions.collect();
        let first = self.builder.code.functions.len();
        let mut level = FxHashMap::default();
        for (i, function) in functions.iter().enumerate() {
            level.entry(function.name.text.as_str()).or_insert((first + i) as u32);
            self.builder.code.functions.push(Function {
                name: function.name.text.clone(),
                parameters: function.parameters.iter().map(|p| p.text.clone()).collect(),
                lets: Vec::new(),
                let_names: function.lets.iter().map(|l| l.name.text.clone()).collect(),
                let_spans: function.lets.iter().map(|l| l.span).collect(),
                result: NodeId(0),
                span: function.span,
            });
        }
        self.scope.push_functions(level);
        for (i, function) in functions.iter().enumerate() {
            self.scope.locals = function.parameters.iter().map(|p| p.text.as_str()).collect();
            let mut lets = Vec::new();
            for binding in &function.lets {
                lets.push(self.expression(binding.value));
                self.scope.locals.push(&binding.name.text);
            }
            let result = self.expression(function.result);
            self.scope.locals.clear();
            if let Some(slot) = self.builder.code.functions.get_mut(first + i) {
                (slot.lets, slot.result) = (lets, result);
            }
        }
        let run = Run { start: first as u32, len: functions.len() as u32 };
        for function in run.start..run.start + run.len {
            for number in called(&self.builder.code, function, |number| self.costs.knows(number)) {
                self.costs.learn(&self.builder.code, number);
                self.hazards.learn(&self.builder.code, number);
            }
        }
        run
    }

    fn block(&mut self, block: &'s ast::Match, parent: Option<u32>, around: &Chain<'s>, blocks: &mut Blocks<'s>) {
        let id = blocks.list.len() as u32;
        let outer = parent.and_then(|outer| blocks.list.get(outer as usize));
        let (path, captures) = outer.map_or(("", [].as_slice()), |outer| (&outer.path, &outer.captures));
        let mut text = String::with_capacity(path.len() + block.path_span.range().len());
        text.push_str(path);
        let mut all = Vec::with_capacity(captures.len() + block.path.len());
        all.extend_from_slice(captures);
        let chain = around.with(&block.path, id, &mut text, &mut all);
        let before = self.scope.captures.len();
        for segment in &block.path {
            if let Segment::Capture(capture) = segment {
                self.scope.captures.push(&capture.name.text);
            }
        }
        let functions = self.functions(block.functions.iter());
        let start = self.statements.len() as u32;
        for allow in &block.allows {
            let mut methods = Methods::default();
            allow.methods.iter().for_each(|m| methods.add(&m.text));
            let condition = allow.condition.map(|id| self.expression(id));
            // Its test is made when the block is known.
            self.statements.push(Statement {
                methods,
                condition,
                test: TestId(0),
                pure: true,
                aborts: false,
                cost: 1,
                span: allow.span,
            });
        }
        let statements = Run { start, len: self.statements.len() as u32 - start };
        // In version 1 nothing below a block with a glob ever applies, whatever its own path.
        let dead = blocks.version == Version::V1 && around.owner.is_some();
        let first = blocks.cells.len();
        let covers = !dead && chain.cells(&mut blocks.cells).is_some();
        if !covers {
            blocks.cells.truncate(first);
        }
        let cells = covers.then_some(first..blocks.cells.len());
        blocks.list.push(Block {
            parent,
            path: text,
            functions,
            statements,
            span: block.keyword.to(block.path_span),
            captures: all,
            fixed: cells.clone().map_or(0, |cells| cells.len() - usize::from(chain.glob().is_some())),
            glob: chain.glob(),
            rank: 0,
        });
        self.tests(blocks.list.last(), statements);
        blocks.owners.push(chain.owner);
        blocks.paths.push(cells);
        for inner in &block.matches {
            self.block(inner, Some(id), &chain, blocks);
        }
        self.scope.pop_functions();
        self.scope.captures.truncate(before);
    }

    /// Makes the tests of a block's statements, which the functions of this and the outer blocks are compiled for.
    fn tests(&mut self, block: Option<&Block>, statements: Run) {
        let at = statements.start as usize;
        for statement in self.statements.get_mut(at..).unwrap_or(&mut []) {
            let Some(condition) = statement.condition else {
                statement.test = self.always;
                continue;
            };
            statement.cost = self.costs.of(&self.builder.code, condition);
            statement.aborts = self.hazards.of(&self.builder.code, condition).aborts;
            if statement.cost <= MAX_EXPRESSIONS {
                statement.test = test_of(&mut self.builder, block, condition);
                let test = self.builder.code.tests.get(statement.test.0 as usize);
                statement.pure = test.is_some_and(|test| is_pure(&self.builder.code, *test));
            }
        }
    }

    fn expression(&mut self, root: ExprId) -> NodeId {
        let exprs = self.exprs;
        let node = match exprs.get(root) {
            Expr::Null => self.builder.constant(Value::Null),
            Expr::Bool(b) => self.builder.constant(Value::Bool(*b)),
            Expr::Int(n) => self.builder.constant(Value::Int(*n)),
            Expr::Float(n) => self.builder.constant(Value::Float(*n)),
            Expr::Str(text) => self.builder.constant(Value::String(text.clone())),
            Expr::Bytes(octets) => self.builder.constant(Value::Bytes(octets.clone())),
            // Database rules are lowered elsewhere.
            Expr::Regex(..) | Expr::Invoke(..) => Node::Unknown,
            Expr::List(items) => Node::List(self.run(items.iter().copied())),
            Expr::Map(entries) => {
                let flat = entries.iter().flat_map(|(k, v)| [*k, *v]);
                Node::Map(self.run(flat))
            }
            Expr::Path(parts) => self.path(parts),
            Expr::Variable(name) => self.variable(&name.text),
            Expr::Member(object, name) => {
                let object = self.expression(*object);
                Node::Member(object, self.builder.name(&name.text))
            }
            Expr::Index(object, index) => Node::Index(self.expression(*object), self.expression(*index)),
            Expr::Range(object, from, to) => {
                let object = self.expression(*object);
                let (from, to) = (from.map(|id| self.expression(id)), to.map(|id| self.expression(id)));
                Node::Range(object, from, to)
            }
            Expr::Call(name, arguments) => self.call(&name.text, arguments),
            Expr::PackageCall(package, name, arguments) => self.package_call(&package.text, &name.text, arguments),
            Expr::Method(receiver, name, arguments) => self.method(*receiver, &name.text, arguments),
            Expr::Unary(UnaryOp::Not, a) => Node::Not(self.expression(*a)),
            Expr::Unary(UnaryOp::Negate, a) => {
                let a = self.expression(*a);
                fold::negate(&mut self.builder, a).unwrap_or(Node::Negate(a))
            }
            Expr::Binary(op, a, b) => self.binary(*op, *a, *b),
            Expr::Is(a, type_name) => Node::Is(self.expression(*a), *type_name),
            Expr::Ternary(a, b, c) => Node::Ternary(self.expression(*a), self.expression(*b), self.expression(*c)),
        };
        self.builder.push(node, exprs, root)
    }

    fn binary(&mut self, op: BinaryOp, a: ExprId, b: ExprId) -> Node {
        let (a, b) = (self.expression(a), self.expression(b));
        match op {
            BinaryOp::Or => Node::Or(a, b),
            BinaryOp::And => Node::And(a, b),
            BinaryOp::In => Node::In(a, b),
            BinaryOp::Eq => Node::Compare(Comparator::Eq, a, b),
            BinaryOp::Ne => Node::Compare(Comparator::Ne, a, b),
            BinaryOp::Lt => Node::Compare(Comparator::Lt, a, b),
            BinaryOp::Le => Node::Compare(Comparator::Le, a, b),
            BinaryOp::Gt => Node::Compare(Comparator::Gt, a, b),
            BinaryOp::Ge => Node::Compare(Comparator::Ge, a, b),
            BinaryOp::Add => self.arithmetic(Arithmetic::Add, a, b),
            BinaryOp::Sub => self.arithmetic(Arithmetic::Sub, a, b),
            BinaryOp::Mul => self.arithmetic(Arithmetic::Mul, a, b),
            BinaryOp::Div => self.arithmetic(Arithmetic::Div, a, b),
            BinaryOp::Rem => self.arithmetic(Arithmetic::Rem, a, b),
        }
    }

    fn arithmetic(&mut self, op: Arithmetic, a: NodeId, b: NodeId) -> Node {
        fold::arithmetic(&mut self.builder, op, a, b).unwrap_or(Node::Arithmetic(op, a, b))
    }

    fn variable(&mut self, name: &str) -> Node {
        if let Some(slot) = self.scope.local(name) {
            return Node::Local(slot);
        }
        if let Some(slot) = self.scope.capture(name) {
            return Node::Capture(slot);
        }
        Dialect::Service.variable(name).map_or(Node::Unknown, Node::Variable)
    }

    fn path(&mut self, parts: &[PathPart]) -> Node {
        let mut lowered = Vec::with_capacity(parts.len());
        for part in parts {
            lowered.push(match part {
                PathPart::Literal(text, _) => Part::Literal(self.builder.name(text)),
                PathPart::Capture(capture) if capture.glob => Part::Glob(self.builder.name(&capture.name.text)),
                PathPart::Capture(capture) => Part::Capture(self.builder.name(&capture.name.text)),
                PathPart::Interpolation(id) => Part::Node(self.expression(*id)),
            });
        }
        let run = Run { start: self.builder.code.parts.len() as u32, len: lowered.len() as u32 };
        self.builder.code.parts.extend(lowered);
        Node::Path(run)
    }

    /// A call of a bare name: users' functions hide built-ins of the same name.
    fn call(&mut self, name: &str, arguments: &[ExprId]) -> Node {
        let arguments = self.run(arguments.iter().copied());
        if let Some(function) = self.scope.function(name) {
            return Node::Call(function, arguments);
        }
        if let Some(builtin) = stdlib::function(name) {
            return Node::Builtin(builtin, arguments);
        }
        match ServiceFunction::find(self.service, None, name) {
            Some(function) => Node::Service(function, arguments),
            None => Node::Missing(0, self.builder.name(name), arguments),
        }
    }

    fn package_call(&mut self, package: &str, name: &str, arguments: &[ExprId]) -> Node {
        let arguments = self.run(arguments.iter().copied());
        if let Some(builtin) = stdlib::package_function(package, name) {
            return Node::Builtin(builtin, arguments);
        }
        match ServiceFunction::find(self.service, Some(package), name) {
            Some(function) => Node::Service(function, arguments),
            None => Node::Missing(self.builder.name(package) + 1, self.builder.name(name), arguments),
        }
    }

    fn method(&mut self, receiver: ExprId, name: &str, arguments: &[ExprId]) -> Node {
        let receiver = self.expression(receiver);
        let exprs = self.exprs;
        let pattern = match arguments.first().map(|id| exprs.get(*id)) {
            // A literal that is no pattern fails when it is used (`replace`) or was refused by the checker.
            Some(Expr::Str(text)) if matches!(name, "matches" | "split" | "replace") => self.builder.text_pattern(text),
            _ => 0,
        };
        let table = self.builder.method(name);
        Node::Method(table, receiver, self.run(arguments.iter().copied()), pattern)
    }

    fn run(&mut self, ids: impl Iterator<Item = ExprId>) -> Run {
        let before = self.builder.pending.len();
        for id in ids {
            let node = self.expression(id);
            self.builder.pending.push(node);
        }
        self.builder.run(before)
    }
}

/// The blocks of a service, in source order.
struct Blocks<'s> {
    list: Vec<Block>,
    /// What all need of a path, one after the other.
    cells: Vec<Cell<'s>>,
    /// What of that each needs; `None` where no path has it.
    paths: Vec<Option<Range<usize>>>,
    /// The block, itself or one around it, whose own path has a glob.
    owners: Vec<Option<u32>>,
    version: Version,
}
