//! Drops the null checks that other parts of the same condition imply.

use smallvec::SmallVec;

use crate::stdlib::Dialect;

use super::{Code, Operand, Run, Test, test::is_pure, testing::enter};

/// The test of a whole condition without what its other parts imply: `request.auth != null` beside a test that reads
/// `request.auth.uid`, which fails where the other says no. As a part of a condition a failure is not a no; for the
/// whole condition it is. Nothing may be called in it, for a failure stops fewer calls than a no does.
pub(super) fn without_implied(code: &mut Code, test: Test) -> Test {
    let Test::All(run) = test else { return test };
    let parts = run.of(&code.tests);
    if code.dialect == Dialect::Database || !parts.iter().all(|part| is_pure(code, *part)) {
        return test;
    }
    let implied = |part: &Test| match part {
        Test::Null(operand, false) => parts.iter().any(|other| fails_with(code, *other, *operand)),
        _ => false,
    };
    let kept: SmallVec<[Test; 8]> = parts.iter().copied().filter(|part| !implied(part)).collect();
    match kept.as_slice() {
        [one] => *one,
        kept if kept.len() < parts.len() => Test::All(enter(code, kept)),
        _ => test,
    }
}

/// Whether a test has no answer where an operand is null: it reads a property of it.
fn fails_with(code: &Code, test: Test, operand: Operand) -> bool {
    let names = |operand: Operand| match operand {
        Operand::Variable(slot) => Some((slot, 0)),
        Operand::Member(_, at) => code.members.get(at as usize).map(|member| (member.slot, member.names.len)),
        _ => None,
    };
    let below = |other: Operand| match (names(other), names(operand)) {
        (Some((_, longer)), Some((_, shorter))) => longer > shorter && extends(code, other, operand),
        _ => false,
    };
    match test {
        Test::Null(a, _) | Test::Matches(a, _) | Test::Is(a, _) | Test::Value(a) => below(a),
        Test::Int(_, a, _) | Test::Bool(a, _) => below(a),
        Test::Compare(_, a, b) | Test::Same(a, b, _) | Test::In(a, b) => below(a) || below(b),
        _ => false,
    }
}

/// Whether to read an operand is to read another one first.
pub(super) fn extends(code: &Code, longer: Operand, shorter: Operand) -> bool {
    let member = |at: u32| code.members.get(at as usize);
    match (longer, shorter) {
        (Operand::Member(_, a), Operand::Member(_, b)) => {
            let (Some(a), Some(b)) = (member(a), member(b)) else { return false };
            let texts = |run: Run| run.of(&code.member_names).iter().map(|name| name.text);
            a.slot == b.slot && a.names.len >= b.names.len && texts(a.names).zip(texts(b.names)).all(|(a, b)| a == b)
        }
        (Operand::Member(_, a), Operand::Variable(slot)) => member(a).is_some_and(|member| member.slot == slot),
        (a, b) => a == b,
    }
}
