//! A text as words and signs, roughly: enough to delete and to swap them.

/// The parts of a text, which are all of it.
pub fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = length(rest, first).max(first.len_utf8());
        let (part, after) = rest.split_at(length);
        parts.push(part);
        rest = after;
    }
    parts
}

fn length(rest: &str, first: char) -> usize {
    let run = |fits: fn(char) -> bool| rest.find(|c| !fits(c)).unwrap_or(rest.len());
    match first {
        c if c.is_whitespace() => run(char::is_whitespace),
        c if is_word(c) => run(is_word),
        '\'' | '"' => string(rest, first),
        '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
        '/' if rest.starts_with("/*") => rest.find("*/").map_or(2, |at| at + 2),
        _ if ["&&", "||", "==", "!=", "<=", ">=", "$(", "**"].iter().any(|sign| rest.starts_with(sign)) => 2,
        c => c.len_utf8(),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn string(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => return 1,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_text_is_split_into_all_its_parts() {
        let text = "allow get: if a.b == 'it\\'s' && /c/$(d) != \"é // x\n// end";
        assert_eq!(split(text).concat(), text);
        assert_eq!(split("a=='b c' //x"), ["a", "==", "'b c'", " ", "//x"]);
        assert_eq!(split("'open\nx"), ["'", "open", "\n", "x"]);
    }
}
