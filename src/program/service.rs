//! The compiled form of a rules file with services: blocks and statements around the [`Code`] of their conditions.

use smol_str::SmolStr;

use crate::{stdlib::Dialect, syntax::ast::Version, text::Span, value::Root};

use super::{Code, Matcher, NodeId, RuleSegment, Run, TestId, listing};

/// What a statement allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Methods {
    pub(super) mask: u8,
    /// Names that are none of the known ones, in lower case.
    pub(super) others: Vec<String>,
}

/// The known methods, each a bit of a mask.
pub(super) const KNOWN_METHODS: [&str; 7] = ["get", "list", "create", "update", "delete", "read", "write"];

/// A requested method, ready to compare with statements.
#[derive(Clone, Copy, Debug)]
pub struct RequestedMethod<'a> {
    bit: u8,
    name: &'a str,
}

impl<'a> RequestedMethod<'a> {
    /// The known method of that number: get, list, create, update, delete.
    #[inline]
    pub fn known(number: u8) -> Self {
        RequestedMethod { bit: 1 << (number & 7), name: "" }
    }

    /// The method of that name; case does not matter.
    pub fn new(name: &'a str) -> Self {
        let bit = KNOWN_METHODS.iter().position(|m| m.eq_ignore_ascii_case(name)).map_or(0, |at| 1 << at);
        RequestedMethod { bit, name }
    }
}

impl Methods {
    pub(super) fn add(&mut self, name: &str) {
        match KNOWN_METHODS.iter().position(|m| m.eq_ignore_ascii_case(name)) {
            // `read` is get and list, `write` is create, update and delete; asked for by name they mean themselves.
            Some(at @ 5) => self.mask |= 1 << at | 0b0000_0011,
            Some(at @ 6) => self.mask |= 1 << at | 0b0001_1100,
            Some(at) => self.mask |= 1 << at,
            None => self.others.push(name.to_ascii_lowercase()),
        }
    }

    /// Whether the statement speaks of that method.
    #[inline]
    pub fn contains(&self, method: RequestedMethod<'_>) -> bool {
        self.mask & method.bit != 0
            || (method.bit == 0 && self.others.iter().any(|m| m.eq_ignore_ascii_case(method.name)))
    }
}

/// `allow … : if …`
#[derive(Clone, Debug)]
pub struct Statement {
    /// What it allows.
    pub methods: Methods,
    /// On what condition; `None` is always.
    pub condition: Option<NodeId>,
    /// The condition as a test.
    pub test: TestId,
    /// Whether the test calls nothing: where its answer is known, the rest of it can be left out.
    pub pure: bool,
    /// Whether evaluating it may end the evaluation of the whole request.
    pub aborts: bool,
    /// Expressions that it costs at most.
    pub cost: u32,
    /// All of it.
    pub span: Span,
}

/// A match block together with the blocks around it.
#[derive(Clone, Debug)]
pub struct Block {
    /// The block it stands in.
    pub parent: Option<u32>,
    /// The whole path, as rules write it.
    pub path: String,
    /// Functions declared in it, among those of the program.
    pub functions: Run,
    /// Its statements, in source order.
    pub statements: Run,
    /// The word `match` and its own path.
    pub span: Span,
    /// Its wildcards with those of the blocks around it, outermost first.
    pub captures: Vec<CaptureAt>,
    /// Segments other than a glob.
    pub(super) fixed: usize,
    /// Which segment is a glob.
    pub(super) glob: Option<usize>,
    /// Its place in the order in which blocks are tried.
    pub(super) rank: u32,
}

impl Block {
    /// The wildcard that a wildcard hides: the nearest outer one of its name.
    pub fn hidden_by(&self, slot: u8) -> Option<u8> {
        let (inner, outer) = self.captures.get(..=usize::from(slot))?.split_last()?;
        outer.iter().rposition(|capture| capture.name == inner.name).and_then(|at| u8::try_from(at).ok())
    }
}

/// A wildcard and the segment it stands for.
#[derive(Clone, Debug)]
pub struct CaptureAt {
    /// Its name.
    pub name: SmolStr,
    /// The segment, counted in the rule's path.
    pub segment: usize,
    /// Whether it takes any number of segments.
    pub glob: bool,
}

/// The rules of one service.
#[derive(Clone, Debug)]
pub struct ServiceProgram {
    /// Its name.
    pub name: String,
    /// What the paths of its requests begin with.
    pub root: Option<Root>,
    /// The version of the language it is written in.
    pub version: Version,
    /// Functions outside services, compiled for this one, and then those declared outside its blocks.
    pub functions: Run,
    /// Its blocks, in source order.
    pub blocks: Vec<Block>,
    /// Whether evaluating any of its statements may end the evaluation of the whole request.
    pub aborts: bool,
    /// Which blocks cover which paths.
    pub matcher: Matcher,
}

/// A compiled rules file.
#[derive(Clone)]
pub struct Program {
    /// The operations of all conditions.
    pub code: Code,
    /// The version of the language it is written in.
    pub version: Version,
    /// Statements of all services.
    pub statements: Vec<Statement>,
    /// The services.
    pub services: Vec<ServiceProgram>,
}

/// Whether the path of a block ends in a glob and has no literal segments but those of the bucket or database: it then
/// covers every path that no other block covers.
pub fn is_catch_all(path: &str) -> bool {
    let segments = || RuleSegment::parse(Dialect::Service, path);
    let is_open = |(at, segment): (usize, RuleSegment<'_>)| match (at, segment) {
        (0, RuleSegment::Literal(name)) => matches!(name, "b" | "databases"),
        (2, RuleSegment::Literal(name)) => matches!(name, "o" | "documents"),
        (at, RuleSegment::Literal(_)) => at == 1,
        (_, RuleSegment::Wildcard(_) | RuleSegment::Glob(_)) => true,
    };
    matches!(segments().last(), Some(RuleSegment::Glob(_))) && segments().enumerate().all(is_open)
}

impl Program {
    /// The service of that name.
    pub fn service(&self, name: &str) -> Option<&ServiceProgram> {
        self.services.iter().find(|service| service.name == name)
    }

    /// The service for paths with that root.
    #[inline]
    pub fn of(&self, root: Root) -> Option<&ServiceProgram> {
        self.services.iter().find(|service| service.root == Some(root))
    }
}

impl ServiceProgram {
    /// Whether evaluating the statements of these blocks for a method may end the evaluation of the whole request.
    pub fn may_abort(&self, blocks: &[u32], statements: &[Statement], method: RequestedMethod<'_>) -> bool {
        self.aborts
            && blocks.iter().filter_map(|block| self.blocks.get(*block as usize)).any(|block| {
                let own = block.statements.of(statements);
                own.iter().any(|statement| statement.aborts && statement.methods.contains(method))
            })
    }
}

/// A readable form, one line an operation.
impl std::fmt::Display for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        listing::service(self, f)
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Program({} nodes, {} statements)", self.code.nodes.len(), self.statements.len())
    }
}
