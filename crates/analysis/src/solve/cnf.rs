//! Formulas as clauses: each node is a variable that its children determine.

use rustc_hash::FxHashMap;

use super::sat::{Lit, Sat};
use crate::{
    atom::Atom,
    formula::{Formula, Node},
    place::Kind,
    world::World,
};

/// The number of conflicts of one search.
const MAX_CONFLICTS: usize = 3_000;

/// Clauses of formulas.
#[derive(Debug, Default)]
pub struct Cnf {
    sat: Sat,
    vars: FxHashMap<usize, usize>,
}

impl Cnf {
    fn literal(&mut self, world: &World, formula: Formula) -> Lit {
        let mut open = vec![formula.node()];
        while let Some(at) = open.last().copied() {
            if self.vars.contains_key(&at) {
                open.pop();
                continue;
            }
            match world.formulas.nodes().get(at) {
                Some(Node::And(children)) => {
                    let before = open.len();
                    open.extend(children.iter().map(|c| c.node()).filter(|c| !self.vars.contains_key(c)));
                    if open.len() > before {
                        continue;
                    }
                    let var = self.sat.variable(false);
                    self.vars.insert(at, var);
                    let all = Lit::positive(var);
                    let mut whole = vec![all];
                    for child in children {
                        let child = self.known(*child);
                        self.sat.clause(vec![all.not(), child]);
                        whole.push(child.not());
                    }
                    self.sat.clause(whole);
                }
                Some(Node::Atom(atom)) => {
                    let var = self.sat.variable(prefers(*atom));
                    self.vars.insert(at, var);
                }
                _ => {
                    let var = self.sat.variable(true);
                    self.vars.insert(at, var);
                    self.sat.clause(vec![Lit::positive(var)]);
                }
            }
            open.pop();
        }
        self.known(formula)
    }

    fn known(&self, formula: Formula) -> Lit {
        let var = self.vars.get(&formula.node()).copied().unwrap_or(0);
        Lit::positive(var).negated_if(formula.is_negated())
    }

    /// Adds a formula that has to hold.
    pub fn assert(&mut self, world: &World, formula: Formula) {
        // A conjunction is several formulas, a disjunction one clause.
        match world.formulas.node(formula) {
            Node::And(children) if !formula.is_negated() => {
                for child in children.iter() {
                    self.assert(world, *child);
                }
                // Whoever reads the model asks for the node as well.
                let lit = self.literal(world, formula);
                self.sat.clause(vec![lit]);
            }
            Node::And(children) => {
                let clause: Vec<Lit> = children.iter().map(|child| self.literal(world, child.not())).collect();
                self.sat.clause(clause);
            }
            _ => {
                let lit = self.literal(world, formula);
                self.sat.clause(vec![lit]);
            }
        }
    }

    /// Makes the search try first that a formula holds. That changes which model it finds, never whether there is one.
    pub fn prefer(&mut self, world: &World, formula: Formula) {
        let mut open = vec![formula];
        while let Some(formula) = open.pop() {
            if let Some(var) = self.vars.get(&formula.node()) {
                self.sat.prefer(*var, !formula.is_negated());
            }
            if let Node::And(children) = world.formulas.node(formula)
                && !formula.is_negated()
            {
                open.extend(children.iter().copied());
            }
        }
    }

    /// Excludes that all of these literals hold.
    pub fn refute(&mut self, world: &World, literals: &[(Atom, bool)]) {
        let mut clause = Vec::new();
        for (atom, holds) in literals {
            if let Some(formula) = world.formulas.known(atom) {
                let lit = self.literal(world, formula);
                clause.push(lit.negated_if(*holds));
            }
        }
        self.sat.clause(clause);
    }

    /// Whether there is a model; `None` where the search exceeds its budget.
    pub fn solve(&mut self) -> Option<bool> {
        self.sat.solve(MAX_CONFLICTS)
    }

    /// Whether a formula holds in the model.
    pub fn holds(&self, formula: Formula) -> bool {
        match self.vars.get(&formula.node()) {
            Some(var) => self.sat.value(Lit::positive(*var)).unwrap_or(false) != formula.is_negated(),
            None => formula == Formula::TRUE || formula.is_negated() && formula != Formula::FALSE,
        }
    }

    /// The truth of an atom in the model; `None` for one that no clause has.
    pub fn atom(&self, world: &World, atom: Atom) -> Option<bool> {
        let formula = world.formulas.known(&atom)?;
        let var = self.vars.get(&formula.node())?;
        self.sat.value(Lit::positive(*var))
    }
}

/// The value that a search first tries: realistic models have texts and maps, and nothing odd.
fn prefers(atom: Atom) -> bool {
    matches!(atom, Atom::Tag(_, Kind::String | Kind::Int))
}
