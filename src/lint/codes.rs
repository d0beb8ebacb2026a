//! Every code of a lint, each with what is wrong, what would be right, and the smallest source that raises it.
//!
//! The examples are run by the tests, and `docs/lints.md` is held to this table.

use crate::text::{Diagnostic, Severity, Span};

struct Entry {
    id: &'static str,
    about: &'static str,
    example: &'static str,
    hint: &'static str,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident $id:literal $example:expr, $hint:literal;)*) => {
        /// What a lint reports.
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

/// A file of Firestore rules with such statements and functions in one block for documents.
macro_rules! firestore {
    ($body:literal) => {
        concat!(
            "rules_version = '2'; service cloud.firestore { match /databases/{database}/documents { match /notes/{note} { ",
            $body,
            " } } }"
        )
    };
}

/// A file of Storage rules with such statements and functions in one block for objects.
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
        "put the blocks into `match /b/{bucket}/o { … }`, or `match /databases/{database}/documents { … }` for Firestore";
    /// A block that names a collection: rules are asked about documents, also where a collection is listed.
    CollectionMatch "collection-match"
        "rules_version = '2'; service cloud.firestore { match /databases/{database}/documents { match /notes { allow get; } } }",
        "name the documents: `match /notes/{note}`";
    /// A path with the literal segment `database`, which only a database of that name has.
    DatabaseLiteral "database-literal" firestore!("allow get: if exists(/databases/database/documents/users/a);"),
        "write `$(database)` in an expression, `{database}` after `match`";
    /// A path names a document as a variable is called: the text is taken as it stands.
    LiteralVariable "literal-variable" firestore!("allow get: if exists(/databases/$(database)/documents/owners/note);"),
        "write `$(name)` for the value of a variable";
    /// A statement repeats a method.
    RepeatedMethod "repeated-method" firestore!("allow read, get: if request.auth.uid == note;"),
        "`read` is get and list, `write` is create, update and delete; each once is enough";

    // What requests hold.

    /// A member of `request`, `resource` or a document that never exists: reading it always fails.
    NoSuchMember "no-such-member" firestore!("allow get: if request.auth.email == resource.data.owner;"),
        "fields of a document are below `.data`, claims below `request.auth.token`";
    /// A member of `request` that is always null.
    NullMember "null-member" firestore!("allow update: if request.writeFields.size() == 1;"),
        "compare the documents: `request.resource.data.diff(resource.data).affectedKeys()`";
    /// A method of a whole document or object, which counts or names its few members, not the fields or bytes.
    WholeResource "whole-resource" storage!("allow create: if request.resource.size() < 1000;"),
        "write `request.resource.size` for bytes, `request.resource.data.keys()` for fields";
    /// `request.resource` where nothing is written: it is null in a delete, and missing or null in a read.
    IncomingUnavailable "incoming-unavailable" firestore!("allow delete: if request.resource.data.owner == request.auth.uid;"),
        "what is stored is `resource`";
    /// `resource` in a create, where nothing is stored: it is null.
    ExistingUnavailable "existing-unavailable" firestore!("allow create: if resource.data.owner == request.auth.uid;"),
        "what is about to be stored is `request.resource`";
    /// `request.query` outside of a list: it is missing.
    QueryUnavailable "query-unavailable" firestore!("allow get: if request.query.limit < 10;"),
        "say it in `allow list`";
    /// `request.auth.uid == null` never holds: without a user, reading `uid` fails.
    NullUid "null-uid" firestore!("allow get: if request.auth.uid == null;"),
        "nobody is signed in where `request.auth == null`";

    // Expressions.

    /// A call of a built-in, or arithmetic, that always fails: all its operands are constants.
    ConstantFailure "constant-failure" firestore!("allow get: if request.time < timestamp.date(2024, 4, 31);"),
        "an expression that fails denies, unless the other side of `||` permits";
    /// `a == b == c` compares the boolean of the first comparison with the last operand.
    ChainedComparison "chained-comparison" firestore!("allow get: if request.auth.uid == note == resource.data.owner;"),
        "write `a == b && b == c`, or parentheses around the first comparison";
    /// A list or path whose part fails before its last part leaves the later parts behind, and the operation around it
    /// takes one of them for an operand of its own.
    StrayOperands "stray-operands"
        firestore!("allow get: if request.auth != null && (request.auth.uid in [resource.data.owner, resource.data.editor] || resource.data.public == true);"),
        "put the part that may be missing last, test for it first (`'owner' in resource.data`), or move the literal to the left side";

    // Openness.

    /// Everybody may write.
    OpenWrite "open-write" firestore!("allow write: if true;"),
        "say who may write what: `if request.auth.uid == …`";
    /// Everybody may read everything.
    OpenReadAll "open-read-all"
        "rules_version = '2'; service cloud.firestore { match /databases/{database}/documents { match /{document=**} { allow read: if true; } } }",
        "open the collections that are public, one by one";
    /// Rules of the test mode, open to everybody until a date.
    TestMode "test-mode" firestore!("allow read, write: if request.time < timestamp.date(2999, 1, 1);"),
        "say who may do what before others find the project";
    /// A date in a condition has passed: it no longer permits anything.
    TestModeExpired "test-mode-expired" firestore!("allow read, write: if request.time < timestamp.date(2020, 1, 1);"),
        "say who may do what; the test mode is over";
    /// Whoever is signed in may change or delete what others wrote.
    SignedInWrite "signed-in-write" firestore!("allow write: if request.auth != null;"),
        "compare the user with the owner: `request.auth.uid == resource.data.owner`";

    // Database rules.

    /// A string with the name of a wildcard: no key has a `$`.
    QuotedWildcard "quoted-wildcard" r#"{ "rules": { "users": { "$uid": { ".read": "root.child('users').child('$uid').exists()" } } } }"#,
        "write the wildcard without quotes: `child($uid)`";
    /// A rule below one that grants the same: rules cascade, so it neither grants nor restricts anything.
    CascadingRule "cascading-rule" r#"{ "rules": { "users": { ".read": "auth != null", "secret": { ".read": false } } } }"#,
        "grant further down, and nothing above; what must hold of new data belongs into `.validate`";
    /// A `.validate` that only asks whether there is data: it is evaluated only where there is.
    IdleValidate "idle-validate" r#"{ "rules": { "users": { "$uid": { ".validate": "newData.exists()" } } } }"#,
        "say what must be there in the rule of the place above: `newData.hasChildren(['name'])`; a deletion is refused by `.write`";

    // Silencing.

    /// A silencing comment that says no reason.
    AllowWithoutReason "allow-without-reason" firestore!("allow create: if true; // firewarden: allow open-write\n"),
        "write `// firewarden: allow CODE: reason`";
    /// A silencing comment with a code that no lint has.
    AllowUnknownCode "allow-unknown-code" firestore!("allow get; // firewarden: allow open-wriet: a public form\n"),
        "`firewarden check --explain CODE` tells of a code; problems of the official compiler cannot be silenced";
    /// A silencing comment where that lint reports nothing.
    AllowUnused "allow-unused" firestore!("allow get; // firewarden: allow open-write: a public form\n"),
        "remove the comment";
}

impl Code {
    /// The stable name, such as `open-write`.
    pub fn id(self) -> &'static str {
        self.entry().id
    }

    /// The code of that name.
    pub fn from_id(id: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.id() == id)
    }

    /// What is wrong, in a sentence.
    pub fn about(self) -> &'static str {
        self.entry().about.trim()
    }

    /// What would be right.
    pub fn hint(self) -> &'static str {
        self.entry().hint
    }

    /// The smallest source that raises it.
    pub fn example(self) -> &'static str {
        self.entry().example
    }

    /// Whether a comment can silence it. What is wrong with such comments cannot be silenced.
    pub fn can_be_silenced(self) -> bool {
        !matches!(self, Code::AllowWithoutReason | Code::AllowUnknownCode | Code::AllowUnused)
    }

    /// A warning of this kind.
    pub(super) fn problem(self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.id(), Severity::Warning, Some(span), message).with_hint(self.hint())
    }
}
