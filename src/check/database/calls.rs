//! Members, methods and their arguments.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::{
    stdlib::{self, Builtin, Dialect},
    syntax::{
        Language, Role, advice,
        ast::{Expr, ExprId, Name},
    },
    text::Diagnostic,
    value::Type,
};

use super::{Checked, Checker, Code, Static};

/// What a name after a dot is.
enum Found {
    Property(Static),
    Method(&'static Builtin),
}

/// Properties of `query` that are always booleans, and those that may not be set (realtime-database specification, section 4.5).
const ORDERS: [&str; 3] = ["orderByKey", "orderByValue", "orderByPriority"];
const BOUNDS: [&str; 6] = ["orderByChild", "startAt", "endAt", "equalTo", "limitToFirst", "limitToLast"];

/// Methods by name; few have the same one.
static METHODS: LazyLock<FxHashMap<&str, Vec<&Builtin>>> = LazyLock::new(|| {
    let mut methods: FxHashMap<&str, Vec<&Builtin>> = FxHashMap::default();
    for method in stdlib::table(Dialect::Database).filter(|entry| entry.receiver.is_some()) {
        methods.entry(method.name).or_default().push(method);
    }
    methods
});

fn method(receiver: Type, name: &str) -> Option<&'static Builtin> {
    METHODS.get(name)?.iter().find(|method| method.receiver == Some(receiver)).copied()
}

impl Checker<'_> {
    pub(super) fn member(&mut self, id: ExprId, object: ExprId, name: &Name) -> Checked {
        let receiver = self.expression(object)?;
        Ok(match self.find(id, receiver, name)? {
            Found::Property(property) => property,
            Found::Method(_) => Static::Method,
        })
    }

    /// Only claims can be reached by a computed name (section 2.4); whatever else is indexed is refused before its type
    /// is looked at.
    pub(super) fn index(&mut self, id: ExprId, object: ExprId, index: ExprId) -> Checked {
        let receiver = self.expression(object)?;
        let place = self.exprs.span(id);
        let computed = |this: &Self| {
            let mut refused = this.refuse(Code::ComputedAccess, place, "Invalid property access.");
            if receiver == Static::Snapshot {
                refused.hint = Some("write child(name) for the place below".to_owned());
            }
            Err(refused)
        };
        if receiver != Static::Auth {
            return computed(self);
        }
        let found = self.expression(index)?;
        if found.is_ordered() { Ok(Static::Auth) } else { computed(self) }
    }

    fn find(&self, id: ExprId, receiver: Static, name: &Name) -> Result<Found, Box<Diagnostic>> {
        let text = name.text.as_str();
        let found = match receiver {
            Static::Snapshot => method(Type::Snapshot, text).map(Found::Method),
            Static::String | Static::Value | Static::Auth => match method(Type::String, text) {
                // Of a claim this is the claim's own property of that name, if it has one.
                Some(length) if length.name == "length" && receiver != Static::Auth => {
                    Some(Found::Property(Static::Number))
                }
                Some(length) if length.name == "length" => Some(Found::Property(Static::Auth)),
                Some(method) => Some(Found::Method(method)),
                None => (receiver == Static::Auth).then_some(Found::Property(Static::Auth)),
            },
            Static::Query if ORDERS.contains(&text) => Some(Found::Property(Static::Boolean)),
            Static::Query => BOUNDS.contains(&text).then_some(Found::Property(Static::QueryValue)),
            _ => {
                let message = "Invalid property access: target is not an object.";
                return Err(self.refuse(Code::NoMembers, self.exprs.span(id), message));
            }
        };
        found.ok_or_else(|| self.unknown_member(id, receiver, text))
    }

    fn unknown_member(&self, id: ExprId, receiver: Static, name: &str) -> Box<Diagnostic> {
        let message = format!("No such method/property '{name}'.");
        let mut refused = self.refuse(Code::UnknownMember, self.exprs.span(id), message);
        let names: Vec<&str> = match receiver {
            Static::Snapshot => methods_of(Type::Snapshot),
            Static::Query => ORDERS.iter().chain(&BOUNDS).copied().collect(),
            _ => methods_of(Type::String),
        };
        let advised = advice(Language::Database, Role::Method, name, names.iter().copied());
        refused.hint = Some(match (advised, receiver, name) {
            (_, Static::Snapshot, _) if method(Type::String, name).is_some() => {
                format!("`{name}` is for strings: ask for the value first, with val()")
            }
            (Some(advised), ..) => advised,
            (None, Static::Value, _) => format!("a value has no children: write child('{name}').val()"),
            (None, Static::Snapshot, _) if !names.contains(&name) => {
                format!("for a child write child('{name}'); methods are {}", names.join(", "))
            }
            _ => format!("there are {}", names.join(", ")),
        });
        refused
    }

    pub(super) fn not_a_function(&self, id: ExprId, callee: ExprId) -> Box<Diagnostic> {
        let message = "Type error: Function call on target that is not a function.";
        let mut refused = self.refuse(Code::NotAFunction, self.exprs.span(id), message);
        let callee = self.source.slice(self.exprs.outer(callee));
        if callee.len() <= 40 && callee.ends_with("length") {
            refused.hint = Some(format!("`length` is a property: write `{callee}`"));
        }
        refused
    }

    pub(super) fn method(&mut self, id: ExprId, receiver: ExprId, name: &Name, arguments: &[ExprId]) -> Checked {
        let found = self.expression(receiver)?;
        match self.find(id, found, name)? {
            Found::Property(_) => {
                let message = "Type error: Function call on target that is not a function.";
                let mut refused = self.refuse(Code::NotAFunction, self.exprs.span(id), message);
                refused.hint = Some(match name.text.as_str() {
                    "length" => "`length` is a property: leave out the brackets".to_owned(),
                    name => {
                        advice(Language::Database, Role::Method, name, methods_of(Type::String)).unwrap_or_else(|| {
                            format!("`{name}` is a property, and has no methods of its own but those of strings")
                        })
                    }
                });
                Err(refused)
            }
            Found::Method(method) => {
                self.arguments(id, method, arguments)?;
                Ok(result(method))
            }
        }
    }

    fn arguments(&mut self, id: ExprId, method: &Builtin, arguments: &[ExprId]) -> Result<(), Box<Diagnostic>> {
        let name = method.name;
        let wanted = method.overloads.iter().map(|overload| overload.params.len()).max().unwrap_or(0);
        let optional = method.overloads.len() > 1;
        if arguments.len() > wanted || arguments.len() < wanted && !optional {
            let message = match (name, wanted) {
                ("hasChildren", _) => {
                    "hasChildren() expects only a single argument (containing an array of child names).".to_owned()
                }
                ("matches", _) => "matches() expects 1 regular expression literal argument.".to_owned(),
                (name, 0) => format!("{name}() expects no arguments."),
                (name, 1) => format!("{name}() expects 1 argument."),
                (name, _) => format!("{name}() expects two arguments."),
            };
            return Err(self.refuse(Code::Arguments, self.exprs.span(id), message));
        }
        match name {
            "matches" => self.pattern(arguments),
            "hasChildren" => self.names(arguments),
            _ => self.strings(name, arguments),
        }
    }

    fn pattern(&mut self, arguments: &[ExprId]) -> Result<(), Box<Diagnostic>> {
        let Some(argument) = arguments.first() else { return Ok(()) };
        let found = self.expression(*argument)?;
        if matches!(self.exprs.get(*argument), Expr::Regex(..)) {
            return Ok(());
        }
        let message = "matches() expects a regular expression literal argument.";
        let mut refused = self.misplaced(Code::Arguments, *argument, found, message);
        refused.hint = Some("write it between slashes, without quotes: matches(/^[a-z]+$/)".to_owned());
        Err(refused)
    }

    fn names(&mut self, arguments: &[ExprId]) -> Result<(), Box<Diagnostic>> {
        let Some(argument) = arguments.first() else { return Ok(()) };
        let exprs = self.exprs;
        let Expr::List(items) = exprs.get(*argument) else {
            let found = self.expression(*argument)?;
            let message = "hasChildren() expects an array of child names.";
            let mut refused = self.misplaced(Code::Arguments, *argument, found, message);
            refused.hint = Some("write hasChildren(['a', 'b'])".to_owned());
            return Err(refused);
        };
        for item in items {
            let found = self.expression(*item)?;
            if !found.is_string() {
                return Err(self.misplaced(
                    Code::Arguments,
                    *item,
                    found,
                    "hasChildren() expects an array of strings.",
                ));
            }
        }
        Ok(())
    }

    fn strings(&mut self, name: &str, arguments: &[ExprId]) -> Result<(), Box<Diagnostic>> {
        for (at, argument) in arguments.iter().enumerate() {
            let found = self.expression(*argument)?;
            if !found.is_string() {
                let message = match arguments.len() {
                    1 => format!("{name}() expects a string argument."),
                    _ => format!("Argument {} of {name}() must be a string.", at + 1),
                };
                return Err(self.misplaced(Code::Arguments, *argument, found, message));
            }
        }
        Ok(())
    }
}

fn methods_of(receiver: Type) -> Vec<&'static str> {
    stdlib::table(Dialect::Database).filter(|entry| entry.receiver == Some(receiver)).map(|entry| entry.name).collect()
}

fn result(method: &Builtin) -> Static {
    match method.overloads.first().map(|overload| overload.result) {
        Some(Type::Bool) => Static::Boolean,
        Some(Type::Float) => Static::Number,
        Some(Type::String) => Static::String,
        Some(Type::Snapshot) => Static::Snapshot,
        _ => Static::Value,
    }
}
