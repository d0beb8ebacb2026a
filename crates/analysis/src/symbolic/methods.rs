//! Methods, by the symbolic treatment that the table of built-ins names.

use std::rc::Rc;

use firewarden::{
    Value,
    internals::{
        pattern::Pattern,
        program::{Id, Ids, MethodTable, OpId},
        stdlib::{Builtin, SERVICE, Symbolic},
    },
    value::Type,
};

use super::{Encoder, Scope, calls::result_kinds};
use crate::{
    atom::{Atom, DiffKeys},
    formula::Formula,
    linear::{Linear, NumVar},
    place::{Key, Kind, Kinds},
    value::{NumKind, Sym, Term, Values},
    world::OpenWhat,
};

/// A method call without its receiver.
struct Call<'c> {
    id: OpId,
    builtin: &'static Builtin,
    arguments: &'c [Values],
    pattern: Option<&'c Pattern>,
}

impl Encoder {
    #[allow(clippy::too_many_arguments)] // the parts of the operation
    pub(super) fn method_call(
        &mut self,
        scope: Scope<'_>,
        id: OpId,
        table: Id<MethodTable>,
        receiver: OpId,
        arguments: Ids<OpId>,
        pattern: Option<Id<Pattern>>,
        locals: &[Values],
    ) -> Term {
        let ops = scope.code.lists.slice(arguments).unwrap_or(&[]);
        // Arguments are evaluated from the last to the first, then the receiver.
        let order: Vec<OpId> = ops.iter().rev().copied().chain([receiver]).collect();
        let pattern = pattern.and_then(|id| scope.code.patterns.get(id).ok());
        let Ok(table) = scope.code.methods.get(table) else { return self.plain(Vec::new()) };
        self.several(scope, id, &order, locals, |this, values| {
            let mut arguments: Vec<Values> = values.iter().rev().map(Rc::clone).collect();
            let receiver = if arguments.is_empty() { Rc::from([]) } else { arguments.remove(0) };
            this.dispatch(scope, id, table, &receiver, &arguments, pattern)
        })
    }

    /// Finds the method for each type that the receiver can have.
    fn dispatch(
        &mut self,
        scope: Scope<'_>,
        id: OpId,
        table: &MethodTable,
        receiver: &Values,
        arguments: &[Values],
        pattern: Option<&Pattern>,
    ) -> Values {
        let mut defined = Vec::new();
        for argument in arguments {
            defined.push(self.defined(argument));
        }
        let defined = self.world.formulas.all(defined);
        let mut found = Vec::new();
        for (guard, sym) in receiver.iter() {
            let guard = self.world.formulas.and(*guard, defined);
            if guard == Formula::FALSE {
                continue;
            }
            let mut groups: Vec<(&'static Builtin, Kinds)> = Vec::new();
            match sym {
                Sym::Place(place) => {
                    for kind in self.kinds(sym).iter() {
                        let Some(method) = type_of(kind).and_then(|t| table.get(t)) else { continue };
                        match groups.iter_mut().find(|(known, _)| known.symbolic == method.symbolic) {
                            Some((_, kinds)) => *kinds = kinds.or(Kinds::of(&[kind])),
                            None => groups.push((method, Kinds::of(&[kind]))),
                        }
                    }
                    let other = self.world.tag(*place, Kind::Other);
                    if other != Formula::FALSE {
                        let mut operands = vec![self.world.always(sym.clone())];
                        operands.extend(arguments.iter().map(Rc::clone));
                        let what = OpenWhat::Builtin(table.name.clone());
                        let open = self.open(scope, id, what, operands, Kinds::ANY);
                        let guard = self.world.formulas.and(guard, other);
                        found.extend(self.guarded(guard, &open));
                    }
                }
                _ => {
                    let of = if self.is_set(sym) {
                        Some(Type::Set)
                    } else if matches!(sym, Sym::Diff(..)) {
                        Some(Type::MapDiff)
                    } else {
                        self.kinds(sym).single().and_then(type_of)
                    };
                    groups.extend(of.and_then(|of| table.get(of)).map(|method| (method, Kinds::ANY)));
                }
            }
            for (builtin, kinds) in groups {
                let has = match sym {
                    Sym::Place(place) => self.world.tags(*place, kinds),
                    _ => Formula::TRUE,
                };
                let guard = self.world.formulas.and(guard, has);
                if guard == Formula::FALSE {
                    continue;
                }
                let call = Call { id, builtin, arguments, pattern };
                let values = self.method_of(scope, &call, sym, kinds);
                found.extend(self.guarded(guard, &values));
            }
        }
        self.values(found)
    }

    /// A method of a receiver of a known type; `kinds` are those of the receiver that is meant.
    fn method_of(&mut self, scope: Scope<'_>, call: &Call<'_>, receiver: &Sym, kinds: Kinds) -> Values {
        let Call { id, builtin, arguments, pattern } = *call;
        let fits = builtin.overloads.iter().any(|overload| overload.params.len() == arguments.len());
        if !fits && !builtin.variadic {
            return Rc::from([]);
        }
        if let Sym::Const(constant) = receiver {
            let rest: Option<Vec<_>> =
                arguments.iter().map(|a| self.constant_of(a).map(|value| self.world.constant(&value))).collect();
            if let Some(rest) = rest {
                let operands: Vec<_> = std::iter::once(*constant).chain(rest).collect();
                let found = self.evaluated(&operands, |bump, values| builtin.call(&SERVICE, bump, values).ok());
                return self.values(found);
            }
        }
        let found = match builtin.symbolic {
            Symbolic::Size => self.size(receiver, kinds),
            Symbolic::Matches => self.matches(scope, id, receiver, arguments, pattern),
            Symbolic::Keys => match receiver {
                Sym::Place(map) => Some(self.world.always(Sym::Keys(*map))),
                _ => None,
            },
            Symbolic::Get => self.get(scope, id, receiver, arguments),
            Symbolic::Diff => self.diff(receiver, arguments),
            Symbolic::HasAll | Symbolic::HasAny | Symbolic::HasOnly => {
                return self.has_elements(scope, call, receiver);
            }
            Symbolic::Concat | Symbolic::Union => {
                self.combined(receiver, arguments, builtin.symbolic == Symbolic::Union, Sym::Union)
            }
            Symbolic::RemoveAll | Symbolic::Difference => {
                self.combined(receiver, arguments, builtin.symbolic == Symbolic::Difference, Sym::Difference)
            }
            Symbolic::Intersection => self.combined(receiver, arguments, true, Sym::Intersection),
            Symbolic::ToSet => Some(self.world.always(Sym::ToSet(Rc::new(receiver.clone())))),
            Symbolic::AddedKeys => self.diff_keys(receiver, DiffKeys::Added),
            Symbolic::RemovedKeys => self.diff_keys(receiver, DiffKeys::Removed),
            Symbolic::ChangedKeys => self.diff_keys(receiver, DiffKeys::Changed),
            Symbolic::UnchangedKeys => self.diff_keys(receiver, DiffKeys::Unchanged),
            Symbolic::AffectedKeys => self.diff_keys(receiver, DiffKeys::Affected),
            // Nothing is assumed of these; database rules have those of snapshots.
            Symbolic::Open
            | Symbolic::First
            | Symbolic::Text
            | Symbolic::Values
            | Symbolic::Val
            | Symbolic::Child
            | Symbolic::Parent
            | Symbolic::HasChild
            | Symbolic::HasChildren
            | Symbolic::Exists
            | Symbolic::IsNumber
            | Symbolic::IsString
            | Symbolic::IsBoolean
            | Symbolic::Contains
            | Symbolic::BeginsWith
            | Symbolic::EndsWith => None,
        };
        found.unwrap_or_else(|| self.open_method(scope, call, receiver))
    }

    fn open_method(&mut self, scope: Scope<'_>, call: &Call<'_>, receiver: &Sym) -> Values {
        let mut operands = vec![self.world.always(receiver.clone())];
        operands.extend(call.arguments.iter().map(Rc::clone));
        let what = OpenWhat::Builtin(call.builtin.qualified_name());
        self.open(scope, call.id, what, operands, result_kinds(call.builtin))
    }

    fn size(&mut self, receiver: &Sym, kinds: Kinds) -> Option<Values> {
        let number = |var| Sym::Number(NumKind::Int, Linear::var(var));
        Some(match receiver {
            Sym::Place(place) => {
                let place = *place;
                let mut found = Vec::new();
                let text = Kinds::of(&[Kind::String]);
                let has_text = if kinds.and(text).is_empty() { Formula::FALSE } else { self.world.tags(place, text) };
                found.push((has_text, number(NumVar::TextLen(place))));
                let rest = self.world.tags(place, kinds.without(text));
                found.push((rest, number(NumVar::Len(place))));
                self.values(found)
            }
            Sym::Keys(map) => self.world.always(number(NumVar::Len(*map))),
            Sym::List(items) => {
                let size = self.world.constant(&Value::Int(items.len() as i64));
                self.world.always(Sym::Const(size))
            }
            Sym::Map(entries) => {
                let names: Option<Vec<_>> = entries
                    .iter()
                    .map(|(name, _)| if let Sym::Const(name) = name { Some(*name) } else { None })
                    .collect();
                let mut names = names?;
                names.sort_unstable();
                names.dedup();
                let size = self.world.constant(&Value::Int(names.len() as i64));
                self.world.always(Sym::Const(size))
            }
            Sym::Text(_) => return None,
            _ => self.world.always(Sym::SizeOf(Rc::new(receiver.clone()))),
        })
    }

    fn matches(
        &mut self,
        scope: Scope<'_>,
        id: OpId,
        receiver: &Sym,
        arguments: &[Values],
        pattern: Option<&Pattern>,
    ) -> Option<Values> {
        let [argument] = arguments else { return None };
        let own;
        let pattern = match (pattern, self.constant_of(argument)) {
            (Some(pattern), _) => pattern,
            (None, Some(Value::String(text))) => match Pattern::from_text(text.as_str()) {
                Ok(compiled) => {
                    own = compiled;
                    &own
                }
                // It fails when a request uses it.
                Err(_) => return Some(Rc::from([])),
            },
            (None, Some(_)) => return Some(Rc::from([])),
            (None, None) => return None,
        };
        match receiver {
            Sym::Place(place) => {
                let language = self.world.language(pattern, "service");
                let holds = self.world.formulas.atom(Atom::TextIn(*place, language));
                Some(self.boolean(holds, holds.not()))
            }
            Sym::Const(text) => {
                let holds = match self.world.value(*text) {
                    Value::String(text) => pattern.matches(text.as_str()),
                    _ => return Some(Rc::from([])),
                };
                let holds = super::equal::truth(holds);
                Some(self.boolean(holds, holds.not()))
            }
            _ => {
                let operands = vec![self.world.always(receiver.clone()), Rc::clone(argument)];
                let open = self.open_bool(scope, id, OpenWhat::Builtin("string.matches".to_owned()), operands);
                Some(self.boolean(open, open.not()))
            }
        }
    }

    /// `map.get(key, default)`
    fn get(&mut self, scope: Scope<'_>, id: OpId, receiver: &Sym, arguments: &[Values]) -> Option<Values> {
        let [key, default] = arguments else { return None };
        if let Some(Value::List(path)) = self.constant_of(key) {
            let names: Option<Vec<_>> = path
                .iter()
                .map(|step| match step {
                    Value::String(_) => Some(self.world.constant(step)),
                    _ => None,
                })
                .collect();
            let Sym::Place(mut at) = *receiver else { return None };
            let (last, steps) = names.as_deref().and_then(|names| names.split_last())?;
            for step in steps {
                at = self.world.child(at, Key::Name(*step))?;
            }
            let found = self.field(at, *last);
            return Some(self.found_or(&found, default));
        }
        let mut all = Vec::new();
        for (guard, key) in key.iter() {
            let text = self.has_kinds(key, Kinds::of(&[Kind::String]));
            let list = self.has_kinds(key, Kinds::of(&[Kind::List, Kind::Other]));
            if list != Formula::FALSE {
                return None;
            }
            let guard = self.world.formulas.and(*guard, text);
            let found = match (receiver, key) {
                (Sym::Place(map), Sym::Const(name)) => self.field(*map, *name),
                (Sym::Place(map), Sym::Place(key)) => {
                    let child = self.world.child(*map, Key::Of(*key))?;
                    let present = self.world.present(child);
                    Rc::from([(present, Sym::Place(child))])
                }
                (Sym::Map(entries), Sym::Const(_)) => {
                    if entries.iter().any(|(known, _)| !matches!(known, Sym::Const(_))) {
                        return None;
                    }
                    match entries.iter().rev().find(|(known, _)| known == key) {
                        Some((_, values)) => Rc::clone(values),
                        None => Rc::from([]),
                    }
                }
                _ => return None,
            };
            let values = self.found_or(&found, default);
            all.extend(self.guarded(guard, &values));
        }
        let _ = (scope, id);
        Some(self.values(all))
    }

    /// What was found, or else the default.
    fn found_or(&mut self, found: &Values, default: &Values) -> Values {
        let there = self.world.formulas.any(found.iter().map(|(guard, _)| *guard));
        let mut values = found.to_vec();
        values.extend(self.guarded(there.not(), default));
        self.values(values)
    }

    fn diff(&mut self, receiver: &Sym, arguments: &[Values]) -> Option<Values> {
        let [old] = arguments else { return None };
        let Sym::Place(new) = receiver else { return None };
        let mut found = Vec::new();
        for (guard, old) in old.iter() {
            let Sym::Place(old) = old else { return None };
            let map = self.world.tag(*old, Kind::Map);
            let guard = self.world.formulas.and(*guard, map);
            found.push((guard, Sym::Diff(*new, *old)));
        }
        Some(self.values(found))
    }

    fn diff_keys(&mut self, receiver: &Sym, which: DiffKeys) -> Option<Values> {
        match receiver {
            Sym::Diff(new, old) => Some(self.world.always(Sym::DiffKeys(which, *new, *old))),
            _ => None,
        }
    }

    fn combined(
        &mut self,
        receiver: &Sym,
        arguments: &[Values],
        sets: bool,
        make: fn(Rc<Sym>, Rc<Sym>) -> Sym,
    ) -> Option<Values> {
        let [argument] = arguments else { return None };
        let mut found = Vec::new();
        for (guard, other) in argument.iter() {
            if self.kinds(other).has(Kind::Other) {
                return None;
            }
            let fits = match sets {
                true => super::equal::truth(self.is_set(other)),
                false => self.has_kinds(other, Kinds::of(&[Kind::List])),
            };
            let guard = self.world.formulas.and(*guard, fits);
            found.push((guard, make(Rc::new(receiver.clone()), Rc::new(other.clone()))));
        }
        Some(self.values(found))
    }

    /// `hasAll`, `hasAny`, `hasOnly`
    fn has_elements(&mut self, scope: Scope<'_>, call: &Call<'_>, receiver: &Sym) -> Values {
        let [argument] = call.arguments else { return Rc::from([]) };
        let is_set = self.is_set(receiver);
        let (mut trues, mut falses) = (Vec::new(), Vec::new());
        for (guard, other) in argument.iter() {
            if self.kinds(other).has(Kind::Other) {
                return self.open_method(scope, call, receiver);
            }
            let fits = match is_set && self.is_set(other) {
                true => Formula::TRUE,
                false => self.has_kinds(other, Kinds::of(&[Kind::List])),
            };
            let guard = self.world.formulas.and(*guard, fits);
            if guard == Formula::FALSE {
                continue;
            }
            // With a set as receiver, elements compare as in sets.
            let other = match is_set && !self.is_set(other) {
                true => Sym::ToSet(Rc::new(other.clone())),
                false => other.clone(),
            };
            let holds = match call.builtin.symbolic {
                Symbolic::HasAll => self.subset(scope, call.id, &other, receiver),
                Symbolic::HasOnly => self.subset(scope, call.id, receiver, &other),
                _ => self.intersects(scope, call.id, receiver, &other),
            };
            let unsure = self.unsure(scope, call.id, holds, &[receiver, &other]);
            trues.push(self.world.formulas.and(guard, holds));
            falses.push(self.world.formulas.and(guard, unsure));
        }
        let (t, f) = (self.world.formulas.any(trues), self.world.formulas.any(falses));
        self.boolean(t, f)
    }

    /// Elements that the rules list one by one.
    fn listed(&mut self, sym: &Sym) -> Option<Vec<Values>> {
        if let Some(items) = self.elements(sym) {
            return Some(items.iter().map(|item| self.world.always(Sym::Const(*item))).collect());
        }
        match sym {
            Sym::List(items) => Some(items.to_vec()),
            Sym::ToSet(list) => self.listed(list),
            _ => None,
        }
    }

    /// Whether all elements of one container are in another.
    fn subset(&mut self, scope: Scope<'_>, id: OpId, of: &Sym, whole: &Sym) -> Formula {
        if let Some(items) = self.listed(of) {
            let parts: Vec<_> = items.iter().map(|item| self.has_any_of(scope, id, whole, item)).collect();
            return self.world.formulas.all(parts);
        }
        if let Some(items) = self.elements(whole) {
            return self.only(scope, id, of, &items);
        }
        let operands = [of, whole].map(|sym| self.world.always(sym.clone())).to_vec();
        self.open_bool(scope, id, OpenWhat::Operator("hasAll"), operands)
    }

    fn has_any_of(&mut self, scope: Scope<'_>, id: OpId, container: &Sym, item: &Values) -> Formula {
        let mut parts = Vec::new();
        for (guard, sym) in item.iter() {
            let has = self.member_of(scope, id, container, sym);
            parts.push(self.world.formulas.and(*guard, has));
        }
        self.world.formulas.any(parts)
    }

    /// Whether two containers have a common element.
    fn intersects(&mut self, scope: Scope<'_>, id: OpId, a: &Sym, b: &Sym) -> Formula {
        for (listed, other) in [(b, a), (a, b)] {
            if let Some(items) = self.listed(listed) {
                let parts: Vec<_> = items.iter().map(|item| self.has_any_of(scope, id, other, item)).collect();
                return self.world.formulas.any(parts);
            }
        }
        let operands = [a, b].map(|sym| self.world.always(sym.clone())).to_vec();
        self.open_bool(scope, id, OpenWhat::Operator("hasAny"), operands)
    }
}

/// The type of the values of a kind.
fn type_of(kind: Kind) -> Option<Type> {
    Some(match kind {
        Kind::Absent | Kind::Other => return None,
        Kind::Null => Type::Null,
        Kind::Bool => Type::Bool,
        Kind::Int => Type::Int,
        Kind::Float | Kind::NaN => Type::Float,
        Kind::String => Type::String,
        Kind::Bytes => Type::Bytes,
        Kind::Timestamp => Type::Timestamp,
        Kind::Duration => Type::Duration,
        Kind::LatLng => Type::LatLng,
        Kind::List => Type::List,
        Kind::Map => Type::Map,
        Kind::Path => Type::Path,
        Kind::Vector => Type::Vector,
    })
}
