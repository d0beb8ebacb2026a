//! Expressions of laws, compiled as the condition of a statement at a path.

use firewarden::{
    internals::{
        check::is_refused_if_strict,
        program::{Function, Ids, Program, ServiceProgram},
        request::ServiceProduct,
    },
    lint::{self, lint},
    rules::{Product, Rules, RulesError},
    text::{Diagnostic, Source, Span},
    value::Timestamp,
};

use super::program;

/// A part of a law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its path.
    Path,
    /// Where it applies.
    When,
    /// What excuses.
    Unless,
    /// The functions that its expressions may call.
    Functions,
}

/// What is wrong with a law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LawError {
    /// The part.
    pub part: Part,
    /// The place in the text of that part.
    pub span: Option<Span>,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
}

impl std::fmt::Display for LawError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "; {hint}"))
    }
}

/// Rules that permit everything at a path where an expression is true.
pub(super) fn compile(
    rules: &Rules,
    path: &str,
    (part, expression): (Part, &str),
    functions: &str,
) -> Result<Rules, LawError> {
    let wrong = |part, message: &str| LawError { part, span: None, message: message.to_owned(), hint: None };
    let Some((product, code)) = program(rules) else {
        return Err(wrong(Part::Path, "database rules are not proved yet"));
    };
    let Some(service) = code.of(product) else {
        return Err(wrong(Part::Path, "the rules have nothing for this product"));
    };
    if !path.starts_with('/') {
        let hint = Some(format!("write `/{path}`"));
        return Err(LawError { hint, ..wrong(Part::Path, "a path begins with a slash") });
    }
    let (name, kind) = match product {
        ServiceProduct::Storage => (firewarden::storage::SERVICE, Product::Storage),
        ServiceProduct::Firestore => (firewarden::firestore::SERVICE, Product::Firestore),
    };
    let root = root(service, product);
    let mut text = format!(
        "rules_version = '2';\nservice {name} {{\n{}\nmatch {root} {{\n{}\n",
        sources(code, service.functions),
        outermost(code, service, &root),
    );
    let mut own = Vec::new();
    let mut add = |text: &mut String, part: Part, words: &str| {
        own.push((part, text.len(), text.len() + words.len()));
        text.push_str(words);
    };
    add(&mut text, Part::Functions, functions);
    text.push_str("\nmatch ");
    add(&mut text, Part::Path, path);
    text.push_str(" {\nallow read, write: if (\n");
    add(&mut text, part, expression);
    text.push_str("\n);\n}\n}\n}\n");
    let source = Source::new("invariant", text);
    let problem = |found: &Diagnostic| {
        let start = found.span.map_or(0, |span| span.start as usize);
        let place = own.iter().find(|(_, from, to)| (*from..=*to).contains(&start));
        let span = found.span.zip(place).map(|(span, (_, from, to))| {
            let within = |at: u32| (at as usize).clamp(*from, *to) - from;
            Span::new(within(span.start), within(span.end))
        });
        let part = place.map_or(part, |(part, ..)| *part);
        LawError { part, span, message: found.message.clone(), hint: found.hint.clone() }
    };
    let compiled = match Rules::parse(&source, Some(kind)) {
        Ok(compiled) => compiled,
        Err(RulesError::Refused(found)) => {
            let first = found.iter().find(|found| found.is_error());
            return Err(first.map_or_else(|| wrong(part, "the expression is refused"), problem));
        }
        Err(error) => return Err(wrong(part, &error.to_string())),
    };
    // What the compiler lets pass and what then always fails would make a law say nothing, or excuse nothing.
    let serious = |found: &&Diagnostic| {
        let start = found.span.map_or(0, |span| span.start as usize);
        let known = is_refused_if_strict(found.code) || found.code == lint::Code::NoSuchMember.id();
        known && own.iter().any(|(_, from, to)| (*from..*to).contains(&start))
    };
    let lints = lint(&source, Timestamp::UNIX_EPOCH);
    match compiled.warnings().iter().chain(lints.iter()).find(serious) {
        Some(found) => Err(problem(found)),
        None => Ok(compiled),
    }
}

/// What all paths of the product begin with, with the wildcard's name in the rules.
fn root(service: &ServiceProgram, product: ServiceProduct) -> String {
    let usual = match product {
        ServiceProduct::Storage => "/b/{bucket}/o",
        ServiceProduct::Firestore => "/databases/{database}/documents",
    };
    let outer = service.blocks.iter().filter(|block| block.parent.is_none());
    let mut roots = outer.filter_map(|block| first_three(&block.path)).filter(|root| root.contains('{'));
    roots.find(|root| !root.contains("=**")).unwrap_or_else(|| usual.to_owned())
}

fn first_three(path: &str) -> Option<String> {
    let segments: Vec<&str> = path.split('/').skip(1).take(3).collect();
    (segments.len() == 3).then(|| format!("/{}", segments.join("/")))
}

/// The text of functions.
fn sources(code: &Program, functions: Ids<Function>) -> String {
    let functions = code.code.functions.slice(functions).unwrap_or(&[]);
    functions.iter().map(|function| code.code.source.slice(function.span)).collect::<Vec<_>>().join("\n")
}

/// The text of the functions of outermost blocks, in which the root's wildcard has the same name.
fn outermost(code: &Program, service: &ServiceProgram, root: &str) -> String {
    let outer = service.blocks.iter().filter(|block| block.parent.is_none());
    let blocks = outer.filter(|block| block.path == root);
    blocks.map(|block| sources(code, block.functions)).collect::<Vec<_>>().join("\n")
}
