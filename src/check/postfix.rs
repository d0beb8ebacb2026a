//! Infers operations on a receiver: members, indices, ranges and methods.
//!
//! Receivers nest up to 512 deep while other expressions nest 99 deep, so chains of them are walked iteratively.

use super::{
    codes::Code,
    context::{Env, Inferred, Uses, Want},
    infer::Checker,
    signature::{self, Applicable, SignatureSet},
};
use crate::syntax::ast::{Expr, ExprId, Name};

/// One operation of a chain.
pub(super) struct Link<'a> {
    id: ExprId,
    want: Want,
    /// The overloads that can give an expected type; empty if none can, or if the operation is unknown.
    applicable: Applicable,
    arguments: Arguments<'a>,
    /// The name of a method that no type has.
    unknown: Option<&'a Name>,
}

/// What follows a receiver.
#[derive(Clone, Copy)]
enum Arguments<'a> {
    List(&'a [ExprId]),
    /// The bounds of a range, which may be missing.
    Bounds(Option<ExprId>, Option<ExprId>),
}

impl Arguments<'_> {
    fn is_empty(self) -> bool {
        matches!(self, Arguments::List([]) | Arguments::Bounds(None, None))
    }

    /// The argument at a position after the receiver, `None` beyond the last one.
    fn at(self, position: usize) -> Option<Option<ExprId>> {
        match (self, position) {
            (Arguments::List(list), position) => list.get(position - 1).map(|id| Some(*id)),
            (Arguments::Bounds(from, _), 1) => Some(from),
            (Arguments::Bounds(_, to), 2) => Some(to),
            _ => None,
        }
    }
}

impl<'a> Checker<'_, 'a> {
    /// Infers a chain of operations on receivers, and the expression that it starts with.
    pub(super) fn postfix(&mut self, env: &mut Env<'a>, id: ExprId, want: Want) -> Inferred<'a> {
        let (mut id, mut want) = (id, want);
        let before = self.links.len();
        while let Some((receiver, link)) = self.link(id, want) {
            let member = matches!(self.exprs.get(id), Expr::Member(..)).then_some(id);
            (id, want) = (receiver, Want { primary: true, member, ..Want::of(link.applicable.operand(0)) });
            self.links.push(link);
        }
        let mut found = self.infer(env, id, want);
        while self.links.len() > before
            && let Some(link) = self.links.pop()
        {
            found = self.joined(env, &link, found);
        }
        found
    }

    /// The operation and its receiver, if the expression is one; reports its problems.
    fn link(&mut self, id: ExprId, want: Want) -> Option<(ExprId, Link<'a>)> {
        let mut unknown = None;
        let (receiver, signatures, arguments) = match self.exprs.get(id) {
            Expr::Member(object, _) => (*object, Some(&signature::MEMBER), Arguments::List(&[])),
            Expr::Index(object, index) => {
                (*object, Some(&signature::INDEX), Arguments::List(std::slice::from_ref(index)))
            }
            Expr::Range(object, from, to) => (*object, Some(&signature::RANGE), Arguments::Bounds(*from, *to)),
            Expr::Method(receiver, name, arguments) => {
                let signatures = signature::method(&name.text);
                unknown = signatures.is_none().then_some(name);
                let signatures = signatures.filter(|signatures| {
                    let fits = signatures.accept(arguments.len());
                    if !fits {
                        self.wrong_count(name, &name.text);
                    }
                    fits
                });
                (*receiver, signatures, Arguments::List(arguments))
            }
            _ => return None,
        };
        let applicable =
            signatures.map_or(Applicable::All(SignatureSet::NONE), |signatures| self.applicable(id, signatures, want));
        Some((receiver, Link { id, want, applicable, arguments, unknown }))
    }

    fn joined(&mut self, env: &mut Env<'a>, link: &Link<'a>, receiver: Inferred<'a>) -> Inferred<'a> {
        let types = link.applicable.result();
        if let Some(name) = link.unknown {
            let meant = |this: &Self| this.suggest_method(env, &name.text, receiver.types);
            self.report_hinted(
                Code::UnknownFunction,
                name.span,
                || format!("Invalid function name: {}.", name.text),
                meant,
            );
        }
        if link.arguments.is_empty() {
            return Inferred { types, uses: receiver.uses };
        }
        let mut uses = Uses::none();
        let mut position = 1;
        while let Some(argument) = link.arguments.at(position) {
            if let Some(id) = argument {
                // Without an overload, any type is accepted.
                uses = uses.and(self.infer(env, id, Want::of(link.applicable.operand(position))).uses);
            }
            position += 1;
        }
        // Measured by the order of types in messages: uses in the arguments come before those in the receiver.
        let uses = if link.applicable.is_empty() { receiver.uses.and(uses) } else { uses.and(receiver.uses) };
        let uses = self.join(env, uses, |this| this.outer_span(link.id, link.want.primary));
        Inferred { types, uses }
    }
}
