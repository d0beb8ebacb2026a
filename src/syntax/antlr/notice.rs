//! The errors that the grammar itself names.

use crate::syntax::{ast::TypeName, message};

/// A named error, reported where the grammar says `@name`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Notice {
    Alias,
    EmptyService,
    ServiceKeyword,
    EmptyMatch,
    MissingMatch,
    BareSlash,
    ExtraBrace,
    ExtraBracket,
    ExtraBraceGlob,
    Stray,
    MissingOperation,
    MissingColon,
    MissingIf,
    MissingCondition,
    MissingBody,
    MissingSignature,
    MissingId,
    Type,
    Increment,
    /// Reports nothing, but the compiler does not look into what is counted up or down.
    Incremented,
    UnpairedDouble,
    UnpairedSingle,
}

/// Where a named error points.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// The token just read.
    Read,
    /// The next token.
    Ahead,
    /// The first token of the rule just finished.
    Finished,
}

impl Notice {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "alias" => Self::Alias,
            "empty_service" => Self::EmptyService,
            "service_keyword" => Self::ServiceKeyword,
            "empty_match" => Self::EmptyMatch,
            "missing_match" => Self::MissingMatch,
            "bare_slash" => Self::BareSlash,
            "extra_brace" => Self::ExtraBrace,
            "extra_brace_glob" => Self::ExtraBraceGlob,
            "extra_bracket" => Self::ExtraBracket,
            "stray" => Self::Stray,
            "missing_operation" => Self::MissingOperation,
            "missing_colon" => Self::MissingColon,
            "missing_if" => Self::MissingIf,
            "missing_condition" => Self::MissingCondition,
            "missing_body" => Self::MissingBody,
            "missing_signature" => Self::MissingSignature,
            "missing_id" => Self::MissingId,
            "type" => Self::Type,
            "incremented" => Self::Incremented,
            "increment" => Self::Increment,
            "unpaired_double" => Self::UnpairedDouble,
            "unpaired_single" => Self::UnpairedSingle,
            _ => return None,
        })
    }

    pub(super) fn place(self) -> Place {
        match self {
            Self::ServiceKeyword | Self::BareSlash | Self::Stray => Place::Read,
            Self::MissingMatch | Self::MissingIf | Self::Alias => Place::Finished,
            _ => Place::Ahead,
        }
    }

    /// The message; `read` is the text of the token or rule just read.
    pub(super) fn message(self, read: &str) -> String {
        match self {
            Self::Alias => "Import statement with alias must use the format 'as <alias>'",
            Self::EmptyService => "The 'service' body must contain at least one declaration.",
            Self::ServiceKeyword => message::SERVICE_KEYWORD,
            Self::EmptyMatch => "The 'match' body must contain at least one declaration.",
            Self::MissingMatch => "Missing 'match' keyword before path.",
            Self::BareSlash => "Forward slash '/' found where identifier or binding expected.",
            Self::ExtraBrace => "Extra closing '}' in path.",
            // The official spelling.
            Self::ExtraBraceGlob => "Exra closing '}' in path.",
            Self::ExtraBracket => "Extra closing ')' at the end of parameter list.",
            Self::Stray => return format!("Unexpected '{read}'."),
            Self::MissingOperation => "Expected at least one 'operation' after 'allow'.",
            Self::MissingColon => "Missing ':' before 'if' condition.",
            Self::MissingIf => "Missing 'if' before conditional expression.",
            Self::MissingCondition => "Missing conditional expression after 'if'.",
            Self::MissingBody => "Missing 'function' body",
            Self::MissingSignature => "Missing 'function' signature",
            Self::MissingId => "Missing 'function' id",
            Self::Type => return message::unknown_type(read),
            Self::Incremented => "",
            Self::Increment => "Increment (++) and decrement (--) operators are not supported.",
            Self::UnpairedDouble => "Missing a closing \"",
            Self::UnpairedSingle => "Missing a closing '",
        }
        .to_owned()
    }

    /// Whether what was just read is in order after all.
    pub(super) fn is_satisfied_by(self, read: &str) -> bool {
        match self {
            Self::Alias => read == "as",
            Self::Type => TypeName::parse(read).is_some(),
            Self::Incremented => true,
            _ => false,
        }
    }
}
