//! The JSON of a rules file, with the place of every token.

use crate::{
    syntax::{
        error,
        grammar::{self, Node, Rule, span},
    },
    text::{Diagnostic, Span},
};

use super::wording;

/// A value and where it stands, quotes and brackets included.
#[derive(Debug)]
pub(super) struct Json<'t> {
    pub(super) kind: Kind<'t>,
    pub(super) span: Span,
}

#[derive(Debug)]
pub(super) enum Kind<'t> {
    /// Members in source order: key and value.
    Object(Vec<(Json<'t>, Json<'t>)>),
    Array(Vec<Json<'t>>),
    /// As written, without the quotes.
    String(&'t str),
    Bool(bool),
    Number,
    Null,
}

/// Reads a text.
///
/// # Errors
///
/// The first place at which it is not JSON, in the service's words where they are known.
pub(super) fn parse(text: &str) -> Result<Json<'_>, Diagnostic> {
    let mut parts =
        grammar::parse(Rule::json_file, text).map_err(|failure| wording::json(text, error::place(text, &failure)))?;
    parts.next().map(value).ok_or_else(|| wording::json(text, text.len()))
}

fn value(node: Node<'_>) -> Json<'_> {
    let whole = span(&node);
    let text = node.as_str();
    let kind = match node.as_rule() {
        Rule::json_object => Kind::Object(
            node.into_inner()
                .filter_map(|member| {
                    let mut parts = member.into_inner();
                    Some((value(parts.next()?), value(parts.next()?)))
                })
                .collect(),
        ),
        Rule::json_array => Kind::Array(node.into_inner().map(value).collect()),
        Rule::json_string => Kind::String(text.get(1..text.len().saturating_sub(1)).unwrap_or("")),
        Rule::json_number => Kind::Number,
        _ if text == "null" => Kind::Null,
        _ => Kind::Bool(text == "true"),
    };
    Json { kind, span: whole }
}
