//! The codes of all lints, each with an explanation, a hint and the smallest source that raises it.
//!
//! Tests run the examples and compare `docs/lints.md` with this table.

use crate::text::{Diagnostic, Severity, Span};

struct Entry {
    id: &'static str,
    about: &'static str,
    example: &'static str,
    hint: &'static str,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident $id:literal $example:expr, $hint:literal;)*) => {
        /// The code of a lint.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])* $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            const fn entry(self) -> Entry {
                match self {
                    $(Code::$name =>
                        Entry { id: $id, about: concat!($($doc),*), example: $example, hint: $hint },)*
                }
            }
        }
    };
}

/// A file of Firestore rules with `$body` in a block for documents.
macro_rules! firestore {
    ($body:literal) => {
        concat!(
            "rules_version = '2'; service cloud.firestore { match /databases/{database}/documents { match /notes/{note} { ",
            $body,
            " } } }"
        )
    };
}

/// A file of Storage rules with `$body` in a block for objects.
macro_rules! storage {
    ($body:literal) => {
        concat!(
            "rules_version = '2'; service firebase.storage { match /b/{bucket}/o { match /users/{userId}/{file} { ",
            $body,
            " } } }"
        )
    };
}

codes! {
    // Blocks and statements.

    /// A block whose path no request has: Storage paths begin with `/b/{bucket}/o`, Firestore paths with
    /// `/databases/{database}/documents`.
    UnrootedMatch "unrooted-match"
        "rules_version = '2'; service firebase.storage { match /users/{userId} { allow read; } }",
        "put the blocks inside `match /b/{bucket}/o { … }`, or `match /databases/{database}/documents { … }` for Firestore";
    /// A block that matches a collection: requests are about documents, even requests that list a collection.
    CollectionMatch "collection-match"
        "rules_version = '2'; service cloud.firestore { match /databases/{database}/documents { match /notes { allow get; } } }",
        "match the documents: `match /notes/{note}`";
    /// A path with the literal segment `database`, which only a database with that id has.
    DatabaseLiteral "database-literal" firestore!("allow get: if exists(/databases/database/documents/users/a);"),
        "write `$(database)` in an expression, `{database}` after `match`";
    /// A path with a literal document id that is also the name of a variable, whose value is probably meant.
    LiteralVariable "literal-variable" firestore!("allow get: if exists(/databases/$(database)/documents/owners/note);"),
        "write `$(name)` for the value of a variable";
    /// A statement repeats a method.
    RepeatedMethod "repeated-method" firestore!("allow read, get: if request.auth.uid == note;"),
        "name each method once; `read` is get and list, `write` is create, update and delete";

    // Members of requests and documents.

    /// A member that `request`, `resource` or a document never has: reading it always fails.
    NoSuchMember "no-such-member" firestore!("allow get: if request.auth.email == resource.data.owner;"),
        "fields of a document are members of `.data`, claims are members of `request.auth.token`";
    /// A member of `request` that is always null.
    NullMember "null-member" firestore!("allow update: if request.writeFields.size() == 1;"),
        "compare the documents: `request.resource.data.diff(resource.data).affectedKeys()`";
    /// A map method of a whole document or object: it applies to members such as `data` and `id`, not to fields or
    /// bytes.
    WholeResource "whole-resource" storage!("allow create: if request.resource.size() < 1000;"),
        "write `request.resource.size` for the bytes, `request.resource.data.keys()` for the fields";
    /// `request.resource` in a request that writes nothing: it is null in a delete, and missing or null in a read.
    IncomingUnavailable "incoming-unavailable" firestore!("allow delete: if request.resource.data.owner == request.auth.uid;"),
        "the stored document or object is `resource`";
    /// `resource` in a create, which has no stored document or object: it is null.
    ExistingUnavailable "existing-unavailable" firestore!("allow create: if resource.data.owner == request.auth.uid;"),
        "the new document or object is `request.resource`";
    /// `request.query` in a request other than a list: it is missing.
    QueryUnavailable "query-unavailable" firestore!("allow get: if request.query.limit < 10;"),
        "put the condition in `allow list`";
    /// `request.auth.uid == null` is never true: without a user, reading `uid` fails.
    NullUid "null-uid" firestore!("allow get: if request.auth.uid == null;"),
        "write `request.auth == null` to test that nobody is signed in";

    // Expressions.

    /// A built-in call or arithmetic with constant operands that always fails.
    ConstantFailure "constant-failure" firestore!("allow get: if request.time < timestamp.date(2024, 4, 31);"),
        "correct the operands: an expression that fails denies, unless the other operand of `||` is true";
    /// `a == b == c` compares the boolean result of the first comparison with `c`.
    ChainedComparison "chained-comparison" firestore!("allow get: if request.auth.uid == note == resource.data.owner;"),
        "write `a == b && b == c`, or parentheses around the first comparison";
    /// A list or path literal whose element fails, other than the last, leaves its later elements on the operand stack,
    /// and the operation around it takes one of them as its own operand.
    StrayOperands "stray-operands"
        firestore!("allow get: if request.auth != null && (request.auth.uid in [resource.data.owner, resource.data.editor] || resource.data.public == true);"),
        "put the element that may be missing last, test for it first (`'owner' in resource.data`), or move the literal to the left operand";

    // Openness.

    /// Everybody may write.
    OpenWrite "open-write" firestore!("allow write: if true;"),
        "say who may write what: `if request.auth.uid == …`";
    /// Everybody may read everything.
    OpenReadAll "open-read-all"
        "rules_version = '2'; service cloud.firestore { match /databases/{database}/documents { match /{document=**} { allow read: if true; } } }",
        "open the collections that are public, one by one";
    /// Rules of test mode, which are open to everybody until a date.
    TestMode "test-mode" firestore!("allow read, write: if request.time < timestamp.date(2999, 1, 1);"),
        "replace the rules before the date: say who may do what";
    /// A condition with a date that has passed: it no longer permits anything.
    TestModeExpired "test-mode-expired" firestore!("allow read, write: if request.time < timestamp.date(2020, 1, 1);"),
        "replace the condition: say who may do what";
    /// Any signed-in user may change or delete what others wrote.
    SignedInWrite "signed-in-write" firestore!("allow write: if request.auth != null;"),
        "compare the user with the owner: `request.auth.uid == resource.data.owner`";

    // Database rules.

    /// A string with the name of a wildcard: no key contains a `$`.
    QuotedWildcard "quoted-wildcard" r#"{ "rules": { "users": { "$uid": { ".read": "root.child('users').child('$uid').exists()" } } } }"#,
        "write the wildcard without quotes: `child($uid)`";
    /// A rule below one that grants the same: rules cascade, so it has no effect.
    CascadingRule "cascading-rule" r#"{ "rules": { "users": { ".read": "auth != null", "secret": { ".read": false } } } }"#,
        "grant access at the lower location only; put conditions on new data into `.validate`";
    /// A `.validate` that only tests whether there is data: it is evaluated only if there is.
    IdleValidate "idle-validate" r#"{ "rules": { "users": { "$uid": { ".validate": "newData.exists()" } } } }"#,
        "require the data in the rule of the parent: `newData.hasChildren(['name'])`; refuse a deletion in `.write`";

    // Silencing.

    /// A silencing comment without a reason.
    AllowWithoutReason "allow-without-reason" firestore!("allow create: if true; // firewarden: allow open-write\n"),
        "write `// firewarden: allow CODE: reason`";
    /// A silencing comment with an unknown code.
    AllowUnknownCode "allow-unknown-code" firestore!("allow get; // firewarden: allow open-wriet: a public form\n"),
        "write the code of a lint; diagnostics of the official compiler cannot be silenced";
    /// A silencing comment for a lint that reports nothing there.
    AllowUnused "allow-unused" firestore!("allow get; // firewarden: allow open-write: a public form\n"),
        "remove the comment";
}

impl Code {
    /// The stable name, such as `open-write`.
    pub fn id(self) -> &'static str {
        self.entry().id
    }

    /// Parses a code.
    pub fn from_id(id: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.id() == id)
    }

    /// What the lint reports, in one or two sentences.
    pub fn about(self) -> &'static str {
        self.entry().about.trim()
    }

    /// What would be right.
    pub fn hint(self) -> &'static str {
        self.entry().hint
    }

    /// The smallest source that raises the lint.
    pub fn example(self) -> &'static str {
        self.entry().example
    }

    /// Whether a comment can silence the lint. Lints about silencing comments cannot be silenced.
    pub fn can_be_silenced(self) -> bool {
        !matches!(self, Code::AllowWithoutReason | Code::AllowUnknownCode | Code::AllowUnused)
    }

    /// A warning with this code and its hint.
    pub(super) fn diagnostic(self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.id(), Severity::Warning, Some(span), message).with_hint(self.hint())
    }
}
