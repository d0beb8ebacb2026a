//! Invariants: what must never be permitted, and what always.

use firewarden::{internals::request::ServiceProduct, rules::Rules};

use super::{
    Goal, Question, Settings, Unknown, Verdict,
    expression::{LawError, Part, compile},
    program,
    subject::{has_only_claims, only_claims},
};
use crate::{
    formula::Formula,
    permit::{Ruleset, Statement, any_permits, name_segments, permits},
    schema::Method,
    symbolic::Encoder,
    witness::Witness,
};

/// Whether something must never be permitted, or always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// No request of the kind is permitted.
    Never,
    /// Each request of the kind is permitted.
    Always,
}

/// An invariant.
#[derive(Clone, Debug)]
pub struct Law {
    /// What it says, in the words of who wrote it.
    pub name: String,
    /// Never or always.
    pub quantifier: Quantifier,
    /// The methods that it is about.
    pub methods: Vec<Method>,
    /// The path, as rules write it, without what all paths of the product begin with.
    pub path: String,
    /// Where the law applies: an expression of the rules language.
    pub when: Option<String>,
    /// What excuses.
    pub unless: Option<String>,
}

/// What laws of one file have in common.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Functions that expressions may call besides those of the rules' outermost blocks.
    pub functions: String,
    /// The custom claims that exist, if they are known; a token then has no others.
    pub claims: Option<Vec<String>>,
}

/// A law with its expressions compiled for a ruleset.
pub struct CompiledLaw {
    law: Law,
    when: Rules,
    unless: Option<Rules>,
    claims: Option<Vec<String>>,
}

/// The requests at a path, which may have wildcards.
pub struct Within {
    rules: Rules,
}

impl Within {
    /// Compiles a path for rules of the same product.
    ///
    /// # Errors
    ///
    /// What is wrong with the path.
    pub fn new(path: &str, rules: &Rules) -> Result<Self, LawError> {
        compile(rules, path, (Part::Path, "true"), "").map(|rules| Within { rules })
    }

    /// The path as a ruleset that permits everything there.
    pub(super) fn ruleset(&self, number: u32, product: ServiceProduct) -> Option<Ruleset<'_>> {
        Ruleset::of(number, &self.rules, product)
    }

    /// Whether a request is at the path, by the engine's word.
    pub(super) fn has(&self, witness: &Witness) -> bool {
        witness.is_permitted_by(&self.rules)
    }
}

/// What became of a law for one method.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The method.
    pub method: Method,
    /// A counterexample, none, or unknown.
    pub verdict: Verdict,
    /// The line of the statement that permits the counterexample.
    pub line: Option<u32>,
}

impl CompiledLaw {
    /// Compiles the expressions of a law. Functions of the rules' outermost blocks are visible in them, and those of the
    /// context.
    ///
    /// # Errors
    ///
    /// What is wrong with an expression or the path.
    pub fn new(law: Law, rules: &Rules, context: &Context) -> Result<Self, LawError> {
        let compile = |part, expression: &str| compile(rules, &law.path, (part, expression), &context.functions);
        let when = compile(Part::When, law.when.as_deref().unwrap_or("true"))?;
        let unless = law.unless.as_deref().map(|unless| compile(Part::Unless, unless)).transpose()?;
        Ok(CompiledLaw { law, when, unless, claims: context.claims.clone() })
    }

    /// The law.
    pub fn law(&self) -> &Law {
        &self.law
    }

    /// The rulesets of what the law speaks of, and of what it excuses.
    fn rulesets(&self, product: ServiceProduct) -> [Option<Ruleset<'_>>; 2] {
        let unless = self.unless.as_ref().and_then(|unless| Ruleset::of(2, unless, product));
        [Ruleset::of(1, &self.when, product), unless]
    }

    /// Whether the law speaks of a request, by the engine's word.
    fn applies(&self, witness: &Witness) -> bool {
        witness.is_permitted_by(&self.when)
            && self.unless.as_ref().is_none_or(|unless| witness.is_denied_by(unless))
            && self.claims.as_ref().is_none_or(|claims| has_only_claims(witness, claims))
    }

    /// Where the law speaks of a request.
    ///
    /// To be called when the conditions of the rules are formulas already, which read claims.
    fn condition(&self, encoder: &mut Encoder, product: ServiceProduct) -> Formula {
        let [when, unless] = self.rulesets(product).map(|ruleset| match ruleset {
            Some(ruleset) => any_permits(encoder, ruleset),
            None => Formula::FALSE,
        });
        let speaks = encoder.world.formulas.and(when, unless.not());
        match &self.claims {
            Some(claims) => {
                let known = only_claims(encoder, claims);
                encoder.world.formulas.and(speaks, known)
            }
            None => speaks,
        }
    }

    /// Asks whether rules keep the law for one method.
    pub fn check(&self, rules: &Rules, method: Method, settings: Settings) -> Outcome {
        let unknown = |because: &str| Outcome {
            method,
            verdict: Verdict::Unknown(Unknown { because: because.to_owned(), at: None }),
            line: None,
        };
        let Some((product, code)) = program(rules) else { return unknown("database rules are not proved yet") };
        let Some(ruleset) = Ruleset::new(0, code, product) else {
            return unknown("the rules have nothing for this product");
        };
        match self.law.quantifier {
            Quantifier::Never => {
                let mut undecided = None;
                let mut partial = None;
                for statement in ruleset.statements(method) {
                    let verdict = self.reaches(rules, ruleset, &statement, method, settings);
                    match verdict {
                        Verdict::Yes(_) => return Outcome { method, verdict, line: Some(super::line(&statement)) },
                        Verdict::Unknown(_) => {
                            undecided.get_or_insert((verdict, super::line(&statement)));
                        }
                        Verdict::No(up_to) => partial = partial.or(up_to),
                    }
                }
                match undecided {
                    Some((verdict, line)) => Outcome { method, verdict, line: Some(line) },
                    None => Outcome { method, verdict: Verdict::No(partial), line: None },
                }
            }
            Quantifier::Always => {
                let rulesets: Vec<Ruleset<'_>> =
                    std::iter::once(ruleset).chain(self.rulesets(product).into_iter().flatten()).collect();
                let denied_by = [ruleset];
                let question = Question { product, method, rulesets: &rulesets, denied_by: &denied_by, settings };
                let verdict = question.ask(
                    &mut |encoder| {
                        let permitted = any_permits(encoder, ruleset);
                        let holds = self.condition(encoder, product);
                        Goal { holds, permitted }
                    },
                    &mut |witness| witness.is_denied_by(rules) && self.applies(witness),
                );
                Outcome { method, verdict, line: None }
            }
        }
    }

    /// Whether a statement permits a request that the law speaks of.
    pub fn reaches(
        &self,
        rules: &Rules,
        ruleset: Ruleset<'_>,
        statement: &Statement<'_>,
        method: Method,
        settings: Settings,
    ) -> Verdict {
        let Some((product, _)) = program(rules) else { return Verdict::No(None) };
        if ruleset.refuses(product, method) {
            return Verdict::No(None);
        }
        let rulesets: Vec<Ruleset<'_>> =
            std::iter::once(ruleset).chain(self.rulesets(product).into_iter().flatten()).collect();
        let question = Question { product, method, rulesets: &rulesets, denied_by: &[], settings };
        question.ask(
            &mut |encoder| {
                name_segments(encoder, statement);
                let permitted = permits(encoder, statement);
                let speaks = self.condition(encoder, product);
                encoder.world.formulas.and(permitted, speaks)
            },
            &mut |witness| witness.is_permitted_by(rules) && self.applies(witness),
        )
    }

    /// Whether the law speaks of any request with this method at all.
    pub fn says_something(&self, rules: &Rules, method: Method, settings: Settings) -> bool {
        let Some((product, _)) = program(rules) else { return true };
        let rulesets: Vec<Ruleset<'_>> = self.rulesets(product).into_iter().flatten().collect();
        let question = Question { product, method, rulesets: &rulesets, denied_by: &[], settings };
        let verdict =
            question.ask(&mut |encoder| self.condition(encoder, product), &mut |witness| self.applies(witness));
        !matches!(verdict, Verdict::No(_))
    }
}
