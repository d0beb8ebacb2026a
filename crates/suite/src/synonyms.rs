//! Words of other tools, and of suites for other products, with what to write instead. `synonyms.txt` has the table.
use firewarden::rules::Product;

const TABLE: &str = include_str!("synonyms.txt");

/// Where a word occurs in a suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vocabulary {
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
    /// An expected verdict.
    Expectation,
    /// The name of an unknown user.
    As,
}

impl Vocabulary {
    fn name(self) -> &'static str {
        match self {
            Vocabulary::Suite => "suite",
            Vocabulary::Test => "test",
            Vocabulary::Query => "query",
            Vocabulary::User => "user",
            Vocabulary::Object => "object",
            Vocabulary::Expectation => "expect",
            Vocabulary::As => "as",
        }
    }
}

fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric() || *c == '$').flat_map(char::to_lowercase).collect()
}

/// The words of a vocabulary, each with what to write instead. Rows of one product apply only if the product is known.
fn rows(context: Vocabulary, product: Option<Product>) -> Vec<(&'static str, &'static str)> {
    let products =
        [("storage: ", Product::Storage), ("firestore: ", Product::Firestore), ("database: ", Product::Database)];
    let (mut rows, mut words) = (Vec::new(), "");
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let Some(text) = line.strip_prefix("  ") else {
            let (of, names) = line.split_once(": ").unwrap_or_default();
            words = if of == context.name() { names } else { "" };
            continue;
        };
        let of_product = products.into_iter().find_map(|(name, of)| Some((of, text.strip_prefix(name)?)));
        let text = match of_product {
            Some((of, _)) if Some(of) != product => continue,
            Some((_, text)) => text,
            None => text,
        };
        rows.extend(words.split_whitespace().map(|word| (word, text)));
    }
    rows
}

/// What to write instead of a word, in a suite for that product.
pub(super) fn hint(context: Vocabulary, product: Option<Product>, word: &str) -> Option<&'static str> {
    let word = plain(word);
    rows(context, product).into_iter().find(|(known, _)| *known == word).map(|(_, text)| text)
}

/// What to write instead of a misspelt word, by the nearest word of the table.
pub(super) fn near(context: Vocabulary, product: Option<Product>, word: &str) -> Option<&'static str> {
    let known = rows(context, product);
    let found = firewarden::text::nearest(&plain(word), known.iter().map(|(word, _)| *word))?;
    known.iter().find(|(word, _)| *word == found).map(|(_, text)| *text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const PRODUCTS: [Product; 3] = [Product::Storage, Product::Firestore, Product::Database];
    const CONTEXTS: [Vocabulary; 7] = [
        Vocabulary::Suite,
        Vocabulary::Test,
        Vocabulary::Query,
        Vocabulary::User,
        Vocabulary::Object,
        Vocabulary::Expectation,
        Vocabulary::As,
    ];

    #[test]
    fn words_are_written_as_they_are_compared_and_stand_once_in_a_place() {
        for context in CONTEXTS {
            for product in PRODUCTS {
                let mut seen = std::collections::BTreeSet::new();
                for (word, text) in rows(context, Some(product)) {
                    assert_eq!(plain(word), word);
                    assert!(seen.insert(word), "{word} stands twice in {context:?} for {product}");
                    assert!(!text.ends_with('.'), "{text}");
                }
            }
        }
    }

    #[test]
    fn every_line_of_the_table_is_read() {
        let heads = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', ' ']));
        for head in heads {
            let known = CONTEXTS.into_iter().any(|context| head.starts_with(&format!("{}: ", context.name())));
            assert!(known, "{head}");
        }
        for line in TABLE.lines().filter_map(|line| line.strip_prefix("  ")) {
            let is_read = |context| {
                PRODUCTS
                    .into_iter()
                    .any(|product| rows(context, Some(product)).iter().any(|(_, text)| line.ends_with(text)))
            };
            assert!(CONTEXTS.into_iter().any(is_read), "{line}");
        }
    }

    #[test]
    fn no_word_that_is_right_is_answered_by_another() {
        let right: [(Vocabulary, &[&str]); 3] = [
            (Vocabulary::User, &crate::users::KEYS),
            (Vocabulary::Object, &firewarden::storage::OBJECT_FIELDS),
            (Vocabulary::Expectation, &["allow", "deny", "no-sign-in"]),
        ];
        for (product, (context, words)) in PRODUCTS.into_iter().flat_map(|product| right.map(|row| (product, row))) {
            for word in words {
                assert_eq!(hint(context, Some(product), word), None, "{word}");
            }
        }
    }
}
