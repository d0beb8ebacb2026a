//! The types of values, with the names that official messages use.

/// The type of a value. No value has the type `Any`: it means "unknown" in checks, and "accepts every type" in
/// parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Type {
    Null,
    Bool,
    Int,
    Float,
    String,
    Bytes,
    Duration,
    Timestamp,
    LatLng,
    List,
    Vector,
    Set,
    Map,
    Path,
    MapDiff,
    Constraint,
    Snapshot,
    Any,
}

impl Type {
    /// The name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Type::Null => "null",
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Float => "float",
            Type::String => "string",
            Type::Bytes => "bytes",
            Type::Duration => "duration",
            Type::Timestamp => "timestamp",
            Type::LatLng => "latlng",
            Type::List => "list",
            Type::Vector => "vector",
            Type::Set => "set",
            Type::Map => "map",
            Type::Path => "path",
            Type::MapDiff => "map_diff",
            Type::Constraint => "constraint",
            Type::Snapshot => "snapshot",
            Type::Any => "any",
        }
    }
}

impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A type name as it follows `is`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum TypeName {
    Bool,
    Bytes,
    Constraint,
    Duration,
    Float,
    Int,
    LatLng,
    List,
    Vector,
    Set,
    Number,
    Map,
    String,
    Timestamp,
    Path,
    MapDiff,
}

impl TypeName {
    /// Every type name, in the order of the official message.
    pub const ALL: [(&'static str, TypeName); 16] = [
        ("bool", TypeName::Bool),
        ("bytes", TypeName::Bytes),
        ("constraint", TypeName::Constraint),
        ("duration", TypeName::Duration),
        ("float", TypeName::Float),
        ("int", TypeName::Int),
        ("latlng", TypeName::LatLng),
        ("list", TypeName::List),
        ("vector", TypeName::Vector),
        ("set", TypeName::Set),
        ("number", TypeName::Number),
        ("map", TypeName::Map),
        ("string", TypeName::String),
        ("timestamp", TypeName::Timestamp),
        ("path", TypeName::Path),
        ("map_diff", TypeName::MapDiff),
    ];

    /// The type with that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(n, _)| *n == name).map(|(_, t)| *t)
    }

    /// The name in rules.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, t)| *t == self).map_or("", |(n, _)| n)
    }
}
