//! Regular expressions that stand in the source.

use rustc_hash::FxHashSet;

use super::{codes::Code, places::Places, problems::Problems};
use crate::{
    pattern::Pattern,
    syntax::ast::{Expr, ExprId, Exprs},
    text::{Source, Span},
};

/// Checks literal arguments of `matches` and `split`, as the official compiler does wherever they stand; those of
/// `replace`, and patterns that are computed, it leaves to the evaluation (specification, section 4.2).
pub(super) fn check(source: &Source, exprs: &Exprs, problems: &mut Problems) {
    let mut places = None;
    // Files repeat them.
    let mut right = FxHashSet::default();
    for id in (0..exprs.len()).filter_map(|i| u32::try_from(i).ok()).map(ExprId) {
        let Expr::Method(_, name, arguments) = exprs.get(id) else { continue };
        let ("matches" | "split", [argument]) = (name.text.as_str(), arguments.as_slice()) else { continue };
        let Expr::Str(pattern) = exprs.get(*argument) else { continue };
        if right.contains(pattern) {
            continue;
        }
        let Err(error) = Pattern::check(pattern.as_str()) else {
            right.insert(pattern);
            continue;
        };
        let span = exprs.span(*argument);
        let places = places.get_or_insert_with(|| Places::new(source.text()));
        problems.add(Code::InvalidPattern, Span { start: places.start(span, false), end: span.end }, error.to_string());
    }
}
