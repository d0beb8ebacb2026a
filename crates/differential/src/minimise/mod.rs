//! Makes what differs small: parts of a text or of a case are taken away as long as the difference stays.

pub mod cases;
pub mod edits;
pub mod tokens;

use anyhow::Result;

/// A smaller list of parts for which the test holds still: halves, quarters, and so on down to single parts are left
/// out (delta debugging), at most `budget` tests.
///
/// # Errors
///
/// The test's own.
pub fn parts<T: Clone>(
    mut kept: Vec<T>,
    budget: &mut usize,
    mut holds: impl FnMut(&[T]) -> Result<bool>,
) -> Result<Vec<T>> {
    let mut size = kept.len().div_ceil(2).max(1);
    loop {
        let (mut at, mut removed) = (0, false);
        while at < kept.len() && *budget > 0 {
            let until = (at + size).min(kept.len());
            let without: Vec<T> = kept.iter().take(at).chain(kept.iter().skip(until)).cloned().collect();
            *budget -= 1;
            if holds(&without)? {
                kept = without;
                removed = true;
            } else {
                at = until;
            }
        }
        if *budget == 0 || (size == 1 && !removed) {
            return Ok(kept);
        }
        size = if removed { size.min(kept.len().max(1)) } else { size.div_ceil(2) };
    }
}

/// Takes the first of the smaller forms for which the test holds, and goes on with its smaller forms; at most `budget`
/// tests.
///
/// # Errors
///
/// The test's own.
pub fn steps<T>(
    mut kept: T,
    budget: &mut usize,
    smaller: impl Fn(&T) -> Vec<T>,
    mut holds: impl FnMut(&T) -> Result<bool>,
) -> Result<T> {
    'again: loop {
        for form in smaller(&kept) {
            if *budget == 0 {
                return Ok(kept);
            }
            *budget -= 1;
            if holds(&form)? {
                kept = form;
                continue 'again;
            }
        }
        return Ok(kept);
    }
}

/// A text without lines, tokens and then characters that the difference does not need.
///
/// # Errors
///
/// The test's own.
pub fn text(text: &str, budget: &mut usize, mut holds: impl FnMut(&str) -> Result<bool>) -> Result<String> {
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
        let mut budget = 2000;
        let small = text(&long, &mut budget, |text| Ok(text.contains('+') && text.contains("/b")))?;
        assert_eq!(small, "/b+");
        Ok(())
    }

    #[test]
    fn the_budget_ends_it() -> Result<()> {
        let (mut budget, mut asked) = (5, 0);
        let kept = parts((0..100).collect(), &mut budget, |_| {
            asked += 1;
            Ok(false)
        })?;
        assert_eq!((kept.len(), asked, budget), (100, 5, 0));
        Ok(())
    }
}
