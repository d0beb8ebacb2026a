//! The functions that a service adds to the language.

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

    /// Its signature in a service, as messages print it; its name where the service does not have it.
    pub fn signature(self, service: &str) -> &'static str {
        declared(service).iter().find(|d| d.2 == self).map_or(self.name(), |d| d.3)
    }

    /// Its name without a package.
    pub fn name(self) -> &'static str {
        match self {
            ServiceFunction::Get => "get",
            ServiceFunction::Exists => "exists",
            ServiceFunction::GetAfter => "getAfter",
            ServiceFunction::ExistsAfter => "existsAfter",
            ServiceFunction::Value => "value",
        }
    }
}

fn declared(service: &str) -> &'static [Declared] {
    match service {
        "cloud.firestore" => &FIRESTORE,
        "firebase.storage" => &STORAGE,
        _ => &[],
    }
}
