//! What the products give to rules: variables and functions, by service and method.

use super::{
    signature::{DEBUG, DOCUMENT, Forms},
    types::{Possible, Types},
};
use crate::value::Type;

/// A product with rules in this language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Product {
    Firestore,
    Storage,
}

impl Product {
    pub(super) const SERVICES: [&str; 2] = ["cloud.firestore", "firebase.storage"];

    /// By the name of its service, which is case-sensitive.
    pub(crate) fn of_service(name: &str) -> Option<Product> {
        match name {
            "cloud.firestore" => Some(Product::Firestore),
            "firebase.storage" => Some(Product::Storage),
            _ => None,
        }
    }
}

/// Kinds of requests in which an expression may be evaluated; what any of them gives is declared. A statement with
/// several methods, and a function called from several statements, sees what one of them gives (measured).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Hosts(u8);

impl Hosts {
    /// A statement of methods that no request has, or a function that no statement calls: there, not even `request`
    /// is known.
    pub(super) const NONE: Hosts = Hosts(0);
    const FIRESTORE: Hosts = Hosts(1);
    const STORAGE: Hosts = Hosts(2);
    /// Storage declares no `resource` for lists (case allow-049).
    const STORAGE_LIST: Hosts = Hosts(4);

    /// What any request gives.
    const ANY: Hosts = Hosts(7);

    pub(super) const METHODS: [&str; 7] = ["read", "get", "list", "write", "create", "update", "delete"];

    /// What requests of a method give; method names are case-insensitive.
    pub(super) fn of_method(product: Product, name: &str) -> Option<Hosts> {
        let is = |known: &&str| name.eq_ignore_ascii_case(known);
        let list = is(&"list");
        if !Self::METHODS.iter().any(is) {
            return None;
        }
        Some(match product {
            Product::Firestore => Hosts::FIRESTORE,
            Product::Storage if list => Hosts::STORAGE_LIST,
            Product::Storage => Hosts::STORAGE,
        })
    }

    /// Both.
    #[must_use]
    pub(super) fn and(self, other: Hosts) -> Hosts {
        Hosts(self.0 | other.0)
    }

    fn any(self, of: Hosts) -> bool {
        self.0 & of.0 != 0
    }

    /// What a variable may be, if it is declared. Types are known only of the `request` of a Storage list (measured).
    pub(super) fn variable(self, name: &str) -> Option<Possible> {
        match name {
            "request" if self == Hosts::STORAGE_LIST => Some(Some(Types::of(&[Type::Map]))),
            "request" => (self != Hosts::NONE).then_some(None),
            "resource" => self.any(Hosts::FIRESTORE.and(Hosts::STORAGE)).then_some(None),
            _ => None,
        }
    }

    /// The variables that are declared.
    pub(super) fn variable_names(self) -> impl Iterator<Item = &'static str> {
        ["request", "resource"].into_iter().filter(move |name| self.variable(name).is_some())
    }

    /// The functions of the host, of a package or without one.
    pub(super) fn function_names(self, package: Option<&str>) -> impl Iterator<Item = &'static str> {
        let names = ["debug", "exists", "existsAfter", "get", "getAfter"];
        names.into_iter().filter(move |name| self.function(package, name).is_some())
    }

    /// Whether a variable or function is unknown only because no request is known to get here.
    pub(super) fn lacks(self, package: Option<&str>, name: &str) -> bool {
        self == Hosts::NONE && (Hosts::ANY.variable(name).is_some() || Hosts::ANY.function(package, name).is_some())
    }

    /// A function of the host, and whether it belongs to the service: calls of those in functions outside services
    /// draw a warning.
    pub(super) fn function(self, package: Option<&str>, name: &str) -> Option<(&'static Forms, bool)> {
        match (package, name) {
            (None, "debug") if self != Hosts::NONE => Some((&DEBUG, false)),
            (None, "get" | "getAfter" | "exists" | "existsAfter" | "value") if self.any(Hosts::FIRESTORE) => {
                Some((&DOCUMENT, true))
            }
            (Some("firestore"), "get" | "exists") if self.any(Hosts::STORAGE.and(Hosts::STORAGE_LIST)) => {
                Some((&DOCUMENT, true))
            }
            _ => None,
        }
    }
}
