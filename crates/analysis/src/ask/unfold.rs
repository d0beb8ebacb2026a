//! Conditions as text with the functions that they call unfolded, and the parts of which they are made.

use firewarden::{
    internals::program::{Code, Function, Id, Ids, Op, OpId},
    text::Span,
    value::Comparator,
};

/// The longest text of a part; a longer one keeps its calls.
const MAX_LENGTH: usize = 4_000;

/// An operand of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its text, in one line, without calls of the rules' own functions.
    pub text: String,
    /// Where it stands in the rules, perhaps in a function.
    pub span: Span,
}

/// A call that is unfolded: the function, and the texts of what its parameters stand for.
struct Frame<'c> {
    function: &'c Function,
    arguments: Vec<String>,
}

/// The most alternatives that an `&&` of `||` is multiplied out into; one with more stays as it is.
const MAX_ALTERNATIVES: usize = 8;

/// The ways in which a condition holds, each as the operands of its `&&`; also through functions.
pub fn alternatives(code: &Code, condition: OpId) -> Vec<Vec<Piece>> {
    ways(code, code.origin(condition), None)
}

/// The condition that pieces make together.
pub fn joined<'p>(pieces: impl IntoIterator<Item = &'p Piece>) -> String {
    let parts: Vec<String> = pieces.into_iter().map(|piece| format!("({})", piece.text)).collect();
    if parts.is_empty() { "true".to_owned() } else { parts.join(" && ") }
}

/// The operands of the `&&` of a condition, also through functions.
pub fn conjuncts(code: &Code, condition: OpId) -> Vec<Piece> {
    parts(code, code.origin(condition), None)
}

fn ways(code: &Code, id: OpId, frame: Option<&Frame<'_>>) -> Vec<Vec<Piece>> {
    match code.op(id) {
        Ok(Op::Call(function, arguments)) => match call(code, function, arguments, frame) {
            Some(inner) => ways(code, inner.function.result, Some(&inner)),
            None => vec![vec![piece(code, id, frame)]],
        },
        Ok(Op::Or(a, b)) => [ways(code, a, frame), ways(code, b, frame)].concat(),
        Ok(Op::And(a, b)) => {
            let (left, right) = (ways(code, a, frame), ways(code, b, frame));
            if left.len() * right.len() > MAX_ALTERNATIVES {
                return vec![[parts(code, a, frame), parts(code, b, frame)].concat()];
            }
            left.iter().flat_map(|a| right.iter().map(|b| [a.as_slice(), b.as_slice()].concat())).collect()
        }
        Ok(Op::Ternary(condition, yes, no)) => {
            let (holds, fails) = (parts(code, condition, frame), vec![negated(code, condition, frame)]);
            let with = |first: Vec<Piece>, rest: OpId| {
                ways(code, rest, frame).into_iter().map(move |rest| [first.clone(), rest].concat()).collect::<Vec<_>>()
            };
            [with(holds, yes), with(fails, no)].concat()
        }
        _ => vec![vec![piece(code, id, frame)]],
    }
}

fn parts(code: &Code, id: OpId, frame: Option<&Frame<'_>>) -> Vec<Piece> {
    match code.op(id) {
        Ok(Op::Call(function, arguments)) => match call(code, function, arguments, frame) {
            Some(inner) => parts(code, inner.function.result, Some(&inner)),
            None => vec![piece(code, id, frame)],
        },
        Ok(Op::And(a, b)) => [parts(code, a, frame), parts(code, b, frame)].concat(),
        _ => vec![piece(code, id, frame)],
    }
}

fn piece(code: &Code, id: OpId, frame: Option<&Frame<'_>>) -> Piece {
    Piece { text: text(code, id, frame), span: code.span(id) }
}

fn negated(code: &Code, id: OpId, frame: Option<&Frame<'_>>) -> Piece {
    let opposite = |operator: &str, a: OpId, b: OpId| {
        format!("{} {operator} {}", operand(code, a, frame), operand(code, b, frame))
    };
    let text = match code.op(id) {
        Ok(Op::Compare(Comparator::Eq, a, b)) => opposite("!=", a, b),
        Ok(Op::Compare(Comparator::Ne, a, b)) => opposite("==", a, b),
        _ => format!("!({})", text(code, id, frame)),
    };
    Piece { text, span: code.span(id) }
}

fn call<'c>(
    code: &'c Code,
    function: Id<Function>,
    arguments: Ids<OpId>,
    frame: Option<&Frame<'_>>,
) -> Option<Frame<'c>> {
    let function = code.functions.get(function).ok()?;
    let arguments = code.lists.slice(arguments).ok()?;
    let arguments: Vec<String> = arguments.iter().map(|argument| operand(code, *argument, frame)).collect();
    let fits = arguments.iter().map(String::len).sum::<usize>() <= MAX_LENGTH;
    (fits && arguments.len() == function.parameters.len()).then_some(Frame { function, arguments })
}

/// The text of an operation as an operand of another: in parentheses where it needs them.
fn operand(code: &Code, id: OpId, frame: Option<&Frame<'_>>) -> String {
    // What stands for a parameter or a variable has its parentheses already.
    if let Ok(Op::Local(slot)) = code.op(id)
        && let Some(said) = frame.and_then(|frame| local(code, usize::from(slot), frame))
    {
        return said;
    }
    let (inner, said) = match (code.op(id), frame) {
        (Ok(Op::Call(function, arguments)), _) => match call(code, function, arguments, frame) {
            Some(inner) => return operand(code, inner.function.result, Some(&inner)),
            None => (id, text(code, id, frame)),
        },
        _ => (id, text(code, id, frame)),
    };
    let joined = matches!(
        code.op(inner),
        Ok(Op::And(..)
            | Op::Or(..)
            | Op::In(..)
            | Op::Compare(..)
            | Op::Arithmetic(..)
            | Op::Is(..)
            | Op::Ternary(..)
            | Op::Not(_)
            | Op::Negate(_))
    ) || matches!(code.op(inner), Ok(Op::Constant(..))) && said.contains([' ', '-']) && !is_text(&said);
    if joined { format!("({said})") } else { said }
}

fn is_text(said: &str) -> bool {
    said.starts_with(['\'', '"'])
}

/// The text of an operation.
fn text(code: &Code, id: OpId, frame: Option<&Frame<'_>>) -> String {
    match code.op(id) {
        Ok(Op::Call(function, arguments)) => {
            if let Some(inner) = call(code, function, arguments, frame) {
                return text(code, inner.function.result, Some(&inner));
            }
        }
        Ok(Op::Local(slot)) => {
            if let Some(said) = frame.and_then(|frame| local(code, usize::from(slot), frame)) {
                return strip_parentheses(&said);
            }
        }
        _ => {}
    }
    let whole = code.span(id);
    let mut replaced = Vec::new();
    collect(code, id, frame, &mut replaced);
    replaced.sort_by_key(|(span, _): &(Span, String)| span.start);
    let mut out = String::new();
    let mut at = whole.start;
    for (span, with) in replaced {
        if span.start < at || span.end > whole.end {
            continue;
        }
        out.push_str(code.source.slice(Span { start: at, end: span.start }));
        out.push_str(&with);
        at = span.end;
    }
    out.push_str(code.source.slice(Span { start: at, end: whole.end }));
    one_line(&out)
}

/// What stands for a parameter or a variable, in parentheses where it needs them.
fn local(code: &Code, slot: usize, frame: &Frame<'_>) -> Option<String> {
    match frame.arguments.get(slot) {
        Some(argument) => Some(argument.clone()),
        None => {
            let variable = frame.function.lets.get(slot.checked_sub(frame.arguments.len())?)?;
            let said = operand(code, *variable, Some(frame));
            (said.len() <= MAX_LENGTH).then_some(said)
        }
    }
}

/// The parts below an operation that stand for something else.
fn collect(code: &Code, id: OpId, frame: Option<&Frame<'_>>, found: &mut Vec<(Span, String)>) {
    for below in code.op(id).and_then(|op| op.operands(code)).unwrap_or_default() {
        let replacement = match code.op(below) {
            Ok(Op::Local(slot)) => frame.and_then(|frame| local(code, usize::from(slot), frame)),
            Ok(Op::Call(function, arguments)) => {
                call(code, function, arguments, frame).map(|_| operand(code, below, frame))
            }
            _ => None,
        };
        match replacement {
            Some(said) => found.push((code.span(below), said)),
            None => collect(code, below, frame, found),
        }
    }
}

/// The text without one pair of parentheses around all of it.
fn strip_parentheses(said: &str) -> String {
    let inner = said.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let Some(inner) = inner else { return said.to_owned() };
    let mut depth = 0_i32;
    for c in inner.chars() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        if depth < 0 {
            return said.to_owned();
        }
    }
    inner.to_owned()
}

/// Source text in one line, without comments.
pub fn one_line(source: &str) -> String {
    let mut out = String::new();
    let mut rest = source.chars().peekable();
    let mut quote = None;
    while let Some(c) = rest.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                out.push(c);
                out.extend(rest.next());
            }
            (Some(q), c) => {
                out.push(c);
                if c == q {
                    quote = None;
                }
            }
            (None, '\'' | '"') => {
                out.push(c);
                quote = Some(c);
            }
            (None, '/') if rest.peek() == Some(&'/') => while rest.next_if(|c| *c != '\n').is_some() {},
            (None, '/') if rest.peek() == Some(&'*') => {
                rest.next();
                let mut last = ' ';
                for c in rest.by_ref() {
                    if (last, c) == ('*', '/') {
                        break;
                    }
                    last = c;
                }
                // It parts words as a space does.
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            (None, c) if c.is_whitespace() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            (None, c) => out.push(c),
        }
    }
    out.trim().to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
mod tests {
    use firewarden::{rules::Rules, text::Source};

    use super::*;
    use crate::ask::program;

    /// The alternatives of the last statement of a block with such content.
    fn unfolded(body: &str) -> Vec<Vec<String>> {
        let text = format!(
            "rules_version = '2';\nservice cloud.firestore {{ match /databases/{{database}}/documents {{ match /notes/{{note}} {{\n{body}\n}} }} }}"
        );
        let rules = Rules::parse(&Source::new("test.rules", text), None).unwrap();
        let (_, program) = program(&rules).unwrap();
        let statement = program.statements.iter().last().unwrap();
        let found = alternatives(&program.code, statement.condition.unwrap());
        found.iter().map(|pieces| pieces.iter().map(|piece| piece.text.clone()).collect()).collect()
    }

    #[test]
    fn functions_variables_and_parameters_are_unfolded() {
        let found = unfolded(
            "function team(id) { return get(/databases/$(database)/documents/teams/$(id)).data; }\n\
             function role(id) { let t = team(id); return request.auth != null ? t.roles[request.auth.uid] : 'none'; }\n\
             function isEditor(id) { return role(id) in ['owner', // of all\n 'editor']; }\n\
             allow get: if isEditor(note) && !(isEditor('x')) || request.auth.uid == note;",
        );
        assert_eq!(
            found,
            [
                vec![
                    "(request.auth != null ? get(/databases/$(database)/documents/teams/$(note)).data.roles[request.auth.uid] : 'none') in ['owner', 'editor']",
                    "!(((request.auth != null ? get(/databases/$(database)/documents/teams/$('x')).data.roles[request.auth.uid] : 'none') in ['owner', 'editor']))",
                ],
                vec!["request.auth.uid == note"],
            ]
        );
    }

    #[test]
    fn comments_are_left_out_of_a_line() {
        assert_eq!(
            one_line("a/* see http://x.example */&&b // of all\n || c == '/* text */'"),
            "a &&b || c == '/* text */'"
        );
    }

    #[test]
    fn ternaries_and_alternatives_in_a_conjunction_are_multiplied_out() {
        let found = unfolded(
            "allow get: if (resource.data.public == true ? request.auth != null : request.auth.uid == note) && (note == 'a' || note == 'b');",
        );
        assert_eq!(found.len(), 4);
        assert_eq!(found[3], ["resource.data.public != true", "request.auth.uid == note", "note == 'b'"]);
    }

    #[test]
    fn parts_are_found_through_functions() {
        let found = unfolded(
            "function signedIn() { return request.auth != null; }\n\
             function isUser(id) { return signedIn() && request.auth.uid == id; }\n\
             function isAny(a, b) { return isUser(a) || isUser(b); }\n\
             allow get: if isAny(note, resource.data.a + resource.data.b);",
        );
        assert_eq!(
            found,
            [
                vec!["request.auth != null", "request.auth.uid == note"],
                vec!["request.auth != null", "request.auth.uid == (resource.data.a + resource.data.b)"],
            ]
        );
    }
}
