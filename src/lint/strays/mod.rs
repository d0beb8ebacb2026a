//! Lists and paths whose part may fail before their last part, where that changes an answer.
//!
//! The engine keeps operands on a stack ([`crate::eval`]). A list or path takes its parts up to the first that fails and
//! leaves the others behind; an operation around it that has operands below takes one of those for its own. So an
//! expression may *fail and leave* operands ([`Effect::fails`]), or *give a value and leave* operands, where the other side
//! of a connective decides ([`Effect::yields`]). The second kind does harm to the right of an `&&`, to whatever has an
//! operand below, and both kinds end the request in a branch of `?:`.
//!
//! Whether a part may fail is guessed from what it reads: a field, a claim, or the user, unless the condition mentioned it
//! before. Calls are followed with what their arguments read.

mod guards;

use crate::{
    check::ScopeId,
    syntax::ast::{BinaryOp, Expr, ExprId, Function, PathPart, UnaryOp},
    text::Span,
};

use super::{
    Code,
    findings::Findings,
    service::{File, Locals, shorten},
};

use guards::Guards;

/// Expressions that are looked at in one file, calls counted as often as they stand.
const MAX_STEPS: usize = 200_000;

/// Levels of expressions, over all calls.
const MAX_LEVELS: usize = 120;

pub(super) fn check(file: &File<'_>, found: &mut Findings) {
    let mut walk = Walk { file, found, guards: Guards::default(), steps: 0, level: 0 };
    for statement in &file.symbols.statements {
        let Some(condition) = statement.allow.condition else { continue };
        let frame = Frame { scope: statement.scope, locals: Locals::default() };
        walk.guards.clear();
        walk.effect(&frame, condition);
    }
}

/// Where an expression is evaluated.
struct Frame<'a> {
    scope: ScopeId,
    locals: Locals<'a>,
}

/// A literal, and what may be missing in one of its parts but the last.
#[derive(Clone)]
struct Risk {
    literal: ExprId,
    missing: String,
}

/// What an expression may do beyond giving a value.
#[derive(Clone, Default)]
struct Effect {
    /// It may fail and leave operands behind.
    fails: Option<Risk>,
    /// It may give true, or false, and leave operands behind; any other value counts as both.
    yields: [Option<Risk>; 2],
}

impl Effect {
    fn or(self, other: Effect) -> Effect {
        let [no, yes] = self.yields;
        let [other_no, other_yes] = other.yields;
        Effect { fails: self.fails.or(other.fails), yields: [no.or(other_no), yes.or(other_yes)] }
    }

    fn any(&self) -> Option<&Risk> {
        let [no, yes] = &self.yields;
        yes.as_ref().or(no.as_ref())
    }

    /// The same of an operation that gives another value.
    fn through(mut self) -> Effect {
        let any = self.any().cloned();
        self.yields = [any.clone(), any];
        self
    }
}

struct Walk<'w, 'a> {
    file: &'w File<'a>,
    found: &'w mut Findings,
    guards: Guards,
    steps: usize,
    level: usize,
}

impl<'a> Walk<'_, 'a> {
    fn effect(&mut self, frame: &Frame<'a>, id: ExprId) -> Effect {
        self.steps += 1;
        if self.level >= MAX_LEVELS || self.steps >= MAX_STEPS {
            return Effect::default();
        }
        self.level += 1;
        let effect = self.effect_of(frame, id);
        self.level -= 1;
        effect
    }

    fn effect_of(&mut self, frame: &Frame<'a>, id: ExprId) -> Effect {
        let exprs = self.file.exprs;
        match exprs.get(id) {
            Expr::List(items) => {
                let before = items.split_last().map_or(&[][..], |(_, before)| before);
                let risk = self.risk(frame, id, before);
                let items: Vec<_> = items.iter().rev().copied().collect();
                self.strict(frame, id, &items, 0).or(failing(risk))
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
                let given = self.strict(frame, id, &operands, 0);
                let function = self.file.symbols.function(frame.scope, &name.text);
                let declared = function.and_then(|function| self.file.symbols.declared(function));
                match declared.map(|declared| (declared.function, declared.scope)) {
                    Some((function, scope)) if function.parameters.len() == arguments.len() => {
                        let locals = self.bind(frame, function, arguments);
                        self.call(&Frame { scope, locals }, function, given)
                    }
                    _ => given,
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

    /// An operation that fails where an operand does; operands in the order of their evaluation, above `below` others.
    fn strict(&mut self, frame: &Frame<'a>, id: ExprId, operands: &[ExprId], below: usize) -> Effect {
        let mut all = Effect::default();
        for (at, operand) in operands.iter().enumerate() {
            let effect = self.effect(frame, *operand);
            if at + below > 0
                && let Some(risk) = effect.any()
            {
                let what = "takes it for an operand of its own";
                self.report(risk.clone(), self.file.exprs.anchor(id), "this operation", what);
            }
            all = all.or(effect.through());
        }
        all
    }

    fn path(&mut self, frame: &Frame<'a>, id: ExprId, parts: &[PathPart]) -> Effect {
        let pushed: Vec<_> = parts.iter().filter(|part| !matches!(part, PathPart::Capture(_))).collect();
        let before: Vec<_> = pushed.iter().rev().skip(1).rev().filter_map(|part| part.expression()).collect();
        let risk = self.risk(frame, id, &before);
        // The texts after a part are below it.
        let below = usize::from(pushed.last().is_some_and(|part| part.expression().is_none()));
        let operands: Vec<_> = parts.iter().rev().filter_map(PathPart::expression).collect();
        self.strict(frame, id, &operands, below).or(failing(risk))
    }

    /// `&&` or `||`, a chain of them as one.
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
        self.mention(frame, at);
        let decisive = usize::from(op == BinaryOp::Or);
        for (right, anchor) in parts.into_iter().rev() {
            let effect = self.effect(frame, right);
            self.mention(frame, right);
            // A right side that decides asks nothing of the left one. Where `||` comes to an error instead of false, nobody
            // is let in who should not be, nor the other way around.
            if op == BinaryOp::And
                && let [_, Some(risk)] = &effect.yields
            {
                self.report(risk.clone(), anchor, "this `&&`", "takes it for its left side and fails");
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
        self.mention(frame, condition);
        for branch in [yes, no] {
            let effect = self.effect(frame, branch);
            if let Some(risk) = effect.fails.as_ref().or(effect.any()) {
                self.report(risk.clone(), self.file.exprs.anchor(id), "this `?:`", "ends the whole request");
            }
        }
        self.guards.release(mark);
        asked.through()
    }

    fn bind(&self, frame: &Frame<'a>, function: &'a Function, arguments: &[ExprId]) -> Locals<'a> {
        let places = arguments.iter().map(|argument| self.file.place(frame.scope, &frame.locals, *argument));
        function.parameters.iter().map(|name| name.text.as_str()).zip(places).collect()
    }

    /// The body of a function whose arguments do what `given` says.
    fn call(&mut self, outer: &Frame<'a>, function: &'a Function, given: Effect) -> Effect {
        let locals = self.file.lets(function, outer.scope, outer.locals.clone());
        let frame = Frame { scope: outer.scope, locals };
        let mark = self.guards.mark();
        let mut before = given;
        for variable in &function.lets {
            before = before.or(self.effect(&frame, variable.value).through());
        }
        let result = self.effect(&frame, function.result);
        self.guards.release(mark);
        // An argument or variable that fails does no harm where the result comes without it.
        let absorbs = |expr: &Expr| matches!(expr, Expr::Binary(BinaryOp::And | BinaryOp::Or, ..) | Expr::Ternary(..));
        if before.fails.is_some() && self.file.exprs.tree(function.result).any(absorbs) {
            let risk = before.fails.clone();
            before = before.or(Effect { fails: None, yields: [risk.clone(), risk] });
        }
        before.or(result)
    }

    fn risk(&mut self, frame: &Frame<'a>, literal: ExprId, parts: &[ExprId]) -> Option<Risk> {
        let missing = parts.iter().find_map(|part| self.may_fail(frame, *part))?;
        Some(Risk { literal, missing })
    }

    fn report(&mut self, risk: Risk, at: Span, who: &str, what: &str) {
        let span = self.file.exprs.span(risk.literal);
        let text = shorten(self.file.source.slice(span));
        let kind = if text.starts_with('/') { "segments" } else { "elements" };
        let message = format!(
            "`{text}` fails where `{}` is missing and leaves its later {kind} behind: {who} {what}",
            shorten(&risk.missing)
        );
        let problem = Code::StrayOperands.problem(span, message).with_label(at, format!("{who} {what}"));
        let hint = match risk.missing.rsplit_once('.') {
            _ if risk.missing.starts_with("request.auth.uid") => "ask for `request.auth != null` before".to_owned(),
            Some((container, name)) if kind == "elements" => format!(
                "put `{}` last, ask for `'{name}' in {container}` before, or move the literal to the left side",
                risk.missing
            ),
            Some((container, name)) => format!("ask for `'{name}' in {container}` before"),
            None => "put the part that may be missing last".to_owned(),
        };
        self.found.list.push(problem.with_hint(hint));
    }
}

fn failing(risk: Option<Risk>) -> Effect {
    Effect { fails: risk, ..Effect::default() }
}
