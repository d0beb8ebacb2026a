//! Types of expressions.
//!
//! The official check works in both directions: what an operation wants of its operands narrows the operations in
//! them, and what remains of an operation's overloads gives its type. Variables of unknown type collect what their
//! uses want of them; an expression whose parts want different things of one is reported. All of it was measured on
//! the official emulator; `tests/oracle/checks.jsonl` holds the answers.

use std::cell::OnceCell;

use super::{
    body::Summaries,
    codes::Code,
    context::{Env, First, Inferred, Uses, Variable, Want},
    host::Hosts,
    limits::Limits,
    places::Places,
    postfix::Link,
    problems::Problems,
    scope::{FunctionId, World},
    signature::{self, Fitting, Forms},
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

/// Levels of expressions, over all functions being looked into, beyond which nothing is found out any more. Expressions
/// nest up to 99 levels, calls up to 21; without optimisation each level takes about 3 KiB of the stack (`tests/host`).
const MAX_LEVELS: usize = 180;

/// Names that are not known and for which it is looked what may have been meant.
const MOST_HINTED: usize = 500;

/// Checks the expressions of a file.
pub(super) struct Checker<'c, 'a> {
    pub(super) source: &'c Source,
    pub(super) exprs: &'a Exprs,
    pub(super) version: Version,
    pub(super) limits: &'c Limits,
    pub(super) world: &'c World<'a>,
    /// In which requests each function may run.
    pub(super) hosts: &'c [Hosts],
    pub(super) problems: &'c mut Problems,
    pub(super) summaries: Summaries,
    pub(super) places: OnceCell<Places>,
    /// Not zero while a function is looked into for what a call of it means: what is wrong in it is reported once,
    /// where it is declared.
    pub(super) quiet: usize,
    pub(super) active: Vec<FunctionId>,
    pub(super) level: usize,
    /// Problems for which it was looked what may have been meant.
    pub(super) hinted: usize,
    /// Operations of the chains that are open.
    pub(super) links: Vec<Link<'a>>,
}

impl<'a> Checker<'_, 'a> {
    pub(super) fn report(&mut self, code: Code, span: Span, message: impl FnOnce() -> String) {
        if self.quiet == 0 {
            self.problems.add(code, span, message());
        }
    }

    /// The same with what may have been meant.
    pub(super) fn report_hinted(
        &mut self,
        code: Code,
        span: Span,
        message: impl FnOnce() -> String,
        hint: impl FnOnce(&Self) -> Option<String>,
    ) {
        if self.quiet == 0 {
            let mut problem = code.problem(Some(span), message());
            // To look for what was meant takes time, and nobody reads more.
            self.hinted += 1;
            if self.hinted <= MOST_HINTED {
                problem.hint = hint(self).or(problem.hint);
            }
            self.problems.push(problem);
        }
    }

    /// The type of an expression where something is wanted of it.
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
                let first = if *op == UnaryOp::Negate { First::Primary } else { First::Operand };
                self.apply(env, id, signature::unary(*op), &[*operand], first, want)
            }
            Expr::Binary(op, left, right) => self.binary(env, id, *op, *left, *right, want),
            Expr::Is(operand, _) => self.apply(env, id, &signature::IS, &[*operand], First::Operand, want),
            Expr::Ternary(condition, yes, no) => self.ternary(env, id, [*condition, *yes, *no], want),
        }
    }

    /// The place that messages about the type of an expression name: the operator or name of an operation; of a
    /// range its first token; of literals and variables their first token or the parenthesis around (measured).
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

    /// Reports that an expression is of other types than wanted.
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

    /// The type of a literal, unless another is wanted.
    fn fit(&mut self, id: ExprId, t: Type, want: Want) -> Possible {
        let own = Types::of(&[t]);
        if want.types.contains(t) {
            return Some(own);
        }
        self.mismatch(id, &own, want);
        None
    }

    /// A list, map or path literal: its parts are checked whether or not it fits.
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

    /// Infers the parts of an expression and joins what they want of variables.
    pub(super) fn parts(
        &mut self,
        env: &mut Env<'a>,
        id: ExprId,
        parts: impl Iterator<Item = (ExprId, Want)>,
        primary: bool,
    ) -> Uses<'a> {
        // A plain loop, which takes less stack than `collect` in unoptimised builds.
        let mut uses = Uses::none();
        for (part, want) in parts {
            uses = uses.and(self.infer(env, part, want).uses);
        }
        self.join(env, uses, |this| this.outer_span(id, primary))
    }

    /// What several parts want of variables. What cannot be had together is reported, and then anything will do.
    pub(super) fn join(&mut self, env: &Env<'a>, mut parts: Uses<'a>, place: impl Fn(&Self) -> Span) -> Uses<'a> {
        for (variable, types) in parts.iter_mut().filter(|(_, types)| types.is_empty()) {
            let name = match variable {
                Variable::Local(local) => env.read.get(*local).map_or("", |(name, _)| name.text.as_str()),
                Variable::Outer(name) => name,
            };
            self.no_type(&place, name);
            *types = Types::ANY;
        }
        parts
    }

    fn no_type(&mut self, place: impl Fn(&Self) -> Span, name: &str) {
        if self.quiet == 0 {
            let message = format!("Invalid type. There is no type for variable '{name}' that satisfies all clauses.");
            self.problems.add(Code::NoType, place(self), message);
        }
    }

    /// An expression with its parentheses.
    pub(super) fn outer_span(&self, id: ExprId, primary: bool) -> Span {
        let span = self.exprs.span(id);
        let places = self.places();
        Span { start: places.start(span, primary), end: span.end }
    }

    pub(super) fn places(&self) -> &Places {
        self.places.get_or_init(|| Places::new(self.source.text()))
    }

    fn variable(&mut self, env: &mut Env<'a>, id: ExprId, name: &'a Name, want: Want) -> Inferred<'a> {
        let text = name.text.as_str();
        let variable = if let Some(local) = env.locals.get(text).and_then(|places| places.last()) {
            if let Some((_, read)) = env.read.get_mut(*local) {
                *read |= self.quiet == 0;
            }
            Variable::Local(*local)
        } else {
            let capture = self.world.capture(env.scope, text).map(Some);
            match capture.or_else(|| env.hosts.variable(text)) {
                Some(Some(own)) => return self.known(id, text, own, want),
                Some(None) => Variable::Outer(text),
                None => {
                    // Where no request gets, it would be known if one did; that does not fail at run time.
                    let code = if env.hosts.lacks(None, text) { env.unreached } else { Code::UnknownVariable };
                    let meant = |this: &Self| this.meant_variable(env, text).filter(|_| code == Code::UnknownVariable);
                    self.report_hinted(code, name.span, || format!("Invalid variable name: {text}."), meant);
                    return Inferred::unknown();
                }
            }
        };
        Inferred { types: None, uses: Uses::of(variable, want.types) }
    }

    /// A variable whose types are known.
    fn known(&mut self, id: ExprId, name: &'a str, own: Types, want: Want) -> Inferred<'a> {
        let common = own.common(&want.types);
        if common.is_empty() {
            self.mismatch(id, &own, want);
            self.no_type(|this| this.outer_span(id, want.primary), name);
            return Inferred::unknown();
        }
        Inferred { types: Some(common), uses: Uses::of(Variable::Outer(name), common) }
    }

    /// The overloads that can give what is wanted; where none can, that is reported.
    pub(super) fn fitting(&mut self, id: ExprId, forms: &'static Forms, want: Want) -> Fitting {
        let fitting = forms.fitting(&want.types);
        if fitting.is_empty()
            && let Some(given) = forms.result()
        {
            self.mismatch(id, &given, want);
        }
        fitting
    }

    /// An operation with overloads: those that can give what is wanted say what its operands may be. Where none can,
    /// the operands are checked for themselves.
    pub(super) fn apply(
        &mut self,
        env: &mut Env<'a>,
        id: ExprId,
        forms: &'static Forms,
        operands: &[ExprId],
        first: First,
        want: Want,
    ) -> Inferred<'a> {
        let fitting = self.fitting(id, forms, want);
        let part = |i: usize| {
            let want = Want { primary: first == First::Primary, ..Want::of(fitting.operand(i)) };
            Some((*operands.get(i)?, want))
        };
        // Measured by the order of types in messages: what an element wants comes before what its container wants.
        let from = usize::from(first == First::Container && !fitting.is_empty());
        let parts = (from..operands.len()).chain(0..from).filter_map(part);
        let uses = self.parts(env, id, parts, want.primary);
        Inferred { types: fitting.result(), uses }
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
                return self.apply(env, id, &signature::CONTAINS, &[right, left], First::Container, want);
            }
            _ => return self.apply(env, id, signature::binary(op), &[left, right], First::Operand, want),
        }
        let types = self.fit(id, Type::Bool, want);
        let operand = |i| if types.is_none() { Want::ANY } else { Want::of(signature::binary(op).operand(i)) };
        let left = self.infer(env, left, operand(0));
        let right = self.infer(env, right, operand(1));
        // Measured: where no boolean is wanted, only that is reported.
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

    /// Both branches are checked for what is wanted of the whole; the whole is not known to be of their types.
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
