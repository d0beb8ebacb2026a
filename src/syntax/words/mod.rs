//! What an unknown name may have been meant to be: a name in scope, or a word of another language with what rules write
//! instead. The words are data, in `table` and `sequences`.

mod sequences;
mod table;

use crate::text::nearest;

pub(super) use sequences::{Finding, PATTERN, find as find_sequences};

/// The language that a name stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// Rules of Cloud Firestore, and of services that are not known.
    Firestore,
    /// Rules of Cloud Storage.
    Storage,
    /// Rules of the Realtime Database.
    Database,
}

/// What a name stands for in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    Variable,
    Function,
    Method,
    /// After `is`.
    Type,
    Service,
    /// After `allow`.
    Operation,
    /// An operator, or a statement where an expression stands.
    Operator,
}

/// Bytes of a name that others are compared with.
const MAX_NAME: usize = 40;
/// Names that one is compared with.
const MOST_KNOWN: usize = 500;

/// What to write instead of a name that is not known: a name in scope that differs in case only, the word of this
/// language, or the nearest name. `None` where nothing is like it.
pub(crate) fn advice<'n>(
    language: Language,
    role: Role,
    name: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> Option<String> {
    let known: Vec<&str> = known.into_iter().filter(|known| *known != name).collect();
    let meant = |name: &str| format!("did you mean `{name}`?");
    if let Some(same) = known.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        return Some(meant(same));
    }
    if let Some(text) = of_word(language, role, name) {
        return Some(text.to_owned());
    }
    if name.len() > MAX_NAME {
        return None;
    }
    if let Some(near) = nearest(name, known.into_iter().take(MOST_KNOWN)) {
        return Some(meant(near));
    }
    let words = || words(language, role).map(|(word, _)| word);
    let same = words().find(|word| word.eq_ignore_ascii_case(name));
    same.or_else(|| nearest(name, words())).and_then(|word| of_word(language, role, word)).map(str::to_owned)
}

/// What to write instead of a word of another language.
pub(crate) fn of_word(language: Language, role: Role, name: &str) -> Option<&'static str> {
    words(language, role).find(|(word, _)| *word == name).map(|(_, advice)| advice)
}

fn words(language: Language, role: Role) -> impl Iterator<Item = (&'static str, &'static str)> {
    let advice = move |entry: &'static table::Word| {
        let [firestore, storage, database] = entry.advice;
        match language {
            Language::Firestore => firestore,
            Language::Storage => storage,
            Language::Database => database,
        }
    };
    let of_role = table::words().filter(move |entry| entry.role == role && !advice(entry).is_empty());
    of_role.flat_map(move |entry| entry.words.iter().map(move |word| (*word, advice(entry))))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Language, Role, advice, table::words};

    #[test]
    fn a_word_stands_once_for_each_role() {
        let mut seen = HashSet::new();
        for entry in words() {
            for word in entry.words {
                assert!(seen.insert((entry.role, word)), "{:?} {word}", entry.role);
                assert!(entry.advice.iter().any(|advice| !advice.is_empty()), "{word} says nothing");
            }
        }
    }

    #[test]
    fn names_in_scope_come_before_words_only_where_they_differ_in_case() {
        let of =
            |name, known: &[&'static str]| advice(Language::Firestore, Role::Variable, name, known.iter().copied());
        assert_eq!(of("Auth", &["auth"]).unwrap_or_default(), "did you mean `auth`?");
        assert_eq!(of("auth", &["auto"]).unwrap_or_default(), "write `request.auth`");
        assert_eq!(of("reqest", &["request"]).unwrap_or_default(), "did you mean `request`?");
        assert!(of("undefind", &[]).unwrap_or_default().contains("there is `null`"));
        assert_eq!(of("zzz", &["request"]), None);
    }
}
