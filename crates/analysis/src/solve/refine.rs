//! Facts from the engine: what operations that are not modelled give for the operands of a witness that failed.

use std::rc::Rc;

use firewarden::Value;

use crate::{
    atom::{Atom, OpenId},
    compute::compute,
    formula::Formula,
    interpret::Reading,
    place::{Kind, Kinds, Origin, PlaceId},
    symbolic::{Encoder, kind_of},
    value::{Sym, Values},
    witness::Witness,
    world::World,
};

/// The needed literals that depend on operations that are not modelled, each with the operation.
pub fn open_literals(world: &World, needed: &[(Atom, bool)]) -> Vec<((Atom, bool), OpenId)> {
    let of_place = |place: PlaceId| {
        let mut at = place;
        loop {
            match &world.place(at).origin {
                Origin::Open(id) => return Some(*id),
                Origin::Child(parent, _) => at = *parent,
                _ => return None,
            }
        }
    };
    let mut found = Vec::new();
    for literal in needed {
        let id = match literal.0 {
            Atom::Open(id) => Some(id),
            Atom::Row(row) => {
                world.row_of(row).and_then(|row| row.linear.terms.iter().find_map(|(var, _)| of_place(var.place())))
            }
            atom => atom.places().into_iter().flatten().find_map(of_place),
        };
        found.extend(id.map(|id| (*literal, id)));
    }
    found
}

/// What the engine computes for the operands that a witness has: for each operation, where its operands have these values,
/// and that this implies the result.
pub fn facts(encoder: &mut Encoder, witness: &Witness, needed: &[(Atom, bool)]) -> Vec<(Formula, Formula)> {
    let mut ids: Vec<OpenId> = open_literals(&encoder.world, needed).into_iter().map(|(_, id)| id).collect();
    ids.sort_unstable();
    ids.dedup();
    let Some(facts) = witness.facts(encoder) else { return Vec::new() };
    let mut computed = Vec::new();
    {
        let reading = Reading::new(&encoder.world, &facts);
        for id in ids {
            let Some(open) = encoder.world.open_of(id) else { continue };
            let operands: Option<Vec<Value>> = open.operands.iter().map(|operand| reading.value(operand)).collect();
            let Some(operands) = operands else { continue };
            if let Some(result) = compute(&open.what, &operands) {
                computed.push((id, Rc::clone(&open.operands), operands, result));
            }
        }
    }
    let mut found = Vec::new();
    for (id, symbolic, operands, result) in computed {
        let mut guard = Vec::new();
        for (values, operand) in symbolic.iter().zip(&operands) {
            match is(encoder, values, operand) {
                Some(equal) => guard.push(equal),
                None => guard.push(Formula::FALSE),
            }
        }
        let guard = encoder.world.formulas.all(guard);
        let mut outcome = Vec::new();
        if let Some(atom) = encoder.world.formulas.known(&Atom::Open(id)) {
            match &result {
                Some(Value::Bool(holds)) => outcome.push(if *holds { atom } else { atom.not() }),
                _ => outcome.push(atom.not()),
            }
        }
        if let Some(place) = encoder.world.known_place(&Origin::Open(id)) {
            match &result {
                None => outcome.push(encoder.world.tag(place, Kind::Absent)),
                Some(value) => {
                    let kind = kind_of(value).unwrap_or(Kind::Other);
                    outcome.push(encoder.world.tags(place, Kinds::of(&[kind])));
                    let constant = Sym::Const(encoder.world.constant(value));
                    if let Some(equal) = encoder.scalar_equal(&Sym::Place(place), &constant) {
                        outcome.push(equal);
                    }
                }
            }
        }
        let outcome = encoder.world.formulas.all(outcome);
        let fact = encoder.world.formulas.implies(guard, outcome);
        if fact != Formula::TRUE {
            found.push((guard, fact));
        }
    }
    found
}

/// Where an operand has a value that is a scalar; `None` for other values.
fn is(encoder: &mut Encoder, values: &Values, value: &Value) -> Option<Formula> {
    let constant = Sym::Const(encoder.world.constant(value));
    let mut parts = Vec::new();
    for (guard, sym) in values.iter() {
        if sym == &constant {
            parts.push(*guard);
            continue;
        }
        if let Some(equal) = encoder.scalar_equal(sym, &constant) {
            parts.push(encoder.world.formulas.and(*guard, equal));
        }
    }
    let any = encoder.world.formulas.any(parts);
    (any != Formula::FALSE).then_some(any)
}
