//! Adds operations to [`Code`]: names and methods are entered once.

use crate::{
    pattern::Pattern,
    stdlib::Dialect,
    syntax::{
        ast::{ExprId, Exprs},
        skip_trivia,
    },
    text::Source,
    value::{StrBuf, Value},
};
use rustc_hash::FxHashMap;

use super::{Code, MethodTable, Node, NodeId, Place, Run, testing};

/// Code under construction.
pub(super) struct Builder {
    pub(super) code: Code,
    names: FxHashMap<String, u32>,
    methods: FxHashMap<String, u32>,
    /// Patterns from texts: a number plus one, or zero for what is none.
    patterns: FxHashMap<StrBuf, u32>,
    /// Likewise of database rules, with whether they ignore case.
    regexes: FxHashMap<(String, bool), u32>,
    /// Elements of the lists that are being made.
    pub(super) pending: Vec<NodeId>,
    pub(super) testing: testing::Memory,
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
            testing: testing::Memory::default(),
        }
    }

    /// Makes room for so many operations.
    pub(super) fn reserve(&mut self, operations: usize) {
        self.code.nodes.reserve(operations);
        self.code.places.reserve(operations);
    }

    /// Adds an operation that stands where an expression does.
    pub(super) fn push(&mut self, node: Node, exprs: &Exprs, expr: ExprId) -> NodeId {
        let mut place = Place { span: exprs.span(expr), anchor: exprs.anchor(expr), outer: exprs.outer(expr) };
        match node {
            // An operation begins where its left operand does, with the parentheses around that.
            Node::And(left, _)
            | Node::Or(left, _)
            | Node::In(left, _)
            | Node::Compare(_, left, _)
            | Node::Arithmetic(_, left, _)
            | Node::Is(left, _)
            | Node::Ternary(left, ..) => {
                let start = self.code.place(left).outer.start;
                place.span.start = place.span.start.min(start);
                place.outer.start = place.outer.start.min(start);
            }
            Node::Member(base, _)
            | Node::Index(base, _)
            | Node::Range(base, ..)
            | Node::Method(_, base, ..)
            | Node::Negate(base) => self.enter_parentheses(base),
            _ => {}
        }
        self.push_at(node, place)
    }

    /// The outermost parentheses around a base, as around `a` in `((a)).b`, belong to the operation on it: messages
    /// about the base point behind the first one.
    fn enter_parentheses(&mut self, base: NodeId) {
        let Code { source, places, .. } = &mut self.code;
        if let Some(place) = places.get_mut(base.0 as usize)
            && place.outer.start < place.span.start
        {
            place.outer.start = skip_trivia(source.text(), place.outer.start as usize + 1) as u32;
        }
    }

    pub(super) fn push_at(&mut self, node: Node, place: Place) -> NodeId {
        let id = NodeId(self.code.nodes.len() as u32);
        self.code.nodes.push(node);
        self.code.places.push(place);
        id
    }

    /// Enters a list: what was made of its elements, which are added to `pending` one after the other, from `before` on.
    pub(super) fn run(&mut self, before: usize) -> Run {
        let elements = self.pending.get(before..).unwrap_or(&[]);
        let run = Run { start: self.code.lists.len() as u32, len: elements.len() as u32 };
        self.code.lists.extend_from_slice(elements);
        self.pending.truncate(before);
        run
    }

    pub(super) fn constant(&mut self, value: Value) -> Node {
        self.costly_constant(value, 1)
    }

    /// A constant with what computing it would have cost.
    pub(super) fn costly_constant(&mut self, value: Value, cost: u32) -> Node {
        self.code.constants.push(value);
        Node::Constant(self.code.constants.len() as u32 - 1, cost)
    }

    /// A constant computed from others. The operation that is added next has to be this one.
    pub(super) fn folded(&mut self, value: Value, cost: u32, operands: &[NodeId]) -> Node {
        let next = NodeId(self.code.nodes.len() as u32);
        let before = self.pending.len();
        self.pending.extend_from_slice(operands);
        let operands = self.run(before);
        self.code.folded.push((next, operands));
        self.costly_constant(value, cost)
    }

    pub(super) fn name(&mut self, name: &str) -> u32 {
        if let Some(at) = self.names.get(name) {
            return *at;
        }
        let at = self.code.names.len() as u32;
        self.code.names.push(name.into());
        self.names.insert(name.into(), at);
        at
    }

    /// The methods of a name.
    pub(super) fn method(&mut self, name: &str) -> u32 {
        if let Some(at) = self.methods.get(name) {
            return *at;
        }
        let at = self.code.methods.len() as u32;
        self.code.methods.push(MethodTable::new(self.code.dialect, name));
        self.methods.insert(name.into(), at);
        at
    }

    /// The number plus one of a text as a pattern; zero where it is none. Files repeat them.
    pub(super) fn text_pattern(&mut self, text: &StrBuf) -> u32 {
        if let Some(known) = self.patterns.get(text) {
            return *known;
        }
        let at = Pattern::from_text(text.as_str()).map_or(0, |pattern| self.pattern(pattern));
        self.patterns.insert(text.clone(), at);
        at
    }

    /// The same of a pattern of database rules.
    pub(super) fn regex(&mut self, text: &str, ignore_case: bool) -> u32 {
        let key = (text.to_owned(), ignore_case);
        if let Some(known) = self.regexes.get(&key) {
            return *known;
        }
        let at = Pattern::database(text, ignore_case).map_or(0, |pattern| self.pattern(pattern));
        self.regexes.insert(key, at);
        at
    }

    /// A pattern's number plus one, as [`Node::Method`] has it.
    fn pattern(&mut self, pattern: Pattern) -> u32 {
        self.code.patterns.push(pattern);
        self.code.patterns.len() as u32
    }
}
