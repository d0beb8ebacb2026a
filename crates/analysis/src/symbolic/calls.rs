//! Calls of users' functions and of functions outside types, and what built-ins give for constants.

use std::rc::Rc;

use bumpalo::Bump;
use firewarden::{
    internals::{
        program::{Function, Id, Ids, OpId},
        stdlib::{Builtin, SERVICE, Symbolic},
    },
    value::{Type, ValueRef},
};

use super::{Encoder, Scope};
use crate::{
    atom::ConstId,
    formula::Formula,
    place::{Kind, Kinds},
    value::{Sym, Term, TextPart, Values},
    world::OpenWhat,
};

impl Encoder {
    /// A user's function. Arguments are evaluated once, and may be errors as long as nothing reads them.
    pub(super) fn call(
        &mut self,
        scope: Scope<'_>,
        id: OpId,
        function: Id<Function>,
        arguments: Ids<OpId>,
        locals: &[Values],
    ) -> Term {
        let ops = scope.code.lists.slice(arguments).unwrap_or(&[]);
        let arguments: Vec<Term> = ops.iter().map(|op| self.eval(scope, *op, locals)).collect();
        let Some(body) = Encoder::function(scope, function) else { return self.plain(Vec::new()) };
        if arguments.len() != body.parameters.len() {
            let leaves = self.world.formulas.any(arguments.iter().map(|term| term.leaves));
            return Term { values: Rc::from([]), leaves };
        }
        let values: Rc<[Values]> = arguments.iter().map(|term| Rc::clone(&term.values)).collect();
        let key = (scope.ruleset, scope.block_index, function.index(), Rc::clone(&values));
        let result = match self.calls.get(&key) {
            Some(known) => known.clone(),
            None => {
                let mut inner = values.to_vec();
                let mut left = Vec::new();
                for value in &body.lets {
                    let term = self.eval(scope, *value, &inner);
                    left.push(term.leaves);
                    inner.push(term.values);
                }
                let term = self.eval(scope, body.result, &inner);
                left.push(term.leaves);
                let leaves = self.world.formulas.any(left);
                let term = Term { values: term.values, leaves };
                self.calls.insert(key, term.clone());
                term
            }
        };
        // The last argument is evaluated first, with nothing below it.
        let last = arguments.len().saturating_sub(1);
        let stray = self.world.formulas.any(arguments.iter().take(last).map(|term| term.leaves));
        let left = arguments.iter().map(|term| term.leaves).chain([result.leaves]);
        let leaves = self.world.formulas.any(left);
        Term { values: self.or_stray(scope, id, result.values, stray, &arguments), leaves }
    }

    /// A built-in function, of a package or none.
    pub(super) fn builtin(
        &mut self,
        scope: Scope<'_>,
        id: OpId,
        builtin: &'static Builtin,
        arguments: Ids<OpId>,
        locals: &[Values],
    ) -> Term {
        let ops = scope.code.lists.slice(arguments).unwrap_or(&[]);
        let reversed: Vec<OpId> = ops.iter().rev().copied().collect();
        self.several(scope, id, &reversed, locals, |this, values| {
            let values: Vec<Values> = values.iter().rev().map(Rc::clone).collect();
            this.applied(scope, id, builtin, values)
        })
    }

    /// A built-in whose arguments are known, as far as they are.
    pub(super) fn applied(
        &mut self,
        scope: Scope<'_>,
        id: OpId,
        builtin: &'static Builtin,
        arguments: Vec<Values>,
    ) -> Values {
        if builtin.symbolic == Symbolic::First
            && let Some(first) = arguments.first()
        {
            // All arguments have to be values.
            let mut guard = Formula::TRUE;
            for argument in arguments.iter().skip(1) {
                let defined = self.defined(argument);
                guard = self.world.formulas.and(guard, defined);
            }
            let found = self.guarded(guard, first);
            return self.values(found);
        }
        let constants: Option<Vec<ConstId>> =
            arguments.iter().map(|a| self.constant_of(a).map(|value| self.world.constant(&value))).collect();
        if let Some(constants) = constants {
            let found = self.evaluated(&constants, |bump, values| builtin.call(&SERVICE, bump, values).ok());
            return self.values(found);
        }
        if builtin.symbolic == Symbolic::Text
            && let [argument] = arguments.as_slice()
            && let Some(text) = self.text_of(argument)
        {
            return text;
        }
        self.open(scope, id, OpenWhat::Builtin(builtin.qualified_name()), arguments, result_kinds(builtin))
    }

    /// `string(value)`, where the value is a constant or at a place; `None` where it is of another form.
    fn text_of(&mut self, argument: &Values) -> Option<Values> {
        let mut found = Vec::new();
        for (guard, sym) in argument.iter() {
            match sym {
                Sym::Place(place) => {
                    let rest = self.world.place(*place).kinds.and(Kinds::of(&[Kind::Path, Kind::Other]));
                    if !rest.is_empty() && self.world.tags(*place, rest) != Formula::FALSE {
                        // References have texts that are not modelled.
                        let rest = self.world.tags(*place, rest);
                        let open = self.world.open(OpenWhat::Builtin("string".to_owned()), vec![Rc::clone(argument)]);
                        let text = self.world.open_place(open, Kinds::of(&[Kind::String]), crate::schema::Schema::Any);
                        let there = self.world.present(text);
                        found.push((self.world.formulas.all([*guard, rest, there]), Sym::Place(text)));
                    }
                    self.null_text(*place);
                    let string = self.world.tag(*place, Kind::String);
                    found.push((self.world.formulas.and(*guard, string), Sym::Place(*place)));
                    let others = Kinds::SEGMENT.without(Kinds::of(&[Kind::String]));
                    let others = self.world.tags(*place, others);
                    let text = Sym::Text(Rc::from([TextPart::Of(*place)]));
                    found.push((self.world.formulas.and(*guard, others), text));
                }
                Sym::Text(_) => found.push((*guard, sym.clone())),
                _ => return None,
            }
        }
        Some(self.values(found))
    }

    /// What the engine computes for constants: a value, or nothing for an error.
    pub(super) fn evaluated(
        &mut self,
        operands: &[ConstId],
        run: impl for<'a> FnOnce(&'a Bump, &[ValueRef<'a>]) -> Option<ValueRef<'a>>,
    ) -> Vec<(Formula, Sym)> {
        let values: Vec<_> = operands.iter().map(|id| self.world.value(*id).clone()).collect();
        let bump = Bump::new();
        let views: Vec<ValueRef<'_>> = values.iter().map(|value| value.view()).collect();
        match run(&bump, &views) {
            Some(value) => vec![(Formula::TRUE, Sym::Const(self.world.constant(&value.to_value())))],
            None => Vec::new(),
        }
    }
}

/// The kinds that the results of a built-in have.
pub(super) fn result_kinds(builtin: &Builtin) -> Kinds {
    builtin.overloads.iter().fold(Kinds::NONE, |kinds, overload| kinds.or(kinds_of(overload.result)))
}

/// The kinds of the values of a type.
pub(super) fn kinds_of(of: Type) -> Kinds {
    match of {
        Type::Null => Kinds::of(&[Kind::Null]),
        Type::Bool => Kinds::of(&[Kind::Bool]),
        Type::Int => Kinds::of(&[Kind::Int]),
        Type::Float => Kinds::of(&[Kind::Float, Kind::NaN]),
        Type::String => Kinds::of(&[Kind::String]),
        Type::Bytes => Kinds::of(&[Kind::Bytes]),
        Type::Duration => Kinds::of(&[Kind::Duration]),
        Type::Timestamp => Kinds::of(&[Kind::Timestamp]),
        Type::LatLng => Kinds::of(&[Kind::LatLng]),
        Type::List => Kinds::of(&[Kind::List]),
        Type::Vector => Kinds::of(&[Kind::Vector]),
        Type::Map => Kinds::of(&[Kind::Map]),
        Type::Path => Kinds::of(&[Kind::Path]),
        Type::Set | Type::MapDiff | Type::Constraint | Type::Snapshot => Kinds::of(&[Kind::Other]),
        Type::Any => Kinds::ANY,
    }
}
