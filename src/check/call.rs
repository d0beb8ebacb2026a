//! Infers calls of functions: those of the file, of the host, and built-in ones.

use super::{
    body::Summary,
    codes::Code,
    context::{Env, FirstOperand, Inferred, Want},
    infer::Checker,
    scope::FunctionId,
    signature::{self, SignatureSet},
    types::Types,
};
use crate::syntax::ast::{ExprId, Name};

impl<'a> Checker<'_, 'a> {
    /// Infers `f(x)`: a function of the file hides those of the host, which hide the built-in ones.
    pub(super) fn call(
        &mut self,
        env: &mut Env<'a>,
        id: ExprId,
        name: &'a Name,
        arguments: &'a [ExprId],
        want: Want,
    ) -> Inferred<'a> {
        if let Some(function) = self.symbols.function(env.scope, &name.text) {
            return self.own_call(env, id, function, name, arguments, want);
        }
        let signatures = env
            .kinds
            .function(None, &name.text)
            .map(|function| function.signatures)
            .or_else(|| signature::function(&name.text));
        let code = if env.kinds.lacks(None, &name.text) { env.unreached } else { Code::UnknownFunction };
        self.built_in(env, id, signatures.ok_or(code), arguments, name, &name.text, want)
    }

    /// Infers `math.abs(x)`.
    pub(super) fn package_call(
        &mut self,
        env: &mut Env<'a>,
        id: ExprId,
        package: &Name,
        name: &Name,
        arguments: &[ExprId],
        want: Want,
    ) -> Inferred<'a> {
        let full = format!("{}.{}", package.text, name.text);
        let host = env.kinds.function(Some(&package.text), &name.text).map(|function| function.signatures);
        let signatures = host.or_else(|| signature::package_function(&package.text, &name.text));
        let code = if env.kinds.lacks(Some(&package.text), &name.text) { env.unreached } else { Code::UnknownFunction };
        self.built_in(env, id, signatures.ok_or(code), arguments, name, &full, want)
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a call, by kind")]
    fn built_in(
        &mut self,
        env: &mut Env<'a>,
        id: ExprId,
        signatures: Result<&'static SignatureSet, Code>,
        arguments: &[ExprId],
        name: &Name,
        full: &str,
        want: Want,
    ) -> Inferred<'a> {
        match signatures {
            Ok(signatures) if signatures.accept(arguments.len()) => {
                return self.apply(env, id, signatures, arguments, FirstOperand::Operand, want);
            }
            Ok(_) => self.wrong_count(name, full),
            Err(code) => {
                let meant = |this: &Self| this.suggest_function(env, full).filter(|_| code == Code::UnknownFunction);
                self.report_hinted(code, name.span, || format!("Invalid function name: {full}."), meant);
            }
        }
        let uses = self.parts(env, id, arguments.iter().map(|e| (*e, Want::ANY)), want.primary);
        Inferred { types: None, uses }
    }

    pub(super) fn wrong_count(&mut self, name: &Name, full: &str) {
        self.report(Code::ArgumentCount, name.span, || {
            format!("Incorrect number of arguments supplied to function: {full}.")
        });
    }

    /// Infers a call of a function of the file. Its result is never reported as wrong, but the expected types of the
    /// result determine those of the arguments (measured: with `function f(a) { return a; }`, `if f(1)` points at the
    /// `1`).
    fn own_call(
        &mut self,
        env: &mut Env<'a>,
        id: ExprId,
        function: FunctionId,
        name: &Name,
        arguments: &[ExprId],
        want: Want,
    ) -> Inferred<'a> {
        let namesakes = self.symbols.namesakes(function);
        let takes = |id: &FunctionId| {
            self.symbols.declared(*id).is_some_and(|d| d.function.parameters.len() == arguments.len())
        };
        let summary = if !namesakes.iter().any(takes) {
            self.wrong_count(name, &name.text);
            Summary::unknown()
        } else if namesakes.len() > 1 {
            Summary::unknown()
        } else {
            self.summary(function, want.types)
        };
        let parts = arguments.iter().enumerate().map(|(i, argument)| {
            let types = summary.parameters.get(i).copied().unwrap_or(Types::ANY);
            (*argument, Want { implied: true, ..Want::of(types) })
        });
        let uses = self.parts(env, id, parts, want.primary);
        Inferred { types: summary.types, uses }
    }
}
