//! Calls: built-ins, methods, functions of the service, users' functions. Which error wins is in the runtime
//! specification, section 2.

use crate::{
    program::{Function, NodeId, Run, ServiceFunction},
    stdlib::{self, Builtin, Failure},
    value::{Str, ValueRef},
};

use super::{Error, Evaluator, Language, Observer, Result, anchor, dispatch, outer, start};

/// Parameters and variables that a function can have: 7 and 11 (language specification, section 5), with room for
/// functions that the checker refuses but that a lenient host may run.
const MAX_LOCALS: usize = 20;

/// Locals of most functions: a small frame is quicker to make.
const FEW_LOCALS: usize = 3;

/// Arguments, receiver included, that are collected without allocating.
const FEW: usize = 5;

impl<'a, L: Language<'a>, O: Observer> Evaluator<'a, '_, L, O> {
    pub(super) fn builtin(
        &mut self,
        id: NodeId,
        builtin: &'static Builtin,
        arguments: Run,
        locals: &[Result<'a>],
    ) -> Result<'a> {
        let values = self.values(id, arguments, locals)?;
        self.called(id, builtin, &values)
    }

    /// The result of a built-in for arguments that are there.
    fn called(&mut self, id: NodeId, builtin: &'static Builtin, values: &[ValueRef<'a>]) -> Result<'a> {
        let result = builtin.call(L::OPERATORS, self.arena, values).map_err(|f| dispatch(id, f))?;
        if let (ValueRef::Bool(false), Some(why)) = (result, builtin.why) {
            self.observer.refutes(|| why(values));
        }
        self.sized(id, result)
    }

    pub(super) fn method(
        &mut self,
        id: NodeId,
        table: u32,
        receiver: NodeId,
        arguments: Run,
        pattern: u32,
        locals: &[Result<'a>],
    ) -> Result<'a> {
        let code = self.code;
        let nodes = arguments.of(&code.lists);
        if nodes.is_empty() {
            let receiver = self.operand(id, receiver, locals)?;
            let method = self.method_of(id, table, &receiver)?;
            return self.called(id, method, &[receiver]);
        }
        let (receiver, results) = if L::RIGHT_TO_LEFT {
            self.arguments(arguments, locals)?;
            let receiver = self.operand(id, receiver, locals);
            let results = self.take(nodes.len());
            (receiver?, results)
        } else {
            let receiver = self.operand(id, receiver, locals)?;
            self.arguments(arguments, locals)?;
            (receiver, self.take(nodes.len()))
        };
        let method = self.method_of(id, table, &receiver)?;
        if let Some(error) = results.iter().find_map(|r| r.err()) {
            return Err(error);
        }
        let compiled = code.patterns.get((pattern as usize).wrapping_sub(1));
        if let (Some(pattern), ValueRef::String(text)) = (compiled, receiver)
            && let Some(result) = self.with_pattern(pattern, method.name, text, &results)
        {
            return result.map_err(|f| dispatch(id, f)).and_then(|value| self.sized(id, value));
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
        id: NodeId,
        table: u32,
        receiver: &ValueRef<'a>,
    ) -> std::result::Result<&'static Builtin, Error<'a>> {
        let Some(methods) = self.code.methods.get(table as usize) else { return Err(start(id, Failure::Null)) };
        let no_method = || dispatch(id, (L::OPERATORS.no_method)(&methods.name, receiver.type_of()));
        methods.get(receiver.type_of()).ok_or_else(no_method)
    }

    /// `matches`, `split` and `replace` with the pattern that was compiled when the rules were loaded. `None` where the
    /// arguments do not fit, so that the table words the error.
    fn with_pattern(
        &self,
        pattern: &crate::pattern::Pattern,
        method: &str,
        text: Str<'a>,
        arguments: &[Result<'a>],
    ) -> Option<std::result::Result<ValueRef<'a>, Failure<'a>>> {
        let arena = self.arena;
        match (method, arguments) {
            ("matches", [_]) => Some(Ok(ValueRef::Bool((L::OPERATORS.matches)(pattern, text)))),
            ("split", [_]) => Some(Ok(stdlib::split_by(arena, pattern, text))),
            ("replace", [_, Ok(ValueRef::String(template))]) => {
                Some(stdlib::replace_by(arena, pattern, text, *template))
            }
            _ => None,
        }
    }

    pub(super) fn service(
        &mut self,
        id: NodeId,
        function: ServiceFunction,
        arguments: Run,
        locals: &[Result<'a>],
    ) -> Result<'a> {
        let values = self.values(id, arguments, locals)?;
        let signature = function.signature(self.language.service());
        let name = signature.split('(').next().unwrap_or(signature);
        let message = match values.as_slice() {
            [ValueRef::Path(path)] => {
                let answer = self.language.call(function, *path, self.arena).map_err(|f| start(id, f))?;
                return self.sized(id, answer);
            }
            [other] => {
                let received = other.type_of();
                format!("Unsupported operation error. Received: {name}({received}). Expected: {signature}.")
            }
            other => wrong_count(other.len(), signature),
        };
        Err(anchor(id, Failure::Message(self.arena.alloc_str(&message))))
    }

    /// An unknown function is the error, whatever its arguments are; they are evaluated all the same.
    pub(super) fn missing(
        &mut self,
        id: NodeId,
        package: u32,
        name: u32,
        arguments: Run,
        locals: &[Result<'a>],
    ) -> Result<'a> {
        self.arguments(arguments, locals)?;
        self.spend(id, 1)?;
        self.take(arguments.len as usize);
        let code = self.code;
        let name = code.name(name);
        let name = match package.checked_sub(1) {
            Some(package) => self.arena.alloc_str(&format!("{}.{name}", code.name(package))),
            None => name,
        };
        Err(outer(id, Failure::NotFound(name)))
    }

    /// Arguments are computed once and may be errors, which do no harm unless they are read.
    pub(super) fn user_call(&mut self, id: NodeId, function: u32, arguments: Run, locals: &[Result<'a>]) -> Result<'a> {
        let code = self.code;
        let Some(function) = code.functions.get(function as usize) else { return Err(start(id, Failure::Null)) };
        let nodes = arguments.of(&code.lists);
        if nodes.len() != function.parameters.len() {
            self.arguments(arguments, locals)?;
            self.spend(id, 1)?;
            self.take(nodes.len());
            let signature = format!("{}({})", function.name, function.parameters.join(", "));
            let message = self.arena.alloc_str(&wrong_count(nodes.len(), &signature));
            return Err(start(id, Failure::Message(message)));
        }
        let count = nodes.len() + function.lets.len();
        if count <= FEW_LOCALS {
            self.body::<FEW_LOCALS>(id, function, nodes, locals)
        } else if count <= MAX_LOCALS {
            self.body::<MAX_LOCALS>(id, function, nodes, locals)
        } else {
            Err(start(id, Failure::ExpressionLimit))
        }
    }

    /// Evaluates arguments, variables and result of a function with up to `N` locals.
    fn body<const N: usize>(
        &mut self,
        id: NodeId,
        function: &'a Function,
        arguments: &[NodeId],
        locals: &[Result<'a>],
    ) -> Result<'a> {
        let mut frame = [Err(start(id, Failure::Null)); N];
        arguments.iter().rev().try_for_each(|node| self.evaluate(*node, locals))?;
        self.spend(id, 1)?;
        for (slot, _) in frame.iter_mut().zip(arguments) {
            *slot = self.pop();
        }
        for (i, value) in function.lets.iter().enumerate() {
            let at = arguments.len() + i;
            self.evaluate(*value, frame.get(..at).unwrap_or(&[]))?;
            self.spend(*value, 1)?;
            if let Some(slot) = frame.get_mut(at) {
                *slot = self.pop();
            }
        }
        self.evaluate(function.result, &frame)?;
        self.pop()
    }

    /// Arguments as values, the leftmost error first.
    fn values(
        &mut self,
        id: NodeId,
        arguments: Run,
        locals: &[Result<'a>],
    ) -> std::result::Result<Vec<ValueRef<'a>>, super::Error<'a>> {
        self.arguments(arguments, locals)?;
        self.spend(id, 1)?;
        self.take(arguments.len as usize).into_iter().collect()
    }
}

fn wrong_count(received: usize, signature: &str) -> String {
    format!("Incorrect number of arguments. Received: {received}. Expected: {signature}.")
}
