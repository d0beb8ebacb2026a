//! The fields of a token that checks look at. Values are made of these alone while a token is checked.

use serde_json::Value as Json;

use super::strict_json::Fields;

/// Fields, each by the name it has in JSON.
macro_rules! fields {
    ($(#[$doc:meta])* $name:ident: $($field:ident)*) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(super) struct $name {
            $(pub(super) $field: Option<Json>,)*
        }

        impl Fields for $name {
            fn place(&mut self, name: &str) -> Option<&mut Option<Json>> {
                match name {
                    $(stringify!($field) => Some(&mut self.$field),)*
                    _ => None,
                }
            }
        }
    };
}

fields! {
    /// Of a header.
    Header: alg kid crit
}

fields! {
    /// Of a payload.
    Checked: aud iss sub event_type uid claims tenant_id nbf exp iat auth_time v d
}
