//! Invariants: what must never be permitted, and what always.

use firewarden::{
    internals::{
        program::{Function, Ids, Program, ServiceProgram},
        request::ServiceProduct,
    },
    rules::{Product, Rules},
    text::Source,
};

use super::{Question, Settings, Unknown, Verdict, program};
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

/// A law with its expressions compiled for a ruleset.
pub struct CompiledLaw {
    law: Law,
    when: Rules,
    unless: Option<Rules>,
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
    /// Compiles the expressions of a law. Functions of the rules' outermost blocks are visible in them, and `functions`.
    ///
    /// # Errors
    ///
    /// What is wrong with an expression or the path.
    pub fn new(law: Law, rules: &Rules, functions: &str) -> Result<Self, String> {
        let compile = |expression: &str| compile(rules, &law.path, expression, functions);
        let when = compile(law.when.as_deref().unwrap_or("true"))?;
        let unless = law.unless.as_deref().map(compile).transpose()?;
        Ok(CompiledLaw { law, when, unless })
    }

    /// The law.
    pub fn law(&self) -> &Law {
        &self.law
    }

    /// Whether the law speaks of a request, by the engine's word.
    fn applies(&self, witness: &Witness) -> bool {
        witness.permitted_by(&self.when).unwrap_or(false)
            && !self.unless.as_ref().is_some_and(|unless| witness.permitted_by(unless).unwrap_or(true))
    }

    /// Where the law speaks of a request.
    fn condition(&self, encoder: &mut Encoder, product: ServiceProduct) -> Formula {
        let part = |encoder: &mut Encoder, number: u32, rules: &Rules| match program(rules)
            .and_then(|(_, program)| Ruleset::new(number, program, product))
        {
            Some(ruleset) => any_permits(encoder, ruleset),
            None => Formula::FALSE,
        };
        let when = part(encoder, 1, &self.when);
        match &self.unless {
            Some(unless) => {
                let excused = part(encoder, 2, unless);
                encoder.world.formulas.and(when, excused.not())
            }
            None => when,
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
        let mut rulesets = vec![ruleset];
        for (number, rules) in [(1, Some(&self.when)), (2, self.unless.as_ref())] {
            let own = rules.and_then(|rules| program(rules)).and_then(|(_, code)| Ruleset::new(number, code, product));
            rulesets.extend(own);
        }
        match self.law.quantifier {
            Quantifier::Never => {
                let mut undecided = None;
                let mut partial = None;
                for statement in ruleset.statements(method) {
                    if ruleset.refuses(product, method) {
                        break;
                    }
                    let question = Question { product, method, rulesets: &rulesets, denied_by: &[], settings };
                    let verdict = question.ask(
                        &mut |encoder| {
                            name_segments(encoder, &statement);
                            let permitted = permits(encoder, &statement);
                            let speaks = self.condition(encoder, product);
                            encoder.world.formulas.and(permitted, speaks)
                        },
                        &mut |witness| witness.permitted_by(rules).unwrap_or(false) && self.applies(witness),
                    );
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
                let denied_by = [ruleset];
                let question = Question { product, method, rulesets: &rulesets, denied_by: &denied_by, settings };
                let verdict = question.ask(
                    &mut |encoder| {
                        let permitted = any_permits(encoder, ruleset);
                        let speaks = self.condition(encoder, product);
                        encoder.world.formulas.and(speaks, permitted.not())
                    },
                    &mut |witness| !witness.permitted_by(rules).unwrap_or(true) && self.applies(witness),
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
        let mut rulesets = vec![ruleset];
        rulesets.extend(program(&self.when).and_then(|(_, code)| Ruleset::new(1, code, product)));
        let question = Question { product, method, rulesets: &rulesets, denied_by: &[], settings };
        question.ask(
            &mut |encoder| {
                name_segments(encoder, statement);
                let permitted = permits(encoder, statement);
                let speaks = self.condition(encoder, product);
                encoder.world.formulas.and(permitted, speaks)
            },
            &mut |witness| witness.permitted_by(rules).unwrap_or(false) && self.applies(witness),
        )
    }

    /// Whether the law speaks of any request with this method at all.
    pub fn says_something(&self, rules: &Rules, method: Method, settings: Settings) -> bool {
        let Some((product, _)) = program(rules) else { return true };
        let mut rulesets = Vec::new();
        for (number, rules) in [(1, Some(&self.when)), (2, self.unless.as_ref())] {
            rulesets.extend(
                rules.and_then(|rules| program(rules)).and_then(|(_, code)| Ruleset::new(number, code, product)),
            );
        }
        let question = Question { product, method, rulesets: &rulesets, denied_by: &[], settings };
        let verdict =
            question.ask(&mut |encoder| self.condition(encoder, product), &mut |witness| self.applies(witness));
        !matches!(verdict, Verdict::No(_))
    }
}

/// Rules that permit everything at a path where an expression is true.
fn compile(rules: &Rules, path: &str, expression: &str, functions: &str) -> Result<Rules, String> {
    let Some((product, code)) = program(rules) else {
        return Err("database rules are not proved yet".to_owned());
    };
    let Some(service) = code.of(product) else { return Err("the rules have nothing for this product".to_owned()) };
    let (name, root, kind) = match product {
        ServiceProduct::Storage => (firewarden::storage::SERVICE, "/b/{bucket}/o", Product::Storage),
        ServiceProduct::Firestore => {
            (firewarden::firestore::SERVICE, "/databases/{database}/documents", Product::Firestore)
        }
    };
    let text = format!(
        "rules_version = '2';\nservice {name} {{\n{outer}\nmatch {root} {{\n{inner}\n{functions}\nmatch {path} {{\nallow read, write: if\n{expression}\n;\n}}\n}}\n}}\n",
        outer = sources(code, service.functions),
        inner = outermost(code, service),
    );
    let source = Source::new(expression, text);
    let compiled = Rules::parse(&source, Some(kind))
        .map_err(|error| format!("`{expression}` at `{path}`: {}", first_line(&error.to_string())))?;
    // A name that does not exist is an error here: the expression would say nothing.
    match compiled
        .warnings()
        .iter()
        .find(|warning| source.position(warning.span.map_or(0, |span| span.start)).line >= first_own_line(&source))
    {
        Some(warning) => Err(format!("`{expression}`: {}", warning.message)),
        None => Ok(compiled),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or(text)
}

/// The line from which on the text is that of the law.
fn first_own_line(source: &Source) -> u32 {
    let at = source.text().rfind("allow read, write: if").unwrap_or(0);
    source.position(at as u32).line
}

/// The text of functions.
fn sources(code: &Program, functions: Ids<Function>) -> String {
    let functions = code.code.functions.slice(functions).unwrap_or(&[]);
    functions.iter().map(|function| code.code.source.slice(function.span)).collect::<Vec<_>>().join("\n")
}

/// The text of the functions of outermost blocks.
fn outermost(code: &Program, service: &ServiceProgram) -> String {
    let blocks = service.blocks.iter().filter(|block| block.parent.is_none());
    blocks.map(|block| sources(code, block.functions)).collect::<Vec<_>>().join("\n")
}
