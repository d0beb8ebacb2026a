//! Literals whose parts are operations: lists, maps and paths.

use crate::{
    program::{Ids, OpId, Part},
    stdlib::{self, Failure},
    value::{ListRef, MapRef, PathRef, SegmentRef, Str, ValueRef},
};

use super::{Language, Observer, Result, machine::Machine, outer, start};

impl<'a, L: Language<'a>, O: Observer> Machine<'_, 'a, '_, L, O> {
    pub(super) fn list(&mut self, id: OpId, items: Ids<OpId>) -> Result<'a> {
        self.spend(id, 1)?;
        let mut made = Vec::with_capacity(items.len());
        for _ in 0..items.len() {
            made.push(self.pop()?);
        }
        for item in &made {
            stdlib::whole(*item).map_err(|f| start(id, f))?;
        }
        stdlib::check_extent(made.iter().copied()).map_err(|f| start(id, f))?;
        Ok(ValueRef::List(ListRef::Made(self.arena.alloc_slice_copy(&made))))
    }

    pub(super) fn map(&mut self, id: OpId, entries: Ids<OpId>) -> Result<'a> {
        self.spend(id, 1)?;
        let ops = self.code.lists.slice(entries)?;
        let results = self.take(ops.len());
        let mut made: Vec<(Str<'a>, ValueRef<'a>)> = Vec::with_capacity(ops.len() / 2);
        let mut seen = rustc_hash::FxHashMap::default();
        // All keys are checked before the values.
        let pairs = || results.chunks_exact(2).zip(ops.chunks_exact(2));
        for (pair, ids) in pairs() {
            if let ([key, _], [key_id, _]) = (pair, ids)
                && !matches!(*key, Ok(ValueRef::String(_)))
            {
                let received = (*key)?.type_of();
                return Err(outer(*key_id, Failure::Type { received, expected: &"string" }));
            }
        }
        for (pair, _) in pairs() {
            let [Ok(ValueRef::String(key)), value] = pair else { continue };
            let value = stdlib::whole((*value)?).map_err(|f| start(id, f))?;
            // A repeated key keeps its last value.
            match seen.insert(*key, made.len()) {
                Some(at) => {
                    seen.insert(*key, at);
                    if let Some(entry) = made.get_mut(at) {
                        entry.1 = value;
                    }
                }
                None => made.push((*key, value)),
            }
        }
        stdlib::check_extent(made.iter().map(|(_, value)| *value)).map_err(|f| start(id, f))?;
        Ok(ValueRef::Map(MapRef::Made(self.arena.alloc_slice_copy(&made))))
    }

    pub(super) fn path(&mut self, id: OpId, parts: Ids<Part>) -> Result<'a> {
        let code = self.code;
        let parts = code.parts.slice(parts)?;
        let mut segments = Vec::with_capacity(parts.len());
        for part in parts {
            let op = match part {
                Part::Capture(name) => {
                    segments.push(SegmentRef::Capture(Str::Utf8(code.name(*name)?), None));
                    continue;
                }
                Part::Glob(name) => {
                    segments.push(SegmentRef::Glob(Str::Utf8(code.name(*name)?), None));
                    continue;
                }
                Part::Literal(_) => id,
                Part::Op(op) => *op,
            };
            let value = self.pop()?;
            stdlib::splice(self.arena, value, &mut segments).map_err(|f| outer(op, f))?;
        }
        Ok(ValueRef::Path(PathRef::Made(self.arena.alloc_slice_copy(&segments))))
    }
}
