//! Members, indexes, ranges and methods: operations on a receiver.
//!
//! Receivers nest up to 512 deep where other expressions nest 99 deep, so chains of them are walked, not recursed into.

use std::borrow::Cow;

use super::{
    codes::Code,
    context::{Env, Inferred, Uses, Want},
    infer::Checker,
    signature::{self, Form, operand_types, result_types},
    types::Types,
};
use crate::syntax::ast::{Expr, ExprId, Name};

/// One operation of a chain.
struct Link {
    id: ExprId,
    want: Want,
    /// The overloads that can give what is wanted; empty where none can, or where it is not known what it does.
    fitting: Cow<'static, [Form]>,
    /// Arguments, each with its place after the receiver; a missing bound of a range is none.
    arguments: Vec<(usize, ExprId)>,
}

impl<'a> Checker<'_, 'a> {
    /// Infers a chain of operations on receivers, and what it starts with.
    pub(super) fn postfix(&mut self, env: &mut Env<'a>, id: ExprId, want: Want) -> Inferred<'a> {
        let (mut id, mut want) = (id, want);
        let mut links = Vec::new();
        while let Some((receiver, link)) = self.link(id, want) {
            (id, want) = (receiver, Want { primary: true, ..Want::of(operand_types(&link.fitting, 0)) });
            links.push(link);
        }
        let mut found = self.infer(env, id, want);
        while let Some(link) = links.pop() {
            found = self.joined(env, &link, found);
        }
        found
    }

    /// The operation and its receiver, if this is one; what is wrong with it is reported.
    fn link(&mut self, id: ExprId, want: Want) -> Option<(ExprId, Link)> {
        let (receiver, forms, arguments) = match self.exprs.get(id) {
            Expr::Member(object, _) => (*object, Some(signature::MEMBER), Vec::new()),
            Expr::Index(object, index) => (*object, Some(signature::INDEX), vec![(1, *index)]),
            Expr::Range(object, from, to) => {
                let bounds = [from.map(|from| (1, from)), to.map(|to| (2, to))];
                (*object, Some(signature::RANGE), bounds.into_iter().flatten().collect())
            }
            Expr::Method(receiver, name, arguments) => {
                let numbered = (1..).zip(arguments.iter().copied()).collect();
                (*receiver, self.method(name, arguments.len()), numbered)
            }
            _ => return None,
        };
        let fitting = forms.map_or(Cow::Borrowed([].as_slice()), |forms| self.fitting(id, forms, want));
        Some((receiver, Link { id, want, fitting, arguments }))
    }

    /// The methods of a name that take so many arguments.
    fn method(&mut self, name: &Name, arguments: usize) -> Option<&'static [Form]> {
        let Some(forms) = signature::method(&name.text) else {
            self.report(Code::UnknownFunction, name.span, || format!("Invalid function name: {}.", name.text));
            return None;
        };
        if forms.iter().any(|form| form.arguments() == arguments) {
            return Some(forms);
        }
        self.wrong_count(name, &name.text);
        None
    }

    fn joined(&mut self, env: &mut Env<'a>, link: &Link, receiver: Inferred<'a>) -> Inferred<'a> {
        let types = result_types(&link.fitting);
        if link.arguments.is_empty() {
            return Inferred { types, uses: receiver.uses };
        }
        let wanted = |place: usize| match &*link.fitting {
            [] => Types::ANY,
            fitting => operand_types(fitting, place),
        };
        let mut uses = Uses::none();
        for (place, id) in &link.arguments {
            uses = uses.and(self.infer(env, *id, Want::of(wanted(*place))).uses);
        }
        // Measured by the order of types in messages: what arguments want comes before what their receiver wants.
        let uses = if link.fitting.is_empty() { receiver.uses.and(uses) } else { uses.and(receiver.uses) };
        let uses = self.join(env, uses, |this| this.outer_span(link.id, link.want.primary));
        Inferred { types, uses }
    }
}
