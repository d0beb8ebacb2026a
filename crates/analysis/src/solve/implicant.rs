//! The literals that make formulas true in a model: the theories look at these alone.

use rustc_hash::FxHashMap;

use crate::{
    atom::Atom,
    formula::{Formula, Formulas, Node},
};

/// Literals that together make all `roots` true, under a model that does. Prefers literals without a theory, then those that
/// are needed already.
pub fn implicant(formulas: &Formulas, roots: &[Formula], model: &impl Fn(Formula) -> bool) -> Vec<(Atom, bool)> {
    let mut needed: FxHashMap<usize, bool> = FxHashMap::default();
    let mut found = Vec::new();
    let mut open: Vec<Formula> = roots.iter().rev().copied().collect();
    while let Some(formula) = open.pop() {
        let wanted = !formula.is_negated();
        if needed.insert(formula.node(), wanted).is_some() {
            continue;
        }
        match formulas.node(formula) {
            Node::True => {}
            Node::Atom(atom) => found.push((*atom, wanted)),
            Node::And(children) if wanted => open.extend(children.iter().copied()),
            // One child has to be false.
            Node::And(children) => {
                let refuted = children.iter().filter(|child| !model(**child));
                let rank = |child: &&Formula| {
                    let known = needed.get(&child.node()) == Some(&child.is_negated());
                    match formulas.node(**child) {
                        _ if known => 0,
                        Node::Atom(atom) if !atom.has_theory() => 1,
                        Node::Atom(_) => 2,
                        Node::True => 0,
                        // False through a single child, or true as a whole.
                        Node::And(_) => 3,
                    }
                };
                if let Some(child) = refuted.min_by_key(rank) {
                    open.push(child.not());
                }
            }
        }
    }
    found
}
