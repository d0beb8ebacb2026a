//! Who can do something at a path: the alternatives of the conditions that permit it, and which classes of callers they
//! are open to.

use firewarden::{
    internals::{
        program::{Code, Op},
        request::ServiceProduct,
    },
    rules::Rules,
};

use super::{
    Goal, Question, Settings, Verdict,
    expression::{LawError, Part, compile},
    generate::below_root,
    law::Within,
    line, program,
    subject::{STANDARD_CLAIMS, Subject},
    unfold::{Piece, alternatives, joined},
};
use crate::{
    formula::Formula,
    permit::{Ruleset, any_permits},
    schema::Method,
    symbolic::Encoder,
    witness::Witness,
};

/// How much a class of callers may do.
#[derive(Clone, Debug)]
pub enum Access {
    /// All requests of the class are permitted.
    Always,
    /// Some are, such as this one.
    Sometimes(Box<Witness>),
    /// None is.
    Never,
    /// Not known, and why.
    Unknown(String),
}

/// A way in which a statement permits.
#[derive(Clone, Debug)]
pub struct Alternative {
    /// The conditions that have to hold, without those that follow from the others; none if it always permits.
    pub conditions: Vec<String>,
    /// Conditions that follow from the others, by proof.
    pub implied: Vec<String>,
}

/// A statement that permits something at the path.
#[derive(Clone, Debug)]
pub struct Reaching {
    /// Its line.
    pub line: u32,
    /// The path of its block.
    pub path: String,
    /// Its alternatives that permit something there and add something.
    pub alternatives: Vec<Alternative>,
}

/// A class of callers.
#[derive(Clone, Debug)]
pub struct Class {
    /// In words.
    pub name: String,
    /// What it may do.
    pub access: Access,
    /// The alternatives that are open to it: statement by statement, by their numbers, from 0.
    pub by: Vec<(usize, usize)>,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct WhoCan {
    /// The statements that permit something there, in source order.
    pub statements: Vec<Reaching>,
    /// Lines of statements that permit nothing there that others do not.
    pub redundant: Vec<u32>,
    /// The classes of callers.
    pub classes: Vec<Class>,
}

/// Asks who can do something at a path, which may have wildcards.
///
/// # Errors
///
/// The path is none, the rules are for a database, or a condition cannot be compiled apart from its block.
pub fn who_can(rules: &Rules, method: Method, path: &str, settings: Settings) -> Result<WhoCan, LawError> {
    let within = Within::new(path, rules)?;
    let missing = || LawError {
        part: Part::Path,
        span: None,
        message: "the rules have nothing for this product".to_owned(),
        hint: None,
    };
    let (product, code) = program(rules).ok_or_else(missing)?;
    let ruleset = Ruleset::new(0, code, product).ok_or_else(missing)?;
    let asking = Asking { rules, product, method, within: &within, settings };
    let mut ways: Vec<Way> = Vec::new();
    if !ruleset.refuses(product, method) {
        for statement in ruleset.statements(method) {
            let block = &statement.scope.block.path;
            let Some(below) = below_root(block).or_else(|| (block.contains("=**")).then(|| "/{any=**}".to_owned()))
            else {
                continue;
            };
            let found = match statement.statement.condition {
                None => vec![Vec::new()],
                Some(condition) => alternatives(statement.scope.code, condition),
            };
            for pieces in found {
                let line = line(&statement);
                // To leave it out would say that nobody can what it permits.
                let compiled = compile(rules, &below, (Part::When, &joined(&pieces)), "").map_err(|why| LawError {
                    span: None,
                    message: format!("the condition of line {line} cannot be asked about by itself: {}", why.message),
                    ..why
                })?;
                ways.push(Way { line, block: block.clone(), below: below.clone(), pieces, compiled });
            }
        }
    }
    // What permits nothing here, then what permits nothing that the others do not.
    ways.retain(|way| !matches!(asking.any(&[way], &[]), Verdict::No(None)));
    let lines: Vec<u32> = ways.iter().map(|way| way.line).collect();
    let mut at = ways.len();
    while at > 0 {
        at -= 1;
        let others: Vec<&Way> = ways.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, way)| way).collect();
        let adds = ways.get(at).is_none_or(|way| !matches!(asking.any(&[way], &others), Verdict::No(None)));
        if !adds {
            ways.remove(at);
        }
    }
    let mut redundant: Vec<u32> = lines.into_iter().filter(|line| !ways.iter().any(|way| way.line == *line)).collect();
    redundant.dedup();
    let classes = classes_of(rules, path, &ruleset.program.code);
    let classes = classes.into_iter().map(|(name, who)| asking.class(name, &who, &ways)).collect();
    let mut statements: Vec<Reaching> = Vec::new();
    for way in &ways {
        let alternative = asking.reduced(way);
        match statements.iter_mut().find(|known| known.line == way.line && known.path == way.block) {
            Some(known) => known.alternatives.push(alternative),
            None => {
                statements.push(Reaching { line: way.line, path: way.block.clone(), alternatives: vec![alternative] })
            }
        }
    }
    Ok(WhoCan { statements, redundant, classes })
}

/// A way in which a statement permits, compiled by itself.
struct Way {
    line: u32,
    block: String,
    below: String,
    pieces: Vec<Piece>,
    compiled: Rules,
}

/// Who asks.
enum Who {
    Of(Subject),
    /// Where an expression holds at the path.
    Where(Rules),
}

struct Asking<'a> {
    rules: &'a Rules,
    product: ServiceProduct,
    method: Method,
    within: &'a Within,
    settings: Settings,
}

impl Asking<'_> {
    /// Whether a request here is permitted by all of `these` and by none of `others`.
    fn any(&self, these: &[&Way], others: &[&Way]) -> Verdict {
        let these: Vec<&Rules> = these.iter().map(|way| &way.compiled).collect();
        let others: Vec<&Rules> = others.iter().map(|way| &way.compiled).collect();
        self.ask(&these, &others, &Subject::Anybody)
    }

    fn ask(&self, these: &[&Rules], others: &[&Rules], who: &Subject) -> Verdict {
        let mut number = 1;
        let mut next = |rules| {
            number += 1;
            Ruleset::of(number, rules, self.product)
        };
        let place = self.within.ruleset(1, self.product);
        let holds: Vec<Ruleset<'_>> = these.iter().filter_map(|rules| next(rules)).collect();
        let fails: Vec<Ruleset<'_>> = others.iter().filter_map(|rules| next(rules)).collect();
        let rulesets: Vec<Ruleset<'_>> =
            place.into_iter().chain(holds.iter().copied()).chain(fails.iter().copied()).collect();
        let (product, method, settings) = (self.product, self.method, self.settings);
        let question = Question { product, method, rulesets: &rulesets, denied_by: &fails, settings };
        question.ask(
            &mut |encoder: &mut Encoder| {
                let mut parts: Vec<Formula> = Vec::new();
                parts.extend(place.map(|place| any_permits(encoder, place)));
                parts.extend(holds.iter().map(|ruleset| any_permits(encoder, *ruleset)));
                parts.push(who.formula(encoder));
                let failing: Vec<Formula> = fails.iter().map(|ruleset| any_permits(encoder, *ruleset)).collect();
                let formulas = &mut encoder.world.formulas;
                Goal { holds: formulas.all(parts), permitted: formulas.any(failing) }
            },
            &mut |witness| {
                self.within.has(witness)
                    && who.has(witness)
                    && these.iter().all(|rules| witness.is_permitted_by(rules))
                    && others.iter().all(|rules| witness.is_denied_by(rules))
            },
        )
    }

    fn class(&self, name: String, who: &Who, ways: &[Way]) -> Class {
        let (subject, condition) = match who {
            Who::Of(subject) => (*subject, None),
            Who::Where(rules) => (Subject::Anybody, Some(rules)),
        };
        let with = |more: &[&Rules], others: &[&Rules]| {
            let these: Vec<&Rules> = condition.into_iter().chain(more.iter().copied()).collect();
            self.ask(&these, others, &subject)
        };
        let (mut by, mut first, mut unknown) = (Vec::new(), None, None);
        let (mut statement, mut nth, mut line) = (0, 0, None);
        for way in ways {
            match line.replace(way.line) {
                Some(last) if last != way.line => (statement, nth) = (statement + 1, 0),
                Some(_) => nth += 1,
                None => {}
            }
            match with(&[&way.compiled], &[]) {
                Verdict::Yes(witness) => {
                    by.push((statement, nth));
                    first.get_or_insert(witness);
                }
                Verdict::Unknown(why) => drop(unknown.get_or_insert(why.because)),
                Verdict::No(_) => {}
            }
        }
        let access = match (first, unknown) {
            (None, None) => Access::Never,
            (None, Some(because)) => Access::Unknown(because),
            (Some(witness), _) => match with(&[], &[self.rules]) {
                Verdict::No(None) => Access::Always,
                _ => Access::Sometimes(witness),
            },
        };
        Class { name, access, by }
    }

    /// The conditions of a way, without those that follow from the others.
    fn reduced(&self, way: &Way) -> Alternative {
        let mut kept = way.pieces.clone();
        let mut implied = Vec::new();
        let mut at = 0;
        while let Some(piece) = kept.get(at).cloned() {
            let rest: Vec<Piece> =
                kept.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, piece)| piece.clone()).collect();
            let compiled = |text: &str| compile(self.rules, &way.below, (Part::When, text), "");
            let follows = match (compiled(&joined(&rest)), compiled(&piece.text)) {
                (Ok(rest), Ok(part)) => matches!(self.ask(&[&rest], &[&part], &Subject::Anybody), Verdict::No(None)),
                _ => false,
            };
            if follows {
                kept = rest;
                implied.push(piece.text);
            } else {
                at += 1;
            }
        }
        Alternative { conditions: kept.into_iter().map(|piece| piece.text).collect(), implied }
    }
}

/// The callers for whom an expression holds at the path.
fn callers(rules: &Rules, path: &str, when: &str) -> Option<Who> {
    compile(rules, path, (Part::When, when), "").ok().map(Who::Where)
}

/// The classes of callers to ask about, by what the path and the rules name.
fn classes_of(rules: &Rules, path: &str, code: &Code) -> Vec<(String, Who)> {
    let mut found = vec![
        ("signed out".to_owned(), Who::Of(Subject::SignedOut)),
        ("a signed-in stranger".to_owned(), Who::Of(Subject::Stranger)),
    ];
    for wildcard in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        if names_a_user(wildcard) {
            let who = callers(rules, path, &format!("request.auth.uid == {wildcard}"));
            found.extend(who.map(|who| (format!("the user {{{wildcard}}}"), who)));
        }
    }
    let anonymous = "request.auth.token.firebase.sign_in_provider == 'anonymous'";
    found.extend(callers(rules, path, anonymous).map(|who| ("an anonymous user".to_owned(), who)));
    for claim in claims(code) {
        let who = callers(rules, path, &format!("'{claim}' in request.auth.token"));
        found.extend(who.map(|who| (format!("with the claim {claim}"), who)));
    }
    found
}

/// Whether a wildcard is the id of a user, by its name.
fn names_a_user(wildcard: &str) -> bool {
    let name = wildcard.to_ascii_lowercase();
    !name.contains('=') && ["uid", "user", "owner", "author", "member"].iter().any(|word| name.contains(word))
}

/// The custom claims that rules read.
fn claims(code: &Code) -> Vec<String> {
    let is_token =
        |id| matches!(code.op(id), Ok(Op::Member(_, name)) if code.name(name).is_ok_and(|name| name == "token"));
    let mut found = Vec::new();
    for op in code.ops.iter().copied() {
        let name = match op {
            Op::Member(object, name) if is_token(object) => code.name(name).ok().map(str::to_owned),
            Op::Method(_, receiver, arguments, _) if is_token(receiver) => {
                let first = code.lists.slice(arguments).ok().and_then(|list| list.first().copied());
                first.and_then(|id| match code.op(id) {
                    Ok(Op::Constant(value, _)) => code.constants.get(value).ok()?.as_str().map(str::to_owned),
                    _ => None,
                })
            }
            _ => None,
        };
        let custom = name.filter(|name| !STANDARD_CLAIMS.contains(&name.as_str()) && !name.contains(['\'', '\\']));
        found.extend(custom.filter(|name| !found.contains(name)).into_iter().collect::<Vec<_>>());
    }
    found
}
