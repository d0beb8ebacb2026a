//! Coverage as LCOV tracefiles, which editors and CI services read.

use std::{
    collections::BTreeMap,
    fmt::{Result, Write as _},
};

use super::FileCoverage;

/// Renders all files as one LCOV tracefile.
///
/// The functions are those of the rules; functions of the same name have their line and column appended. Each condition
/// is a block with two branches, true and false; `-` marks a condition that was never evaluated.
pub fn lcov(files: &[FileCoverage]) -> String {
    let mut out = String::new();
    for file in files {
        // Writing to a String cannot fail.
        let _ = write_file(&mut out, file);
    }
    out
}

fn write_file(out: &mut String, file: &FileCoverage) -> Result {
    let line = |offset| file.source().position(offset).line;
    // The format has no escapes: a name extends to the end of the line.
    let name: String = file.name().chars().map(|c| if c.is_control() { '_' } else { c }).collect();
    writeln!(out, "TN:\nSF:{name}")?;
    let functions = named_functions(file);
    for NamedFunction { name, line, .. } in &functions {
        writeln!(out, "FN:{line},{name}")?;
    }
    for NamedFunction { name, calls, .. } in &functions {
        writeln!(out, "FNDA:{calls},{name}")?;
    }
    let called = functions.iter().filter(|function| function.calls > 0).count();
    writeln!(out, "FNF:{}\nFNH:{called}", functions.len())?;
    for (block, condition) in file.condition_list().iter().enumerate() {
        let (line, counts) = (line(condition.span.start), condition.counts);
        for (branch, taken) in [counts.truths, counts.falses].into_iter().enumerate() {
            match counts.total() {
                0 => writeln!(out, "BRDA:{line},{block},{branch},-")?,
                _ => writeln!(out, "BRDA:{line},{block},{branch},{taken}")?,
            }
        }
    }
    let branches = file.conditions();
    writeln!(out, "BRF:{}\nBRH:{}", branches.total, branches.covered)?;
    for line in file.line_list() {
        writeln!(out, "DA:{},{}", line.line, line.hits)?;
    }
    let lines = file.lines();
    writeln!(out, "LF:{}\nLH:{}\nend_of_record", lines.total, lines.covered)
}

/// A function under a name that is unique in its file.
struct NamedFunction {
    name: String,
    line: u32,
    calls: u64,
}

/// The functions of a file; two of the same name get their positions appended.
fn named_functions(file: &FileCoverage) -> Vec<NamedFunction> {
    let mut times: BTreeMap<&str, u32> = BTreeMap::new();
    for function in file.function_list() {
        *times.entry(&function.name).or_default() += 1;
    }
    let named = file.function_list().iter().map(|function| {
        let at = file.source().position(function.span.start);
        let name = match times.get(function.name.as_str()) {
            Some(2..) => format!("{}@{}:{}", function.name, at.line, at.column),
            _ => function.name.clone(),
        };
        NamedFunction { name, line: at.line, calls: function.calls }
    });
    named.collect()
}
