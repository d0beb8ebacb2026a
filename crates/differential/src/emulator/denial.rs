//! The text of a denial: what each statement said.

/// What a statement said: `false`, or its error.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said {
    /// `false`, or the text of the error.
    pub what: String,
    /// The method that was asked about.
    pub method: String,
    /// The line on which its condition begins.
    pub line: u32,
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} for '{}' @ L{}", self.what, self.method, self.line)
    }
}

const METHODS: [&str; 5] = ["get", "list", "create", "update", "delete"];

/// The parts of `false for 'get' @ L6, Null value error. for 'get' @ L9`; none of a text of another kind.
///
/// The emulator asks rules several times, first without the document; all of these follow one another.
pub fn read(text: &str) -> Vec<Said> {
    let mut said = Vec::new();
    let mut rest = text.strip_prefix('\n').unwrap_or(text);
    while let Some((part, after)) = first(rest) {
        said.push(part);
        rest = after;
    }
    said
}

fn first(text: &str) -> Option<(Said, &str)> {
    let ends = text.match_indices(" for '").filter_map(|(at, sign)| {
        let (method, after) = text[at + sign.len()..].split_once("' @ L")?;
        METHODS.contains(&method).then_some((at, method, after))
    });
    let (at, method, after) = ends.min_by_key(|(at, ..)| *at)?;
    let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let line = after[..digits].parse().ok()?;
    let rest = &after[digits..];
    let said = Said { what: text[..at].to_owned(), method: method.to_owned(), line };
    Some((said, rest.strip_prefix(", ").unwrap_or(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_denial_is_read() {
        let text = "\nevaluation error at L6:5 for 'get' @ L6, false for 'get' @ L7, Null value error. for 'get' @ L19";
        let read = read(text);
        let texts: Vec<_> = read.iter().map(Said::to_string).collect();
        assert_eq!(
            texts,
            ["evaluation error at L6:5 for 'get' @ L6", "false for 'get' @ L7", "Null value error. for 'get' @ L19"]
        );
    }

    #[test]
    fn an_error_with_commas_and_lines_is_one_part() {
        let text = "\nService call error. Function: [get], Argument: [path_value {\n  segments {\n    simple: \"a, b\"\n  }\n}\n]. for 'update' @ L3, false for 'update' @ L4";
        let read = read(text);
        assert_eq!(read.len(), 2);
        assert!(read[0].what.ends_with("}\n]."));
        assert_eq!((read[0].line, read[1].line), (3, 4));
    }

    #[test]
    fn another_text_has_no_parts() {
        assert_eq!(read("No matching allow statements"), []);
    }
}
