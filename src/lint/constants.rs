//! The lint of constant expressions that always fail, which evaluates them with the engine's built-ins.

use bumpalo::Bump;
use rustc_hash::FxHashMap;

use crate::{
    check::ScopeId,
    stdlib::{self, Arithmetic, Failure},
    syntax::ast::{BinaryOp, Expr, ExprId, UnaryOp},
    text::Diagnostics,
    value::{ListRef, ValueRef},
};

use super::{Code, findings::Findings, service::ServiceFile};

pub(super) fn check(file: &ServiceFile<'_>, official: &Diagnostics, found: &mut Findings) {
    let arena = Bump::new();
    for body in file.bodies() {
        let mut constants = Constants::new(file, body.scope, &arena);
        for root in &body.roots {
            for (id, failure) in constants.evaluate(*root) {
                let span = file.exprs.span(id);
                // An expression with an official diagnostic needs no second warning.
                let known = |at: u32| at >= span.start && at < span.end.max(span.start + 1);
                if !official.iter().any(|problem| problem.span.is_some_and(|place| known(place.start))) {
                    found.add(Code::ConstantFailure, span, format!("`{}` always fails: {failure}", file.text(id)));
                }
            }
        }
    }
}

/// The value of a constant expression.
pub(super) fn value<'b>(file: &ServiceFile<'_>, scope: ScopeId, root: ExprId, arena: &'b Bump) -> Option<ValueRef<'b>> {
    let mut constants = Constants::new(file, scope, arena);
    constants.evaluate(root);
    constants.values.get(&root).copied()
}

struct Constants<'c, 'a, 'b> {
    file: &'c ServiceFile<'a>,
    scope: ScopeId,
    arena: &'b Bump,
    /// The values of the constant expressions.
    values: FxHashMap<ExprId, ValueRef<'b>>,
}

type Evaluated<'b> = Option<Result<ValueRef<'b>, Failure<'b>>>;

impl<'c, 'a, 'b> Constants<'c, 'a, 'b> {
    fn new(file: &'c ServiceFile<'a>, scope: ScopeId, arena: &'b Bump) -> Self {
        Constants { file, scope, arena, values: FxHashMap::default() }
    }

    /// Evaluates the constants in an expression, operands first; returns the expressions that fail.
    fn evaluate(&mut self, root: ExprId) -> Vec<(ExprId, String)> {
        let mut failures = Vec::new();
        for id in self.file.exprs.ids(root) {
            match self.evaluate_expr(id) {
                Some(Ok(value)) => drop(self.values.insert(id, value)),
                Some(Err(failure)) => failures.push((id, failure.to_string())),
                None => {}
            }
        }
        failures
    }

    fn get(&self, id: ExprId) -> Option<ValueRef<'b>> {
        self.values.get(&id).copied()
    }

    fn all(&self, ids: &[ExprId]) -> Option<Vec<ValueRef<'b>>> {
        ids.iter().map(|id| self.get(*id)).collect()
    }

    /// The value or failure of an expression with constant operands; `None` for other expressions.
    fn evaluate_expr(&self, id: ExprId) -> Evaluated<'b> {
        let (arena, file) = (self.arena, self.file);
        let operators = &stdlib::SERVICE;
        let user = |name: &str| file.symbols.function(self.scope, name).is_some();
        Some(match file.exprs.get(id) {
            Expr::Null => Ok(ValueRef::Null),
            Expr::Bool(value) => Ok(ValueRef::Bool(*value)),
            Expr::Int(value) => Ok(ValueRef::Int(*value)),
            Expr::Float(value) => Ok(ValueRef::Float(*value)),
            Expr::Str(text) => Ok(ValueRef::from(&*arena.alloc_str(text.as_str().as_utf8()?))),
            Expr::Bytes(bytes) => Ok(ValueRef::Bytes(arena.alloc_slice_copy(bytes))),
            Expr::List(items) => {
                let items = self.all(items)?;
                Ok(ValueRef::List(ListRef::Made(arena.alloc_slice_copy(&items))))
            }
            Expr::Unary(UnaryOp::Negate, operand) => (operators.negate)(self.get(*operand)?),
            Expr::Binary(op, a, b) => (operators.arithmetic)(arena, arithmetic(*op)?, self.get(*a)?, self.get(*b)?),
            Expr::Call(name, arguments) if !user(&name.text) && name.text != "debug" => {
                let builtin = stdlib::function(&name.text)?;
                builtin.call(operators, arena, &self.all(arguments)?)
            }
            Expr::PackageCall(package, name, arguments) => {
                let builtin = stdlib::package_function(&package.text, &name.text)?;
                builtin.call(operators, arena, &self.all(arguments)?)
            }
            Expr::Method(receiver, name, arguments) => {
                let receiver = self.get(*receiver)?;
                let mut operands = vec![receiver];
                operands.extend(self.all(arguments)?);
                let known = |method: &&'static stdlib::Builtin| method.receiver == Some(receiver.type_of());
                let method = stdlib::methods(stdlib::Dialect::Service, &name.text).find(known)?;
                method.call(operators, arena, &operands)
            }
            _ => return None,
        })
    }
}

fn arithmetic(op: BinaryOp) -> Option<Arithmetic> {
    Some(match op {
        BinaryOp::Add => Arithmetic::Add,
        BinaryOp::Sub => Arithmetic::Sub,
        BinaryOp::Mul => Arithmetic::Mul,
        BinaryOp::Div => Arithmetic::Div,
        BinaryOp::Rem => Arithmetic::Rem,
        _ => return None,
    })
}
