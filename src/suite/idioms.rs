//! Words of other tools, and of suites for another product, with what to write instead: the table is `idioms.txt`.

use super::Product;

const TABLE: &str = include_str!("idioms.txt");

/// Where a word stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A key of a suite.
    Suite,
    /// A key of a test.
    Test,
    /// A key of a query.
    Query,
    /// A key of a user.
    User,
    /// Metadata of an object.
    Object,
    /// What is expected.
    Expect,
    /// A name of a user where none is stated.
    As,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Place::Suite => "suite",
            Place::Test => "test",
            Place::Query => "query",
            Place::User => "user",
            Place::Object => "object",
            Place::Expect => "expect",
            Place::As => "as",
        }
    }
}

fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric() || *c == '$').flat_map(char::to_lowercase).collect()
}

/// The words of a place, each with what to write in a suite for that product.
fn rows(place: Place, product: Option<Product>) -> Vec<(&'static str, &'static str)> {
    let of_product = match product {
        Some(Product::Storage) => "storage: ",
        Some(Product::Firestore) => "firestore: ",
        Some(Product::Database) => "database: ",
        None => "\0",
    };
    let (mut rows, mut words) = (Vec::new(), "");
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let Some(text) = line.strip_prefix("  ") else {
            let (of, names) = line.split_once(": ").unwrap_or_default();
            words = if of == place.name() { names } else { "" };
            continue;
        };
        let of_another = ["storage: ", "firestore: ", "database: "].iter().any(|known| text.starts_with(known));
        let text = text.strip_prefix(of_product).or(Some(text).filter(|_| !of_another));
        rows.extend(text.into_iter().flat_map(|text| words.split_whitespace().map(move |word| (word, text))));
    }
    rows
}

/// What to write instead of a word, in a suite for that product.
pub(crate) fn hint(place: Place, product: Option<Product>, word: &str) -> Option<&'static str> {
    let word = plain(word);
    rows(place, product).into_iter().find(|(known, _)| *known == word).map(|(_, text)| text)
}

/// The same of a word that is misspelt.
pub(crate) fn near(place: Place, product: Option<Product>, word: &str) -> Option<&'static str> {
    let known = rows(place, product);
    let found = crate::text::nearest(&plain(word), known.iter().map(|(word, _)| *word))?;
    known.iter().find(|(word, _)| *word == found).map(|(_, text)| *text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const PRODUCTS: [Product; 3] = [Product::Storage, Product::Firestore, Product::Database];

    #[test]
    fn words_are_written_as_they_are_compared_and_stand_once_in_a_place() {
        for place in [Place::Suite, Place::Test, Place::Query, Place::User, Place::Object, Place::Expect, Place::As] {
            for product in PRODUCTS {
                let mut seen = std::collections::BTreeSet::new();
                for (word, text) in rows(place, Some(product)) {
                    assert_eq!(plain(word), word);
                    assert!(seen.insert(word), "{word} stands twice in {place:?} for {product}");
                    assert!(!text.ends_with('.'), "{text}");
                }
            }
        }
    }

    #[test]
    fn no_word_that_is_right_is_answered_by_another() {
        let right: [(Place, &[&str]); 3] = [
            (Place::User, &crate::suite::users::KEYS),
            (Place::Object, &crate::storage::OBJECT_FIELDS),
            (Place::Expect, &["allow", "deny", "no-sign-in"]),
        ];
        for (product, (place, words)) in PRODUCTS.into_iter().flat_map(|product| right.map(|row| (product, row))) {
            for word in words {
                assert_eq!(hint(place, Some(product), word), None, "{word}");
            }
        }
    }
}
