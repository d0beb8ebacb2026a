//! A map with paths as keys that finds what a change of a path concerns.

use std::collections::BTreeMap;

use super::tree::names;

/// Values at paths. A look-up costs the depth of its path.
#[derive(Debug)]
pub(super) struct PathMap<T> {
    value: Option<T>,
    below: BTreeMap<Box<str>, PathMap<T>>,
}

impl<T> Default for PathMap<T> {
    fn default() -> Self {
        PathMap { value: None, below: BTreeMap::new() }
    }
}

impl<T> PathMap<T> {
    pub(super) fn get_mut(&mut self, path: &str) -> Option<&mut T> {
        names(path).try_fold(self, |map, name| map.below.get_mut(name))?.value.as_mut()
    }

    /// The value at a path, made first if there is none.
    pub(super) fn get_or_insert_with(&mut self, path: &str, make: impl FnOnce() -> T) -> &mut T {
        let map = names(path).fold(self, |map, name| map.below.entry(name.into()).or_default());
        map.value.get_or_insert_with(make)
    }

    /// Removes the value at a path.
    pub(super) fn remove(&mut self, path: &str) {
        self.remove_at(&mut names(path));
    }

    /// Whether nothing remains.
    fn remove_at<'p>(&mut self, path: &mut impl Iterator<Item = &'p str>) -> bool {
        match path.next() {
            None => self.value = None,
            Some(name) => {
                if self.below.get_mut(name).is_some_and(|below| below.remove_at(path)) {
                    self.below.remove(name);
                }
            }
        }
        self.value.is_none() && self.below.is_empty()
    }

    /// Visits the values at a path, above and below it: those that a change at the path can concern.
    pub(super) fn visit_around<'m>(&'m self, path: &str, visit: &mut impl FnMut(&'m T)) {
        let mut map = self;
        for name in names(path) {
            map.value.iter().for_each(&mut *visit);
            match map.below.get(name) {
                Some(below) => map = below,
                None => return,
            }
        }
        map.visit_all(visit);
    }

    /// Visits all values.
    pub(super) fn visit_all<'m>(&'m self, visit: &mut impl FnMut(&'m T)) {
        self.value.iter().for_each(&mut *visit);
        self.below.values().for_each(|below| below.visit_all(visit));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_concerns_what_is_above_and_below_it() {
        let mut map = PathMap::default();
        for path in ["", "a", "a/b", "a/b/c", "a/b/c/d", "a/c", "b"] {
            map.get_or_insert_with(path, || path);
        }
        let around = |map: &PathMap<&'static str>, path| {
            let mut found = Vec::new();
            map.visit_around(path, &mut |value| found.push(*value));
            found
        };
        assert_eq!(around(&map, "a/b"), ["", "a", "a/b", "a/b/c", "a/b/c/d"]);
        assert_eq!(around(&map, "a/b/x"), ["", "a", "a/b"]);
        map.remove("a/b/c/d");
        map.remove("a/b/x");
        assert_eq!(around(&map, "a/b/c/d"), ["", "a", "a/b", "a/b/c"]);
        for path in ["", "a", "a/b", "a/b/c", "a/c", "b"] {
            map.remove(path);
        }
        assert!(map.value.is_none() && map.below.is_empty());
    }
}
