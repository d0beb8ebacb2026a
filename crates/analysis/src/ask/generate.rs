//! Requests for a first suite: one that each statement permits for each method, and one that each part of its condition
//! denies.

use firewarden::{
    Outcome, Value,
    internals::request::ServiceProduct,
    rules::{Decision, Rules},
};

use super::{
    METHODS, Question, Settings, Unknown, Verdict,
    expression::{Part, compile},
    line, program,
    unfold::{Piece, conjuncts, joined},
};
use crate::{
    formula::Formula,
    permit::{Ruleset, Statement, any_permits, name_segments, permits},
    schema::Method,
    witness::Witness,
};

/// What a request shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shows {
    /// The statement permits it.
    Permitted,
    /// It is denied for want of this part of the condition, whose text is in one line.
    DeniedWithout(String),
}

/// A request that was found.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The method.
    pub method: Method,
    /// The path of the statement's block.
    pub path: String,
    /// The line of the statement.
    pub line: u32,
    /// What the request shows.
    pub shows: Shows,
    /// The request.
    pub witness: Box<Witness>,
}

/// A statement that no request was found for, with its method.
#[derive(Clone, Debug)]
pub struct Missing {
    /// The method.
    pub method: Method,
    /// The line of the statement.
    pub line: u32,
    /// Why it is not known whether it can permit; `None` if it never does.
    pub because: Option<Unknown>,
}

/// What was generated.
#[derive(Clone, Debug, Default)]
pub struct Suite {
    /// The requests, statement by statement.
    pub requests: Vec<Generated>,
    /// Statements that are not shown to permit.
    pub missing: Vec<Missing>,
}

/// Finds requests for each statement of rules; `None` for database rules.
pub fn generate(rules: &Rules, settings: Settings) -> Option<Suite> {
    let (product, code) = program(rules)?;
    let ruleset = Ruleset::new(0, code, product)?;
    let search = Search { rules, product, ruleset, settings };
    let mut suite = Suite::default();
    for method in METHODS {
        if ruleset.refuses(product, method) {
            continue;
        }
        for statement in ruleset.statements(method) {
            search.statement(method, &statement, &mut suite);
        }
    }
    suite.requests.sort_by_key(|found| found.line);
    Some(suite)
}

struct Search<'r> {
    rules: &'r Rules,
    product: ServiceProduct,
    ruleset: Ruleset<'r>,
    settings: Settings,
}

impl Search<'_> {
    fn statement(&self, method: Method, statement: &Statement<'_>, suite: &mut Suite) {
        let generated = |shows, witness| Generated {
            method,
            path: statement.scope.block.path.clone(),
            line: line(statement),
            shows,
            witness,
        };
        match self.permitted(method, statement) {
            Verdict::Yes(witness) => suite.requests.push(generated(Shows::Permitted, witness)),
            Verdict::No(_) => return suite.missing.push(Missing { method, line: line(statement), because: None }),
            Verdict::Unknown(why) => {
                return suite.missing.push(Missing { method, line: line(statement), because: Some(why) });
            }
        }
        let Some(condition) = statement.statement.condition else { return };
        let parts = conjuncts(statement.scope.code, condition);
        for (nth, part) in parts.iter().enumerate() {
            if let Some(Verdict::Yes(witness)) = self.denied_without(method, statement, &parts, nth) {
                suite.requests.push(generated(Shows::DeniedWithout(part.text.clone()), witness));
            }
        }
    }

    /// A request that the statement permits: one that no other permits, if there is one.
    fn permitted(&self, method: Method, statement: &Statement<'_>) -> Verdict {
        let alone = self.ask(
            method,
            &[],
            statement,
            &mut |search, encoder| {
                let permitted = permits(encoder, statement);
                let others = search.ruleset.statements(method);
                let others = others.iter().filter(|other| other.index != statement.index);
                let others: Vec<Formula> = others.map(|other| permits(encoder, other)).collect();
                let others = encoder.world.formulas.any(others);
                encoder.world.formulas.and(permitted, others.not())
            },
            &mut |witness| permits_it(witness, self.rules, statement),
        );
        if matches!(alone, Verdict::Yes(_)) {
            return alone;
        }
        self.ask(method, &[], statement, &mut |_, encoder| permits(encoder, statement), &mut |witness| {
            permits_it(witness, self.rules, statement)
        })
    }

    /// A request that is denied, and of which all parts of the condition hold but one.
    fn denied_without(
        &self,
        method: Method,
        statement: &Statement<'_>,
        parts: &[Piece],
        nth: usize,
    ) -> Option<Verdict> {
        let path = below_root(&statement.scope.block.path)?;
        let rest = joined(parts.iter().enumerate().filter(|(other, _)| *other != nth).map(|(_, piece)| piece));
        let rest = compile(self.rules, &path, (Part::When, &rest), "").ok()?;
        let text = &parts.get(nth)?.text;
        let part = compile(self.rules, &path, (Part::When, text), "").ok()?;
        // A part that is false shows more than one that fails, which another change of the request may bring about.
        let opposite = compile(self.rules, &path, (Part::When, &format!("!({text})")), "").ok()?;
        let of = |number, rules| Ruleset::of(number, rules, self.product);
        let (rest_ruleset, part_ruleset, opposite_ruleset) = (of(1, &rest)?, of(2, &part)?, of(3, &opposite)?);
        let search = |must_be_false: bool| {
            self.ask(
                method,
                &[rest_ruleset, part_ruleset, opposite_ruleset],
                statement,
                &mut |search, encoder| {
                    let rest = any_permits(encoder, rest_ruleset);
                    let fails = match must_be_false {
                        true => any_permits(encoder, opposite_ruleset),
                        false => any_permits(encoder, part_ruleset).not(),
                    };
                    let permitted = any_permits(encoder, search.ruleset);
                    encoder.world.formulas.all(vec![rest, fails, permitted.not()])
                },
                &mut |witness| {
                    witness.is_permitted_by(&rest)
                        && witness.is_denied_by(&part)
                        && (!must_be_false || witness.is_permitted_by(&opposite))
                        && witness.is_denied_by(self.rules)
                },
            )
        };
        let exactly = search(true);
        Some(if matches!(exactly, Verdict::Yes(_)) { exactly } else { search(false) })
    }

    fn ask(
        &self,
        method: Method,
        others: &[Ruleset<'_>],
        statement: &Statement<'_>,
        goal: &mut dyn FnMut(&Self, &mut crate::symbolic::Encoder) -> Formula,
        replay: &mut dyn FnMut(&Witness) -> bool,
    ) -> Verdict {
        let rulesets: Vec<Ruleset<'_>> = std::iter::once(self.ruleset).chain(others.iter().copied()).collect();
        let question =
            Question { product: self.product, method, rulesets: &rulesets, denied_by: &[], settings: self.settings };
        question.ask(
            &mut |encoder| {
                name_segments(encoder, statement);
                goal(self, encoder)
            },
            replay,
        )
    }
}

/// Whether the engine permits a request, and this statement by itself.
fn permits_it(witness: &Witness, rules: &Rules, statement: &Statement<'_>) -> bool {
    if !witness.is_permitted_by(rules) {
        return false;
    }
    let Some(Decision::Service(decision)) = witness.decision(rules) else { return false };
    let found = decision.statements().find(|found| found.span == statement.statement.span);
    found.is_some_and(|found| matches!(found.outcome, Outcome::Value(Value::Bool(true))))
}

/// A block's path without what all paths of the product begin with.
pub(super) fn below_root(path: &str) -> Option<String> {
    let rest: Vec<&str> = path.split('/').skip(4).collect();
    (!rest.is_empty()).then(|| format!("/{}", rest.join("/")))
}
