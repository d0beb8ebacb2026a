//! Operations and the tables they refer to: what the languages' programs have in common.

use crate::{
    pattern::Pattern,
    stdlib::{Arithmetic, Builtin, Dialect},
    text::{Source, Span},
    value::{Comparator, Type, TypeName, Value},
};

use super::{Member, MemberName, ServiceFunction, Test};

/// The place of a node in its [`Code`].
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
    /// A variable of the language, by its place among [`Dialect::variables`].
    Variable(u8),
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
    /// `a && b && …` of database rules, where nothing absorbs a failure
    All(Run),
    /// `a || b || …` of database rules
    Any(Run),
    /// `a[b]` of claims in database rules
    Claim(NodeId, NodeId),
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
    pub fn children(self, code: &Code) -> impl Iterator<Item = NodeId> {
        let none = Run::default();
        // First those of a fixed number, then those in lists.
        let (few, list, parts) = match self {
            Node::Constant(..) | Node::Unknown | Node::Variable(_) | Node::Capture(_) | Node::Local(_) => {
                ([None; 3], none, none)
            }
            Node::Member(a, _) | Node::Not(a) | Node::Negate(a) | Node::Is(a, _) => ([Some(a), None, None], none, none),
            Node::Index(a, b)
            | Node::Claim(a, b)
            | Node::And(a, b)
            | Node::Or(a, b)
            | Node::In(a, b)
            | Node::Compare(_, a, b)
            | Node::Arithmetic(_, a, b) => ([Some(a), Some(b), None], none, none),
            Node::Range(a, b, c) => ([Some(a), b, c], none, none),
            Node::Ternary(a, b, c) => ([Some(a), Some(b), Some(c)], none, none),
            Node::List(items) | Node::Map(items) | Node::All(items) | Node::Any(items) => ([None; 3], items, none),
            Node::Builtin(_, items) | Node::Service(_, items) | Node::Call(_, items) | Node::Missing(_, _, items) => {
                ([None; 3], items, none)
            }
            Node::Method(_, receiver, items, _) => ([Some(receiver), None, None], items, none),
            Node::Path(parts) => ([None; 3], none, parts),
        };
        Children { few, next: 0, list: list.of(&code.lists).iter(), parts: parts.of(&code.parts).iter() }
    }
}

/// The nodes below one. Plainer than a chain of iterators, for compiling asks each node for them more than once.
struct Children<'c> {
    few: [Option<NodeId>; 3],
    next: usize,
    list: std::slice::Iter<'c, NodeId>,
    parts: std::slice::Iter<'c, Part>,
}

impl Iterator for Children<'_> {
    type Item = NodeId;

    #[inline]
    fn next(&mut self) -> Option<NodeId> {
        while let Some(child) = self.few.get(self.next) {
            self.next += 1;
            if child.is_some() {
                return *child;
            }
        }
        self.list.next().copied().or_else(|| {
            self.parts.find_map(|part| match part {
                Part::Node(id) => Some(*id),
                _ => None,
            })
        })
    }
}

/// Where an operation stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    /// The text it covers, without the parentheses around it.
    pub span: Span,
    /// The operator, or the name after the dot.
    pub anchor: Span,
    /// The text it covers, with the parentheses around it. The outermost parentheses around a base, as around `a` in
    /// `((a)).b`, belong to the operation on it.
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
    pub(super) fn new(dialect: Dialect, name: &str) -> Self {
        let mut by_type = [None; Type::Any as usize + 1];
        for method in crate::stdlib::methods(dialect, name) {
            if let Some(slot) = method.receiver.and_then(|t| by_type.get_mut(t as usize)) {
                *slot = Some(method);
            }
        }
        MethodTable { name: name.into(), by_type }
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
    /// For each, where it stands, from the word `let` on.
    pub let_spans: Vec<Span>,
    /// What it returns.
    pub result: NodeId,
    /// Where it is declared.
    pub span: Span,
}

/// Compiled expressions.
#[derive(Clone)]
pub struct Code {
    /// The text they were compiled from.
    pub source: Source,
    /// The language they are written in.
    pub dialect: Dialect,
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
    /// Constants that were computed from others, in ascending order, each with its operands.
    pub(super) folded: Vec<(NodeId, Run)>,
    /// Names of members, functions and segments.
    pub names: Vec<Box<str>>,
    /// Compiled patterns.
    pub patterns: Vec<Pattern>,
    /// Methods by name.
    pub methods: Vec<MethodTable>,
    /// Users' functions.
    pub functions: Vec<Function>,
    /// Tests of conditions.
    pub tests: Vec<Test>,
    /// Properties of variables that tests read.
    pub members: Vec<Member>,
    /// The names on the way to them, one after the other.
    pub member_names: Vec<MemberName>,
}

impl Code {
    pub(super) fn new(source: &Source, dialect: Dialect) -> Self {
        Code {
            source: source.clone(),
            dialect,
            nodes: Vec::new(),
            places: Vec::new(),
            lists: Vec::new(),
            parts: Vec::new(),
            constants: Vec::new(),
            folded: Vec::new(),
            names: Vec::new(),
            patterns: Vec::new(),
            methods: Vec::new(),
            functions: Vec::new(),
            tests: Vec::new(),
            members: Vec::new(),
            member_names: Vec::new(),
        }
    }

    /// The operation.
    pub fn node(&self, id: NodeId) -> Node {
        self.nodes.get(id.0 as usize).copied().unwrap_or(Node::Unknown)
    }

    /// Whether an operation is a constant as it is written: `true`, `false`.
    pub fn is_constant(&self, id: NodeId) -> bool {
        matches!(self.node(id), Node::Constant(..))
    }

    /// Where an operation stands.
    pub fn place(&self, id: NodeId) -> Place {
        self.places.get(id.0 as usize).copied().unwrap_or_default()
    }

    /// What a constant was computed from when the rules were compiled, as `5 * 1024` is; empty for a literal.
    pub fn folded(&self, id: NodeId) -> &[NodeId] {
        let found = self.folded.binary_search_by_key(&id, |(node, _)| *node).ok().and_then(|at| self.folded.get(at));
        found.map_or(&[], |(_, operands)| operands.of(&self.lists))
    }

    /// The text an operation covers.
    pub fn span(&self, id: NodeId) -> Span {
        self.place(id).span
    }

    /// A name.
    pub fn name(&self, at: u32) -> &str {
        self.names.get(at as usize).map_or("", |n| n)
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Code({} nodes)", self.nodes.len())
    }
}
