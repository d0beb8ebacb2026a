//! Smaller forms of expressions and rules, found in their syntax tree: a part in the place of the whole, an element less.

use std::ops::Range;

use crate::ours::extent;
use firewarden::{
    internals::syntax::{
        self,
        ast::{Expr, ExprId, Exprs, Function, Item, Match, PathPart},
    },
    text::{Source, Span},
};

/// What an expression can be replaced by.
const ATOMS: [&str; 6] = ["1", "''", "[]", "null", "true", "0.5"];

/// Texts longer than this are halved before single characters are taken out of them.
const SHORT: usize = 12;

/// Collects smaller forms of a text.
struct Edits<'t> {
    text: &'t str,
    found: Vec<(Range<usize>, String)>,
}

/// The smaller forms of an expression, the smallest first; none of what is no expression.
pub fn expression(text: &str) -> Vec<String> {
    let Ok((exprs, root)) = syntax::parse_expression(&Source::new("expression", text)) else { return Vec::new() };
    let mut edits = Edits { text, found: Vec::new() };
    edits.expression(&exprs, root);
    edits.texts()
}

/// The smaller forms of a ruleset, the smallest first; none of what is no ruleset.
pub fn ruleset(text: &str) -> Vec<String> {
    let Ok(ruleset) = syntax::parse_service(&Source::new("rules", text)) else { return Vec::new() };
    let mut edits = Edits { text, found: Vec::new() };
    for item in &ruleset.items {
        match item {
            Item::Function(function) => edits.function(&ruleset.exprs, function),
            Item::Service(service) => {
                service.functions.iter().for_each(|function| edits.function(&ruleset.exprs, function));
                service.matches.iter().for_each(|block| edits.block(&ruleset.exprs, block));
            }
        }
    }
    edits.texts()
}

impl Edits<'_> {
    fn texts(self) -> Vec<String> {
        let apply = |(range, by): &(Range<usize>, String)| {
            let (before, after) = (self.text.get(..range.start)?, self.text.get(range.end..)?);
            Some(format!("{before}{by}{after}"))
        };
        let mut texts: Vec<_> =
            self.found.iter().filter_map(apply).filter(|text| text.len() < self.text.len()).collect();
        texts.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
        texts.dedup();
        texts
    }

    fn of(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    fn replace(&mut self, span: Span, by: impl Into<String>) {
        self.found.push((span.range(), by.into()));
    }

    /// Each element less, with the sign that parts it from its neighbour.
    fn elements(&mut self, spans: &[Span]) {
        for (at, span) in spans.iter().enumerate() {
            let range = match (spans.get(at + 1), at.checked_sub(1).and_then(|before| spans.get(before))) {
                (Some(next), _) => span.range().start..next.range().start,
                (None, Some(before)) => before.range().end..span.range().end,
                (None, None) => span.range(),
            };
            self.found.push((range, String::new()));
        }
    }

    fn expression(&mut self, exprs: &Exprs, id: ExprId) {
        let (outer, span) = (extent(exprs, id), exprs.span(id));
        if exprs.outer(id) != span {
            let inner = self.of(span).to_owned();
            self.replace(outer, inner);
        }
        for atom in ATOMS {
            self.replace(outer, atom);
        }
        let expr = exprs.get(id);
        for (child, _) in expr.children() {
            let text = self.of(extent(exprs, child)).to_owned();
            self.replace(outer, text);
            let held = format!("({})", self.of(extent(exprs, child)));
            self.replace(outer, held);
        }
        let outers = |list: &[ExprId]| list.iter().map(|id| extent(exprs, *id)).collect::<Vec<_>>();
        match expr {
            Expr::List(items) | Expr::Call(_, items) | Expr::PackageCall(_, _, items) | Expr::Method(_, _, items) => {
                self.elements(&outers(items));
            }
            Expr::Map(entries) => {
                let spans: Vec<_> = entries.iter().map(|(k, v)| extent(exprs, *k).to(extent(exprs, *v))).collect();
                self.elements(&spans);
            }
            Expr::Path(parts) => {
                for part in parts {
                    if let PathPart::Literal(_, span) = part {
                        self.replace(*span, "");
                        let slash = Span::new(span.range().start.saturating_sub(1), span.range().end);
                        self.replace(slash, "");
                    }
                }
            }
            Expr::Str(_) | Expr::Bytes(_) | Expr::Regex(..) => self.string(span),
            Expr::Int(_) | Expr::Float(_) => ["0", "2", "0.0", "1.5"].iter().for_each(|n| self.replace(span, *n)),
            _ => {}
        }
        for (child, _) in expr.children() {
            self.expression(exprs, child);
        }
    }

    fn string(&mut self, span: Span) {
        let text = self.of(span).to_owned();
        let Some(open) = text.find(['\'', '"']) else { return };
        let (start, end) = (span.range().start + open + 1, span.range().end.saturating_sub(1));
        let Some(inside) = self.text.get(start..end) else { return };
        let middle = inside.char_indices().nth(inside.chars().count() / 2).map_or(start, |(at, _)| start + at);
        if inside.len() > SHORT {
            self.found.push((start..middle, String::new()));
            self.found.push((middle..end, String::new()));
        } else {
            let characters: Vec<_> =
                inside.char_indices().map(|(at, c)| start + at..start + at + c.len_utf8()).collect();
            self.found.extend(characters.into_iter().map(|range| (range, String::new())));
        }
    }

    fn function(&mut self, exprs: &Exprs, function: &Function) {
        self.replace(function.span, "");
        for variable in &function.lets {
            self.replace(variable.span, "");
            self.expression(exprs, variable.value);
        }
        let names: Vec<_> = function.parameters.iter().map(|name| name.span).collect();
        self.elements(&names);
        self.expression(exprs, function.result);
    }

    fn block(&mut self, exprs: &Exprs, block: &Match) {
        self.replace(block.span, "");
        for inner in &block.matches {
            let text = self.of(inner.span).to_owned();
            self.replace(block.span, text);
            self.block(exprs, inner);
        }
        for function in &block.functions {
            self.function(exprs, function);
        }
        for allow in &block.allows {
            self.replace(allow.span, "");
            let methods: Vec<_> = allow.methods.iter().map(|name| name.span).collect();
            if methods.len() > 1 {
                self.elements(&methods);
            }
            if let Some(condition) = allow.condition {
                self.expression(exprs, condition);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Result;

    use super::*;
    use crate::minimise::{Budget, single_steps};

    #[test]
    fn an_expression_shrinks_to_what_is_needed() -> Result<()> {
        let long = "[1, ('abcdef'.size() + 2) > 3 ? {'a': [b.matches('x+'), 4]} : null].hasAny([true])";
        let small = single_steps(
            long.to_owned(),
            &Budget::new(500),
            |text| expression(text),
            |text| Ok(text.contains("matches")),
        )?;
        assert!(small.ends_with(".matches()") && small.len() < 13, "{small}");
        Ok(())
    }

    #[test]
    fn a_ruleset_shrinks_to_a_statement() -> Result<()> {
        let long = "rules_version = '2';\nservice cloud.firestore {\nfunction f(a) { let b = a; return b == 1; }\nmatch /a/{b} {\nallow read, write: if f(2) && b == 'x';\nmatch /c { allow get; }\n}\nmatch /d/e { allow list: if 1 in [1, 2]; }\n}\n";
        let holds = |text: &String| Ok(!crate::ours::is_syntax(text) && text.contains(" in "));
        let small = single_steps(long.to_owned(), &Budget::new(500), |text| ruleset(text), holds)?;
        assert!(small.contains("if 1 in 1;") && !small.contains("function") && !small.contains("{b}"), "{small}");
        Ok(())
    }
}
