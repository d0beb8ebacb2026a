//! Sources: accepted or refused, and what is said of them.

use anyhow::Result;

use super::{Kind, Setting};
use crate::{
    emulator::{Client, Compiled, Issue},
    generate::{mutants, rules},
    minimise::{self, Budget},
    ours,
    random::Random,
    rows::Row,
    tally::{Found, template},
};

/// Sources of one batch.
const SOURCES: usize = 20;

/// Asks one batch.
///
/// # Errors
///
/// The emulator does not answer.
pub fn batch(setting: &Setting, client: &Client, random: &mut Random) -> Result<()> {
    for _ in 0..SOURCES {
        let source = source(random, &setting.corpus);
        let (official, own) = (client.set_rules(&source)?, ours::compile(&source));
        if let Compiled::Broke(why) = &official {
            setting.broke(Kind::Compile, &source, why)?;
            continue;
        }
        setting.tally(|tally| tally.compared(Kind::Compile.name(), 1, u64::from(official.accepted())));
        if let Some(class) = difference(&source, &official, &own)
            && setting.tally(|tally| tally.differs(Kind::Compile.name(), &class))
        {
            let found = minimised(client, &source, &class, setting.effort)?;
            setting.report(Kind::Compile, found)?;
        }
    }
    Ok(())
}

fn source(random: &mut Random, corpus: &[String]) -> String {
    if random.chance(25) {
        return rules::any_file(random);
    }
    match random.pick(corpus) {
        Some(text) if random.chance(65) => {
            let text = text.clone();
            mutants::mutant(random, &text)
        }
        _ => {
            let text = rules::any_file(random);
            mutants::mutant(random, &text)
        }
    }
}

/// What the emulator says of functions that Storage rules call in Firestore: it does not know them, production does.
const OF_STORAGE: &str = "Invalid variable name: firestore.";

/// How two answers about a source differ, roughly; none where they agree, where the official compiler broke, and of
/// sources that only production can compile.
pub fn difference(source: &str, official: &Compiled, own: &Compiled) -> Option<String> {
    let first = |issues: &[Issue]| issues.first().map_or("nothing".to_owned(), |issue| template(&issue.message));
    if official.issues().iter().any(|issue| issue.message == OF_STORAGE) {
        return None;
    }
    match (official, own) {
        (Compiled::Broke(_), _) => None,
        (Compiled::Accepted(theirs), Compiled::Accepted(own)) => {
            let differing = theirs.iter().zip(own).find(|(a, b)| a != b);
            let surplus = || (theirs.get(own.len()), own.get(theirs.len()));
            let (theirs, own) = match differing {
                Some((theirs, own)) => (Some(theirs), Some(own)),
                None => surplus(),
            };
            let text = |issue: Option<&Issue>| issue.map_or("none".to_owned(), |issue| template(&issue.message));
            (theirs.is_some() || own.is_some()).then(|| format!("warnings: {} | {}", text(theirs), text(own)))
        }
        (Compiled::Refused(theirs), Compiled::Refused(own)) => {
            let place = |issue: &Issue| (issue.line, issue.column, issue.message.clone());
            let (a, b) = (theirs.first().map(place), own.first().map(place));
            if a != b {
                return Some(format!("first error: {} | {}", first(theirs), first(own)));
            }
            let all = |issues: &[Issue]| issues.iter().map(place).collect::<Vec<_>>();
            let differ = !ours::is_syntax(source) && all(theirs) != all(own);
            differ.then(|| format!("issues: {}", first(theirs)))
        }
        (Compiled::Accepted(_), own) => Some(format!("refused only here: {}", first(own.issues()))),
        (Compiled::Refused(theirs), _) => Some(format!("accepted only here: {}", first(theirs))),
    }
}

fn minimised(client: &Client, source: &str, class: &str, effort: usize) -> Result<Found> {
    let budget = Budget::new(effort);
    let same = |text: &str| -> Result<bool> {
        let own = ours::compile(text);
        Ok(budget.take() && difference(text, &client.set_rules(text)?, &own).as_deref() == Some(class))
    };
    let small =
        minimise::single_steps(source.to_owned(), &budget, |text| minimise::edits::ruleset(text), |text| same(text))?;
    let small = minimise::text(&small, &budget, same)?;
    let (official, own) = (client.set_rules(&small)?, ours::compile(&small));
    Ok(Found {
        signature: format!("{class}\n{}", template(&small)),
        row: row(&small, &official, &own),
        shown: small,
        official: described(&official),
        ours: described(&own),
    })
}

/// The row that records the official answer.
pub fn row(source: &str, official: &Compiled, own: &Compiled) -> Row {
    match official.issues().first() {
        Some(first) if !official.accepted() && (ours::is_syntax(source) || own.accepted() && !is_of_checks(first)) => {
            Row::syntax_error(source, first)
        }
        _ => Row::compile(source, official.accepted(), official.issues(), own.issues()),
    }
}

/// Whether a problem is one of names and types, which are looked at only where there is no syntax error.
fn is_of_checks(issue: &Issue) -> bool {
    const OF_CHECKS: [&str; 6] = ["Ruleset uses ", "Invalid ", "Unused ", "Detected ", "Incorrect ", "Duplicate "];
    OF_CHECKS.iter().any(|start| issue.message.starts_with(start))
}

fn described(answer: &Compiled) -> String {
    let issue = |issue: &Issue| format!("{}:{} {}", issue.line, issue.column, issue.message);
    let issues: Vec<_> = answer.issues().iter().map(issue).collect();
    let verdict = match answer {
        Compiled::Accepted(_) => "accepted",
        Compiled::Refused(_) => "refused",
        Compiled::Broke(why) => why.as_str(),
    };
    format!("{verdict}; {}", issues.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issue(line: u32, message: &str) -> Issue {
        Issue { severity: Some("WARNING".to_owned()), line, column: 1, message: message.to_owned() }
    }

    #[test]
    fn answers_are_compared_by_what_counts() {
        let refused = |line| Compiled::Refused(vec![Issue { severity: None, ..issue(line, "Unexpected 'x'.") }]);
        assert_eq!(
            difference("x", &refused(1), &Compiled::Refused(vec![issue(1, "Unexpected 'x'."), issue(2, "more")])),
            None
        );
        assert_eq!(
            difference("x", &refused(1), &refused(2)).as_deref(),
            Some("first error: Unexpected ''. | Unexpected ''.")
        );
        let accepted = |list: &[u32]| Compiled::Accepted(list.iter().map(|line| issue(*line, "w")).collect());
        assert_eq!(difference("", &accepted(&[1]), &accepted(&[1])), None);
        assert_eq!(difference("", &accepted(&[1, 2]), &accepted(&[1])).as_deref(), Some("warnings: w | none"));
        assert_eq!(difference("", &Compiled::Broke("500".to_owned()), &accepted(&[])), None);
        assert!(difference("", &accepted(&[]), &refused(1)).is_some());
    }
}
