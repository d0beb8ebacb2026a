//! The facts that lints of Storage and Firestore rules share: bodies, the requests that reach them, and access paths.

use rustc_hash::FxHashMap;

use crate::{
    check::{FunctionId, ScopeId, SymbolTable},
    request::ServiceProduct,
    service::Method,
    syntax::ast::{Expr, ExprId, Exprs, Function, Names, Ruleset},
    text::Source,
    value::Timestamp,
};

/// The longest access path that is followed; no value of a request is as deep.
const MAX_FIELDS: usize = 24;

/// The deepest nesting of calls that is followed; the official compiler refuses more.
pub(super) const MAX_CALLS: usize = 24;

/// A set of request methods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Methods(u8);

impl Methods {
    pub(super) const READ: Methods = Methods(0b0_0011);
    pub(super) const LIST: Methods = Methods(1 << Method::List as u8);
    pub(super) const CREATE: Methods = Methods(1 << Method::Create as u8);
    pub(super) const DELETE: Methods = Methods(1 << Method::Delete as u8);
    pub(super) const WRITE: Methods = Methods(0b1_1100);

    /// The methods of a name after `allow`, in any case; empty for unknown names.
    pub(super) fn parse(name: &str) -> Methods {
        match name.to_ascii_lowercase().as_str() {
            "read" => Methods::READ,
            "write" => Methods::WRITE,
            name => Method::parse(name).map_or(Methods(0), |method| Methods(1 << method as u8)),
        }
    }

    pub(super) fn of(names: &Names) -> Methods {
        names.iter().fold(Methods(0), |sum, name| sum.union(Methods::parse(&name.text)))
    }

    pub(super) fn union(self, other: Methods) -> Methods {
        Methods(self.0 | other.0)
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn is_subset_of(self, other: Methods) -> bool {
        self.0 & !other.0 == 0
    }

    pub(super) fn intersects(self, other: Methods) -> bool {
        self.0 & other.0 != 0
    }

    /// The methods in both sets.
    pub(super) fn intersection(self, other: Methods) -> Methods {
        Methods(self.0 & other.0)
    }

    /// The names in a sentence: `create, update and delete`.
    pub(super) fn describe(self) -> String {
        let all = [Method::Get, Method::List, Method::Create, Method::Update, Method::Delete];
        let names: Vec<_> = all.into_iter().filter(|m| self.0 & 1 << *m as u8 != 0).map(Method::name).collect();
        match names.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, before)) => format!("{} and {last}", before.join(", ")),
            None => String::new(),
        }
    }
}

/// The methods of the requests that may evaluate an expression, by product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reach {
    pub(super) storage: Methods,
    pub(super) firestore: Methods,
}

impl Reach {
    fn of(product: Option<ServiceProduct>, methods: Methods) -> Reach {
        match product {
            Some(ServiceProduct::Storage) => Reach { storage: methods, ..Reach::default() },
            Some(ServiceProduct::Firestore) => Reach { firestore: methods, ..Reach::default() },
            None => Reach::default(),
        }
    }

    fn union(self, other: Reach) -> Reach {
        Reach { storage: self.storage.union(other.storage), firestore: self.firestore.union(other.firestore) }
    }

    pub(super) fn methods(self) -> Methods {
        self.storage.union(self.firestore)
    }

    /// The product, if only requests of one product evaluate the expression.
    pub(super) fn product(self) -> Option<ServiceProduct> {
        match (self.storage.is_empty(), self.firestore.is_empty()) {
            (false, true) => Some(ServiceProduct::Storage),
            (true, false) => Some(ServiceProduct::Firestore),
            _ => None,
        }
    }
}

/// The access paths of parameters and variables: see [`ServiceFile::access_path`]. `None` if unknown.
pub(super) type Locals<'a> = FxHashMap<&'a str, Option<String>>;

/// A condition or a function.
pub(super) struct Body<'a> {
    /// The expressions of its variables, then the result.
    pub(super) roots: Vec<ExprId>,
    pub(super) scope: ScopeId,
    pub(super) locals: Locals<'a>,
    pub(super) reach: Reach,
}

/// A rules file with services that the official compiler accepts.
pub(super) struct ServiceFile<'a> {
    pub(super) source: &'a Source,
    pub(super) ruleset: &'a Ruleset,
    pub(super) exprs: &'a Exprs,
    pub(super) symbols: SymbolTable<'a>,
    pub(super) now: Timestamp,
    /// The requests that reach each function.
    reach: Vec<Reach>,
}

impl<'a> ServiceFile<'a> {
    pub(super) fn new(source: &'a Source, ruleset: &'a Ruleset, now: Timestamp) -> Self {
        let symbols = SymbolTable::of(ruleset);
        let reach = vec![Reach::default(); symbols.functions.len()];
        let mut file = ServiceFile { source, ruleset, exprs: &ruleset.exprs, symbols, now, reach };
        file.propagate_reach();
        file
    }

    /// Propagates the requests of statements to the functions that they call.
    fn propagate_reach(&mut self) {
        let mut open: Vec<(FunctionId, Reach)> = Vec::new();
        for statement in &self.symbols.statements {
            let reach = Reach::of(self.symbols.product(statement.scope), Methods::of(&statement.allow.methods));
            let condition = statement.allow.condition;
            open.extend(
                condition.into_iter().flat_map(|root| self.callees(root, statement.scope)).map(|id| (id, reach)),
            );
        }
        while let Some((id, more)) = open.pop() {
            let Some(known) = self.reach.get_mut(id) else { continue };
            let all = known.union(more);
            if all == *known {
                continue;
            }
            *known = all;
            let Some(declared) = self.symbols.declared(id) else { continue };
            for root in roots(declared.function) {
                open.extend(self.callees(root, declared.scope).into_iter().map(|id| (id, all)));
            }
        }
    }

    fn callees(&self, root: ExprId, scope: ScopeId) -> Vec<FunctionId> {
        let named = |expr: &Expr| match expr {
            Expr::Call(name, _) => self.symbols.function(scope, &name.text),
            _ => None,
        };
        self.exprs.tree(root).filter_map(named).collect()
    }

    /// All conditions and functions.
    pub(super) fn bodies(&self) -> Vec<Body<'a>> {
        let conditions = self.symbols.statements.iter().map(|statement| Body {
            roots: statement.allow.condition.into_iter().collect(),
            scope: statement.scope,
            locals: Locals::default(),
            reach: Reach::of(self.symbols.product(statement.scope), Methods::of(&statement.allow.methods)),
        });
        let functions = self.symbols.functions.iter().zip(&self.reach).map(|(declared, reach)| {
            let parameters = declared.function.parameters.iter().map(|name| (name.text.as_str(), None)).collect();
            let (roots, scope) = (roots(declared.function).collect(), declared.scope);
            Body { roots, scope, locals: self.lets(declared.function, scope, parameters), reach: *reach }
        });
        conditions.chain(functions).collect()
    }

    /// The locals of a function, given its parameters.
    pub(super) fn lets(&self, function: &'a Function, scope: ScopeId, mut locals: Locals<'a>) -> Locals<'a> {
        for variable in &function.lets {
            let place = self.access_path(scope, &locals, variable.value);
            locals.insert(&variable.name.text, place);
        }
        locals
    }

    /// The access path of an expression that reads from the request or from a document, with variables replaced:
    /// `request.resource.data.owner`, `get(/users/$(uid)).data`.
    pub(super) fn access_path(&self, scope: ScopeId, locals: &Locals<'_>, id: ExprId) -> Option<String> {
        self.access_path_within(scope, locals, id, MAX_CALLS)
    }

    fn access_path_within(&self, scope: ScopeId, locals: &Locals<'_>, id: ExprId, calls: usize) -> Option<String> {
        let mut fields = Vec::new();
        let mut at = id;
        let mut place = loop {
            if fields.len() > MAX_FIELDS {
                return None;
            }
            match self.exprs.get(at) {
                Expr::Member(object, name) => {
                    fields.push(name.text.to_string());
                    at = *object;
                }
                Expr::Index(object, index) => {
                    let Expr::Str(name) = self.exprs.get(*index) else { return None };
                    fields.push(name.to_string());
                    at = *object;
                }
                Expr::Variable(name) => match locals.get(name.text.as_str()) {
                    Some(known) => break known.clone()?,
                    None if self.symbols.has_capture(scope, &name.text) => return None,
                    None => break name.text.to_string(),
                },
                Expr::Call(name, arguments) if matches!(name.text.as_str(), "get" | "getAfter") => {
                    break match self.symbols.function(scope, &name.text) {
                        None => self.document(arguments)?,
                        Some(function) => self.result(function, calls)?,
                    };
                }
                Expr::Call(name, _) => break self.result(self.symbols.function(scope, &name.text)?, calls)?,
                Expr::PackageCall(package, name, arguments) if package.text == "firestore" && name.text == "get" => {
                    break self.document(arguments)?;
                }
                _ => return None,
            }
        };
        for field in fields.iter().rev() {
            place.push('.');
            place.push_str(field);
        }
        Some(place)
    }

    /// The access path of the result of a function without parameters and variables.
    fn result(&self, function: FunctionId, calls: usize) -> Option<String> {
        let declared = self.symbols.declared(function).filter(|_| calls > 0)?;
        let Function { parameters, lets, result, .. } = declared.function;
        let plain = parameters.is_empty() && lets.is_empty();
        plain.then(|| self.access_path_within(declared.scope, &Locals::default(), *result, calls - 1))?
    }

    fn document(&self, arguments: &[ExprId]) -> Option<String> {
        let [path] = arguments else { return None };
        let path: String = self.source.slice(self.exprs.span(*path)).split_whitespace().collect();
        Some(format!("get({path})"))
    }

    /// The source of an expression on one line, shortened.
    pub(super) fn text(&self, id: ExprId) -> String {
        shorten(self.source.slice(self.exprs.span(id)))
    }
}

/// The expressions of a function: its variables and its result.
pub(super) fn roots(function: &Function) -> impl Iterator<Item = ExprId> {
    function.lets.iter().map(|variable| variable.value).chain([function.result])
}

/// Puts a text on one line and truncates it.
pub(super) fn shorten(text: &str) -> String {
    const LIMIT: usize = 60;
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if let Some((end, _)) = line.char_indices().nth(LIMIT) {
            line.truncate(end);
            line.push('…');
            break;
        }
    }
    line
}

/// Whether an access path is a whole document that `get` read.
pub(super) fn is_document_read(place: &str) -> bool {
    place.starts_with("get(") && place.ends_with(')')
}
