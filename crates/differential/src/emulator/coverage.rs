//! Coverage reports: what each sub-expression gave.

use serde_json::Value as Json;

/// What came of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Result {
    /// A value, as typed JSON.
    Value(Json),
    /// An error: its text, and line and column of its origin.
    Error(String, Option<(u32, u32)>),
    /// Not known yet: the emulator first asks rules before it has read the document.
    Unknown,
}

/// The report of a sub-expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Line and column where it begins.
    pub at: (u32, u32),
    /// Different results, in the order in which they came first.
    pub results: Vec<Result>,
    /// Those within it; literals are left out.
    pub children: Vec<Report>,
}

impl Report {
    /// The reports of a list.
    pub fn list(json: &Json) -> Vec<Report> {
        json.as_array().into_iter().flatten().map(Report::read).collect()
    }

    fn read(json: &Json) -> Report {
        let results = json["values"].as_array().into_iter().flatten().map(|entry| result(&entry["value"]));
        Report {
            at: place(&json["sourcePosition"]).unwrap_or_default(),
            results: results.collect(),
            children: Report::list(&json["children"]),
        }
    }

    /// What came at last: passes before the document was read may have left results too.
    pub fn last(&self) -> Option<&Result> {
        let known = self.results.iter().rev().find(|result| !matches!(result, Result::Unknown));
        known.or(self.results.last())
    }
}

fn place(json: &Json) -> Option<(u32, u32)> {
    let part = |name: &str| json[name].as_u64().and_then(|n| u32::try_from(n).ok());
    Some((part("line")?, part("column")?))
}

fn result(value: &Json) -> Result {
    let Some(undefined) = value.get("undefined") else { return Result::Value(value.clone()) };
    match undefined["causeMessage"].as_str() {
        Some(message) => Result::Error(message.to_owned(), place(&undefined["sourcePosition"])),
        None => Result::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_recorded_report_is_read() {
        let report = Report::list(&json!([{
            "sourcePosition": { "line": 6, "column": 5, "currentOffset": 112, "endOffset": 128 },
            "values": [{ "value": { "boolValue": false }, "count": 10 }],
            "children": [{
                "sourcePosition": { "line": 6, "column": 5, "currentOffset": 112, "endOffset": 126 },
                "values": [
                    { "value": { "undefined": {} }, "count": 15 },
                    { "value": { "intValue": "2" }, "count": 10 },
                    { "value": { "undefined": {
                        "sourcePosition": { "line": 6, "column": 5, "currentOffset": 112, "endOffset": 119 },
                        "causeMessage": "Null value error." } }, "count": 5 }
                ]
            }]
        }]));
        let inner = &report[0].children[0];
        assert_eq!(inner.results[0], Result::Unknown);
        assert_eq!(inner.results[1], Result::Value(json!({ "intValue": "2" })));
        assert_eq!(inner.last(), Some(&Result::Error("Null value error.".to_owned(), Some((6, 5)))));
        assert_eq!(report[0].last(), Some(&Result::Value(json!({ "boolValue": false }))));
    }
}
