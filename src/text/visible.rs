//! Source text as a terminal shows it: every character visible, and how many columns it takes.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The text without characters that a terminal hides or obeys: control characters are written as their symbols (`␛`),
/// others as U+FFFD. A joiner between two emoji is left out, because terminals differ on whether it joins them. Tabs stay.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut before = None;
    while let Some(c) = chars.next() {
        let wide = |c: Option<char>| c.and_then(|c| c.width()) == Some(2);
        match c {
            '\u{200D}'
                if (wide(before) || before == Some('\u{FE0F}')) && chars.peek().is_some_and(|c| !c.is_ascii()) => {}
            '\u{7F}' => out.push('\u{2421}'),
            c if c.is_ascii_control() && is_hidden(c) => {
                out.push(char::from_u32(0x2400 + c as u32).unwrap_or('\u{FFFD}'));
            }
            c if is_hidden(c) => out.push('\u{FFFD}'),
            c => out.push(c),
        }
        before = Some(c);
    }
    Cow::Owned(out)
}

/// Characters that have no shape of their own: controls, and those that change the direction or the joining of others.
fn is_hidden(c: char) -> bool {
    c != '\t' && c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Blanks that take as many columns as a text that is visible, with its tabs.
pub(crate) fn blanks(text: &str) -> String {
    let mut out = String::new();
    for (at, part) in text.split('\t').enumerate() {
        out.push_str(if at > 0 { "\t" } else { "" });
        out.extend(std::iter::repeat_n(' ', part.width()));
    }
    out
}

/// The columns that a text takes that is visible; a tab counts as one.
pub(crate) fn columns(text: &str) -> usize {
    text.split('\t').map(|part| part.width()).sum::<usize>() + text.matches('\t').count()
}

/// What a text ends with that takes columns: a character, and the marks on it.
pub(crate) fn last_shown(text: &str) -> &str {
    let shown = |(_, c): &(usize, char)| c.width().is_some_and(|width| width > 0);
    let at = text.char_indices().rev().find(shown).map_or(text.len(), |(at, _)| at);
    text.get(at..).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::{blanks, columns, last_shown, visible};

    #[test]
    fn what_a_terminal_would_hide_or_obey_is_shown() {
        assert_eq!(visible("a\tb é 写"), "a\tb é 写");
        assert_eq!(visible("a\u{1B}[31m\u{7F}"), "a␛[31m␡");
        assert_eq!(visible("a\u{202E}b\u{200B}\u{FEFF}"), "a\u{FFFD}b\u{FFFD}\u{FFFD}");
        assert_eq!(visible("👨\u{200D}👩\u{200D}👧"), "👨👩👧");
        assert_eq!(visible("a\u{200D}b"), "a\u{FFFD}b");
    }

    #[test]
    fn columns_are_those_of_a_terminal() {
        for (text, wanted) in
            [("abc", 3), ("写真", 4), ("😀", 2), ("e\u{301}", 1), ("ab\tc", 4), ("שלום", 4), ("ﾊﾝ", 2)]
        {
            assert_eq!(columns(text), wanted, "{text}");
        }
        assert_eq!(blanks("写\tb"), "  \t ");
        assert_eq!(last_shown("abe\u{301}"), "e\u{301}");
        assert_eq!(last_shown(""), "");
    }
}
