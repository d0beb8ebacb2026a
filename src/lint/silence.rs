//! Comments that silence a lint: `// firewarden: allow CODE: reason`, several codes with commas between them.
//!
//! A comment on a line of its own silences the next line with code; a comment after code silences its own line.

use crate::{
    check,
    syntax::line_comments,
    text::{Diagnostic, Source, Span, nearest},
};

use super::Code;

/// A code in a silencing comment.
struct SilencedCode {
    code: Code,
    /// The span of the code in the comment.
    span: Span,
    /// The line that the comment silences.
    line: u32,
    used: bool,
}

/// Removes the silenced problems and adds those of the comments, in source order.
pub(super) fn apply(source: &Source, mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let (mut silences, mut problems_in_comments) = parse_comments(source);
    problems.retain(|problem| {
        let Some(line) = problem.span.map(|span| source.position(span.start).line) else { return true };
        let silence = silences.iter_mut().find(|s| s.line == line && s.code.id() == problem.code);
        silence.map(|silence| silence.used = true).is_none()
    });
    for SilencedCode { code, span, .. } in silences.into_iter().filter(|silence| !silence.used) {
        problems_in_comments.push(Code::AllowUnused.diagnostic(span, format!("`{}` is not reported here", code.id())));
    }
    problems.append(&mut problems_in_comments);
    problems.sort_by_key(|problem| problem.span.map(|span| span.start));
    problems
}

/// Parses the silencing comments of a file; returns the silenced codes and the problems of the comments.
fn parse_comments(source: &Source) -> (Vec<SilencedCode>, Vec<Diagnostic>) {
    let (mut silences, mut problems_in_comments) = (Vec::new(), Vec::new());
    for comment in line_comments(source) {
        let text = source.slice(comment);
        let Some(said) = text.trim_start_matches('/').trim_start().strip_prefix("firewarden:") else { continue };
        let codes = said.trim_start().strip_prefix("allow ").map(|rest| rest.split_once(':').unwrap_or((rest, "")));
        let Some((codes, reason)) = codes else {
            let message = "unknown comment `firewarden:`: write `firewarden: allow CODE: reason` to silence a lint";
            problems_in_comments.push(Code::AllowUnknownCode.diagnostic(comment, message));
            continue;
        };
        if reason.trim().is_empty() {
            problems_in_comments.push(Code::AllowWithoutReason.diagnostic(comment, "the comment gives no reason"));
        }
        let line = target_line(source, comment);
        for name in codes.split(',').map(str::trim) {
            // `name` is a slice of the text of the comment.
            let at = comment.start as usize + (name.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
            let span = Span::new(at, at + name.len());
            match Code::from_id(name).filter(|code| code.can_be_silenced()) {
                Some(code) => silences.push(SilencedCode { code, span, line, used: false }),
                None => problems_in_comments.push(unknown_code(name, span)),
            }
        }
    }
    (silences, problems_in_comments)
}

fn unknown_code(name: &str, span: Span) -> Diagnostic {
    if check::Code::from_id(name).is_some() || Code::from_id(name).is_some() {
        return Code::AllowUnknownCode.diagnostic(span, format!("`{name}` cannot be silenced"));
    }
    let problem = Code::AllowUnknownCode.diagnostic(span, format!("unknown lint code `{name}`"));
    match nearest(name, Code::ALL.iter().map(|code| code.id())) {
        Some(near) => problem.with_hint(format!("did you mean `{near}`?")),
        None => problem,
    }
}

/// The line that a comment silences.
fn target_line(source: &Source, comment: Span) -> u32 {
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
