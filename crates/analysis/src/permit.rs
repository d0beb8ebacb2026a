//! Statements of a ruleset as formulas: where each permits a request.

use firewarden::{
    internals::{
        program::{self, Id, Program, ServiceProgram},
        request::ServiceProduct,
    },
    rules::Rules,
};

use crate::{
    ask::program as program_of,
    formula::Formula,
    schema::Method,
    shape,
    symbolic::{Encoder, Scope},
};

/// A statement of a ruleset, with its block.
#[derive(Clone, Copy)]
pub struct Statement<'p> {
    /// Where its condition stands.
    pub scope: Scope<'p>,
    /// The statement.
    pub statement: &'p program::Statement,
    /// Its position among all statements of the file.
    pub index: usize,
}

/// A ruleset of Storage or Firestore.
#[derive(Clone, Copy)]
pub struct Ruleset<'p> {
    /// Which of the rulesets of a question.
    pub number: u32,
    /// The compiled file.
    pub program: &'p Program,
    /// Its rules for the product.
    pub service: &'p ServiceProgram,
}

impl<'p> Ruleset<'p> {
    /// The rules for a product; `None` where the file has none.
    pub fn new(number: u32, program: &'p Program, product: ServiceProduct) -> Option<Self> {
        Some(Ruleset { number, program, service: program.of(product)? })
    }

    /// The rules of a file for a product; `None` for database rules, and where the file has none.
    pub fn of(number: u32, rules: &'p Rules, product: ServiceProduct) -> Option<Self> {
        let (_, program) = program_of(rules)?;
        Ruleset::new(number, program, product)
    }

    /// The statements that are about a method, in source order.
    pub fn statements(self, method: Method) -> Vec<Statement<'p>> {
        let requested = method.requested();
        let mut found = Vec::new();
        for (block_index, block) in self.service.blocks.iter().enumerate() {
            let own = self.program.statements.slice(block.statements).unwrap_or(&[]);
            for (statement, id) in own.iter().zip(block.statements.iter()) {
                if statement.methods.contains(&requested) {
                    let scope = Scope {
                        ruleset: self.number,
                        code: &self.program.code,
                        service: self.service,
                        block,
                        block_index: block_index as u32,
                    };
                    found.push(Statement { scope, statement, index: id_index(id) });
                }
            }
        }
        found
    }

    /// Whether version 1 denies all requests of a method before any statement is evaluated.
    pub fn refuses(self, product: ServiceProduct, method: Method) -> bool {
        product == ServiceProduct::Storage && firewarden::storage::refused_list(self.program.version, method).is_some()
    }
}

fn id_index(id: Id<program::Statement>) -> usize {
    id.index()
}

/// Where a statement permits.
pub fn permits(encoder: &mut Encoder, statement: &Statement<'_>) -> Formula {
    let covers = covers(encoder, statement);
    if covers == Formula::FALSE {
        return Formula::FALSE;
    }
    let Some(condition) = statement.statement.condition else { return covers };
    let (holds, _) = encoder.condition(statement.scope, condition);
    encoder.world.formulas.and(covers, holds)
}

/// Names segments after the wildcards of a statement's block.
pub fn name_segments(encoder: &mut Encoder, statement: &Statement<'_>) {
    let count = encoder.world.segments.len();
    let mut names = vec![None; count];
    for (slot, capture) in statement.scope.block.captures.iter().enumerate() {
        if let Some((taken, glob)) = statement.scope.block.captured_at(slot, count) {
            for (nth, at) in taken.enumerate() {
                if let Some(name) = names.get_mut(at) {
                    let numbered = || format!("{}{}", capture.name, nth + 1);
                    *name = Some(if glob && nth > 0 { numbered() } else { capture.name.clone() });
                }
            }
        }
    }
    encoder.world.segment_names = names;
}

/// Where a statement's block covers the path.
pub fn covers(encoder: &mut Encoder, statement: &Statement<'_>) -> Formula {
    shape::covers(&mut encoder.world, statement.scope.service, statement.scope.block)
}

/// Where any statement of a ruleset permits a request with the encoder's method.
pub fn any_permits(encoder: &mut Encoder, ruleset: Ruleset<'_>) -> Formula {
    if ruleset.refuses(encoder.product(), encoder.method()) {
        return Formula::FALSE;
    }
    let statements = ruleset.statements(encoder.method());
    let parts: Vec<_> = statements.iter().map(|statement| permits(encoder, statement)).collect();
    encoder.world.formulas.any(parts)
}
