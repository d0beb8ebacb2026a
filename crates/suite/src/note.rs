//! Denials that were expected and may have another reason than the author thinks.

use firewarden::{database, internals::service, rules::Decision, text::Span};

use super::{
    case::{Case, Expect},
    outcome::{Answer, located},
};

/// Why a denial that was expected may not be the one that was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// Nothing in the rules is about the request: no block covers the path, or no statement the method. With what may
    /// help, where something may.
    NoMatch(Option<String>),
    /// Rules name the path, and not what is asked of it: which block has no statement for the method, or which rule of a
    /// database is of another kind; and where the catch-all stands that decides instead, if there is one. With what may
    /// help, where something may.
    NoMethod(String, Option<String>),
    /// Only a catch-all that permits nothing covers the request, where that stands in the rules. With what may help, where
    /// something may.
    CatchAll(String, Option<String>),
    /// A condition failed: how. With what may help, where something may.
    Error(String, Option<String>),
    /// No rules could decide the request.
    Refused(String),
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hint = match self {
            Note::NoMatch(hint) => {
                f.write_str("denied because nothing in the rules covers this path and method: is the path right?")?;
                hint
            }
            Note::NoMethod(what, hint) => {
                write!(f, "denied because {what}")?;
                hint
            }
            Note::CatchAll(place, hint) => {
                write!(
                    f,
                    "denied by the catch-all alone ({place}), as any path is that rules do not name: is the path right?"
                )?;
                hint
            }
            Note::Error(message, hint) => {
                write!(f, "denied by an error, not by a condition that is false: {message}")?;
                hint
            }
            Note::Refused(why) => return write!(f, "denied whatever the rules are: {why}"),
        };
        match hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl Note {
    /// The word for `because` that says the author means it.
    pub fn word(&self) -> &'static str {
        match self {
            Note::NoMatch(_) | Note::NoMethod(..) | Note::CatchAll(..) => "no-match",
            Note::Error(..) => "error",
            Note::Refused(_) => "refused",
        }
    }

    /// What a reader should know of a denial that was expected.
    pub(super) fn of(answer: &Answer, case: &Case) -> Option<Self> {
        if case.expect != Expect::Deny {
            return None;
        }
        let hint = || answer.help(case).or_else(|| answer.hint());
        let place = |span: Span| {
            let (source, at) = (answer.source(), answer.source().position(span.start));
            format!("{}:{}", source.name(), at.line)
        };
        let catch_all = answer.catch_all().map(place);
        if (catch_all.is_some() || answer.has_no_match())
            && let Some(what) = answer.no_method(&case.ask.method(), catch_all.as_deref(), &place)
        {
            return Some(Note::NoMethod(what, hint()));
        }
        if let Some(at) = catch_all {
            return Some(Note::CatchAll(at, hint()));
        }
        match &answer.0 {
            Decision::Service(decision) => match decision.cause() {
                service::Cause::NoStatement | service::Cause::NoService => Some(Note::NoMatch(hint())),
                service::Cause::Failed(fault) | service::Cause::Aborted(fault) => {
                    Some(Note::Error(located(decision.source(), fault), hint()))
                }
                service::Cause::Refused(why) => Some(Note::Refused(why.clone())),
                _ => None,
            },
            Decision::Database(decision) => match decision.cause() {
                database::Cause::NoRule(..) => Some(Note::NoMatch(hint())),
                database::Cause::NotGranted(_, Some(fault)) | database::Cause::Invalid(_, _, Some(fault)) => {
                    Some(Note::Error(located(decision.source(), fault), hint()))
                }
                database::Cause::Refused(error) => Some(Note::Refused(error.to_string())),
                _ => None,
            },
        }
    }
}
