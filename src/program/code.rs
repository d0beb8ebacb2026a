//! Operations and the tables they refer to: what the programs of both languages have in common.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::{
    pattern::Pattern,
    stdlib::{Arithmetic, Builtin, Dialect},
    text::{Source, Span},
    value::{Comparator, Type, TypeName, Value},
};

use super::{Corrupt, Id, Ids, Member, Predicate, ServiceFunction, Table, effects::Effects};

/// The id of an operation.
pub type OpId = Id<Op>;

/// The id of a name: that of a member, a function, a package or a segment.
pub type NameId = Id<String>;

/// An operation. It is small and `Copy`; what does not fit is in a table of the program.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    /// A constant, and the number of expressions that computing it costs officially.
    Constant(Id<Value>, u32),
    /// A variable that nothing declares.
    Unknown,
    /// A variable of the language, by its index in [`Dialect::variables`].
    Variable(u8),
    /// A wildcard: by its index among those of the block and the blocks around it; in database rules by its index in the
    /// path of the location.
    Capture(u8),
    /// A parameter or `let` variable, by its index in the function.
    Local(u8),
    /// `a.name`
    Member(OpId, NameId),
    /// `a[b]`
    Index(OpId, OpId),
    /// `a[b:c]`
    Range(OpId, Option<OpId>, Option<OpId>),
    /// `[…]`
    List(Ids<OpId>),
    /// `{…}`: each key is followed by its value.
    Map(Ids<OpId>),
    /// `/a/$(b)`
    Path(Ids<Part>),
    /// `!a`
    Not(OpId),
    /// `-a`
    Negate(OpId),
    /// `a && b`
    And(OpId, OpId),
    /// `a || b`
    Or(OpId, OpId),
    /// `a && b && …` of database rules, where nothing absorbs an error
    All(Ids<OpId>),
    /// `a || b || …` of database rules
    Any(Ids<OpId>),
    /// `a[b]` of claims in database rules
    Claim(OpId, OpId),
    /// `a in b`
    In(OpId, OpId),
    /// `== != < <= > >=`
    Compare(Comparator, OpId, OpId),
    /// `+ - * / %`
    Arithmetic(Arithmetic, OpId, OpId),
    /// `a is type`
    Is(OpId, TypeName),
    /// `a ? b : c`
    Ternary(OpId, OpId, OpId),
    /// A built-in function and its arguments.
    Builtin(&'static Builtin, Ids<OpId>),
    /// A method by its name, its receiver, its arguments, and the compiled pattern, where the method takes one and the
    /// argument is a literal.
    Method(Id<MethodTable>, OpId, Ids<OpId>, Option<Id<Pattern>>),
    /// A function of the service and its arguments.
    Service(ServiceFunction, Ids<OpId>),
    /// A user's function and its arguments.
    Call(Id<Function>, Ids<OpId>),
    /// A function that does not exist: its package, its name and its arguments.
    Missing(Option<NameId>, NameId, Ids<OpId>),
    /// A predicate that gives the truth of another operation, its origin, without evaluating it; and the most that the
    /// origin costs in expressions. Only whole conditions are fused.
    Fused(Id<Predicate>, OpId, u32),
}

impl Op {
    /// The operations directly below, in source order.
    ///
    /// # Errors
    ///
    /// The code does not have them.
    pub fn operands(self, code: &Code) -> Result<SmallVec<[OpId; 4]>, Corrupt> {
        let list = |ids: Ids<OpId>| code.lists.slice(ids).map(SmallVec::from_slice);
        Ok(match self {
            Op::Constant(..) | Op::Unknown | Op::Variable(_) | Op::Capture(_) | Op::Local(_) => SmallVec::new(),
            Op::Member(a, _) | Op::Not(a) | Op::Negate(a) | Op::Is(a, _) | Op::Fused(_, a, _) => {
                SmallVec::from_slice(&[a])
            }
            Op::Index(a, b)
            | Op::Claim(a, b)
            | Op::And(a, b)
            | Op::Or(a, b)
            | Op::In(a, b)
            | Op::Compare(_, a, b)
            | Op::Arithmetic(_, a, b) => SmallVec::from_slice(&[a, b]),
            Op::Range(a, b, c) => [Some(a), b, c].into_iter().flatten().collect(),
            Op::Ternary(a, b, c) => SmallVec::from_slice(&[a, b, c]),
            Op::List(items)
            | Op::Map(items)
            | Op::All(items)
            | Op::Any(items)
            | Op::Builtin(_, items)
            | Op::Service(_, items)
            | Op::Call(_, items)
            | Op::Missing(_, _, items) => list(items)?,
            Op::Method(_, receiver, items, _) => {
                let mut operands = list(items)?;
                operands.insert(0, receiver);
                operands
            }
            Op::Path(parts) => code.parts.slice(parts)?.iter().filter_map(|part| part.operation()).collect(),
        })
    }
}

/// The source text that an operation covers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spans {
    /// All of it, without the parentheses around it.
    pub span: Span,
    /// The operator, or the name after the dot.
    pub anchor: Span,
    /// All of it, with the parentheses around it. The outermost parentheses around a base, as around `a` in `((a)).b`,
    /// belong to the operation on it.
    pub outer: Span,
}

/// A segment of a path in an expression.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// Text.
    Literal(NameId),
    /// `{x}`
    Capture(NameId),
    /// `{x=**}`
    Glob(NameId),
    /// `$(…)`
    Op(OpId),
}

impl Part {
    /// The operation, if it is one.
    pub fn operation(self) -> Option<OpId> {
        match self {
            Part::Op(id) => Some(id),
            Part::Literal(_) | Part::Capture(_) | Part::Glob(_) => None,
        }
    }

    /// Whether it puts an operand on the stack.
    pub fn is_operand(self) -> bool {
        matches!(self, Part::Literal(_) | Part::Op(_))
    }
}

/// The methods of a name.
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

    /// The method for a receiver of that type.
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
    pub lets: Vec<OpId>,
    /// The names of the `let` variables.
    pub let_names: Vec<String>,
    /// The source text of each `let`, from that word on.
    pub let_spans: Vec<Span>,
    /// What it returns.
    pub result: OpId,
    /// Where it is declared.
    pub span: Span,
    /// What evaluating it can do, once that is known.
    pub(super) effects: Option<Effects>,
}

/// Compiled expressions.
#[derive(Clone)]
pub struct Code {
    /// The text that they are compiled from.
    pub source: Source,
    /// The language that they are written in.
    pub dialect: Dialect,
    /// All operations.
    pub ops: Table<Op>,
    /// The source text of each operation.
    pub(super) spans: Table<Spans, Op>,
    /// Arguments and elements.
    pub lists: Table<OpId>,
    /// Segments of paths.
    pub parts: Table<Part>,
    /// Constants.
    pub constants: Table<Value>,
    /// The operands of constants that lowering computed, such as `5 * 1024`.
    pub(super) folded: FxHashMap<OpId, Ids<OpId>>,
    /// Names of members, functions, packages and segments.
    pub names: Table<String>,
    /// Compiled patterns.
    pub patterns: Table<Pattern>,
    /// Methods by name.
    pub methods: Table<MethodTable>,
    /// Users' functions.
    pub functions: Table<Function>,
    /// Predicates of fused operations.
    pub predicates: Table<Predicate>,
    /// Properties of variables that predicates read.
    pub members: Table<Member>,
}

impl Code {
    pub(super) fn new(source: &Source, dialect: Dialect) -> Self {
        Code {
            source: source.clone(),
            dialect,
            ops: Table::default(),
            spans: Table::default(),
            lists: Table::default(),
            parts: Table::default(),
            constants: Table::default(),
            folded: FxHashMap::default(),
            names: Table::default(),
            patterns: Table::default(),
            methods: Table::default(),
            functions: Table::default(),
            predicates: Table::default(),
            members: Table::default(),
        }
    }

    /// An operation.
    ///
    /// # Errors
    ///
    /// The code has no such operation.
    #[inline(always)]
    pub fn op(&self, id: OpId) -> Result<Op, Corrupt> {
        self.ops.get(id).copied()
    }

    /// The operation that a fused operation stands for; any other operation itself.
    pub fn origin(&self, id: OpId) -> OpId {
        match self.op(id) {
            Ok(Op::Fused(_, origin, _)) => origin,
            _ => id,
        }
    }

    /// The value of a constant; `None` for any other operation.
    pub fn constant(&self, id: OpId) -> Option<&Value> {
        match self.op(id) {
            Ok(Op::Constant(at, _)) => self.constants.get(at).ok(),
            _ => None,
        }
    }

    /// The source text of an operation; the beginning of the text for an operation that the code does not have. Messages
    /// and reports read it, no decision does.
    pub fn spans(&self, id: OpId) -> Spans {
        self.spans.get(id).copied().unwrap_or_default()
    }

    /// The source text of an operation, without the parentheses around it.
    pub fn span(&self, id: OpId) -> Span {
        self.spans(id).span
    }

    /// The operands that lowering computed a constant from, as in `5 * 1024`; `None` for a literal.
    pub fn folded(&self, id: OpId) -> Option<&[OpId]> {
        self.folded.get(&id).and_then(|operands| self.lists.slice(*operands).ok())
    }

    /// A name.
    ///
    /// # Errors
    ///
    /// The code has no such name.
    pub fn name(&self, id: NameId) -> Result<&str, Corrupt> {
        self.names.get(id).map(String::as_str)
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Code({} operations)", self.ops.len())
    }
}
