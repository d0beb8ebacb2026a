//! What a language supplies to an evaluation: its variables, and the order in which operands are evaluated.

use bumpalo::Bump;

use crate::{
    program::{Block, ServiceFunction, ServiceProgram},
    request::Facts,
    stdlib::{self, Failure, Operators},
    syntax::ast::Version,
    value::{Content, PathRef, SegmentRef, Segments, Str, ValueRef},
};

/// A language and the request that its expressions read.
pub trait Language<'a> {
    /// Operators whose meaning differs between the languages.
    const OPERATORS: &'static Operators;
    /// Whether operands and arguments are evaluated from the last to the first, all of them even where one fails.
    const RIGHT_TO_LEFT: bool;
    /// The number of expressions that one request may evaluate, if there is a limit.
    const BUDGET: Option<u32>;

    /// A variable by its slot; `None` if it is absent.
    fn variable(&self, slot: u8) -> Option<ValueRef<'a>>;

    /// Why a variable is absent.
    fn absent(&self, _slot: u8) -> Failure<'a> {
        Failure::Null
    }

    /// What a wildcard stands for.
    ///
    /// # Errors
    ///
    /// A wildcard that stands for nothing.
    fn capture(&self, slot: u8, arena: &'a Bump) -> Result<ValueRef<'a>, Failure<'a>>;

    /// What is known about the request without a look-up.
    fn facts(&self) -> Option<&Facts<'a>> {
        None
    }

    /// The same as [`Self::variable`] without a copy, where the language has the value.
    fn borrowed(&self, _slot: u8) -> Option<&ValueRef<'a>> {
        None
    }

    /// A segment of the request's path; `None` where it has no name.
    fn segment(&self, _at: u8) -> Option<ValueRef<'a>> {
        None
    }

    /// The same as bytes.
    fn segment_bytes(&self, _at: u8) -> Option<&'a [u8]> {
        None
    }

    /// What the snapshot that a variable is has, without making a value of it. `None` for any other variable, and where data
    /// cannot be read.
    fn content(&self, slot: u8) -> Option<Content<'a>> {
        match self.variable(slot)? {
            ValueRef::Snapshot(snapshot) => snapshot.content().ok(),
            _ => None,
        }
    }

    /// The name of the service whose functions can be called.
    fn service(&self) -> &'a str {
        ""
    }

    /// The answer of a function of the service.
    ///
    /// # Errors
    ///
    /// A document that is missing, too many calls, or (fatal) data that cannot be read.
    fn call(
        &self,
        _function: ServiceFunction,
        _path: PathRef<'a>,
        _arena: &'a Bump,
    ) -> Result<ValueRef<'a>, Failure<'a>> {
        Err(Failure::Null)
    }
}

/// Answers the functions of the service.
pub trait Host<'a> {
    /// The value of `get` and its kin for a path.
    ///
    /// # Errors
    ///
    /// A document that is missing, too many calls, or (fatal) data that cannot be read.
    fn call(
        &'a self,
        function: ServiceFunction,
        path: PathRef<'a>,
        arena: &'a Bump,
    ) -> Result<ValueRef<'a>, Failure<'a>>;
}

/// A request to Storage or Firestore, as rules see it.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The segments of its path.
    pub segments: &'a Segments<'a>,
    /// Whether the last segment stands for unnamed documents, as in a list.
    pub unnamed_last: bool,
    /// The variable `request`; `None` reads as an unknown variable.
    pub request: Option<ValueRef<'a>>,
    /// The variable `resource`.
    pub resource: Option<ValueRef<'a>>,
    /// The parts of the two that are known without a look-up.
    pub facts: Option<Facts<'a>>,
}

/// The language of Storage and Firestore, and a request.
#[derive(Clone, Copy)]
pub struct Service<'a> {
    /// The rules of the request's service.
    pub program: &'a ServiceProgram,
    /// The request.
    pub subject: &'a Subject<'a>,
    /// Answers `get` and its kin.
    pub host: &'a dyn Host<'a>,
    /// The block whose condition is evaluated.
    pub block: Option<&'a Block>,
}

impl<'a> Language<'a> for Service<'a> {
    const OPERATORS: &'static Operators = &stdlib::SERVICE;
    const RIGHT_TO_LEFT: bool = true;
    const BUDGET: Option<u32> = Some(super::MAX_EXPRESSIONS);

    fn variable(&self, slot: u8) -> Option<ValueRef<'a>> {
        if slot == 0 { self.subject.request } else { self.subject.resource }
    }

    fn capture(&self, slot: u8, arena: &'a Bump) -> Result<ValueRef<'a>, Failure<'a>> {
        let Subject { segments, unnamed_last, .. } = *self.subject;
        let found = self.block.and_then(|block| block.captured(usize::from(slot), segments));
        let Some((taken, glob)) = found else { return Err(Failure::Null) };
        let unnamed = unnamed_last && taken.reaches_end();
        // In version 1 a glob stands for at least one segment, and here there is none with a name.
        let nameless = unnamed && (!glob || taken.len() == 1 && self.program.version == Version::V1);
        if nameless {
            // Where another wildcard of its name stands outside, that one is meant.
            let outer = self.block.and_then(|block| block.hidden_by(slot)).ok_or(Failure::Null)?;
            return self.capture(outer, arena);
        }
        match taken.get(0) {
            Some(text) if !glob => Ok(ValueRef::String(Str::Utf8(text))),
            _ if unnamed || taken.any_depth().is_some() => {
                let nameless = Str::Utf8("");
                let part = |(at, text)| match taken.any_depth() {
                    Some(any_depth) if any_depth == at => SegmentRef::Glob(nameless, None),
                    _ if unnamed && at + 1 == taken.len() => SegmentRef::Capture(nameless, None),
                    _ => SegmentRef::Simple(Str::Utf8(text)),
                };
                let parts: Vec<_> = taken.iter().enumerate().map(part).collect();
                Ok(ValueRef::Path(PathRef::Made(arena.alloc_slice_copy(&parts))))
            }
            _ => Ok(ValueRef::Path(PathRef::Request(taken))),
        }
    }

    #[inline(always)]
    fn facts(&self) -> Option<&Facts<'a>> {
        self.subject.facts.as_ref()
    }

    #[inline(always)]
    fn borrowed(&self, slot: u8) -> Option<&ValueRef<'a>> {
        if slot == 0 { self.subject.request.as_ref() } else { self.subject.resource.as_ref() }
    }

    #[inline]
    fn segment(&self, at: u8) -> Option<ValueRef<'a>> {
        let Subject { segments, unnamed_last, .. } = self.subject;
        let text = segments.get(usize::from(at))?;
        let unnamed = *unnamed_last && usize::from(at) + 1 == segments.len();
        (!unnamed).then_some(ValueRef::String(Str::Utf8(text)))
    }

    #[inline]
    fn segment_bytes(&self, at: u8) -> Option<&'a [u8]> {
        let Subject { segments, unnamed_last, .. } = self.subject;
        // No other segment is empty.
        let bytes = segments.bytes(usize::from(at));
        if bytes.is_empty() || *unnamed_last && usize::from(at) + 1 == segments.len() { None } else { Some(bytes) }
    }

    fn service(&self) -> &'a str {
        &self.program.name
    }

    fn call(&self, function: ServiceFunction, path: PathRef<'a>, arena: &'a Bump) -> Result<ValueRef<'a>, Failure<'a>> {
        self.host.call(function, path, arena)
    }
}
