//! The variables that expressions of database rules read: the [`Language`] of a rule at a location.

use bumpalo::Bump;

use crate::{
    eval::Language,
    program::RuleNode,
    request::{Facts, Resource},
    stdlib::{self, Failure, Operators},
    value::{Content, Key, MapRef, Record, Snapshot as _, Str, Symbol, Value, ValueRef, time::NO_TIME},
};

use super::{Data, Request, location::Location, request::User};

/// The variables that have the same value in every rule of a request.
pub(super) struct Globals<'a> {
    /// Has `now` and `query`.
    pub(super) request: &'a Request<'a>,
    pub(super) auth: ValueRef<'a>,
    pub(super) facts: Facts<'a>,
    /// The root before the write.
    pub(super) root: &'a Location<'a>,
}

/// The variables of the rules at a location.
#[derive(Clone, Copy)]
pub(super) struct RuleContext<'a> {
    pub(super) globals: &'a Globals<'a>,
    pub(super) node: &'a RuleNode,
    /// The location before the write.
    pub(super) data: &'a Location<'a>,
    /// The location after the write; `None` for a read.
    pub(super) new_data: Option<&'a Location<'a>>,
    /// Whether the location is below the written one, where any number of locations can be.
    pub(super) below_written: bool,
}

/// The name that a wildcard matches, as a value.
#[inline]
fn captured<'a>(name: Option<&'a str>) -> Result<ValueRef<'a>, Failure<'a>> {
    name.map(|name| ValueRef::String(Str::Utf8(name))).ok_or(Failure::Null)
}

impl<'a> Language<'a> for RuleContext<'a> {
    const OPERATORS: &'static Operators = &stdlib::DATABASE;
    const RIGHT_TO_LEFT: bool = false;
    const BUDGET: Option<u32> = None;

    #[inline]
    fn variable(&self, slot: u8) -> Option<ValueRef<'a>> {
        // The order of `Dialect::variables`.
        Some(match slot {
            0 => self.globals.auth,
            1 => ValueRef::Float(self.globals.request.now?),
            2 => ValueRef::Snapshot(self.globals.root),
            3 => ValueRef::Snapshot(self.data),
            4 => ValueRef::Snapshot(self.new_data?),
            _ => ValueRef::Map(MapRef::Record(self.globals.request)),
        })
    }

    fn absent(&self, slot: u8) -> Failure<'a> {
        if slot == 1 { Failure::Message(NO_TIME) } else { Failure::Null }
    }

    #[inline(always)]
    fn facts(&self) -> Option<&Facts<'a>> {
        Some(&self.globals.facts)
    }

    #[inline]
    fn borrowed(&self, slot: u8) -> Option<&ValueRef<'a>> {
        (slot == 0).then_some(&self.globals.auth)
    }

    #[inline]
    fn content(&self, slot: u8) -> Option<Content<'a>> {
        let location = match slot {
            2 => self.globals.root,
            3 => self.data,
            4 => self.new_data?,
            _ => return None,
        };
        location.content().ok()
    }

    fn capture(&self, slot: u8, _: &'a Bump) -> Result<ValueRef<'a>, Failure<'a>> {
        captured(self.data.name_at(usize::from(slot)))
    }
}

/// The variables of a validation that reads only its own location, below the written one, and the user: all in memory.
#[derive(Clone, Copy)]
pub(super) struct InMemoryContext<'a> {
    pub(super) globals: &'a Globals<'a>,
    /// The location above.
    pub(super) parent: &'a Location<'a>,
    /// The name and the written value.
    pub(super) written: &'a (Key, Data),
    /// The stored value.
    pub(super) data: Option<&'a Data>,
}

impl<'a> Language<'a> for InMemoryContext<'a> {
    const OPERATORS: &'static Operators = &stdlib::DATABASE;
    const RIGHT_TO_LEFT: bool = false;
    const BUDGET: Option<u32> = None;

    fn variable(&self, slot: u8) -> Option<ValueRef<'a>> {
        match slot {
            0 => Some(self.globals.auth),
            1 => self.globals.request.now.map(ValueRef::Float),
            _ => None,
        }
    }

    #[inline(always)]
    fn facts(&self) -> Option<&Facts<'a>> {
        Some(&self.globals.facts)
    }

    #[inline]
    fn borrowed(&self, slot: u8) -> Option<&ValueRef<'a>> {
        (slot == 0).then_some(&self.globals.auth)
    }

    #[inline(always)]
    fn content(&self, slot: u8) -> Option<Content<'a>> {
        Some(match slot {
            3 => self.data.map_or(Content::Nothing, Data::content),
            _ => self.written.1.content(),
        })
    }

    fn capture(&self, slot: u8, _: &'a Bump) -> Result<ValueRef<'a>, Failure<'a>> {
        let index = usize::from(slot);
        captured(if index == self.parent.level() { Some(self.written.0.as_str()) } else { self.parent.name_at(index) })
    }
}

/// The variable `auth` of a signed-in user: `uid`, `provider`, `token` (realtime-database specification, section 4.2).
impl Record for User<'_> {
    fn get(&self, symbol: Symbol) -> Option<ValueRef<'_>> {
        match (self, symbol) {
            (User::Auth(auth), Symbol::Uid) => Some(auth.uid_view()),
            (User::Auth(auth), Symbol::Token) => Some(auth.token().view()),
            (User::Auth(auth), Symbol::Provider) => auth.provider().map(Value::view),
            _ => None,
        }
    }

    fn symbols(&self) -> &'static [Symbol] {
        &[Symbol::Uid, Symbol::Provider, Symbol::Token]
    }
}

impl User<'_> {
    /// The facts about the user. The database has no resources.
    pub(super) fn facts(&self) -> Facts<'_> {
        let user = match self {
            User::Auth(auth) => Some(auth.user_facts()),
            User::Nobody | User::Variable(_) => None,
        };
        Facts { user, incoming: Resource::Unknown, existing: Resource::Unknown }
    }

    /// The variable `auth`.
    pub(super) fn variable(&self) -> ValueRef<'_> {
        match self {
            User::Nobody => ValueRef::Null,
            User::Auth(_) => ValueRef::Map(MapRef::Record(self)),
            User::Variable(value) => value.view(),
        }
    }
}
