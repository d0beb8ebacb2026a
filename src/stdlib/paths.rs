//! Paths: `path(text)`, `bind`, and interpolation (runtime specification, section 14).

use std::collections::HashSet;

use bumpalo::Bump;

use crate::value::{
    MapRef, PathRef, SegmentRef, Str, Type, ValueRef,
    path::{MAX_SEGMENTS, PathExtent, TemplateSegment, parse_template},
};

use super::{Builtin, Failure, alloc_text, check_arena, convert, message, mismatch};

pub(super) const TABLE: &[Builtin] = builtins! {
    Builtin::method(Type::Path) => {
        /// The path with values for its variables; variables without a value are dropped.
        bind(Map) -> Path, "path('/a/{x}').bind({'x': 'b'}) == /a/b", Open, |bump, a| match a {
            [ValueRef::Path(path), ValueRef::Map(values)] => bind(bump, *path, *values),
            _ => Err(mismatch()),
        };
    }
    Builtin::FUNCTION => {
        /// The path a text stands for; `{x}` and `{x=**}` in it are variables for `bind`.
        path(String) -> Path, "path('/a/b') == /a/b", Open, |bump, a| match a {
            [ValueRef::String(text)] => from_text(bump, *text),
            _ => Err(mismatch()),
        };
    }
};

fn from_text<'a>(bump: &'a Bump, text: Str<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    // No segment is longer than the text that it comes from.
    check_arena(bump, 2 * text.bytes())?;
    let template = parse_template(text).map_err(|e| message(bump, e))?;
    let name = |text: String| Str::Utf8(bump.alloc_str(&text));
    let segments: Vec<_> = template
        .into_iter()
        .map(|segment| match segment {
            TemplateSegment::Simple(text) => Ok(SegmentRef::Simple(alloc_text(bump, text)?)),
            TemplateSegment::Capture(text) => Ok(SegmentRef::Capture(name(text), None)),
            TemplateSegment::Glob(text) => Ok(SegmentRef::Glob(name(text), None)),
        })
        .collect::<Result<_, Failure<'a>>>()?;
    alloc_path(bump, &segments)
}

/// Allocates a path. A nested path may occur many times, so the text could be far longer than everything that the path
/// was made of; such a path is refused here, so that every path can be read completely.
///
/// # Errors
///
/// A path that is too long.
pub(super) fn alloc_path<'a>(bump: &'a Bump, segments: &[SegmentRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    check(segments)?;
    check_arena(bump, size_of_val(segments))?;
    Ok(ValueRef::Path(PathRef::Made(bump.alloc_slice_copy(segments))))
}

fn check<'a>(segments: &[SegmentRef<'_>]) -> Result<(), Failure<'a>> {
    let mut extent = PathExtent::default();
    PathRef::Made(segments).measure(&mut extent);
    let fits = extent.segments <= MAX_SEGMENTS && extent.bytes <= super::access::MAX_VALUE;
    if fits { Ok(()) } else { Err(Failure::MemoryLimit) }
}

fn bind<'a>(bump: &'a Bump, path: PathRef<'a>, values: MapRef<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    let variable = |segment| match segment {
        SegmentRef::Capture(name, _) | SegmentRef::Glob(name, _) => Some(name),
        SegmentRef::Simple(_) => None,
    };
    let mut segments = Vec::new();
    for segment in path.segments() {
        let (name, bound) = match segment {
            SegmentRef::Simple(_) => {
                segments.push(segment);
                continue;
            }
            SegmentRef::Capture(name, bound) => (name, bound.is_some()),
            SegmentRef::Glob(name, bound) => (name, bound.is_some()),
        };
        // A variable without a new value is dropped, even if it had a value.
        let Some(value) = values.get(name) else { continue };
        if bound {
            return Err(message(bump, format!("Variable {name} is already bound.")));
        }
        segments.push(match (segment, value) {
            (SegmentRef::Glob(..), ValueRef::Path(path)) => {
                path.resolved().map_err(|unbound| Failure::Unbound(unbound.0))?;
                SegmentRef::Glob(name, Some(path))
            }
            (SegmentRef::Glob(..), other) => {
                return Err(Failure::Type { received: other.type_of(), expected: &"path" });
            }
            (_, value) => {
                let text = convert::to_text(bump, value)?;
                if text.is_empty() {
                    let text = format!("Cannot bind empty value to path template variable {name}.");
                    return Err(message(bump, text));
                }
                SegmentRef::Capture(name, Some(text))
            }
        });
    }
    // The engine evaluates the given values first, whether or not others are unknown.
    let variables: HashSet<Str<'_>> = path.segments().filter_map(variable).collect();
    let mut unknown: Vec<_> =
        values.iter().filter(|(name, _)| !variables.contains(name)).map(|(name, _)| name.to_string()).collect();
    if !unknown.is_empty() {
        unknown.sort();
        let text = format!("Variable(s) {} do not exist in the path template.", unknown.join(","));
        return Err(message(bump, text));
    }
    alloc_path(bump, &segments)
}

/// Appends what `$(value)` inserts into a path: all segments of a path, or one segment with the text of another value.
///
/// # Errors
///
/// A value that `string` does not accept; a path that is too long.
pub fn splice<'a>(bump: &'a Bump, value: ValueRef<'a>, into: &mut Vec<SegmentRef<'a>>) -> Result<(), Failure<'a>> {
    match value {
        ValueRef::Path(path) => into.extend(path.segments()),
        value => into.push(SegmentRef::Simple(convert::to_text(bump, value)?)),
    }
    check(into)?;
    check_arena(bump, size_of_val(into.as_slice()))
}
