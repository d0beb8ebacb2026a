//! Lints of database rules.

use crate::{
    syntax::ast::{BinaryOp, Condition, DatabaseRules, Expr, ExprId, Exprs, Location},
    text::{Source, Span},
    value::Timestamp,
};

use super::{Code, findings::Findings, openness};

/// The grant of `.read` or `.write` that cascades to a location.
#[derive(Clone, Copy)]
struct Grant<'a> {
    /// The nearest location above with a rule that may grant, and whether the rule is always true.
    by: Option<(&'a Location, bool)>,
}

pub(super) fn check(source: &Source, rules: &DatabaseRules, now: Timestamp, found: &mut Findings) {
    let mut walk = Walk { source, exprs: &rules.exprs, now, wildcards: Vec::new(), found };
    let nothing = Grant { by: None };
    walk.check_location(&rules.root, nothing, nothing, true);
}

struct Walk<'w> {
    source: &'w Source,
    exprs: &'w Exprs,
    now: Timestamp,
    wildcards: Vec<&'w str>,
    found: &'w mut Findings,
}

impl<'w> Walk<'w> {
    /// Checks a location and those below it. The parser limits the depth.
    fn check_location(&mut self, location: &'w Location, read: Grant<'w>, write: Grant<'w>, is_root: bool) {
        if location.is_wildcard() {
            self.wildcards.push(&location.key.text);
        }
        let reads = self.check_cascade(location, location.read, read, ".read");
        let writes = self.check_cascade(location, location.write, write, ".write");
        if let Some(condition) = location.read {
            self.check_read(condition, is_root);
        }
        if let Some(condition) = location.write {
            self.check_write(condition, is_root);
        }
        if let Some(condition) = location.validate {
            self.check_validate(condition);
        }
        for condition in [location.read, location.write, location.validate].into_iter().flatten() {
            self.check_wildcards(condition.expr);
        }
        for child in &location.children {
            self.check_location(child, reads, writes, false);
        }
        if location.is_wildcard() {
            self.wildcards.pop();
        }
    }

    fn constant(&self, condition: Condition) -> Option<bool> {
        match self.exprs.get(condition.expr) {
            Expr::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Reports a rule that has no effect below another one; returns the grant for the locations below both.
    fn check_cascade(
        &mut self,
        location: &'w Location,
        condition: Option<Condition>,
        above: Grant<'w>,
        kind: &str,
    ) -> Grant<'w> {
        let Some(condition) = condition else { return above };
        let value = self.constant(condition);
        if let Some((by, always)) = above.by
            && (always || value == Some(false))
        {
            let at = self.source.position(by.key.span.start).line;
            let named = if by.key.text.is_empty() { "the root".to_owned() } else { format!("`{}`", by.key.text) };
            let message = match always {
                true => format!("this rule has no effect: `{kind}` of {named} in line {at} grants the same"),
                false => {
                    format!("this rule restricts nothing: `{kind}` of {named} in line {at} grants everything below it")
                }
            };
            self.found.add(Code::CascadingRule, condition.span, message);
        }
        match (value, above.by) {
            (Some(false), _) | (_, Some((_, true))) => above,
            (value, _) => Grant { by: Some((location, value == Some(true))) },
        }
    }

    fn check_read(&mut self, condition: Condition, is_root: bool) {
        if self.constant(condition) == Some(true) && is_root {
            self.found.add(Code::OpenReadAll, condition.span, "everybody may read the whole database");
        }
        self.check_deadlines(condition, "read");
    }

    fn check_write(&mut self, condition: Condition, is_root: bool) {
        if self.constant(condition) == Some(true) {
            let what = if is_root { "the whole database" } else { "here" };
            self.found.add(Code::OpenWrite, condition.span, format!("everybody may write {what}"));
        }
        if is_root && self.is_signed_in(condition.expr) {
            let message = "any signed-in user may write the whole database";
            let hint =
                "grant by user at a lower location: `\"users\": { \"$uid\": { \".write\": \"auth.uid === $uid\" } }`";
            self.found.add_with_hint(Code::SignedInWrite, condition.span, message, hint);
        }
        self.check_deadlines(condition, "write");
    }

    fn is_signed_in(&self, id: ExprId) -> bool {
        let Expr::Binary(BinaryOp::Ne, a, b) = self.exprs.get(id) else { return false };
        let user = |id: ExprId| match self.exprs.get(id) {
            Expr::Variable(name) => name.text == "auth",
            Expr::Member(object, name) => {
                name.text == "uid" && matches!(self.exprs.get(*object), Expr::Variable(name) if name.text == "auth")
            }
            _ => false,
        };
        user(*a) && matches!(self.exprs.get(*b), Expr::Null) || matches!(self.exprs.get(*a), Expr::Null) && user(*b)
    }

    /// Reports conjuncts such as `now < 1700000000000`.
    fn check_deadlines(&mut self, condition: Condition, what: &str) {
        let parts = self.conjuncts(condition.expr);
        for part in &parts {
            let (time, date) = match self.exprs.get(*part) {
                Expr::Binary(BinaryOp::Lt | BinaryOp::Le, time, date) => (*time, *date),
                Expr::Binary(BinaryOp::Gt | BinaryOp::Ge, date, time) => (*time, *date),
                _ => continue,
            };
            if !matches!(self.exprs.get(time), Expr::Variable(name) if name.text == "now") {
                continue;
            }
            let millis = match self.exprs.get(date) {
                Expr::Int(millis) => *millis,
                Expr::Float(millis) => *millis as i64,
                _ => continue,
            };
            let Some(until) = self.moment(millis) else { continue };
            let span = if parts.len() == 1 { condition.span } else { self.exprs.span(*part) };
            openness::report_deadline(self.found, self.now, until, parts.len() == 1, span, what);
        }
    }

    fn moment(&self, millis: i64) -> Option<Timestamp> {
        Timestamp::from_millis(millis).ok()
    }

    fn conjuncts(&self, root: ExprId) -> Vec<ExprId> {
        let (mut open, mut parts) = (vec![root], Vec::new());
        while let Some(id) = open.pop() {
            match self.exprs.get(id) {
                Expr::Binary(BinaryOp::And, a, b) => open.extend([*b, *a]),
                _ => parts.push(id),
            }
        }
        parts
    }

    /// Reports a `.validate` that is always true, because it is evaluated only if there is new data.
    fn check_validate(&mut self, condition: Condition) {
        let is_new = |id: ExprId| matches!(self.exprs.get(id), Expr::Variable(name) if name.text == "newData");
        let idle = match self.exprs.get(condition.expr) {
            Expr::Method(receiver, name, _) => name.text == "exists" && is_new(*receiver),
            Expr::Binary(BinaryOp::Ne, value, null) => {
                let read =
                    matches!(self.exprs.get(*value), Expr::Method(of, name, _) if name.text == "val" && is_new(*of));
                read && matches!(self.exprs.get(*null), Expr::Null)
            }
            _ => false,
        };
        if idle {
            let message = "this is always true: a `.validate` is not evaluated for a deletion";
            self.found.add(Code::IdleValidate, condition.span, message);
        }
    }

    /// Reports strings with the name of a wildcard.
    fn check_wildcards(&mut self, root: ExprId) {
        for id in self.exprs.ids(root) {
            let Expr::Str(text) = self.exprs.get(id) else { continue };
            let Some(text) = text.as_str().as_utf8().filter(|text| text.starts_with('$')) else { continue };
            if self.wildcards.contains(&text) {
                let span: Span = self.exprs.span(id);
                let message = format!("`'{text}'` is a string, not the value of the wildcard");
                self.found.add_with_hint(Code::QuotedWildcard, span, message, format!("write `{text}` without quotes"));
            } else if self.names_child(root, id) {
                let message = format!("there is no child `{text}`: no key contains a `$`");
                self.found.add(Code::QuotedWildcard, self.exprs.span(id), message);
            }
        }
    }

    /// Whether a string is the argument of `child` or `hasChild`.
    fn names_child(&self, root: ExprId, text: ExprId) -> bool {
        self.exprs.ids(root).any(|id| match self.exprs.get(id) {
            Expr::Method(_, name, arguments) => {
                matches!(name.text.as_str(), "child" | "hasChild") && arguments.contains(&text)
            }
            _ => false,
        })
    }
}
