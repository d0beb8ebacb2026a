//! From operations of compiled rules to guarded symbolic values, and from conditions to formulas.
//!
//! Invariant: whatever is not modelled is *open*: a fresh value of the possible types, or an error. So each formula holds of at
//! least all requests of which the condition holds, and exactly of those where nothing open takes part.

mod calls;
mod containers;
mod equal;
mod inside;
mod logic;
mod lookup;
mod members;
mod methods;
mod numbers;
mod paths;

use std::rc::Rc;

use firewarden::{
    Value,
    internals::{
        program::{Block, Code, Function, Id, Op, OpId, ServiceProgram},
        request::ServiceProduct,
    },
};
use rustc_hash::FxHashMap;

use crate::{
    atom::{ConstId, DiffKeys, Relation},
    formula::Formula,
    place::{Kind, Kinds, Origin, PlaceId},
    schema::{Method, Schema},
    value::{Sym, Term, Values},
    world::{OpenWhat, World},
};

/// How deeply operations and calls may nest before their values are open.
const MAX_DEPTH: u32 = 400;

/// The number of possible values of an expression beyond which it is open.
const MAX_VALUES: usize = 48;

/// Where an expression stands.
#[derive(Clone, Copy)]
pub struct Scope<'p> {
    /// Which of the rulesets of the question.
    pub ruleset: u32,
    /// Its operations.
    pub code: &'p Code,
    /// Its rules for the product.
    pub service: &'p ServiceProgram,
    /// The block.
    pub block: &'p Block,
    /// The index of the block.
    pub block_index: u32,
}

type CallKey = (u32, u32, usize, Rc<[Values]>);

/// Turns conditions into formulas, for requests with one method and one number of path segments.
pub struct Encoder {
    /// The tables that formulas refer to.
    pub world: World,
    product: ServiceProduct,
    method: Method,
    /// `request`
    request: PlaceId,
    /// `resource`
    resource: PlaceId,
    calls: FxHashMap<CallKey, Term>,
    depth: u32,
}

impl Encoder {
    /// An encoder for requests of a product with that method, whose path has that many segments.
    pub fn new(product: ServiceProduct, method: Method, segments: usize) -> Self {
        let mut world = World::default();
        let (request_schema, stored) = match product {
            ServiceProduct::Storage => (Schema::StorageRequest(method), Schema::Object),
            ServiceProduct::Firestore => (Schema::FirestoreRequest(method), Schema::Document),
        };
        let request = world.place_of(Origin::Request, Kinds::of(&[Kind::Map]), request_schema, true);
        let (null, map) = (Kinds::of(&[Kind::Null]), Kinds::of(&[Kind::Map]));
        let (kinds, schema) = match (product, method) {
            (ServiceProduct::Storage, Method::List) => (null, Schema::Leaf),
            (ServiceProduct::Storage, Method::Update) => (map, stored),
            (ServiceProduct::Storage, _) => (null.or(map), stored),
            (ServiceProduct::Firestore, Method::List) => (map, Schema::Queried),
            (ServiceProduct::Firestore, Method::Create) => (null, Schema::Leaf),
            (ServiceProduct::Firestore, Method::Update) => (map, stored),
            (ServiceProduct::Firestore, Method::Get | Method::Delete) => (null.or(map), stored),
        };
        let resource = world.place_of(Origin::Resource, kinds, schema, true);
        let mut encoder = Encoder { world, product, method, request, resource, calls: FxHashMap::default(), depth: 0 };
        encoder.make_segments(segments);
        encoder
    }

    /// The product.
    pub fn product(&self) -> ServiceProduct {
        self.product
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The variable `request`.
    pub fn request(&self) -> PlaceId {
        self.request
    }

    /// The variable `resource`.
    pub fn resource(&self) -> PlaceId {
        self.resource
    }

    /// Where a condition is true, and where it is false.
    pub fn condition(&mut self, scope: Scope<'_>, condition: OpId) -> (Formula, Formula) {
        let term = self.eval(scope, condition, &[]);
        self.truth(&term.values)
    }

    /// The possible values of an operation.
    pub(crate) fn eval(&mut self, scope: Scope<'_>, id: OpId, locals: &[Values]) -> Term {
        if self.depth >= MAX_DEPTH {
            let values = self.open(scope, id, OpenWhat::Operator("deep nesting"), Vec::new(), Kinds::ANY);
            return Term { values, leaves: Formula::FALSE };
        }
        self.depth += 1;
        let term = self.operation(scope, id, locals);
        self.depth -= 1;
        if term.values.len() > MAX_VALUES {
            let values = self.open(scope, id, OpenWhat::Operator("many values"), vec![term.values], Kinds::ANY);
            return Term { values, leaves: term.leaves };
        }
        term
    }

    fn operation(&mut self, scope: Scope<'_>, id: OpId, locals: &[Values]) -> Term {
        let Ok(op) = scope.code.op(id) else { return self.plain(Vec::new()) };
        match op {
            Op::Constant(at, _) => match scope.code.constants.get(at) {
                Ok(value) => {
                    let constant = self.world.constant(value);
                    self.plain(vec![(Formula::TRUE, Sym::Const(constant))])
                }
                Err(_) => self.plain(Vec::new()),
            },
            Op::Unknown => self.plain(Vec::new()),
            Op::Variable(0) => self.plain(vec![(Formula::TRUE, Sym::Place(self.request))]),
            Op::Variable(_) => self.plain(vec![(Formula::TRUE, Sym::Place(self.resource))]),
            Op::Capture(slot) => self.capture(scope, id, slot),
            Op::Local(slot) => match locals.get(usize::from(slot)) {
                Some(values) => Term { values: Rc::clone(values), leaves: Formula::FALSE },
                None => self.plain(Vec::new()),
            },
            Op::Fused(_, origin, _) => self.eval(scope, origin, locals),
            Op::Member(object, name) => {
                let object = self.eval(scope, object, locals);
                let name = scope.code.name(name).unwrap_or_default().to_owned();
                let values = self.member(scope, id, &object.values, &name);
                Term { values, leaves: object.leaves }
            }
            Op::Index(object, index) => self.binary(scope, id, [index, object], locals, |this, operands| {
                let [index, object] = operands;
                this.index(scope, id, object, index)
            }),
            Op::In(x, container) => self.binary(scope, id, [x, container], locals, |this, operands| {
                let [x, container] = operands;
                this.contains(scope, id, x, container)
            }),
            Op::Compare(comparator, a, b) => self.binary(scope, id, [b, a], locals, |this, operands| {
                let [b, a] = operands;
                this.compare(scope, id, comparator, a, b)
            }),
            Op::Arithmetic(operator, a, b) => self.binary(scope, id, [b, a], locals, |this, operands| {
                let [b, a] = operands;
                this.arithmetic(scope, id, operator, a, b)
            }),
            Op::Range(object, from, to) => {
                let operands: Vec<OpId> = [to, from, Some(object)].into_iter().flatten().collect();
                self.several(scope, id, &operands, locals, |this, values| {
                    this.open(scope, id, OpenWhat::Operator("[:]"), values.to_vec(), Kinds::ANY)
                })
            }
            Op::List(items) => self.list(scope, id, items, locals),
            Op::Map(entries) => self.map(scope, id, entries, locals),
            Op::Path(parts) => self.path(scope, id, parts, locals),
            Op::Not(a) => {
                let a = self.eval(scope, a, locals);
                let (t, f) = self.truth(&a.values);
                Term { values: self.boolean(f, t), leaves: a.leaves }
            }
            Op::Negate(a) => {
                let a = self.eval(scope, a, locals);
                let values = self.negate(scope, id, &a.values);
                Term { values, leaves: a.leaves }
            }
            Op::And(a, b) => self.both(scope, id, a, b, locals),
            Op::Or(a, b) => self.either(scope, id, a, b, locals),
            Op::Ternary(condition, yes, no) => self.ternary(scope, id, [condition, yes, no], locals),
            Op::Is(a, name) => self.is(scope, id, a, name, locals),
            Op::Builtin(builtin, arguments) => self.builtin(scope, id, builtin, arguments, locals),
            Op::Method(table, receiver, arguments, pattern) => {
                self.method_call(scope, id, table, receiver, arguments, pattern, locals)
            }
            Op::Service(function, arguments) => self.service(scope, id, function, arguments, locals),
            Op::Call(function, arguments) => self.call(scope, id, function, arguments, locals),
            Op::Missing(..) => {
                let operands = op.operands(scope.code).unwrap_or_default();
                let leaves = self.leaves_of(scope, &operands, locals);
                Term { values: Rc::from([]), leaves }
            }
            // Database rules have these.
            Op::All(_) | Op::Any(_) | Op::Claim(..) => {
                let values = self.open(scope, id, OpenWhat::Operator("a database operation"), Vec::new(), Kinds::ANY);
                Term { values, leaves: Formula::FALSE }
            }
        }
    }

    fn leaves_of(&mut self, scope: Scope<'_>, operands: &[OpId], locals: &[Values]) -> Formula {
        let leaves: Vec<_> = operands.iter().map(|operand| self.eval(scope, *operand, locals).leaves).collect();
        self.world.formulas.any(leaves)
    }

    fn plain(&self, values: Vec<(Formula, Sym)>) -> Term {
        Term { values: values.into(), leaves: Formula::FALSE }
    }

    /// An operation with two operands, in the order of their evaluation.
    fn binary(
        &mut self,
        scope: Scope<'_>,
        id: OpId,
        operands: [OpId; 2],
        locals: &[Values],
        result: impl FnOnce(&mut Self, [&Values; 2]) -> Values,
    ) -> Term {
        self.several(scope, id, &operands, locals, |this, values| match values {
            [first, second] => result(this, [first, second]),
            _ => Rc::from([]),
        })
    }

    /// An operation with operands in the order of their evaluation. What an operand after the first leaves behind takes the
    /// place of one before it: the result is open then.
    fn several(
        &mut self,
        scope: Scope<'_>,
        id: OpId,
        operands: &[OpId],
        locals: &[Values],
        result: impl FnOnce(&mut Self, &[Values]) -> Values,
    ) -> Term {
        let terms: Vec<Term> = operands.iter().map(|operand| self.eval(scope, *operand, locals)).collect();
        let values: Vec<Values> = terms.iter().map(|term| Rc::clone(&term.values)).collect();
        let result = result(self, &values);
        self.strayed(scope, id, result, &terms, 1)
    }

    /// A result where operands from the index `from` on may have left others behind.
    fn strayed(&mut self, scope: Scope<'_>, id: OpId, result: Values, operands: &[Term], from: usize) -> Term {
        let leaves = self.world.formulas.any(operands.iter().map(|term| term.leaves));
        let stray = self.world.formulas.any(operands.iter().skip(from).map(|term| term.leaves));
        Term { values: self.or_stray(scope, id, result, stray, operands), leaves }
    }

    /// A result that is open where `stray` holds.
    fn or_stray(&mut self, scope: Scope<'_>, id: OpId, result: Values, stray: Formula, of: &[Term]) -> Values {
        if stray == Formula::FALSE {
            return result;
        }
        let operands = of.iter().map(|term| Rc::clone(&term.values)).collect();
        let open = self.open(scope, id, OpenWhat::Operator("left-over operands"), operands, Kinds::ANY);
        let mut values = self.guarded(stray.not(), &result);
        values.extend(self.guarded(stray, &open));
        self.values(values)
    }

    /// The values that two expressions can have at once, and where they do.
    fn pairs<'v>(&mut self, a: &'v Values, b: &'v Values) -> Vec<(Formula, &'v Sym, &'v Sym)> {
        let mut found = Vec::new();
        for (ga, a) in a.iter() {
            for (gb, b) in b.iter() {
                let guard = self.world.formulas.and(*ga, *gb);
                if guard != Formula::FALSE {
                    found.push((guard, a, b));
                }
            }
        }
        found
    }

    /// Values under a further condition.
    fn guarded(&mut self, guard: Formula, values: &Values) -> Vec<(Formula, Sym)> {
        values.iter().map(|(own, sym)| (self.world.formulas.and(guard, *own), sym.clone())).collect()
    }

    /// Values without those that cannot be, equal ones together, and booleans as one.
    fn values(&mut self, found: Vec<(Formula, Sym)>) -> Values {
        let mut kept: Vec<(Formula, Sym)> = Vec::with_capacity(found.len());
        let (mut guards, mut trues, mut falses) = (Vec::new(), Vec::new(), Vec::new());
        for (guard, sym) in found {
            if guard == Formula::FALSE {
                continue;
            }
            let pair = match &sym {
                Sym::Bool(t, f) => Some((*t, *f)),
                Sym::Const(id) => match self.world.value(*id) {
                    Value::Bool(true) => Some((Formula::TRUE, Formula::FALSE)),
                    Value::Bool(false) => Some((Formula::FALSE, Formula::TRUE)),
                    _ => None,
                },
                _ => None,
            };
            if let Some((t, f)) = pair {
                guards.push(guard);
                trues.push(self.world.formulas.and(guard, t));
                falses.push(self.world.formulas.and(guard, f));
                continue;
            }
            match kept.iter_mut().find(|(_, known)| *known == sym) {
                Some((known, _)) => *known = self.world.formulas.or(*known, guard),
                None => kept.push((guard, sym)),
            }
        }
        if !guards.is_empty() {
            let (t, f) = (self.world.formulas.any(trues), self.world.formulas.any(falses));
            let guard = if kept.is_empty() { Formula::TRUE } else { self.world.formulas.any(guards) };
            if t != Formula::FALSE || f != Formula::FALSE {
                kept.push((guard, Sym::Bool(t, f)));
            }
        }
        kept.into()
    }

    /// A boolean.
    fn boolean(&self, t: Formula, f: Formula) -> Values {
        Rc::from([(Formula::TRUE, Sym::Bool(t, f))])
    }

    /// Where values are true, and where they are false.
    pub(crate) fn truth(&mut self, values: &Values) -> (Formula, Formula) {
        let (mut trues, mut falses) = (Vec::new(), Vec::new());
        for (guard, sym) in values.iter() {
            let (t, f) = self.truth_of(sym);
            trues.push(self.world.formulas.and(*guard, t));
            falses.push(self.world.formulas.and(*guard, f));
        }
        (self.world.formulas.any(trues), self.world.formulas.any(falses))
    }

    fn truth_of(&mut self, sym: &Sym) -> (Formula, Formula) {
        match sym {
            Sym::Bool(t, f) => (*t, *f),
            Sym::Const(id) => match self.world.value(*id) {
                Value::Bool(true) => (Formula::TRUE, Formula::FALSE),
                Value::Bool(false) => (Formula::FALSE, Formula::TRUE),
                _ => (Formula::FALSE, Formula::FALSE),
            },
            Sym::Place(place) => {
                let tag = self.world.tag(*place, Kind::Bool);
                if tag == Formula::FALSE {
                    return (Formula::FALSE, Formula::FALSE);
                }
                let truth = self.world.formulas.atom(crate::atom::Atom::Truth(*place));
                (self.world.formulas.and(tag, truth), self.world.formulas.and(tag, truth.not()))
            }
            _ => (Formula::FALSE, Formula::FALSE),
        }
    }

    /// Where values are no error.
    pub(crate) fn defined(&mut self, values: &Values) -> Formula {
        let mut parts = Vec::with_capacity(values.len());
        for (guard, sym) in values.iter() {
            let own = match sym {
                Sym::Bool(t, f) => self.world.formulas.or(*t, *f),
                _ => Formula::TRUE,
            };
            parts.push(self.world.formulas.and(*guard, own));
        }
        self.world.formulas.any(parts)
    }

    /// The value of an operation that is not modelled: any of these kinds, or an error; an error where an operand is.
    fn open(&mut self, scope: Scope<'_>, id: OpId, what: OpenWhat, operands: Vec<Values>, kinds: Kinds) -> Values {
        self.open_with(scope, id, what, operands, kinds, Schema::Any)
    }

    /// The same with a schema of what is below the value.
    fn open_with(
        &mut self,
        scope: Scope<'_>,
        id: OpId,
        what: OpenWhat,
        operands: Vec<Values>,
        kinds: Kinds,
        schema: Schema,
    ) -> Values {
        let mut defined = Vec::new();
        // Where operands were left behind, or the operation is no built-in, its operands may be errors.
        if !matches!(what, OpenWhat::Operator("left-over operands" | "deep nesting" | "many values")) {
            for operand in &operands {
                defined.push(self.defined(operand));
            }
        }
        let open = self.world.open(what, operands);
        self.world.open_spans.entry(open).or_insert((scope.ruleset, scope.code.span(id).start));
        let place = self.world.open_place(open, kinds, schema);
        let present = self.world.present(place);
        defined.push(present);
        let guard = self.world.formulas.all(defined);
        if kinds == Kinds::of(&[Kind::Bool]) {
            let truth = self.world.formulas.atom(crate::atom::Atom::Truth(place));
            let (t, f) = (self.world.formulas.and(guard, truth), self.world.formulas.and(guard, truth.not()));
            return self.boolean(t, f);
        }
        self.values(vec![(guard, Sym::Place(place))])
    }

    /// A boolean of an operation that no place in the rules stands for.
    fn free(&mut self, what: &'static str, operands: Vec<Values>) -> Formula {
        let open = self.world.open(OpenWhat::Operator(what), operands);
        self.world.formulas.atom(crate::atom::Atom::Open(open))
    }

    /// A boolean that is not modelled.
    fn open_bool(&mut self, scope: Scope<'_>, id: OpId, what: OpenWhat, operands: Vec<Values>) -> Formula {
        let open = self.world.open(what, operands);
        self.world.open_spans.entry(open).or_insert((scope.ruleset, scope.code.span(id).start));
        self.world.formulas.atom(crate::atom::Atom::Open(open))
    }

    /// Whether a place is below what a query returns.
    fn is_queried(&self, place: PlaceId) -> bool {
        self.world.place(place).schema.is_queried()
            || matches!(self.world.place(place).origin, Origin::Child(parent, _) if self.is_queried(parent))
    }

    /// Whether the list or the map at a place is empty.
    pub fn is_empty(&mut self, place: PlaceId) -> Formula {
        self.empty(place)
    }

    /// Whether some inequality speaks of the size of a place.
    pub fn is_sized(&self, place: PlaceId) -> bool {
        self.world.has_length(place)
    }

    /// Whether a difference of maps has a key.
    pub fn diff_member(&mut self, which: DiffKeys, new: PlaceId, old: PlaceId, key: ConstId) -> Formula {
        self.in_diff(which, new, old, key)
    }

    /// The equality of two values inside of equal containers.
    pub fn inner_equal(&mut self, relation: Relation, a: PlaceId, b: PlaceId) -> Formula {
        self.inside_equal(relation, &Sym::Place(a), &Sym::Place(b))
    }

    fn function<'p>(scope: Scope<'p>, id: Id<Function>) -> Option<&'p Function> {
        scope.code.functions.get(id).ok()
    }
}

pub use equal::{constant_number, kind_of};
pub use numbers::range as number_range;
