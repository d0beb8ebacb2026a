//! The words that people bring along from JavaScript, from other databases and from the other dialect of rules.

use super::Role;

/// Words by role, with what to write instead: in services and in database rules, or in Firestore, Storage and database
/// rules.
macro_rules! words {
    ($($role:ident { $($($word:literal)|+ => $($advice:expr),+;)* })*) => {
        &[$($(super::Word {
            role: super::Role::$role,
            words: &[$($word),+],
            advice: super::by_language(&[$($advice),+]),
        },)*)*]
    };
}

mod functions;
mod methods;
mod others;
mod variables;

/// Words with the same advice.
pub(super) struct Word {
    pub(super) role: Role,
    pub(super) words: &'static [&'static str],
    /// What to write instead in Firestore, Storage and database rules; nothing where a language has the word, or
    /// nothing like it.
    pub(super) advice: [&'static str; 3],
}

const fn by_language(advice: &[&'static str]) -> [&'static str; 3] {
    match *advice {
        [service, database] => [service, service, database],
        [firestore, storage, database] => [firestore, storage, database],
        _ => [""; 3],
    }
}

const NO_LOOPS_DATABASE: &str = "rules have no loops: a wildcard `$key` with its own rules is for each child";
const STRING_TEST: &str = "write `x is string`";
const NUMBER_TEST: &str = "write `x is number`, `x is int` or `x is float`";
const BOOL_TEST: &str = "write `x is bool`";
const SPACES: &str = "write `text.trim()`";
const NO_MATH: &str = "database rules have no mathematical functions, only `+ - * / %` and comparisons";
const TEXT_DATABASE: &str = "a value joins a string with `+`: `'a' + data.val()`";
const FIELDS: &str = "write `resource.data.keys().hasAll(['a', 'b'])`, or `request.resource.data` for what is written";
const METADATA: &str = "write `resource.metadata.keys().hasAll(['a', 'b'])`";
const DOCUMENT: &str = "another document is read with `get(/databases/$(database)/documents/users/$(uid)).data`";
const DOCUMENT_STORAGE: &str =
    "a document is read with `firestore.get(/databases/(default)/documents/users/$(uid)).data`";
const DOCUMENT_DATABASE: &str = "other data is read with `root.child('users').child(auth.uid).val()`";

/// All words.
pub(super) fn words() -> impl Iterator<Item = &'static Word> {
    [variables::WORDS, functions::WORDS, methods::WORDS, others::WORDS].into_iter().flatten()
}
