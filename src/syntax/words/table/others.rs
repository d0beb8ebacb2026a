//! Types, services, methods of requests; operators and statements where an expression of database rules stands (for
//! services those are in `sequences`).

use super::{NO_LOOPS_DATABASE, Word};

pub(super) const WORDS: &[Word] = words! {
    Type {
        "integer" | "long" => "write `is int`", "";
        "double" | "decimal" => "write `is float`", "";
        "num" => "write `is number`", "";
        "boolean" => "write `is bool`", "";
        "text" | "str" => "write `is string`", "";
        "array" | "tuple" => "write `is list`", "";
        "object" | "dict" | "struct" => "write `is map`", "";
        "date" | "datetime" | "time" => "write `is timestamp`", "";
        "reference" | "ref" => "write `is path`", "";
        "geopoint" | "location" => "write `is latlng`", "";
        "blob" => "write `is bytes`", "";
        "null" => "write `x == null`", "";
        "undefined" => "write `!('key' in map)`", "";
        "not" => "write `!(x is string)`", "";
    }
    Service {
        "firestore" | "firebase.firestore" | "google.firestore" | "cloud.datastore" =>
            "write `service cloud.firestore`", "";
        "storage" | "cloud.storage" | "google.storage" => "write `service firebase.storage`", "";
        "firebase.database" | "database" => "rules of the Realtime Database are JSON: `{ \"rules\": { … } }`", "";
    }
    Operation {
        // Methods of requests.
        "add" | "insert" | "upload" | "post" => "write `create`", "";
        "edit" | "modify" | "patch" => "write `update`", "";
        "put" | "set" => "write `create, update`", "";
        "remove" => "write `delete`", "";
        "query" | "find" | "search" => "write `list`", "";
        "download" | "view" | "fetch" => "write `get`", "";
        "all" | "any" => "write `read, write`", "";
    }
    Operator {
        // Operators and statements of database expressions. For services they stand in `sequences`.
        "and" => "", "write `&&`";
        "or" => "", "write `||`";
        "not" => "", "write `!x`";
        "AND" => "", "write `&&`";
        "OR" => "", "write `||`";
        "NOT" => "", "write `!x`";
        "is" => "", "ask with isString(), isNumber() or isBoolean()";
        "in" => "", "ask with hasChild() or with `auth.token.roles[name] != null`";
        "typeof" | "instanceof" => "", "ask with isString(), isNumber() or isBoolean()";
        "if" | "else" | "then" => "", "a rule is one expression: choose with `condition ? a : b`";
        "return" => "", "a rule is one expression, whose value it is: leave out `return`";
        "function" => "", "database rules have no functions: repeat the condition, or grant it further up";
        "let" | "var" | "const" => "", "database rules have no variables: repeat the expression";
        "allow" => "", "a rule is a condition: `\".read\": \"auth != null\"`";
        "match" => "", "a place is a key: `\"users\": { \"$uid\": { \".read\": … } }`";
        "new" => "", "the time is `now`, in milliseconds";
        "for" | "while" => "", NO_LOOPS_DATABASE;
        "switch" => "", "choose with `condition ? a : b`";
        "this" => "", "what is stored is `data`";
        "&" => "", "write `&&`";
        "|" => "", "write `||`";
        "`" => "", "a string stands in quotes, `'…'`, and joins with `+`";
        ";" => "", "a rule is one expression, without a semicolon";
        "#" => "", "comments are `/* … */` in an expression";
        "@" => "", "who asks is `auth`";
    }
};
