//! The solver: a SAT core over atoms, theories over the literals that matter, axioms on demand, and the engine as judge.
//!
//! A solution is never shown before the engine decided the request that it stands for. "None" is said only where each clause
//! follows from the formula, the axioms or the engine's own answers; what was blocked for any other reason makes it unknown.

pub mod automaton;
pub(crate) mod cnf;
mod implicant;
mod lazy;
pub mod numbers;
mod refine;
pub mod sat;
pub mod text;

use firewarden::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    atom::{Atom, OpenId},
    axioms::axioms,
    formula::Formula,
    linear::{NumVar, Row},
    model::Model,
    place::{Kind, Kinds, Origin, PlaceId},
    ratio::Ratio,
    shapes,
    symbolic::Encoder,
    witness::Witness,
};

use cnf::Cnf;
use implicant::implicant;

/// The limits of a search; counted, so that the same question has the same answer everywhere.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// How often the SAT core may be asked.
    pub rounds: usize,
    /// How many witnesses may fail before the answer is unknown.
    pub replays: usize,
    /// The number of nodes of formulas beyond which the question is too large.
    pub nodes: usize,
    /// The number of places beyond which the question is too large.
    pub places: usize,
    /// The nodes that may be looked at, over all rounds.
    pub work: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Budget { rounds: 400, replays: 6, nodes: 200_000, places: 1_500, work: 1_000_000 }
    }
}

/// Why an answer is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The result of this operation is not modelled.
    Open(OpenId),
    /// The search exceeds its budget.
    TooLarge,
    /// A witness was found, and the engine disagrees, though everything in it is modelled.
    Replay,
    /// No text was found within the budget.
    Text,
    /// Numbers out of the range of the solver.
    Numbers,
}

/// An answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A request that the engine confirmed.
    Yes(Box<Witness>),
    /// There is none.
    No,
    /// Neither was shown.
    Unknown(Cause),
}

/// Searches a request for which `goal` holds, and which `replay` confirms.
pub fn solve(
    encoder: &mut Encoder,
    goal: Formula,
    now: Timestamp,
    budget: Budget,
    replay: &mut dyn FnMut(&Witness) -> bool,
) -> Answer {
    if goal == Formula::FALSE {
        return Answer::No;
    }
    if !shapes::close(encoder) && encoder.world.place_count() > budget.places {
        return Answer::Unknown(Cause::TooLarge);
    }
    let mut roots = vec![goal];
    roots.extend(axioms(encoder, Some(now)));
    if encoder.world.formulas.len() > budget.nodes {
        return Answer::Unknown(Cause::TooLarge);
    }
    let roots = live(encoder, roots);
    let mut search = Search {
        encoder,
        now,
        roots: Vec::new(),
        cnf: Cnf::default(),
        automata: text::Automata::default(),
        stated: FxHashSet::default(),
        weak: None,
        failed: 0,
    };
    for root in roots {
        search.assert(root);
    }
    search.run(budget, replay)
}

/// The goal, and of the axioms those that share a place with it, directly or not.
fn live(encoder: &Encoder, roots: Vec<Formula>) -> Vec<Formula> {
    let world = &encoder.world;
    let mut places: FxHashSet<PlaceId> = FxHashSet::default();
    let of = |formula: Formula| -> Vec<PlaceId> {
        let mut found = Vec::new();
        for atom in world.formulas.atoms(&[formula]) {
            found.extend(atom.places().into_iter().flatten());
            if let Atom::Row(row) = atom
                && let Some(row) = world.row_of(row)
            {
                found.extend(row.linear.terms.iter().map(|(var, _)| var.place()));
            }
        }
        found
    };
    let Some((goal, axioms)) = roots.split_first() else { return roots };
    let mut waiting: Vec<(Formula, Vec<PlaceId>)> = axioms.iter().map(|axiom| (*axiom, of(*axiom))).collect();
    let mut by_place: FxHashMap<PlaceId, Vec<usize>> = FxHashMap::default();
    for (at, (_, of)) in waiting.iter().enumerate() {
        for place in of {
            by_place.entry(*place).or_default().push(at);
        }
    }
    let mut open = of(*goal);
    let mut kept = vec![*goal];
    let mut taken = vec![false; waiting.len()];
    while let Some(place) = open.pop() {
        if !places.insert(place) {
            continue;
        }
        for at in by_place.get(&place).into_iter().flatten() {
            let Some(slot) = taken.get_mut(*at) else { continue };
            if !std::mem::replace(slot, true)
                && let Some((axiom, more)) = waiting.get_mut(*at)
            {
                kept.push(*axiom);
                open.append(more);
            }
        }
    }
    // Axioms that speak of no place.
    kept.extend(
        waiting.iter().zip(&taken).filter(|((_, of), taken)| !**taken && of.is_empty()).map(|((axiom, _), _)| *axiom),
    );
    kept
}

struct Search<'e> {
    encoder: &'e mut Encoder,
    now: Timestamp,
    roots: Vec<Formula>,
    cnf: Cnf,
    automata: text::Automata,
    /// Lemmas that were asserted.
    stated: FxHashSet<Formula>,
    /// Why "none" would be no proof.
    weak: Option<Cause>,
    failed: usize,
}

impl Search<'_> {
    fn assert(&mut self, formula: Formula) {
        if formula == Formula::TRUE || !self.stated.insert(formula) {
            return;
        }
        self.roots.push(formula);
        self.cnf.assert(&self.encoder.world, formula);
    }

    fn run(&mut self, budget: Budget, replay: &mut dyn FnMut(&Witness) -> bool) -> Answer {
        let mut work = 0;
        for _ in 0..budget.rounds {
            work += self.encoder.world.formulas.len() + self.roots.len();
            if work > budget.work {
                return Answer::Unknown(Cause::TooLarge);
            }
            match self.cnf.solve() {
                Some(true) => {}
                Some(false) => {
                    return match &self.weak {
                        None => Answer::No,
                        Some(cause) => Answer::Unknown(cause.clone()),
                    };
                }
                None => return Answer::Unknown(Cause::TooLarge),
            }
            if let Some(answer) = self.round(budget, replay) {
                return answer;
            }
        }
        Answer::Unknown(self.weak.clone().unwrap_or(Cause::TooLarge))
    }

    /// Looks at one model; the answer, if there is one.
    fn round(&mut self, budget: Budget, replay: &mut dyn FnMut(&Witness) -> bool) -> Option<Answer> {
        let needed = implicant(&self.encoder.world.formulas, &self.roots, &|formula| self.cnf.holds(formula));
        let (rows, positions) = self.rows(&needed);
        let numbers = {
            let whole = |var: NumVar| self.whole(var);
            let prefer = |var: NumVar| self.preferred(var);
            numbers::solve(&rows, &whole, &prefer)
        };
        let values = match numbers {
            numbers::Numbers::Values(values) => values,
            numbers::Numbers::Conflict(core) => {
                self.refute_rows(&needed, &rows, &positions, &core);
                return None;
            }
            numbers::Numbers::Unknown => {
                self.block(&needed, Cause::Numbers);
                return None;
            }
        };
        let (bounds, fixed) = lengths(&rows, &positions, &values);
        let texts = {
            let encoder: &Encoder = self.encoder;
            let readable = |place: PlaceId| readable(encoder, place);
            text::solve(&encoder.world, &mut self.automata, &needed, &bounds, &readable)
        };
        let texts = match texts {
            text::Texts::Values(texts) => texts,
            text::Texts::Conflict(core) => {
                let literals: Vec<(Atom, bool)> = core.iter().filter_map(|at| needed.get(*at).copied()).collect();
                if core.iter().any(|at| fixed.contains(at)) {
                    self.block(&literals, Cause::Text);
                } else {
                    self.cnf.refute(&self.encoder.world, &literals);
                }
                return None;
            }
            text::Texts::Unknown(_) => {
                self.block(&needed, Cause::Text);
                return None;
            }
        };
        let model = Model::new(&self.encoder.world, &self.cnf, texts, values, self.now);
        let lemmas = lazy::lemmas(self.encoder, &model);
        let before = self.stated.len();
        for lemma in lemmas {
            self.assert(lemma);
        }
        if self.stated.len() > before {
            return None;
        }
        let model = Model::new(&self.encoder.world, &self.cnf, model.texts, model.numbers, self.now);
        let witness = Witness::of(self.encoder, &model);
        if replay(&witness) {
            return Some(Answer::Yes(Box::new(witness)));
        }
        self.failed += 1;
        let facts = refine::facts(self.encoder, &witness, &needed);
        let before = self.stated.len();
        for (operands, fact) in facts {
            self.assert(fact);
            // The next model keeps the operands if it can, so that the result is known.
            self.cnf.prefer(&self.encoder.world, operands);
        }
        if self.stated.len() > before && self.failed <= 4 * budget.replays {
            return None;
        }
        let open = refine::open_literals(&self.encoder.world, &needed);
        let cause = match open.first() {
            Some((_, id)) => Cause::Open(*id),
            None => Cause::Replay,
        };
        if self.failed > budget.replays {
            return Some(Answer::Unknown(self.weak.clone().unwrap_or(cause)));
        }
        let literals: Vec<_> = open.into_iter().map(|(literal, _)| literal).collect();
        self.block(if literals.is_empty() { &needed } else { &literals }, cause);
        None
    }

    /// Excludes a model for a reason that proves nothing.
    fn block(&mut self, literals: &[(Atom, bool)], cause: Cause) {
        self.weak.get_or_insert(cause);
        self.cnf.refute(&self.encoder.world, literals);
    }

    /// The inequalities that are needed, and for each the position of the literal that it comes from.
    fn rows(&self, needed: &[(Atom, bool)]) -> (Vec<Row>, Vec<usize>) {
        let (mut rows, mut positions) = (Vec::new(), Vec::new());
        for (at, (atom, holds)) in needed.iter().enumerate() {
            let Atom::Row(id) = atom else { continue };
            let Some(row) = self.encoder.world.row_of(*id) else { continue };
            let row = if *holds { Some(row.clone()) } else { row.negated() };
            if let Some(row) = row {
                rows.push(row);
                positions.push(at);
            }
        }
        (rows, positions)
    }

    fn tag(&self, place: PlaceId, kind: Kind) -> bool {
        let kinds = self.encoder.world.place(place).kinds;
        kinds.single() == Some(kind)
            || self.encoder.world.formulas.known(&Atom::Tag(place, kind)).is_some_and(|tag| self.cnf.holds(tag))
    }

    fn whole(&self, var: NumVar) -> bool {
        match var {
            NumVar::Len(_) | NumVar::TextLen(_) => true,
            NumVar::Value(place) => {
                let only = self.encoder.world.place(place).kinds;
                let numbers = only.and(Kinds::of(&[Kind::Int, Kind::Float, Kind::Timestamp, Kind::Duration]));
                !numbers.has(Kind::Float) && !numbers.is_empty()
                    || [Kind::Int, Kind::Timestamp, Kind::Duration].into_iter().any(|kind| self.tag(place, kind))
            }
        }
    }

    /// Learns that rows contradict each other, also where that depends on numbers being whole.
    fn refute_rows(&mut self, needed: &[(Atom, bool)], rows: &[Row], positions: &[usize], core: &[u32]) {
        let literal = |row: &u32| needed.get(*positions.get(*row as usize)?).copied();
        let mut literals: Vec<(Atom, bool)> = core.iter().filter_map(literal).collect();
        let mut vars: Vec<NumVar> = Vec::new();
        for at in core {
            if let Some(row) = rows.get(*at as usize) {
                vars.extend(row.linear.terms.iter().map(|(var, _)| *var));
            }
        }
        vars.sort_unstable();
        vars.dedup();
        for var in vars {
            let NumVar::Value(place) = var else { continue };
            if !self.encoder.world.place(place).kinds.has(Kind::Float) {
                continue;
            }
            for kind in [Kind::Int, Kind::Timestamp, Kind::Duration] {
                let atom = Atom::Tag(place, kind);
                if self.encoder.world.formulas.known(&atom).is_some_and(|tag| self.cnf.holds(tag)) {
                    literals.push((atom, true));
                }
            }
        }
        self.cnf.refute(&self.encoder.world, &literals);
    }

    fn preferred(&self, var: NumVar) -> Vec<Ratio> {
        let NumVar::Value(place) = var else { return Vec::new() };
        if self.tag(place, Kind::Timestamp) {
            return vec![crate::world::time_number(self.now)];
        }
        match crate::show::place(&self.encoder.world, place).rsplit('.').next() {
            Some("size" | "generation" | "metageneration") => vec![Ratio::ONE],
            Some("limit") => vec![Ratio::int(10)],
            _ => vec![Ratio::ONE],
        }
    }
}

/// The bounds of lengths of texts, with the positions of the literals that they come from. A length that depends on other
/// numbers is fixed to its value; what follows from the literals of the second part of the result proves nothing.
fn lengths(
    rows: &[Row],
    positions: &[usize],
    values: &FxHashMap<NumVar, Ratio>,
) -> (FxHashMap<PlaceId, text::Bounds>, FxHashSet<usize>) {
    let mut bounds: FxHashMap<PlaceId, text::Bounds> = FxHashMap::default();
    let mut fixed = FxHashSet::default();
    for (row, position) in rows.iter().zip(positions) {
        for (var, c) in &row.linear.terms {
            let NumVar::TextLen(place) = var else { continue };
            let entry = bounds.entry(*place).or_default();
            entry.origins.push(*position);
            if row.linear.terms.len() == 1 {
                let Some(bound) = row.linear.constant.neg().div(*c) else { continue };
                if c.sign().is_gt() {
                    let most = if row.strict { bound.ceil() - 1 } else { bound.floor() };
                    let most = u32::try_from(most.max(0)).unwrap_or(u32::MAX);
                    entry.most = Some(entry.most.map_or(most, |known| known.min(most)));
                } else {
                    let least = if row.strict { bound.floor() + 1 } else { bound.ceil() };
                    entry.least = entry.least.max(u32::try_from(least.max(0)).unwrap_or(u32::MAX));
                }
            } else {
                fixed.insert(*position);
                if let Some(value) = values.get(var).and_then(|value| u32::try_from(value.floor()).ok()) {
                    entry.least = entry.least.max(value);
                    entry.most = Some(entry.most.map_or(value, |known| known.min(value)));
                }
            }
        }
    }
    // Lengths far beyond what is searched say nothing new.
    for bound in bounds.values_mut() {
        bound.most = bound.most.filter(|most| *most < 100_000);
    }
    (bounds, fixed)
}

/// Texts that a reader expects at a place.
pub fn readable(encoder: &Encoder, place: PlaceId) -> Vec<String> {
    let world = &encoder.world;
    let texts: &[&str] = match &world.place(place).origin {
        Origin::Segment(1) => &["(default)", "bucket"],
        Origin::Segment(at) => {
            let name = world.segment_names.get(*at as usize).cloned().flatten();
            return vec![name.unwrap_or_else(|| "x".to_owned())];
        }
        Origin::Child(_, crate::place::Key::Name(name)) => {
            let name = world.text(*name);
            match name.as_str() {
                "uid" => &["alice"],
                "email" => &["alice@example.com"],
                "contentType" => &["image/png", "video/mp4"],
                "sign_in_provider" => &["password"],
                "phone_number" => &["+15550100"],
                _ => return vec![name, "text".to_owned()],
            }
        }
        _ => &["text"],
    };
    texts.iter().map(|text| (*text).to_owned()).collect()
}
