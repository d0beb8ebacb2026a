//! The types of values, with the names that official messages use.

/// An enumeration of types with their names.
macro_rules! types {
    ($(#[$doc:meta])* $type:ident { $($variant:ident $name:literal)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)]
        pub enum $type {
            $($variant,)*
        }

        impl $type {
            /// All with their names, in the order of official messages.
            pub const ALL: &'static [(&'static str, $type)] = &[$(($name, $type::$variant),)*];

            /// The name in messages and rules.
            pub fn name(self) -> &'static str {
                match self {
                    $($type::$variant => $name,)*
                }
            }
        }
    };
}

types! {
    /// The type of a value. No value has the type `Any`: it means "unknown" in checks, and "accepts every type" in
    /// parameters.
    Type {
        Null "null"
        Bool "bool"
        Int "int"
        Float "float"
        String "string"
        Bytes "bytes"
        Duration "duration"
        Timestamp "timestamp"
        LatLng "latlng"
        List "list"
        Vector "vector"
        Set "set"
        Map "map"
        Path "path"
        MapDiff "map_diff"
        Constraint "constraint"
        Snapshot "snapshot"
        Any "any"
    }
}

types! {
    /// A type name as it follows `is`.
    TypeName {
        Bool "bool"
        Bytes "bytes"
        Constraint "constraint"
        Duration "duration"
        Float "float"
        Int "int"
        LatLng "latlng"
        List "list"
        Vector "vector"
        Set "set"
        Number "number"
        Map "map"
        String "string"
        Timestamp "timestamp"
        Path "path"
        MapDiff "map_diff"
    }
}

impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl TypeName {
    /// The type with that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(n, _)| *n == name).map(|(_, t)| *t)
    }
}
