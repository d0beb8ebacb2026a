//! Reads operands that have the usual types, without passing values around.
//!
//! Nothing is decided here that `predicate.rs` does not decide: where an operand has another type or is too large, there is
//! no answer, and the general way reads it again. That reading it surely fails, as that of a property of a user where
//! nobody is signed in, is known here too.
//!
//! All of this repeats what `predicate.rs` says in general, for speed: the ratios of `cargo bench --bench limits` need it.

use crate::{
    pattern::Pattern,
    program::{Holder, Id, Member, Operand},
    request::Resource,
    value::{
        Comparator, ListRef, Map, MapRef, Name, Record, Str, StrBuf, Symbol, Value, ValueRef, same_bytes, same_text,
    },
};

use super::{Evaluator, Language, Observer, predicate::numbers};

/// The size in bytes below which a text is surely not too large.
const SMALL: usize = 1 << 20;

/// Where a member was found.
enum Found<'a> {
    Value(&'a Value),
    Field(&'a dyn Record, Symbol),
}

impl<'a, L: Language<'a>, O: Observer> Evaluator<'a, '_, L, O> {
    #[inline(always)]
    fn find(&self, holder: Holder, member: Id<Member>) -> Option<Found<'a>> {
        let member = self.code.members.get(member).ok()?;
        let facts = self.language.facts()?;
        let map = match holder {
            Holder::UserId => return facts.user.map(|user| Found::Value(user.uid)),
            Holder::User => {
                let user = facts.user?;
                return (member.name.symbol()? == Symbol::Token).then_some(Found::Value(user.token));
            }
            Holder::Claims => match facts.user?.token {
                Value::Map(claims) => claims,
                _ => return None,
            },
            Holder::Incoming => return field(&facts.incoming, member.name),
            Holder::Existing => return field(&facts.existing, member.name),
            Holder::IncomingData => fields(&facts.incoming, Symbol::Data)?,
            Holder::IncomingMetadata => fields(&facts.incoming, Symbol::Metadata)?,
            Holder::ExistingData => fields(&facts.existing, Symbol::Data)?,
            Holder::ExistingMetadata => fields(&facts.existing, Symbol::Metadata)?,
            Holder::Request => return self.request_field(member.name),
            Holder::Member => return self.nested(member),
            Holder::Variable => return None,
        };
        map.named(&member.text, member.name).map(Found::Value)
    }

    fn request_field(&self, name: Name) -> Option<Found<'a>> {
        match self.language.borrowed(0)? {
            ValueRef::Map(MapRef::Record(record)) => Some(Found::Field(*record, name.symbol()?)),
            _ => None,
        }
    }

    #[inline(never)]
    fn nested(&self, member: &Member) -> Option<Found<'a>> {
        self.map_of(member)?.named(&member.text, member.name).map(Found::Value)
    }

    /// The map that a member is a property of. The parser bounds how many names follow each other, and with it the recursion.
    fn map_of(&self, member: &Member) -> Option<&'a Map> {
        let Operand::Member(holder, of) = member.of? else { return None };
        match self.find(holder, of)? {
            Found::Value(Value::Map(map)) => Some(map),
            _ => None,
        }
    }

    /// Whether reading an operand surely fails, and does nothing else.
    pub(super) fn fails(&self, operand: &Operand) -> bool {
        let Operand::Member(holder, member) = *operand else { return false };
        let (Ok(member), Some(facts)) = (self.code.members.get(member), self.language.facts()) else {
            return false;
        };
        let lacks = |map: Option<&Map>| map.is_some_and(|map| map.named(&member.text, member.name).is_none());
        let lacking = |resource: &Resource<'a>, name: Symbol| match resource {
            Resource::Nothing => true,
            resource => lacks(fields(resource, name)),
        };
        match holder {
            Holder::User | Holder::UserId => facts.user.is_none(),
            Holder::Claims => facts.user.is_none_or(|user| match user.token {
                Value::Map(claims) => lacks(Some(claims)),
                _ => false,
            }),
            Holder::Incoming => matches!(facts.incoming, Resource::Nothing),
            Holder::Existing => matches!(facts.existing, Resource::Nothing),
            Holder::IncomingData => lacking(&facts.incoming, Symbol::Data),
            Holder::IncomingMetadata => lacking(&facts.incoming, Symbol::Metadata),
            Holder::ExistingData => lacking(&facts.existing, Symbol::Data),
            Holder::ExistingMetadata => lacking(&facts.existing, Symbol::Metadata),
            Holder::Member => lacks(self.map_of(member)),
            Holder::Request | Holder::Variable => false,
        }
    }

    /// Whether reading an operand does nothing else than to fail, or to give a value.
    pub(super) fn is_plain(&self, operand: &Operand) -> bool {
        let small = |value: &ValueRef<'a>| match value {
            ValueRef::String(Str::Utf8(text)) => (text.len() < SMALL).then_some(()),
            ValueRef::Map(_) | ValueRef::Bool(_) | ValueRef::Int(_) | ValueRef::List(_) | ValueRef::Null => Some(()),
            _ => None,
        };
        self.fails(operand) || self.peek(operand, small).is_some()
    }

    /// A text. The user's id, which rules read most, needs no further call.
    #[inline(always)]
    pub(super) fn text(&self, operand: &Operand) -> Option<&'a str> {
        match *operand {
            Operand::Member(Holder::UserId, _) => match self.language.facts()?.user?.uid {
                Value::String(StrBuf::Utf8(text)) if text.len() < SMALL => Some(text),
                _ => None,
            },
            _ => self.text_elsewhere(operand),
        }
    }

    #[inline(never)]
    fn text_elsewhere(&self, operand: &Operand) -> Option<&'a str> {
        let text = match *operand {
            Operand::Member(holder, member) => match self.find(holder, member)? {
                Found::Value(Value::String(StrBuf::Utf8(text))) => text,
                Found::Value(_) => return None,
                Found::Field(record, symbol) => record.text(symbol)?,
            },
            Operand::Segment(at) => match self.language.segment(at)? {
                ValueRef::String(Str::Utf8(text)) => text,
                _ => return None,
            },
            Operand::Constant(id) => self.code.constants.get(id).ok()?.as_str()?,
            _ => return None,
        };
        (text.len() < SMALL).then_some(text)
    }

    /// Whether two texts are the same.
    #[inline]
    pub(super) fn same_text(&self, a: &Operand, b: &Operand) -> Option<bool> {
        let a = self.text(a)?.as_bytes();
        match b {
            Operand::Segment(at) => Some(same_bytes(a, self.language.segment_bytes(*at)?)),
            _ => Some(same_bytes(a, self.text(b)?.as_bytes())),
        }
    }

    /// Whether a text is in a list.
    #[inline]
    pub(super) fn text_in(&self, element: &Operand, list: &Operand) -> Option<bool> {
        let element = self.text(element)?;
        let list = self.peek(list, |value| match value {
            ValueRef::List(ListRef::Owned(items)) => Some(*items),
            _ => None,
        })?;
        let is_it = |item: &Value| matches!(item, Value::String(StrBuf::Utf8(text)) if same_text(text, element));
        Some(list.iter().any(is_it))
    }

    /// Whether a text matches a pattern.
    #[inline]
    pub(super) fn text_matches(&self, text: &Operand, pattern: Id<Pattern>) -> Option<bool> {
        let text = self.text(text)?;
        let pattern = self.code.patterns.get(pattern).ok()?;
        Some((L::OPERATORS.matches)(pattern, Str::Utf8(text)))
    }

    /// A boolean.
    #[inline]
    pub(super) fn boolean(&self, operand: &Operand) -> Option<bool> {
        self.peek(operand, |value| match value {
            ValueRef::Bool(said) => Some(*said),
            _ => None,
        })
    }

    /// Whether a value of a usual type is null.
    #[inline]
    pub(super) fn null(&self, operand: &Operand) -> Option<bool> {
        let (nobody, existing) = self.language.facts().map(|facts| (facts.user.is_none(), &facts.existing))?;
        match (operand, existing) {
            (Operand::Member(Holder::Request, at), _) if self.is_auth(*at) => Some(nobody),
            (Operand::Variable(1), Resource::Nothing) => Some(true),
            (Operand::Variable(1), Resource::Record { .. }) => Some(false),
            _ => self.peek(operand, |value| match value {
                ValueRef::Null => Some(true),
                ValueRef::Map(_) | ValueRef::Bool(_) | ValueRef::Int(_) | ValueRef::List(_) => Some(false),
                ValueRef::String(Str::Utf8(text)) if text.len() < SMALL => Some(false),
                _ => None,
            }),
        }
    }

    /// Whether a property of the request is its user.
    #[inline(always)]
    fn is_auth(&self, member: Id<Member>) -> bool {
        let member = self.code.members.get(member);
        member.is_ok_and(|member| member.name.symbol() == Some(Symbol::Auth))
    }

    /// An int compared with another.
    #[inline]
    pub(super) fn int(&self, op: Comparator, a: &Operand, b: i64) -> Option<bool> {
        let a = match *a {
            Operand::Member(holder, member) => match self.find(holder, member)? {
                Found::Value(Value::Int(n)) => *n,
                Found::Value(_) => return None,
                Found::Field(record, symbol) => record.int(symbol)?,
            },
            _ => return None,
        };
        numbers(op, a, b)
    }

    /// What `take` makes of an operand. It looks at the value where it is, as to copy a value costs more than to find it.
    #[inline(always)]
    pub(super) fn peek<R>(&self, operand: &Operand, take: impl FnOnce(&ValueRef<'a>) -> Option<R>) -> Option<R> {
        match *operand {
            Operand::Member(holder, member) => match self.find(holder, member)? {
                Found::Value(value) => take(&value.view()),
                Found::Field(record, symbol) => take(&record.get(symbol)?),
            },
            Operand::Segment(at) => take(&self.language.segment(at)?),
            Operand::Constant(id) => take(&self.code.constants.get(id).ok()?.view()),
            _ => None,
        }
    }
}

#[inline(always)]
fn field<'a>(resource: &Resource<'a>, name: Name) -> Option<Found<'a>> {
    match resource {
        Resource::Record { record, .. } => Some(Found::Field(*record, name.symbol()?)),
        _ => None,
    }
}

#[inline(always)]
fn fields<'a>(resource: &Resource<'a>, wanted: Symbol) -> Option<&'a Map> {
    match *resource {
        Resource::Record { name, fields, .. } if name == wanted => fields,
        _ => None,
    }
}
