//! Files, services, match blocks, statements and functions.

use crate::text::Span;
use smallvec::SmallVec;

use super::{Capture, ExprId, Exprs};

/// A name and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// Some names, mostly one.
pub type Names = SmallVec<[Name; 1]>;

/// Which version of the language a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// `rules_version = '1'`, or none.
    V1,
    /// `rules_version = '2'`.
    V2,
}

/// A whole file.
#[derive(Clone, Debug)]
pub struct Ruleset {
    /// The version it is written in.
    pub version: Version,
    /// Import statements; any is an error.
    pub imports: Vec<Import>,
    /// Services and functions in source order.
    pub items: Vec<Item>,
    /// All expressions.
    pub exprs: Exprs,
}

impl Ruleset {
    /// The services of the file.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.items.iter().filter_map(|item| match item {
            Item::Service(service) => Some(service),
            Item::Function(_) => None,
        })
    }

    /// The functions outside services.
    pub fn functions(&self) -> impl Iterator<Item = &Function> {
        self.items.iter().filter_map(|item| match item {
            Item::Function(function) => Some(function),
            Item::Service(_) => None,
        })
    }
}

/// What a file consists of.
#[derive(Clone, Debug)]
pub enum Item {
    /// A service.
    Service(Service),
    /// A function outside services.
    Function(Function),
}

/// `import 'm' as n;`
#[derive(Clone, Debug)]
pub struct Import {
    /// The module.
    pub module: String,
    /// The word `import`.
    pub span: Span,
}

/// `service cloud.firestore { … }`
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name.
    pub name: Name,
    /// Functions, in source order.
    pub functions: Vec<Function>,
    /// Match blocks, in source order.
    pub matches: Vec<Match>,
    /// All of it.
    pub span: Span,
}

/// `match /a/{b} { … }`
#[derive(Clone, Debug)]
pub struct Match {
    /// The word `match`.
    pub keyword: Span,
    /// Its own segments, without those of the blocks around it.
    pub path: Vec<Segment>,
    /// The path as written.
    pub path_span: Span,
    /// Functions, in source order.
    pub functions: Vec<Function>,
    /// Statements, in source order.
    pub allows: Vec<Allow>,
    /// Blocks inside, in source order.
    pub matches: Vec<Match>,
    /// All of it.
    pub span: Span,
}

/// A segment of a match path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// `/a`, decoded.
    Literal(String, Span),
    /// `/{x}` or `/{x=**}`
    Capture(Capture),
}

/// `allow read, write: if condition;`
#[derive(Clone, Debug)]
pub struct Allow {
    /// What it allows.
    pub methods: Names,
    /// On what condition; `None` is always.
    pub condition: Option<ExprId>,
    /// All of it.
    pub span: Span,
}

/// A word after `allow`, as written.
pub type Method = Name;

/// `function f(a) { let b = a; return b; }`
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub parameters: Names,
    /// Its variables, in order.
    pub lets: Vec<Let>,
    /// What it returns.
    pub result: ExprId,
    /// All of it.
    pub span: Span,
}

/// `let x = value;`
#[derive(Clone, Debug)]
pub struct Let {
    /// The variable.
    pub name: Name,
    /// Its value.
    pub value: ExprId,
    /// From the word `let` on.
    pub span: Span,
}
