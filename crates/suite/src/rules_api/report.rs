//! Trees of expressions with their values: `ExpressionReport` of the Rules API, which the Firestore emulator's coverage
//! consists of. The form follows that of the emulator.
//!
//! Each function and each condition of a statement is a root, evaluated or not. A block has first its functions, then
//! its inner blocks, then its statements. Literals are left out, also as roots. A `let` is an expression that extends
//! from its keyword to the end of the function's result; its operands are its value and the rest of the function.

use std::collections::HashMap;

use serde_json::{Map as JsonMap, Value as Json, json};

use firewarden::{
    internals::{
        eval::{Coverage, OpHits, Outcome},
        program::{Block, Code, Function, Id, Ids, Op, OpId, Part, Program, Table},
        syntax::skip_trivia,
    },
    text::{Source, Span},
    value::{Value, json::to_typed},
};

use super::position::SourcePosition;

/// An expression with its values and operands.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpressionReport {
    /// The text of the expression. Like the official engine, it includes parentheses before the expression but not the
    /// brackets and parentheses that end it.
    pub position: SourcePosition,
    /// The distinct values, as typed JSON; empty if the expression was never evaluated. The value `{}` counts the
    /// evaluations of the whole condition or function that skipped this expression. Values beyond those that
    /// [`Coverage`] keeps are not listed.
    pub values: Vec<ValueCount>,
    /// The operands, in source order; for `in`, the container comes first.
    pub children: Vec<ExpressionReport>,
}

/// A value of an expression, with how often it occurred.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueCount {
    /// The value as typed JSON; `{}` counts the evaluations of the whole that skipped the expression.
    pub value: Json,
    /// The number of times.
    pub count: u64,
}

impl ExpressionReport {
    /// Converts the report to JSON of the Rules API.
    pub fn to_json(&self) -> Json {
        let mut fields = JsonMap::new();
        fields.insert("sourcePosition".to_owned(), self.position.to_json());
        if !self.values.is_empty() {
            let value = |seen: &ValueCount| json!({ "value": seen.value, "count": seen.count });
            fields.insert("values".to_owned(), self.values.iter().map(value).collect());
        }
        if !self.children.is_empty() {
            fields.insert("children".to_owned(), self.children.iter().map(Self::to_json).collect());
        }
        Json::Object(fields)
    }

    /// The evaluated part of the tree; `None` if nothing was evaluated.
    pub(super) fn visited(mut self) -> Option<Self> {
        self.values.retain(|seen| !is_passed_over(&seen.value));
        self.children = self.children.into_iter().filter_map(Self::visited).collect();
        (!self.values.is_empty() || !self.children.is_empty()).then_some(self)
    }

    /// The report with the name of the file in every position.
    pub(super) fn named(mut self, source: &Source) -> Self {
        self.position = self.position.named(source);
        self.children = self.children.into_iter().map(|child| child.named(source)).collect();
        self
    }

    /// Adds the values of the same expression, compiled for another service.
    fn add(&mut self, other: ExpressionReport) {
        for seen in other.values {
            match self.values.iter_mut().find(|known| known.value == seen.value) {
                Some(known) => known.count += seen.count,
                None => self.values.push(seen),
            }
        }
        for (mine, other) in self.children.iter_mut().zip(other.children) {
            mine.add(other);
        }
    }
}

fn is_passed_over(value: &Json) -> bool {
    value.as_object().is_some_and(JsonMap::is_empty)
}

/// The trees of all functions and conditions of a program.
pub(super) fn reports(program: &Program, coverage: &Coverage) -> Vec<ExpressionReport> {
    let mut roots = Roots { program, coverage, list: Vec::new(), known: HashMap::new() };
    for service in &program.services {
        roots.functions(service.functions);
        roots.blocks(&service.blocks, None);
    }
    roots.list
}

/// The trees collected so far.
struct Roots<'p> {
    program: &'p Program,
    coverage: &'p Coverage,
    list: Vec<ExpressionReport>,
    /// The index of the tree at each offset.
    known: HashMap<u32, usize>,
}

impl Roots<'_> {
    fn functions(&mut self, functions: Ids<Function>) {
        for function in self.program.code.functions.slice(functions).into_iter().flatten() {
            let report = self.tree(function.result).function(function);
            self.push(report);
        }
    }

    /// Collects the direct inner blocks of a block, each with its functions, blocks and statements.
    fn blocks(&mut self, blocks: &Table<Block>, parent: Option<Id<Block>>) {
        for (id, block) in blocks.ids().zip(blocks.iter()).filter(|(_, block)| block.parent == parent) {
            self.functions(block.functions);
            self.blocks(blocks, Some(id));
            let statements = self.program.statements.slice(block.statements).into_iter().flatten();
            for condition in statements.filter_map(|statement| statement.condition) {
                let condition = self.program.code.origin(condition);
                let report = self.tree(condition).expression(condition).report;
                self.push(report);
            }
        }
    }

    fn tree(&self, root: OpId) -> Tree<'_> {
        let evaluations = self.coverage.op(root).map_or(0, OpHits::total);
        Tree { code: &self.program.code, coverage: self.coverage, evaluations }
    }

    fn push(&mut self, report: Option<ExpressionReport>) {
        let Some(report) = report else { return };
        let offset = report.position.current_offset;
        // A function outside services is compiled once for each service.
        match self.known.get(&offset).and_then(|at| self.list.get_mut(*at)) {
            Some(same) => same.add(report),
            None => {
                self.known.insert(offset, self.list.len());
                self.list.push(report);
            }
        }
    }
}

/// The span that a condition covers.
pub(super) fn covered(code: &Code, condition: OpId) -> Span {
    Tree { code, coverage: &Coverage::default(), evaluations: 0 }.expression(code.origin(condition)).span
}

/// Builds the tree of one function or condition.
struct Tree<'p> {
    code: &'p Code,
    coverage: &'p Coverage,
    /// How often the whole function or condition was evaluated.
    evaluations: u64,
}

/// The span of an expression, and its report unless it is a literal.
struct BuiltExpression {
    span: Span,
    report: Option<ExpressionReport>,
}

impl Tree<'_> {
    fn function(&self, function: &Function) -> Option<ExpressionReport> {
        let BuiltExpression { span, mut report } = self.expression(function.result);
        for (value, binding) in function.lets.iter().zip(&function.let_spans).rev() {
            let children = [self.expression(*value).report, report].into_iter().flatten().collect();
            let whole = Span { start: binding.start, end: span.end };
            // The value of a `let` is that of the function.
            report = Some(self.report(whole, function.result, children));
        }
        report
    }

    /// Builds an expression with everything below it.
    fn expression(&self, id: OpId) -> BuiltExpression {
        self.part(id, false, None)
    }

    /// Builds an expression. The operands of a folded constant were evaluated as often as the constant, which is
    /// `within`. The grammar of the unary minus consumes one pair of parentheses around its operand, which is then
    /// `enclosed`; other operands have theirs in ([`Spans::outer`](firewarden::internals::program::Spans)).
    fn part(&self, id: OpId, enclosed: bool, within: Option<u64>) -> BuiltExpression {
        let (op, place) = (self.code.op(id), self.code.spans(id));
        let folded = self.code.folded(id);
        let parts: Vec<BuiltExpression> = match (op, folded) {
            // Unary minus has one operand, all other arithmetic has two.
            (Ok(Op::Constant(..)), operands) => {
                let operands = operands.unwrap_or(&[]);
                let within = within.or_else(|| Some(self.coverage.op(id).map_or(0, OpHits::total)));
                operands.iter().map(|id| self.part(*id, operands.len() == 1, within)).collect()
            }
            (Ok(Op::In(element, container)), _) => {
                [container, element].into_iter().map(|id| self.expression(id)).collect()
            }
            _ => {
                let operands = op.and_then(|op| op.operands(self.code)).into_iter().flatten();
                operands.map(|id| self.expression(id)).collect()
            }
        };
        let mut start = place.outer.start;
        if enclosed && start < place.span.start {
            start = skip_trivia(self.code.source.text(), start as usize + 1) as u32;
        }
        let own_end = self.own_end(id, start);
        // A left operand may have its own parentheses; closing ones never count.
        let start = parts.iter().map(|part| part.span.start).chain([start]).min().unwrap_or(start);
        let end = parts.iter().map(|part| part.span.end).chain([own_end]).max().unwrap_or(own_end);
        let span = Span { start, end };
        let literal = matches!(op, Ok(Op::Constant(..))) && folded.is_none();
        let report = (!literal).then(|| {
            let children = parts.into_iter().filter_map(|part| part.report).collect();
            match within {
                Some(count) => self.report_of(span, self.constant_values(id, count), count, children),
                None => self.report(span, id, children),
            }
        });
        BuiltExpression { span, report }
    }

    /// The end of the operation's own tokens, without those that close it.
    fn own_end(&self, id: OpId, start: u32) -> u32 {
        let place = self.code.spans(id);
        let Ok(op) = self.code.op(id) else { return start };
        match op {
            Op::Variable(_) | Op::Capture(_) | Op::Local(_) | Op::Unknown | Op::Is(..) => place.span.end,
            // Only the first token of a literal counts, which may be a parenthesis or the minus of the smallest integer.
            Op::Constant(..)
                if self.code.folded(id).is_some()
                    || start < place.span.start
                    || self.code.source.slice(place.span).starts_with('-') =>
            {
                start + 1
            }
            Op::Constant(..) => place.span.end,
            Op::Member(..) | Op::Method(..) | Op::Builtin(..) | Op::Service(..) | Op::Call(..) | Op::Missing(..) => {
                place.anchor.end
            }
            Op::Path(parts) => match self.code.parts.slice(parts).ok().and_then(|parts| parts.last()) {
                Some(Part::Literal(_)) => place.span.end,
                Some(Part::Capture(_) | Part::Glob(_)) => self.capture_end(place.span),
                _ => start + 1,
            },
            _ => start + 1,
        }
    }

    /// The end of the name in the last segment, which is `/{name}` or `/{name=**}`.
    fn capture_end(&self, path: Span) -> u32 {
        let text = self.code.source.text();
        let brace = self.code.source.slice(path).rfind('{').map_or(path.start as usize, |at| path.start as usize + at);
        super::position::token(text, skip_trivia(text, brace + 1) as u32).end
    }

    fn report(&self, span: Span, id: OpId, children: Vec<ExpressionReport>) -> ExpressionReport {
        let reached = self.coverage.op(id).map_or(0, OpHits::total);
        self.report_of(span, self.values(id), reached, children)
    }

    /// Builds the report. Evaluations of the whole beyond `reached` skipped the expression.
    fn report_of(
        &self,
        span: Span,
        mut values: Vec<ValueCount>,
        reached: u64,
        children: Vec<ExpressionReport>,
    ) -> ExpressionReport {
        if self.evaluations > reached {
            values.push(ValueCount { value: json!({}), count: self.evaluations - reached });
        }
        ExpressionReport { position: SourcePosition::new(&self.code.source, span), values, children }
    }

    fn constant_values(&self, id: OpId, count: u64) -> Vec<ValueCount> {
        let value = self.code.constant(id).filter(|_| count > 0);
        value.map(|value| ValueCount { value: to_typed(value.view()), count }).into_iter().collect()
    }

    fn values(&self, id: OpId) -> Vec<ValueCount> {
        let mut values: Vec<ValueCount> = Vec::new();
        if let Some(hits) = self.coverage.op(id) {
            for (outcome, count) in &hits.values {
                values.push(ValueCount { value: self.value(outcome), count: *count });
            }
            if hits.values.is_empty() {
                // Values were not kept, but true and false were counted.
                let known = [(true, hits.truths), (false, hits.falses)].into_iter().filter(|(_, count)| *count > 0);
                values.extend(known.map(|(value, count)| ValueCount { value: json!({ "boolValue": value }), count }));
            }
        }
        values
    }

    fn value(&self, outcome: &Outcome) -> Json {
        match outcome {
            Outcome::Value(Value::Undefined(message)) | Outcome::Described(message) => {
                json!({ "undefined": { "causeMessage": message } })
            }
            Outcome::Value(value) => without_empty(to_typed(value.view())),
            Outcome::Error(fault) => {
                let position = SourcePosition::of_fault(&self.code.source, fault).to_json();
                json!({ "undefined": { "sourcePosition": position, "causeMessage": fault.message } })
            }
        }
    }
}

/// Protobuf JSON omits empty lists and maps, so a value that holds one becomes empty.
fn without_empty(typed: Json) -> Json {
    let Json::Object(kinds) = typed else { return typed };
    let kept = |content: &mut Json, part: &str| match content.get_mut(part) {
        Some(Json::Object(fields)) if !fields.is_empty() => {
            fields.iter_mut().for_each(|(_, value)| *value = without_empty(value.take()));
        }
        Some(Json::Array(items)) if !items.is_empty() => {
            items.iter_mut().for_each(|value| *value = without_empty(value.take()));
        }
        _ => *content = json!({}),
    };
    let kinds = kinds.into_iter().map(|(kind, mut content)| {
        match kind.as_str() {
            "mapValue" => kept(&mut content, "fields"),
            "listValue" | "setValue" | "vectorValue" => kept(&mut content, "values"),
            "pathValue" if content.get("segments") == Some(&json!([])) => content = json!({}),
            _ => {}
        }
        (kind, content)
    });
    Json::Object(kinds.collect())
}
