//! Source text in a terminal: replacements for invisible characters, and widths in columns.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Replaces characters that a terminal hides or interprets: control characters by their symbols (`␛`), others by
/// U+FFFD. Removes joiners between emoji, because terminals differ on whether they join them. Tabs stay.
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

/// Whether a character has no glyph: control characters, and characters that change direction or joining.
fn is_hidden(c: char) -> bool {
    c != '\t' && c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Spaces that are as wide as `text`, with its tabs. `text` comes from [`visible`].
pub(crate) fn padding(text: &str) -> String {
    let mut out = String::new();
    for (at, part) in text.split('\t').enumerate() {
        out.push_str(if at > 0 { "\t" } else { "" });
        out.extend(std::iter::repeat_n(' ', part.width()));
    }
    out
}

/// The width of `text` in columns of a terminal, where a tab counts as one.
pub(crate) fn display_width(text: &str) -> usize {
    text.split('\t').map(|part| part.width()).sum::<usize>() + text.matches('\t').count()
}

/// The longest prefix of `text` that is at most `columns` wide. Combining characters stay with their base character.
pub(crate) fn prefix_within(text: &str, columns: usize) -> &str {
    let (mut end, mut used) = (0, 0);
    let boundaries = text.char_indices().skip(1).filter(|(_, c)| c.width() != Some(0)).map(|(at, _)| at);
    for next in boundaries.chain([text.len()]) {
        used += display_width(text.get(end..next).unwrap_or(""));
        if used > columns {
            break;
        }
        end = next;
    }
    text.get(..end).unwrap_or("")
}

/// The longest suffix of `text` that is at most `columns` wide. Combining characters stay with their base character.
pub(crate) fn suffix_within(text: &str, columns: usize) -> &str {
    let (mut start, mut used) = (text.len(), 0);
    let boundaries = text.char_indices().rev().filter(|(at, c)| *at == 0 || c.width() != Some(0)).map(|(at, _)| at);
    for previous in boundaries {
        used += display_width(text.get(previous..start).unwrap_or(""));
        if used > columns {
            break;
        }
        start = previous;
    }
    text.get(start..).unwrap_or("")
}

/// The last character that has a width, with the combining characters after it.
pub(crate) fn last_visible(text: &str) -> &str {
    let shown = |(_, c): &(usize, char)| c.width().is_some_and(|width| width > 0);
    let at = text.char_indices().rev().find(shown).map_or(text.len(), |(at, _)| at);
    text.get(at..).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::{display_width, last_visible, padding, prefix_within, suffix_within, visible};

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
            assert_eq!(display_width(text), wanted, "{text}");
        }
        assert_eq!(padding("写\tb"), "  \t ");
        assert_eq!(last_visible("abe\u{301}"), "e\u{301}");
        assert_eq!(last_visible(""), "");
    }

    #[test]
    fn text_is_cut_between_characters_of_any_width() {
        for (columns, prefix, suffix) in [
            (0, "", ""),
            (1, "a", "e\u{301}"),
            (2, "a", "e\u{301}"),
            (3, "a写", "真e\u{301}"),
            (6, "a写真e\u{301}", "a写真e\u{301}"),
        ] {
            assert_eq!(prefix_within("a写真e\u{301}", columns), prefix, "{columns}");
            assert_eq!(suffix_within("a写真e\u{301}", columns), suffix, "{columns}");
        }
        assert_eq!((prefix_within("", 3), suffix_within("", 3)), ("", ""));
    }
}
