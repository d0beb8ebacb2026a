//! Regular expressions that stand in the source.

use rustc_hash::FxHashSet;

use super::{codes::Code, places::Places, problems::Problems};
use crate::{
    pattern::{Pattern, Room},
    syntax::ast::{Expr, ExprId, Exprs},
    text::{Source, Span},
};

/// Checks literal arguments of `matches` and `split`, as the official compiler does wherever they stand; those of
/// `replace`, and patterns that are computed, it leaves to the evaluation (language specification, section 4.2). All of them
/// together may take so much, a limit of ours.
pub(super) fn check(source: &Source, exprs: &Exprs, problems: &mut Problems) {
    let mut places = None;
    // Files repeat them.
    let mut right = FxHashSet::default();
    let mut room = Room::default();
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
            true => Pattern::check(pattern.as_str(), &mut room),
            false => Pattern::check_room(pattern.as_str(), &mut room),
        };
        let Err(error) = checked else {
            right.insert((pattern, is_checked));
            continue;
        };
        let span = exprs.span(*argument);
        let places = places.get_or_insert_with(|| Places::new(source.text()));
        problems.add(Code::InvalidPattern, Span { start: places.start(span, false), end: span.end }, error.to_string());
    }
}
