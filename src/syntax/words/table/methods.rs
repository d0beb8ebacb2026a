//! Methods, and properties of database rules that are members elsewhere.

use super::{
    BOOL_TEST, DOCUMENT, DOCUMENT_STORAGE, FIELDS, METADATA, NO_LOOPS_DATABASE, NO_MATH, NUMBER_TEST, SPACES,
    STRING_TEST, TEXT_DATABASE, Word,
};

const NO_LOOPS: &str = "rules have no loops and no callbacks: lists have hasAll(), hasAny() and hasOnly()";

pub(super) const WORDS: &[Word] = words! {
    Method {
        "startsWith" => "write `text.matches('^start.*')`: the pattern has to match the whole text",
            "write `beginsWith('start')`";
        "beginsWith" => "write `text.matches('^start.*')`: the pattern has to match the whole text", "";
        "hasPrefix" => "write `text.matches('^start.*')`: the pattern has to match the whole text",
            "write `beginsWith('start')`";
        "endsWith" => "write `text.matches('.*end$')`: the pattern has to match the whole text", "";
        "hasSuffix" => "write `text.matches('.*end$')`: the pattern has to match the whole text",
            "write `endsWith('end')`";
        "contains" => "write `x in list` or `list.hasAny([x])`; of a text, `text.matches('.*part.*')`", "";
        "includes" => "write `x in list` or `list.hasAny([x])`; of a text, `text.matches('.*part.*')`",
            "write `contains('part')`; for a child, hasChild('key')";
        "indexOf" => "write `x in list`; of a text, `text.matches('.*part.*')` or split()", "write `contains('part')`";
        "search" => "write `text.matches('.*part.*')`", "write `matches(/part/)`";
        "match" => "write `text.matches('[a-z]+')`: the pattern is a string and has to match the whole text",
            "write `matches(/^[a-z]+$/)`";
        "test" | "exec" => "write `text.matches('[a-z]+')`: the pattern is a string and has to match the whole text",
            "write `text.matches(/^[a-z]+$/)`";
        "like" => "write `text.matches('.*part.*')`", "write `matches(/part/)`";
        "substring" | "substr" => "write a range: `text[0:5]`",
            "rules cannot cut strings; test with beginsWith() or matches(/^…/)";
        "slice" => "write a range: `list[0:5]`", "rules cannot cut strings; test with beginsWith() or matches(/^…/)";
        "charAt" => "write a range: `text[0:1]`", "rules cannot cut strings; test with beginsWith() or matches(/^…/)";
        "length" => "write `size()`", "`length` is a property: leave out the brackets";
        "len" => "write `size()`", "write `length`, without brackets";
        "count" => "write `size()`", "children cannot be counted; keep a number beside them";
        "size" => "", "the length of a string is `length`, without brackets; children cannot be counted";
        "numChildren" => "write `resource.data.size()`, or `keys()` for the names",
            "children cannot be counted; keep a number beside them";
        "isEmpty" => "write `x.size() == 0`", "write `length == 0`; for a place, `!data.exists()`";
        "toLowerCase" => "write `lower()`", "";
        "toLower" | "lowercase" => "write `lower()`", "write `toLowerCase()`";
        "lower" => "", "write `toLowerCase()`";
        "toUpperCase" => "write `upper()`", "";
        "toUpper" | "uppercase" => "write `upper()`", "write `toUpperCase()`";
        "upper" => "", "write `toUpperCase()`";
        "trim" => "", "rules cannot trim; test with matches(/^\\\\S.*\\\\S$/)";
        "strip" => SPACES, "rules cannot trim; test with matches(/^\\\\S.*\\\\S$/)";
        "replaceAll" => "write `replace('pattern', 'text')`, which replaces all", "write `replace('a', 'b')`";
        "split" => "", "rules cannot split strings; store the parts as children";
        "join" => "", "join strings with `+`";
        "concat" => "strings join with `+`; lists have concat()", "join strings with `+`";
        "equals" | "isEqual" | "isEqualTo" => "compare with `==`", "compare with `==`";
        "compareTo" => "compare with `<`, `<=`, `>` or `>=`", "compare with `<`, `<=`, `>` or `>=`";
        "before" => "compare with `<`", "compare with `<`";
        "after" => "compare with `>`", "compare with `>`";
        "isBefore" => "compare with `<`", "compare with `<`";
        "isAfter" => "compare with `>`", "compare with `>`";
        "child" => "a field is a member: `resource.data.key`, or `resource.data['key']`",
            "a member is written with a point: `resource.metadata.key`", "";
        "hasChild" => "write `'key' in resource.data`", "";
        "hasChildren" => FIELDS, METADATA, "";
        "val" => "a field is its own value: leave out `.val()`", "a value has no val(): it is one already";
        "exists" =>
            "write `x != null`, or `'key' in map`; a document is asked for with `exists(/databases/$(database)/documents/…)`",
            "write `x != null`, or `'key' in map`; a document is asked for with `firestore.exists(/databases/(default)/documents/…)`",
            "";
        "parent" => DOCUMENT, DOCUMENT_STORAGE, "";
        "getPriority" => "documents have no priorities", "";
        "isString" => STRING_TEST, "";
        "isNumber" => NUMBER_TEST, "";
        "isBoolean" => BOOL_TEST, "";
        "isInt" => "write `x is int`", "write `data.isNumber() && data.val() % 1 == 0`";
        "isBool" => BOOL_TEST, "write `isBoolean()`";
        "isArray" | "isList" => "write `x is list`", "a list is stored as children; ask with hasChildren()";
        "isMap" => "write `x is map`", "ask with hasChildren()";
        "isNull" => "write `x == null`", "write `x == null`, or `!data.exists()`";
        "isNaN" => "write `math.isNaN(x)`", "a value that is stored is never NaN";
        "data" => "`data` is a member: leave out the brackets", "what is stored is `data`";
        "get" => "", "write `child('key').val()`";
        "keys" => "",
            "rules do not list keys; ask with hasChildren(['a', 'b']), and refuse others with `\"$other\": { \".validate\": false }`";
        "hasAll" => "", "write `hasChildren(['a', 'b'])`";
        "hasAny" => "", "write `hasChild('a') || hasChild('b')`";
        "hasOnly" => "", "refuse others with `\"$other\": { \".validate\": false }`";
        "diff" | "affectedKeys" | "changedKeys" => "",
            "compare each child: `newData.child('a').val() == data.child('a').val()`";
        "has" | "hasKey" | "hasOwnProperty" | "containsKey" => "write `'key' in map`", "write `hasChild('key')`";
        "contain" => "write `x in list`", "write `contains('part')`";
        "containsAll" => "write `hasAll([…])`", "write `hasChildren(['a', 'b'])`";
        "containsAny" => "write `hasAny([…])`", "write `hasChild('a') || hasChild('b')`";
        "getAll" => "write `keys()` or `values()`", "write `val()`";
        "toString" => "write `string(x)`", TEXT_DATABASE;
        "toInt" => "write `int(x)`", "a number needs no conversion; ask with isNumber()";
        "getTime" | "valueOf" => "write `toMillis()`", "a time is a number of milliseconds already";
        "getFullYear" => "write `year()`", "a time is a number of milliseconds; rules have no calendar";
        "getMonth" => "write `month()`, from 1", "a time is a number of milliseconds; rules have no calendar";
        "getHours" => "write `hours()`", "a time is a number of milliseconds; rules have no calendar";
        "toMillis" => "", "a time is a number of milliseconds already";
        "toSeconds" => "write `seconds()` of a duration, `toMillis() / 1000` of a time", "divide: `now / 1000`";
        "now" => "write `request.time`", "write `now`";
        "log" => "write `debug(x)`", "database rules cannot print; `firewarden eval --explain` shows every value";
        "abs" => "write `math.abs(x)`", NO_MATH;
        "ceil" => "write `math.ceil(x)`", NO_MATH;
        "floor" => "write `math.floor(x)`", NO_MATH;
        "round" => "write `math.round(x)`", NO_MATH;
        "pow" => "write `math.pow(x, y)`", NO_MATH;
        "sqrt" => "write `math.sqrt(x)`", NO_MATH;
        "min" => "write `a < b ? a : b`", "write `a < b ? a : b`";
        "max" => "write `a > b ? a : b`", "write `a > b ? a : b`";
        "random" => "rules have no random numbers", "rules have no random numbers";
        "parse" => "rules do not read JSON", "rules do not read JSON";
        "stringify" => "maps and lists are compared as they are: `a == b`", "rules do not write JSON";
        "forEach" | "map" | "filter" | "reduce" | "find" => NO_LOOPS, NO_LOOPS_DATABASE;
        "some" | "any" => "write `hasAny([…])`", NO_LOOPS_DATABASE;
        "every" | "all" => "write `hasAll([…])`", NO_LOOPS_DATABASE;
        "push" => "rules change nothing; lists join with concat()", "rules change nothing";
        "isAuthenticated" => "write `request.auth != null`", "write `auth != null`";
        // Properties of database rules that are members elsewhere.
        "value" => "a field is its own value", "write `val()`";
        "key" => "write `resource.id`", "the key is the wildcard of the path: `$key`";
        "id" => "", "the key is the wildcard of the path: `$key`";
        "uid" => "", "write `auth.uid`";
        "time" => "", "write `now`, in milliseconds";
    }
};
