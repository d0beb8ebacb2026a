//! What names mean where: functions by block, variables by function (language specification, section 6, rules 9 to 11).

use rustc_hash::FxHashMap;

/// Functions that a service adds to the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServiceFunction {
    /// `get(path)` in Firestore, `firestore.get(path)` in Storage.
    Get,
    /// `exists(path)`, `firestore.exists(path)`
    Exists,
    /// `getAfter(path)`: after the pending writes.
    GetAfter,
    /// `existsAfter(path)`
    ExistsAfter,
    /// `value(path)`: as `get`.
    Value,
}

/// Functions of each service: package, name, signature.
type Declared = (Option<&'static str>, &'static str, ServiceFunction, &'static str);

const FIRESTORE: [Declared; 5] = [
    (None, "get", ServiceFunction::Get, "get(path)"),
    (None, "exists", ServiceFunction::Exists, "exists(path)"),
    (None, "getAfter", ServiceFunction::GetAfter, "getAfter(path)"),
    (None, "existsAfter", ServiceFunction::ExistsAfter, "existsAfter(path)"),
    (None, "value", ServiceFunction::Value, "value(path)"),
];

const STORAGE: [Declared; 2] = [
    (Some("firestore"), "get", ServiceFunction::Get, "firestore.get(path)"),
    (Some("firestore"), "exists", ServiceFunction::Exists, "firestore.exists(path)"),
];

impl ServiceFunction {
    /// The function that a service knows by that package and name.
    pub fn find(service: &str, package: Option<&str>, name: &str) -> Option<Self> {
        declared(service).iter().find(|d| d.0 == package && d.1 == name).map(|d| d.2)
    }

    /// Its signature in a service, as messages print it.
    pub fn signature(self, service: &str) -> &'static str {
        declared(service).iter().find(|d| d.2 == self).map_or("get(path)", |d| d.3)
    }

    /// Its name without a package.
    pub fn name(self) -> &'static str {
        FIRESTORE.iter().find(|d| d.2 == self).map_or("get", |d| d.1)
    }
}

fn declared(service: &str) -> &'static [Declared] {
    match service {
        "cloud.firestore" => &FIRESTORE,
        "firebase.storage" => &STORAGE,
        _ => &[],
    }
}

/// What a name in an expression can mean at one place.
#[derive(Clone, Default)]
pub(super) struct Scope<'s> {
    /// Functions of the blocks around, innermost last; of each level, name to number.
    functions: Vec<FxHashMap<&'s str, u32>>,
    /// Wildcards of the blocks around, outermost first.
    pub(super) captures: Vec<&'s str>,
    /// Parameters and variables so far.
    pub(super) locals: Vec<&'s str>,
}

impl<'s> Scope<'s> {
    pub(super) fn push_functions(&mut self, level: FxHashMap<&'s str, u32>) {
        self.functions.push(level);
    }

    pub(super) fn pop_functions(&mut self) {
        self.functions.pop();
    }

    /// The nearest function of that name, whatever its parameters.
    pub(super) fn function(&self, name: &str) -> Option<u32> {
        self.functions.iter().rev().find_map(|level| level.get(name)).copied()
    }

    /// The newest local of that name.
    pub(super) fn local(&self, name: &str) -> Option<u8> {
        self.locals.iter().rposition(|l| *l == name).and_then(|at| u8::try_from(at).ok())
    }

    /// The innermost wildcard of that name.
    pub(super) fn capture(&self, name: &str) -> Option<u8> {
        self.captures.iter().rposition(|c| *c == name).and_then(|at| u8::try_from(at).ok())
    }
}
