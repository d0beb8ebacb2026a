//! The products whose rules are written in the language of services.

use crate::value::PathPrefix;

static STORAGE: PathPrefix = PathPrefix { first: "b", last: "o" };
static FIRESTORE: PathPrefix = PathPrefix { first: "databases", last: "documents" };

/// A product with rules in the language of services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceProduct {
    /// Cloud Storage: `/b/{bucket}/o`
    Storage,
    /// Cloud Firestore: `/databases/{database}/documents`
    Firestore,
}

impl ServiceProduct {
    /// Both products, in the order in which messages list them.
    pub const ALL: [ServiceProduct; 2] = [ServiceProduct::Firestore, ServiceProduct::Storage];

    /// The product with that service name, which is case-sensitive.
    pub fn of_service(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|product| product.service() == name)
    }

    /// The name of the service.
    pub const fn service(self) -> &'static str {
        match self {
            ServiceProduct::Storage => "firebase.storage",
            ServiceProduct::Firestore => "cloud.firestore",
        }
    }

    /// The names with which every path of the product begins.
    pub fn prefix(self) -> &'static PathPrefix {
        match self {
            ServiceProduct::Storage => &STORAGE,
            ServiceProduct::Firestore => &FIRESTORE,
        }
    }
}
