//! Calls: built-ins, methods, functions of the service, users' functions. Which error wins is in the runtime
//! specification, section 2.

use crate::{
    pattern::Pattern,
    program::{Corrupt, Id, Ids, MethodTable, NameId, Op, OpId, ServiceFunction},
    stdlib::{self, Builtin, Failure},
    value::{Str, Type, ValueRef},
};

use super::{
    Error, Language, Observer, Result, anchor, dispatch,
    machine::{Machine, Task},
    outer, start,
};

/// The number of arguments that are collected without allocating.
const FEW: usize = 5;

impl<'a, L: Language<'a>, O: Observer> Machine<'_, 'a, '_, L, O> {
    pub(super) fn builtin(&mut self, id: OpId, builtin: &'static Builtin, arguments: Ids<OpId>) -> Result<'a> {
        let values = self.values(id, arguments)?;
        self.called(id, builtin, &values)
    }

    /// The result of a built-in for these arguments.
    fn called(&mut self, id: OpId, builtin: &'static Builtin, values: &[ValueRef<'a>]) -> Result<'a> {
        let result = builtin.call(L::OPERATORS, self.arena, values).map_err(|f| dispatch(id, f))?;
        if let (ValueRef::Bool(false), Some(why)) = (result, builtin.reason) {
            self.evaluator.observer.refutes(|| why(values));
        }
        self.evaluator.sized(id, result)
    }

    pub(super) fn method(
        &mut self,
        id: OpId,
        table: Id<MethodTable>,
        arguments: Ids<OpId>,
        pattern: Option<Id<Pattern>>,
    ) -> Result<'a> {
        let count = arguments.len();
        if count == 0 {
            let receiver = self.operand(id)?;
            let method = self.method_of(id, table, &receiver)?;
            return self.called(id, method, &[receiver]);
        }
        self.spend(id, 1)?;
        // The receiver is evaluated last where arguments are evaluated from the last to the first.
        let (receiver, results) = if L::RIGHT_TO_LEFT {
            let receiver = self.pop();
            (receiver, self.take(count))
        } else {
            let results = self.take(count);
            (self.pop(), results)
        };
        let receiver = receiver?;
        let method = self.method_of(id, table, &receiver)?;
        if let Some(error) = results.iter().find_map(|r| r.err()) {
            return Err(error);
        }
        if let (Some(pattern), ValueRef::String(text)) = (pattern, receiver)
            && let Some(result) = self.with_pattern(self.code.patterns.get(pattern)?, method.name, text, &results)
        {
            return result.map_err(|f| dispatch(id, f)).and_then(|value| self.evaluator.sized(id, value));
        }
        let mut values = [ValueRef::Null; FEW + 1];
        if let Some(few) = values.get_mut(..=results.len()) {
            for (slot, result) in few.iter_mut().skip(1).zip(&results) {
                *slot = (*result)?;
            }
            if let Some(first) = few.first_mut() {
                *first = receiver;
            }
            return self.called(id, method, few);
        }
        let values: Vec<_> =
            std::iter::once(Ok(receiver)).chain(results.iter().copied()).collect::<std::result::Result<_, _>>()?;
        self.called(id, method, &values)
    }

    /// The method of that table for a receiver.
    fn method_of(
        &self,
        id: OpId,
        table: Id<MethodTable>,
        receiver: &ValueRef<'a>,
    ) -> std::result::Result<&'static Builtin, Error<'a>> {
        let methods = self.code.methods.get(table)?;
        let no_method = || dispatch(id, (L::OPERATORS.no_method)(&methods.name, receiver.type_of()));
        methods.get(receiver.type_of()).ok_or_else(no_method)
    }

    /// `matches`, `split` and `replace` with the pattern that lowering compiled. `None` where the arguments do not fit, so
    /// that the table words the error.
    fn with_pattern(
        &self,
        pattern: &Pattern,
        method: &str,
        text: Str<'a>,
        arguments: &[Result<'a>],
    ) -> Option<std::result::Result<ValueRef<'a>, Failure<'a>>> {
        let arena = self.arena;
        match (method, arguments) {
            ("matches", [_]) => Some(Ok(ValueRef::Bool((L::OPERATORS.matches)(pattern, text)))),
            ("split", [_]) => Some(stdlib::split_by(arena, pattern, text)),
            ("replace", [_, Ok(ValueRef::String(template))]) => {
                Some(stdlib::replace_by(arena, pattern, text, *template))
            }
            _ => None,
        }
    }

    pub(super) fn service(&mut self, id: OpId, function: ServiceFunction, arguments: Ids<OpId>) -> Result<'a> {
        let values = self.values(id, arguments)?;
        if let [ValueRef::Path(path)] = values.as_slice() {
            let answer = self.evaluator.language.call(function, *path, self.arena).map_err(|f| start(id, f))?;
            return self.evaluator.sized(id, answer);
        }
        let signature = function.signature(self.evaluator.language.service());
        let name = signature.split('(').next().unwrap_or_default();
        let (message, why) = match values.as_slice() {
            [other] => {
                let received = other.type_of();
                let message =
                    format!("Unsupported operation error. Received: {name}({received}). Expected: {signature}.");
                let database = if name.starts_with("firestore.") { "(default)" } else { "$(database)" };
                let given = match received {
                    Type::String => "a string; write the path without quotes".to_owned(),
                    Type::Null => "null".to_owned(),
                    other => format!("a value of the type {other}"),
                };
                (
                    message,
                    format!(
                        "{name}() takes the path of a document, and was given {given}: `/databases/{database}/documents/users/$(id)`"
                    ),
                )
            }
            other => {
                let why = format!("{name}() takes one path, and was given {} arguments", other.len());
                (wrong_count(other.len(), &signature), why)
            }
        };
        Err(anchor(id, stdlib::explained(self.arena, message, why)))
    }

    /// A function that does not exist is the error, whatever its arguments are; they are evaluated all the same.
    pub(super) fn missing(
        &mut self,
        id: OpId,
        package: Option<NameId>,
        name: NameId,
        arguments: Ids<OpId>,
    ) -> Result<'a> {
        self.spend(id, 1)?;
        self.take(arguments.len());
        let code = self.code;
        let name = code.name(name)?;
        let name = match package {
            Some(package) => self.arena.alloc_str(&format!("{}.{name}", code.name(package)?)),
            None => name,
        };
        Err(outer(id, Failure::NotFound(name)))
    }

    /// Arguments are evaluated once and may be errors, which do no harm unless something reads them. They become the locals
    /// of the function, whose variables are evaluated next.
    pub(super) fn after_arguments(&mut self, id: OpId) -> Result<'a, Option<ValueRef<'a>>> {
        let code = self.code;
        let Op::Call(function, arguments) = code.op(id)? else { return Err(Corrupt.into()) };
        let (function, count) = (code.functions.get(function)?, arguments.len());
        self.spend(id, 1)?;
        if count != function.parameters.len() {
            self.take(count);
            let signature = format!("{}({})", function.name, function.parameters.join(", "));
            let message = self.arena.alloc_str(&wrong_count(count, &signature));
            return Err(start(id, Failure::Message(message)));
        }
        self.frames.push(self.frame);
        self.frame = self.locals.len();
        for _ in 0..count {
            let argument = self.pop();
            self.locals.push(argument);
        }
        self.next_variable(id, &function.lets, 0, function.result);
        Ok(None)
    }

    /// A variable of a function has its value.
    pub(super) fn after_variable(&mut self, id: OpId, at: u32) -> Result<'a, Option<ValueRef<'a>>> {
        let code = self.code;
        let Op::Call(function, _) = code.op(id)? else { return Err(Corrupt.into()) };
        let function = code.functions.get(function)?;
        if let Some(value) = function.lets.get(at as usize) {
            self.spend(*value, 1)?;
        }
        let value = self.pop();
        self.locals.push(value);
        self.next_variable(id, &function.lets, at + 1, function.result);
        Ok(None)
    }

    /// Evaluates a variable of a function, or after the last one its result.
    fn next_variable(&mut self, id: OpId, lets: &[OpId], at: u32, result: OpId) {
        match lets.get(at as usize) {
            Some(value) => self.todo([Task::Variable(id, at), Task::Enter(*value)]),
            None => self.todo([Task::Finish(id), Task::Enter(result)]),
        }
    }

    /// The result of a user's function, whose locals end.
    pub(super) fn returned(&mut self) -> Result<'a> {
        self.locals.truncate(self.frame);
        self.frame = self.frames.pop().ok_or(Corrupt)?;
        self.pop()
    }

    /// Arguments as values, the leftmost error first.
    fn values(&mut self, id: OpId, arguments: Ids<OpId>) -> std::result::Result<Vec<ValueRef<'a>>, Error<'a>> {
        self.spend(id, 1)?;
        self.take(arguments.len()).into_iter().collect()
    }
}

fn wrong_count(received: usize, signature: &str) -> String {
    format!("Incorrect number of arguments. Received: {received}. Expected: {signature}.")
}
