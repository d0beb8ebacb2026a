//! The coverage of one rules file: [`FileCoverage`].

use std::{cmp::Reverse, collections::BTreeMap};

use firewarden::{
    internals::{
        eval::{Coverage, Outcome},
        explain::shorten,
        program::{Code, Program, RuleNode, RuleTree},
        stdlib::Dialect,
    },
    rules::Rules,
    text::{Source, Span},
};

use super::{Counts, Ratio, Status, walk::Walk};

/// The longest label of a statement, in columns.
const LABEL: usize = 100;

/// The coverage of a rules file. Lists are in the order of the text, outer expressions before inner ones.
#[derive(Clone, Debug)]
pub struct FileCoverage {
    source: Source,
    dialect: Dialect,
    statements: Vec<StatementCoverage>,
    functions: Vec<FunctionCoverage>,
    conditions: Vec<ConditionCoverage>,
    expressions: Vec<ExpressionCoverage>,
    lines: Vec<LineCoverage>,
}

/// An `allow` statement of Storage or Firestore rules, or a `.read`, `.write` or `.validate` rule.
#[derive(Clone, Debug)]
pub struct StatementCoverage {
    /// The whole statement; for a database rule, its condition without the quotes.
    pub span: Span,
    /// The path and the kind of the statement: `/users/{id} allow get`, `/users/$id .read`.
    pub label: String,
    /// How often the statement was evaluated, with which results.
    pub counts: Counts,
}

/// A function of the rules.
#[derive(Clone, Debug)]
pub struct FunctionCoverage {
    /// The whole declaration.
    pub span: Span,
    /// The name.
    pub name: String,
    /// The number of calls.
    pub calls: u64,
}

/// A condition, as [the module](super) defines it.
#[derive(Clone, Copy, Debug)]
pub struct ConditionCoverage {
    /// The expression without parentheses around it.
    pub span: Span,
    /// The counts of results.
    pub counts: Counts,
}

impl ConditionCoverage {
    /// The outcomes that the condition has had.
    pub fn status(&self) -> Status {
        self.counts.status()
    }
}

/// A sub-expression.
#[derive(Clone, Debug)]
pub struct ExpressionCoverage {
    /// The expression without parentheses around it.
    pub span: Span,
    /// Whether the expression is a literal.
    pub is_literal: bool,
    /// Whether the expression is a global variable such as `request` and the receiver of a member or method.
    pub(super) is_object: bool,
    /// The counts of results.
    pub counts: Counts,
    /// The distinct results with their numbers, in the order of their first occurrence; empty unless [`Coverage::new`]
    /// keeps values.
    pub values: Vec<(Outcome, u64)>,
    /// The number of further results.
    pub unkept: u64,
}

/// A line with something to evaluate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineCoverage {
    /// The line, counted from 1.
    pub line: u32,
    /// The largest count of what begins on the line.
    pub hits: u64,
}

impl FileCoverage {
    /// The coverage of a file, from the counts of decisions with these rules.
    pub fn new(rules: &Rules, coverage: &Coverage) -> Self {
        match rules {
            Rules::Storage(rules) => Self::of_program(rules.compiled().program(), coverage),
            Rules::Firestore(rules) => Self::of_program(rules.compiled().program(), coverage),
            Rules::Database(rules) => Self::of_tree(rules.tree(), coverage),
        }
    }

    fn of_program(program: &Program, coverage: &Coverage) -> Self {
        let mut walk = Walk::new(&program.code, coverage);
        let mut statements = Vec::new();
        for block in program.services.iter().flat_map(|service| service.blocks.iter()) {
            for id in block.statements.iter() {
                let Ok(statement) = program.statements.get(id) else { continue };
                if let Some(condition) = statement.condition {
                    walk.condition(condition);
                }
                let text = program.code.source.slice(statement.span);
                let head = text.split([':', ';']).next().unwrap_or(text);
                let label = shorten(&format!("{} {head}", block.path), LABEL);
                let counts = coverage.statement(id).map(Counts::from).unwrap_or_default();
                statements.push(StatementCoverage { span: statement.span, label, counts });
            }
        }
        Self::put_together(&program.code, statements, walk)
    }

    fn of_tree(tree: &RuleTree, coverage: &Coverage) -> Self {
        let mut walk = Walk::new(&tree.code, coverage);
        let mut statements = Vec::new();
        for place in tree.nodes.iter() {
            let RuleNode { read, write, validate, path, .. } = place;
            for (name, rule) in [(".read", read), (".write", write), (".validate", validate)] {
                let Some(rule) = rule else { continue };
                walk.condition(rule.condition);
                let label = shorten(&format!("{path} {name}"), LABEL);
                let counts = coverage.op(tree.code.origin(rule.condition)).map(Counts::from).unwrap_or_default();
                statements.push(StatementCoverage { span: rule.span, label, counts });
            }
        }
        Self::put_together(&tree.code, statements, walk)
    }

    fn put_together(code: &Code, mut statements: Vec<StatementCoverage>, walk: Walk<'_>) -> Self {
        statements.sort_by_key(|statement| statement.span);
        let found = walk.finish();
        let conditions = found.conditions.into_iter().map(|(span, counts)| ConditionCoverage { span, counts });
        let mut conditions: Vec<_> = conditions.collect();
        conditions.sort_by_key(|condition| around_first(condition.span));
        let mut expressions: Vec<_> = found.expressions.into_values().collect();
        expressions.sort_by_key(|expression| around_first(expression.span));
        let starts = statements.iter().map(|statement| (statement.span, statement.counts));
        let starts = starts.chain(expressions.iter().map(|expression| (expression.span, expression.counts)));
        let mut lines: BTreeMap<u32, u64> = BTreeMap::new();
        for (span, counts) in starts {
            let hits = lines.entry(code.source.position(span.start).line).or_default();
            *hits = (*hits).max(counts.total());
        }
        FileCoverage {
            source: code.source.clone(),
            dialect: code.dialect,
            statements,
            functions: found.functions.into_values().collect(),
            conditions,
            expressions,
            lines: lines.into_iter().map(|(line, hits)| LineCoverage { line, hits }).collect(),
        }
    }

    /// The name of the file.
    pub fn name(&self) -> &str {
        self.source.name()
    }

    /// The source that all spans point into.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Whether the file has database rules.
    pub(super) fn is_database(&self) -> bool {
        self.dialect == Dialect::Database
    }

    /// The statements.
    pub fn statement_list(&self) -> &[StatementCoverage] {
        &self.statements
    }

    /// The functions; database rules have none.
    pub fn function_list(&self) -> &[FunctionCoverage] {
        &self.functions
    }

    /// The conditions.
    pub fn condition_list(&self) -> &[ConditionCoverage] {
        &self.conditions
    }

    /// All sub-expressions, including literals and conditions.
    pub fn expression_list(&self) -> &[ExpressionCoverage] {
        &self.expressions
    }

    /// The lines with something to evaluate.
    pub fn line_list(&self) -> &[LineCoverage] {
        &self.lines
    }

    /// How many statements were evaluated.
    pub fn statements(&self) -> Ratio {
        Ratio::of(self.statements.iter().map(|statement| statement.counts.total() > 0))
    }

    /// How many lines were evaluated.
    pub fn lines(&self) -> Ratio {
        Ratio::of(self.lines.iter().map(|line| line.hits > 0))
    }

    /// How many outcomes of conditions occurred, of two for each condition.
    pub fn conditions(&self) -> Ratio {
        let covered = self.conditions.iter().map(|condition| condition.status().outcomes()).sum();
        Ratio { covered, total: 2 * self.conditions.len() as u64 }
    }
}

/// A sort key that puts outer spans before inner ones.
pub(super) fn around_first(span: Span) -> (u32, Reverse<u32>) {
    (span.start, Reverse(span.end))
}
