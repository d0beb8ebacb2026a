//! Checks regular expressions in the source.

use rustc_hash::FxHashSet;

use super::{codes::Code, problems::Problems, token_index::TokenIndex};
use crate::{
    pattern::{Pattern, PatternBudget},
    syntax::ast::{Expr, ExprId, Exprs},
    text::{Source, Span},
};

/// Checks literal arguments of `matches` and `split`, as the official compiler does wherever they occur. It leaves
/// those of `replace` and computed patterns to the evaluation (language specification, section 4.2). The total size of
/// all patterns has a limit of ours.
pub(super) fn check(source: &Source, exprs: &Exprs, problems: &mut Problems) {
    let mut token_index = None;
    // Files repeat patterns.
    let mut right = FxHashSet::default();
    let mut budget = PatternBudget::default();
    for id in (0..exprs.len()).filter_map(|i| u32::try_from(i).ok()).map(ExprId) {
        let Expr::Method(_, name, arguments) = exprs.get(id) else { continue };
        let (argument, is_checked) = match (name.text.as_str(), arguments.as_slice()) {
            ("matches" | "split", [argument]) => (argument, true),
            ("replace", [argument, _]) => (argument, false),
            _ => continue,
        };
        let Expr::Str(pattern) = exprs.get(*argument) else { continue };
        if right.contains(&(pattern, is_checked)) {
            continue;
        }
        let checked = match is_checked {
            true => Pattern::check(pattern.as_str(), &mut budget),
            false => Pattern::check_budget(pattern.as_str(), &mut budget),
        };
        let Err(error) = checked else {
            right.insert((pattern, is_checked));
            continue;
        };
        let span = exprs.span(*argument);
        let token_index = token_index.get_or_insert_with(|| TokenIndex::new(source.text()));
        problems.add(
            Code::InvalidPattern,
            Span { start: token_index.start(span, false), end: span.end },
            error.to_string(),
        );
    }
}
