//! What was compared and what differs: one entry a fault, however often it came up.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
};

use crate::rows::Row;

/// Something that differs, made small.
#[derive(Clone, Debug)]
pub struct Found {
    /// What two findings of one fault have in common.
    pub signature: String,
    /// The question, for people.
    pub shown: String,
    /// The row that records the official answer.
    pub row: Row,
    /// The official answer, in words.
    pub official: String,
    /// Ours.
    pub ours: String,
}

/// The counts of a kind.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Cases asked of both.
    pub compared: u64,
    /// Those that were officially accepted, allowed, or gave a value: a generator that makes nearly none of them shows little.
    pub positive: u64,
    /// Those that differ.
    pub differ: u64,
    /// Questions on which the official compiler failed, which are not compared.
    pub broke: u64,
}

/// Findings before they are made small: that takes long, and most of them are of few faults.
#[derive(Debug)]
pub struct Tally {
    /// Of each class so many are made small.
    each: u64,
    counts: BTreeMap<&'static str, Counts>,
    classes: HashMap<(&'static str, String), u64>,
    found: BTreeMap<(&'static str, String), (Found, u64)>,
}

impl Tally {
    /// Nothing was compared yet; of each class of differences, `each` are made small.
    pub fn new(each: u64) -> Self {
        Tally { each, counts: BTreeMap::new(), classes: HashMap::new(), found: BTreeMap::new() }
    }

    /// Cases that were compared, and how many of them were officially accepted, allowed, or gave a value.
    pub fn compared(&mut self, kind: &'static str, cases: u64, positive: u64) {
        let counts = self.counts.entry(kind).or_default();
        counts.compared += cases;
        counts.positive += positive;
    }

    /// The official compiler failed; how often it did.
    pub fn broke(&mut self, kind: &'static str) -> u64 {
        let counts = self.counts.entry(kind).or_default();
        counts.broke += 1;
        counts.broke
    }

    /// How many were compared.
    pub fn count(&self, kind: &str) -> u64 {
        self.counts.get(kind).map_or(0, |counts| counts.compared)
    }

    /// One of them differs. `class` says roughly how; the answer whether it is worth being made small.
    pub fn differs(&mut self, kind: &'static str, class: &str) -> bool {
        self.counts.entry(kind).or_default().differ += 1;
        let seen = self.classes.entry((kind, class.to_owned())).or_default();
        *seen += 1;
        *seen <= self.each
    }

    /// One that was made small; true where it is the first of its fault.
    pub fn found(&mut self, kind: &'static str, found: Found) -> bool {
        let entry = self.found.entry((kind, found.signature.clone()));
        let known = entry.or_insert_with(|| (found, 0));
        known.1 += 1;
        known.1 == 1
    }

    /// All that was found, by kind.
    pub fn findings(&self) -> impl Iterator<Item = (&'static str, &Found, u64)> {
        self.found.iter().map(|((kind, _), (found, count))| (*kind, found, *count))
    }

    /// Whether anything differs.
    pub fn any(&self) -> bool {
        self.counts.values().any(|counts| counts.differ > 0)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<12} {:>10} {:>10} {:>8} {:>8} {:>9} {:>6}",
            "kind", "compared", "positive", "differ", "classes", "distinct", "broke"
        )?;
        for (kind, counts) in &self.counts {
            let classes = self.classes.keys().filter(|(of, _)| of == kind).count();
            let distinct = self.found.keys().filter(|(of, _)| of == kind).count();
            let Counts { compared, positive, differ, broke } = counts;
            writeln!(f, "{kind:<12} {compared:>10} {positive:>10} {differ:>8} {classes:>8} {distinct:>9} {broke:>6}")?;
        }
        Ok(())
    }
}

/// A text with its numbers, strings and names of documents made alike, so that those of one fault are the same.
pub fn template(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_digit() {
            out.push('0');
            rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())
        } else if let (true, Some(end)) = (['\'', '"'].contains(&first), rest.get(1..).and_then(|t| t.find(first))) {
            out.push_str("''");
            end + 2
        } else {
            out.push(first);
            first.len_utf8()
        };
        rest = rest.get(length..).unwrap_or("");
    }
    out
}

/// The beginning of a message, without names: what it received may differ in smaller forms of one fault.
pub fn outline(message: &str) -> String {
    let beginning = message.split(['.', ':', '[']).next().unwrap_or_default().trim_end();
    for start in ["Property", "Variable(s)", "Variable"] {
        if let Some(rest) = beginning.strip_prefix(start).and_then(|rest| rest.strip_prefix(' ')) {
            let rest = rest.split_once(' ').map_or("", |(_, rest)| rest);
            return format!("{start} {rest}");
        }
    }
    beginning.to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn findings_of_one_fault_are_one() {
        let mut tally = Tally::new(2);
        let found = |signature: &str| Found {
            signature: signature.to_owned(),
            shown: String::new(),
            row: Row { table: "compile", json: json!({}) },
            official: String::new(),
            ours: String::new(),
        };
        tally.compared("compile", 10, 4);
        assert_eq!([1, 2, 3].map(|_| tally.differs("compile", "a")), [true, true, false]);
        assert_eq!([tally.found("compile", found("x")), tally.found("compile", found("x"))], [true, false]);
        assert_eq!(tally.findings().map(|(_, _, count)| count).collect::<Vec<_>>(), [2]);
        assert!(
            tally
                .to_string()
                .lines()
                .any(|line| line.split_whitespace().eq(["compile", "10", "4", "3", "1", "1", "0"]))
        );
    }

    #[test]
    fn texts_of_one_fault_have_one_template() {
        assert_eq!(template("Unexpected 'a12'. L3:4"), template("Unexpected 'b'. L11:40"));
        assert_ne!(template("Unexpected 'a'."), template("Missing 'a'."));
        assert_eq!(outline("Property a is undefined on object."), outline("Property b is undefined on object."));
        assert_eq!(outline("Function not found error: Name: [f]."), "Function not found error");
    }
}
