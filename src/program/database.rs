//! The compiled form of database rules: the tree of locations around the [`Code`] of their conditions.

use crate::{
    stdlib::Dialect,
    syntax::ast::{BinaryOp, Condition, DatabaseRules, Expr, ExprId, Exprs, Location, Name, UnaryOp},
    text::{Source, Span},
    value::{Key, Value, same_text},
};
use rustc_hash::FxHashMap;

use super::{Code, Corrupt, Id, Op, OpId, Predicate, Table, builder::Builder, fold};

/// The number of children up to which a name is compared with each.
const SCAN: usize = 8;

/// Compiled database rules.
#[derive(Clone, Debug)]
pub struct RuleTree {
    /// The operations of all conditions.
    pub code: Code,
    /// The nodes of the tree; the root is the first.
    pub nodes: Table<RuleNode>,
    /// The root.
    pub root: Id<RuleNode>,
}

/// The rules of a location.
#[derive(Clone, Debug)]
pub struct RuleNode {
    /// The location as rules write it: `/users/$uid`.
    pub path: String,
    /// `.read`
    pub read: Option<Rule>,
    /// `.write`
    pub write: Option<Rule>,
    /// `.validate`
    pub validate: Option<Rule>,
    /// `.indexOn`
    pub indexes: Vec<String>,
    /// Whether one of its rules can read what is stored here.
    pub reads_data: bool,
    /// Whether one of its rules can read what is here after a write.
    pub reads_new_data: bool,
    /// Whether a location below has a `.validate`.
    pub validates_below: bool,
    /// Children with a name, sorted by it.
    children: Vec<(Key, RuleChild)>,
    /// The same by hash, where there are many.
    many: FxHashMap<Box<str>, Id<RuleNode>>,
    /// The child for every other name.
    wildcard: Option<RuleChild>,
}

/// A child.
#[derive(Clone, Copy, Debug)]
pub struct RuleChild {
    /// Its node.
    pub node: Id<RuleNode>,
    /// What makes a written value valid there, beside the name: validation looks at a node only where it must.
    pub validity: Validity,
}

/// What makes a written value valid at a location and below it.
#[derive(Clone, Copy, Debug)]
pub enum Validity {
    /// Every value is valid.
    Always,
    /// A predicate that reads nothing but what its own location holds after the write, the user and the time.
    Written(Id<Predicate>),
    /// A predicate that can read what its own location holds before the write, too.
    Stored(Id<Predicate>),
    /// The rules of the location, or of some below.
    Rules,
}

impl Validity {
    fn of(node: &RuleNode) -> Self {
        match node.validate {
            None if !node.validates_below => Validity::Always,
            Some(Rule { local: Some(predicate), reads_data, .. }) if !node.validates_below => {
                if reads_data {
                    Validity::Stored(predicate)
                } else {
                    Validity::Written(predicate)
                }
            }
            _ => Validity::Rules,
        }
    }
}

/// A condition.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The operation that gives its truth.
    pub condition: OpId,
    /// Its predicate, if that reads nothing but what its own location holds before and after the write, the user and the
    /// time.
    local: Option<Id<Predicate>>,
    /// Whether it can read what is stored at its own location.
    reads_data: bool,
    /// Whether it can read what is there after the write.
    reads_new_data: bool,
    /// Its text, without quotes.
    pub span: Span,
}

impl RuleNode {
    /// The child for a key. A child of that name hides the wildcard (realtime-database specification, section 1.2).
    pub fn child(&self, key: &str) -> Option<Id<RuleNode>> {
        let named = if self.many.is_empty() {
            self.children.iter().find(|(name, _)| same_text(name.as_str(), key)).map(|(_, child)| child.node)
        } else {
            self.many.get(key).copied()
        };
        named.or_else(|| self.wildcard.map(|child| child.node))
    }

    /// Children with a name, sorted by it.
    pub fn children(&self) -> &[(Key, RuleChild)] {
        &self.children
    }

    /// The child for every other name.
    pub fn wildcard(&self) -> Option<&RuleChild> {
        self.wildcard.as_ref()
    }
}

/// The listing: one line for each operation.
impl std::fmt::Display for RuleTree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        super::listing::database(self, f)
    }
}

/// Compiles rules that the checker accepted.
///
/// # Errors
///
/// An id names no entry: a mistake of this crate's.
pub fn lower_database(source: &Source, rules: &DatabaseRules) -> Result<RuleTree, Corrupt> {
    let mut builder = Builder::new(source, Dialect::Database);
    builder.reserve(rules.exprs.len());
    let nodes = Table::default();
    let mut lowering = Lowering { builder, nodes, exprs: &rules.exprs, keys: Vec::new(), open: Vec::new() };
    let root = lowering.node(&rules.root, "")?;
    Ok(RuleTree { code: lowering.builder.code, nodes: lowering.nodes, root })
}

struct Lowering<'r> {
    builder: Builder,
    nodes: Table<RuleNode>,
    exprs: &'r Exprs,
    /// The keys on the way to the location.
    keys: Vec<&'r str>,
    /// The operands of chains that are not compiled yet.
    open: Vec<ExprId>,
}

impl<'r> Lowering<'r> {
    /// Adds a location before those below it.
    fn node(&mut self, location: &'r Location, around: &str) -> Result<Id<RuleNode>, Corrupt> {
        let name = location.key.text.as_str();
        let path = if name.is_empty() { String::new() } else { [around, "/", name].concat() };
        let (read, write, validate) =
            (self.rule(location.read), self.rule(location.write), self.rule(location.validate));
        let rules = || [read, write, validate].into_iter().flatten();
        let id = self.nodes.push(RuleNode {
            path: if path.is_empty() { "/".to_owned() } else { path.clone() },
            read,
            write,
            validate,
            indexes: location.indexes.iter().map(|index| index.text.to_string()).collect(),
            reads_data: rules().any(|rule| rule.reads_data),
            // Validation asks whether the location is there.
            reads_new_data: validate.is_some() || rules().any(|rule| rule.reads_new_data),
            validates_below: false,
            children: Vec::new(),
            many: FxHashMap::default(),
            wildcard: None,
        });
        let (mut children, mut wildcard) = (Vec::with_capacity(location.children.len()), None);
        for child in &location.children {
            self.keys.push(&child.key.text);
            let node = self.node(child, &path)?;
            self.keys.pop();
            let below = RuleChild { node, validity: Validity::of(self.nodes.get(node)?) };
            if child.is_wildcard() {
                wildcard = Some(below);
            } else {
                children.push((Key::new(child.key.text.as_str()), below));
            }
        }
        children.sort_by(|a, b| a.0.cmp(&b.0));
        let node = self.nodes.get_mut(id)?;
        if children.len() > SCAN {
            node.many = children.iter().map(|(name, child)| (Box::from(name.as_str()), child.node)).collect();
        }
        let validates = |child: &RuleChild| !matches!(child.validity, Validity::Always);
        node.validates_below = children.iter().map(|(_, child)| child).chain(&wildcard).any(validates);
        (node.children, node.wildcard) = (children, wildcard);
        Ok(id)
    }

    fn rule(&mut self, condition: Option<Condition>) -> Option<Rule> {
        let Condition { expr, span } = condition?;
        let condition = self.expression(expr);
        // Nothing counts the expressions of database rules.
        let condition = self.builder.fuse(condition, 0);
        let code = &self.builder.code;
        let fused = match code.op(condition) {
            Ok(Op::Fused(id, ..)) => code.predicates.get(id).ok().map(|predicate| (id, predicate)),
            _ => None,
        };
        Some(Rule {
            condition,
            local: fused.filter(|(_, predicate)| predicate.is_local(code)).map(|(id, _)| id),
            reads_data: fused.is_none_or(|(_, predicate)| predicate.reads(code, "data")),
            reads_new_data: fused.is_none_or(|(_, predicate)| predicate.reads(code, "newData")),
            span,
        })
    }

    fn expression(&mut self, id: ExprId) -> OpId {
        let exprs = self.exprs;
        let op = match exprs.get(id) {
            Expr::Bool(b) => self.builder.constant(Value::Bool(*b)),
            Expr::Float(n) => self.builder.constant(Value::Float(*n)),
            Expr::Str(text) => self.builder.constant(Value::String(text.clone())),
            // Only `matches` takes it.
            Expr::Regex(..) => Op::Unknown,
            Expr::List(items) => self.list(items),
            Expr::Variable(name) => self.variable(&name.text),
            // The length of a claim is a property like others, null where there is none; that of any other value fails.
            Expr::Member(object, name) if name.text == "length" && !self.is_claim(*object) => {
                self.method(*object, name, &[])
            }
            Expr::Member(object, name) => {
                let object = self.expression(*object);
                Op::Member(object, self.builder.name(&name.text))
            }
            Expr::Index(object, index) => Op::Claim(self.expression(*object), self.expression(*index)),
            Expr::Method(receiver, name, arguments) => self.method(*receiver, name, arguments),
            Expr::Unary(UnaryOp::Not, operand) => Op::Not(self.expression(*operand)),
            Expr::Unary(UnaryOp::Negate, operand) => {
                let operand = self.expression(*operand);
                fold::negate(&mut self.builder, operand).unwrap_or(Op::Negate(operand))
            }
            Expr::Binary(op @ (BinaryOp::And | BinaryOp::Or), ..) => self.chain(id, *op),
            Expr::Binary(op, left, right) => {
                let (left, right) = (self.expression(*left), self.expression(*right));
                self.builder.binary(*op, left, right)
            }
            Expr::Ternary(condition, yes, no) => {
                Op::Ternary(self.expression(*condition), self.expression(*yes), self.expression(*no))
            }
            // The grammar of this language has nothing else but null.
            _ => self.builder.constant(Value::Null),
        };
        self.builder.push(op, exprs, id)
    }

    fn variable(&mut self, name: &str) -> Op {
        if name.starts_with('$') {
            let index = self.keys.iter().rposition(|key| *key == name).and_then(|at| u8::try_from(at).ok());
            return index.map_or(Op::Unknown, Op::Capture);
        }
        Dialect::Database.variable(name).map_or(Op::Unknown, Op::Variable)
    }

    /// Whether an expression is the user or a claim.
    fn is_claim(&self, id: ExprId) -> bool {
        match self.exprs.get(id) {
            Expr::Variable(name) => name.text == "auth",
            Expr::Member(object, _) | Expr::Index(object, _) => self.is_claim(*object),
            Expr::Ternary(_, yes, no) => self.is_claim(*yes) && self.is_claim(*no),
            _ => false,
        }
    }

    /// A list of literals is made once.
    fn list(&mut self, items: &[ExprId]) -> Op {
        let literal = |id: &ExprId| match self.exprs.get(*id) {
            Expr::Str(text) => Some(Value::String(text.clone())),
            _ => None,
        };
        match items.iter().map(literal).collect::<Option<Vec<_>>>() {
            Some(items) => self.builder.constant(Value::List(items)),
            None => {
                let before = self.builder.pending.len();
                for item in items {
                    let item = self.expression(*item);
                    self.builder.pending.push(item);
                }
                Op::List(self.builder.list(before))
            }
        }
    }

    fn method(&mut self, receiver: ExprId, name: &Name, arguments: &[ExprId]) -> Op {
        let receiver = self.expression(receiver);
        let pattern = match arguments.first().map(|argument| self.exprs.get(*argument)) {
            Some(Expr::Regex(pattern, flags)) => self.builder.regex(&pattern.text, flags == "i"),
            _ => None,
        };
        let before = self.builder.pending.len();
        for argument in arguments {
            let argument = self.argument(*argument);
            self.builder.pending.push(argument);
        }
        let arguments = self.builder.list(before);
        Op::Method(self.builder.method(&name.text), receiver, arguments, pattern)
    }

    /// An argument; a regular expression is its text, beside which the method has the pattern.
    fn argument(&mut self, id: ExprId) -> OpId {
        let exprs = self.exprs;
        match exprs.get(id) {
            Expr::Regex(pattern, flags) => {
                let op = self.builder.constant(Value::from(format!("/{}/{flags}", pattern.text)));
                self.builder.push(op, exprs, id)
            }
            _ => self.expression(id),
        }
    }

    /// `a && b && …` is one operation, however long.
    fn chain(&mut self, id: ExprId, op: BinaryOp) -> Op {
        let open = self.open.len();
        let mut leftmost = id;
        while let Expr::Binary(next, a, b) = self.exprs.get(leftmost)
            && *next == op
        {
            self.open.push(*b);
            leftmost = *a;
        }
        self.open.push(leftmost);
        let before = self.builder.pending.len();
        while self.open.len() > open
            && let Some(part) = self.open.pop()
        {
            let part = self.expression(part);
            self.builder.pending.push(part);
        }
        let parts = self.builder.list(before);
        if op == BinaryOp::And { Op::All(parts) } else { Op::Any(parts) }
    }
}
