//! The lint of list and path literals that may leave operands on the stack and so change a decision.
//!
//! The engine keeps operands on a stack ([`crate::eval`]). A list or path literal pops its elements up to the first
//! that fails and leaves the others on the stack; an operation around it that has operands below takes one of those as
//! its own operand. So an expression may *fail and leave* operands ([`Effect::fails`]), or *give a value and leave*
//! operands, if the other operand of a connective decides ([`Effect::yields`]). The second kind does harm in the right
//! operand of `&&` and in any operation with an operand below; both kinds end the request in a branch of `?:`.
//!
//! Whether an element may fail is a heuristic: it may if it reads a field, a claim or the user that the condition did
//! not mention before. Calls are followed, with the access paths of their arguments.

mod guards;

use crate::{
    check::ScopeId,
    syntax::ast::{BinaryOp, Expr, ExprId, Function, PathPart, UnaryOp},
    text::Span,
};

use super::{
    Code,
    findings::Findings,
    service::{Locals, ServiceFile, shorten},
};

use guards::Guards;

/// The largest number of expressions that are visited in a file; the body of a function counts for each call.
const MAX_VISITS: usize = 200_000;

/// The deepest nesting of expressions that is visited, including calls.
const MAX_DEPTH: usize = 120;

pub(super) fn check(file: &ServiceFile<'_>, found: &mut Findings) {
    let mut walk = Walk { file, found, guards: Guards::default(), visits: 0, depth: 0 };
    for statement in &file.symbols.statements {
        let Some(condition) = statement.allow.condition else { continue };
        let frame = Frame { scope: statement.scope, locals: Locals::default() };
        walk.guards.clear();
        walk.effect(&frame, condition);
    }
}

/// The context of an expression: its scope and the access paths of its variables.
struct Frame<'a> {
    scope: ScopeId,
    locals: Locals<'a>,
}

/// A literal, and the access path that may be missing in one of its elements other than the last.
#[derive(Clone)]
struct Risk {
    literal: ExprId,
    missing: String,
}

/// What the evaluation of an expression may do besides yielding a value.
#[derive(Clone, Default)]
struct Effect {
    /// It may fail and leave operands.
    fails: Option<Risk>,
    /// It may yield false, or true, and leave operands; any other value counts as both.
    yields: [Option<Risk>; 2],
}

impl Effect {
    fn or(self, other: Effect) -> Effect {
        let [no, yes] = self.yields;
        let [other_no, other_yes] = other.yields;
        Effect { fails: self.fails.or(other.fails), yields: [no.or(other_no), yes.or(other_yes)] }
    }

    fn any_value(&self) -> Option<&Risk> {
        let [no, yes] = &self.yields;
        yes.as_ref().or(no.as_ref())
    }

    /// The effect of an operation on this expression that may yield any value.
    fn with_any_value(mut self) -> Effect {
        let any = self.any_value().cloned();
        self.yields = [any.clone(), any];
        self
    }
}

struct Walk<'w, 'a> {
    file: &'w ServiceFile<'a>,
    found: &'w mut Findings,
    guards: Guards,
    visits: usize,
    depth: usize,
}

impl<'a> Walk<'_, 'a> {
    fn effect(&mut self, frame: &Frame<'a>, id: ExprId) -> Effect {
        self.visits += 1;
        if self.depth >= MAX_DEPTH || self.visits >= MAX_VISITS {
            return Effect::default();
        }
        self.depth += 1;
        let effect = self.effect_of(frame, id);
        self.depth -= 1;
        effect
    }

    fn effect_of(&mut self, frame: &Frame<'a>, id: ExprId) -> Effect {
        let exprs = self.file.exprs;
        match exprs.get(id) {
            Expr::List(items) => {
                let before = items.split_last().map_or(&[][..], |(_, before)| before);
                let risk = self.risk(frame, id, before);
                let items: Vec<_> = items.iter().rev().copied().collect();
                self.strict(frame, id, &items, 0).or(failure(risk))
            }
            Expr::Path(parts) => self.path(frame, id, parts),
            Expr::Map(entries) => {
                let operands: Vec<_> = entries.iter().rev().flat_map(|(key, value)| [*value, *key]).collect();
                self.strict(frame, id, &operands, 0)
            }
            Expr::Binary(op @ (BinaryOp::And | BinaryOp::Or), ..) => self.chain(frame, id, *op),
            Expr::Binary(BinaryOp::In, element, container) => self.strict(frame, id, &[*element, *container], 0),
            Expr::Binary(_, left, right) => self.strict(frame, id, &[*right, *left], 0),
            Expr::Index(object, index) => self.strict(frame, id, &[*index, *object], 0),
            Expr::Range(object, from, to) => {
                let operands: Vec<_> = [*to, *from].into_iter().flatten().chain([*object]).collect();
                self.strict(frame, id, &operands, 0)
            }
            Expr::Member(object, _) => self.strict(frame, id, &[*object], 0),
            Expr::Is(operand, _) => self.strict(frame, id, &[*operand], 1),
            Expr::Unary(UnaryOp::Not, operand) => {
                let Effect { fails, yields: [no, yes] } = self.effect(frame, *operand);
                Effect { fails, yields: [yes, no] }
            }
            Expr::Unary(UnaryOp::Negate, operand) => self.strict(frame, id, &[*operand], 0),
            Expr::Method(receiver, _, arguments) => {
                let operands: Vec<_> = arguments.iter().rev().copied().chain([*receiver]).collect();
                self.strict(frame, id, &operands, 0)
            }
            Expr::Call(name, arguments) => {
                let operands: Vec<_> = arguments.iter().rev().copied().collect();
                let argument_effect = self.strict(frame, id, &operands, 0);
                let function = self.file.symbols.function(frame.scope, &name.text);
                let declared = function.and_then(|function| self.file.symbols.declared(function));
                match declared.map(|declared| (declared.function, declared.scope)) {
                    Some((function, scope)) if function.parameters.len() == arguments.len() => {
                        let locals = self.bind(frame, function, arguments);
                        self.call(&Frame { scope, locals }, function, argument_effect)
                    }
                    _ => argument_effect,
                }
            }
            Expr::PackageCall(_, _, arguments) => {
                let operands: Vec<_> = arguments.iter().rev().copied().collect();
                self.strict(frame, id, &operands, 0)
            }
            Expr::Ternary(condition, yes, no) => self.ternary(frame, id, [*condition, *yes, *no]),
            _ => Effect::default(),
        }
    }

    /// The effect of a strict operation, which fails if an operand fails. `operands` are in evaluation order; `below`
    /// is the number of other operands below them on the stack.
    fn strict(&mut self, frame: &Frame<'a>, id: ExprId, operands: &[ExprId], below: usize) -> Effect {
        let mut all = Effect::default();
        for (at, operand) in operands.iter().enumerate() {
            let effect = self.effect(frame, *operand);
            if at + below > 0
                && let Some(risk) = effect.any_value()
            {
                let what = "takes a leftover as its own operand";
                self.report(risk.clone(), self.file.exprs.anchor(id), "this operation", what);
            }
            all = all.or(effect.with_any_value());
        }
        all
    }

    fn path(&mut self, frame: &Frame<'a>, id: ExprId, parts: &[PathPart]) -> Effect {
        let pushed: Vec<_> = parts.iter().filter(|part| !matches!(part, PathPart::Capture(_))).collect();
        let before: Vec<_> = pushed.iter().rev().skip(1).rev().filter_map(|part| part.expression()).collect();
        let risk = self.risk(frame, id, &before);
        // The literal segments after an expression are below it on the stack.
        let below = usize::from(pushed.last().is_some_and(|part| part.expression().is_none()));
        let operands: Vec<_> = parts.iter().rev().filter_map(PathPart::expression).collect();
        self.strict(frame, id, &operands, below).or(failure(risk))
    }

    /// The effect of a chain of `&&` or `||`.
    fn chain(&mut self, frame: &Frame<'a>, id: ExprId, op: BinaryOp) -> Effect {
        let exprs = self.file.exprs;
        let mut parts = Vec::new();
        let mut at = id;
        while let Expr::Binary(inner, left, right) = exprs.get(at)
            && *inner == op
        {
            parts.push((*right, exprs.anchor(at)));
            at = *left;
        }
        let mark = self.guards.mark();
        let mut all = self.effect(frame, at);
        self.record(frame, at);
        let decisive = usize::from(op == BinaryOp::Or);
        for (right, anchor) in parts.into_iter().rev() {
            let effect = self.effect(frame, right);
            self.record(frame, right);
            // A right operand that decides does not need the left one. If `||` yields an error instead of false, the
            // decision is the same.
            if op == BinaryOp::And
                && let [_, Some(risk)] = &effect.yields
            {
                self.report(risk.clone(), anchor, "this `&&`", "takes a leftover as its left operand and fails");
            }
            let mut yields = [None, None];
            let absorbed = all.fails.clone();
            if let Some(slot) = yields.get_mut(decisive) {
                *slot = absorbed;
            }
            let absorbed = Effect { fails: None, yields };
            all = all.or(effect).or(absorbed);
        }
        self.guards.release(mark);
        all
    }

    fn ternary(&mut self, frame: &Frame<'a>, id: ExprId, [condition, yes, no]: [ExprId; 3]) -> Effect {
        let asked = self.effect(frame, condition);
        let mark = self.guards.mark();
        self.record(frame, condition);
        for branch in [yes, no] {
            let effect = self.effect(frame, branch);
            if let Some(risk) = effect.fails.as_ref().or(effect.any_value()) {
                self.report(risk.clone(), self.file.exprs.anchor(id), "this `?:`", "ends the whole request");
            }
        }
        self.guards.release(mark);
        asked.with_any_value()
    }

    fn bind(&self, frame: &Frame<'a>, function: &'a Function, arguments: &[ExprId]) -> Locals<'a> {
        let paths = arguments.iter().map(|argument| self.file.access_path(frame.scope, &frame.locals, *argument));
        function.parameters.iter().map(|name| name.text.as_str()).zip(paths).collect()
    }

    /// The effect of a call, from the effects of its arguments and its body.
    fn call(&mut self, outer: &Frame<'a>, function: &'a Function, argument_effect: Effect) -> Effect {
        let locals = self.file.lets(function, outer.scope, outer.locals.clone());
        let frame = Frame { scope: outer.scope, locals };
        let mark = self.guards.mark();
        let mut before = argument_effect;
        for variable in &function.lets {
            before = before.or(self.effect(&frame, variable.value).with_any_value());
        }
        let result = self.effect(&frame, function.result);
        self.guards.release(mark);
        // The result may be a value although an argument or variable fails.
        let absorbs = |expr: &Expr| matches!(expr, Expr::Binary(BinaryOp::And | BinaryOp::Or, ..) | Expr::Ternary(..));
        if before.fails.is_some() && self.file.exprs.tree(function.result).any(absorbs) {
            let risk = before.fails.clone();
            before = before.or(Effect { fails: None, yields: [risk.clone(), risk] });
        }
        before.or(result)
    }

    fn risk(&mut self, frame: &Frame<'a>, literal: ExprId, parts: &[ExprId]) -> Option<Risk> {
        let missing = parts.iter().find_map(|part| self.possible_failure(frame, *part))?;
        Some(Risk { literal, missing })
    }

    fn report(&mut self, risk: Risk, at: Span, who: &str, what: &str) {
        let span = self.file.exprs.span(risk.literal);
        let text = shorten(self.file.source.slice(span));
        let kind = if text.starts_with('/') { "segments" } else { "elements" };
        let message = format!(
            "`{text}` fails if `{}` is missing, and leaves its later {kind} on the operand stack: {who} {what}",
            shorten(&risk.missing)
        );
        let problem = Code::StrayOperands.diagnostic(span, message).with_label(at, format!("{who} {what}"));
        let hint = match risk.missing.rsplit_once('.') {
            _ if risk.missing.starts_with("request.auth.uid") => "test `request.auth != null` before".to_owned(),
            Some((container, name)) if kind == "elements" => format!(
                "put `{}` last, test `'{name}' in {container}` before, or move the literal to the left operand",
                risk.missing
            ),
            Some((container, name)) => format!("test `'{name}' in {container}` before"),
            None => "put the element that may be missing last".to_owned(),
        };
        self.found.list.push(problem.with_hint(hint));
    }
}

fn failure(risk: Option<Risk>) -> Effect {
    Effect { fails: risk, ..Effect::default() }
}
