//! Match paths as text.

use crate::syntax::ast::Segment;

/// The whole path of a block as rules write it, decoded: `/users/{uid}/{rest=**}`.
pub(super) fn text(path: &[&Segment]) -> String {
    let piece = |segment: &&Segment| match segment {
        Segment::Literal(text, _) => format!("/{text}"),
        Segment::Capture(c) if c.glob => format!("/{{{}=**}}", c.name.text),
        Segment::Capture(c) => format!("/{{{}}}", c.name.text),
    };
    path.iter().map(piece).collect()
}
