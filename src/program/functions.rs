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

/// The functions of each service, with their packages.
const DECLARED: [(&str, Option<&str>, ServiceFunction); 7] = [
    ("cloud.firestore", None, ServiceFunction::Get),
    ("cloud.firestore", None, ServiceFunction::Exists),
    ("cloud.firestore", None, ServiceFunction::GetAfter),
    ("cloud.firestore", None, ServiceFunction::ExistsAfter),
    ("cloud.firestore", None, ServiceFunction::Value),
    ("firebase.storage", Some("firestore"), ServiceFunction::Get),
    ("firebase.storage", Some("firestore"), ServiceFunction::Exists),
];

impl ServiceFunction {
    /// The function that a service knows by that package and name.
    pub fn find(service: &str, package: Option<&str>, name: &str) -> Option<Self> {
        let wanted = (service, package, name);
        DECLARED
            .iter()
            .find(|(service, package, function)| (*service, *package, function.name()) == wanted)
            .map(|d| d.2)
    }

    /// Its signature in a service, as messages print it; its name where the service does not have it.
    pub fn signature(self, service: &str) -> String {
        match DECLARED.iter().find(|(of, _, function)| *of == service && *function == self) {
            Some((_, Some(package), _)) => format!("{package}.{}(path)", self.name()),
            Some((_, None, _)) => format!("{}(path)", self.name()),
            None => self.name().to_owned(),
        }
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
