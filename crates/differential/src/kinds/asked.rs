//! Many expressions in one ruleset: each is the only element of a list in a condition of its own, in a block of its own;
//! ten blocks are of one document, and one request asks all of these. The coverage report then tells what each gave.

use anyhow::Result;
use serde_json::{Value as Json, json};

use crate::{
    documents::as_rules_see,
    emulator::{Client, Compiled, Issue, Who, coverage::Result as Outcome},
    generate::world,
    ours::expression::{self, Question, evaluate},
};

/// Expressions of one document. The emulator evaluates the conditions of a request as often as there are some.
const PER_DOCUMENT: usize = 10;

/// Documents that a ruleset speaks of.
const DOCUMENTS: usize = 30;

/// Expressions of a ruleset.
pub const MOST: usize = PER_DOCUMENT * DOCUMENTS;

/// An expression and the functions that it calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Functions, on one line.
    pub functions: String,
    /// The expression, on one line.
    pub expr: String,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Gave {
    /// The result.
    pub outcome: Outcome,
    /// What was said of it; lines count from that of the functions.
    pub issues: Vec<Issue>,
}

/// What both engines say.
#[derive(Clone, Debug)]
pub enum Both {
    /// It was evaluated.
    Gave(Gave, Gave),
    /// It is refused by us: those are asked about as sources.
    RefusedHere,
    /// It is refused only officially: the problems.
    RefusedThere(Vec<Issue>),
    /// The official compiler fails: with what.
    BrokeThere(String),
}

impl Both {
    fn unasked(&self) -> bool {
        matches!(self, Both::Gave(Gave { outcome: Outcome::Unknown, .. }, _))
    }
}

/// Asks for values.
#[derive(Debug)]
pub struct Asker<'c> {
    /// The emulator's project.
    pub client: &'c Client,
    resource: firewarden::Value,
    request: firewarden::Value,
}

impl<'c> Asker<'c> {
    /// Stores what expressions read.
    ///
    /// # Errors
    ///
    /// The emulator does not answer.
    pub fn new(client: &'c Client) -> Result<Self> {
        let fields = world::fields();
        for number in 0..DOCUMENTS {
            client.store(&document(number), &fields)?;
        }
        let resource = resource(&as_rules_see(&fields)?);
        let resource = expression::value(&resource)?;
        Ok(Asker { client, resource, request: expression::value(&request())? })
    }

    /// What both engines say of each expression.
    ///
    /// # Errors
    ///
    /// The emulator does not answer.
    pub fn ask(&self, list: &[Asked]) -> Result<Vec<Both>> {
        let mut answers: Vec<Both> = list.iter().map(|_| Both::RefusedHere).collect();
        let accepted = |asked: &Asked| self.own(&Layout::of(&[asked])).is_some();
        let taken: Vec<usize> = (0..list.len()).filter(|at| list.get(*at).is_some_and(accepted)).collect();
        for chunk in taken.chunks(MOST) {
            self.chunk(list, chunk, &mut answers)?;
            // One that ends the evaluation of its request leaves others of the same document unasked.
            let unasked: Vec<usize> =
                chunk.iter().copied().filter(|at| answers.get(*at).is_some_and(Both::unasked)).collect();
            for alone in unasked {
                self.chunk(list, &[alone], &mut answers)?;
            }
        }
        Ok(answers)
    }

    fn chunk(&self, list: &[Asked], chosen: &[usize], answers: &mut [Both]) -> Result<()> {
        let asked: Vec<&Asked> = chosen.iter().filter_map(|at| list.get(*at)).collect();
        let layout = Layout::of(&asked);
        let issues = match self.client.set_rules(&layout.source)? {
            Compiled::Accepted(issues) => issues,
            Compiled::Broke(why) if chosen.len() == 1 => {
                for at in chosen {
                    answers[*at] = Both::BrokeThere(why.clone());
                }
                return Ok(());
            }
            refused => {
                if let [only] = chosen {
                    answers[*only] = Both::RefusedThere(refused.issues().to_vec());
                    return Ok(());
                }
                let (left, right) = chosen.split_at(chosen.len() / 2);
                self.chunk(list, left, answers)?;
                return self.chunk(list, right, answers);
            }
        };
        for number in 0..asked.len().div_ceil(PER_DOCUMENT) {
            // That it is denied is known; texts of many errors do not fit into an answer.
            self.client.call("GET", &self.client.path(&document(number)), None, Who::Nobody)?;
        }
        let reports = self.client.coverage()?;
        let Some((own, own_issues)) = self.own(&layout) else { return Ok(()) };
        for ((at, place), own) in chosen.iter().zip(&layout.places).zip(own) {
            let list = reports.iter().find(|report| report.at.0 == place.statement).and_then(|r| r.children.first());
            let official = match list.and_then(|list| list.last()) {
                Some(Outcome::Value(list)) => Outcome::Value(list["listValue"]["values"][0].clone()),
                Some(other) => other.clone(),
                None => Outcome::Unknown,
            };
            let official = Gave { outcome: place.within(official), issues: place.issues(&issues) };
            let own = Gave { outcome: place.within(own), issues: place.issues(&own_issues) };
            answers[*at] = Both::Gave(official, own);
        }
        Ok(())
    }

    fn own(&self, layout: &Layout) -> Option<(Vec<Outcome>, Vec<Issue>)> {
        let question = Question { source: &layout.source, request: &self.request, resource: &self.resource };
        evaluate(question, |at| {
            let name = document(at / PER_DOCUMENT);
            ["databases", "(default)", "documents"].into_iter().chain(name.split('/')).map(str::to_owned).collect()
        })
        .ok()
    }
}

fn document(number: usize) -> String {
    format!("x/d{number}")
}

/// The variable `resource` with those fields: that of the first document, which all shrink to.
pub fn resource(data: &Json) -> Json {
    let name = document(0);
    let segments = ["databases", "(default)", "documents"].into_iter().chain(name.split('/'));
    let segments: Vec<_> = segments.map(|segment| json!({ "simple": segment })).collect();
    json!({ "mapValue": { "fields": {
        "data": data,
        "id": { "stringValue": name.rsplit('/').next() },
        "__name__": { "pathValue": { "segments": segments } },
    } } })
}

/// The variable `request`, as far as expressions read it.
pub fn request() -> Json {
    json!({ "mapValue": { "fields": { "method": { "stringValue": "get" }, "auth": { "nullValue": null } } } })
}

/// A ruleset, and where in it each expression stands.
pub struct Layout {
    /// The text.
    pub source: String,
    places: Vec<Place>,
}

struct Place {
    functions: u32,
    statement: u32,
}

impl Layout {
    /// The ruleset of some expressions.
    pub fn of(list: &[&Asked]) -> Layout {
        let mut source =
            "rules_version = '2';\nservice cloud.firestore {\nmatch /databases/{database}/documents {\n".to_owned();
        let mut places = Vec::new();
        for (number, (asked, line)) in list.iter().zip((5..).step_by(4)).enumerate() {
            let Asked { functions, expr } = asked;
            let name = document(number / PER_DOCUMENT);
            source += &format!("match /{name} {{\n{functions}\nallow get: if [{expr}] == [];\n}}\n");
            places.push(Place { functions: line, statement: line + 1 });
        }
        Layout { source: source + "}\n}\n", places }
    }
}

impl Place {
    fn issues(&self, all: &[Issue]) -> Vec<Issue> {
        let here = all.iter().filter(|issue| (self.functions..=self.statement).contains(&issue.line));
        here.map(|issue| Issue { line: issue.line - self.functions, ..issue.clone() }).collect()
    }

    fn within(&self, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::Error(message, at) => {
                let within = at.map(|(line, column)| (line.saturating_sub(self.functions), column));
                Outcome::Error(message, within)
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_found_again_by_their_lines() {
        let asked: Vec<_> = (0..25)
            .map(|n| Asked { functions: format!("function f{n}() {{ return {n}; }}"), expr: format!("f{n}()") })
            .collect();
        let layout = Layout::of(&asked.iter().collect::<Vec<_>>());
        let lines: Vec<_> = layout.source.lines().collect();
        for (n, place) in layout.places.iter().enumerate() {
            assert_eq!(lines[place.functions as usize - 1], asked[n].functions);
            assert_eq!(lines[place.statement as usize - 1], format!("allow get: if [f{n}()] == [];"));
        }
        assert!(crate::ours::compile(&layout.source).accepted());
    }
}
