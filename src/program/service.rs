//! The compiled form of a rules file with services: blocks and statements around the [`Code`] of their conditions.

use crate::{
    request::ServiceProduct,
    stdlib::Dialect,
    syntax::ast::{Segment, Version},
    text::Span,
};

use super::{Code, Corrupt, Function, Id, Ids, Matcher, OpId, RuleSegment, Table, listing};

/// The methods that a statement allows, or the one that a request names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Methods {
    pub(super) mask: u8,
    /// Other names, in lower case.
    pub(super) others: Vec<String>,
}

/// The known methods; the index of each is its bit in the mask.
pub(super) const KNOWN_METHODS: [&str; 7] = ["get", "list", "create", "update", "delete", "read", "write"];

impl Methods {
    /// The known method of that index in [`KNOWN_METHODS`], as a request names it.
    #[inline]
    pub fn known(index: u8) -> Self {
        Methods { mask: 1 << (index & 7), others: Vec::new() }
    }

    /// The method of that name, as a request names it; case does not matter.
    pub fn named(name: &str) -> Self {
        match KNOWN_METHODS.iter().position(|m| m.eq_ignore_ascii_case(name)) {
            Some(index) => Methods::known(index as u8),
            None => Methods { mask: 0, others: vec![name.to_ascii_lowercase()] },
        }
    }

    /// Adds the method that a statement names: `read` means get and list too, `write` create, update and delete.
    pub(super) fn add(&mut self, name: &str) {
        let Methods { mask, others } = Methods::named(name);
        self.mask |= mask
            | match mask {
                0b0010_0000 => 0b0000_0011,
                0b0100_0000 => 0b0001_1100,
                _ => 0,
            };
        self.others.extend(others);
    }

    /// Whether a statement for these methods is about the requested one.
    #[inline]
    pub fn contains(&self, requested: &Methods) -> bool {
        self.mask & requested.mask != 0 || requested.others.iter().any(|method| self.others.contains(method))
    }
}

/// `allow … : if …`
#[derive(Clone, Debug)]
pub struct Statement {
    /// What it allows.
    pub methods: Methods,
    /// Its condition; a statement without one always permits.
    pub condition: Option<OpId>,
    /// The most expressions that evaluating it can cost.
    pub cost: u32,
    /// Whether evaluating it can abort the evaluation of the whole request.
    pub aborts: bool,
    /// Its source text.
    pub span: Span,
}

/// A match block together with the blocks around it.
#[derive(Clone, Debug)]
pub struct Block {
    /// The block around it.
    pub parent: Option<Id<Block>>,
    /// The whole path, as rules write it.
    pub path: String,
    /// The functions that it declares.
    pub functions: Ids<Function>,
    /// Its statements, in source order.
    pub statements: Ids<Statement>,
    /// The word `match` and its own path.
    pub span: Span,
    /// Its wildcards after those of the blocks around it.
    pub captures: Vec<CaptureAt>,
    /// What a path must have for the block; `None` where no path satisfies it.
    pub pattern: Option<Vec<SegmentPattern>>,
    /// The number of segments other than a glob.
    pub(super) fixed: usize,
    /// The index of the segment that is a glob.
    pub(super) glob: Option<usize>,
    /// Its position in the order of evaluation.
    pub(super) rank: u32,
}

impl Block {
    /// The wildcard that a wildcard hides: the nearest one of its name in the blocks around.
    pub fn hidden_by(&self, slot: u8) -> Option<u8> {
        let (inner, outer) = self.captures.get(..=usize::from(slot))?.split_last()?;
        outer.iter().rposition(|capture| capture.name == inner.name).and_then(|at| u8::try_from(at).ok())
    }

    /// The index of the segment that each wildcard stands for, whatever the request; `None` for a glob, for what a glob
    /// before it shifts, and where another wildcard has the same name.
    pub(super) fn segments(&self) -> Vec<Option<u8>> {
        let segment = |(slot, capture): (u8, &CaptureAt)| {
            let shifts = self.glob.is_some_and(|glob| glob < capture.segment);
            let is_fixed = !capture.glob && !shifts && self.hidden_by(slot).is_none();
            u8::try_from(capture.segment).ok().filter(|_| is_fixed)
        };
        (0..=u8::MAX).zip(&self.captures).map(segment).collect()
    }
}

/// A segment that a path must have for a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SegmentPattern {
    /// This text.
    Literal(String),
    /// Any text.
    Any,
    /// Any number of segments, in version 1 at least one.
    Glob,
}

impl SegmentPattern {
    /// The pattern that a segment of a block's path is.
    pub(super) fn of(segment: &Segment) -> Self {
        match segment {
            Segment::Literal(text, _) => SegmentPattern::Literal(text.clone()),
            Segment::Capture(capture) if capture.glob => SegmentPattern::Glob,
            Segment::Capture(_) => SegmentPattern::Any,
        }
    }
}

/// A wildcard and the segment that it stands for.
#[derive(Clone, Debug)]
pub struct CaptureAt {
    /// Its name.
    pub name: String,
    /// The index of the segment in the path of the rules.
    pub segment: usize,
    /// Whether it takes any number of segments.
    pub glob: bool,
}

/// The rules of one service.
#[derive(Clone, Debug)]
pub struct ServiceProgram {
    /// Its name.
    pub name: String,
    /// What the paths of its requests begin with.
    pub product: Option<ServiceProduct>,
    /// The version of the language it is written in.
    pub version: Version,
    /// Functions outside services, compiled for this one, and then those declared outside its blocks.
    pub functions: Ids<Function>,
    /// Its blocks, in source order.
    pub blocks: Table<Block>,
    /// Whether evaluating any of its statements can abort the evaluation of the whole request.
    pub aborts: bool,
    /// Which blocks cover which paths.
    pub matcher: Matcher,
}

/// A compiled rules file.
#[derive(Clone)]
pub struct Program {
    /// The operations of all conditions.
    pub code: Code,
    /// The version of the language it is written in.
    pub version: Version,
    /// Statements of all services.
    pub statements: Table<Statement>,
    /// The services.
    pub services: Vec<ServiceProgram>,
}

/// Whether the path of a block ends in a glob and has no literal segments but those of the bucket or database: it then
/// covers every path that no other block covers.
pub fn is_catch_all(path: &str) -> bool {
    let segments = || RuleSegment::parse(Dialect::Service, path);
    let is_open = |(at, segment): (usize, RuleSegment<'_>)| match (at, segment) {
        (0, RuleSegment::Literal(name)) => matches!(name, "b" | "databases"),
        (2, RuleSegment::Literal(name)) => matches!(name, "o" | "documents"),
        (at, RuleSegment::Literal(_)) => at == 1,
        (_, RuleSegment::Wildcard(_) | RuleSegment::Glob(_)) => true,
    };
    matches!(segments().last(), Some(RuleSegment::Glob(_))) && segments().enumerate().all(is_open)
}

impl Program {
    /// The service of that name.
    pub fn service(&self, name: &str) -> Option<&ServiceProgram> {
        self.services.iter().find(|service| service.name == name)
    }

    /// The service of a product.
    #[inline]
    pub fn of(&self, product: ServiceProduct) -> Option<&ServiceProgram> {
        self.services.iter().find(|service| service.product == Some(product))
    }
}

impl ServiceProgram {
    /// Whether evaluating the statements of these blocks for a method can abort the evaluation of the whole request.
    ///
    /// # Errors
    ///
    /// The program does not have the blocks, or a block not its statements.
    pub fn may_abort(
        &self,
        mut blocks: impl Iterator<Item = Id<Block>>,
        statements: &Table<Statement>,
        method: &Methods,
    ) -> Result<bool, Corrupt> {
        if !self.aborts {
            return Ok(false);
        }
        blocks.try_fold(false, |found, block| {
            let own = statements.slice(self.blocks.get(block)?.statements)?;
            Ok(found || own.iter().any(|statement| statement.aborts && statement.methods.contains(method)))
        })
    }
}

/// The listing: one line for each operation.
impl std::fmt::Display for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        listing::service(self, f)
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Program({} operations, {} statements)", self.code.ops.len(), self.statements.len())
    }
}
