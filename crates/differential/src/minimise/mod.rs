//! Makes what differs small: parts of a text or of a case are taken away as long as the difference stays.

pub mod cases;
pub mod edits;
pub mod tokens;

use std::cell::Cell;

use anyhow::Result;

/// How many questions one difference may still cost.
#[derive(Debug)]
pub struct Budget(Cell<usize>);

impl Budget {
    /// So many questions.
    pub fn new(questions: usize) -> Self {
        Budget(Cell::new(questions))
    }

    /// Takes one; false where none is left.
    pub fn take(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left > 0
    }

    fn spent(&self) -> bool {
        self.0.get() == 0
    }
}

/// A smaller list of parts for which the test holds still: halves, quarters, and so on down to single parts are left
/// out (delta debugging), until the budget that the test takes from is spent.
///
/// # Errors
///
/// The test's own.
pub fn parts<T: Clone>(
    mut kept: Vec<T>,
    budget: &Budget,
    mut holds: impl FnMut(&[T]) -> Result<bool>,
) -> Result<Vec<T>> {
    let mut size = kept.len().div_ceil(2).max(1);
    loop {
        let (mut at, mut removed) = (0, false);
        while at < kept.len() && !budget.spent() {
            let until = (at + size).min(kept.len());
            let without: Vec<T> = kept.iter().take(at).chain(kept.iter().skip(until)).cloned().collect();
            if holds(&without)? {
                kept = without;
                removed = true;
            } else {
                at = until;
            }
        }
        if budget.spent() || (size == 1 && !removed) {
            return Ok(kept);
        }
        size = if removed { size.min(kept.len().max(1)) } else { size.div_ceil(2) };
    }
}

/// Goes through the smaller forms and takes each for which the test holds, until none is left or the budget is spent.
/// `first` gets some forms at once and says which is the first that will do: asking of several at once may be cheaper.
///
/// # Errors
///
/// The test's own.
pub fn steps<T>(
    mut kept: T,
    budget: &Budget,
    at_once: usize,
    smaller: impl Fn(&T) -> Vec<T>,
    mut first: impl FnMut(&[T]) -> Result<Option<usize>>,
) -> Result<T> {
    loop {
        let (mut at, mut taken) = (0, false);
        let mut forms = smaller(&kept);
        while at < forms.len() && !budget.spent() {
            let some = forms.get(at..(at + at_once).min(forms.len())).unwrap_or_default();
            match first(some)? {
                Some(good) => {
                    kept = forms.swap_remove(at + good);
                    // What could not be left out before it is not tried again in this round.
                    at += good;
                    taken = true;
                    forms = smaller(&kept);
                }
                None => at += at_once,
            }
        }
        if !taken || budget.spent() {
            return Ok(kept);
        }
    }
}

/// [`steps`] with a test of one form.
///
/// # Errors
///
/// The test's own.
pub fn single_steps<T>(
    kept: T,
    budget: &Budget,
    smaller: impl Fn(&T) -> Vec<T>,
    mut holds: impl FnMut(&T) -> Result<bool>,
) -> Result<T> {
    steps(kept, budget, 1, smaller, |forms| {
        let Some(form) = forms.first() else { return Ok(None) };
        Ok(holds(form)?.then_some(0))
    })
}

/// A text without lines, tokens and then characters that the difference does not need.
///
/// # Errors
///
/// The test's own.
pub fn text(text: &str, budget: &Budget, mut holds: impl FnMut(&str) -> Result<bool>) -> Result<String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let lines = parts(lines, budget, |parts| holds(&parts.concat()))?.concat();
    let words = parts(tokens::split(&lines), budget, |parts| holds(&parts.concat()))?.concat();
    let characters: Vec<char> = words.chars().collect();
    let characters = parts(characters, budget, |parts| holds(&parts.iter().collect::<String>()))?;
    Ok(characters.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_difference_needs_is_left() -> Result<()> {
        let long = "service a {\n  match /b { allow get: if x + y == 2; }\n  match /c { allow read; }\n}\n".repeat(8);
        let budget = Budget::new(2000);
        let small = text(&long, &budget, |text| Ok(budget.take() && text.contains('+') && text.contains("/b")))?;
        assert_eq!(small, "/b+");
        Ok(())
    }

    #[test]
    fn the_budget_ends_it() -> Result<()> {
        let (budget, mut asked) = (Budget::new(5), 0);
        let kept = parts((0..100).collect(), &budget, |_| {
            asked += usize::from(budget.take());
            Ok(false)
        })?;
        assert_eq!((kept.len(), asked, budget.take()), (100, 5, false));
        Ok(())
    }
}
