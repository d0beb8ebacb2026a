//! Boolean formulas as a graph without repeats: equal formulas have the same id.
//!
//! There are three nodes: true, an atom, and a conjunction. An id carries its sign, so that a negation costs nothing and a
//! disjunction is a negated conjunction of negations. Children are sorted, so that the order of construction does not
//! matter.

use rustc_hash::FxHashMap;

use crate::atom::Atom;

/// A formula: a node and a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Formula(u32);

/// What is below a formula without its sign.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// True.
    True,
    /// A statement about the request.
    Atom(Atom),
    /// All of these.
    And(Box<[Formula]>),
}

#[allow(clippy::should_implement_trait, reason = "an operator would hide the sign")]
impl Formula {
    /// Always true.
    pub const TRUE: Formula = Formula(0);
    /// Never true.
    pub const FALSE: Formula = Formula(1);

    /// The opposite.
    #[must_use]
    pub fn not(self) -> Formula {
        Formula(self.0 ^ 1)
    }

    /// Whether the node is negated.
    pub fn is_negated(self) -> bool {
        self.0 & 1 == 1
    }

    /// The index of the node.
    pub fn node(self) -> usize {
        (self.0 >> 1) as usize
    }

    /// The node without a sign.
    #[must_use]
    pub fn positive(self) -> Formula {
        Formula(self.0 & !1)
    }
}

/// All formulas of an analysis.
#[derive(Debug)]
pub struct Formulas {
    nodes: Vec<Node>,
    ids: FxHashMap<Node, u32>,
}

impl Default for Formulas {
    fn default() -> Self {
        Formulas { nodes: vec![Node::True], ids: FxHashMap::from_iter([(Node::True, 0)]) }
    }
}

#[allow(clippy::len_without_is_empty, reason = "the constant is always there")]
impl Formulas {
    fn intern(&mut self, node: Node) -> Formula {
        if let Some(id) = self.ids.get(&node) {
            return Formula(id << 1);
        }
        let id = self.nodes.len() as u32;
        self.nodes.push(node.clone());
        self.ids.insert(node, id);
        Formula(id << 1)
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The node of a formula, without its sign.
    pub fn node(&self, formula: Formula) -> &Node {
        self.nodes.get(formula.node()).unwrap_or(&Node::True)
    }

    /// All nodes, in the order in which they were made.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The formula that is an atom.
    pub fn atom(&mut self, atom: Atom) -> Formula {
        self.intern(Node::Atom(atom))
    }

    /// The formula that is an atom, where some formula has it.
    pub fn known(&self, atom: &Atom) -> Option<Formula> {
        self.ids.get(&Node::Atom(*atom)).map(|id| Formula(id << 1))
    }

    /// All of these.
    pub fn all(&mut self, parts: impl IntoIterator<Item = Formula>) -> Formula {
        let mut children = Vec::new();
        for part in parts {
            match self.node(part) {
                Node::True if part.is_negated() => return Formula::FALSE,
                Node::True => {}
                Node::And(inner) if !part.is_negated() => children.extend_from_slice(inner),
                _ => children.push(part),
            }
        }
        children.sort_unstable();
        children.dedup();
        // A node and its negation are neighbours.
        if children.windows(2).any(|pair| matches!(pair, [a, b] if *b == a.not())) {
            return Formula::FALSE;
        }
        match children.as_slice() {
            [] => Formula::TRUE,
            [one] => *one,
            _ => {
                // A negated conjunction of which one part is refuted here says nothing.
                let kept: Vec<_> = children.iter().copied().filter(|part| !self.follows(*part, &children)).collect();
                match kept.as_slice() {
                    [] => Formula::TRUE,
                    [one] => *one,
                    _ => self.intern(Node::And(kept.into())),
                }
            }
        }
    }

    /// Whether a disjunction is true because one of its parts is among the others.
    fn follows(&self, part: Formula, others: &[Formula]) -> bool {
        match self.node(part) {
            Node::And(inner) if part.is_negated() => inner.iter().any(|i| others.binary_search(&i.not()).is_ok()),
            _ => false,
        }
    }

    /// Any of these.
    pub fn any(&mut self, parts: impl IntoIterator<Item = Formula>) -> Formula {
        self.all(parts.into_iter().map(Formula::not)).not()
    }

    /// Both.
    pub fn and(&mut self, a: Formula, b: Formula) -> Formula {
        if a == b || b == Formula::TRUE {
            return a;
        }
        if a == Formula::TRUE {
            return b;
        }
        self.all([a, b])
    }

    /// Either.
    pub fn or(&mut self, a: Formula, b: Formula) -> Formula {
        self.and(a.not(), b.not()).not()
    }

    /// `a` implies `b`.
    pub fn implies(&mut self, a: Formula, b: Formula) -> Formula {
        self.and(a, b.not()).not()
    }

    /// Both or neither.
    pub fn iff(&mut self, a: Formula, b: Formula) -> Formula {
        let (there, back) = (self.implies(a, b), self.implies(b, a));
        self.and(there, back)
    }

    /// `condition ? yes : no`
    pub fn choose(&mut self, condition: Formula, yes: Formula, no: Formula) -> Formula {
        let (yes, no) = (self.and(condition, yes), self.and(condition.not(), no));
        self.or(yes, no)
    }

    /// The atoms below formulas.
    pub fn atoms(&self, roots: &[Formula]) -> Vec<Atom> {
        let mut seen = vec![false; self.nodes.len()];
        let mut open: Vec<usize> = roots.iter().map(|root| root.node()).collect();
        let mut found = Vec::new();
        while let Some(at) = open.pop() {
            match seen.get_mut(at) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            match self.nodes.get(at) {
                Some(Node::Atom(atom)) => found.push(*atom),
                Some(Node::And(children)) => open.extend(children.iter().map(|child| child.node())),
                _ => {}
            }
        }
        found
    }

    /// The truth of a formula, given that of atoms; `None` where an atom that matters has none.
    pub fn truth(&self, root: Formula, atom: &mut impl FnMut(Atom) -> Option<bool>) -> Option<bool> {
        let mut known: FxHashMap<usize, Option<bool>> = FxHashMap::default();
        self.truth_of(root, atom, &mut known)
    }

    /// The same with a memory that several formulas share.
    pub fn truth_of(
        &self,
        root: Formula,
        atom: &mut impl FnMut(Atom) -> Option<bool>,
        known: &mut FxHashMap<usize, Option<bool>>,
    ) -> Option<bool> {
        let mut open = vec![root.node()];
        while let Some(at) = open.last().copied() {
            if known.contains_key(&at) {
                open.pop();
                continue;
            }
            let truth = match self.nodes.get(at) {
                Some(Node::Atom(a)) => atom(*a),
                Some(Node::And(children)) => {
                    let before = open.len();
                    open.extend(children.iter().map(|c| c.node()).filter(|c| !known.contains_key(c)));
                    if open.len() > before {
                        continue;
                    }
                    let mut truth = Some(true);
                    for child in children {
                        match known.get(&child.node()).copied().flatten().map(|t| t != child.is_negated()) {
                            Some(false) => {
                                truth = Some(false);
                                break;
                            }
                            Some(true) => {}
                            None => truth = None,
                        }
                    }
                    truth
                }
                _ => Some(true),
            };
            known.insert(at, truth);
            open.pop();
        }
        known.get(&root.node()).copied().flatten().map(|truth| truth != root.is_negated())
    }
}

#[cfg(test)]
mod tests {
    use super::{Formula, Formulas};
    use crate::atom::{Atom, OpenId};

    #[test]
    fn equal_formulas_have_one_id() {
        let mut f = Formulas::default();
        let [a, b, c] = [0, 1, 2].map(|n| f.atom(Atom::Open(OpenId(n))));
        let (one, other) = (f.and(a, b), f.and(b, a));
        assert_eq!(one, other);
        let nested = f.and(one, c);
        assert_eq!(nested, f.all([c, b, a]));
        assert_eq!(f.and(a, a.not()), Formula::FALSE);
        assert_eq!(f.or(a, a.not()), Formula::TRUE);
        let either = f.or(a, b);
        assert_eq!(f.and(a, either), a);
    }

    #[test]
    fn truth_needs_only_the_atoms_that_matter() {
        let mut f = Formulas::default();
        let [a, b] = [0, 1].map(|n| f.atom(Atom::Open(OpenId(n))));
        let both = f.and(a, b);
        let mut only_a = |atom| (atom == Atom::Open(OpenId(0))).then_some(false);
        assert_eq!(f.truth(both, &mut only_a), Some(false));
        assert_eq!(f.truth(b, &mut only_a), None);
    }
}
