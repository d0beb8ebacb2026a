//! Variables.

use super::{DOCUMENT, DOCUMENT_DATABASE, DOCUMENT_STORAGE, NO_MATH, TEXT_DATABASE, Word};

const NULL: &str = "write `null`";

pub(super) const WORDS: &[Word] = words! {
    Variable {
        "auth" => "write `request.auth`", "";
        "now" => "write `request.time`", "";
        "data" => "the fields that are stored are `resource.data`, those that are written `request.resource.data`",
            "the object that is stored is `resource`, the one that is written `request.resource`", "";
        "newData" => "what is written is `request.resource.data`", "the object that is written is `request.resource`",
            "";
        "newDataRoot" =>
            "what the commit leaves of another document is `getAfter(/databases/$(database)/documents/…).data`",
            DOCUMENT_STORAGE, "what a write leaves of other data is reached from `newData`, with parent() and child()";
        "root" => DOCUMENT, DOCUMENT_STORAGE, "";
        "user" | "currentUser" => "who asks is `request.auth`: `request.auth.uid`", "who asks is `auth`: `auth.uid`";
        "uid" => "write `request.auth.uid`", "write `auth.uid`";
        "userId" => "write `request.auth.uid`, or capture it in the path: `match /users/{userId}`",
            "write `auth.uid`, or name the key with a wildcard: `\"$userId\": { … }`";
        "userID" => "write `request.auth.uid`, or capture it in the path: `match /users/{userID}`",
            "write `auth.uid`, or name the key with a wildcard: `\"$userID\": { … }`";
        "token" | "claims" => "claims are `request.auth.token`", "claims are `auth.token`";
        "email" => "write `request.auth.token.email`", "write `auth.token.email`";
        "admin" => "write `request.auth.token.admin == true`", "write `auth.token.admin == true`";
        "request" => "",
            "database rules have no `request`: who asks is `auth`, the time is `now`, what is written is `newData`";
        "resource" => "", "what is stored is `data`, what is written is `newData`";
        "database" => "capture it in the path: `match /databases/{database}/documents`",
            "other data is reached from `root`";
        "bucket" => "capture it in the path: `match /b/{bucket}/o`", "database rules have no buckets";
        "document" | "doc" | "snapshot" => "the document is `resource`; its fields are `resource.data`",
            "what is stored is `data`";
        "object" => "the object is `resource`", "what is stored is `data`";
        "file" => "the object is `resource`, the one that is written `request.resource`",
            "database rules have no files";
        "metadata" => "write `resource.metadata`, or `request.resource.metadata` for what is written",
            "what is stored is `data`";
        "size" => "write `request.resource.size`", "database rules do not know sizes; a string has `length`";
        "contentType" => "write `request.resource.contentType`", "";
        "time" => "write `request.time`", "write `now`, in milliseconds";
        "query" => "write `request.query`", "";
        "limit" => "write `request.query.limit`", "write `query.limitToFirst` or `query.limitToLast`";
        "method" => "write `request.method`", "`.read` and `.write` are rules of their own";
        "params" => "a part of the path is captured in it: `match /users/{userId}`",
            "a part of the path is a wildcard: `\"$userId\": { … }`";
        "this" => "the document is `resource`, the request `request`", "what is stored is `data`";
        "undefined" => "what is missing is tested with `'key' in map`; there is `null`, and no `undefined`",
            "what is not there is `null`";
        "None" | "nil" | "Null" | "NULL" | "nullptr" => NULL, NULL;
        "True" | "TRUE" => "write `true`", "write `true`";
        "False" | "FALSE" => "write `false`", "write `false`";
        "NaN" => "write `math.isNaN(x)`", "a value that is stored is never NaN";
        "Infinity" => "write `math.isInfinity(x)`", "a value that is stored is never infinite";
        "console" => "write `debug(x)`, which gives x and prints it in the emulator",
            "database rules cannot print; `firewarden eval --explain` shows every value";
        "Math" => "", NO_MATH;
        "Date" | "Timestamp" => "the time is `request.time`; dates are `timestamp.date(2026, 1, 31)`",
            "the time is `now`, in milliseconds";
        "FieldValue" | "ServerValue" =>
            "rules see the value that is stored: `request.resource.data.created == request.time`",
            "rules see the value that is stored: `newData.val() == now`";
        "JSON" => "maps and lists are compared as they are: `a == b`", "rules do not read JSON";
        "Number" => "write `int(x)` or `float(x)`", "a number needs no conversion; ask with isNumber()";
        "String" => "write `string(x)`", TEXT_DATABASE;
        "Object" => "a map has keys(), values() and `'key' in map`",
            "children are asked for with hasChildren() and child()";
        "Array" => "write `x is list`", "a list is stored as children with the keys 0, 1, 2";
        "RegExp" => "a pattern is a string: `text.matches('[a-z]+')`",
            "a pattern is written between slashes: `matches(/^[a-z]+$/)`";
        "firebase" => "claims of the sign-in are `request.auth.token.firebase`",
            "claims of the sign-in are `request.auth.token.firebase`",
            "claims of the sign-in are `auth.token.firebase`";
        "db" => DOCUMENT, DOCUMENT_STORAGE, DOCUMENT_DATABASE;
        "hashing" => "", "database rules have no hashes";
        "math" => "", NO_MATH;
        "timestamp" => "", "the time is `now`, in milliseconds";
        "duration" => "", "times are numbers of milliseconds: `now - 60000`";
        "latlng" => "", "database rules have no places; two numbers are compared";
        "firestore" => "", "", "database rules read no documents; other data is reached from `root`";
    }
};
