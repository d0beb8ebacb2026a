//! Lints of database rules.

use crate::{
    syntax::ast::{BinaryOp, Condition, DatabaseRules, Expr, ExprId, Exprs, Location},
    text::{Source, Span},
    value::Timestamp,
};

use super::{Code, findings::Findings, openness};

/// What the rules of a place and those above it say of reading or of writing.
#[derive(Clone, Copy)]
struct Granted<'a> {
    /// The nearest rule above that may grant, and whether it always does.
    by: Option<(&'a Location, bool)>,
}

pub(super) fn check(source: &Source, rules: &DatabaseRules, now: Timestamp, found: &mut Findings) {
    let mut walk = Walk { source, exprs: &rules.exprs, now, wildcards: Vec::new(), found };
    let nothing = Granted { by: None };
    walk.location(&rules.root, nothing, nothing, true);
}

struct Walk<'w> {
    source: &'w Source,
    exprs: &'w Exprs,
    now: Timestamp,
    wildcards: Vec<&'w str>,
    found: &'w mut Findings,
}

impl<'w> Walk<'w> {
    /// Places nest as deeply as the parser allows.
    fn location(&mut self, place: &'w Location, read: Granted<'w>, write: Granted<'w>, is_root: bool) {
        if place.is_wildcard() {
            self.wildcards.push(&place.key.text);
        }
        let reads = self.rule(place, place.read, read, ".read");
        let writes = self.rule(place, place.write, write, ".write");
        if let Some(condition) = place.read {
            self.read(condition, is_root);
        }
        if let Some(condition) = place.write {
            self.write(condition, is_root);
        }
        if let Some(condition) = place.validate {
            self.validate(condition);
        }
        for condition in [place.read, place.write, place.validate].into_iter().flatten() {
            self.wildcards_in(condition.expr);
        }
        for child in &place.children {
            self.location(child, reads, writes, false);
        }
        if place.is_wildcard() {
            self.wildcards.pop();
        }
    }

    fn constant(&self, condition: Condition) -> Option<bool> {
        match self.exprs.get(condition.expr) {
            Expr::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// A rule below one that grants the same, and what holds below both.
    fn rule(
        &mut self,
        place: &'w Location,
        condition: Option<Condition>,
        above: Granted<'w>,
        kind: &str,
    ) -> Granted<'w> {
        let Some(condition) = condition else { return above };
        let value = self.constant(condition);
        if let Some((by, always)) = above.by
            && (always || value == Some(false))
        {
            let at = self.source.position(by.key.span.start).line;
            let named = if by.key.text.is_empty() { "the root".to_owned() } else { format!("`{}`", by.key.text) };
            let message = match always {
                true => format!("`{kind}` of {named} in line {at} grants this already: this rule has no effect"),
                false => format!(
                    "this takes nothing away: where `{kind}` of {named} in line {at} holds, it grants all below"
                ),
            };
            self.found.add(Code::CascadingRule, condition.span, message);
        }
        match (value, above.by) {
            (Some(false), _) | (_, Some((_, true))) => above,
            (value, _) => Granted { by: Some((place, value == Some(true))) },
        }
    }

    fn read(&mut self, condition: Condition, is_root: bool) {
        if self.constant(condition) == Some(true) && is_root {
            self.found.add(Code::OpenReadAll, condition.span, "everybody may read the whole database");
        }
        self.dated(condition, "read");
    }

    fn write(&mut self, condition: Condition, is_root: bool) {
        if self.constant(condition) == Some(true) {
            let what = if is_root { "the whole database" } else { "here" };
            self.found.add(Code::OpenWrite, condition.span, format!("everybody may write {what}"));
        }
        if is_root && self.is_signed_in(condition.expr) {
            let message = "whoever is signed in may write the whole database";
            let hint = "grant further down, by user: `\"users\": { \"$uid\": { \".write\": \"auth.uid === $uid\" } }`";
            self.found.hint(Code::SignedInWrite, condition.span, message, hint);
        }
        self.dated(condition, "write");
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

    /// `now < 1700000000000`, alone or with more.
    fn dated(&mut self, condition: Condition, what: &str) {
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
            openness::dated(self.found, self.now, until, parts.len() == 1, span, what);
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

    /// A `.validate` is evaluated only where there is new data.
    fn validate(&mut self, condition: Condition) {
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
            let message = "this holds whenever it is evaluated: a `.validate` is not asked about a deletion";
            self.found.add(Code::IdleValidate, condition.span, message);
        }
    }

    /// Strings that are called as a wildcard is.
    fn wildcards_in(&mut self, root: ExprId) {
        for id in self.exprs.ids(root) {
            let Expr::Str(text) = self.exprs.get(id) else { continue };
            let Some(text) = text.as_str().as_utf8().filter(|text| text.starts_with('$')) else { continue };
            if self.wildcards.contains(&text) {
                let span: Span = self.exprs.span(id);
                let message = format!("`'{text}'` is a text: it is not what the wildcard stands for");
                self.found.hint(Code::QuotedWildcard, span, message, format!("write `{text}` without quotes"));
            } else if self.names_child(root, id) {
                let message = format!("no key has a `$`, so there is no child `{text}`");
                self.found.add(Code::QuotedWildcard, self.exprs.span(id), message);
            }
        }
    }

    /// Whether a text is the name of a child.
    fn names_child(&self, root: ExprId, text: ExprId) -> bool {
        self.exprs.ids(root).any(|id| match self.exprs.get(id) {
            Expr::Method(_, name, arguments) => {
                matches!(name.text.as_str(), "child" | "hasChild") && arguments.contains(&text)
            }
            _ => false,
        })
    }
}
