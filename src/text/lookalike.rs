//! Characters that look like ASCII or are invisible, and get into rules when text is copied from a page or a document.

use std::borrow::Cow;

use super::visible::visible;

/// A character or HTML entity in place of an ASCII character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lookalike {
    /// Its length in bytes.
    pub(crate) length: usize,
    /// Its name: `U+2019 RIGHT SINGLE QUOTATION MARK`.
    pub(crate) name: String,
    /// The ASCII text that was meant; empty for an invisible character.
    pub(crate) meant: Cow<'static, str>,
}

impl Lookalike {
    /// The look-alike at the start of a text.
    pub(crate) fn at(text: &str) -> Option<Self> {
        let first = text.chars().next()?;
        if first == '&' {
            return entity(text);
        }
        let (name, meant) = character(first)?;
        let name = format!("U+{:04X} {name}", first as u32);
        Some(Lookalike { length: first.len_utf8(), name, meant })
    }

    /// The first look-alike in a text, with its offset.
    pub(crate) fn find(text: &str) -> Option<(usize, Self)> {
        let mut places = text.char_indices().filter(|(_, c)| !c.is_ascii() || *c == '&');
        places.find_map(|(at, _)| Lookalike::at(text.get(at..)?).map(|found| (at, found)))
    }

    /// Whether the ASCII text is a quotation mark.
    pub(crate) fn is_quote(&self) -> bool {
        matches!(&*self.meant, "'" | "\"")
    }

    /// Whether the ASCII text can be part of a name.
    pub(crate) fn is_part_of_names(&self) -> bool {
        self.meant.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '~' | '.'))
            && !self.meant.is_empty()
    }

    /// The message about a look-alike that is `written` in the source.
    pub(crate) fn words(&self, written: &str) -> String {
        let shown = visible(written) == written && !written.chars().all(char::is_whitespace);
        let subject = if shown { format!("`{written}`") } else { "this".to_owned() };
        format!("{subject} is {}: {}", self.name, self.remedy())
    }

    /// The end of the message: what to write instead.
    fn remedy(&self) -> String {
        match &*self.meant {
            "" => "remove it".to_owned(),
            " " => "write a space".to_owned(),
            "\n" => "write a line feed".to_owned(),
            meant => format!("write `{meant}`"),
        }
    }
}

/// The Unicode name of a look-alike character, and the ASCII text that it looks like.
fn character(c: char) -> Option<(Cow<'static, str>, Cow<'static, str>)> {
    let code = c as u32;
    if (0xFF01..=0xFF5E).contains(&code) {
        let ascii = char::from_u32(code - 0xFEE0)?;
        return Some((format!("FULLWIDTH {}", ascii_name(ascii)).into(), ascii.to_string().into()));
    }
    let found = CHARACTERS.binary_search_by(|(known, ..)| known.cmp(&c)).ok()?;
    CHARACTERS.get(found).map(|(_, name, meant)| ((*name).into(), (*meant).into()))
}

fn ascii_name(c: char) -> String {
    const PUNCTUATION: [(char, &str); 32] = [
        ('!', "EXCLAMATION MARK"),
        ('"', "QUOTATION MARK"),
        ('#', "NUMBER SIGN"),
        ('$', "DOLLAR SIGN"),
        ('%', "PERCENT SIGN"),
        ('&', "AMPERSAND"),
        ('\'', "APOSTROPHE"),
        ('(', "LEFT PARENTHESIS"),
        (')', "RIGHT PARENTHESIS"),
        ('*', "ASTERISK"),
        ('+', "PLUS SIGN"),
        (',', "COMMA"),
        ('-', "HYPHEN-MINUS"),
        ('.', "FULL STOP"),
        ('/', "SOLIDUS"),
        (':', "COLON"),
        (';', "SEMICOLON"),
        ('<', "LESS-THAN SIGN"),
        ('=', "EQUALS SIGN"),
        ('>', "GREATER-THAN SIGN"),
        ('?', "QUESTION MARK"),
        ('@', "COMMERCIAL AT"),
        ('[', "LEFT SQUARE BRACKET"),
        ('\\', "REVERSE SOLIDUS"),
        (']', "RIGHT SQUARE BRACKET"),
        ('^', "CIRCUMFLEX ACCENT"),
        ('_', "LOW LINE"),
        ('`', "GRAVE ACCENT"),
        ('{', "LEFT CURLY BRACKET"),
        ('|', "VERTICAL LINE"),
        ('}', "RIGHT CURLY BRACKET"),
        ('~', "TILDE"),
    ];
    const DIGITS: [&str; 10] = ["ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE"];
    match (c.to_digit(10), PUNCTUATION.iter().find(|(known, _)| *known == c)) {
        (Some(digit), _) => format!("DIGIT {}", DIGITS.get(digit as usize).unwrap_or(&"")),
        (_, Some((_, name))) => (*name).to_owned(),
        _ if c.is_ascii_uppercase() => format!("LATIN CAPITAL LETTER {c}"),
        _ => format!("LATIN SMALL LETTER {}", c.to_ascii_uppercase()),
    }
}

/// An HTML entity for an ASCII character, a space or a look-alike: `&amp;`, `&#39;`, `&#x27;`.
fn entity(text: &str) -> Option<Lookalike> {
    let end = text.bytes().take(10).position(|byte| byte == b';')?;
    let name = text.get(1..end)?;
    let number = match name.strip_prefix('#') {
        Some(hex) if hex.starts_with(['x', 'X']) => u32::from_str_radix(hex.get(1..)?, 16).ok(),
        Some(decimal) => decimal.parse().ok(),
        None => None,
    };
    let meant = match (number.and_then(char::from_u32), name) {
        (Some('\u{A0}'), _) | (None, "nbsp") => " ".into(),
        (Some(c), _) if c.is_ascii_graphic() || matches!(c, ' ' | '\n') => c.to_string().into(),
        (Some(c), _) => character(c).map(|(_, meant)| meant)?,
        (None, "amp") => "&".into(),
        (None, "lt") => "<".into(),
        (None, "gt") => ">".into(),
        (None, "quot" | "ldquo" | "rdquo" | "laquo" | "raquo") => "\"".into(),
        (None, "apos" | "lsquo" | "rsquo") => "'".into(),
        (None, "ndash" | "mdash" | "minus") => "-".into(),
        (None, "lbrace" | "lcub") => "{".into(),
        (None, "rbrace" | "rcub") => "}".into(),
        (None, "vert" | "verbar") => "|".into(),
        (None, "ne") => "!=".into(),
        (None, "le") => "<=".into(),
        (None, "ge") => ">=".into(),
        _ => return None,
    };
    Some(Lookalike { length: end + 1, name: "an HTML entity".to_owned(), meant })
}

/// Look-alike characters with their Unicode names and the ASCII text that they look like, sorted by character.
const CHARACTERS: &[(char, &str, &str)] = &[
    ('\u{0B}', "LINE TABULATION", " "),
    ('\u{85}', "NEXT LINE", "\n"),
    ('\u{91}', "PRIVATE USE ONE, a quotation mark in Windows-1252", "'"),
    ('\u{92}', "PRIVATE USE TWO, a quotation mark in Windows-1252", "'"),
    ('\u{93}', "SET TRANSMIT STATE, a quotation mark in Windows-1252", "\""),
    ('\u{94}', "CANCEL CHARACTER, a quotation mark in Windows-1252", "\""),
    ('\u{96}', "START OF GUARDED AREA, a dash in Windows-1252", "-"),
    ('\u{97}', "END OF GUARDED AREA, a dash in Windows-1252", "-"),
    ('\u{A0}', "NO-BREAK SPACE", " "),
    ('\u{A6}', "BROKEN BAR", "|"),
    ('\u{AB}', "LEFT-POINTING DOUBLE ANGLE QUOTATION MARK", "\""),
    ('\u{AC}', "NOT SIGN", "!"),
    ('\u{AD}', "SOFT HYPHEN", ""),
    ('\u{B4}', "ACUTE ACCENT", "'"),
    ('\u{B7}', "MIDDLE DOT", "."),
    ('\u{BB}', "RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK", "\""),
    ('\u{D7}', "MULTIPLICATION SIGN", "*"),
    ('\u{F7}', "DIVISION SIGN", "/"),
    ('\u{2BC}', "MODIFIER LETTER APOSTROPHE", "'"),
    ('\u{2C6}', "MODIFIER LETTER CIRCUMFLEX ACCENT", "^"),
    ('\u{37E}', "GREEK QUESTION MARK", ";"),
    ('\u{387}', "GREEK ANO TELEIA", "."),
    ('\u{391}', "GREEK CAPITAL LETTER ALPHA", "A"),
    ('\u{392}', "GREEK CAPITAL LETTER BETA", "B"),
    ('\u{395}', "GREEK CAPITAL LETTER EPSILON", "E"),
    ('\u{3B1}', "GREEK SMALL LETTER ALPHA", "a"),
    ('\u{3BD}', "GREEK SMALL LETTER NU", "v"),
    ('\u{3BF}', "GREEK SMALL LETTER OMICRON", "o"),
    ('\u{3C1}', "GREEK SMALL LETTER RHO", "p"),
    ('\u{3C5}', "GREEK SMALL LETTER UPSILON", "u"),
    ('\u{405}', "CYRILLIC CAPITAL LETTER DZE", "S"),
    ('\u{406}', "CYRILLIC CAPITAL LETTER BYELORUSSIAN-UKRAINIAN I", "I"),
    ('\u{410}', "CYRILLIC CAPITAL LETTER A", "A"),
    ('\u{412}', "CYRILLIC CAPITAL LETTER VE", "B"),
    ('\u{415}', "CYRILLIC CAPITAL LETTER IE", "E"),
    ('\u{41A}', "CYRILLIC CAPITAL LETTER KA", "K"),
    ('\u{41C}', "CYRILLIC CAPITAL LETTER EM", "M"),
    ('\u{41D}', "CYRILLIC CAPITAL LETTER EN", "H"),
    ('\u{41E}', "CYRILLIC CAPITAL LETTER O", "O"),
    ('\u{420}', "CYRILLIC CAPITAL LETTER ER", "P"),
    ('\u{421}', "CYRILLIC CAPITAL LETTER ES", "C"),
    ('\u{422}', "CYRILLIC CAPITAL LETTER TE", "T"),
    ('\u{425}', "CYRILLIC CAPITAL LETTER HA", "X"),
    ('\u{430}', "CYRILLIC SMALL LETTER A", "a"),
    ('\u{435}', "CYRILLIC SMALL LETTER IE", "e"),
    ('\u{43E}', "CYRILLIC SMALL LETTER O", "o"),
    ('\u{440}', "CYRILLIC SMALL LETTER ER", "p"),
    ('\u{441}', "CYRILLIC SMALL LETTER ES", "c"),
    ('\u{443}', "CYRILLIC SMALL LETTER U", "y"),
    ('\u{445}', "CYRILLIC SMALL LETTER HA", "x"),
    ('\u{455}', "CYRILLIC SMALL LETTER DZE", "s"),
    ('\u{456}', "CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I", "i"),
    ('\u{458}', "CYRILLIC SMALL LETTER JE", "j"),
    ('\u{501}', "CYRILLIC SMALL LETTER KOMI DE", "d"),
    ('\u{589}', "ARMENIAN FULL STOP", ":"),
    ('\u{5F3}', "HEBREW PUNCTUATION GERESH", "'"),
    ('\u{5F4}', "HEBREW PUNCTUATION GERSHAYIM", "\""),
    ('\u{60C}', "ARABIC COMMA", ","),
    ('\u{61B}', "ARABIC SEMICOLON", ";"),
    ('\u{61C}', "ARABIC LETTER MARK", ""),
    ('\u{61F}', "ARABIC QUESTION MARK", "?"),
    ('\u{66A}', "ARABIC PERCENT SIGN", "%"),
    ('\u{1680}', "OGHAM SPACE MARK", " "),
    ('\u{180E}', "MONGOLIAN VOWEL SEPARATOR", ""),
    ('\u{2000}', "EN QUAD", " "),
    ('\u{2001}', "EM QUAD", " "),
    ('\u{2002}', "EN SPACE", " "),
    ('\u{2003}', "EM SPACE", " "),
    ('\u{2004}', "THREE-PER-EM SPACE", " "),
    ('\u{2005}', "FOUR-PER-EM SPACE", " "),
    ('\u{2006}', "SIX-PER-EM SPACE", " "),
    ('\u{2007}', "FIGURE SPACE", " "),
    ('\u{2008}', "PUNCTUATION SPACE", " "),
    ('\u{2009}', "THIN SPACE", " "),
    ('\u{200A}', "HAIR SPACE", " "),
    ('\u{200B}', "ZERO WIDTH SPACE", ""),
    ('\u{200C}', "ZERO WIDTH NON-JOINER", ""),
    ('\u{200D}', "ZERO WIDTH JOINER", ""),
    ('\u{200E}', "LEFT-TO-RIGHT MARK", ""),
    ('\u{200F}', "RIGHT-TO-LEFT MARK", ""),
    ('\u{2010}', "HYPHEN", "-"),
    ('\u{2011}', "NON-BREAKING HYPHEN", "-"),
    ('\u{2012}', "FIGURE DASH", "-"),
    ('\u{2013}', "EN DASH", "-"),
    ('\u{2014}', "EM DASH", "-"),
    ('\u{2015}', "HORIZONTAL BAR", "-"),
    ('\u{2016}', "DOUBLE VERTICAL LINE", "||"),
    ('\u{2018}', "LEFT SINGLE QUOTATION MARK", "'"),
    ('\u{2019}', "RIGHT SINGLE QUOTATION MARK", "'"),
    ('\u{201A}', "SINGLE LOW-9 QUOTATION MARK", "'"),
    ('\u{201B}', "SINGLE HIGH-REVERSED-9 QUOTATION MARK", "'"),
    ('\u{201C}', "LEFT DOUBLE QUOTATION MARK", "\""),
    ('\u{201D}', "RIGHT DOUBLE QUOTATION MARK", "\""),
    ('\u{201E}', "DOUBLE LOW-9 QUOTATION MARK", "\""),
    ('\u{201F}', "DOUBLE HIGH-REVERSED-9 QUOTATION MARK", "\""),
    ('\u{2022}', "BULLET", ""),
    ('\u{2024}', "ONE DOT LEADER", "."),
    ('\u{2025}', "TWO DOT LEADER", ".."),
    ('\u{2026}', "HORIZONTAL ELLIPSIS", ""),
    ('\u{2028}', "LINE SEPARATOR", "\n"),
    ('\u{2029}', "PARAGRAPH SEPARATOR", "\n"),
    ('\u{202A}', "LEFT-TO-RIGHT EMBEDDING", ""),
    ('\u{202B}', "RIGHT-TO-LEFT EMBEDDING", ""),
    ('\u{202C}', "POP DIRECTIONAL FORMATTING", ""),
    ('\u{202D}', "LEFT-TO-RIGHT OVERRIDE", ""),
    ('\u{202E}', "RIGHT-TO-LEFT OVERRIDE", ""),
    ('\u{202F}', "NARROW NO-BREAK SPACE", " "),
    ('\u{2032}', "PRIME", "'"),
    ('\u{2033}', "DOUBLE PRIME", "\""),
    ('\u{2035}', "REVERSED PRIME", "'"),
    ('\u{2039}', "SINGLE LEFT-POINTING ANGLE QUOTATION MARK", "'"),
    ('\u{203A}', "SINGLE RIGHT-POINTING ANGLE QUOTATION MARK", "'"),
    ('\u{203C}', "DOUBLE EXCLAMATION MARK", "!!"),
    ('\u{2044}', "FRACTION SLASH", "/"),
    ('\u{205F}', "MEDIUM MATHEMATICAL SPACE", " "),
    ('\u{2060}', "WORD JOINER", ""),
    ('\u{2061}', "FUNCTION APPLICATION", ""),
    ('\u{2062}', "INVISIBLE TIMES", ""),
    ('\u{2063}', "INVISIBLE SEPARATOR", ""),
    ('\u{2064}', "INVISIBLE PLUS", ""),
    ('\u{2066}', "LEFT-TO-RIGHT ISOLATE", ""),
    ('\u{2067}', "RIGHT-TO-LEFT ISOLATE", ""),
    ('\u{2068}', "FIRST STRONG ISOLATE", ""),
    ('\u{2069}', "POP DIRECTIONAL ISOLATE", ""),
    ('\u{2190}', "LEFTWARDS ARROW", "<="),
    ('\u{2192}', "RIGHTWARDS ARROW", ">="),
    ('\u{21D2}', "RIGHTWARDS DOUBLE ARROW", ">="),
    ('\u{2212}', "MINUS SIGN", "-"),
    ('\u{2215}', "DIVISION SLASH", "/"),
    ('\u{2217}', "ASTERISK OPERATOR", "*"),
    ('\u{2219}', "BULLET OPERATOR", "*"),
    ('\u{2223}', "DIVIDES", "|"),
    ('\u{2225}', "PARALLEL TO", "||"),
    ('\u{2227}', "LOGICAL AND", "&&"),
    ('\u{2228}', "LOGICAL OR", "||"),
    ('\u{2236}', "RATIO", ":"),
    ('\u{223C}', "TILDE OPERATOR", "~"),
    ('\u{2260}', "NOT EQUAL TO", "!="),
    ('\u{2261}', "IDENTICAL TO", "=="),
    ('\u{2264}', "LESS-THAN OR EQUAL TO", "<="),
    ('\u{2265}', "GREATER-THAN OR EQUAL TO", ">="),
    ('\u{2266}', "LESS-THAN OVER EQUAL TO", "<="),
    ('\u{2267}', "GREATER-THAN OVER EQUAL TO", ">="),
    ('\u{22C5}', "DOT OPERATOR", "*"),
    ('\u{276E}', "HEAVY LEFT-POINTING ANGLE QUOTATION MARK ORNAMENT", "'"),
    ('\u{276F}', "HEAVY RIGHT-POINTING ANGLE QUOTATION MARK ORNAMENT", "'"),
    ('\u{2800}', "BRAILLE PATTERN BLANK", " "),
    ('\u{2A75}', "TWO CONSECUTIVE EQUALS SIGNS", "=="),
    ('\u{3000}', "IDEOGRAPHIC SPACE", " "),
    ('\u{3001}', "IDEOGRAPHIC COMMA", ","),
    ('\u{3002}', "IDEOGRAPHIC FULL STOP", ";"),
    ('\u{300A}', "LEFT DOUBLE ANGLE BRACKET", "\""),
    ('\u{300B}', "RIGHT DOUBLE ANGLE BRACKET", "\""),
    ('\u{300C}', "LEFT CORNER BRACKET", "'"),
    ('\u{300D}', "RIGHT CORNER BRACKET", "'"),
    ('\u{300E}', "LEFT WHITE CORNER BRACKET", "\""),
    ('\u{300F}', "RIGHT WHITE CORNER BRACKET", "\""),
    ('\u{3010}', "LEFT BLACK LENTICULAR BRACKET", "["),
    ('\u{3011}', "RIGHT BLACK LENTICULAR BRACKET", "]"),
    ('\u{3014}', "LEFT TORTOISE SHELL BRACKET", "["),
    ('\u{3015}', "RIGHT TORTOISE SHELL BRACKET", "]"),
    ('\u{301C}', "WAVE DASH", "~"),
    ('\u{301D}', "REVERSED DOUBLE PRIME QUOTATION MARK", "\""),
    ('\u{301E}', "DOUBLE PRIME QUOTATION MARK", "\""),
    ('\u{301F}', "LOW DOUBLE PRIME QUOTATION MARK", "\""),
    ('\u{3164}', "HANGUL FILLER", " "),
    ('\u{FE0E}', "VARIATION SELECTOR-15", ""),
    ('\u{FE0F}', "VARIATION SELECTOR-16", ""),
    ('\u{FE50}', "SMALL COMMA", ","),
    ('\u{FE52}', "SMALL FULL STOP", "."),
    ('\u{FE54}', "SMALL SEMICOLON", ";"),
    ('\u{FE55}', "SMALL COLON", ":"),
    ('\u{FE56}', "SMALL QUESTION MARK", "?"),
    ('\u{FE57}', "SMALL EXCLAMATION MARK", "!"),
    ('\u{FE58}', "SMALL EM DASH", "-"),
    ('\u{FE59}', "SMALL LEFT PARENTHESIS", "("),
    ('\u{FE5A}', "SMALL RIGHT PARENTHESIS", ")"),
    ('\u{FE5B}', "SMALL LEFT CURLY BRACKET", "{"),
    ('\u{FE5C}', "SMALL RIGHT CURLY BRACKET", "}"),
    ('\u{FE60}', "SMALL AMPERSAND", "&"),
    ('\u{FE61}', "SMALL ASTERISK", "*"),
    ('\u{FE62}', "SMALL PLUS SIGN", "+"),
    ('\u{FE63}', "SMALL HYPHEN-MINUS", "-"),
    ('\u{FE64}', "SMALL LESS-THAN SIGN", "<"),
    ('\u{FE65}', "SMALL GREATER-THAN SIGN", ">"),
    ('\u{FE66}', "SMALL EQUALS SIGN", "="),
    ('\u{FE68}', "SMALL REVERSE SOLIDUS", "\\"),
    ('\u{FEFF}', "ZERO WIDTH NO-BREAK SPACE (byte order mark)", ""),
    ('\u{FF5F}', "FULLWIDTH LEFT WHITE PARENTHESIS", "("),
    ('\u{FF60}', "FULLWIDTH RIGHT WHITE PARENTHESIS", ")"),
    ('\u{FF61}', "HALFWIDTH IDEOGRAPHIC FULL STOP", ";"),
    ('\u{FF62}', "HALFWIDTH LEFT CORNER BRACKET", "'"),
    ('\u{FF63}', "HALFWIDTH RIGHT CORNER BRACKET", "'"),
    ('\u{FF64}', "HALFWIDTH IDEOGRAPHIC COMMA", ","),
    ('\u{FFA0}', "HALFWIDTH HANGUL FILLER", " "),
    ('\u{FFE8}', "HALFWIDTH FORMS LIGHT VERTICAL", "|"),
    ('\u{FFFD}', "REPLACEMENT CHARACTER, where a program could not read the text", ""),
];

#[cfg(test)]
mod tests {
    use super::{CHARACTERS, Lookalike};

    fn told(text: &str) -> Option<(String, String)> {
        Lookalike::at(text).map(|found| (found.name.clone(), found.remedy()))
    }

    #[test]
    fn characters_stand_in_order() {
        assert!(CHARACTERS.is_sorted_by(|a, b| a.0 < b.0));
        for (c, name, meant) in CHARACTERS {
            assert!(meant.is_ascii() && !name.is_empty(), "{c:?}");
        }
    }

    #[test]
    fn a_character_is_named_with_what_it_looks_like() {
        let of = |name: &str, remedy: &str| Some((name.to_owned(), remedy.to_owned()));
        assert_eq!(told("’x"), of("U+2019 RIGHT SINGLE QUOTATION MARK", "write `'`"));
        assert_eq!(told("\u{A0}"), of("U+00A0 NO-BREAK SPACE", "write a space"));
        assert_eq!(told("\u{200B}x"), of("U+200B ZERO WIDTH SPACE", "remove it"));
        assert_eq!(told("（"), of("U+FF08 FULLWIDTH LEFT PARENTHESIS", "write `(`"));
        assert_eq!(told("ａ"), of("U+FF41 FULLWIDTH LATIN SMALL LETTER A", "write `a`"));
        assert_eq!(told("７"), of("U+FF17 FULLWIDTH DIGIT SEVEN", "write `7`"));
        for plain in ["a", "'", "é", "写", "😀", "&", "& ", "&&", "&a;", "&#;", "&#99999999;", "&#1;", ""] {
            assert_eq!(told(plain), None, "{plain}");
        }
    }

    #[test]
    fn an_entity_is_named_with_what_it_stands_for() {
        for (entity, meant) in [
            ("&amp;", "&"),
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&#39;", "'"),
            ("&#x27;", "'"),
            ("&apos;", "'"),
            ("&#8217;", "'"),
            ("&rsquo;", "'"),
        ] {
            let found = Lookalike::at(&format!("{entity}x")).unwrap_or_else(|| panic!("{entity}"));
            assert_eq!((found.length, &*found.meant), (entity.len(), meant), "{entity}");
            assert_eq!(found.name, "an HTML entity");
        }
        assert_eq!(Lookalike::at("&nbsp;").map(|found| found.remedy()), Some("write a space".to_owned()));
    }
}
