//! Costs as figures for a reader: `cargo test -p firewarden-server --release -- --ignored --nocapture costs`.

use std::time::Instant;

use firewarden::database::Data;

use super::*;

/// The shortest of several times of `run`, in nanoseconds for one of `count`.
fn nanos(count: usize, mut run: impl FnMut(usize)) -> f64 {
    let mut best = f64::MAX;
    for round in 0..7 {
        let start = Instant::now();
        (0..count).for_each(|at| run(round * count + at));
        best = best.min(start.elapsed().as_nanos() as f64 / count as f64);
    }
    best
}

/// `leaves` leaves: in one object with keys of push ids, or ten in each of many objects.
fn build(namespace: &Namespace, leaves: usize, is_flat: bool) {
    let key = |at: usize| format!("-N{at:018}");
    let fields = |at: usize| Data::object((0..10).map(|field| (format!("f{field}"), Data::from((at + field) as f64))));
    let data = match is_flat {
        true => Data::object((0..leaves).map(|at| (key(at), Data::from(at as f64)))),
        false => Data::object((0..leaves / 10).map(|at| (key(at), fields(at)))),
    };
    namespace.replace_all(data).unwrap();
}

#[test]
#[ignore = "prints figures"]
fn costs_of_leaves_and_writes() {
    for is_flat in [true, false] {
        let mut times = Vec::new();
        let mut tree_times = Vec::new();
        for leaves in [1_000, 1_000_000] {
            let namespace = namespace(None);
            let bytes = allocation_counter::measure(|| build(&namespace, leaves, is_flat)).bytes_current;
            println!("flat {is_flat}: {:.0} bytes a leaf, its key among them", bytes as f64 / leaves as f64);
            let path = |at: usize| match is_flat {
                true => format!("-N{:018}", at * 7919 % leaves),
                false => format!("-N{:018}/f3", at * 7919 % (leaves / 10)),
            };
            times.push(nanos(2_000, |at| drop(namespace.set(&Caller::default(), &path(at), json!(at), None).unwrap())));
            let mut root = namespace.root();
            tree_times.push(nanos(2_000, |at| {
                let path = path(at);
                root = root.with(&path.split('/').collect::<Vec<_>>(), Node::Number(at as f64));
            }));
        }
        println!("flat {is_flat}: a write {times:.0?} ns, ratio {:.2}", times[1] / times[0]);
        println!("flat {is_flat}: of the tree alone {tree_times:.0?} ns, ratio {:.2}", tree_times[1] / tree_times[0]);
    }
}

#[test]
#[ignore = "prints figures"]
fn costs_of_listeners() {
    struct Queue(Mutex<usize>);
    impl Subscriber for Queue {
        fn push(&self, push: &Arc<Push>) {
            *lock(&self.0) += push.frame().len();
        }
    }
    let mut times = Vec::new();
    for listeners in [0, 1, 1_000] {
        let namespace = namespace(Some(json!({ ".read": "auth != null", ".write": true })));
        for at in 0..listeners {
            let id = namespace.connect(Arc::new(Queue(Mutex::default())), caller(user(&format!("user{}", at % 10))));
            namespace.listen(id, "room", &Query::default(), None, None).unwrap();
        }
        times.push(nanos(1_000, |at| drop(namespace.set(&Caller::default(), "room/text", json!(at), None).unwrap())));
    }
    println!("a write with 0, 1, 1,000 listeners: {times:.0?} ns, ratio {:.1}", times[2] / times[1]);
    let mut windows = Vec::new();
    for children in [100, 100_000] {
        let namespace = namespace(None);
        build(&namespace, children * 10, false);
        let id = namespace.connect(Arc::new(Queue(Mutex::default())), Caller::default());
        namespace.listen(id, "", &query(json!({ "i": "f3", "l": 20, "vf": "r" })), Some(1), None).unwrap();
        let path = |at: usize| format!("-N{:018}/f3", at * 7919 % children);
        windows.push(nanos(1_000, |at| drop(namespace.set(&Caller::default(), &path(at), json!(at), None).unwrap())));
    }
    println!(
        "a write into a window over 100, 100,000 children: {windows:.0?} ns, ratio {:.1}",
        windows[1] / windows[0]
    );
}
