//! Expression nodes.

use crate::{
    text::Span,
    value::{StrBuf, TypeName},
};
use smallvec::SmallVec;

use super::Name;

/// The place of an expression in its [`Exprs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExprId(pub u32);

/// Arguments or elements. As small as a vector, and mostly without memory of its own.
pub type ExprList = SmallVec<[ExprId; 4]>;

/// All expressions of a file; children before parents.
#[derive(Clone, Debug, Default)]
pub struct Exprs {
    nodes: Vec<Stored>,
}

#[derive(Clone, Debug)]
struct Stored {
    expr: Expr,
    span: Span,
    anchor: Span,
    /// With the parentheses around it.
    outer: Span,
}

impl Exprs {
    /// None, with room for so many.
    pub(crate) fn with_capacity(count: usize) -> Self {
        Exprs { nodes: Vec::with_capacity(count) }
    }

    /// Adds an expression. `span` covers all of it, `anchor` is the token that messages about the operation point
    /// at: the operator, or the name after the dot; the first token where the node has neither.
    pub fn push(&mut self, expr: Expr, span: Span, anchor: Span) -> ExprId {
        let id = ExprId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(Stored { expr, span, anchor, outer: span });
        id
    }

    /// The expression; an id of another arena gives `null`.
    pub fn get(&self, id: ExprId) -> &Expr {
        self.nodes.get(id.0 as usize).map_or(&Expr::Null, |n| &n.expr)
    }

    /// An expression and all below it, in the order in which they were added: the first was the innermost on the left.
    pub(crate) fn ids(&self, root: ExprId) -> impl Iterator<Item = ExprId> + use<> {
        (self.innermost(root).0..=root.0).map(ExprId)
    }

    fn innermost(&self, root: ExprId) -> ExprId {
        let mut first = root;
        while let Some(child) = self.get(first).first() {
            first = child;
        }
        first
    }

    /// The same as nodes.
    pub(crate) fn tree(&self, root: ExprId) -> impl Iterator<Item = &Expr> {
        let first = self.innermost(root);
        let nodes = self.nodes.get(first.0 as usize..=root.0 as usize).unwrap_or(&[]);
        nodes.iter().map(|node| &node.expr)
    }

    /// The text an expression covers, without the parentheses around it.
    pub fn span(&self, id: ExprId) -> Span {
        self.nodes.get(id.0 as usize).map_or(Span::default(), |n| n.span)
    }

    /// The token that messages about the operation point at.
    pub fn anchor(&self, id: ExprId) -> Span {
        self.nodes.get(id.0 as usize).map_or(Span::default(), |n| n.anchor)
    }

    /// The text an expression covers, with all parentheses around it.
    pub fn outer(&self, id: ExprId) -> Span {
        self.nodes.get(id.0 as usize).map_or(Span::default(), |n| n.outer)
    }

    /// Notes parentheses around an expression.
    pub(crate) fn wrap(&mut self, id: ExprId, outer: Span) {
        if let Some(node) = self.nodes.get_mut(id.0 as usize) {
            node.outer = outer;
        }
    }

    /// Moves the expressions from `first` on, whose spans were counted in a text of their own, to where they stand in
    /// the file.
    pub(crate) fn relocate(&mut self, first: usize, place: impl Fn(Span) -> Span) {
        for node in self.nodes.iter_mut().skip(first) {
            for span in [&mut node.span, &mut node.anchor, &mut node.outer] {
                *span = place(*span);
            }
            if let Expr::Variable(name) | Expr::Member(_, name) | Expr::Method(_, name, _) | Expr::Regex(name, _) =
                &mut node.expr
            {
                name.span = place(name.span);
            }
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Replaces an expression, as `-9223372036854775808` does with its operand.
    pub(crate) fn replace(&mut self, id: ExprId, expr: Expr, span: Span) {
        if let Some(node) = self.nodes.get_mut(id.0 as usize) {
            *node = Stored { expr, span, anchor: span, outer: span };
        }
    }
}

/// An expression. Parentheses leave no trace.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// `null`
    Null,
    /// `true`
    Bool(bool),
    /// `42`
    Int(i64),
    /// `1.5`
    Float(f64),
    /// `'text'`, escapes resolved
    Str(StrBuf),
    /// `b'\x41'`
    Bytes(Vec<u8>),
    /// `/pattern/i` of database rules: the pattern and where it stands, the flags
    Regex(Name, String),
    /// `[1, 2]`
    List(ExprList),
    /// `{'a': 1}`; keys are expressions
    Map(Vec<(ExprId, ExprId)>),
    /// `/a/$(b)/{c}`
    Path(Vec<PathPart>),
    /// `request`
    Variable(Name),
    /// `a.b`
    Member(ExprId, Name),
    /// `a[b]`
    Index(ExprId, ExprId),
    /// `a[b:c]`; a missing bound is `None`
    Range(ExprId, Option<ExprId>, Option<ExprId>),
    /// `f(x)`
    Call(Name, ExprList),
    /// `math.abs(x)`: package, function, arguments; boxed, for it would make every expression larger
    PackageCall(Box<Name>, Name, ExprList),
    /// `a.f(x)`: receiver, method, arguments
    Method(ExprId, Name, ExprList),
    /// `a(x)` of database rules, where what is called is no member
    Invoke(ExprId, ExprList),
    /// `!a`
    Unary(UnaryOp, ExprId),
    /// `a + b`; `a in b` too
    Binary(BinaryOp, ExprId, ExprId),
    /// `a is int`
    Is(ExprId, TypeName),
    /// `a ? b : c`
    Ternary(ExprId, ExprId, ExprId),
}

impl Expr {
    /// The expressions directly below, in source order, each with whether it nests (a receiver does not: a chain of
    /// members and calls may be longer than the nesting limit).
    pub fn children(&self) -> impl DoubleEndedIterator<Item = (ExprId, bool)> {
        let nested = |id: &ExprId| Some((*id, true));
        // First those of a fixed number, then those in lists: a node has one list at most.
        let mut few = [None; 3];
        let (mut list, mut entries, mut parts): (&[ExprId], &[(ExprId, ExprId)], &[PathPart]) = (&[], &[], &[]);
        match self {
            Expr::Null
            | Expr::Bool(_)
            | Expr::Int(_)
            | Expr::Float(_)
            | Expr::Str(_)
            | Expr::Bytes(_)
            | Expr::Regex(..)
            | Expr::Variable(_) => {}
            Expr::List(items) => list = items,
            Expr::Map(found) => entries = found,
            Expr::Path(found) => parts = found,
            Expr::Member(object, _) => few = [Some((*object, false)), None, None],
            Expr::Index(object, index) => few = [Some((*object, false)), nested(index), None],
            Expr::Range(object, from, to) => {
                few = [Some((*object, false)), from.as_ref().and_then(nested), to.as_ref().and_then(nested)];
            }
            Expr::Call(_, arguments) | Expr::PackageCall(_, _, arguments) => list = arguments,
            Expr::Method(receiver, _, arguments) | Expr::Invoke(receiver, arguments) => {
                few = [Some((*receiver, false)), None, None];
                list = arguments;
            }
            // `-(…)` counts for its parentheses only (asked of the official compiler).
            Expr::Unary(UnaryOp::Negate, operand) => few = [Some((*operand, false)), None, None],
            Expr::Unary(UnaryOp::Not, operand) | Expr::Is(operand, _) => few = [nested(operand), None, None],
            Expr::Binary(_, left, right) => few = [nested(left), nested(right), None],
            Expr::Ternary(condition, yes, no) => few = [nested(condition), nested(yes), nested(no)],
        }
        let listed = list.iter().copied().chain(entries.iter().flat_map(|(key, value)| [*key, *value]));
        let listed = listed.chain(parts.iter().filter_map(PathPart::expression));
        few.into_iter().flatten().chain(listed.map(|id| (id, true)))
    }
}

impl Expr {
    /// The first of the expressions directly below.
    fn first(&self) -> Option<ExprId> {
        match self {
            Expr::Variable(_) | Expr::Null | Expr::Bool(_) | Expr::Int(_) | Expr::Float(_) | Expr::Str(_) => None,
            Expr::Member(first, _)
            | Expr::Index(first, _)
            | Expr::Range(first, ..)
            | Expr::Method(first, ..)
            | Expr::Invoke(first, _)
            | Expr::Unary(_, first)
            | Expr::Binary(_, first, _)
            | Expr::Is(first, _)
            | Expr::Ternary(first, ..) => Some(*first),
            _ => self.children().next().map(|(first, _)| first),
        }
    }

    /// Whether a part of this expression goes on a chain of the same `&&` or `||`, so that both are one operation.
    pub fn continues(&self, part: &Expr) -> bool {
        let chain = |op: &BinaryOp| matches!(op, BinaryOp::And | BinaryOp::Or);
        matches!((self, part), (Expr::Binary(a, ..), Expr::Binary(b, ..)) if a == b && chain(a))
    }
}

/// One segment of a path in an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum PathPart {
    /// `/a`, decoded
    Literal(String, Span),
    /// `/{x}` or `/{x=**}`
    Capture(Capture),
    /// `/$(expression)`
    Interpolation(ExprId),
}

impl PathPart {
    /// The expression of an interpolation.
    pub fn expression(&self) -> Option<ExprId> {
        match self {
            PathPart::Interpolation(id) => Some(*id),
            _ => None,
        }
    }
}

/// A variable in a path: `{x}`, or `{x=**}` for any number of segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// The variable.
    pub name: Name,
    /// Whether it takes any number of segments.
    pub glob: bool,
    /// From the slash to the closing brace.
    pub span: Span,
}

/// Operators before their operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `-`
    Negate,
    /// `!`
    Not,
}

impl UnaryOp {
    /// As written.
    pub fn symbol(self) -> &'static str {
        match self {
            UnaryOp::Negate => "-",
            UnaryOp::Not => "!",
        }
    }
}

/// Operators between their operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum BinaryOp {
    Or,
    And,
    In,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Add,
    Sub,
    Mul,
    Div,
    Rem,
}

impl BinaryOp {
    /// As written.
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Or => "||",
            BinaryOp::And => "&&",
            BinaryOp::In => "in",
            BinaryOp::Eq => "==",
            BinaryOp::Ne => "!=",
            BinaryOp::Lt => "<",
            BinaryOp::Le => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::Ge => ">=",
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Rem => "%",
        }
    }
}
