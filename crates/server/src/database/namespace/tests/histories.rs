//! Random histories of several clients: after each step every listener has the view of its query, listens end exactly when
//! the rules end them, and nothing else is told.

use std::collections::BTreeMap;

use firewarden::database::Data;
use proptest::{prelude::*, sample::select};

use super::{model::*, *};
use crate::database::tree::below;

const PATHS: [&str; 12] = [
    "",
    "pub",
    "pub/k1",
    "pub/k2",
    "pub/10",
    "pub/9",
    "pub/k1/v",
    "gate",
    "gate/k1",
    "flags/open",
    "own/alice",
    "own/alice/k1",
];

fn queries() -> Vec<Json> {
    vec![
        json!({}),
        json!({ "l": 2, "vf": "l" }),
        json!({ "l": 2, "vf": "r" }),
        json!({ "i": "v", "l": 1, "vf": "l" }),
        json!({ "i": "v", "l": 2, "vf": "r" }),
        json!({ "i": "v", "sp": 1, "sin": true }),
        json!({ "i": "v", "sp": 0, "sin": false, "sn": "[MAX_NAME]", "ep": "a", "ein": true, "l": 2, "vf": "l" }),
        json!({ "i": ".key", "sp": "9", "sin": true, "ep": "k1", "ein": true }),
        json!({ "i": ".key", "l": 1, "vf": "r" }),
        json!({ "i": ".value", "l": 2, "vf": "r" }),
    ]
}

#[derive(Clone, Debug)]
enum Step {
    Set {
        client: usize,
        path: &'static str,
        value: Json,
    },
    /// A transaction with the hash of what is there, or of something else.
    Transaction {
        client: usize,
        path: &'static str,
        value: Json,
        is_current: bool,
    },
    Priority {
        client: usize,
        path: &'static str,
        priority: Json,
    },
    Update {
        client: usize,
        path: &'static str,
        values: Vec<(&'static str, Json)>,
    },
    Listen {
        client: usize,
        path: &'static str,
        query: usize,
    },
    Unlisten {
        client: usize,
        path: &'static str,
        query: usize,
    },
    User {
        client: usize,
        uid: Option<&'static str>,
    },
    Rules(usize),
    AtEnd {
        client: usize,
        path: &'static str,
        value: Json,
    },
    CancelAtEnd {
        client: usize,
        path: &'static str,
    },
    Disconnect {
        client: usize,
    },
}

fn scalar() -> impl Strategy<Value = Json> {
    select(vec![json!(null), json!(false), json!(true), json!(0), json!(1), json!(2.5), json!("a"), json!("b")])
}

fn value() -> impl Strategy<Value = Json> {
    let child = prop_oneof![
        2 => scalar(),
        2 => (scalar(), scalar()).prop_map(|(v, w)| json!({ "v": v, "w": w })),
        1 => scalar().prop_map(|value| json!({ ".value": value, ".priority": 2 })),
        1 => scalar().prop_map(|value| json!({ ".priority": "p", "v": value })),
    ];
    prop_oneof![
        4 => child.clone(),
        2 => prop::collection::btree_map(select(vec!["k1", "k2", "k3", "9", "10", "v", "\u{ffff}", "\u{10000}"]), child, 0..6)
            .prop_map(|children| json!(children)),
        1 => Just(json!({ ".sv": "timestamp" })),
        1 => Just(json!({ ".sv": { "increment": 1 } })),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let client = || 0..3_usize;
    let path = || select(&PATHS[..]);
    let query = || 0..queries().len();
    prop_oneof![
        6 => (client(), path(), value()).prop_map(|(client, path, value)| Step::Set { client, path, value }),
        2 => (client(), path(), value(), any::<bool>())
            .prop_map(|(client, path, value, is_current)| Step::Transaction { client, path, value, is_current }),
        1 => (client(), path(), select(vec![json!(null), json!(1), json!("q")]))
            .prop_map(|(client, path, priority)| Step::Priority { client, path, priority }),
        4 => (client(), select(vec!["", "pub", "gate"]),
              prop::collection::vec((select(vec!["k1", "k2/v", "k3", "9", "pub/k1/w", "flags/open"]), value()), 0..4))
            .prop_map(|(client, path, values)| Step::Update { client, path, values }),
        6 => (client(), path(), query()).prop_map(|(client, path, query)| Step::Listen { client, path, query }),
        1 => (client(), path(), query()).prop_map(|(client, path, query)| Step::Unlisten { client, path, query }),
        1 => (client(), select(vec![None, Some("alice"), Some("bob")])).prop_map(|(client, uid)| Step::User { client, uid }),
        1 => (0..3_usize).prop_map(Step::Rules),
        1 => (client(), path(), value()).prop_map(|(client, path, value)| Step::AtEnd { client, path, value }),
        1 => (client(), path()).prop_map(|(client, path)| Step::CancelAtEnd { client, path }),
        1 => client().prop_map(|client| Step::Disconnect { client }),
    ]
}

/// A client as an application sees it: its listens with what they show.
struct Client {
    id: SubscriberId,
    inbox: Arc<Inbox>,
    uid: Option<&'static str>,
    /// By path and number of the query, which is also its tag. Only the default query has no tag.
    views: BTreeMap<(&'static str, usize), Data>,
    at_end: Vec<(&'static str, Json)>,
}

struct World {
    namespace: Arc<Namespace>,
    clients: Vec<Client>,
    data: Data,
    rules: usize,
    queries: Vec<Json>,
}

fn tag(path: &str, query: usize) -> Option<Tag> {
    let path = PATHS.iter().position(|other| *other == path).unwrap();
    (query > 0).then(|| (path * 100 + query) as Tag)
}

impl Client {
    fn new(namespace: &Namespace) -> Self {
        let (id, inbox) = connect(namespace, User::Nobody);
        Client { id, inbox, uid: None, views: BTreeMap::new(), at_end: Vec::new() }
    }

    fn caller(&self) -> Caller {
        caller(self.uid.map_or(User::Nobody, user))
    }

    /// Applies what arrived, as an SDK does.
    fn receive(&mut self) {
        for push in self.inbox.take() {
            let data = |node: &Node| Data::from_json(&node.to_wire()).unwrap();
            match &push.change {
                Change::Data { path, value, tag } => self.apply(path, data(value), *tag),
                Change::Merge { path, children, tag } => {
                    for (rest, value) in children {
                        self.apply(&format!("{path}/{rest}"), data(value), *tag);
                    }
                }
                Change::Revoked { path, query, tag: revoked } => {
                    let before = self.views.len();
                    self.views.retain(|(at, number), _| at != path || tag(at, *number) != *revoked);
                    assert_eq!(self.views.len(), before - 1, "no listen was revoked: {path}");
                    assert_eq!(query.is_none(), revoked.is_none());
                }
            }
        }
    }

    fn apply(&mut self, path: &str, value: Data, pushed: Option<Tag>) {
        let path = path.trim_start_matches('/');
        let mut is_expected = false;
        for ((at, query), view) in &mut self.views {
            if tag(at, *query) == pushed
                && let Some(rest) = below(path, at)
            {
                is_expected = true;
                view.set(rest, value.clone());
            }
        }
        assert!(is_expected, "data that nobody listens to: {path} {pushed:?}");
    }
}

impl World {
    fn new() -> Self {
        let namespace = namespace(None);
        let clients = (0..3).map(|_| Client::new(&namespace)).collect();
        World { namespace, clients, data: Data::default(), rules: 0, queries: queries() }
    }

    fn set(&mut self, path: &str, value: &Json) {
        let value = resolve(value, self.data.at(path), self.namespace.clock().millis());
        self.data.set(path, value);
    }

    fn step(&mut self, step: Step) {
        let namespace = Arc::clone(&self.namespace);
        match step {
            Step::Set { client, path, value } => {
                let client = &self.clients[client];
                let answer = namespace.set(&client.caller(), path, value.clone(), None);
                if may_write(self.rules, client.uid, path) {
                    self.set(path, &value);
                    assert_eq!(answer.unwrap(), self.data.at(path).map_or(Node::Nothing, Node::from));
                } else {
                    assert!(matches!(answer, Err(Refused::Denied { .. })));
                }
            }
            Step::Transaction { client, path, value, is_current } => {
                let client = &self.clients[client];
                let current = self.data.at(path).map_or(Node::Nothing, Node::from);
                let hash = if is_current { current.hash() } else { "not a hash".to_owned() };
                let answer = namespace.set(&client.caller(), path, value.clone(), Some(&hash));
                let may_write = may_write(self.rules, client.uid, path);
                let may_read = may_read(self.rules, client.uid, path, &json!({}), &self.data);
                match answer {
                    Ok(_) => {
                        assert!(is_current && may_write);
                        self.set(path, &value);
                    }
                    Err(Refused::Stale { current: shown }) => {
                        assert!(!is_current && (may_read || may_write));
                        assert_eq!(shown, may_read.then_some(current));
                    }
                    Err(Refused::Denied { .. }) => assert!(!may_write && (is_current || !may_read)),
                    Err(other) => panic!("{other}"),
                }
            }
            Step::Priority { client, path, priority } => {
                let client = &self.clients[client];
                let answer = namespace.set(&client.caller(), &format!("{path}/.priority"), priority.clone(), None);
                if may_write(self.rules, client.uid, path) {
                    answer.unwrap();
                    self.data.set_priority(path, Data::from_json(&priority).unwrap().scalar().cloned());
                } else {
                    assert!(matches!(answer, Err(Refused::Denied { .. })));
                }
            }
            Step::Update { client, path, values } => {
                let client = &self.clients[client];
                let values: BTreeMap<_, _> = values.into_iter().collect();
                let answer = namespace.update(&client.caller(), path, json!(values));
                let full = |key: &str| format!("{path}/{key}");
                match values.keys().all(|key| may_write(self.rules, client.uid, &full(key))) {
                    // Nothing in nothing: the rules are not asked for paths that are not there.
                    true => {
                        answer.unwrap();
                        let now = namespace.clock().millis();
                        let before = self.data.clone();
                        for (key, value) in &values {
                            let value = resolve(value, before.at(&full(key)), now);
                            self.data.set(&full(key), value);
                        }
                    }
                    false => assert!(matches!(answer, Err(Refused::Denied { .. }))),
                }
            }
            Step::Listen { client, path, query } => {
                let may = may_read(self.rules, self.clients[client].uid, path, &self.queries[query], &self.data);
                let client = &mut self.clients[client];
                let wire = Query::from_wire(&self.queries[query]).unwrap();
                let is_new = client.views.insert((path, query), Data::default()).is_none();
                let answer = namespace.listen(client.id, path, &wire, tag(path, query), None);
                assert_eq!(answer.is_ok(), may);
                if !may {
                    assert!(is_new, "the rules have ended the listen before");
                    client.views.remove(&(path, query));
                    assert!(lock(&client.inbox.0).is_empty());
                }
            }
            Step::Unlisten { client, path, query } => {
                let client = &mut self.clients[client];
                namespace.unlisten(client.id, path, &Query::from_wire(&self.queries[query]).unwrap());
                client.views.remove(&(path, query));
            }
            Step::User { client, uid } => {
                let client = &mut self.clients[client];
                client.uid = uid;
                namespace.change_user(client.id, uid.map_or(User::Nobody, user));
            }
            Step::Rules(which) => {
                self.rules = which;
                namespace.set_rules(&rules_source(&rules(which))).unwrap();
            }
            Step::AtEnd { client, path, value } => {
                let may = may_write(self.rules, self.clients[client].uid, path);
                let client = &mut self.clients[client];
                let answer = namespace.on_disconnect_set(client.id, path, value.clone());
                assert_eq!(answer.is_ok(), may);
                if may {
                    client.at_end.retain(|(other, _)| below(other, path).is_none());
                    client.at_end.push((path, value));
                }
            }
            Step::CancelAtEnd { client, path } => {
                let client = &mut self.clients[client];
                namespace.on_disconnect_cancel(client.id, path).unwrap();
                client.at_end.retain(|(other, _)| below(other, path).is_none());
            }
            Step::Disconnect { client } => {
                let ended = std::mem::replace(&mut self.clients[client], Client::new(&namespace));
                namespace.disconnect(ended.id);
                assert!(lock(&ended.inbox.0).is_empty());
                for (path, value) in ended.at_end {
                    self.set(path, &value);
                }
            }
        }
    }

    /// Lets all clients receive what was sent, and compares with the model.
    fn check(&mut self) {
        assert_eq!(self.namespace.root(), Node::from(&self.data));
        for client in &mut self.clients {
            client.receive();
            for ((path, query), view) in &client.views {
                let query = &self.queries[*query];
                assert!(may_read(self.rules, client.uid, path, query, &self.data), "{path} {query} goes on");
                let expected = window(self.data.at(path), query);
                assert_eq!(view.to_json(), expected.to_json(), "{path} {query}");
                let read = self.namespace.read(&client.caller(), path, &Query::from_wire(query).unwrap()).unwrap();
                assert_eq!(read.value, Node::from(&expected), "{path} {query}");
            }
        }
    }

    /// The listens that the rules still allow, by client.
    fn allowed(&self) -> Vec<Vec<(&'static str, usize)>> {
        let of = |client: &Client| {
            let may = |(path, query): &(&'static str, usize)| {
                may_read(self.rules, client.uid, path, &self.queries[*query], &self.data)
            };
            client.views.keys().copied().filter(may).collect()
        };
        self.clients.iter().map(of).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn listeners_have_the_views_of_their_queries(steps in prop::collection::vec(step(), 1..40)) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
            let allowed = world.allowed();
            world.check();
            // No listen ends that is still allowed.
            let left: Vec<Vec<_>> = world.clients.iter().map(|client| client.views.keys().copied().collect()).collect();
            prop_assert_eq!(left, allowed);
            // Nobody listens: nothing is kept.
            if world.clients.iter().all(|client| client.views.is_empty()) {
                let state = lock(&world.namespace.state);
                prop_assert!(state.listens.audiences().is_empty());
            }
        }
    }
}
