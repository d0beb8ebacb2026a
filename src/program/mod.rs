//! The compiled form: checked syntax trees in, a flat [`Program`] out, ready to decide any number of requests.
//!
//! Everything that can be settled before a request is: variables are slots, functions are numbers, patterns are
//! compiled, constants computed, match paths merged into one tree of segments. Invariants: nodes are addressed by
//! [`NodeId`], children before parents; no request data.

mod chain;
mod fold;
mod listing;
mod lower;
mod matcher;
mod scope;

use crate::{
    pattern::Pattern,
    stdlib::{Arithmetic, Builtin},
    syntax::ast::Version,
    text::{Source, Span},
    value::{Comparator, Type, TypeName, Value},
};

pub use lower::lower;
pub use matcher::{Matched, Matcher};
pub use scope::ServiceFunction;

/// The place of a node in its [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// A run of entries in one of the program's tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// The first entry.
    pub start: u32,
    /// How many there are.
    pub len: u32,
}

impl Run {
    /// The entries of `table`.
    pub fn of<T>(self, table: &[T]) -> &[T] {
        let start = self.start as usize;
        table.get(start..start + self.len as usize).unwrap_or(&[])
    }
}

/// One operation. Small and `Copy`; what does not fit stands in a table of the program.
#[derive(Clone, Copy, Debug)]
pub enum Node {
    /// A constant and what computing it would have cost in expressions.
    Constant(u32, u32),
    /// A variable that nothing declares.
    Unknown,
    /// `request`
    Request,
    /// `resource`
    Resource,
    /// A wildcard, by its place among those of the block and the blocks around it.
    Capture(u8),
    /// A parameter or `let` variable, by its place in the function.
    Local(u8),
    /// `a.name`: object, name
    Member(NodeId, u32),
    /// `a[b]`
    Index(NodeId, NodeId),
    /// `a[b:c]`
    Range(NodeId, Option<NodeId>, Option<NodeId>),
    /// `[…]`
    List(Run),
    /// `{…}`: keys and values in turn
    Map(Run),
    /// `/a/$(b)`: parts
    Path(Run),
    /// `!a`
    Not(NodeId),
    /// `-a`
    Negate(NodeId),
    /// `a && b`
    And(NodeId, NodeId),
    /// `a || b`
    Or(NodeId, NodeId),
    /// `a in b`
    In(NodeId, NodeId),
    /// `== != < <= > >=`
    Compare(Comparator, NodeId, NodeId),
    /// `+ - * / %`
    Arithmetic(Arithmetic, NodeId, NodeId),
    /// `a is type`
    Is(NodeId, TypeName),
    /// `a ? b : c`
    Ternary(NodeId, NodeId, NodeId),
    /// A built-in function and its arguments.
    Builtin(&'static Builtin, Run),
    /// A method by name (its table), its receiver and arguments. The third number is a compiled pattern plus one, where
    /// the method takes a pattern and the argument is a literal.
    Method(u32, NodeId, Run, u32),
    /// A function of the service and its arguments.
    Service(ServiceFunction, Run),
    /// A user's function and its arguments.
    Call(u32, Run),
    /// A function that does not exist: package (a name plus one), name, arguments.
    Missing(u32, u32, Run),
}

impl Node {
    /// The nodes directly below.
    pub fn children(self, program: &Program) -> Vec<NodeId> {
        let run = |run: Run| run.of(&program.lists).to_vec();
        match self {
            Node::Constant(..) | Node::Unknown | Node::Request | Node::Resource | Node::Capture(_) | Node::Local(_) => {
                Vec::new()
            }
            Node::Member(a, _) | Node::Not(a) | Node::Negate(a) | Node::Is(a, _) => vec![a],
            Node::Index(a, b)
            | Node::And(a, b)
            | Node::Or(a, b)
            | Node::In(a, b)
            | Node::Compare(_, a, b)
            | Node::Arithmetic(_, a, b) => vec![a, b],
            Node::Range(a, b, c) => [Some(a), b, c].into_iter().flatten().collect(),
            Node::Ternary(a, b, c) => vec![a, b, c],
            Node::List(items) | Node::Map(items) => run(items),
            Node::Builtin(_, items) | Node::Service(_, items) | Node::Call(_, items) | Node::Missing(_, _, items) => {
                run(items)
            }
            Node::Method(_, receiver, items, _) => std::iter::once(receiver).chain(run(items)).collect(),
            Node::Path(parts) => parts
                .of(&program.parts)
                .iter()
                .filter_map(|part| if let Part::Node(id) = part { Some(*id) } else { None })
                .collect(),
        }
    }
}

/// Where an operation stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    /// The text it covers, without the parentheses around it.
    pub span: Span,
    /// The operator, or the name after the dot.
    pub anchor: Span,
    /// The text it covers, with all parentheses around it.
    pub outer: Span,
}

/// A segment of a path in an expression.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// Plain text, a name.
    Literal(u32),
    /// `{x}`
    Capture(u32),
    /// `{x=**}`
    Glob(u32),
    /// `$(…)`
    Node(NodeId),
}

/// The methods of one name.
#[derive(Clone)]
pub struct MethodTable {
    /// The name.
    pub name: String,
    by_type: [Option<&'static Builtin>; Type::Any as usize + 1],
}

impl MethodTable {
    fn new(name: &str) -> Self {
        let mut by_type = [None; Type::Any as usize + 1];
        for method in crate::stdlib::methods(name) {
            if let Some(slot) = method.receiver.and_then(|t| by_type.get_mut(t as usize)) {
                *slot = Some(method);
            }
        }
        MethodTable { name: name.to_owned(), by_type }
    }

    /// The method of a receiver of that type.
    pub fn get(&self, receiver: Type) -> Option<&'static Builtin> {
        self.by_type.get(receiver as usize).copied().flatten()
    }
}

/// A user's function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its parameters.
    pub parameters: Vec<String>,
    /// The values of its `let` variables, in order; they take the slots after the parameters.
    pub lets: Vec<NodeId>,
    /// Names of the `let` variables.
    pub let_names: Vec<String>,
    /// What it returns.
    pub result: NodeId,
    /// Where it is declared.
    pub span: Span,
}

/// What a statement allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Methods {
    mask: u8,
    /// Names that are none of the known ones, in lower case.
    others: Vec<String>,
}

/// The known methods, each a bit of a mask.
const KNOWN_METHODS: [&str; 7] = ["get", "list", "create", "update", "delete", "read", "write"];

/// A requested method, ready to compare with statements.
#[derive(Clone, Copy, Debug)]
pub struct RequestedMethod<'a> {
    bit: u8,
    name: &'a str,
}

impl<'a> RequestedMethod<'a> {
    /// The method of that name; case does not matter.
    pub fn new(name: &'a str) -> Self {
        let bit = KNOWN_METHODS.iter().position(|m| m.eq_ignore_ascii_case(name)).map_or(0, |at| 1 << at);
        RequestedMethod { bit, name }
    }
}

impl Methods {
    fn add(&mut self, name: &str) {
        match KNOWN_METHODS.iter().position(|m| m.eq_ignore_ascii_case(name)) {
            // `read` is get and list, `write` is create, update and delete; asked for by name they mean themselves.
            Some(at @ 5) => self.mask |= 1 << at | 0b0000_0011,
            Some(at @ 6) => self.mask |= 1 << at | 0b0001_1100,
            Some(at) => self.mask |= 1 << at,
            None => self.others.push(name.to_ascii_lowercase()),
        }
    }

    /// Whether the statement speaks of that method.
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
    /// Its statements, in source order.
    pub statements: Run,
    /// The word `match` and its own path.
    pub span: Span,
    /// Its wildcards with those of the blocks around it, outermost first.
    pub captures: Vec<CaptureAt>,
    /// Segments other than a glob.
    fixed: usize,
    /// Which segment is a glob.
    glob: Option<usize>,
    /// Its place in the order in which blocks are tried.
    rank: u32,
}

/// A wildcard and the segment it stands for.
#[derive(Clone, Debug)]
pub struct CaptureAt {
    /// Its name.
    pub name: String,
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
    /// Its blocks.
    pub blocks: Vec<Block>,
    /// Which blocks cover which paths.
    pub matcher: Matcher,
}

/// A compiled rules file.
#[derive(Clone)]
pub struct Program {
    /// The text it was compiled from.
    pub source: Source,
    /// The version of the language it is written in.
    pub version: Version,
    /// All operations.
    pub nodes: Vec<Node>,
    /// For each, where it stands.
    pub places: Vec<Place>,
    /// Arguments and elements.
    pub lists: Vec<NodeId>,
    /// Segments of paths.
    pub parts: Vec<Part>,
    /// Constants.
    pub constants: Vec<Value>,
    /// Names of members, functions and segments.
    pub names: Vec<Box<str>>,
    /// Compiled patterns.
    pub patterns: Vec<Pattern>,
    /// Methods by name.
    pub methods: Vec<MethodTable>,
    /// Users' functions.
    pub functions: Vec<Function>,
    /// Statements of all services.
    pub statements: Vec<Statement>,
    /// The services.
    pub services: Vec<ServiceProgram>,
}

impl Program {
    /// The operation.
    pub fn node(&self, id: NodeId) -> Node {
        self.nodes.get(id.0 as usize).copied().unwrap_or(Node::Unknown)
    }

    /// Where an operation stands.
    pub fn place(&self, id: NodeId) -> Place {
        self.places.get(id.0 as usize).copied().unwrap_or_default()
    }

    /// The text an operation covers.
    pub fn span(&self, id: NodeId) -> Span {
        self.place(id).span
    }

    /// A name.
    pub fn name(&self, at: u32) -> &str {
        self.names.get(at as usize).map_or("", |n| n)
    }

    /// The service of that name.
    pub fn service(&self, name: &str) -> Option<&ServiceProgram> {
        self.services.iter().find(|s| s.name == name)
    }
}

/// A readable form, one line an operation.
impl std::fmt::Display for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        listing::write(self, f)
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Program({} nodes, {} statements)", self.nodes.len(), self.statements.len())
    }
}
