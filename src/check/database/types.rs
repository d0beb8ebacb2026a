//! Static types (realtime-database specification, sections 3.1 to 3.3; recorded on the service).

/// What is known of an expression before it is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Static {
    Boolean,
    Number,
    String,
    Null,
    Regex,
    Array,
    /// `data`, `newData`, `root`, and what is reached from them.
    Snapshot,
    /// A method that is named but not called.
    Method,
    /// A primitive of unknown type: what `val()` gives.
    Value,
    /// `auth` and whatever is reached from it.
    Auth,
    /// `query`
    Query,
    /// A property of `query` that may not be set.
    QueryValue,
    /// One of two types.
    Mixed,
}

impl Static {
    /// The type of `c ? yes : no`.
    pub(super) fn either(yes: Static, no: Static) -> Static {
        let open = |t: Static| matches!(t, Static::String | Static::Value | Static::Auth);
        match (yes, no) {
            (yes, no) if yes == no => yes,
            (yes, no) if open(yes) || open(no) => Static::Value,
            _ => Static::Mixed,
        }
    }

    /// The type of `a + b`.
    pub(super) fn sum(a: Static, b: Static) -> Static {
        match (a, b) {
            (Static::Number, Static::Number) => Static::Number,
            (Static::String, _) | (_, Static::String) => Static::String,
            _ => Static::Value,
        }
    }

    /// Whether it may be a primitive of any type.
    fn is_unknown(self) -> bool {
        matches!(self, Static::Value | Static::Auth | Static::Mixed)
    }

    /// Operands of `==` and `!=`.
    pub(super) fn is_comparable(self) -> bool {
        matches!(self, Static::Boolean | Static::Null) || self.is_ordered()
    }

    /// Operands of `<` and its kin, and of `+`.
    pub(super) fn is_ordered(self) -> bool {
        self == Static::String || self.is_number()
    }

    /// Operands of `- * / %`.
    pub(super) fn is_number(self) -> bool {
        matches!(self, Static::Number | Static::QueryValue) || self.is_unknown()
    }

    /// Arguments that are strings.
    pub(super) fn is_string(self) -> bool {
        self == Static::String || self.is_unknown()
    }

    /// In words.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Static::Boolean => "a boolean",
            Static::Number => "a number",
            Static::String => "a string",
            Static::Null => "null",
            Static::Regex => "a regular expression",
            Static::Array => "an array",
            Static::Snapshot => "a place in the database",
            Static::Method => "a method that is not called",
            Static::Value => "a value of unknown type",
            Static::Auth => "the user or a claim",
            Static::Query => "the query",
            Static::QueryValue => "a property of the query",
            Static::Mixed => "a choice between values of different types",
        }
    }
}
