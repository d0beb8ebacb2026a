//! General categories and scripts, `\p{…}`, and case variants, `(?i)`, as RE2/J has them.
//!
//! RE2/J carries the tables of Unicode 6.0: it lacks later scripts, and characters assigned later belong to no class.
//! Membership of every assigned character was compared with the official engine.

use std::sync::LazyLock;

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind, Literal};

use super::classes::{MAX, SURROGATES, Set, from_class};

/// The last character of a set that `(?i)` folds: the last cased one of Unicode 6.0.
const LAST_FOLDED: char = '\u{1044F}';

/// The characters with case variants: RE2/J has these from Java, here 17 with Unicode 13. This leaves out variants of
/// Cyrillic letters that already had two forms, on which RE2/J does not terminate, and three look-alike pairs that are
/// variants of each other only since Unicode 15.1.
static FOLDABLE: LazyLock<ClassUnicode> = LazyLock::new(|| {
    let mut class = lookup("age=13.0").unwrap_or_else(ClassUnicode::empty);
    let without = [
        ('\u{390}', '\u{390}'),
        ('\u{3B0}', '\u{3B0}'),
        ('\u{1C80}', '\u{1C88}'),
        ('\u{1FD3}', '\u{1FD3}'),
        ('\u{1FE3}', '\u{1FE3}'),
        ('\u{FB05}', '\u{FB06}'),
    ];
    class.difference(&ClassUnicode::new(without.map(|(first, last)| ClassUnicodeRange::new(first, last))));
    class
});

impl Set {
    /// Adds the simple case variants of every member.
    pub(super) fn folded(&self) -> Set {
        if self.ranges().iter().all(|&(low, high)| low == high && high < 0x80) {
            return self.folded_ascii();
        }
        let mut class = self.to_class();
        class.intersect(&ClassUnicode::new([ClassUnicodeRange::new('\0', LAST_FOLDED)]));
        self.with_variants(class, &FOLDABLE)
    }

    /// [`Set::folded`] of a single character outside a class, which RE2/J folds without that bound.
    pub(super) fn folded_literal(c: u32) -> Set {
        let set = Set::from_ranges(&[(c, c)]);
        if c < 0x80 { set.folded_ascii() } else { set.with_variants(set.to_class(), &FOLDABLE) }
    }

    /// [`Set::folded`] of a named class, whose variants RE2/J keeps in its own tables.
    fn folded_table(&self) -> Set {
        match ASSIGNED.as_ref() {
            Some(assigned) => self.with_variants(self.to_class(), assigned),
            None => self.clone(),
        }
    }

    fn with_variants(&self, mut of: ClassUnicode, among: &ClassUnicode) -> Set {
        of.intersect(among);
        // The tables are compiled in; without them there is no folding to add.
        let _ = of.try_case_fold_simple();
        of.intersect(among);
        let mut out = self.clone();
        out.add_set(&from_class(&of));
        out.normalize();
        out
    }

    /// Folds single ASCII letters, the usual case, without the tables.
    fn folded_ascii(&self) -> Set {
        let mut out = self.clone();
        for &(c, _) in self.ranges() {
            match u8::try_from(c) {
                Ok(b) if b.is_ascii_alphabetic() => {
                    let other = u32::from(b ^ 0x20);
                    out.add(other, other);
                    match b | 0x20 {
                        b'k' => out.add(0x212A, 0x212A),
                        b's' => out.add(0x17F, 0x17F),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        out.normalize();
        out
    }
}

/// The general category or script `name`, spelled exactly as RE2/J spells it; with `fold`, the variants that RE2/J adds
/// under `(?i)`.
pub(super) fn unicode(name: &str, fold: bool) -> Option<Set> {
    let mut set = named(name)?;
    match name {
        _ if !fold => {}
        // Unexpectedly, `(?i)\p{Ll}` does not match `A`, while `(?i)\p{Lu}` matches `a`.
        "Ll" => {
            set.add_set(&Set::from_ranges(LL_VARIANTS));
            set.normalize();
        }
        "L" | "M" => {}
        _ => set = set.folded_table(),
    }
    Some(set)
}

/// The characters that RE2/J adds to `Ll` under `(?i)`: upper case letters that have further variants.
#[rustfmt::skip]
const LL_VARIANTS: &[(u32, u32)] = &[
    (0x4B, 0x4B), (0x53, 0x53), (0xC5, 0xC5), (0x1C4, 0x1C5), (0x1C7, 0x1C8), (0x1CA, 0x1CB),
    (0x1F1, 0x1F2), (0x345, 0x345), (0x392, 0x392), (0x395, 0x395), (0x398, 0x39A), (0x39C, 0x39C),
    (0x3A0, 0x3A1), (0x3A3, 0x3A3), (0x3A6, 0x3A6), (0x3A9, 0x3A9), (0x3F4, 0x3F4),
    (0x1E60, 0x1E60), (0x1E9E, 0x1E9E), (0x2126, 0x2126), (0x212A, 0x212B),
];

fn named(name: &str) -> Option<Set> {
    match name {
        "Any" => Some(Set::from_ranges(&[(0, MAX)])),
        "Cs" => Some(Set::from_ranges(&[SURROGATES])),
        "C" => {
            let mut set = Set::from_ranges(&[SURROGATES]);
            for part in ["Cc", "Cf", "Co"] {
                set.add_set(&table(part, CATEGORY_CHANGES)?);
            }
            set.normalize();
            Some(set)
        }
        _ if CATEGORIES.contains(&name) => table(name, CATEGORY_CHANGES),
        _ if SCRIPTS.contains(&name) => table(name, SCRIPT_CHANGES),
        _ => None,
    }
}

/// The characters that Unicode 6.0 assigns.
static ASSIGNED: LazyLock<Option<ClassUnicode>> = LazyLock::new(|| lookup("age=6.0"));

fn table(name: &str, changes: &[Change]) -> Option<Set> {
    let mut class = lookup(name)?;
    class.intersect(ASSIGNED.as_ref()?);
    for &(low, high, now, then) in changes {
        let range = ClassUnicodeRange::new(char::from_u32(low)?, char::from_u32(high)?);
        // `L` includes `Lu`; no script's name starts with another's.
        if then.starts_with(name) {
            class.push(range);
        } else if now.starts_with(name) {
            class.difference(&ClassUnicode::new([range]));
        }
    }
    Some(from_class(&class))
}

fn lookup(name: &str) -> Option<ClassUnicode> {
    let hir = regex_syntax::parse(&format!(r"\p{{{name}}}")).ok()?;
    match hir.into_kind() {
        HirKind::Class(Class::Unicode(class)) => Some(class),
        // A class of one character, such as `Zl`.
        HirKind::Literal(Literal(bytes)) => {
            let text = std::str::from_utf8(&bytes).ok()?;
            Some(ClassUnicode::new(text.chars().map(|c| ClassUnicodeRange::new(c, c))))
        }
        _ => None,
    }
}

/// First and last character of a range, its class now, and its class in Unicode 6.0.
type Change = (u32, u32, &'static str, &'static str);

const CATEGORY_CHANGES: &[Change] = &[
    (0xA7, 0xA7, "Po", "So"),
    (0xAA, 0xAA, "Lo", "Ll"),
    (0xB6, 0xB6, "Po", "So"),
    (0xBA, 0xBA, "Lo", "Ll"),
    (0xF14, 0xF14, "Po", "So"),
    (0x10D0, 0x10FA, "Ll", "Lo"),
    (0x1360, 0x1360, "Po", "So"),
    (0x13A0, 0x13F4, "Lu", "Lo"),
    (0x166D, 0x166D, "So", "Po"),
    (0x1734, 0x1734, "Mc", "Mn"),
    (0x17B4, 0x17B5, "Mn", "Cf"),
    (0x180E, 0x180E, "Cf", "Zs"),
    (0x1885, 0x1886, "Mn", "Lo"),
    (0x19B0, 0x19C0, "Lo", "Mc"),
    (0x19C8, 0x19C9, "Lo", "Mc"),
    (0x1A1B, 0x1A1B, "Mn", "Mc"),
    (0x1CF2, 0x1CF2, "Lo", "Mc"),
    (0x1D62, 0x1D6A, "Lm", "Ll"),
    (0x2308, 0x2308, "Ps", "Sm"),
    (0x2309, 0x2309, "Pe", "Sm"),
    (0x230A, 0x230A, "Ps", "Sm"),
    (0x230B, 0x230B, "Pe", "Sm"),
    (0x2C7C, 0x2C7C, "Lm", "Ll"),
    (0x302E, 0x302F, "Mc", "Mn"),
    (0x3248, 0x324F, "No", "So"),
    (0xA9BD, 0xA9BD, "Mn", "Mc"),
    (0xFD3E, 0xFD3E, "Pe", "Ps"),
    (0xFD3F, 0xFD3F, "Ps", "Pe"),
    (0x1_0102, 0x1_0102, "Po", "So"),
];

const SCRIPT_CHANGES: &[Change] = &[
    (0x589, 0x589, "Armenian", "Common"),
    (0x65F, 0x65F, "Arabic", "Inherited"),
    (0x660, 0x669, "Arabic", "Common"),
    (0x953, 0x954, "Inherited", "Devanagari"),
    (0x970, 0x970, "Devanagari", "Common"),
    (0xA92E, 0xA92E, "Common", "Kayah_Li"),
    (0xA9CF, 0xA9CF, "Common", "Javanese"),
    (0xFDFD, 0xFDFD, "Arabic", "Common"),
];

/// The categories that the official engine accepts, all tried.
const CATEGORIES: &[&str] = &[
    "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Pe", "Pf", "Pi",
    "Po", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z", "Zl", "Zp", "Zs", "Cc", "Cf", "Co",
];

/// The scripts that the official engine accepts, all tried: those of Unicode 6.0.
#[rustfmt::skip]
const SCRIPTS: &[&str] = &[
    "Arabic", "Armenian", "Avestan", "Balinese", "Bamum", "Batak", "Bengali", "Bopomofo", "Brahmi",
    "Braille", "Buginese", "Buhid", "Canadian_Aboriginal", "Carian", "Cham", "Cherokee", "Common",
    "Coptic", "Cuneiform", "Cypriot", "Cyrillic", "Deseret", "Devanagari", "Egyptian_Hieroglyphs",
    "Ethiopic", "Georgian", "Glagolitic", "Gothic", "Greek", "Gujarati", "Gurmukhi", "Han",
    "Hangul", "Hanunoo", "Hebrew", "Hiragana", "Imperial_Aramaic", "Inherited",
    "Inscriptional_Pahlavi", "Inscriptional_Parthian", "Javanese", "Kaithi", "Kannada", "Katakana",
    "Kayah_Li", "Kharoshthi", "Khmer", "Lao", "Latin", "Lepcha", "Limbu", "Linear_B", "Lisu",
    "Lycian", "Lydian", "Malayalam", "Mandaic", "Meetei_Mayek", "Mongolian", "Myanmar",
    "New_Tai_Lue", "Nko", "Ogham", "Ol_Chiki", "Old_Italic", "Old_Persian", "Old_South_Arabian",
    "Old_Turkic", "Oriya", "Osmanya", "Phags_Pa", "Phoenician", "Rejang", "Runic", "Samaritan",
    "Saurashtra", "Shavian", "Sinhala", "Sundanese", "Syloti_Nagri", "Syriac", "Tagalog",
    "Tagbanwa", "Tai_Le", "Tai_Tham", "Tai_Viet", "Tamil", "Telugu", "Thaana", "Thai", "Tibetan",
    "Tifinagh", "Ugaritic", "Vai", "Yi",
];
