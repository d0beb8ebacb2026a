//! Notes on expected denials that may have another cause than the author thinks.

use firewarden::{database, internals::service, rules::Decision, text::Span};

use super::{
    case::{Case, Expectation},
    outcome::{TestDecision, located},
};

/// Why an expected denial may not be the one that the author means. The last text of a variant, if any, is a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// No block covers the path, or no statement covers the method.
    NoMatch(Option<String>),
    /// The rules name the path but not the method: the text names the block without a statement for it or, for a
    /// database, the rule of another kind, and the catch-all that decides instead, if any.
    NoMethod(String, Option<String>),
    /// Only a catch-all that permits nothing covers the request; the text is its location.
    CatchAll(String, Option<String>),
    /// A condition failed; the text is the message with its location.
    Error(String, Option<String>),
    /// No rules could decide the request; the text is the reason.
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
            Note::CatchAll(location, hint) => {
                write!(
                    f,
                    "denied by the catch-all alone ({location}), like any path that the rules do not name: is the path right?"
                )?;
                hint
            }
            Note::Error(message, hint) => {
                write!(f, "denied by an error, not by a false condition: {message}")?;
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
    /// The value of `because` that states this cause.
    pub fn word(&self) -> &'static str {
        match self {
            Note::NoMatch(_) | Note::NoMethod(..) | Note::CatchAll(..) => "no-match",
            Note::Error(..) => "error",
            Note::Refused(_) => "refused",
        }
    }

    /// The note on an expected denial, if there is one.
    pub(super) fn of(decision: &TestDecision, case: &Case) -> Option<Self> {
        if case.expect != Expectation::Deny {
            return None;
        }
        let hint = || decision.hint_for(case).or_else(|| decision.hint());
        let location = |span: Span| {
            let (source, at) = (decision.source(), decision.source().position(span.start));
            format!("{}:{}", source.name(), at.line)
        };
        let catch_all = decision.catch_all().map(location);
        if (catch_all.is_some() || decision.has_no_match())
            && let Some(what) = decision.no_method(&case.request.method(), catch_all.as_deref(), &location)
        {
            return Some(Note::NoMethod(what, hint()));
        }
        if let Some(at) = catch_all {
            return Some(Note::CatchAll(at, hint()));
        }
        match &decision.0 {
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
