//! Linear inequalities: Fourier–Motzkin elimination with the origin of each row, so that a contradiction names the rows it
//! comes from.

use std::cmp::Ordering;

use rustc_hash::FxHashMap;

use crate::{
    linear::{Linear, NumVar, Row},
    ratio::Ratio,
};

/// The number of rows beyond which the answer is unknown.
const MAX_ROWS: usize = 3_000;

/// A row, and which of the given rows it comes from.
#[derive(Clone, Debug)]
struct Derived {
    row: Row,
    origins: Vec<u32>,
}

/// What a set of rows gives.
#[derive(Clone, Debug)]
pub enum Numbers {
    /// Values that satisfy all rows.
    Values(FxHashMap<NumVar, Ratio>),
    /// These rows contradict each other.
    Conflict(Vec<u32>),
    /// Too many rows, numbers out of range, or no whole number where one is needed.
    Unknown,
}

/// Finds values. `whole` tells which variables are whole numbers; `prefer` names a value to take if it fits.
pub fn solve(rows: &[Row], whole: &impl Fn(NumVar) -> bool, prefer: &impl Fn(NumVar) -> Vec<Ratio>) -> Numbers {
    try_solve(rows, whole, prefer).unwrap_or(Numbers::Unknown)
}

fn try_solve(rows: &[Row], whole: &impl Fn(NumVar) -> bool, prefer: &impl Fn(NumVar) -> Vec<Ratio>) -> Option<Numbers> {
    let mut open = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        open.push(tighten(Derived { row: row.clone(), origins: vec![at as u32] }, whole)?);
    }
    let mut eliminated: Vec<(NumVar, Vec<Derived>)> = Vec::new();
    loop {
        if let Some(bad) = open.iter().find(|row| row.row.linear.terms.is_empty() && !holds(&row.row)) {
            return Some(Numbers::Conflict(bad.origins.clone()));
        }
        open.retain(|row| !row.row.linear.terms.is_empty());
        let Some(var) = cheapest(&open) else { break };
        let (with, mut rest): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|row| row.row.linear.coefficient(var) != Ratio::ZERO);
        let (upper, lower): (Vec<_>, Vec<_>) =
            with.iter().partition(|row| row.row.linear.coefficient(var).sign() == Ordering::Greater);
        for high in &upper {
            for low in &lower {
                rest.push(tighten(combine(high, low, var)?, whole)?);
                if rest.len() > MAX_ROWS {
                    return Some(Numbers::Unknown);
                }
            }
        }
        eliminated.push((var, with));
        open = subsumed(rest);
    }
    let mut values: FxHashMap<NumVar, Ratio> = FxHashMap::default();
    for (var, rows) in eliminated.iter().rev() {
        match choose(*var, rows, &values, whole(*var), &prefer(*var))? {
            Some(value) => {
                values.insert(*var, value);
            }
            None => return Some(Numbers::Unknown),
        }
    }
    Some(Numbers::Values(values))
}

fn holds(row: &Row) -> bool {
    match row.linear.constant.sign() {
        Ordering::Less => true,
        Ordering::Equal => !row.strict,
        Ordering::Greater => false,
    }
}

/// The variable whose elimination makes the fewest rows.
fn cheapest(rows: &[Derived]) -> Option<NumVar> {
    let mut counts: FxHashMap<NumVar, (usize, usize)> = FxHashMap::default();
    for (var, coefficient) in rows.iter().flat_map(|row| &row.row.linear.terms) {
        let (up, down) = counts.entry(*var).or_default();
        match coefficient.sign() {
            Ordering::Greater => *up += 1,
            Ordering::Less => *down += 1,
            Ordering::Equal => {}
        }
    }
    counts.into_iter().map(|(var, (up, down))| (up * down, var)).min().map(|(_, var)| var)
}

/// The sum of two rows without the variable.
fn combine(high: &Derived, low: &Derived, var: NumVar) -> Option<Derived> {
    let (up, down) = (high.row.linear.coefficient(var), low.row.linear.coefficient(var).neg());
    let linear = high.row.linear.times(down)?.plus(up, &low.row.linear)?;
    let mut origins = high.origins.clone();
    origins.extend(&low.origins);
    origins.sort_unstable();
    origins.dedup();
    Some(Derived { row: Row { linear, strict: high.row.strict || low.row.strict }, origins })
}

/// Moves the bound of a row over whole numbers to the next whole number.
fn tighten(derived: Derived, whole: &impl Fn(NumVar) -> bool) -> Option<Derived> {
    let Derived { row, origins } = derived;
    let Some((_, first)) = row.linear.terms.first().copied() else { return Some(Derived { row, origins }) };
    // Small coefficients keep numbers within range.
    let scale = Ratio::ONE.div(if first.sign() == Ordering::Less { first.neg() } else { first })?;
    let linear = row.linear.times(scale)?;
    let integral = linear.terms.iter().all(|(var, c)| c.whole().is_some() && whole(*var));
    if !integral {
        return Some(Derived { row: Row { linear, strict: row.strict }, origins });
    }
    // sum <= -constant, for whole sums: sum <= floor(-constant), or one less where it is strict and whole.
    let bound = linear.constant.neg();
    let bound = match (row.strict, bound.whole()) {
        (true, Some(n)) => n - 1,
        _ => bound.floor(),
    };
    let linear = Linear { terms: linear.terms, constant: Ratio::int(bound).neg() };
    Some(Derived { row: Row { linear, strict: false }, origins })
}

/// Rows without those that others with the same left side imply.
fn subsumed(rows: Vec<Derived>) -> Vec<Derived> {
    let mut best: FxHashMap<Vec<(NumVar, Ratio)>, Derived> = FxHashMap::default();
    let mut order = Vec::new();
    for row in rows {
        let key = row.row.linear.terms.clone();
        match best.get(&key) {
            None => {
                order.push(key.clone());
                best.insert(key, row);
            }
            Some(known) => {
                let tighter = match row.row.linear.constant.compare(known.row.linear.constant) {
                    Some(Ordering::Greater) => true,
                    Some(Ordering::Equal) => row.row.strict && !known.row.strict,
                    _ => false,
                };
                if tighter {
                    best.insert(key, row);
                }
            }
        }
    }
    order.into_iter().filter_map(|key| best.remove(&key)).collect()
}

/// A value between the bounds that rows give, of which other variables have values; `Some(None)` where no whole number is.
fn choose(
    var: NumVar,
    rows: &[Derived],
    values: &FxHashMap<NumVar, Ratio>,
    whole: bool,
    prefer: &[Ratio],
) -> Option<Option<Ratio>> {
    let mut low: Option<(Ratio, bool)> = None;
    let mut high: Option<(Ratio, bool)> = None;
    for derived in rows {
        let c = derived.row.linear.coefficient(var);
        let of = |other: NumVar| {
            Some(if other == var { Ratio::ZERO } else { values.get(&other).copied().unwrap_or(Ratio::ZERO) })
        };
        let rest = derived.row.linear.value(&of)?;
        let bound = rest.neg().div(c)?;
        let strict = derived.row.strict;
        let side = if c.sign() == Ordering::Greater { &mut high } else { &mut low };
        let tighter = match side {
            None => true,
            Some((known, known_strict)) => match bound.compare(*known)? {
                Ordering::Equal => strict && !*known_strict,
                order => (order == Ordering::Less) == (c.sign() == Ordering::Greater),
            },
        };
        if tighter {
            *side = Some((bound, strict));
        }
    }
    let fits = |value: Ratio| -> Option<bool> {
        let above = match low {
            Some((bound, strict)) => match value.compare(bound)? {
                Ordering::Greater => true,
                Ordering::Equal => !strict,
                Ordering::Less => false,
            },
            None => true,
        };
        let below = match high {
            Some((bound, strict)) => match value.compare(bound)? {
                Ordering::Less => true,
                Ordering::Equal => !strict,
                Ordering::Greater => false,
            },
            None => true,
        };
        Some(above && below && (!whole || value.whole().is_some()))
    };
    let mut candidates = prefer.to_vec();
    candidates.extend([Ratio::ZERO, Ratio::ONE]);
    if let Some((bound, _)) = low {
        let next = bound.floor().checked_add(1)?;
        candidates.extend([bound, Ratio::int(bound.ceil()), Ratio::int(next)]);
    }
    if let Some((bound, _)) = high {
        let next = bound.ceil().checked_sub(1)?;
        candidates.extend([bound, Ratio::int(bound.floor()), Ratio::int(next)]);
    }
    if let (Some((low, _)), Some((high, _))) = (low, high) {
        candidates.push(low.add(high)?.div(Ratio::int(2))?);
    }
    for candidate in candidates {
        if fits(candidate)? {
            return Some(Some(candidate));
        }
    }
    Some(None)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use super::{Numbers, solve};
    use crate::{
        linear::{Linear, NumVar, Row},
        place::PlaceId,
        ratio::Ratio,
    };

    fn row(terms: &[(u32, i128)], constant: i128, strict: bool) -> Row {
        let mut linear = Linear::constant(Ratio::int(constant));
        for (var, c) in terms {
            linear = linear.plus(Ratio::int(*c), &Linear::var(NumVar::Value(PlaceId(*var)))).unwrap();
        }
        Row { linear, strict }
    }

    #[test]
    fn values_satisfy_and_conflicts_are_unsatisfiable() {
        let mut state = 99_u64;
        let mut next = |n: i128| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            i128::from(state % 1000) % n
        };
        let (mut yes, mut no) = (0, 0);
        for _ in 0..400 {
            let rows: Vec<Row> = (0..4 + next(6))
                .map(|_| {
                    let terms: Vec<_> =
                        (0..1 + next(2)).map(|_| (next(3) as u32, next(5) - 2)).filter(|(_, c)| *c != 0).collect();
                    row(&terms, next(9) - 4, next(2) == 0)
                })
                .collect();
            let fits = |values: &dyn Fn(NumVar) -> Option<Ratio>, row: &Row| {
                let sign = row.linear.value(&|v| values(v)).unwrap().sign();
                sign.is_lt() || sign.is_eq() && !row.strict
            };
            match solve(&rows, &|_| true, &|_| Vec::new()) {
                Numbers::Values(values) => {
                    yes += 1;
                    let of = |var| Some(values.get(&var).copied().unwrap_or(Ratio::ZERO));
                    assert!(rows.iter().all(|row| fits(&of, row)));
                }
                Numbers::Conflict(core) => {
                    no += 1;
                    for x in -8..=8 {
                        for y in -8..=8 {
                            for z in -8..=8 {
                                let of = |var: NumVar| {
                                    Some(Ratio::int([x, y, z].into_iter().nth(var.place().0 as usize).unwrap()))
                                };
                                assert!(!core.iter().all(|at| fits(&of, rows.get(*at as usize).unwrap())));
                            }
                        }
                    }
                }
                Numbers::Unknown => {}
            }
        }
        assert!(yes > 50 && no > 50, "{yes} {no}");
    }
}
