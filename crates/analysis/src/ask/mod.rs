//! Questions about rules, each with one of three answers.

pub mod diff;
pub mod expression;
pub mod generate;
pub mod law;
mod limits;
pub mod never;
pub mod subject;
pub mod unfold;
pub mod who_can;

use firewarden::{
    Timestamp,
    internals::{
        program::{Code, Op, OpId, Program},
        request::ServiceProduct,
    },
    rules::Rules,
};
use rustc_hash::FxHashSet;

use crate::{
    formula::Formula,
    permit::{Ruleset, Statement, covers},
    schema::Method,
    shape, shapes,
    solve::{Answer, Budget, Cause, solve},
    symbolic::Encoder,
    witness::Witness,
    world::{OpenWhat, World},
};

/// All methods, in the order of answers.
pub const METHODS: [Method; 5] = [Method::Get, Method::List, Method::Create, Method::Update, Method::Delete];

/// An answer to a question.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// This request has the property; the engine decided it.
    Yes(Box<Witness>),
    /// No request of the domain has it; where a condition looks into a wildcard for several segments, none with a path of up
    /// to so many segments.
    No(Option<usize>),
    /// Neither was shown.
    Unknown(Unknown),
}

/// Why an answer is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What stood in the way.
    pub because: String,
    /// Where it stands: which of the rulesets, and the offset in its text.
    pub at: Option<(u32, u32)>,
}

impl Verdict {
    /// Whether a request was found.
    pub fn witness(&self) -> Option<&Witness> {
        match self {
            Verdict::Yes(witness) => Some(witness),
            _ => None,
        }
    }
}

/// What all questions have in common.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Answers hold for requests from this time on.
    pub now: Timestamp,
    /// The limits of each search.
    pub budget: Budget,
}

impl Settings {
    /// The usual limits.
    pub fn from(now: Timestamp) -> Self {
        Settings { now, budget: Budget::default() }
    }
}

/// The compiled rules of a file; `None` for database rules.
pub fn program(rules: &Rules) -> Option<(ServiceProduct, &Program)> {
    match rules {
        Rules::Storage(rules) => Some((ServiceProduct::Storage, rules.compiled().program())),
        Rules::Firestore(rules) => Some((ServiceProduct::Firestore, rules.compiled().program())),
        Rules::Database(_) => None,
    }
}

/// The property that a question is about.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    /// What holds for the request.
    pub holds: Formula,
    /// Where the conditions of those that have to deny the request permit it.
    pub permitted: Formula,
}

impl From<Formula> for Goal {
    fn from(holds: Formula) -> Self {
        Goal { holds, permitted: Formula::FALSE }
    }
}

/// A question about requests with one method.
pub struct Question<'q> {
    /// The product.
    pub product: ServiceProduct,
    /// The method.
    pub method: Method,
    /// The rulesets that it speaks of.
    pub rulesets: &'q [Ruleset<'q>],
    /// Those whose denial the property needs: limits of the engine could deny as well.
    pub denied_by: &'q [Ruleset<'q>],
    /// The settings.
    pub settings: Settings,
}

impl Question<'_> {
    /// Asks for each number of segments that matters. `goal` gives the property as a formula, `replay` is the engine's word.
    pub fn ask<G: Into<Goal>>(
        &self,
        goal: &mut dyn FnMut(&mut Encoder) -> G,
        replay: &mut dyn FnMut(&Witness) -> bool,
    ) -> Verdict {
        let looks = self.rulesets.iter().any(|ruleset| looks_into_globs(ruleset, self.product));
        let services = self.rulesets.iter().map(|ruleset| ruleset.service);
        let lengths = shape::lengths(self.product, self.method, services, looks);
        let mut unknown = None;
        for count in &lengths.counts {
            let mut encoder = Encoder::new(self.product, self.method, *count);
            let goal = goal(&mut encoder).into();
            // Also where the conditions cancel out: the limits are not part of them.
            let limit = if goal.holds == Formula::FALSE { None } else { self.limit(&mut encoder, goal.holds) };
            let formula = encoder.world.formulas.and(goal.holds, goal.permitted.not());
            match solve(&mut encoder, formula, self.settings.now, self.settings.budget, replay) {
                Answer::Yes(witness) => return Verdict::Yes(Box::new(witness.shrunk(replay))),
                Answer::No => {
                    if let Some(because) = limit {
                        unknown.get_or_insert(Unknown { because, at: None });
                    }
                }
                Answer::Unknown(cause) => {
                    unknown.get_or_insert(explain(&encoder.world, &cause));
                }
            }
        }
        match unknown {
            Some(unknown) => Verdict::Unknown(unknown),
            None if lengths.complete => Verdict::No(None),
            None => Verdict::No(lengths.counts.last().map(|count| count - 3)),
        }
    }

    /// A limit of the engine that a denial could come from, if one is in reach of the requests that a formula speaks of.
    fn limit(&self, encoder: &mut Encoder, holds: Formula) -> Option<String> {
        for ruleset in self.denied_by {
            let mut cost = 0_u32;
            // Where another ruleset has the same text up to there, it aborts for the same requests, and then permits none.
            let mut elsewhere = Vec::new();
            for other in self.rulesets.iter().filter(|other| other.number != ruleset.number) {
                let statements = other.statements(self.method);
                let aborting = statements.iter().filter(|statement| statement.statement.aborts);
                elsewhere.extend(aborting.filter_map(|statement| limits::until(statement, &statements)));
            }
            let statements = ruleset.statements(self.method);
            for statement in &statements {
                let covered = covers(encoder, statement);
                if covered == Formula::FALSE || shape::apart(&encoder.world.formulas, holds, covered) {
                    continue;
                }
                cost = cost.saturating_add(statement.statement.cost);
                let alike = || limits::until(statement, &statements).is_some_and(|text| elsewhere.contains(&text));
                if statement.statement.aborts && !alike() {
                    return Some("a condition can end the evaluation of the whole request".to_owned());
                }
            }
            if cost > firewarden::internals::program::MAX_EXPRESSIONS {
                return Some(format!("the conditions can take {cost} expressions, and the limit of a request is 1000"));
            }
        }
        if self.denied_by.is_empty() {
            return None;
        }
        let most = match self.product {
            ServiceProduct::Storage => firewarden::storage::DOCUMENT_LIMIT,
            ServiceProduct::Firestore => firewarden::firestore::DOCUMENT_LIMIT,
        };
        let documents = shapes::documents(&encoder.world).len();
        (documents > most)
            .then(|| format!("the conditions can read {documents} documents, and the limit of a request is {most}"))
    }
}

/// Whether a condition looks into a wildcard for several segments, or into the path as a whole.
fn looks_into_globs(ruleset: &Ruleset<'_>, product: ServiceProduct) -> bool {
    let code: &Code = &ruleset.program.code;
    ruleset.service.blocks.iter().any(|block| {
        let statements = ruleset.program.statements.slice(block.statements).unwrap_or(&[]);
        let mut open: Vec<OpId> = statements.iter().filter_map(|statement| statement.condition).collect();
        let mut seen = FxHashSet::default();
        while let Some(id) = open.pop() {
            if !seen.insert(id.index()) {
                continue;
            }
            let Ok(op) = code.op(id) else { return true };
            match op {
                Op::Capture(slot) if block.captures.get(usize::from(slot)).is_some_and(|capture| capture.glob) => {
                    return true;
                }
                Op::Member(object, name) if code.name(name).is_ok_and(|name| names_a_path(product, name)) => {
                    // Fields, metadata and claims of these names are data.
                    let data = matches!(code.op(object), Ok(Op::Member(_, of)) if code.name(of).is_ok_and(|of| {
                        matches!(of, "data" | "metadata" | "token")
                    }));
                    if !data {
                        return true;
                    }
                }
                Op::Call(function, _) => {
                    if let Ok(function) = code.functions.get(function) {
                        open.extend(&function.lets);
                        open.push(function.result);
                    }
                }
                _ => {}
            }
            open.extend(op.operands(code).unwrap_or_default());
        }
        false
    })
}

/// Whether the member of this name of a request, an object or a document is its path.
fn names_a_path(product: ServiceProduct, name: &str) -> bool {
    match product {
        ServiceProduct::Storage => matches!(name, "path" | "name"),
        ServiceProduct::Firestore => matches!(name, "path" | "__name__"),
    }
}

/// What stood in the way, in words.
fn explain(world: &World, cause: &Cause) -> Unknown {
    let because = match cause {
        Cause::Open(id) => {
            let words = match world.open_of(*id).map(|open| &open.what) {
                Some(OpenWhat::Builtin(name)) => format!("`{name}` is not modelled for such operands"),
                Some(OpenWhat::Operator(name)) => format!("`{name}` is not modelled for such operands"),
                Some(OpenWhat::Lookup(name)) => {
                    format!("{name}: the path depends on data in a way that is not modelled")
                }
                Some(OpenWhat::Stray(..)) | None => "an operation is not modelled".to_owned(),
            };
            return Unknown { because: words, at: world.open_spans.get(id).copied() };
        }
        Cause::TooLarge => "the question is too large for the budget of the search",
        Cause::Replay => "the engine denies each request that was found",
        Cause::Text => "no text was found within the budget of the search",
        Cause::Numbers => "no numbers were found within the budget of the search",
    };
    Unknown { because: because.to_owned(), at: None }
}

/// The line of a statement.
pub fn line(statement: &Statement<'_>) -> u32 {
    statement.scope.code.source.position(statement.statement.span.start).line
}
