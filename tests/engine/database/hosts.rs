//! Hosts that are wrong: what they say may be no database at all. Nothing is allowed because of that.

use std::{cell::RefCell, collections::BTreeMap, ops::ControlFlow};

use firewarden::{
    BoxError, Error,
    database::{Data, Request, Scalar, Stored, Tree},
};
use proptest::prelude::*;
use serde_json::json;

use super::{
    data,
    generate::{request, stored, tree},
    rules,
};

/// Answers at random, sometimes truly, and notes what it said.
struct Liar {
    truth: Data,
    other: Data,
    seed: RefCell<u64>,
    said: RefCell<Vec<(String, Answer)>>,
}

#[derive(Clone, Debug)]
enum Answer {
    Nothing,
    Leaf(Scalar, Option<Scalar>),
    Children(Option<Scalar>),
    Data(Data),
    /// Names that were not wanted, and the one that was.
    Names(Vec<String>, Option<String>),
}

impl Liar {
    fn below(&self, limit: u64) -> u64 {
        let mut seed = self.seed.borrow_mut();
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) % limit
    }

    fn note(&self, path: &str, answer: Answer) {
        self.said.borrow_mut().push((path.to_owned(), answer));
    }
}

impl Tree for Liar {
    fn get(&self, path: &str) -> Result<Stored<'_>, BoxError> {
        let true_answer = match self.truth.at(path).filter(|data| !data.is_nothing()) {
            None => Answer::Nothing,
            Some(data) => match data.scalar() {
                Some(scalar) => Answer::Leaf(scalar.clone(), data.priority().cloned()),
                None => Answer::Children(data.priority().cloned()),
            },
        };
        let answer = match self.below(8) {
            0 => Answer::Nothing,
            1 => Answer::Leaf(1.0.into(), None),
            2 => Answer::Children(Some("p".into())),
            3 if !self.other.is_nothing() => Answer::Data(self.other.clone()),
            _ => true_answer,
        };
        self.note(path, answer.clone());
        Ok(match answer {
            Answer::Leaf(scalar, priority) => Stored::Leaf(scalar, priority),
            Answer::Children(priority) => Stored::Children(priority),
            Answer::Data(_) => Stored::Data(&self.other),
            Answer::Nothing | Answer::Names(..) => Stored::Nothing,
        })
    }

    fn child_names(&self, path: &str, visit: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), BoxError> {
        let (mut unwanted, mut wanted) = (Vec::new(), None);
        for name in ["", "a/b", "..", "a", "b", "c", "x"] {
            let lies = self.below(3) == 0;
            let is_there = self.truth.at(path).is_some_and(|data| data.child(name).is_some());
            if lies == is_there {
                continue;
            }
            // It goes on, whatever it is told.
            match visit(name) {
                ControlFlow::Break(()) => wanted = wanted.or(Some(name.to_owned())),
                ControlFlow::Continue(()) if wanted.is_none() => unwanted.push(name.to_owned()),
                ControlFlow::Continue(()) => {}
            }
        }
        self.note(path, Answer::Names(unwanted, wanted));
        Ok(())
    }
}

/// A database that answers as it was said.
fn said(answers: &[(String, Answer)]) -> Data {
    let mut data = Data::default();
    let mut names = BTreeMap::new();
    for (path, answer) in answers {
        match answer {
            Answer::Leaf(scalar, priority) => {
                let leaf = Data::from(scalar.clone());
                data.set(path, priority.iter().fold(leaf, |leaf, priority| leaf.with_priority(priority.clone())));
            }
            Answer::Data(all) => data.set(path, all.clone()),
            Answer::Names(unwanted, wanted) => {
                names.insert(path, (unwanted, wanted));
            }
            Answer::Nothing | Answer::Children(_) => {}
        }
    }
    // Of children nobody asked for, one is enough.
    for (path, (_, wanted)) in &names {
        let child = wanted.as_ref().map(|name| format!("{path}/{name}"));
        if let Some(child) = child.filter(|child| data.at(child).is_none()) {
            data.set(&child, 1.0.into());
        }
    }
    for (path, answer) in answers.iter().rev() {
        let Answer::Children(priority) = answer else { continue };
        if data.at(path).is_none_or(|data| data.child_count() == 0) {
            let valid = |name: &&String| ["a", "b", "c", "x"].contains(&name.as_str());
            let known = names.get(path).and_then(|(unwanted, _)| unwanted.iter().find(valid));
            data.set(&format!("{path}/{}", known.map_or("unasked", String::as_str)), 1.0.into());
        }
        data.set_priority(path, priority.clone());
    }
    data
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_host_that_lies_allows_nothing_that_no_database_allows(
        tree in tree(), request in request(), truth in stored(), other in stored(), seed in any::<u64>(),
    ) {
        let rules = rules(&tree);
        let liar = Liar { truth, other, seed: RefCell::new(seed), said: RefCell::default() };
        if let Ok(true) = rules.permits(&request, &liar) {
            let data = said(&liar.said.borrow());
            let honest = rules.permits(&request, &data).unwrap();
            prop_assert!(honest, "{}\n{:?}\n{:?}\n{:?}", tree, request, liar.said.borrow(), data);
        }
    }
}

/// Says what it is told to, and all names of children whether they are wanted or not.
struct Says(fn(&str) -> Stored<'static>, &'static [&'static str]);

impl Tree for Says {
    fn get(&self, path: &str) -> Result<Stored<'_>, BoxError> {
        Ok(self.0(path))
    }

    fn child_names(&self, _: &str, visit: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), BoxError> {
        for name in self.1 {
            let _ = visit(name);
        }
        Ok(())
    }
}

#[test]
fn names_after_the_one_that_was_wanted_do_not_count() {
    let rules = rules(&json!({ "rules": { "r": { ".write": true, ".validate": "false" } } }));
    for names in [&["keep", "zap"][..], &["zap", "keep", "", "a/b"]] {
        let host = Says(|_| Stored::Children(None), Box::leak(names.into()));
        assert!(!rules.permits(&Request::delete("/r/zap"), &host).unwrap(), "{names:?}");
        assert!(!rules.evaluate(&Request::delete("/r/zap"), &host).unwrap().is_allowed(), "{names:?}");
    }
}

#[test]
fn answers_that_contradict_each_other_end_the_decision() {
    let cases: [(&str, Request<'_>, Says); 7] = [
        (
            "data.child('a/b').exists() && !data.child('a').exists()",
            Request::read("/"),
            Says(|path| if path == "/a/b" { Stored::Leaf(1.0.into(), None) } else { Stored::Nothing }, &[]),
        ),
        (
            "data.child('a/b').exists() && data.child('a').isNumber()",
            Request::read("/"),
            Says(|_| Stored::Leaf(1.0.into(), None), &[]),
        ),
        (
            "!(data.val() < 1) && !(data.val() >= 1)",
            Request::read("/"),
            Says(|_| Stored::Leaf(f64::NAN.into(), None), &[]),
        ),
        ("!newData.exists()", Request::delete("/x"), Says(|_| Stored::Children(None), &[])),
        ("!newData.exists()", Request::delete("/x"), Says(|_| Stored::Children(None), &["", "a/b"])),
        (
            "newData.exists() && !newData.child('y').exists()",
            Request::delete("/x"),
            Says(|path| if path == "/y" { Stored::Nothing } else { Stored::Children(None) }, &["x", "y"]),
        ),
        (
            "!data.child('x').exists() && !newData.exists()",
            Request::delete("/x/z"),
            Says(|path| if path == "/x" { Stored::Nothing } else { Stored::Children(None) }, &["x"]),
        ),
    ];
    for (condition, request, host) in cases {
        let kind = if condition.contains("newData") { ".write" } else { ".read" };
        let rules = rules(&json!({ "rules": { kind: condition } }));
        let error = rules.permits(&request, &host);
        assert!(matches!(error, Err(Error::Data(_))), "{condition}: {error:?}");
    }
}

#[test]
fn data_that_contradict_what_was_said_of_a_path_below_end_the_decision() {
    fn of_b() -> Stored<'static> {
        Stored::Data(Box::leak(Box::new(data(json!({ "a": 1, "c": { "d": "x" } })))))
    }
    let cases: [(&str, Says); 4] = [
        (
            "!data.child('b/a').exists() && data.child('b').exists()",
            Says(|path| if path == "/b" { of_b() } else { Stored::Nothing }, &[]),
        ),
        (
            "data.child('b/a').val() == 2 && data.child('b').exists()",
            Says(|path| if path == "/b" { of_b() } else { Stored::Leaf(2.0.into(), None) }, &[]),
        ),
        (
            "data.child('b/c').isString() && data.child('b').exists()",
            Says(|path| if path == "/b" { of_b() } else { Stored::Leaf("y".into(), None) }, &[]),
        ),
        (
            "!data.child('b/c/e').exists() && data.child('b/x/y').exists() && data.child('b').exists()",
            Says(
                |path| match path {
                    "/b" => of_b(),
                    "/b/x/y" => Stored::Leaf(1.0.into(), None),
                    _ => Stored::Nothing,
                },
                &[],
            ),
        ),
    ];
    for (condition, host) in cases {
        let rules = rules(&json!({ "rules": { ".read": condition } }));
        let error = rules.permits(&Request::read("/"), &host);
        assert!(matches!(error, Err(Error::Data(_))), "{condition}: {error:?}");
    }
    let rules = rules(&json!({ "rules": {
        ".read": "data.child('b/a').val() == 1 && !data.child('b/c/e').exists() && data.child('b').exists()"
    } }));
    let consistent = Says(
        |path| match path {
            "/b" => of_b(),
            "/b/a" => Stored::Leaf(1.0.into(), None),
            _ => Stored::Nothing,
        },
        &[],
    );
    assert!(rules.permits(&Request::read("/"), &consistent).unwrap());
}

#[test]
fn what_follows_from_an_answer_is_not_asked() {
    let rules = rules(&json!({ "rules": { ".read": "!data.child('a').exists() && !data.child('a/b').exists()" } }));
    let host = Says(|path| if path == "/a" { Stored::Nothing } else { Stored::Leaf(1.0.into(), None) }, &[]);
    assert!(rules.permits(&Request::read("/"), &host).unwrap());
    assert!(rules.permits(&Request::read("/"), &data(json!({ "c": 1 }))).unwrap());
}
