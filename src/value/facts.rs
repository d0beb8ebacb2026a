//! What rules read most of a request, by where it stands: the user, and the two resources.

use super::{Map, Record, Symbol, Value};

/// The parts of a request that most conditions are about. They say nothing that its variables do not say; who knows them
/// need not look for them.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// `request.auth`; none is null.
    pub user: Option<User<'a>>,
    /// `request.resource`.
    pub incoming: Resource<'a>,
    /// `resource`.
    pub existing: Resource<'a>,
}

/// A user: an id and the claims.
#[derive(Clone, Copy)]
pub struct User<'a> {
    /// `request.auth.uid`
    pub uid: &'a Value,
    /// `request.auth.token`
    pub token: &'a Value,
}

/// An object or a document.
#[derive(Clone, Copy)]
pub enum Resource<'a> {
    /// There is none: to read a property of it fails.
    Nothing,
    /// One that has to be asked for otherwise.
    Unknown,
    /// A record.
    Record {
        /// All of it.
        record: &'a dyn Record,
        /// The name of the property that holds what its owner chose: `data`, or `metadata`.
        name: Symbol,
        /// What that property holds, where it is a map.
        fields: Option<&'a Map>,
    },
}
