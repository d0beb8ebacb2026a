//! Random requests, made of the names and constants of the rules that they are for.

#![allow(dead_code, reason = "each test uses a part")]

use std::collections::BTreeMap;

use firewarden::{
    Auth, Timestamp, Value, firestore,
    internals::program::{Op, Part, Program, SegmentPattern, ServiceProgram},
    internals::request::ServiceProduct,
    storage,
    storage::Method,
    value::{Comparator, Map},
};
use firewarden_analysis::{ask::subject::STANDARD_CLAIMS, interpret::Facts};

/// A small deterministic generator.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// What rules speak of.
pub struct Vocabulary {
    pub texts: Vec<String>,
    pub names: Vec<String>,
    pub numbers: Vec<i64>,
    pub documents: Vec<Vec<Option<String>>>,
    pub patterns: Vec<Vec<SegmentPattern>>,
    pub now: Timestamp,
}

pub fn now() -> Timestamp {
    Timestamp::from_secs(1_796_000_000).unwrap()
}

impl Vocabulary {
    pub fn of(programs: &[(&Program, &ServiceProgram)]) -> Self {
        let mut texts: Vec<String> = ["alice", "bob", "x", "image/png"].map(String::from).to_vec();
        let mut names: Vec<String> = ["a"].map(String::from).to_vec();
        let mut numbers = vec![0, 1, 5, -1];
        let mut documents = Vec::new();
        let mut patterns = Vec::new();
        for (program, service) in programs {
            let code = &program.code;
            for constant in code.constants.iter() {
                collect(constant, &mut texts, &mut numbers);
            }
            for id in code.ops.ids() {
                match code.op(id) {
                    Ok(Op::Member(_, name)) => names.push(code.name(name).unwrap().to_owned()),
                    Ok(Op::Path(parts)) => {
                        let parts = code.parts.slice(parts).unwrap();
                        let path: Vec<_> = parts
                            .iter()
                            .map(|part| match part {
                                Part::Literal(name) => Some(code.name(*name).unwrap().to_owned()),
                                _ => None,
                            })
                            .collect();
                        if path.len() > 3 {
                            documents.push(path[3..].to_vec());
                        }
                    }
                    _ => {}
                }
            }
            patterns
                .extend(service.blocks.iter().filter(|b| !b.statements.is_empty()).filter_map(|b| b.pattern.clone()));
        }
        let known = ["auth", "token", "data", "request", "resource", "uid", "id"];
        names.retain(|name| !known.contains(&name.as_str()));
        names.extend(texts.iter().filter(|t| t.len() < 30 && !t.is_empty()).cloned());
        texts.push(String::new());
        for list in [&mut texts, &mut names] {
            list.sort();
            list.dedup();
        }
        Vocabulary { texts, names, numbers, documents, patterns, now: now() }
    }
}

fn collect(value: &Value, texts: &mut Vec<String>, numbers: &mut Vec<i64>) {
    match value {
        Value::String(text) => texts.push(text.as_str().to_string()),
        Value::Int(n) => numbers.extend([*n, n.saturating_add(1), n.saturating_sub(1)]),
        Value::List(items) => items.iter().for_each(|item| collect(item, texts, numbers)),
        Value::Map(map) => map.iter().for_each(|(key, item)| {
            texts.push(key.to_owned());
            collect(item, texts, numbers);
        }),
        _ => {}
    }
}

/// A request, and what rules see of it.
pub struct Case {
    pub storage: Option<storage::Request<'static>>,
    pub firestore: Option<firestore::Request<'static>>,
    pub documents: BTreeMap<String, Value>,
    pub facts: Facts,
}

pub struct Generator<'v> {
    pub random: Random,
    pub words: &'v Vocabulary,
    uid: String,
}

impl<'v> Generator<'v> {
    pub fn new(seed: u64, words: &'v Vocabulary) -> Self {
        Generator { random: Random::new(seed), words, uid: String::new() }
    }

    fn text(&mut self) -> String {
        match self.random.below(10) {
            0..=2 => self.uid.clone(),
            3 => format!("{}{}", self.random.pick(&self.words.texts), self.random.below(3)),
            _ => self.random.pick(&self.words.texts).clone(),
        }
    }

    fn segment(&mut self) -> String {
        let text = self.text().replace('/', "-");
        if text.is_empty() || text == "." || text == ".." || text.starts_with("__") { "s".to_owned() } else { text }
    }

    fn time(&mut self) -> Timestamp {
        let shift = [0, 1, -1, 86_400, -86_400, 40_000_000][self.random.below(6)];
        Timestamp::from_secs(self.words.now.unix_seconds() + shift).unwrap()
    }

    pub fn json(&mut self, depth: usize) -> serde_json::Value {
        match self.random.below(if depth == 0 { 5 } else { 8 }) {
            0 => serde_json::Value::Null,
            1 => self.random.chance(60).into(),
            2 => (*self.random.pick(&self.words.numbers)).into(),
            3 | 4 => self.text().into(),
            5 => (0..self.random.below(3)).map(|_| self.json(0)).collect(),
            _ => {
                let mut map = serde_json::Map::new();
                for _ in 0..self.random.below(3) {
                    let key = self.key();
                    map.insert(key, self.json(depth - 1));
                }
                map.into()
            }
        }
    }

    fn key(&mut self) -> String {
        match self.random.below(6) {
            0 => self.uid.clone(),
            _ => self.random.pick(&self.words.names).clone(),
        }
    }

    pub fn value(&mut self, depth: usize) -> Value {
        match self.random.below(if depth == 0 { 11 } else { 16 }) {
            0 => Value::Null,
            1 | 2 => Value::Bool(self.random.chance(60)),
            3 => Value::Int(*self.random.pick(&self.words.numbers)),
            4 => {
                Value::Float(*self.random.pick(&self.words.numbers) as f64 + [0.0, 0.5, f64::NAN][self.random.below(3)])
            }
            5..=8 => Value::from(self.text()),
            9 => Value::Timestamp(self.time()),
            10 => Value::Bytes(vec![1; self.random.below(3)]),
            11 | 12 => Value::List((0..self.random.below(4)).map(|_| self.value(0)).collect()),
            _ => Value::Map(self.fields(depth - 1)),
        }
    }

    fn fields(&mut self, depth: usize) -> Map {
        let mut map = Map::new();
        for _ in 0..self.random.below(6) {
            let (key, value) = (self.key(), self.value(depth));
            map.insert(key, value);
        }
        map
    }

    /// Fields, many of which are those of others.
    fn changed(&mut self, fields: &Map) -> Map {
        let mut map = Map::new();
        for (key, value) in fields.iter() {
            match self.random.below(8) {
                0 => {}
                1 => {
                    let value = self.value(1);
                    map.insert(key, value);
                }
                _ => {
                    map.insert(key, value.clone());
                }
            }
        }
        if self.random.chance(30) {
            let (key, value) = (self.key(), self.value(1));
            map.insert(key, value);
        }
        map
    }

    fn auth(&mut self) -> Option<Auth> {
        if self.random.chance(15) {
            return None;
        }
        let mut auth = Auth::user(self.uid.clone());
        if self.random.chance(50) {
            let provider = ["password", "anonymous", "google.com"][self.random.below(3)];
            auth = auth.claims(serde_json::json!({ "firebase": { "sign_in_provider": provider } }));
        }
        if self.random.chance(40) {
            let (email, verified) = (self.text(), self.random.chance(50));
            auth = auth.claims(serde_json::json!({ "email": email, "email_verified": verified }));
        }
        for _ in 0..self.random.below(3) {
            let (key, value) = (self.key(), self.json(1));
            if !STANDARD_CLAIMS.contains(&key.as_str()) {
                auth = auth.claims(serde_json::json!({ key: value }));
            }
        }
        Some(auth)
    }

    fn segments(&mut self, most: usize) -> Vec<String> {
        let pattern =
            if self.words.patterns.is_empty() { Vec::new() } else { self.random.pick(&self.words.patterns).clone() };
        let mut path = Vec::new();
        for part in pattern {
            match part {
                SegmentPattern::Literal(text) if self.random.chance(98) => path.push(text),
                SegmentPattern::Literal(_) | SegmentPattern::Any => path.push(self.segment()),
                SegmentPattern::Glob => (0..self.random.below(4)).for_each(|_| path.push(self.segment())),
            }
        }
        path.truncate(most);
        path
    }

    fn object(&mut self, name: &str) -> storage::Object {
        let mut object = storage::Object::new(name).size((*self.random.pick(&self.words.numbers)).max(0));
        if self.random.chance(70) {
            let kind = ["image/png", "image/jpeg", "video/mp4", "text/plain", "application/pdf"][self.random.below(5)];
            object = object.content_type(kind);
        }
        for _ in 0..self.random.below(3) {
            let (key, value) = (self.key(), self.text());
            object = object.metadata(key, value);
        }
        object.time_created(self.time()).updated(self.time())
    }

    /// A request of a product with that method.
    pub fn request(&mut self, product: ServiceProduct, method: Method) -> Option<Case> {
        self.uid = {
            let text = self.random.pick(&self.words.texts).clone();
            if text.is_empty() || text.contains('/') { "alice".to_owned() } else { text }
        };
        let path = self.segments(12);
        let relative: Vec<String> = path.get(3..).unwrap_or(&[]).to_vec();
        let auth = self.auth();
        let time = self.time();
        let mut documents = BTreeMap::new();
        for _ in 0..self.random.below(4) {
            if self.words.documents.is_empty() {
                break;
            }
            let template = self.random.pick(&self.words.documents).clone();
            let name: Vec<String> = template
                .iter()
                .map(|part| match part {
                    Some(text) => text.clone(),
                    None if self.random.chance(50) => self.uid.clone(),
                    None if !relative.is_empty() && self.random.chance(60) => self.random.pick(&relative).clone(),
                    None => self.segment(),
                })
                .collect();
            documents.insert(name.join("/"), Value::Map(self.fields(2)));
        }
        match product {
            ServiceProduct::Storage => self.storage(method, &relative, auth, time, documents),
            ServiceProduct::Firestore => self.firestore(method, &relative, auth, time, documents),
        }
    }

    fn storage(
        &mut self,
        method: Method,
        relative: &[String],
        auth: Option<Auth>,
        time: Timestamp,
        documents: BTreeMap<String, Value>,
    ) -> Option<Case> {
        let name = relative.join("/");
        if name.is_empty() && method != Method::List {
            return None;
        }
        let mut request = storage::Request::new(method, "pics", name.clone()).at(time);
        if matches!(method, Method::Create | Method::Update) {
            request = request.with(self.object(&name));
        }
        let stored = match method {
            Method::List => false,
            Method::Update => true,
            _ => self.random.chance(60),
        };
        if stored {
            request = request.existing(self.object(&name));
        }
        if self.random.chance(10) {
            request = request.param("a", "b");
        }
        if let Some(auth) = auth {
            request = request.auth(auth);
        }
        let (rules_request, resource) = request.variables()?;
        let mut segments = vec!["b".to_owned(), "pics".to_owned(), "o".to_owned()];
        segments.extend(relative.iter().cloned());
        let facts =
            Facts { request: rules_request, resource, segments, documents: documents.clone(), after: BTreeMap::new() };
        Some(Case { storage: Some(request), firestore: None, documents, facts })
    }

    fn firestore(
        &mut self,
        method: Method,
        relative: &[String],
        auth: Option<Auth>,
        time: Timestamp,
        mut documents: BTreeMap<String, Value>,
    ) -> Option<Case> {
        let even = relative.len() - relative.len() % 2;
        let relative = &relative[..even];
        if relative.is_empty() {
            return None;
        }
        let name = relative.join("/");
        let old = self.fields(2);
        let new = if self.random.chance(70) { self.changed(&old) } else { self.fields(2) };
        let mut segments: Vec<String> = ["databases", "(default)", "documents"].map(String::from).to_vec();
        segments.extend(relative.iter().cloned());
        let mut request = if method == Method::List {
            let mut query = firestore::Query::new();
            if self.random.chance(50) {
                query = query.limit(*self.random.pick(&self.words.numbers));
            }
            for (key, value) in old.iter().take(2) {
                if !key.is_empty() && !key.contains(['.', '`']) && !matches!(value, Value::List(_) | Value::Map(_)) {
                    query = query.filter(key, Comparator::Eq, value.clone());
                }
            }
            let collection = relative[..relative.len() - 1].join("/");
            *segments.last_mut()? = String::new();
            firestore::Request::list(collection, query)
        } else {
            let mut request = firestore::Request::new(method, name.clone());
            if matches!(method, Method::Create | Method::Update) {
                request = request.with(firestore::Document::new(name.clone(), new));
            }
            let stored = match method {
                Method::Create => false,
                Method::Update => true,
                _ => self.random.chance(80),
            };
            if stored {
                request = request.existing(firestore::Document::new(name.clone(), old));
            }
            request
        };
        documents.remove(&name);
        request = request.at(time);
        if let Some(auth) = auth {
            request = request.auth(auth);
        }
        let (rules_request, resource) = request.variables()?;
        let facts =
            Facts { request: rules_request, resource, segments, documents: documents.clone(), after: BTreeMap::new() };
        Some(Case { storage: None, firestore: Some(request), documents, facts })
    }
}

/// The rules that are available: those of examples, and of the corpus where it is present.
pub fn rules(most: usize) -> Vec<(String, String)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for example in ["examples/photos/storage.rules", "examples/wiki/firestore.rules"] {
        found.push((example.to_owned(), std::fs::read_to_string(root.join(example)).unwrap()));
    }
    if let Ok(folder) = std::env::var("FIREWARDEN_CORPUS") {
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            if file.extension().is_some_and(|e| e == "rules") {
                found.push((file.display().to_string(), std::fs::read_to_string(&file).unwrap()));
            }
        }
    }
    found.truncate(most);
    found
}
