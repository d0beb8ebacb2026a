//! The variables and functions that products provide to rules, by service and method.

use super::{
    signature::{DEBUG, DOCUMENT, SignatureSet},
    types::{Possible, Types},
};
use crate::{request::ServiceProduct, value::Type};

/// The kinds of requests in which an expression may be evaluated; whatever any of them provides is declared. A
/// statement with several methods, and a function called from several statements, sees what one of them provides
/// (measured).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct RequestKinds(u8);

/// A function of the host.
pub(super) struct HostFunction {
    pub(super) signatures: &'static SignatureSet,
    /// Whether it belongs to the service: calling it in a function outside services draws a warning.
    pub(super) of_service: bool,
}

impl RequestKinds {
    /// A statement whose methods no request has, or a function that no statement calls: not even `request` is declared.
    pub(super) const NONE: RequestKinds = RequestKinds(0);
    const FIRESTORE: RequestKinds = RequestKinds(1);
    const STORAGE: RequestKinds = RequestKinds(2);
    /// Storage declares no `resource` for lists (case allow-049).
    const STORAGE_LIST: RequestKinds = RequestKinds(4);

    /// All kinds of requests.
    const ANY: RequestKinds = RequestKinds(7);

    pub(super) const METHODS: [&str; 7] = ["read", "get", "list", "write", "create", "update", "delete"];

    /// The kind of requests with a method; method names are case-insensitive.
    pub(super) fn of_method(product: ServiceProduct, name: &str) -> Option<RequestKinds> {
        let is = |known: &&str| name.eq_ignore_ascii_case(known);
        let list = is(&"list");
        if !Self::METHODS.iter().any(is) {
            return None;
        }
        Some(match product {
            ServiceProduct::Firestore => RequestKinds::FIRESTORE,
            ServiceProduct::Storage if list => RequestKinds::STORAGE_LIST,
            ServiceProduct::Storage => RequestKinds::STORAGE,
        })
    }

    /// The union.
    #[must_use]
    pub(super) fn and(self, other: RequestKinds) -> RequestKinds {
        RequestKinds(self.0 | other.0)
    }

    fn any(self, of: RequestKinds) -> bool {
        self.0 & of.0 != 0
    }

    /// The types of a variable, if it is declared. Only the `request` of a Storage list has known types (measured).
    pub(super) fn variable(self, name: &str) -> Option<Possible> {
        match name {
            "request" if self == RequestKinds::STORAGE_LIST => Some(Some(Types::of(&[Type::Map]))),
            "request" => (self != RequestKinds::NONE).then_some(None),
            "resource" => self.any(RequestKinds::FIRESTORE.and(RequestKinds::STORAGE)).then_some(None),
            _ => None,
        }
    }

    /// The declared variables.
    pub(super) fn variable_names(self) -> impl Iterator<Item = &'static str> {
        ["request", "resource"].into_iter().filter(move |name| self.variable(name).is_some())
    }

    /// The functions of the host, in a package or outside packages.
    pub(super) fn function_names(self, package: Option<&str>) -> impl Iterator<Item = &'static str> {
        let names = ["debug", "exists", "existsAfter", "get", "getAfter"];
        names.into_iter().filter(move |name| self.function(package, name).is_some())
    }

    /// Whether a variable or function is unknown only because no request is known to evaluate the expression.
    pub(super) fn lacks(self, package: Option<&str>, name: &str) -> bool {
        self == RequestKinds::NONE
            && (RequestKinds::ANY.variable(name).is_some() || RequestKinds::ANY.function(package, name).is_some())
    }

    /// A function of the host, and whether it belongs to the service: calling those in functions outside services draws
    /// a warning.
    pub(super) fn function(self, package: Option<&str>, name: &str) -> Option<HostFunction> {
        match (package, name) {
            (None, "debug") if self != RequestKinds::NONE => {
                Some(HostFunction { signatures: &DEBUG, of_service: false })
            }
            (None, "get" | "getAfter" | "exists" | "existsAfter" | "value") if self.any(RequestKinds::FIRESTORE) => {
                Some(HostFunction { signatures: &DOCUMENT, of_service: true })
            }
            (Some("firestore"), "get" | "exists")
                if self.any(RequestKinds::STORAGE.and(RequestKinds::STORAGE_LIST)) =>
            {
                Some(HostFunction { signatures: &DOCUMENT, of_service: true })
            }
            _ => None,
        }
    }
}
