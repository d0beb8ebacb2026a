//! What the engine gives for operations that the analysis does not model, on known operands.

use bumpalo::Bump;
use firewarden::{
    Value,
    internals::stdlib::{self, Arithmetic, Builtin, Dialect, SERVICE},
    value::{Comparator, ValueRef},
};

use crate::world::OpenWhat;

/// The result of an operation: a value, or `Some(None)` for an error; `None` for an operation that this does not know.
pub fn compute(what: &OpenWhat, operands: &[Value]) -> Option<Option<Value>> {
    let bump = Bump::new();
    let views: Vec<ValueRef<'_>> = operands.iter().map(Value::view).collect();
    let result = match what {
        OpenWhat::Builtin(name) => match builtin(name, views.first()) {
            Some(builtin) => builtin.call(&SERVICE, &bump, &views).ok(),
            None => return None,
        },
        OpenWhat::Operator(name) => match (*name, views.as_slice()) {
            ("[]", [object, index]) => {
                stdlib::has_elements(*object, stdlib::INDEX).and_then(|()| stdlib::index(&bump, *object, *index)).ok()
            }
            ("in", [x, container]) => stdlib::contains(*x, *container).ok().map(ValueRef::Bool),
            ("==" | "text +", [a, b]) => compared(Comparator::Eq, *a, *b),
            ("<", [a, b]) => compared(Comparator::Lt, *a, *b),
            ("<=", [a, b]) => compared(Comparator::Le, *a, *b),
            (">", [a, b]) => compared(Comparator::Gt, *a, *b),
            (">=", [a, b]) => compared(Comparator::Ge, *a, *b),
            ("-", [a]) => (SERVICE.negate)(*a).ok(),
            (symbol, [a, b]) => {
                let all = [Arithmetic::Add, Arithmetic::Sub, Arithmetic::Mul, Arithmetic::Div, Arithmetic::Rem];
                let operator = all.into_iter().find(|operator| operator.symbol() == symbol)?;
                (SERVICE.arithmetic)(&bump, operator, *a, *b).ok()
            }
            _ => return None,
        },
        OpenWhat::Stray(..) | OpenWhat::Lookup(_) => return None,
    };
    Some(result.map(ValueRef::to_value))
}

fn compared<'a>(comparator: Comparator, a: ValueRef<'a>, b: ValueRef<'a>) -> Option<ValueRef<'a>> {
    (SERVICE.compare)(comparator, a, b).ok().map(ValueRef::Bool)
}

/// The built-in of a qualified name; of several the one for the receiver.
fn builtin(name: &str, receiver: Option<&ValueRef<'_>>) -> Option<&'static Builtin> {
    let all = || stdlib::table(Dialect::Service).filter(|builtin| builtin.qualified_name() == name);
    let of_type = |builtin: &&'static Builtin| {
        builtin.receiver.is_none_or(|wanted| receiver.is_some_and(|value| value.type_of() == wanted))
    };
    all().find(of_type)
}
