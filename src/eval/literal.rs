//! The literals whose parts are expressions: lists, maps and paths.

use crate::{
    program::{NodeId, Part, Run},
    stdlib::{self, Failure},
    value::{ListRef, MapRef, PathRef, SegmentRef, Str, ValueRef},
};

use super::{Language, Observer, Result, machine::Machine, outer, start};

impl<'a, L: Language<'a>, O: Observer> Machine<'_, 'a, '_, L, O> {
    pub(super) fn list(&mut self, id: NodeId, items: Run) -> Result<'a> {
        self.spend(id, 1)?;
        let mut made = Vec::with_capacity(items.len as usize);
        for _ in 0..items.len {
            made.push(self.pop()?);
        }
        for item in &made {
            stdlib::whole(*item).map_err(|f| start(id, f))?;
        }
        stdlib::check_extent(made.iter().copied()).map_err(|f| start(id, f))?;
        Ok(ValueRef::List(ListRef::Made(self.arena.alloc_slice_copy(&made))))
    }

    pub(super) fn map(&mut self, id: NodeId, entries: Run) -> Result<'a> {
        self.spend(id, 1)?;
        let nodes = entries.of(&self.code.lists);
        let results = self.take(nodes.len());
        let mut made: Vec<(Str<'a>, ValueRef<'a>)> = Vec::with_capacity(nodes.len() / 2);
        let mut seen = rustc_hash::FxHashMap::default();
        // All keys are judged first, then the values.
        let pairs = || results.chunks_exact(2).zip(nodes.chunks_exact(2));
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

    pub(super) fn path(&mut self, id: NodeId, parts: Run) -> Result<'a> {
        let code = self.code;
        let parts = parts.of(&code.parts);
        let mut segments = Vec::with_capacity(parts.len());
        for part in parts {
            let node = match part {
                Part::Capture(name) => {
                    segments.push(SegmentRef::Capture(Str::Utf8(code.name(*name)), None));
                    continue;
                }
                Part::Glob(name) => {
                    segments.push(SegmentRef::Glob(Str::Utf8(code.name(*name)), None));
                    continue;
                }
                Part::Literal(_) => id,
                Part::Node(node) => *node,
            };
            let value = self.pop()?;
            stdlib::splice(self.arena, value, &mut segments).map_err(|f| outer(node, f))?;
        }
        Ok(ValueRef::Path(PathRef::Made(self.arena.alloc_slice_copy(&segments))))
    }
}
