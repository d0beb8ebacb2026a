//! Every diagnostic code of rules files, each with the smallest source that raises it.
//!
//! Codes are ours and stable; messages are the official compiler's. The tests run the examples.

use super::Limits;
use crate::text::{Diagnostic, Severity, Span};

/// The severity of a problem.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rank {
    /// The source is refused.
    Error,
    /// An official warning about something that always fails at run time.
    Failing,
    /// A warning of ours: the source compiles, but cannot be deployed.
    Undeployable,
    /// Another official warning.
    Warning,
}

/// The data of a code.
struct Entry {
    id: &'static str,
    about: &'static str,
    rank: Rank,
    example: &'static str,
    hint: &'static str,
}

/// Repeats a text ten times, for the examples of limits.
macro_rules! ten {
    ($s:literal) => {
        concat!($s, $s, $s, $s, $s, $s, $s, $s, $s, $s)
    };
}

/// Pads a text with spaces, so that it is too long to deploy.
#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn lengthened(text: &[u8]) -> [u8; Limits::OFFICIAL.source_bytes + 1] {
    let mut long = [b' '; Limits::OFFICIAL.source_bytes + 1];
    let mut at = 0;
    while at < text.len() {
        long[at] = text[at];
        at += 1;
    }
    long
}

static TOO_LARGE: [u8; Limits::OFFICIAL.source_bytes + 1] =
    lengthened(b"rules_version = '2'; service firebase.storage { match /a { allow read; } }");

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident $id:literal $rank:ident $example:expr $(, $hint:literal)?;)*) => {
        /// A kind of problem in a rules file.
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
                    $(Code::$name => Entry {
                        id: $id,
                        about: concat!($($doc),*),
                        rank: Rank::$rank,
                        example: $example,
                        hint: concat!("" $(, $hint)?),
                    },)*
                }
            }
        }
    };
}

codes! {
    // Stage A: reading. Raised by `syntax/`.

    /// The text does not follow the grammar.
    Syntax "syntax" Error "service firebase.storage { match /a { allow read: true; } }";
    /// The file is empty.
    EmptyFile "empty-file" Error "";
    /// `rules_version` is neither 1 nor 2.
    UnsupportedVersion "unsupported-version" Error "rules_version = '3'; service firebase.storage { match /a { allow read; } }";
    /// An import statement.
    Import "import" Error "rules_version = '2'; import 'a'; service firebase.storage { match /a { allow read; } }";
    /// A reserved word as the name of a service.
    ServiceKeyword "service-keyword" Error "rules_version = '2'; service match { match /a { allow read; } }";
    /// A number or bytes literal without a value.
    InvalidLiteral "invalid-literal" Error
        "rules_version = '2'; service firebase.storage { match /a { allow read: if 9223372036854775808 > 1; } }";
    /// A word other than a type after `is`.
    UnknownType "unknown-type" Error "rules_version = '2'; service firebase.storage { match /a { allow read: if 1 is integer; } }";
    /// `math` or another package as a variable.
    PackageAsVariable "package-as-variable" Error
        "rules_version = '2'; service firebase.storage { match /a { allow read: if math == 1; } }";
    /// The path repeats a capture.
    RepeatedCapture "repeated-capture" Error "rules_version = '2'; service firebase.storage { match /{x}/{x} { allow read; } }";
    /// A glob where this version does not allow one.
    GlobPlace "glob-place" Error "service firebase.storage { match /{x=**}/a { allow read; } }";
    /// An expression nests too deeply.
    TooComplex "too-complex" Error
        concat!("rules_version = '2'; service firebase.storage { match /a { allow read: if ", ten!("(((((((((("), "true", ten!("))))))))))"), "; } }");
    /// Match blocks nest so deeply that reading stops.
    RulesTooDeep "rules-too-deep" Error
        concat!("service a { ", ten!("match /a { match /a { match /a { match /a { match /a { match /a { match /a { "), "allow read; ", ten!("} } } } } } } "), "}");

    // Stage B: blocks and services.

    /// The file is written in version 1.
    OldVersion "old-version" Warning "service firebase.storage { match /a { allow read; } }",
        "add `rules_version = '2';` as the first line; `{x=**}` then matches zero segments too";
    /// The source is too long to deploy.
    TooLarge "too-large" Undeployable
        match str::from_utf8(&TOO_LARGE) { Ok(text) => text, Err(_) => "" },
        "shorten names and comments, or put conditions that repeat into functions";
    /// The service is neither `cloud.firestore` nor `firebase.storage`.
    UnknownService "unknown-service" Warning "rules_version = '2'; service storage { match /a { allow read; } }",
        "services are `firebase.storage` and `cloud.firestore`";
    /// The file repeats a service.
    DuplicateService "duplicate-service" Error
        "rules_version = '2'; service firebase.storage { match /a { allow read; } } service firebase.storage { match /b { allow read; } }",
        "put all blocks into one service";
    /// `allow` with a word that is not a method, or a name in its condition that is only declared in requests.
    UnknownMethod "unknown-method" Warning "rules_version = '2'; service firebase.storage { match /a { allow edit; } }",
        "methods are get, list, create, update, delete, and read and write for several of them";
    /// Version 1: a block that ends in a glob contains blocks, which never apply.
    GlobChildren "glob-children" Warning "service firebase.storage { match /{x=**} { match /a { allow read; } } }",
        "with `rules_version = '2';` blocks within a glob apply";
    /// A glob in a block within a glob.
    NestedGlob "nested-glob" Error
        "rules_version = '2'; service firebase.storage { match /{x=**} { match /{y=**} { allow read; } } }";
    /// Too many path segments over nested blocks.
    PathTooLong "path-too-long" Error
        concat!("rules_version = '2'; service a { match /a", ten!("/a/a/a/a/a/a/a/a/a/a"), " { allow read; } }");
    /// Too many captures over nested blocks.
    TooManyCaptures "too-many-captures" Error
        "rules_version = '2'; service a { match /{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j} { match /{k}/{l}/{m}/{n}/{o}/{p}/{q}/{r}/{s}/{t}/{u} { allow read; } } }";
    /// Match blocks nest too deeply.
    BlocksTooDeep "blocks-too-deep" Error
        concat!("rules_version = '2'; service a { ", ten!("match /a { "), "match /a { match /a { allow read; } } ", ten!("} "), "}"),
        "several segments may stand in one path: `match /a/b/c`";

    // Stage B: functions.

    /// A second function of the same name in one block.
    DuplicateFunction "duplicate-function" Error
        "rules_version = '2'; function f() { return true; } function f() { return true; } service firebase.storage { match /a { allow read: if f(); } }",
        "functions cannot be overloaded; rename one";
    /// A second parameter of the same name.
    DuplicateParameter "duplicate-parameter" Error
        "rules_version = '2'; function f(a, a) { return a; } service firebase.storage { match /a { allow read: if f(true, true); } }";
    /// A `let` repeats a parameter or an earlier `let`.
    RepeatedLet "repeated-let" Error
        "rules_version = '2'; function f(a) { let a = 1; return a == 1; } service firebase.storage { match /a { allow read: if f(1); } }";
    /// `let` in version 1.
    LetInVersion1 "let-in-version-1" Error
        "function f() { let a = true; return a; } service firebase.storage { match /a { allow read: if f(); } }",
        "add `rules_version = '2';` as the first line";
    /// Too many parameters.
    TooManyParameters "too-many-parameters" Error
        "rules_version = '2'; function f(a, b, c, d, e, f, g, h) { return a && b && c && d && e && f && g && h; }",
        "pass a map";
    /// Too many variables in a function.
    TooManyVariables "too-many-variables" Error
        "rules_version = '2'; function f() { let a = 1; let b = 1; let c = 1; let d = 1; let e = 1; let f = 1; let g = 1; let h = 1; let i = 1; let j = 1; let k = 1; let l = 1; return true; }",
        "split the function";
    /// A function calls itself.
    Recursion "recursion" Error "rules_version = '2'; function f() { return f(); }", "rules have no loops and no recursion";
    /// Functions that call each other in a circle.
    CallCycle "call-cycle" Error "rules_version = '2'; function f() { return g(); } function g() { return f(); }",
        "rules have no loops and no recursion";
    /// Functions call each other too deeply.
    CallDepth "call-depth" Error
        "rules_version = '2'; function a() { return b(); } function b() { return c(); } function c() { return d(); } function d() { return e(); } function e() { return f(); } function f() { return g(); } function g() { return h(); } function h() { return i(); } function i() { return j(); } function j() { return k(); } function k() { return l(); } function l() { return m(); } function m() { return n(); } function n() { return o(); } function o() { return p(); } function p() { return q(); } function q() { return r(); } function r() { return s(); } function s() { return t(); } function t() { return u(); } function u() { return v(); } function v() { return true; }";
    /// A function that nothing calls, or a name in it that is only declared in requests.
    UnusedFunction "unused-function" Warning
        "rules_version = '2'; service firebase.storage { match /a { function f() { return true; } allow read; } }";
    /// A parameter or `let` that nothing reads.
    UnusedVariable "unused-variable" Warning
        "rules_version = '2'; function f(a) { return true; } service firebase.storage { match /a { allow read: if f(1); } }";

    // Stage B: names.

    /// A name that is not in scope.
    UnknownVariable "unknown-variable" Failing
        "rules_version = '2'; service firebase.storage { match /a { allow read: if auth != null; } }";
    /// A function or method that does not exist here.
    UnknownFunction "unknown-function" Failing
        "rules_version = '2'; service firebase.storage { match /{a} { allow read: if a.contains('x'); } }";
    /// A call with too many or too few arguments.
    ArgumentCount "argument-count" Failing
        "rules_version = '2'; service firebase.storage { match /{a} { allow read: if a.matches(); } }";
    /// A function outside services calls a document function, which some products lack.
    ServiceFunctionOutside "service-function-outside" Warning
        "rules_version = '2'; function f() { return exists(/a/b); } service cloud.firestore { match /a { allow read: if f(); } }",
        "move the function into the service";
    /// An invalid regular expression.
    InvalidPattern "invalid-pattern" Error
        "rules_version = '2'; service firebase.storage { match /{a} { allow read: if a.matches('['); } }";

    // Stage B: types.

    /// A condition that is never true nor false.
    NeverBoolean "never-boolean" Failing "rules_version = '2'; service firebase.storage { match /{a} { allow read: if a; } }",
        "the statement never grants anything";
    /// An operand or argument of a type that the operation refuses.
    WrongType "wrong-type" Failing
        "rules_version = '2'; service firebase.storage { match /{a} { allow read: if a - 1 == 0; } }";
    /// An argument or `let` of a type that the function's use of it refuses, at least in one place.
    ImpliedType "implied-type" Warning
        "rules_version = '2'; function f(a) { return a - 1 == 0; } service firebase.storage { match /a { allow read: if f('1'); } }";
    /// A variable is used as if it had two types.
    NoType "no-type" Warning
        "rules_version = '2'; function f(a) { return a && a.b; } service firebase.storage { match /a { allow read: if f(request.auth); } }";
    /// Operands of `==` that are never equal.
    NotComparable "not-comparable" Warning
        "rules_version = '2'; service firebase.storage { match /{a} { allow read: if a == 1; } }";
    /// A ternary whose branches differ in type.
    TernaryTypes "ternary-types" Warning
        "rules_version = '2'; service firebase.storage { match /{a} { allow read: if (a == 'x' ? 1 : 'one') == 1; } }";

    // Database rules: the file.

    /// The text is not JSON, not even with comments and trailing commas.
    JsonSyntax "json-syntax" Error r#"{ "rules": { "a": { ".read": true,, } } }"#;
    /// A backslash in a JSON string before a character that it does not escape.
    InvalidEscape "invalid-escape" Error r#"{ "rules": { ".read": "auth.uid.matches(/\d/)" } }"#;
    /// The file has no `rules`, or something before it.
    MissingRules "missing-rules" Error r#"{ "users": {} }"#;
    /// A property other than `rules`.
    ExtraProperty "extra-property" Error r#"{ "rules": {}, "users": {} }"#, "everything belongs into \"rules\"";
    /// An object repeats a key.
    DuplicateKey "duplicate-key" Error r#"{ "rules": { ".read": true, ".read": false } }"#;
    /// The rules of a location are not an object; misspelt rule names also give this error.
    NotRules "not-rules" Error r#"{ "rules": { ".reed": "true" } }"#;
    /// A key that no data can have.
    InvalidKey "invalid-key" Error r#"{ "rules": { "a/b": {} } }"#;
    /// Two wildcards at one location.
    TwoWildcards "two-wildcards" Error r#"{ "rules": { "$a": {}, "$b": {} } }"#;
    /// A wildcard within another one with the same name.
    RepeatedWildcard "repeated-wildcard" Error r#"{ "rules": { "$a": { "$a": {} } } }"#;
    /// A wildcard whose name is not an identifier, so that no expression can refer to it.
    UnnamableWildcard "unnamable-wildcard" Warning r#"{ "rules": { "$user-id": { ".read": true } } }"#;
    /// A rule that is neither an expression nor a boolean.
    RuleValue "rule-value" Error r#"{ "rules": { ".read": 1 } }"#;
    /// An `.indexOn` that is neither a string nor a list of strings.
    IndexValue "index-value" Error r#"{ "rules": { ".indexOn": 1 } }"#, "write \".indexOn\": [\"owner\", \"created\"]";
    /// Objects and arrays nest so deeply that reading stops.
    TreeTooDeep "tree-too-deep" Error
        concat!("{\"rules\": ", ten!("{\"a\": {\"a\": {\"a\": {\"a\": {\"a\": {\"a\": {\"a\": {\"a\": {\"a\": {\"a\": {\"a\": {\"a\": {\"a\": {\"a\": {\"a\": {\"a\": {\"a\": {\"a\": {\"a\": {\"a\": {\"a\": {\"a\": {\"a\": {\"a\": {\"a\": "));
    /// Rules deeper than data can be.
    UnreachableRules "unreachable-rules" Warning
        concat!("{\"rules\": ", ten!("{\"a\": {\"a\": {\"a\": {\"a\": "), "{}", ten!("}}}}"), "}"), "data is at most 32 levels deep";

    // Database rules: expressions.

    /// The text of a rule is not an expression.
    ExpressionSyntax "expression-syntax" Error r#"{ "rules": { ".read": "auth != null &&" } }"#;
    /// `=` in an expression.
    Assignment "assignment" Error r#"{ "rules": { ".read": "auth.uid = 'a'" } }"#;
    /// An expression nests too deeply.
    ExpressionTooDeep "expression-too-deep" Error
        concat!("{\"rules\": {\".read\": \"", ten!("!(!(!(!(!(!(!(!(!(!(!(!(!(!(!(!(!(!(!(!(!(!(!(!(!("), "true\"}}");
    /// An unknown variable.
    UnknownName "unknown-name" Error r#"{ "rules": { ".read": "user != null" } }"#;
    /// `newData` in a rule that is not about a write.
    NewDataInRead "newdata-in-read" Error r#"{ "rules": { ".read": "newData.exists()" } }"#, "what is stored is `data`";
    /// A method or property that the receiver does not have.
    UnknownMember "unknown-member" Error r#"{ "rules": { ".read": "data.foo() == 1" } }"#;
    /// A method or property of a value without any.
    NoMembers "no-members" Error r#"{ "rules": { ".read": "now.foo == 1" } }"#;
    /// A computed member of something other than a claim.
    ComputedAccess "computed-access" Error r#"{ "rules": { ".read": "data[auth.uid] == 1" } }"#,
        "only `auth` and its claims are reached by a computed name";
    /// A call of something that is not a method.
    NotAFunction "not-a-function" Error r#"{ "rules": { ".read": "auth.uid.length() > 1" } }"#;
    /// An array that is not an argument of `hasChildren`.
    ArrayLiteral "array-literal" Error r#"{ "rules": { ".read": "['a'] == 1" } }"#,
        "an array can only be the argument of hasChildren()";
    /// A condition, or a part of one, that is not a boolean.
    NotBoolean "not-boolean" Error r#"{ "rules": { ".read": "auth && true" } }"#;
    /// An operand of a type that the operator does not take.
    OperandType "operand-type" Error r#"{ "rules": { ".read": "data == null" } }"#;
    /// Arguments that the method does not take.
    Arguments "arguments" Error r#"{ "rules": { ".read": "data.child(1).exists()" } }"#;
    /// An invalid regular expression, or one with other flags than `i`.
    InvalidRegex "invalid-regex" Error r#"{ "rules": { ".read": "auth.uid.matches(/a/g)" } }"#;
    /// The user, or all claims, compared with something other than null.
    ObjectComparison "object-comparison" Warning r#"{ "rules": { ".read": "auth == 'alice'" } }"#,
        "compare `auth.uid`, or one claim";
}

impl Code {
    /// The stable name, such as `unknown-variable`.
    pub fn id(self) -> &'static str {
        self.entry().id
    }

    /// The code of that name.
    pub fn from_id(id: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.id() == id)
    }

    /// Whether it refuses the source.
    pub fn severity(self) -> Severity {
        match self.entry().rank {
            Rank::Error => Severity::Error,
            Rank::Failing | Rank::Undeployable | Rank::Warning => Severity::Warning,
        }
    }

    /// What is wrong, in a sentence.
    pub fn about(self) -> &'static str {
        self.entry().about.trim()
    }

    /// The smallest source that raises it.
    pub fn example(self) -> &'static str {
        self.entry().example
    }

    /// A hint that applies to every problem of this kind, if there is one.
    pub fn hint(self) -> Option<&'static str> {
        Some(self.entry().hint).filter(|hint| !hint.is_empty())
    }

    /// Whether `--strict` treats it as an error although the official compiler only warns: the reported expression, or
    /// the one around it, always fails at run time (an unknown name, a wrong number of arguments, a type that an
    /// operation refuses), or the source cannot be deployed.
    pub fn is_refused_if_strict(self) -> bool {
        matches!(self.entry().rank, Rank::Failing | Rank::Undeployable)
    }

    /// A problem of this kind, with its severity and hint.
    pub(crate) fn problem(self, span: Option<Span>, message: impl Into<String>) -> Diagnostic {
        let Entry { id, hint, .. } = self.entry();
        let problem = Diagnostic::new(id, self.severity(), span, message);
        if hint.is_empty() { problem } else { problem.with_hint(hint) }
    }
}

/// [`Code::is_refused_if_strict`] by name; false for other names.
pub fn is_refused_if_strict(id: &str) -> bool {
    Code::from_id(id).is_some_and(Code::is_refused_if_strict)
}
