//! The compiled form of database rules: the tree of places around the [`Code`] of their conditions.

use std::sync::Arc;

use crate::{
    stdlib::{Arithmetic, Dialect},
    syntax::ast::{BinaryOp, Condition, DatabaseRules, Expr, ExprId, Exprs, Location, Name, UnaryOp},
    text::{Source, Span},
    value::{Comparator, Key, Value, same_text},
};
use rustc_hash::FxHashMap;

use super::{
    Code, Node, NodeId, TestId,
    builder::Builder,
    fold,
    test::{is_local, reads},
    testing::test_of,
};

/// Children by name are found by comparing up to this many.
const SCAN: usize = 8;

/// Compiled database rules.
#[derive(Clone, Debug)]
pub struct RuleTree {
    /// The operations of all conditions.
    pub code: Code,
    /// The places; the first is the root.
    pub places: Vec<RulePlace>,
}

/// The rules of a place.
#[derive(Clone, Debug, Default)]
pub struct RulePlace {
    /// Its number.
    pub at: u32,
    /// The place as rules write it: `/users/$uid`.
    pub path: String,
    /// `.read`
    pub read: Option<Rule>,
    /// `.write`
    pub write: Option<Rule>,
    /// `.validate`
    pub validate: Option<Rule>,
    /// `.indexOn`
    pub indexes: Vec<String>,
    /// Whether one of its rules may look at what is stored here.
    pub reads_data: bool,
    /// Whether one of them may look at what is there after a write.
    pub reads_new_data: bool,
    /// Whether a place below has a `.validate`.
    pub validates_below: bool,
    /// Wildcards of the places around and of this one.
    pub wildcards: Arc<[String]>,
    /// Children with a name, sorted by it.
    children: Vec<(Key, RuleChild)>,
    /// The same by hash, where there are many.
    many: FxHashMap<Box<str>, u32>,
    /// The child for every other name.
    wildcard: Option<RuleChild>,
}

/// A place below.
#[derive(Clone, Copy, Debug)]
pub struct RuleChild {
    /// Its number.
    pub place: u32,
    /// What makes a value valid there.
    pub validity: Validity,
}

/// What makes a value valid at a place and below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// Anything is.
    Always,
    /// A test that looks at what is written there, at the user and the time.
    Written(TestId),
    /// The same, which may look at what is stored there as well.
    Stored(TestId),
    /// The rules of the place, or of some below.
    Rules,
}

impl Validity {
    fn of(place: &RulePlace) -> Validity {
        match place.validate {
            _ if place.validates_below => Validity::Rules,
            Some(rule) if !rule.is_local => Validity::Rules,
            Some(rule) if rule.reads_data => Validity::Stored(rule.test),
            Some(rule) => Validity::Written(rule.test),
            None => Validity::Always,
        }
    }
}

/// A condition.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The expression.
    pub condition: NodeId,
    /// The same as a test.
    pub test: TestId,
    /// Whether it looks at nothing but what is at its own place before and after the write, at the user and the time.
    is_local: bool,
    /// Whether it may look at what is stored at its own place.
    reads_data: bool,
    /// Whether it may look at what is there after the write.
    reads_new_data: bool,
    /// Its text, without quotes.
    pub span: Span,
}

impl RulePlace {
    /// The place below for a key, and whether a wildcard stands for it. A child of that name hides the wildcard
    /// (realtime-database specification, section 1.2).
    pub fn child(&self, key: &str) -> Option<(u32, bool)> {
        let named = if self.many.is_empty() {
            self.children.iter().find(|(name, _)| same_text(name.as_str(), key)).map(|(_, child)| child.place)
        } else {
            self.many.get(key).copied()
        };
        named.map(|child| (child, false)).or_else(|| self.wildcard.map(|child| (child.place, true)))
    }

    /// Children with a name, sorted by it.
    pub fn children(&self) -> &[(Key, RuleChild)] {
        &self.children
    }

    /// The child for every other name.
    pub fn wildcard(&self) -> Option<RuleChild> {
        self.wildcard
    }
}

impl RuleTree {
    /// A place.
    #[inline]
    pub fn place(&self, at: u32) -> Option<&RulePlace> {
        self.places.get(at as usize)
    }
}

/// A readable form, one line an operation.
impl std::fmt::Display for RuleTree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        super::listing::database(self, f)
    }
}

/// Compiles rules that the checker accepted.
pub fn lower_database(source: &Source, rules: &DatabaseRules) -> RuleTree {
    let mut builder = Builder::new(source, Dialect::Database);
    builder.reserve(rules.exprs.len());
    let mut lowering = Lowering {
        builder,
        places: Vec::with_capacity(rules.exprs.len() / 8),
        exprs: &rules.exprs,
        scope: Arc::default(),
        open: Vec::new(),
    };
    lowering.place(&rules.root, "");
    RuleTree { code: lowering.builder.code, places: lowering.places }
}

struct Lowering<'r> {
    builder: Builder,
    places: Vec<RulePlace>,
    exprs: &'r Exprs,
    /// Wildcards of the place and of those around it.
    scope: Arc<[String]>,
    /// Parts of chains that have not been compiled.
    open: Vec<ExprId>,
}

impl<'r> Lowering<'r> {
    /// Adds a place and those below it.
    fn place(&mut self, location: &'r Location, around: &str) -> u32 {
        let at = self.places.len() as u32;
        self.places.push(RulePlace::default());
        let wildcard = location.is_wildcard();
        // Places without a wildcard of their own share the list of the place around.
        let outer = Arc::clone(&self.scope);
        if wildcard {
            self.scope = outer.iter().chain([&location.key.text]).cloned().collect();
        }
        let name = location.key.text.as_str();
        let path = if name.is_empty() { String::new() } else { [around, "/", name].concat() };
        let mut place = RulePlace {
            at,
            read: self.rule(location.read),
            write: self.rule(location.write),
            validate: self.rule(location.validate),
            indexes: location.indexes.iter().map(|index| index.text.to_string()).collect(),
            wildcards: Arc::clone(&self.scope),
            children: Vec::with_capacity(location.children.len()),
            ..RulePlace::default()
        };
        let rules = [place.read, place.write, place.validate];
        place.reads_data = rules.into_iter().flatten().any(|rule| rule.reads_data);
        // What is valid has to be there.
        place.reads_new_data = place.validate.is_some() || rules.into_iter().flatten().any(|rule| rule.reads_new_data);
        for child in &location.children {
            let number = self.place(child, &path);
            let validity = self.places.get(number as usize).map_or(Validity::Always, Validity::of);
            place.validates_below |= validity != Validity::Always;
            let below = RuleChild { place: number, validity };
            if child.is_wildcard() {
                place.wildcard = Some(below);
            } else {
                place.children.push((Key::new(child.key.text.as_str()), below));
            }
        }
        place.children.sort_by(|a, b| a.0.cmp(&b.0));
        if place.children.len() > SCAN {
            place.many = place.children.iter().map(|(name, child)| (Box::from(name.as_str()), child.place)).collect();
        }
        place.path = if path.is_empty() { "/".to_owned() } else { path };
        self.scope = outer;
        if let Some(slot) = self.places.get_mut(at as usize) {
            *slot = place;
        }
        at
    }

    fn rule(&mut self, condition: Option<Condition>) -> Option<Rule> {
        condition.map(|Condition { expr, span }| {
            let condition = self.expression(expr);
            let test = test_of(&mut self.builder, None, condition);
            let code = &self.builder.code;
            let (reads_data, reads_new_data) = (reads(code, test, "data"), reads(code, test, "newData"));
            Rule { condition, test, is_local: is_local(code, test), reads_data, reads_new_data, span }
        })
    }

    fn expression(&mut self, id: ExprId) -> NodeId {
        let exprs = self.exprs;
        let node = match exprs.get(id) {
            Expr::Bool(b) => self.builder.constant(Value::Bool(*b)),
            Expr::Float(n) => self.builder.constant(Value::Float(*n)),
            Expr::Str(text) => self.builder.constant(Value::String(text.clone())),
            // Only `matches` takes it.
            Expr::Regex(..) => Node::Unknown,
            Expr::List(items) => self.list(items),
            Expr::Variable(name) => self.variable(&name.text),
            // The length of a claim is a property like others, null where there is none; that of any other value fails.
            Expr::Member(object, name) if name.text == "length" && !self.is_claim(*object) => {
                self.method(*object, name, &[])
            }
            Expr::Member(object, name) => {
                let object = self.expression(*object);
                Node::Member(object, self.builder.name(&name.text))
            }
            Expr::Index(object, index) => Node::Claim(self.expression(*object), self.expression(*index)),
            Expr::Method(receiver, name, arguments) => self.method(*receiver, name, arguments),
            Expr::Unary(UnaryOp::Not, operand) => Node::Not(self.expression(*operand)),
            Expr::Unary(UnaryOp::Negate, operand) => {
                let operand = self.expression(*operand);
                fold::negate(&mut self.builder, operand).unwrap_or(Node::Negate(operand))
            }
            Expr::Binary(op @ (BinaryOp::And | BinaryOp::Or), ..) => self.chain(id, *op),
            Expr::Binary(op, left, right) => self.binary(*op, *left, *right),
            Expr::Ternary(condition, yes, no) => {
                Node::Ternary(self.expression(*condition), self.expression(*yes), self.expression(*no))
            }
            // The grammar of this language has nothing else but null.
            _ => self.builder.constant(Value::Null),
        };
        self.builder.push(node, exprs, id)
    }

    fn variable(&mut self, name: &str) -> Node {
        if let Some(slot) = self.scope.iter().rposition(|wildcard| wildcard == name) {
            return Node::Capture(u8::try_from(slot).unwrap_or(u8::MAX));
        }
        Dialect::Database.variable(name).map_or(Node::Unknown, Node::Variable)
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
    fn list(&mut self, items: &[ExprId]) -> Node {
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
                Node::List(self.builder.run(before))
            }
        }
    }

    fn method(&mut self, receiver: ExprId, name: &Name, arguments: &[ExprId]) -> Node {
        let receiver = self.expression(receiver);
        let pattern = match arguments.first().map(|argument| self.exprs.get(*argument)) {
            Some(Expr::Regex(pattern, flags)) => self.builder.regex(&pattern.text, flags == "i"),
            _ => 0,
        };
        let before = self.builder.pending.len();
        for argument in arguments {
            let argument = self.argument(*argument);
            self.builder.pending.push(argument);
        }
        let arguments = self.builder.run(before);
        Node::Method(self.builder.method(&name.text), receiver, arguments, pattern)
    }

    /// An argument; a regular expression is its text, beside which the method has the pattern.
    fn argument(&mut self, id: ExprId) -> NodeId {
        let exprs = self.exprs;
        match exprs.get(id) {
            Expr::Regex(pattern, flags) => {
                let node = self.builder.constant(Value::from(format!("/{}/{flags}", pattern.text)));
                self.builder.push(node, exprs, id)
            }
            _ => self.expression(id),
        }
    }

    /// `a && b && …` is one operation, however long.
    fn chain(&mut self, id: ExprId, op: BinaryOp) -> Node {
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
        let parts = self.builder.run(before);
        if op == BinaryOp::And { Node::All(parts) } else { Node::Any(parts) }
    }

    fn binary(&mut self, op: BinaryOp, left: ExprId, right: ExprId) -> Node {
        let (a, b) = (self.expression(left), self.expression(right));
        let arithmetic = match op {
            BinaryOp::Ne => return Node::Compare(Comparator::Ne, a, b),
            BinaryOp::Lt => return Node::Compare(Comparator::Lt, a, b),
            BinaryOp::Le => return Node::Compare(Comparator::Le, a, b),
            BinaryOp::Gt => return Node::Compare(Comparator::Gt, a, b),
            BinaryOp::Ge => return Node::Compare(Comparator::Ge, a, b),
            BinaryOp::Add => Arithmetic::Add,
            BinaryOp::Sub => Arithmetic::Sub,
            BinaryOp::Mul => Arithmetic::Mul,
            BinaryOp::Div => Arithmetic::Div,
            BinaryOp::Rem => Arithmetic::Rem,
            _ => return Node::Compare(Comparator::Eq, a, b),
        };
        fold::arithmetic(&mut self.builder, arithmetic, a, b).unwrap_or(Node::Arithmetic(arithmetic, a, b))
    }
}
