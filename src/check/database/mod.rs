//! The static types of database rules (realtime-database specification, sections 2 to 4): what the service refuses, in
//! its words. As in the service, one rule gives one error: the first, from left to right.

mod calls;
mod types;

use rustc_hash::FxHashSet;

use crate::{
    pattern::{Pattern, PatternBudget},
    syntax::{
        Language, Role, advice,
        ast::{BinaryOp, Condition, DatabaseRules, Expr, ExprId, Exprs, Location, Name, UnaryOp},
        of_word,
    },
    text::{Diagnostic, Lookalike, Source, Span},
};

use super::Code;
use types::Static;

/// Which rule an expression is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RuleKind {
    Read,
    Write,
    Validate,
}

/// Checks the expressions of a file. Problems come in the order of the places.
pub fn check_database(source: &Source, rules: &DatabaseRules) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut checker = Checker {
        source,
        exprs: &rules.exprs,
        kind: RuleKind::Read,
        scope: Vec::new(),
        warnings: Vec::new(),
        open: Vec::new(),
        operands: Vec::new(),
        right: FxHashSet::default(),
        room: PatternBudget::default(),
    };
    checker.location(&rules.root, &mut problems);
    problems.append(&mut checker.warnings);
    problems
}

struct Checker<'r> {
    source: &'r Source,
    exprs: &'r Exprs,
    kind: RuleKind,
    /// Wildcards of the place and of those around it.
    scope: Vec<&'r str>,
    warnings: Vec<Diagnostic>,
    /// Expressions to look at, and whether each may be an array.
    open: Vec<(ExprId, bool)>,
    /// Right operands of the chains that are being checked.
    operands: Vec<ExprId>,
    /// Patterns that are right, and whether they ignore case. Files repeat them.
    right: FxHashSet<(&'r str, bool)>,
    /// What is left for the others.
    room: PatternBudget,
}

type Checked = Result<Static, Box<Diagnostic>>;

impl<'r> Checker<'r> {
    fn location(&mut self, location: &'r Location, problems: &mut Vec<Diagnostic>) {
        let wildcard = location.is_wildcard();
        if wildcard {
            self.scope.push(&location.key.text);
        }
        let rules = [
            (RuleKind::Read, location.read),
            (RuleKind::Write, location.write),
            (RuleKind::Validate, location.validate),
        ];
        for (kind, condition) in rules {
            self.kind = kind;
            problems.extend(condition.and_then(|condition| self.condition(condition)));
        }
        for child in &location.children {
            self.location(child, problems);
        }
        if wildcard {
            self.scope.pop();
        }
    }

    fn condition(&mut self, condition: Condition) -> Option<Diagnostic> {
        self.operands.clear();
        let refused = match self.arrays(condition.expr).and_then(|()| self.expression(condition.expr)) {
            Ok(Static::Boolean) => return None,
            Ok(found) => {
                self.misplaced(Code::NotBoolean, condition.expr, found, "Expression must evaluate to a boolean.")
            }
            Err(refused) => refused,
        };
        Some(*refused)
    }

    /// An array literal that is no argument of `hasChildren` is refused before anything else is looked at.
    fn arrays(&mut self, root: ExprId) -> Result<(), Box<Diagnostic>> {
        let exprs = self.exprs;
        // Few rules have any.
        if !exprs.tree(root).any(|expr| matches!(expr, Expr::List(_))) {
            return Ok(());
        }
        let mut first: Option<Span> = None;
        self.open.push((root, false));
        while let Some((id, allowed)) = self.open.pop() {
            let node = exprs.get(id);
            if matches!(node, Expr::List(_)) && !allowed {
                let span = exprs.span(id);
                first = Some(first.filter(|first| first.start < span.start).unwrap_or(span));
            }
            let takes_arrays = matches!(node, Expr::Method(_, name, _) if name.text == "hasChildren");
            // The first child of a method is its receiver.
            let children = node.children().enumerate();
            self.open.extend(children.map(|(at, (child, _))| (child, takes_arrays && at > 0)));
        }
        match first {
            Some(span) => {
                let mut refused = self.refuse(Code::ArrayLiteral, span, "Unexpected array literal.");
                // It may be the argument of a method of another language.
                let method = exprs.tree(root).find_map(|expr| match expr {
                    Expr::Method(_, name, arguments) if arguments.iter().any(|id| exprs.span(*id) == span) => {
                        Some(name)
                    }
                    _ => None,
                });
                let meant = method.and_then(|name| of_word(Language::Database, Role::Method, &name.text));
                refused.hint = meant.map(str::to_owned).or(refused.hint);
                Err(refused)
            }
            None => Ok(()),
        }
    }

    fn expression(&mut self, id: ExprId) -> Checked {
        let exprs = self.exprs;
        Ok(match exprs.get(id) {
            Expr::Bool(_) => Static::Boolean,
            Expr::Int(_) | Expr::Float(_) => Static::Number,
            Expr::Str(_) => Static::String,
            Expr::Regex(pattern, flags) => self.regex(pattern, flags)?,
            Expr::List(_) => Static::Array,
            Expr::Variable(name) => self.variable(name)?,
            Expr::Member(object, name) => self.member(id, *object, name)?,
            Expr::Index(object, index) => self.index(id, *object, *index)?,
            Expr::Method(receiver, name, arguments) => self.method(id, *receiver, name, arguments)?,
            Expr::Invoke(callee, _) => {
                self.expression(*callee)?;
                return Err(self.not_a_function(id, *callee));
            }
            Expr::Unary(op, operand) => self.unary(*op, *operand)?,
            Expr::Binary(op @ (BinaryOp::And | BinaryOp::Or), ..) => self.chain(id, *op)?,
            Expr::Binary(op, left, right) => self.binary(*op, *left, *right)?,
            Expr::Ternary(condition, yes, no) => {
                let found = self.expression(*condition)?;
                self.boolean(*condition, found, || "condition of ? must be boolean.".to_owned())?;
                let (yes, no) = (self.expression(*yes)?, self.expression(*no)?);
                Static::either(yes, no)
            }
            // The grammar of this language has nothing else.
            _ => Static::Null,
        })
    }

    fn variable(&self, name: &Name) -> Checked {
        Ok(match name.text.as_str() {
            "auth" => Static::Auth,
            "now" => Static::Number,
            "root" | "data" => Static::Snapshot,
            "newData" if self.kind == RuleKind::Read => {
                let message = "newData is invalid in .read expressions.";
                return Err(self.refuse(Code::NewDataInRead, name.span, message));
            }
            "newData" => Static::Snapshot,
            "query" => Static::Query,
            wildcard if self.scope.contains(&wildcard) => Static::String,
            other => {
                let mut refused = self.refuse(Code::UnknownName, name.span, format!("Unknown variable '{other}'."));
                refused.hint = Some(self.meant(other));
                return Err(refused);
            }
        })
    }

    /// What an unknown name may have been meant to be.
    fn meant(&self, name: &str) -> String {
        let variables = crate::stdlib::Dialect::Database.variables();
        let usable = |known: &&&str| self.kind != RuleKind::Read || **known != "newData";
        let mut names: Vec<&str> = variables.iter().filter(usable).copied().chain(self.scope.iter().copied()).collect();
        // A letter of another script looks right and is not.
        if let Some((at, letter)) = Lookalike::find(name)
            && let Some(written) = name.get(at..at + letter.length)
        {
            return letter.words(written);
        }
        // A wildcard is written with its sign.
        if let Some(wildcard) = self.scope.iter().find(|known| known.trim_start_matches('$').eq_ignore_ascii_case(name))
        {
            return format!("did you mean `{wildcard}`?");
        }
        let advised = advice(Language::Database, Role::Variable, name, names.iter().copied());
        let advised = advised.or_else(|| of_word(Language::Database, Role::Function, name).map(str::to_owned));
        advised.unwrap_or_else(|| {
            names.sort_unstable();
            format!("here the names are {}", names.join(", "))
        })
    }

    fn regex(&mut self, pattern: &'r Name, flags: &str) -> Checked {
        if !matches!(flags, "" | "i") {
            let span = Span::new(pattern.span.end as usize + 1, pattern.span.end as usize + 1 + flags.len());
            let message = "regular expressions do not support flags other than i";
            return Err(self.refuse(Code::InvalidRegex, span, message));
        }
        let key = (pattern.text.as_str(), flags == "i");
        if self.right.contains(&key) {
            return Ok(Static::Regex);
        }
        match Pattern::check_database(key.0, key.1, &mut self.room) {
            Ok(()) => {
                self.right.insert(key);
                Ok(Static::Regex)
            }
            Err(error) => {
                let span = self.within(pattern, error.span);
                let mut refused = self.refuse(Code::InvalidRegex, span, error.message);
                refused.hint = error.hint.or(refused.hint);
                Err(refused)
            }
        }
    }

    /// Where a part of a pattern stands. Where the file writes backslashes twice, the whole pattern is named.
    fn within(&self, pattern: &Name, part: Span) -> Span {
        if self.source.slice(pattern.span) == pattern.text {
            let start = pattern.span.start as usize;
            return Span::new(start + part.start as usize, start + part.end as usize);
        }
        pattern.span
    }

    fn unary(&mut self, op: UnaryOp, operand: ExprId) -> Checked {
        let found = self.expression(operand)?;
        match op {
            UnaryOp::Not => self.boolean(operand, found, || "! only operates on booleans.".to_owned()),
            UnaryOp::Negate if found.is_number() => Ok(Static::Number),
            UnaryOp::Negate => Err(self.misplaced(Code::OperandType, operand, found, "- only operates on numbers.")),
        }
    }

    /// `a && b && …`, however long.
    fn chain(&mut self, id: ExprId, op: BinaryOp) -> Checked {
        let before = self.operands.len();
        let mut leftmost = id;
        while let Expr::Binary(next, a, b) = self.exprs.get(leftmost)
            && *next == op
        {
            self.operands.push(*b);
            leftmost = *a;
        }
        let symbol = op.symbol();
        let found = self.expression(leftmost)?;
        self.boolean(leftmost, found, || format!("Left operand of {symbol} must be boolean."))?;
        while self.operands.len() > before
            && let Some(operand) = self.operands.pop()
        {
            let found = self.expression(operand)?;
            self.boolean(operand, found, || format!("Right operand of {symbol} must be boolean."))?;
        }
        Ok(Static::Boolean)
    }

    fn boolean(&self, operand: ExprId, found: Static, message: impl FnOnce() -> String) -> Checked {
        match found {
            Static::Boolean => Ok(Static::Boolean),
            found => Err(self.misplaced(Code::NotBoolean, operand, found, message())),
        }
    }

    fn binary(&mut self, op: BinaryOp, left: ExprId, right: ExprId) -> Checked {
        let a = self.operand(op, left, "left")?;
        let b = self.operand(op, right, "right")?;
        Ok(match op {
            BinaryOp::Eq | BinaryOp::Ne => {
                self.objects(left, right);
                Static::Boolean
            }
            BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => Static::Boolean,
            BinaryOp::Add => Static::sum(a, b),
            _ => Static::Number,
        })
    }

    fn operand(&mut self, op: BinaryOp, operand: ExprId, side: &str) -> Checked {
        let found = self.expression(operand)?;
        let symbol = op.symbol();
        let (accepted, wanted) = match op {
            // The service leaves out a word for one of four.
            BinaryOp::Eq if side == "left" => (found.is_comparable(), "is not a number, boolean, string, null."),
            BinaryOp::Eq | BinaryOp::Ne => (found.is_comparable(), "is not a number, boolean, string, or null."),
            BinaryOp::Add => (found.is_ordered(), "is not a number or string."),
            BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem => (found.is_number(), "is not a number."),
            _ => (found.is_ordered(), "must be a number or string."),
        };
        if accepted {
            return Ok(found);
        }
        let message = format!("Invalid {symbol} expression: {side} operand {wanted}");
        Err(self.misplaced(Code::OperandType, operand, found, message))
    }

    /// Warns of the user or all claims compared with anything but null: objects equal nothing.
    fn objects(&mut self, left: ExprId, right: ExprId) {
        for (object, other) in [(left, right), (right, left)] {
            let whole = match self.exprs.get(object) {
                Expr::Variable(name) => name.text == "auth",
                Expr::Member(auth, name) => {
                    name.text == "token" && matches!(self.exprs.get(*auth), Expr::Variable(name) if name.text == "auth")
                }
                _ => false,
            };
            if whole && !matches!(self.exprs.get(other), Expr::Null) {
                let span = self.exprs.span(object);
                let message = format!("`{}` is an object, which equals nothing but null.", self.source.slice(span));
                self.warnings.push(Code::ObjectComparison.problem(Some(span), message));
                return;
            }
        }
    }

    fn refuse(&self, code: Code, span: Span, message: impl Into<String>) -> Box<Diagnostic> {
        Box::new(code.problem(Some(span), message))
    }

    /// An operand of a type that its place does not take, with what would be right.
    fn misplaced(&self, code: Code, id: ExprId, found: Static, message: impl Into<String>) -> Box<Diagnostic> {
        let span = self.exprs.outer(id);
        let text = self.source.slice(span);
        let text = if text.len() > 40 || text.contains('\n') { "it" } else { text };
        let mut refused = self.refuse(code, span, message);
        refused.hint = Some(match (found, code) {
            (Static::Auth, Code::NotBoolean) if text == "auth" => {
                "nothing counts as true by being there: write `auth != null`".to_owned()
            }
            (Static::Auth, Code::NotBoolean) => {
                format!("nothing counts as true by being there: write `{text} == true`, or `{text} != null`")
            }
            (Static::Value, Code::NotBoolean) => format!("write `{text} == true`, or `{text} != null`"),
            (Static::Snapshot, _) => {
                format!("`{text}` is a place: ask for its value, `{text}.val()`, or `{text}.exists()`")
            }
            (Static::Method, _) => format!("a method is called: `{text}()`"),
            (Static::Null, Code::OperandType) => "only `==` and `!=` take null".to_owned(),
            (found, _) => format!("this is {}", found.describe()),
        });
        refused
    }
}
