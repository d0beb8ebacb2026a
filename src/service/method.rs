//! Methods of requests.

use crate::program::Methods;

/// What a request does to an object or a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads one: downloads an object or its metadata, reads a document.
    Get,
    /// Lists the objects under a prefix; runs a query over a collection.
    List,
    /// Uploads an object, possibly over an existing one; writes a document that does not exist.
    Create,
    /// Changes the metadata of an object; writes a document that exists.
    Update,
    /// Deletes one.
    Delete,
}

impl Method {
    /// The name in rules.
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "get",
            Method::List => "list",
            Method::Create => "create",
            Method::Update => "update",
            Method::Delete => "delete",
        }
    }

    /// The method as a program compares it with those of statements.
    #[inline]
    pub fn requested(self) -> Methods {
        Methods::known(self as u8)
    }

    /// The method with that name; `None` for `read` and `write`, which mean several methods.
    pub fn parse(name: &str) -> Option<Self> {
        [Method::Get, Method::List, Method::Create, Method::Update, Method::Delete]
            .into_iter()
            .find(|m| m.name() == name)
    }
}
