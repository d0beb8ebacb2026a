//! What a request of each product looks like: which members each part has, and of which kinds they are.
//!
//! The variables of production are described here, not those of a test: a document's fields can be anything, the members of
//! a stored object are closed and typed.

use crate::place::{Kind, Kinds};

/// The method of a request.
pub use firewarden::storage::Method;

/// What is below a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Schema {
    /// Nothing.
    Leaf,
    /// `request` of Storage.
    StorageRequest(Method),
    /// `request` of Firestore.
    FirestoreRequest(Method),
    /// `request.auth`
    Auth,
    /// `request.auth.token`
    Token,
    /// `request.auth.token.firebase`
    Firebase,
    /// Any JSON.
    Json,
    /// A stored object.
    Object,
    /// A map of texts.
    Texts,
    /// A document.
    Document,
    /// What a query knows of the documents that it returns.
    Queried,
    /// Fields of a document.
    Fields,
    /// The same, where a query may know less than the value.
    QueriedFields,
    /// `request.query`
    Query,
    /// Anything: the result of an operation that is not modelled.
    Any,
}

/// What a schema says about a member.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// The kinds that its values have, without [`Kind::Absent`].
    pub kinds: Kinds,
    /// Whether it is always there.
    pub required: bool,
    /// What is below it.
    pub schema: Schema,
}

const NULL: Kinds = Kinds::of(&[Kind::Null]);
const TEXT: Kinds = Kinds::of(&[Kind::String]);
const MAP: Kinds = Kinds::of(&[Kind::Map]);
const BOOL: Kinds = Kinds::of(&[Kind::Bool]);
const INT: Kinds = Kinds::of(&[Kind::Int]);
const TIME: Kinds = Kinds::of(&[Kind::Timestamp]);
const OPTIONAL_MAP: Kinds = NULL.or(MAP);
const OPTIONAL_TEXT: Kinds = NULL.or(TEXT);

fn always(kinds: Kinds, schema: Schema) -> Option<Member> {
    Some(Member { kinds, required: true, schema })
}

fn sometimes(kinds: Kinds, schema: Schema) -> Option<Member> {
    Some(Member { kinds, required: false, schema })
}

impl Schema {
    /// The member of a name; `None` where there is none.
    pub fn member(self, name: &str) -> Option<Member> {
        use Schema::*;
        let leaf = |kinds| always(kinds, Leaf);
        match self {
            Leaf => None,
            StorageRequest(method) => match name {
                "auth" => always(OPTIONAL_MAP, Auth),
                "method" => leaf(TEXT),
                "path" => leaf(Kinds::of(&[Kind::Path])),
                "time" => leaf(TIME),
                "params" => sometimes(MAP, Texts),
                "resource" => match method {
                    Method::Create | Method::Update => always(MAP, Object),
                    Method::Get | Method::List | Method::Delete => leaf(NULL),
                },
                _ => None,
            },
            FirestoreRequest(method) => {
                let reads = matches!(method, Method::Get | Method::List);
                match name {
                    "auth" => always(OPTIONAL_MAP, Auth),
                    "method" => leaf(TEXT),
                    "path" => leaf(Kinds::of(&[Kind::Path])),
                    "time" => leaf(TIME),
                    "headers" => always(MAP, Texts),
                    "inTransaction" => leaf(BOOL),
                    "resource" => match method {
                        Method::Create | Method::Update => always(MAP, Document),
                        Method::Delete => leaf(NULL),
                        Method::Get | Method::List => None,
                    },
                    "query" if method == Method::List => always(MAP, Query),
                    "fields" if reads => leaf(NULL),
                    "writeFields" if !reads => leaf(NULL.or(Kinds::of(&[Kind::List]))),
                    "readFields" | "transforms" if !reads => leaf(NULL),
                    _ => None,
                }
            }
            Auth => match name {
                "uid" => leaf(TEXT),
                "token" => always(MAP, Token),
                _ => None,
            },
            Token => match name {
                "sub" | "user_id" => leaf(TEXT),
                "email" | "phone_number" | "name" | "picture" | "iss" | "aud" => sometimes(TEXT, Leaf),
                "email_verified" => sometimes(BOOL, Leaf),
                "auth_time" | "iat" | "exp" => sometimes(INT, Leaf),
                "firebase" => sometimes(MAP, Firebase),
                _ => sometimes(Kinds::JSON, Json),
            },
            Firebase => match name {
                "sign_in_provider" | "tenant" | "sign_in_second_factor" => sometimes(TEXT, Leaf),
                _ => sometimes(Kinds::JSON, Json),
            },
            Json => sometimes(Kinds::JSON, Json),
            Object => match name {
                "name" | "bucket" => leaf(TEXT),
                "size" | "generation" | "metageneration" => leaf(INT),
                "timeCreated" | "updated" => leaf(TIME),
                "md5Hash" | "crc32c" | "etag" | "contentDisposition" | "contentEncoding" | "contentType" => {
                    leaf(OPTIONAL_TEXT)
                }
                "contentLanguage" => sometimes(TEXT, Leaf),
                "metadata" => always(MAP, Texts),
                _ => None,
            },
            Texts => sometimes(TEXT, Leaf),
            Document => match name {
                "data" => always(MAP, Fields),
                "id" => leaf(TEXT),
                "__name__" => leaf(Kinds::of(&[Kind::Path])),
                _ => None,
            },
            Queried => match name {
                "data" => always(MAP, QueriedFields),
                "__name__" => sometimes(Kinds::ANY, Any),
                _ => None,
            },
            Fields => sometimes(Kinds::FIELD, Fields),
            QueriedFields => sometimes(Kinds::FIELD, QueriedFields),
            Query => match name {
                "limit" => leaf(NULL.or(INT)),
                "offset" => leaf(INT),
                "orderBy" | "groupBy" => always(MAP, Texts),
                "kind" => leaf(TEXT),
                "parent" | "ancestor" => sometimes(NULL.or(Kinds::of(&[Kind::Path])), Leaf),
                "allDescendants" | "distinct" | "selectOnlyKeys" => leaf(BOOL),
                _ => None,
            },
            Any => sometimes(Kinds::ANY, Any),
        }
    }

    /// What is at a key that only the request knows, or at an index; `None` where only known names are members.
    pub fn element(self) -> Option<Member> {
        match self {
            Schema::Token | Schema::Firebase | Schema::Json => sometimes(Kinds::JSON, Schema::Json),
            Schema::Texts => sometimes(TEXT, Schema::Leaf),
            Schema::Fields => sometimes(Kinds::FIELD, Schema::Fields),
            Schema::QueriedFields => sometimes(Kinds::FIELD, Schema::QueriedFields),
            Schema::Any => sometimes(Kinds::ANY, Schema::Any),
            // A member of any of the known kinds.
            Schema::Leaf => None,
            _ => sometimes(Kinds::ANY, Schema::Any),
        }
    }

    /// The names of all members, where no other is possible.
    pub fn closed(self) -> Option<&'static [&'static str]> {
        Some(match self {
            Schema::Leaf => &[],
            Schema::StorageRequest(_) => &["auth", "method", "path", "time", "params", "resource"],
            Schema::FirestoreRequest(_) => &[
                "auth",
                "method",
                "path",
                "time",
                "headers",
                "inTransaction",
                "resource",
                "query",
                "fields",
                "writeFields",
                "readFields",
                "transforms",
            ],
            Schema::Auth => &["uid", "token"],
            Schema::Object => &[
                "name",
                "bucket",
                "generation",
                "metageneration",
                "size",
                "timeCreated",
                "updated",
                "md5Hash",
                "crc32c",
                "etag",
                "contentDisposition",
                "contentEncoding",
                "contentLanguage",
                "contentType",
                "metadata",
            ],
            Schema::Document => &["data", "id", "__name__"],
            Schema::Queried => &["data", "__name__"],
            Schema::Query => &[
                "distinct",
                "selectOnlyKeys",
                "groupBy",
                "kind",
                "parent",
                "ancestor",
                "orderBy",
                "limit",
                "offset",
                "allDescendants",
            ],
            _ => return None,
        })
    }

    /// Whether a query may know less of a value here than what it is.
    pub fn is_queried(self) -> bool {
        matches!(self, Schema::QueriedFields | Schema::Queried)
    }
}
