//! Who can do something at a path: the statements that reach it, and which classes of callers they permit.

use firewarden::rules::Rules;

use super::{
    Settings, Verdict,
    law::{CompiledLaw, Law, Outcome, Quantifier},
    line, program,
};
use crate::{permit::Ruleset, schema::Method};

/// How much a class of callers may do.
#[derive(Clone, Debug)]
pub enum Access {
    /// All requests of the class are permitted.
    Always,
    /// Some are, as this one.
    Sometimes(Box<Verdict>),
    /// None is.
    Never,
    /// Not known, and why.
    Unknown(String),
}

/// A class of callers, by an expression of the rules language.
pub const CLASSES: [(&str, &str); 4] = [
    ("signed out", "request.auth == null"),
    ("signed in", "request.auth != null"),
    ("anonymous", "request.auth.token.firebase.sign_in_provider == 'anonymous'"),
    ("with a verified e-mail", "request.auth.token.email_verified == true"),
];

/// A statement that reaches a path.
#[derive(Clone, Debug)]
pub struct Reaching {
    /// Its line.
    pub line: u32,
    /// Its condition, in one line; nothing for a statement without one.
    pub condition: String,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct WhoCan {
    /// The statements that can permit there, in source order.
    pub statements: Vec<Reaching>,
    /// Each class with its access.
    pub classes: Vec<(&'static str, Access)>,
}

/// Asks who can do something at a path, which may have wildcards.
///
/// # Errors
///
/// The path is none, or the rules are for a database.
pub fn who_can(rules: &Rules, method: Method, path: &str, settings: Settings) -> Result<WhoCan, String> {
    let Some((product, code)) = program(rules) else {
        return Err("database rules are not analysed yet".to_owned());
    };
    let ruleset = Ruleset::new(0, code, product).ok_or("the rules have nothing for this product")?;
    let law = |quantifier, when: &str| {
        let law = Law {
            name: String::new(),
            quantifier,
            methods: vec![method],
            path: path.to_owned(),
            when: Some(when.to_owned()),
            unless: None,
        };
        CompiledLaw::new(law, rules, "")
    };
    let anywhere = law(Quantifier::Never, "true")?;
    let mut statements = Vec::new();
    for statement in ruleset.statements(method) {
        let reach = anywhere.reaches(rules, ruleset, &statement, method, settings);
        if !matches!(reach, Verdict::No(_)) {
            let source = &statement.scope.code.source;
            let condition = statement.statement.condition.map_or(String::new(), |id| {
                let origin = statement.scope.code.origin(id);
                source.slice(statement.scope.code.span(origin)).split_whitespace().collect::<Vec<_>>().join(" ")
            });
            statements.push(Reaching { line: line(&statement), condition });
        }
    }
    let mut classes = Vec::new();
    for (name, when) in CLASSES {
        let never = law(Quantifier::Never, when)?;
        let access = match never.check(rules, method, settings) {
            Outcome { verdict: Verdict::No(_), .. } => Access::Never,
            Outcome { verdict: Verdict::Unknown(unknown), .. } => Access::Unknown(unknown.because),
            Outcome { verdict: found @ Verdict::Yes(_), .. } => {
                let always = law(Quantifier::Always, when)?;
                match always.check(rules, method, settings).verdict {
                    Verdict::No(_) => Access::Always,
                    _ => Access::Sometimes(Box::new(found)),
                }
            }
        };
        classes.push((name, access));
    }
    Ok(WhoCan { statements, classes })
}
