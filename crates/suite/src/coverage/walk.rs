//! Maps the counts of a compiled program to the source: sub-expressions, conditions, and calls of functions.

use std::collections::BTreeMap;

use firewarden::{
    internals::{
        eval::{Coverage, OpHits, Outcome},
        program::{Code, Function, Op, OpId},
    },
    text::Span,
    value::{ValueRef, json::to_typed},
};

use super::{Counts, ExpressionCoverage, FunctionCoverage};

/// Visits operations from their roots. Folded operands, such as `5` and `1024` of `5 * 1024`, are below no root.
pub(super) struct Walk<'p> {
    code: &'p Code,
    coverage: &'p Coverage,
    /// The span of each operation.
    spans: Vec<Span>,
    /// The state of each operation.
    known: Vec<VisitState>,
    /// The operations to visit.
    open: Vec<Visit<'p>>,
    expressions: BTreeMap<Span, ExpressionCoverage>,
    conditions: BTreeMap<Span, Counts>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum VisitState {
    Unvisited,
    Visited,
    /// The result of the operation is a condition, or consists of conditions.
    Condition,
}

#[derive(Clone, Copy)]
struct Visit<'p> {
    op: OpId,
    /// The function that contains the operation.
    function: Option<&'p Function>,
    decides: bool,
    /// Whether the operation is the receiver of a member or method.
    is_object: bool,
}

/// The results of a walk, in the order of the text.
pub(super) struct Collected {
    pub(super) expressions: BTreeMap<Span, ExpressionCoverage>,
    pub(super) conditions: BTreeMap<Span, Counts>,
    pub(super) functions: BTreeMap<Span, FunctionCoverage>,
}

impl<'p> Walk<'p> {
    pub(super) fn new(code: &'p Code, coverage: &'p Coverage) -> Self {
        Walk {
            code,
            coverage,
            spans: spans(code),
            known: vec![VisitState::Unvisited; code.ops.len()],
            open: Vec::new(),
            expressions: BTreeMap::new(),
            conditions: BTreeMap::new(),
        }
    }

    /// Visits the condition of a statement.
    pub(super) fn condition(&mut self, condition: OpId) {
        self.run(Visit { op: self.code.origin(condition), function: None, decides: true, is_object: false });
    }

    /// Visits the functions, and returns the results.
    pub(super) fn finish(mut self) -> Collected {
        let mut functions: BTreeMap<Span, FunctionCoverage> = BTreeMap::new();
        for function in self.code.functions.iter() {
            for op in function.lets.iter().chain([&function.result]) {
                self.run(Visit { op: *op, function: Some(function), decides: false, is_object: false });
            }
            let count = |op: &OpId| self.coverage.op(*op).map_or(0, OpHits::total);
            // A variable that ends the evaluation prevents that of the result, so the largest count is the number of
            // calls.
            let calls = function.lets.iter().chain([&function.result]).map(count).max().unwrap_or(0);
            let (name, span) = (function.name.clone(), function.span);
            let entry = functions.entry(span).or_insert(FunctionCoverage { span, name: name.to_string(), calls: 0 });
            entry.calls = entry.calls.saturating_add(calls);
        }
        Collected { expressions: self.expressions, conditions: self.conditions, functions }
    }

    fn run(&mut self, first: Visit<'p>) {
        self.open.push(first);
        while let Some(visit) = self.open.pop() {
            self.visit(visit);
        }
    }

    fn visit(&mut self, visit: Visit<'p>) {
        let wanted = if visit.decides { VisitState::Condition } else { VisitState::Visited };
        let Some(slot) = self.known.get_mut(visit.op.index()) else { return };
        let before = *slot;
        if before >= wanted {
            return;
        }
        *slot = wanted;
        let Ok(op) = self.code.op(visit.op) else { return };
        if before == VisitState::Unvisited {
            self.expression(visit, op);
            self.below(visit, op);
        }
        if visit.decides {
            self.decides(visit, op);
        }
    }

    /// Visits the operands. Those of a logical operator are conditions wherever it occurs.
    fn below(&mut self, visit: Visit<'p>, op: Op) {
        let children = op.operands(self.code).into_iter().flatten().enumerate();
        self.open.extend(children.map(|(at, child)| {
            let decides = match op {
                Op::And(..) | Op::Or(..) | Op::Not(_) | Op::All(_) | Op::Any(_) => true,
                Op::Ternary(..) => at == 0,
                _ => false,
            };
            let is_object = at == 0 && matches!(op, Op::Member(..) | Op::Method(..));
            Visit { op: child, decides, is_object, ..visit }
        }));
    }

    /// Adds the conditions of an operation whose result is a condition.
    fn decides(&mut self, visit: Visit<'p>, op: Op) {
        match op {
            Op::And(..) | Op::Or(..) | Op::Not(_) | Op::All(_) | Op::Any(_) | Op::Constant(..) => return,
            Op::Ternary(_, yes, no) => {
                self.open.extend([yes, no].map(|op| Visit { op, ..visit }));
                return;
            }
            Op::Call(function, _) => {
                if let Ok(function) = self.code.functions.get(function) {
                    self.open.push(Visit { op: function.result, function: Some(function), ..visit });
                }
            }
            Op::Local(slot) => {
                let variable = visit.function.and_then(|function| {
                    let at = usize::from(slot).checked_sub(function.parameters.len())?;
                    function.lets.get(at)
                });
                self.open.extend(variable.map(|op| Visit { op: *op, ..visit }));
            }
            _ => {}
        }
        let counts = self.coverage.op(visit.op).map(Counts::from).unwrap_or_default();
        self.conditions.entry(self.span(visit.op)).or_default().add(counts);
    }

    fn span(&self, id: OpId) -> Span {
        self.spans.get(id.index()).copied().unwrap_or_default()
    }

    fn expression(&mut self, visit: Visit<'p>, op: Op) {
        let id = visit.op;
        let span = self.span(id);
        let is_literal = matches!(op, Op::Constant(..));
        let is_object = visit.is_object && matches!(op, Op::Variable(_));
        let (counts, values) = (Counts::default(), Vec::new());
        let empty = || ExpressionCoverage { span, is_literal, is_object, counts, values, unkept: 0 };
        let entry = self.expressions.entry(span).or_insert_with(empty);
        let Some(hits) = self.coverage.op(id) else { return };
        entry.counts.add(Counts::from(hits));
        entry.unkept += hits.unkept;
        // The same span occurs twice only in functions that are compiled several times.
        let fresh = entry.values.is_empty();
        for (outcome, count) in &hits.values {
            match entry.values.iter_mut().find(|(known, _)| !fresh && same(known, outcome)) {
                Some((_, seen)) => *seen += count,
                None => entry.values.push((outcome.clone(), *count)),
            }
        }
    }
}

/// The spans of all operations, with the parentheses around their operands. The code's own span of `(a) == b` begins at
/// `a`, where messages point.
fn spans(code: &Code) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::with_capacity(code.ops.len());
    for (id, op) in code.ops.ids().zip(code.ops.iter()) {
        // Operands come before their operations.
        let inside = op.operands(code).into_iter().flatten().filter_map(|child| {
            let span = spans.get(child.index())?;
            Some(span.to(code.spans(child).outer))
        });
        let whole = inside.fold(code.span(id), Span::to);
        spans.push(whole);
    }
    spans
}

fn same(a: &Outcome, b: &Outcome) -> bool {
    match (a, b) {
        (Outcome::Value(a), Outcome::Value(b)) => same_value(a.view(), b.view()),
        (Outcome::Described(a), Outcome::Described(b)) => a == b,
        (Outcome::Error(a), Outcome::Error(b)) => a == b,
        _ => false,
    }
}

fn same_value(a: ValueRef<'_>, b: ValueRef<'_>) -> bool {
    a.type_of() == b.type_of() && to_typed(a) == to_typed(b)
}
