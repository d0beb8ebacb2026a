//! What the expressions of database rules read: the [`Language`] of a rule at a place.

use bumpalo::Bump;

use crate::{
    auth::Auth,
    eval::Language,
    request::{Facts, Resource},
    stdlib::{self, Failure, Operators},
    value::{Content, MapRef, Record, Snapshot as _, Str, Symbol, Value, ValueRef, time::NO_TIME},
};

use super::{
    Data,
    place::{Location, in_memory},
    query::QueryRecord,
    request::User,
};

/// What all rules of a request read, wherever they stand.
pub(super) struct Given<'a> {
    pub(super) auth: ValueRef<'a>,
    pub(super) facts: Facts<'a>,
    pub(super) now: Option<f64>,
    pub(super) query: &'a QueryRecord<'a>,
    /// The root before the write.
    pub(super) root: &'a Location<'a>,
}

/// The variables of a rule that stands at a place.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) given: &'a Given<'a>,
    /// The rule's place before the write.
    pub(super) data: &'a Location<'a>,
    /// The rule's place after the write; nothing where nothing is written.
    pub(super) new_data: Option<&'a Location<'a>>,
    pub(super) captured: Option<&'a Captured<'a>>,
}

/// What a wildcard stands for, and those around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Captured<'a> {
    pub(super) outer: Option<&'a Captured<'a>>,
    /// Its place among the wildcards, outermost first.
    pub(super) slot: u8,
    pub(super) name: &'a str,
}

impl<'a> Captured<'a> {
    /// A wildcard within those around it.
    pub(super) fn new(outer: Option<&'a Captured<'a>>, name: &'a str) -> Self {
        Captured { outer, slot: outer.map_or(0, |outer| outer.slot.saturating_add(1)), name }
    }

    pub(super) fn find(&self, slot: u8) -> Option<&'a str> {
        if self.slot == slot { Some(self.name) } else { self.outer?.find(slot) }
    }
}

/// What a wildcard stands for, as a value.
#[inline]
fn named<'a>(captured: Option<&Captured<'a>>, slot: u8) -> Result<ValueRef<'a>, Failure<'a>> {
    let name = captured.and_then(|captured| captured.find(slot));
    name.map(|name| ValueRef::String(Str::Utf8(name))).ok_or(Failure::Null)
}

impl<'a> Language<'a> for Context<'a> {
    const OPERATORS: &'static Operators = &stdlib::DATABASE;
    const RIGHT_TO_LEFT: bool = false;
    const BUDGET: Option<u32> = None;

    #[inline]
    fn variable(&self, slot: u8) -> Option<ValueRef<'a>> {
        // The order of `Dialect::variables`.
        Some(match slot {
            0 => self.given.auth,
            1 => ValueRef::Float(self.given.now?),
            2 => ValueRef::Snapshot(self.given.root),
            3 => ValueRef::Snapshot(self.data),
            4 => ValueRef::Snapshot(self.new_data?),
            _ => ValueRef::Map(MapRef::Record(self.given.query)),
        })
    }

    fn absent(&self, slot: u8) -> Failure<'a> {
        if slot == 1 { Failure::Message(NO_TIME) } else { Failure::Null }
    }

    #[inline(always)]
    fn facts(&self) -> Option<&Facts<'a>> {
        Some(&self.given.facts)
    }

    #[inline]
    fn borrowed(&self, slot: u8) -> Option<&ValueRef<'a>> {
        (slot == 0).then_some(&self.given.auth)
    }

    #[inline]
    fn content(&self, slot: u8) -> Option<Content<'a>> {
        let place = match slot {
            2 => self.given.root,
            3 => self.data,
            4 => self.new_data?,
            _ => return None,
        };
        place.content().ok()
    }

    fn capture(&self, slot: u8, _: &'a Bump) -> Result<ValueRef<'a>, Failure<'a>> {
        named(self.captured, slot)
    }
}

/// What a rule sees that looks at nothing but its own place, below the written one, and at who asks: all of it in memory.
#[derive(Clone, Copy)]
pub(super) struct Local<'a> {
    pub(super) given: &'a Given<'a>,
    /// What is stored there.
    pub(super) data: Option<&'a Data>,
    /// What is written there.
    pub(super) new_data: &'a Data,
    /// What the wildcards of the places around stand for, and that of its own.
    pub(super) captured: Option<&'a Captured<'a>>,
    pub(super) name: Option<&'a str>,
}

impl<'a> Language<'a> for Local<'a> {
    const OPERATORS: &'static Operators = &stdlib::DATABASE;
    const RIGHT_TO_LEFT: bool = false;
    const BUDGET: Option<u32> = None;

    fn variable(&self, slot: u8) -> Option<ValueRef<'a>> {
        match slot {
            0 => Some(self.given.auth),
            1 => self.given.now.map(ValueRef::Float),
            _ => None,
        }
    }

    #[inline(always)]
    fn facts(&self) -> Option<&Facts<'a>> {
        Some(&self.given.facts)
    }

    #[inline]
    fn borrowed(&self, slot: u8) -> Option<&ValueRef<'a>> {
        (slot == 0).then_some(&self.given.auth)
    }

    #[inline(always)]
    fn content(&self, slot: u8) -> Option<Content<'a>> {
        Some(match slot {
            3 => self.data.map_or(Content::Nothing, in_memory),
            _ => in_memory(self.new_data),
        })
    }

    fn capture(&self, slot: u8, _: &'a Bump) -> Result<ValueRef<'a>, Failure<'a>> {
        match (self.name, self.captured) {
            (Some(name), around) if slot == Captured::new(around, name).slot => Ok(ValueRef::String(Str::Utf8(name))),
            (_, around) => named(around, slot),
        }
    }
}

/// The variable `auth` of a signed-in user: `uid`, `provider`, `token` (realtime-database specification, section 4.2).
pub(super) struct AuthRecord<'a> {
    auth: &'a Auth,
}

impl<'a> AuthRecord<'a> {
    /// The user of a request, where there is one.
    pub(super) fn of(user: &'a User<'_>) -> Option<Self> {
        match user {
            User::Auth(auth) => Some(AuthRecord { auth }),
            User::Nobody | User::Variable(_) => None,
        }
    }
}

impl Record for AuthRecord<'_> {
    fn get(&self, symbol: Symbol) -> Option<ValueRef<'_>> {
        match symbol {
            Symbol::Uid => Some(self.auth.uid_view()),
            Symbol::Token => Some(self.auth.token().view()),
            Symbol::Provider => self.auth.provider().map(Value::view),
            _ => None,
        }
    }

    fn symbols(&self) -> &'static [Symbol] {
        &[Symbol::Uid, Symbol::Provider, Symbol::Token]
    }
}

/// What is known of who asks. The database has no resources.
pub(super) fn facts<'a>(user: &'a User<'_>) -> Facts<'a> {
    let user = match user {
        User::Auth(auth) => Some(auth.user_facts()),
        User::Nobody | User::Variable(_) => None,
    };
    Facts { user, incoming: Resource::Unknown, existing: Resource::Unknown }
}

/// The variable `auth`.
pub(super) fn auth<'a>(user: &'a User<'_>, record: &'a Option<AuthRecord<'a>>) -> ValueRef<'a> {
    match (user, record) {
        (User::Variable(value), _) => value.view(),
        (_, Some(record)) => ValueRef::Map(MapRef::Record(record)),
        (_, None) => ValueRef::Null,
    }
}
