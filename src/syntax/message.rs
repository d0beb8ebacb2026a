//! The official wording of errors that both the tree and, for text that does not parse, the emulation of ANTLR find.

use super::ast::TypeName;

pub(super) const EMPTY: &str = "Rules content empty. Compilation aborted.";
pub(super) const EXPRESSION_TOO_COMPLEX: &str = "Expression is too complex to evaluate safely.";
pub(super) const IMPORTS: &str = "Import statements are not allowed.";
pub(super) const SERVICE_KEYWORD: &str = "Cannot use keyword as service name.";
pub(super) const GLOB_NOT_LAST: &str =
    "Invalid glob match expression. Glob matches are permitted as the last segment in a match declaration path.";
pub(super) const SECOND_GLOB: &str =
    "Invalid glob match expression. Only one glob match is permitted in a match declaration path.";

pub(super) fn unsupported_version(version: &str) -> String {
    format!("Unsupported rules version {version}.")
}

pub(super) fn unknown_module(module: &str) -> String {
    format!("Module \"{module}\" is not part of the standard library.")
}

pub(super) fn invalid_bytes(literal: &str) -> String {
    format!("Invalid bytes literal {literal}.")
}

pub(super) fn invalid_number(literal: &str) -> String {
    format!("Invalid number literal {literal}.")
}

pub(super) fn package_as_variable(name: &str) -> String {
    format!("{name} is a package and cannot be used as variable name.")
}

pub(super) fn repeated_capture(name: &str) -> String {
    format!("Variable {name} already exists in the PathTemplate.")
}

pub(super) fn unknown_type(name: &str) -> String {
    let known: Vec<_> = TypeName::ALL.iter().map(|(name, _)| *name).collect();
    format!(
        "An unsupported type identifier was used with the 'is' operator. Received {name}. Expected one of {}",
        known.join(",")
    )
}
