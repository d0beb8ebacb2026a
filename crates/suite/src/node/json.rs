//! Suite files in JSON.

use jsonc_parser::{CollectOptions, ParseOptions, ast, parse_to_ast};

use firewarden::text::{Diagnostic, Source, Span};

use super::{Key, Kind, MAX_DEPTH, Node, add, syntax};

const STRICT: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

pub(super) fn parse(source: &Source) -> Result<Node, Box<Diagnostic>> {
    // The text may begin with a byte-order mark, which JSON does not have.
    let text = source.text();
    let skipped = text.len() - text.trim_start_matches('\u{feff}').len();
    let parsed = parse_to_ast(text.get(skipped..).unwrap_or(""), &CollectOptions::default(), &STRICT);
    let parsed = parsed.map_err(|error| {
        let range = error.range();
        syntax(Span::new(range.start + skipped, range.end + skipped), format!("not JSON: {}", error.kind()))
    })?;
    match &parsed.value {
        Some(value) => node(value, skipped, 0),
        None => Ok(Node { kind: Kind::Null, span: Span::default(), tag: None, plain: false }),
    }
}

fn node(value: &ast::Value<'_>, skipped: usize, depth: usize) -> Result<Node, Box<Diagnostic>> {
    let span_of = |range: &dyn jsonc_parser::common::Ranged| Span::new(range.start() + skipped, range.end() + skipped);
    let span = span_of(value);
    if depth > MAX_DEPTH {
        return Err(syntax(span, format!("values nest deeper than {MAX_DEPTH} levels")));
    }
    let kind = match value {
        ast::Value::NullKeyword(_) => Kind::Null,
        ast::Value::BooleanLit(literal) => Kind::Bool(literal.value),
        ast::Value::StringLit(literal) => Kind::Text(literal.value.to_string()),
        ast::Value::NumberLit(literal) => number(literal.value)
            .ok_or_else(|| syntax(span, format!("`{}` is too large for a number", literal.value)))?,
        ast::Value::Array(array) => {
            Kind::List(array.elements.iter().map(|item| node(item, skipped, depth + 1)).collect::<Result<_, _>>()?)
        }
        ast::Value::Object(object) => {
            let (mut entries, mut seen) = (Vec::new(), rustc_hash::FxHashSet::default());
            for property in &object.properties {
                let name = &property.name;
                let key = Key { text: name.as_str().to_owned(), span: span_of(name) };
                let value = node(&property.value, skipped, depth + 1)?;
                if let Some(twice) = add(&mut entries, &mut seen, key, value) {
                    return Err(twice);
                }
            }
            Kind::Map(entries)
        }
    };
    Ok(Node { kind, span, tag: None, plain: false })
}

/// Whole numbers without a fraction or an exponent are ints, as in typed documents.
fn number(text: &str) -> Option<Kind> {
    if let Ok(whole) = text.parse() {
        return Some(Kind::Int(whole));
    }
    text.parse::<f64>().ok().filter(|n| n.is_finite()).map(Kind::Float)
}
