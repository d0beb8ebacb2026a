//! Members, indexes, ranges and methods: operations on a receiver.
//!
//! Receivers nest up to 512 deep where other expressions nest 99 deep, so chains of them are walked, not recursed into.

use super::{
    codes::Code,
    context::{Env, Inferred, Uses, Want},
    infer::Checker,
    signature::{self, Fitting, Forms},
};
use crate::syntax::ast::{Expr, ExprId, Name};

/// One operation of a chain.
pub(super) struct Link<'a> {
    id: ExprId,
    want: Want,
    /// The overloads that can give what is wanted; empty where none can, or where it is not known what it does.
    fitting: Fitting,
    arguments: Arguments<'a>,
    /// The name of a method that no type has.
    unknown: Option<&'a Name>,
}

/// What follows a receiver.
#[derive(Clone, Copy)]
enum Arguments<'a> {
    List(&'a [ExprId]),
    /// Those of a range; a missing one is none.
    Bounds(Option<ExprId>, Option<ExprId>),
}

impl Arguments<'_> {
    fn is_empty(self) -> bool {
        matches!(self, Arguments::List([]) | Arguments::Bounds(None, None))
    }

    /// The argument at a place after the receiver, `None` beyond the last one.
    fn at(self, place: usize) -> Option<Option<ExprId>> {
        match (self, place) {
            (Arguments::List(list), place) => list.get(place - 1).map(|id| Some(*id)),
            (Arguments::Bounds(from, _), 1) => Some(from),
            (Arguments::Bounds(_, to), 2) => Some(to),
            _ => None,
        }
    }
}

impl<'a> Checker<'_, 'a> {
    /// Infers a chain of operations on receivers, and what it starts with.
    pub(super) fn postfix(&mut self, env: &mut Env<'a>, id: ExprId, want: Want) -> Inferred<'a> {
        let (mut id, mut want) = (id, want);
        let before = self.links.len();
        while let Some((receiver, link)) = self.link(id, want) {
            let member = matches!(self.exprs.get(id), Expr::Member(..)).then_some(id);
            (id, want) = (receiver, Want { primary: true, member, ..Want::of(link.fitting.operand(0)) });
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

    /// The operation and its receiver, if this is one; what is wrong with it is reported.
    fn link(&mut self, id: ExprId, want: Want) -> Option<(ExprId, Link<'a>)> {
        let mut unknown = None;
        let (receiver, forms, arguments) = match self.exprs.get(id) {
            Expr::Member(object, _) => (*object, Some(&signature::MEMBER), Arguments::List(&[])),
            Expr::Index(object, index) => {
                (*object, Some(&signature::INDEX), Arguments::List(std::slice::from_ref(index)))
            }
            Expr::Range(object, from, to) => (*object, Some(&signature::RANGE), Arguments::Bounds(*from, *to)),
            Expr::Method(receiver, name, arguments) => {
                let forms = signature::method(&name.text);
                unknown = forms.is_none().then_some(name);
                let forms = forms.filter(|forms| {
                    let fits = forms.take(arguments.len());
                    if !fits {
                        self.wrong_count(name, &name.text);
                    }
                    fits
                });
                (*receiver, forms, Arguments::List(arguments))
            }
            _ => return None,
        };
        let fitting = forms.map_or(Fitting::All(Forms::NONE), |forms| self.fitting(id, forms, want));
        Some((receiver, Link { id, want, fitting, arguments, unknown }))
    }

    fn joined(&mut self, env: &mut Env<'a>, link: &Link<'a>, receiver: Inferred<'a>) -> Inferred<'a> {
        let types = link.fitting.result();
        if let Some(name) = link.unknown {
            let meant = |this: &Self| this.meant_method(env, &name.text, receiver.types);
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
        let mut place = 1;
        while let Some(argument) = link.arguments.at(place) {
            if let Some(id) = argument {
                // Anything where there is no form.
                uses = uses.and(self.infer(env, id, Want::of(link.fitting.operand(place))).uses);
            }
            place += 1;
        }
        // Measured by the order of types in messages: what arguments want comes before what their receiver wants.
        let uses = if link.fitting.is_empty() { receiver.uses.and(uses) } else { uses.and(receiver.uses) };
        let uses = self.join(env, uses, |this| this.outer_span(link.id, link.want.primary));
        Inferred { types, uses }
    }
}
