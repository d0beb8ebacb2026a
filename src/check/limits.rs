//! Static limits, and the checks of those that apply to match blocks.
//!
//! The numbers are measured (language specification, section 5), where they differ from the documentation. Limits of
//! functions are checked with the functions: `scope.rs`, `calls.rs`, `body.rs`.

use super::{codes::Code, problems::Problems};
use crate::{
    syntax::ast::{Match, Ruleset, Segment, Version},
    text::{Source, Span},
};

/// The limits of a ruleset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Size in bytes of a source that can be deployed; the official compiler accepts longer ones.
    pub source_bytes: usize,
    /// Segments of a path, summed over nested blocks.
    pub path_segments: usize,
    /// Captures, summed over nested blocks.
    pub captures: usize,
    /// Blocks nested in the outermost one.
    pub nested_blocks: usize,
    /// Parameters of a function.
    pub parameters: usize,
    /// Variables of a function; the official message says ten, but the official compiler accepts one more.
    pub variables: usize,
    /// Depth of calls between functions.
    pub call_depth: usize,
}

impl Limits {
    /// The limits of the official compiler and of deployment.
    pub const OFFICIAL: Limits = Limits {
        source_bytes: 256 * 1024,
        path_segments: 100,
        captures: 20,
        nested_blocks: 10,
        parameters: 7,
        variables: 11,
        call_depth: 20,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Limits::OFFICIAL
    }
}

/// The sums over the blocks around a block.
#[derive(Clone, Copy, Default)]
struct Enclosing {
    segments: usize,
    captures: usize,
    blocks: usize,
    glob: bool,
}

/// Checks that a file can be deployed.
pub(super) fn size(source: &Source, limits: &Limits, problems: &mut Problems) {
    let bytes = source.text().len();
    if bytes > limits.source_bytes {
        let most = limits.source_bytes;
        let message = format!("The source has {bytes} bytes; deployment refuses more than {most}.");
        problems.push(Code::TooLarge.problem(None, message));
    }
}

/// Checks all blocks of a file.
pub(super) fn blocks(ruleset: &Ruleset, limits: &Limits, problems: &mut Problems) {
    for service in ruleset.services() {
        for block in &service.matches {
            check(block, Enclosing::default(), ruleset.version, limits, problems);
        }
    }
}

// The parser refuses blocks nested 64 deep, which bounds the recursion.
fn check(block: &Match, outer: Enclosing, version: Version, limits: &Limits, problems: &mut Problems) {
    let is_glob = |segment: &Segment| matches!(segment, Segment::Capture(capture) if capture.glob);
    let is_capture = |segment: &&Segment| matches!(segment, Segment::Capture(_));
    let glob = block.path.iter().any(is_glob);
    let inner = Enclosing {
        segments: outer.segments + block.path.len(),
        captures: outer.captures + block.path.iter().filter(is_capture).count(),
        blocks: outer.blocks + 1,
        glob: outer.glob || glob,
    };
    let at: Span = block.keyword;
    // A limit is reported where it is exceeded, not again in inner blocks.
    let passes = |before: usize, after: usize, limit: usize| before <= limit && after > limit;
    if passes(outer.segments, inner.segments, limits.path_segments) {
        problems.add(
            Code::PathTooLong,
            at,
            format!("Maximum allowed path length of {} is reached.", limits.path_segments),
        );
    }
    if passes(outer.captures, inner.captures, limits.captures) {
        let message = format!("Maximum allowed amount of {} match field variables is reached.", limits.captures);
        problems.add(Code::TooManyCaptures, at, message);
    }
    if passes(outer.blocks, inner.blocks, limits.nested_blocks + 1) {
        let message = format!("Maximum allowed resource rule depth of {} is reached.", limits.nested_blocks);
        problems.add(Code::BlocksTooDeep, at, message);
    }
    if glob && version == Version::V1 && !block.matches.is_empty() {
        problems.add(Code::GlobChildren, at, "Glob(**) resource rules should not have child resource rules.");
    }
    if glob && outer.glob && version == Version::V2 {
        let message = "Invalid glob match expression. Only one glob match is permitted in a match declaration path.";
        problems.add(Code::NestedGlob, at, message);
    }
    for child in &block.matches {
        check(child, inner, version, limits, problems);
    }
}
