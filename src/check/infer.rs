//! Infers the types of expressions.
//!
//! The official check is bidirectional: the types that an operation expects of its operands narrow the operations in
//! them, and the remaining overloads of an operation give its type. Variables of unknown type collect the types that
//! their uses require; an expression whose parts require different types of one variable is reported. All of this was
//! measured on the official emulator; `tests/oracle/checks.jsonl` holds the answers.

use std::cell::OnceCell;

use super::{
    body::Summaries,
    codes::Code,
    context::{Env, FirstOperand, Inferred, Uses, Variable, Want},
    host::RequestKinds,
    limits::Limits,
    postfix::Link,
    problems::Problems,
    scope::{FunctionId, SymbolTable},
    signature::{self, Applicable, SignatureSet},
    token_index::TokenIndex,
    types::{Possible, Types},
};
use crate::{
    syntax::{
        Language, Role,
        ast::{BinaryOp, Expr, ExprId, Exprs, Name, PathPart, UnaryOp, Version},
        of_word,
    },
    text::{Source, Span},
    value::Type,
};

/// Maximum depth of expressions, over all functions being inferred; below it nothing is inferred. Expressions nest up
/// to 99 levels, calls up to 21; without optimisation each level takes about 3 KiB of the stack (`tests/host`).
const MAX_LEVELS: usize = 180;

/// Maximum number of unknown names that get a suggestion.
const MOST_HINTED: usize = 500;

/// Checks the expressions of a file.
pub(super) struct Checker<'c, 'a> {
    pub(super) source: &'c Source,
    pub(super) exprs: &'a Exprs,
    pub(super) version: Version,
    pub(super) limits: &'c Limits,
    pub(super) symbols: &'c SymbolTable<'a>,
    /// The kinds of requests in which each function may run.
    pub(super) kinds: &'c [RequestKinds],
    pub(super) problems: &'c mut Problems,
    pub(super) summaries: Summaries,
    pub(super) token_index: OnceCell<TokenIndex>,
    /// Nonzero while inferring a function for a call: its problems are reported once, where it is declared.
    pub(super) quiet: usize,
    pub(super) active: Vec<FunctionId>,
    pub(super) level: usize,
    /// Number of problems for which a suggestion was searched.
    pub(super) hinted: usize,
    /// The operations of the chains being inferred.
    pub(super) links: Vec<Link<'a>>,
}

impl<'a> Checker<'_, 'a> {
    pub(super) fn report(&mut self, code: Code, span: Span, message: impl FnOnce() -> String) {
        if self.quiet == 0 {
            self.problems.add(code, span, message());
        }
    }

    /// Reports a problem with a suggestion.
    pub(super) fn report_hinted(
        &mut self,
        code: Code,
        span: Span,
        message: impl FnOnce() -> String,
        hint: impl FnOnce(&Self) -> Option<String>,
    ) {
        if self.quiet == 0 {
            let mut problem = code.problem(Some(span), message());
            // The search takes time, and nobody reads more suggestions.
            self.hinted += 1;
            if self.hinted <= MOST_HINTED {
                problem.hint = hint(self).or(problem.hint);
            }
            self.problems.push(problem);
        }
    }

    /// Infers the type of an expression.
    pub(super) fn infer(&mut self, env: &mut Env<'a>, id: ExprId, want: Want) -> Inferred<'a> {
        if self.level >= MAX_LEVELS {
            return Inferred::unknown();
        }
        self.level += 1;
        let found = self.infer_one(env, id, want);
        self.level -= 1;
        found
    }

    fn infer_one(&mut self, env: &mut Env<'a>, id: ExprId, want: Want) -> Inferred<'a> {
        let exprs = self.exprs;
        match exprs.get(id) {
            Expr::Null => self.literal(id, Type::Null, want),
            Expr::Bool(_) => self.literal(id, Type::Bool, want),
            Expr::Int(_) => self.literal(id, Type::Int, want),
            Expr::Float(_) => self.literal(id, Type::Float, want),
            Expr::Str(_) => self.literal(id, Type::String, want),
            Expr::Bytes(_) => self.literal(id, Type::Bytes, want),
            // Database rules have their own checker.
            Expr::Regex(..) | Expr::Invoke(..) => Inferred::unknown(),
            Expr::List(items) => {
                let parts = items.iter().map(|item| (*item, Want::ANY));
                self.composite(env, id, Type::List, parts, want)
            }
            Expr::Map(entries) => {
                let key = Want::of(const { Types::of(&[Type::String]) });
                let values = entries.iter().map(|(_, value)| (*value, Want::ANY));
                let parts = entries.iter().map(|(k, _)| (*k, key)).chain(values);
                self.composite(env, id, Type::Map, parts, want)
            }
            Expr::Path(parts) => {
                let part = Want::of(const { Types::of(&signature::INTERPOLATION) });
                let parts = parts.iter().filter_map(PathPart::expression).map(|e| (e, part));
                self.composite(env, id, Type::Path, parts, want)
            }
            Expr::Variable(name) => self.variable(env, id, name, want),
            Expr::Member(..) | Expr::Index(..) | Expr::Range(..) | Expr::Method(..) => self.postfix(env, id, want),
            Expr::Call(name, arguments) => self.call(env, id, name, arguments, want),
            Expr::PackageCall(package, name, arguments) => self.package_call(env, id, package, name, arguments, want),
            Expr::Unary(op, operand) => {
                let first = if *op == UnaryOp::Negate { FirstOperand::Primary } else { FirstOperand::Operand };
                self.apply(env, id, signature::unary(*op), &[*operand], first, want)
            }
            Expr::Binary(op, left, right) => self.binary(env, id, *op, *left, *right, want),
            Expr::Is(operand, _) => self.apply(env, id, &signature::IS, &[*operand], FirstOperand::Operand, want),
            Expr::Ternary(condition, yes, no) => self.ternary(env, id, [*condition, *yes, *no], want),
        }
    }

    /// The span that messages about the type of an expression point at: the operator or name of an operation; the first
    /// token of a range; the first token of a literal or variable, or the parenthesis around it (measured).
    fn anchor(&self, id: ExprId, primary: bool) -> Span {
        match self.exprs.get(id) {
            Expr::Unary(..) | Expr::Binary(..) | Expr::Is(..) | Expr::Ternary(..) => self.exprs.anchor(id),
            Expr::Call(..) | Expr::PackageCall(..) | Expr::Method(..) | Expr::Member(..) | Expr::Index(..) => {
                self.exprs.anchor(id)
            }
            Expr::Range(..) => self.exprs.span(id),
            _ => self.outer_span(id, primary),
        }
    }

    /// Reports an expression with other types than expected.
    fn mismatch(&mut self, id: ExprId, received: &Types, want: Want) {
        if self.quiet > 0 {
            return;
        }
        let wanted = want.types;
        let span = self.anchor(id, want.primary);
        if want.condition {
            self.report(Code::NeverBoolean, span, || {
                format!("Invalid type. Permission statements expect a boolean value. Received one of {received}.")
            });
        } else {
            let code = if want.implied { Code::ImpliedType } else { Code::WrongType };
            let message = || format!("Invalid type. Received one of {received}. Expected one of {wanted}.");
            let meant = |this: &Self| match this.exprs.get(want.member?) {
                Expr::Member(_, name) => of_word(Language::Firestore, Role::Method, &name.text).map(str::to_owned),
                _ => None,
            };
            self.report_hinted(code, span, message, meant);
        }
    }

    fn literal(&mut self, id: ExprId, t: Type, want: Want) -> Inferred<'a> {
        Inferred { types: self.fit(id, t, want), uses: Uses::none() }
    }

    /// The type of a literal, unless another is expected.
    fn fit(&mut self, id: ExprId, t: Type, want: Want) -> Possible {
        let own = Types::of(&[t]);
        if want.types.contains(t) {
            return Some(own);
        }
        self.mismatch(id, &own, want);
        None
    }

    /// Infers a list, map or path literal: its parts are checked even if another type is expected.
    fn composite(
        &mut self,
        env: &mut Env<'a>,
        id: ExprId,
        t: Type,
        parts: impl Iterator<Item = (ExprId, Want)>,
        want: Want,
    ) -> Inferred<'a> {
        let types = self.fit(id, t, want);
        let uses = self.parts(env, id, parts, want.primary);
        Inferred { types, uses }
    }

    /// Infers the parts of an expression and combines their uses of variables.
    pub(super) fn parts(
        &mut self,
        env: &mut Env<'a>,
        id: ExprId,
        parts: impl Iterator<Item = (ExprId, Want)>,
        primary: bool,
    ) -> Uses<'a> {
        // A plain loop takes less stack than `collect` in unoptimised builds.
        let mut uses = Uses::none();
        for (part, want) in parts {
            uses = uses.and(self.infer(env, part, want).uses);
        }
        self.join(env, uses, |this| this.outer_span(id, primary))
    }

    /// Reports variables of which several parts require incompatible types; such a variable then accepts any type.
    pub(super) fn join(&mut self, env: &Env<'a>, mut parts: Uses<'a>, span_of: impl Fn(&Self) -> Span) -> Uses<'a> {
        for (variable, types) in parts.iter_mut().filter(|(_, types)| types.is_empty()) {
            let name = match variable {
                Variable::Local(local) => env.locals.get(*local).map_or("", |local| local.name.text.as_str()),
                Variable::Outer(name) => name,
            };
            self.no_type(&span_of, name);
            *types = Types::ANY;
        }
        parts
    }

    fn no_type(&mut self, span_of: impl Fn(&Self) -> Span, name: &str) {
        if self.quiet == 0 {
            let message = format!("Invalid type. There is no type for variable '{name}' that satisfies all clauses.");
            self.problems.add(Code::NoType, span_of(self), message);
        }
    }

    /// The span of an expression with its parentheses.
    pub(super) fn outer_span(&self, id: ExprId, primary: bool) -> Span {
        let span = self.exprs.span(id);
        let token_index = self.token_index();
        Span { start: token_index.start(span, primary), end: span.end }
    }

    pub(super) fn token_index(&self) -> &TokenIndex {
        self.token_index.get_or_init(|| TokenIndex::new(self.source.text()))
    }

    fn variable(&mut self, env: &mut Env<'a>, id: ExprId, name: &'a Name, want: Want) -> Inferred<'a> {
        let text = name.text.as_str();
        let variable = if let Some(local) = env.visible.get(text).and_then(|indices| indices.last()) {
            if let Some(local) = env.locals.get_mut(*local) {
                local.is_read |= self.quiet == 0;
            }
            Variable::Local(*local)
        } else {
            let capture = self.symbols.capture(env.scope, text).map(Some);
            match capture.or_else(|| env.kinds.variable(text)) {
                Some(Some(own)) => return self.known(id, text, own, want),
                Some(None) => Variable::Outer(text),
                None => {
                    // The name would be declared if a request evaluated the expression, so this does not fail at run
                    // time.
                    let code = if env.kinds.lacks(None, text) { env.unreached } else { Code::UnknownVariable };
                    let meant =
                        |this: &Self| this.suggest_variable(env, text).filter(|_| code == Code::UnknownVariable);
                    self.report_hinted(code, name.span, || format!("Invalid variable name: {text}."), meant);
                    return Inferred::unknown();
                }
            }
        };
        Inferred { types: None, uses: Uses::of(variable, want.types) }
    }

    /// Infers a variable of known types.
    fn known(&mut self, id: ExprId, name: &'a str, own: Types, want: Want) -> Inferred<'a> {
        let common = own.common(&want.types);
        if common.is_empty() {
            self.mismatch(id, &own, want);
            self.no_type(|this| this.outer_span(id, want.primary), name);
            return Inferred::unknown();
        }
        Inferred { types: Some(common), uses: Uses::of(Variable::Outer(name), common) }
    }

    /// The overloads that can give an expected type; reports the expression if none can.
    pub(super) fn applicable(&mut self, id: ExprId, signatures: &'static SignatureSet, want: Want) -> Applicable {
        let applicable = signatures.applicable(&want.types);
        if applicable.is_empty()
            && let Some(given) = signatures.result()
        {
            self.mismatch(id, &given, want);
        }
        applicable
    }

    /// Infers an operation with overloads: those that can give an expected type determine the types of the operands. If
    /// none can, the operands are checked on their own.
    pub(super) fn apply(
        &mut self,
        env: &mut Env<'a>,
        id: ExprId,
        signatures: &'static SignatureSet,
        operands: &[ExprId],
        first: FirstOperand,
        want: Want,
    ) -> Inferred<'a> {
        let applicable = self.applicable(id, signatures, want);
        let part = |i: usize| {
            let want = Want { primary: first == FirstOperand::Primary, ..Want::of(applicable.operand(i)) };
            Some((*operands.get(i)?, want))
        };
        // Measured by the order of types in messages: uses in the element come before those in the container.
        let from = usize::from(first == FirstOperand::Container && !applicable.is_empty());
        let parts = (from..operands.len()).chain(0..from).filter_map(part);
        let uses = self.parts(env, id, parts, want.primary);
        Inferred { types: applicable.result(), uses }
    }

    fn binary(
        &mut self,
        env: &mut Env<'a>,
        id: ExprId,
        op: BinaryOp,
        left: ExprId,
        right: ExprId,
        want: Want,
    ) -> Inferred<'a> {
        match op {
            BinaryOp::Eq | BinaryOp::Ne => {}
            BinaryOp::In => {
                return self.apply(env, id, &signature::CONTAINS, &[right, left], FirstOperand::Container, want);
            }
            _ => return self.apply(env, id, signature::binary(op), &[left, right], FirstOperand::Operand, want),
        }
        let types = self.fit(id, Type::Bool, want);
        let operand = |i| if types.is_none() { Want::ANY } else { Want::of(signature::binary(op).operand(i)) };
        let left = self.infer(env, left, operand(0));
        let right = self.infer(env, right, operand(1));
        // Measured: if no boolean is expected, only that is reported.
        if let (Some(_), Some(a), Some(b)) = (types, left.types, right.types)
            && !a.comparable(&b)
        {
            let always = op == BinaryOp::Ne;
            self.report(Code::NotComparable, self.exprs.anchor(id), || {
                format!("The sub-expressions are not comparable, so this comparison will always return {always}.")
            });
        }
        let uses = self.join(env, left.uses.and(right.uses), |this| this.outer_span(id, want.primary));
        Inferred { types, uses }
    }

    /// Infers a ternary: both branches have the expected types of the whole, whose own types remain unknown.
    fn ternary(
        &mut self,
        env: &mut Env<'a>,
        id: ExprId,
        [condition, yes, no]: [ExprId; 3],
        want: Want,
    ) -> Inferred<'a> {
        let condition = self.infer(env, condition, Want::of(const { Types::of(&[Type::Bool]) }));
        let branch = Want { condition: false, primary: false, ..want };
        let yes = self.infer(env, yes, branch);
        let no = self.infer(env, no, branch);
        if let (Some(a), Some(b)) = (yes.types, no.types)
            && !a.overlaps(&b)
        {
            self.report(Code::TernaryTypes, self.exprs.anchor(id), || {
                "Ternary operator result if condition is true has a different type than if condition is false."
                    .to_owned()
            });
        }
        let uses = self.join(env, condition.uses.and(yes.uses).and(no.uses), |this| this.outer_span(id, want.primary));
        Inferred { types: None, uses }
    }
}
