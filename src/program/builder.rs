//! Adds operations to [`Code`]. Names, methods and patterns that repeat are added once.

use crate::{
    pattern::Pattern,
    stdlib::{Arithmetic, Dialect},
    syntax::{
        ast::{BinaryOp, ExprId, Exprs},
        skip_trivia,
    },
    text::Source,
    value::{Comparator, StrBuf, Value},
};
use rustc_hash::FxHashMap;

use super::{Code, Id, Ids, MethodTable, NameId, Op, OpId, Operand, Predicate, Spans, fold, fuse::MemberNames};

/// Code under construction.
pub(super) struct Builder {
    pub(super) code: Code,
    names: FxHashMap<String, NameId>,
    methods: FxHashMap<String, Id<MethodTable>>,
    /// Patterns by text; `None` for a text that is no pattern.
    patterns: FxHashMap<StrBuf, Option<Id<Pattern>>>,
    /// Patterns of database rules, by text and whether they ignore case.
    regexes: FxHashMap<(String, bool), Option<Id<Pattern>>>,
    /// Elements of the lists under construction.
    pub(super) pending: Vec<OpId>,
    /// Operands that read a member of a variable, by its slot and the names on the way.
    pub(super) members: FxHashMap<(u8, MemberNames), Operand>,
    /// The index of the segment that each wildcard of the block always stands for, if there is one.
    pub(super) segments: Vec<Option<u8>>,
    /// Operands of the chains that are being fused.
    pub(super) parts: Vec<OpId>,
    /// The predicates that were made of them.
    pub(super) made: Vec<Predicate>,
    /// The number of predicates around the one under construction.
    pub(super) level: usize,
}

impl Builder {
    pub(super) fn new(source: &Source, dialect: Dialect) -> Self {
        Builder {
            code: Code::new(source, dialect),
            names: FxHashMap::default(),
            methods: FxHashMap::default(),
            patterns: FxHashMap::default(),
            regexes: FxHashMap::default(),
            pending: Vec::new(),
            members: FxHashMap::default(),
            segments: Vec::new(),
            parts: Vec::new(),
            made: Vec::new(),
            level: 0,
        }
    }

    /// Makes room for so many operations.
    pub(super) fn reserve(&mut self, operations: usize) {
        self.code.ops.reserve(operations);
        self.code.spans.reserve(operations);
    }

    /// Adds the operation of an expression.
    pub(super) fn push(&mut self, op: Op, exprs: &Exprs, expr: ExprId) -> OpId {
        let mut spans = Spans { span: exprs.span(expr), anchor: exprs.anchor(expr), outer: exprs.outer(expr) };
        match op {
            // An operation begins where its left operand does, with the parentheses around that.
            Op::And(left, _)
            | Op::Or(left, _)
            | Op::In(left, _)
            | Op::Compare(_, left, _)
            | Op::Arithmetic(_, left, _)
            | Op::Is(left, _)
            | Op::Ternary(left, ..) => {
                let start = self.code.spans(left).outer.start;
                spans.span.start = spans.span.start.min(start);
                spans.outer.start = spans.outer.start.min(start);
            }
            Op::Member(base, _)
            | Op::Index(base, _)
            | Op::Range(base, ..)
            | Op::Method(_, base, ..)
            | Op::Negate(base) => {
                self.enter_parentheses(base);
            }
            _ => {}
        }
        self.push_at(op, spans)
    }

    /// The outermost parentheses around a base, as around `a` in `((a)).b`, belong to the operation on it: messages
    /// about the base point behind the first one.
    fn enter_parentheses(&mut self, base: OpId) {
        let Code { source, spans, .. } = &mut self.code;
        if let Ok(spans) = spans.get_mut(base)
            && spans.outer.start < spans.span.start
        {
            spans.outer.start = skip_trivia(source.text(), spans.outer.start as usize + 1) as u32;
        }
    }

    pub(super) fn push_at(&mut self, op: Op, spans: Spans) -> OpId {
        self.code.spans.push(spans);
        self.code.ops.push(op)
    }

    /// Adds a list of the elements that are pending from `first` on.
    pub(super) fn list(&mut self, first: usize) -> Ids<OpId> {
        self.code.lists.extend(self.pending.drain(first..))
    }

    pub(super) fn constant(&mut self, value: Value) -> Op {
        Op::Constant(self.code.constants.push(value), 1)
    }

    /// A constant computed from others, with what computing it costs officially. The next operation to be added must be
    /// this one.
    pub(super) fn folded(&mut self, value: Value, cost: u32, operands: &[OpId]) -> Op {
        let operands = self.code.lists.extend(operands.iter().copied());
        self.code.folded.insert(self.code.ops.next_id(), operands);
        Op::Constant(self.code.constants.push(value), cost)
    }

    /// The operation of an operator; `&&` and `||` are those of Storage and Firestore rules.
    pub(super) fn binary(&mut self, op: BinaryOp, a: OpId, b: OpId) -> Op {
        let op = match op {
            BinaryOp::Or => return Op::Or(a, b),
            BinaryOp::And => return Op::And(a, b),
            BinaryOp::In => return Op::In(a, b),
            BinaryOp::Eq => return Op::Compare(Comparator::Eq, a, b),
            BinaryOp::Ne => return Op::Compare(Comparator::Ne, a, b),
            BinaryOp::Lt => return Op::Compare(Comparator::Lt, a, b),
            BinaryOp::Le => return Op::Compare(Comparator::Le, a, b),
            BinaryOp::Gt => return Op::Compare(Comparator::Gt, a, b),
            BinaryOp::Ge => return Op::Compare(Comparator::Ge, a, b),
            BinaryOp::Add => Arithmetic::Add,
            BinaryOp::Sub => Arithmetic::Sub,
            BinaryOp::Mul => Arithmetic::Mul,
            BinaryOp::Div => Arithmetic::Div,
            BinaryOp::Rem => Arithmetic::Rem,
        };
        fold::arithmetic(self, op, a, b).unwrap_or(Op::Arithmetic(op, a, b))
    }

    pub(super) fn name(&mut self, name: &str) -> NameId {
        if let Some(id) = self.names.get(name) {
            return *id;
        }
        let id = self.code.names.push(name.into());
        self.names.insert(name.into(), id);
        id
    }

    /// The methods of a name.
    pub(super) fn method(&mut self, name: &str) -> Id<MethodTable> {
        if let Some(id) = self.methods.get(name) {
            return *id;
        }
        let id = self.code.methods.push(MethodTable::new(self.code.dialect, name));
        self.methods.insert(name.into(), id);
        id
    }

    /// A text as a pattern; `None` where it is none.
    pub(super) fn text_pattern(&mut self, text: &StrBuf) -> Option<Id<Pattern>> {
        if let Some(known) = self.patterns.get(text) {
            return *known;
        }
        let id = Pattern::from_text(text.as_str()).ok().map(|pattern| self.code.patterns.push(pattern));
        self.patterns.insert(text.clone(), id);
        id
    }

    /// A pattern of database rules; `None` for a text that is none.
    pub(super) fn regex(&mut self, text: &str, ignore_case: bool) -> Option<Id<Pattern>> {
        let key = (text.to_owned(), ignore_case);
        if let Some(known) = self.regexes.get(&key) {
            return *known;
        }
        let id = Pattern::database(text, ignore_case).ok().map(|pattern| self.code.patterns.push(pattern));
        self.regexes.insert(key, id);
        id
    }
}
