//! Names that are known before any rules are loaded: the fields of requests, objects, documents and users.

use super::map;

macro_rules! symbols {
    ($($symbol:ident $text:literal)*) => {
        /// A field of some record, identified by a number instead of text.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum Symbol {
            $($symbol,)*
        }

        impl Symbol {
            /// The symbol with that name.
            pub fn of(text: &str) -> Option<Symbol> {
                match text {
                    $($text => Some(Symbol::$symbol),)*
                    _ => None,
                }
            }

            /// The name.
            pub fn text(self) -> &'static str {
                match self {
                    $(Symbol::$symbol => $text,)*
                }
            }
        }
    };
}

symbols! {
    Auth "auth"
    Resource "resource"
    Path "path"
    Time "time"
    Method "method"
    Params "params"
    Query "query"
    Headers "headers"
    InTransaction "inTransaction"
    Fields "fields"
    ReadFields "readFields"
    Transforms "transforms"
    WriteFields "writeFields"
    Name "name"
    Bucket "bucket"
    Generation "generation"
    Metageneration "metageneration"
    Size "size"
    TimeCreated "timeCreated"
    Updated "updated"
    Md5Hash "md5Hash"
    Crc32c "crc32c"
    Etag "etag"
    ContentDisposition "contentDisposition"
    ContentEncoding "contentEncoding"
    ContentLanguage "contentLanguage"
    ContentType "contentType"
    Metadata "metadata"
    Data "data"
    Id "id"
    FullName "__name__"
    Limit "limit"
    Offset "offset"
    OrderBy "orderBy"
    Kind "kind"
    Parent "parent"
    Ancestor "ancestor"
    AllDescendants "allDescendants"
    Distinct "distinct"
    SelectOnlyKeys "selectOnlyKeys"
    GroupBy "groupBy"
    Uid "uid"
    Token "token"
    Provider "provider"
    OrderByKey "orderByKey"
    OrderByValue "orderByValue"
    OrderByPriority "orderByPriority"
    OrderByChild "orderByChild"
    StartAt "startAt"
    EndAt "endAt"
    EqualTo "equalTo"
    LimitToFirst "limitToFirst"
    LimitToLast "limitToLast"
}

/// A name prepared for lookup. It is computed once, when the rules are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// The hash that maps compute.
    pub(super) hash: u32,
    pub(super) symbol: Option<Symbol>,
}

impl Name {
    /// The symbol with this name, if there is one.
    #[inline]
    pub fn symbol(self) -> Option<Symbol> {
        self.symbol
    }

    /// Prepares a name.
    pub fn of(text: &str) -> Name {
        Name { hash: map::hash(text), symbol: Symbol::of(text) }
    }
}
