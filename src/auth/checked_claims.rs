//! The header parameters and claims that a `TokenPolicy` checks. Only these become values
//! while a token is verified.

use serde_json::Value as Json;

use super::strict_json::FieldSlots;

/// A struct of optional JSON values. Each field has the name of its member in JSON.
macro_rules! fields {
    ($(#[$doc:meta])* $name:ident: $($field:ident)*) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(super) struct $name {
            $(pub(super) $field: Option<Json>,)*
        }

        impl FieldSlots for $name {
            fn slot(&mut self, name: &str) -> Option<&mut Option<Json>> {
                match name {
                    $(stringify!($field) => Some(&mut self.$field),)*
                    _ => None,
                }
            }
        }
    };
}

fields! {
    /// The checked parameters of a JOSE header.
    JoseHeader: alg kid crit
}

fields! {
    /// The checked claims of a payload.
    CheckedClaims: aud iss sub event_type uid claims tenant_id nbf exp iat auth_time v d
}
