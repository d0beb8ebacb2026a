//! The operation `expression`: the value of one expression inside a fixed ruleset (`if [EXPR] == []`).

use bumpalo::Bump;
use serde_json::{Map as JsonMap, Value as Json, json};

use firewarden::{
    internals::{
        eval::{Evaluator, Fault, Observer, Result as Evaluated, Service, Verdict},
        program::{Code, Methods, Op, OpId, Program},
        service::Compiled,
    },
    value::{Segments, json::to_typed},
};

use super::{
    answer,
    decide::{subject, variables},
    function_table::FunctionTable,
};

/// The ruleset that contains the expression; the path `/b/bkt/o/d1` matches it.
pub(super) fn source(service: &str, functions: &str, expression: &str) -> String {
    format!(
        "rules_version = '2'; service {service} {{ match /b/{{bucket}}/o {{ {functions} match /{{doc}} {{ allow get: if [{expression}] == []; }} }} }}"
    )
}

pub(super) fn evaluate(
    compiled: &Compiled,
    service_name: &str,
    request: &JsonMap<String, Json>,
) -> Result<Json, String> {
    let program = compiled.program();
    let variables = variables(request)?;
    let host = FunctionTable::new(service_name, &[], request.get("functions"))?;
    let (Some(service), Some(watched)) = (program.service(service_name), element(program)) else {
        return Err("expected a single expression".to_owned());
    };
    let arena = Bump::new();
    let path = Segments::from_slice(&["b", "bkt", "o", "d1"]);
    let subject = subject(&path, &variables);
    let language = Service { program: service, subject: &subject, host: &host, block: None };
    let mut recorder = OperationRecorder { op: watched, seen: Json::Null };
    let verdict =
        Evaluator::new(&program.code, language, &arena, &mut recorder).decide(&program.statements, &Methods::known(0));
    let mut answer = match verdict {
        Verdict::Abort(error) => json!({ "throws": Fault::new(&program.code, &error).message }),
        _ => recorder.seen,
    };
    if let Json::Object(fields) = &mut answer {
        fields.insert("warnings".to_owned(), json!(answer::messages(compiled.warnings(), false)));
    }
    Ok(answer)
}

/// The only element of the list in the condition.
fn element(program: &Program) -> Option<OpId> {
    let code = &program.code;
    let condition = code.origin(program.statements.iter().next()?.condition?);
    let Ok(Op::Compare(_, list, _)) = code.op(condition) else { return None };
    let Ok(Op::List(items)) = code.op(list) else { return None };
    code.lists.slice(items).ok()?.first().copied()
}

/// Records the result of one operation.
struct OperationRecorder {
    op: OpId,
    seen: Json,
}

impl Observer for OperationRecorder {
    fn leave(&mut self, code: &Code, op: OpId, result: &Evaluated<'_>) {
        if op == self.op {
            self.seen = match result {
                Ok(value) => json!({ "value": to_typed(*value) }),
                Err(error) => json!({ "error": Fault::new(code, error).message }),
            };
        }
    }
}
