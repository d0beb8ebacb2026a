//! Paths: `path(text)`, `bind`, and interpolation (runtime specification, section 14).

use bumpalo::Bump;

use crate::value::{
    MapRef, PathRef, SegmentRef, Str, Type, ValueRef,
    path::{TemplateSegment, parse_template},
};

use super::{Builtin, Failure, Overload, convert, keep, message, misfit};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        receiver: Some(Type::Path),
        package: None,
        name: "bind",
        overloads: &[Overload { params: &[Type::Map], result: Type::Path }],
        run: |bump, a| match a {
            [ValueRef::Path(path), ValueRef::Map(values)] => bind(bump, *path, *values),
            _ => Err(misfit()),
        },
        doc: "The path with values for its variables; variables without a value are dropped.",
        example: "path('/a/{x}').bind({'x': 'b'}) == /a/b",
        why: None,
    },
    Builtin {
        receiver: None,
        package: None,
        name: "path",
        overloads: &[Overload { params: &[Type::String], result: Type::Path }],
        run: |bump, a| match a {
            [ValueRef::String(text)] => from_text(bump, *text),
            _ => Err(misfit()),
        },
        doc: "The path a text stands for; `{x}` and `{x=**}` in it are variables for `bind`.",
        example: "path('/a/b') == /a/b",
        why: None,
    },
];

fn from_text<'a>(bump: &'a Bump, text: Str<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    let template = parse_template(text).map_err(|e| message(bump, e))?;
    let name = |text: String| Str::Utf8(bump.alloc_str(&text));
    let segments: Vec<_> = template
        .into_iter()
        .map(|segment| match segment {
            TemplateSegment::Simple(text) => SegmentRef::Simple(keep(bump, text)),
            TemplateSegment::Capture(text) => SegmentRef::Capture(name(text), None),
            TemplateSegment::Glob(text) => SegmentRef::Glob(name(text), None),
        })
        .collect();
    Ok(ValueRef::Path(PathRef::Made(bump.alloc_slice_copy(&segments))))
}

fn bind<'a>(bump: &'a Bump, path: PathRef<'a>, values: MapRef<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    let named = |wanted: Str<'_>| {
        path.segments().any(|s| matches!(s, SegmentRef::Capture(name, _) | SegmentRef::Glob(name, _) if name == wanted))
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
        // A variable that gets no value is dropped, also one that had a value.
        let Some(value) = values.get(name) else { continue };
        if bound {
            return Err(Failure::Message(bump.alloc_str(&format!("Variable {name} is already bound."))));
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
                    return Err(Failure::Message(bump.alloc_str(&text)));
                }
                SegmentRef::Capture(name, Some(text))
            }
        });
    }
    // The values come first, whether or not there are others.
    let mut unknown: Vec<_> =
        values.iter().filter(|(name, _)| !named(*name)).map(|(name, _)| name.to_string()).collect();
    if !unknown.is_empty() {
        unknown.sort();
        let text = format!("Variable(s) {} do not exist in the path template.", unknown.join(","));
        return Err(Failure::Message(bump.alloc_str(&text)));
    }
    Ok(ValueRef::Path(PathRef::Made(bump.alloc_slice_copy(&segments))))
}

/// What `$(value)` puts into a path: all segments of a path, or one segment with the value's text.
///
/// # Errors
///
/// A value that `string` does not take.
pub fn splice<'a>(bump: &'a Bump, value: ValueRef<'a>, into: &mut Vec<SegmentRef<'a>>) -> Result<(), Failure<'a>> {
    match value {
        ValueRef::Path(path) => into.extend(path.segments()),
        value => into.push(SegmentRef::Simple(convert::to_text(bump, value)?)),
    }
    Ok(())
}
