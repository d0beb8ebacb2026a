//! The words that people bring along from JavaScript, from other databases and from the other dialect of rules.

mod functions;
mod methods;
mod others;
mod variables;

use super::Role;

/// A word, and what to write instead in each language; nothing where a language has the word, or nothing like it.
pub(super) struct Word {
    pub(super) role: Role,
    pub(super) word: &'static str,
    pub(super) firestore: &'static str,
    pub(super) storage: &'static str,
    pub(super) database: &'static str,
}

/// A word with one advice for the languages of services and one for database rules.
const fn word(role: Role, word: &'static str, service: &'static str, database: &'static str) -> Word {
    Word { role, word, firestore: service, storage: service, database }
}

/// A word for which Firestore and Storage differ.
const fn product(
    role: Role,
    word: &'static str,
    firestore: &'static str,
    storage: &'static str,
    database: &'static str,
) -> Word {
    Word { role, word, firestore, storage, database }
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

/// Every word.
pub(super) fn words() -> impl Iterator<Item = &'static Word> {
    [variables::WORDS, functions::WORDS, methods::WORDS, others::WORDS].into_iter().flatten()
}
