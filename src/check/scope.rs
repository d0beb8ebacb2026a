//! The symbol table: functions and wildcards by block.
//!
//! A name is resolved in its block and outward (language specification, section 6, rules 10 and 11); the nearest
//! function of a name wins, whatever its parameters.

use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::{codes::Code, host::RequestKinds, limits::Limits, problems::Problems, types::Types};
use crate::{
    request::ServiceProduct,
    syntax::{
        Language, Role, advice,
        ast::{Allow, Function, Item, Match, Ruleset, Segment},
    },
    text::Diagnostic,
    value::Type,
};

/// Index of a block, a service or the file in [`SymbolTable`].
pub(crate) type ScopeId = usize;
/// Index of a function in [`SymbolTable`]; functions of one scope are in source order.
pub(crate) type FunctionId = usize;

/// The names that a block declares.
#[derive(Default)]
struct Scope<'a> {
    outer: Option<ScopeId>,
    /// The enclosing service, if it is a known one.
    product: Option<ServiceProduct>,
    /// The block, unless the scope is a service or the file.
    block: Option<&'a Match>,
    /// The directly nested blocks, in source order.
    children: Vec<ScopeId>,
    /// Functions by name; repeated names are an error that is already reported.
    functions: FxHashMap<&'a str, SmallVec<[FunctionId; 1]>>,
    /// The statements, as indices into [`SymbolTable`].
    statements: Range<usize>,
    /// Wildcards of the block's own path, sorted.
    captures: SmallVec<[&'a str; 2]>,
    /// The types of the block's wildcards.
    capture_types: Types,
}

/// A function and its scope.
pub(crate) struct Declared<'a> {
    pub(crate) function: &'a Function,
    pub(crate) scope: ScopeId,
    /// Whether the function is outside services.
    pub(super) at_root: bool,
}

/// A statement and its scope.
pub(crate) struct Statement<'a> {
    pub(crate) allow: &'a Allow,
    pub(crate) scope: ScopeId,
    /// The kinds of requests with its methods.
    pub(super) kinds: RequestKinds,
}

/// All scopes, functions and statements of a file.
#[derive(Default)]
pub(crate) struct SymbolTable<'a> {
    scopes: Vec<Scope<'a>>,
    pub(crate) functions: Vec<Declared<'a>>,
    pub(crate) statements: Vec<Statement<'a>>,
}

impl<'a> SymbolTable<'a> {
    /// The scope of functions outside services.
    pub(super) const ROOT: ScopeId = 0;

    /// Reads the blocks of a file; reports invalid names of services, methods and functions.
    pub(super) fn new(ruleset: &'a Ruleset, limits: &Limits, problems: &mut Problems) -> Self {
        let mut symbols = SymbolTable { scopes: vec![Scope::default()], ..SymbolTable::default() };
        for item in &ruleset.items {
            if let Item::Function(function) = item {
                symbols.declare(function, Self::ROOT, limits, problems);
            }
        }
        let mut services = FxHashSet::default();
        for service in ruleset.services() {
            let name = &service.name;
            if !services.insert(name.text.as_str()) {
                problems.add(Code::DuplicateService, name.span, "Duplicate service name declaration.");
            }
            let product = ServiceProduct::of_service(&name.text);
            if product.is_none() {
                let problem =
                    Code::UnknownService.problem(Some(name.span), format!("Invalid service name: {}.", name.text));
                problems.push(with_suggestion(
                    problem,
                    Role::Service,
                    &name.text,
                    &ServiceProduct::ALL.map(ServiceProduct::service),
                ));
            }
            let scope = symbols.open(Scope { outer: Some(Self::ROOT), product, ..Scope::default() });
            for function in &service.functions {
                symbols.declare(function, scope, limits, problems);
            }
            for block in &service.matches {
                symbols.block(block, scope, product, limits, problems);
            }
        }
        symbols
    }

    /// The symbol table of a file that the checker accepts.
    pub(crate) fn of(ruleset: &'a Ruleset) -> Self {
        SymbolTable::new(ruleset, &Limits::OFFICIAL, &mut Problems::default())
    }

    /// The product of the service that encloses a scope, if it is a known one.
    pub(crate) fn product(&self, scope: ScopeId) -> Option<ServiceProduct> {
        self.scopes.get(scope).and_then(|scope| scope.product)
    }

    /// The whole path of a scope, from the service inward.
    pub(crate) fn path(&self, scope: ScopeId) -> Vec<&'a Segment> {
        let mut blocks: Vec<_> = self.outward(scope).filter_map(|scope| scope.block).collect();
        blocks.reverse();
        blocks.into_iter().flat_map(|block| &block.path).collect()
    }

    /// Whether a wildcard of that name is visible in a scope.
    pub(crate) fn has_capture(&self, scope: ScopeId, name: &str) -> bool {
        self.capture(scope, name).is_some()
    }

    fn open(&mut self, scope: Scope<'a>) -> ScopeId {
        let id = self.scopes.len();
        if let Some(outer) = scope.outer.and_then(|outer| self.scopes.get_mut(outer)) {
            outer.children.push(id);
        }
        self.scopes.push(scope);
        id
    }

    // The parser refuses blocks nested 64 deep, which bounds the recursion.
    fn block(
        &mut self,
        block: &'a Match,
        outer: ScopeId,
        product: Option<ServiceProduct>,
        limits: &Limits,
        problems: &mut Problems,
    ) {
        let mut captures = SmallVec::new();
        let mut capture_types = Types::NONE;
        for segment in &block.path {
            if let Segment::Capture(capture) = segment {
                captures.push(capture.name.text.as_str());
                // Measured: every wildcard of `/{a}/{b=**}` may be a string or a path, in this order.
                capture_types = capture_types.with(if capture.glob { Type::Path } else { Type::String });
            }
        }
        captures.sort_unstable();
        let scope = self.open(Scope {
            outer: Some(outer),
            product,
            block: Some(block),
            captures,
            capture_types,
            ..Scope::default()
        });
        for function in &block.functions {
            self.declare(function, scope, limits, problems);
        }
        let first = self.statements.len();
        for allow in &block.allows {
            let mut kinds = RequestKinds::NONE;
            for method in &allow.methods {
                match product.and_then(|product| RequestKinds::of_method(product, &method.text)) {
                    Some(more) => kinds = kinds.and(more),
                    None => {
                        let message = format!("Invalid method name: {}.", method.text);
                        let problem = Code::UnknownMethod.problem(Some(method.span), message);
                        problems.push(with_suggestion(problem, Role::Operation, &method.text, &RequestKinds::METHODS));
                    }
                }
            }
            self.statements.push(Statement { allow, scope, kinds });
        }
        if let Some(scope) = self.scopes.get_mut(scope) {
            scope.statements = first..self.statements.len();
        }
        for child in &block.matches {
            self.block(child, scope, product, limits, problems);
        }
    }

    fn declare(&mut self, function: &'a Function, scope: ScopeId, limits: &Limits, problems: &mut Problems) {
        let name = &function.name;
        let id = self.functions.len();
        if let Some(scope) = self.scopes.get_mut(scope) {
            let namesakes = scope.functions.entry(&name.text).or_default();
            namesakes.push(id);
            if namesakes.len() > 1 {
                problems.add(Code::DuplicateFunction, name.span, format!("Function {} is already defined.", name.text));
            }
        }
        if function.parameters.len() > limits.parameters {
            let message = format!(
                "Maximum allowed function arguments of {} for function {} is reached.",
                limits.parameters, name.text
            );
            problems.add(Code::TooManyParameters, name.span, message);
        }
        self.functions.push(Declared { function, scope, at_root: scope == Self::ROOT });
    }

    /// The scope and the enclosing ones, from the inside out.
    fn outward(&self, scope: ScopeId) -> impl Iterator<Item = &Scope<'a>> {
        let at = |id: ScopeId| self.scopes.get(id);
        std::iter::successors(at(scope), move |scope| scope.outer.and_then(at))
    }

    /// The function that a call in a scope refers to. Of repeated names, which are an error, the first represents all.
    pub(crate) fn function(&self, scope: ScopeId, name: &str) -> Option<FunctionId> {
        self.outward(scope).find_map(|s| s.functions.get(name))?.first().copied()
    }

    /// The functions of a name in a scope.
    pub(super) fn functions_named(&self, scope: ScopeId, name: &str) -> &[FunctionId] {
        self.scopes.get(scope).and_then(|s| s.functions.get(name)).map_or(&[], |ids| ids.as_slice())
    }

    /// The functions with the same name in the same scope, including the function itself.
    pub(super) fn namesakes(&self, id: FunctionId) -> &[FunctionId] {
        self.functions
            .get(id)
            .map_or(&[], |declared| self.functions_named(declared.scope, &declared.function.name.text))
    }

    /// The names of the wildcards that are visible in a scope.
    pub(super) fn capture_names(&self, scope: ScopeId) -> impl Iterator<Item = &'a str> {
        self.outward(scope).flat_map(|scope| scope.captures.iter().copied())
    }

    /// The names of the functions that are visible in a scope.
    pub(super) fn visible_functions(&self, scope: ScopeId) -> impl Iterator<Item = &'a str> {
        self.outward(scope).flat_map(|scope| scope.functions.keys().copied())
    }

    /// The names of the functions of a scope.
    pub(super) fn function_names(&self, scope: ScopeId) -> impl Iterator<Item = &'a str> {
        self.scopes.get(scope).into_iter().flat_map(|s| s.functions.keys().copied())
    }

    /// The directly nested scopes.
    pub(super) fn children(&self, scope: ScopeId) -> &[ScopeId] {
        self.scopes.get(scope).map_or(&[], |s| s.children.as_slice())
    }

    /// The statements directly in a scope.
    pub(super) fn statements_in(&self, scope: ScopeId) -> &[Statement<'a>] {
        let range = self.scopes.get(scope).map(|s| s.statements.clone());
        range.and_then(|range| self.statements.get(range)).unwrap_or(&[])
    }

    /// The types of a wildcard that is visible in a scope.
    pub(super) fn capture(&self, scope: ScopeId, name: &str) -> Option<Types> {
        self.outward(scope).find(|s| s.captures.binary_search(&name).is_ok()).map(|s| s.capture_types)
    }

    pub(crate) fn declared(&self, id: FunctionId) -> Option<&Declared<'a>> {
        self.functions.get(id)
    }
}

/// Adds a suggestion for a misspelt name to a problem.
fn with_suggestion(problem: Diagnostic, role: Role, name: &str, known: &[&str]) -> Diagnostic {
    match advice(Language::Firestore, role, name, known.iter().copied()) {
        Some(hint) => problem.with_hint(hint),
        None => problem,
    }
}

impl Default for Types {
    fn default() -> Self {
        Types::NONE
    }
}
