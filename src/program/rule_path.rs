//! The segments of a path in rules: of a block (`/users/{user}/{rest=**}`), or of a location in database rules
//! (`/users/$uid`).

use std::fmt::{Display, Formatter, Result};

use crate::stdlib::Dialect;

/// A segment of a path in rules, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleSegment<'p> {
    /// A name.
    Literal(&'p str),
    /// A wildcard for one segment: `{name}`, or `$name` in database rules.
    Wildcard(&'p str),
    /// A wildcard for any number of segments: `{name=**}`.
    Glob(&'p str),
}

impl<'p> RuleSegment<'p> {
    /// The segments of a path in rules of a dialect. Empty segments are skipped.
    pub fn parse(dialect: Dialect, path: &'p str) -> impl Iterator<Item = Self> {
        path.split('/').filter(|segment| !segment.is_empty()).map(move |segment| match dialect {
            Dialect::Service if segment.ends_with("=**}") => RuleSegment::Glob(segment),
            Dialect::Service if segment.starts_with('{') => RuleSegment::Wildcard(segment),
            Dialect::Database if segment.starts_with('$') => RuleSegment::Wildcard(segment),
            Dialect::Service | Dialect::Database => RuleSegment::Literal(segment),
        })
    }

    /// The name of a wildcard or glob.
    pub fn wildcard(self) -> Option<&'p str> {
        match self {
            RuleSegment::Literal(_) => None,
            RuleSegment::Wildcard(text) | RuleSegment::Glob(text) => match text.strip_prefix('{') {
                Some(inner) => Some(inner.trim_end_matches('}').trim_end_matches("=**")),
                None => text.strip_prefix('$'),
            },
        }
    }

    /// The segment as it is written.
    pub fn as_str(self) -> &'p str {
        let (RuleSegment::Literal(text) | RuleSegment::Wildcard(text) | RuleSegment::Glob(text)) = self;
        text
    }
}

impl Display for RuleSegment<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{Dialect, RuleSegment};

    #[test]
    fn each_dialect_has_its_wildcards() {
        let parse = |dialect, path| RuleSegment::parse(dialect, path).collect::<Vec<_>>();
        let service = parse(Dialect::Service, "/b/{bucket}/$o//{path=**}");
        assert_eq!(
            service,
            [
                RuleSegment::Literal("b"),
                RuleSegment::Wildcard("{bucket}"),
                RuleSegment::Literal("$o"),
                RuleSegment::Glob("{path=**}"),
            ]
        );
        let names: Vec<_> = service.into_iter().filter_map(RuleSegment::wildcard).collect();
        assert_eq!(names, ["bucket", "path"]);
        let database = parse(Dialect::Database, "/users/$uid/{a}");
        assert_eq!(
            database,
            [RuleSegment::Literal("users"), RuleSegment::Wildcard("$uid"), RuleSegment::Literal("{a}")]
        );
        assert_eq!(database.into_iter().filter_map(RuleSegment::wildcard).collect::<Vec<_>>(), ["uid"]);
        assert_eq!(parse(Dialect::Database, "/"), []);
    }
}
