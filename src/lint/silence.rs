//! Comments that silence a lint: `// firewarden: allow CODE: reason`, several codes with commas between them.
//!
//! One that stands alone silences what is reported in the next line that holds more than a comment, one after code what
//! is reported in its own line.

use crate::{
    check,
    syntax::line_comments,
    text::{Diagnostic, Source, Span, nearest},
};

use super::Code;

/// A code in a silencing comment.
struct Silence {
    code: Code,
    /// Where the code stands.
    span: Span,
    /// The line that it is about.
    line: u32,
    used: bool,
}

/// The problems that no comment silences, with those of the comments; in source order.
pub(super) fn apply(source: &Source, mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let (mut silences, mut wrong) = read(source);
    problems.retain(|problem| {
        let Some(line) = problem.span.map(|span| source.position(span.start).line) else { return true };
        let silence = silences.iter_mut().find(|s| s.line == line && s.code.id() == problem.code);
        silence.map(|silence| silence.used = true).is_none()
    });
    for Silence { code, span, .. } in silences.into_iter().filter(|silence| !silence.used) {
        wrong.push(Code::AllowUnused.problem(span, format!("`{}` is not reported here", code.id())));
    }
    problems.append(&mut wrong);
    problems.sort_by_key(|problem| problem.span.map(|span| span.start));
    problems
}

/// The silencing comments of a file, and what is wrong with them.
fn read(source: &Source) -> (Vec<Silence>, Vec<Diagnostic>) {
    let (mut silences, mut wrong) = (Vec::new(), Vec::new());
    for comment in line_comments(source) {
        let text = source.slice(comment);
        let Some(said) = text.trim_start_matches('/').trim_start().strip_prefix("firewarden:") else { continue };
        let codes = said.trim_start().strip_prefix("allow ").map(|rest| rest.split_once(':').unwrap_or((rest, "")));
        let Some((codes, reason)) = codes else {
            let message =
                "a comment that begins with `firewarden:` silences nothing unless it says `allow CODE: reason`";
            wrong.push(Code::AllowUnknownCode.problem(comment, message));
            continue;
        };
        if reason.trim().is_empty() {
            wrong.push(Code::AllowWithoutReason.problem(comment, "the comment gives no reason"));
        }
        let line = line_of(source, comment);
        for name in codes.split(',').map(str::trim) {
            // Names are parts of the comment's text.
            let at = comment.start as usize + (name.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
            let span = Span::new(at, at + name.len());
            match Code::from_id(name).filter(|code| code.can_be_silenced()) {
                Some(code) => silences.push(Silence { code, span, line, used: false }),
                None => wrong.push(unknown(name, span)),
            }
        }
    }
    (silences, wrong)
}

fn unknown(name: &str, span: Span) -> Diagnostic {
    if check::Code::from_id(name).is_some() || Code::from_id(name).is_some() {
        return Code::AllowUnknownCode.problem(span, format!("`{name}` cannot be silenced"));
    }
    let problem = Code::AllowUnknownCode.problem(span, format!("`{name}` is no code of a lint"));
    match nearest(name, Code::ALL.iter().map(|code| code.id())) {
        Some(near) => problem.with_hint(format!("did you mean `{near}`?")),
        None => problem,
    }
}

/// The line that a comment is about.
fn line_of(source: &Source, comment: Span) -> u32 {
    let own = source.position(comment.start).line;
    let before = source.line(own).split("//").next().unwrap_or("");
    if !before.trim().is_empty() {
        return own;
    }
    let last = source.position(source.text().len() as u32).line;
    let empty = |line: &u32| {
        let text = source.line(*line).trim();
        text.is_empty() || text.starts_with("//")
    };
    (own + 1..=last).find(|line| !empty(line)).unwrap_or(own)
}
