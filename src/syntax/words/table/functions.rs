//! Functions.

use super::{
    BOOL_TEST, DOCUMENT, DOCUMENT_DATABASE, DOCUMENT_STORAGE, FIELDS, METADATA, NO_MATH, NUMBER_TEST, SPACES,
    STRING_TEST, TEXT_DATABASE, Word,
};

pub(super) const WORDS: &[Word] = words! {
    Function {
        "get" => "", "write `firestore.get(/databases/(default)/documents/…)`", DOCUMENT_DATABASE;
        "exists" => "", "write `firestore.exists(/databases/(default)/documents/…)`",
            "write `root.child('users').child(auth.uid).exists()`";
        "getAfter" => "", "Storage rules read documents as they are stored: `firestore.get(…)`",
            "what a write leaves is `newData`";
        "existsAfter" => "", "Storage rules read documents as they are stored: `firestore.exists(…)`",
            "what a write leaves is `newData`: `newData.exists()`";
        "firestore.get" => "write `get(/databases/$(database)/documents/…)`", "", "";
        "firestore.exists" => "write `exists(/databases/$(database)/documents/…)`", "", "";
        "firestore.getAfter" => "write `getAfter(/databases/$(database)/documents/…)`",
            "Storage rules read documents as they are stored: `firestore.get(…)`", "";
        "firestore.existsAfter" => "write `existsAfter(/databases/$(database)/documents/…)`",
            "Storage rules read documents as they are stored: `firestore.exists(…)`", "";
        "getDoc" => DOCUMENT, DOCUMENT_STORAGE, DOCUMENT_DATABASE;
        "parseInt" | "toInt" | "integer" => "write `int(x)`", "a number needs no conversion; ask with isNumber()";
        "int" | "float" => "", "a number needs no conversion; ask with isNumber()";
        "number" | "Number" => "write `int(x)` or `float(x)`", "a number needs no conversion; ask with isNumber()";
        "parseFloat" | "double" => "write `float(x)`", "a number needs no conversion; ask with isNumber()";
        "str" => "write `string(x)`", TEXT_DATABASE;
        "string" => "", TEXT_DATABASE;
        "String" | "toString" => "write `string(x)`", TEXT_DATABASE;
        "bool" | "Boolean" => "compare: `x == true`", "compare: `data.val() == true`";
        "isNaN" => "write `math.isNaN(x)`", "a value that is stored is never NaN; ask with isNumber()";
        "abs" => "write `math.abs(x)`", NO_MATH;
        "round" => "write `math.round(x)`", NO_MATH;
        "floor" => "write `math.floor(x)`", NO_MATH;
        "ceil" => "write `math.ceil(x)`", NO_MATH;
        "sqrt" => "write `math.sqrt(x)`", NO_MATH;
        "pow" => "write `math.pow(x, y)`", NO_MATH;
        "min" => "write `a < b ? a : b`", "write `a < b ? a : b`";
        "max" => "write `a > b ? a : b`", "write `a > b ? a : b`";
        "math.min" => "write `a < b ? a : b`", "";
        "math.max" => "write `a > b ? a : b`", "";
        "math.random" => "rules have no random numbers", "";
        "len" | "length" | "size" => "write `x.size()`", "write `x.length`";
        "count" => "write `x.size()`", "children cannot be counted; keep a number beside them";
        "contains" | "includes" => "write `x in list`, or `text.matches('.*part.*')`", "write `text.contains('part')`";
        "hasKey" | "has" => "write `'key' in map`", "write `data.hasChild('key')`";
        "startsWith" => "write `text.matches('^start.*')`: the pattern has to match the whole text",
            "write `text.beginsWith('start')`";
        "endsWith" => "write `text.matches('.*end$')`: the pattern has to match the whole text",
            "write `text.endsWith('end')`";
        "matches" | "regex" => "write `text.matches('[a-z]+')`", "write `text.matches(/^[a-z]+$/)`";
        "lower" => "write `text.lower()`", "write `text.toLowerCase()`";
        "upper" => "write `text.upper()`", "write `text.toUpperCase()`";
        "trim" => SPACES, "rules cannot trim; test with matches(/^\\\\S.*\\\\S$/)";
        "now" => "write `request.time`", "`now` is a variable: leave out the brackets";
        "date" => "write `timestamp.date(2026, 1, 31)`", "times are numbers of milliseconds: compare with `now`";
        "Date" => "the time is `request.time`; dates are `timestamp.date(2026, 1, 31)`",
            "the time is `now`, in milliseconds";
        "serverTimestamp" => "rules see the value that is stored: `request.resource.data.created == request.time`",
            "rules see the value that is stored: `newData.val() == now`";
        "isString" => STRING_TEST, "write `data.isString()`";
        "isNumber" => NUMBER_TEST, "write `data.isNumber()`";
        "isBoolean" => BOOL_TEST, "write `data.isBoolean()`";
        "isArray" | "isList" => "write `x is list`", "a list is stored as children; ask with hasChildren()";
        "isMap" => "write `x is map`", "ask with hasChildren()";
        "typeof" | "type" => "write `x is string`", "ask with isString(), isNumber() or isBoolean()";
        "print" | "log" | "alert" => "write `debug(x)`",
            "database rules cannot print; `firewarden eval --explain` shows every value";
        "debug" => "", "database rules cannot print; `firewarden eval --explain` shows every value";
        "hasChild" => "write `'key' in resource.data`", "write `data.hasChild('key')`";
        "hasChildren" => FIELDS, METADATA, "write `data.hasChildren(['a', 'b'])`";
        "child" => DOCUMENT, DOCUMENT_STORAGE, "write `data.child('key')`, or `root.child('key')`";
        "val" => "a field is its own value: `resource.data.key`", "write `data.val()`";
        "coalesce" | "ifNull" => "write `map.get('key', default)`", "write `a != null ? a : b`";
        "if" => "write `condition ? a : b`", "write `condition ? a : b`";
    }
};
