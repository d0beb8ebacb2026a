//! What a statement says, with all functions that it calls: two statements with the same text meet the same limits.

use firewarden::internals::program::{Op, OpId};
use rustc_hash::FxHashSet;

use crate::{
    permit::{Ruleset, Statement},
    schema::Method,
};

/// The path of a statement's block, its text, and that of the functions that it calls, in the order of calls; `None` for a
/// program that cannot be read.
pub fn text(statement: &Statement<'_>) -> Option<Vec<String>> {
    let code = statement.scope.code;
    let mut found = vec![statement.scope.block.path.clone(), code.source.slice(statement.statement.span).to_owned()];
    let mut open: Vec<OpId> = statement.statement.condition.into_iter().collect();
    let mut seen = FxHashSet::default();
    while let Some(id) = open.pop() {
        if !seen.insert(id.index()) {
            continue;
        }
        let op = code.op(id).ok()?;
        if let Op::Call(function, _) = op {
            let function = code.functions.get(function).ok()?;
            found.push(code.source.slice(function.span).to_owned());
            open.extend(&function.lets);
            open.push(function.result);
        }
        open.extend(op.operands(code).ok()?);
    }
    Some(found)
}

/// The texts of the statements of one block up to this one, of those about a method: none of the others permits where this
/// one is evaluated.
pub fn until(statement: &Statement<'_>, statements: &[Statement<'_>]) -> Option<Vec<Vec<String>>> {
    let block = statement.scope.block_index;
    let before = statements.iter().filter(|other| other.scope.block_index == block && other.index <= statement.index);
    before.map(text).collect()
}

/// Whether two rulesets have the same statements about a method, word for word, in the same order: then they decide each
/// request alike, limits included.
pub fn same(a: Ruleset<'_>, b: Ruleset<'_>, method: Method) -> bool {
    let texts = |ruleset: Ruleset<'_>| ruleset.statements(method).iter().map(text).collect::<Option<Vec<_>>>();
    a.program.version == b.program.version && texts(a).is_some_and(|a| texts(b).is_some_and(|b| a == b))
}
