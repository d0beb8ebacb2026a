//! The parts of a request that most conditions read: the user and the two resources.

use crate::value::{Map, Record, Symbol, Value};

/// The parts of a request that most conditions read. They repeat what the variables `request` and `resource` hold, so
/// that fused predicates read them without a lookup.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// `request.auth`; `None` where nobody is signed in.
    pub user: Option<User<'a>>,
    /// `request.resource`.
    pub incoming: Resource<'a>,
    /// `resource`.
    pub existing: Resource<'a>,
}

/// A signed-in user: the id and the claims.
#[derive(Clone, Copy)]
pub struct User<'a> {
    /// `request.auth.uid`
    pub uid: &'a Value,
    /// `request.auth.token`
    pub token: &'a Value,
}

/// A stored or incoming object or document.
#[derive(Clone, Copy)]
pub enum Resource<'a> {
    /// There is none: reading a property of it fails.
    Nothing,
    /// The fact is not available: the general evaluation reads the variable.
    Unknown,
    /// A resource that is present.
    Record {
        /// The whole resource.
        record: &'a dyn Record,
        /// The property that holds the user's data: `data` or `metadata`.
        name: Symbol,
        /// The value of that property, if it is a map.
        fields: Option<&'a Map>,
    },
}
