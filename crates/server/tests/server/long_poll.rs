//! Long polling, and the switch to a WebSocket.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value as Json, json};

use crate::client::Database;

struct Poller<'d> {
    database: &'d Database,
    id: String,
    password: String,
    segment: usize,
    answers: u64,
}

/// What scripts say: messages, and whether the server closes.
#[derive(Debug, Default)]
struct Said {
    messages: Vec<Json>,
    closes: bool,
}

impl<'d> Poller<'d> {
    async fn start(database: &'d Database) -> Self {
        let script = script(database, "/.lp?start=t&ser=1&cb=7&v=5").await;
        assert!(script.contains("parent.window['pLPCommand7']") && script.contains("parent.window['pRTLPCB7']"));
        let arguments = script.split_once("pLPCommand('start','").unwrap().1;
        let (id, rest) = arguments.split_once("','").unwrap();
        let (password, rest) = rest.split_once("');").unwrap();
        assert!(rest.trim_start().starts_with("pRTLPCB(0,[{\"t\":\"c\",\"d\":{\"t\":\"h\""), "{rest}");
        Poller { database, id: id.to_owned(), password: password.to_owned(), segment: 0, answers: 1 }
    }

    fn address(&self) -> String {
        format!("/.lp?id={}&pw={}&ser=2", self.id, self.password)
    }

    /// The parameters of a message in two segments, the second before the first.
    fn segments(&mut self, message: &Json) -> String {
        let data = URL_SAFE_NO_PAD.encode(message.to_string());
        let (first, second) = data.split_at(data.len() / 2);
        let at = self.segment;
        self.segment += 2;
        format!("&seg0={}&ts0=2&d0={second}&seg1={at}&ts1=2&d1={first}", at + 1)
    }

    async fn say(&mut self, message: Json) -> Said {
        let address = self.address() + &self.segments(&message);
        self.load(&address).await
    }

    async fn load(&mut self, address: &str) -> Said {
        let script = script(self.database, address).await;
        let mut said = Said::default();
        for line in script.lines() {
            if let Some(rest) = line.strip_prefix("pRTLPCB(") {
                let (number, rest) = rest.split_once(',').unwrap();
                assert_eq!(number.parse::<u64>().unwrap(), self.answers);
                self.answers += 1;
                said.messages = serde_json::from_str(rest.strip_suffix(");").unwrap()).unwrap();
            }
            said.closes |= line.starts_with("pLPCommand('close'");
        }
        said
    }
}

async fn script(database: &Database, address: &str) -> String {
    let response = database.http.get(database.url(address)).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/javascript; charset=utf-8");
    response.text().await.unwrap()
}

fn request(number: u64, action: &str, body: Json) -> Json {
    json!({ "t": "d", "d": { "r": number, "a": action, "b": body } })
}

#[tokio::test]
async fn requests_are_answered_over_polls() {
    let database = Database::start().await;
    database.put("/open/lp.json", json!(1)).await;
    let mut poller = Poller::start(&database).await;
    let said = poller.say(request(1, "q", json!({ "p": "/open/lp", "h": "" }))).await;
    let kinds: Vec<_> = said.messages.iter().map(|message| message["d"].get("a").is_some()).collect();
    assert_eq!(kinds, [true, false]);
    // A write of another client wakes a poll that waits.
    let address = poller.address();
    let (said, status) = tokio::join!(poller.load(&address), database.put("/open/lp.json", json!("é")));
    assert_eq!(status, 200);
    assert_eq!(said.messages[0]["d"]["b"]["d"], "é");
}

#[tokio::test]
async fn the_latest_poll_is_answered() {
    let database = Database::start().await;
    let mut poller = Poller::start(&database).await;
    let old = poller.address();
    let waiting = script(&database, &old);
    let new = old.clone() + &poller.segments(&request(1, "s", json!({})));
    let (one, two) = tokio::join!(waiting, script(&database, &new));
    let answered = [one, two].iter().filter(|text| text.contains("\"r\":1")).count();
    assert_eq!(answered, 1);
}

#[tokio::test]
async fn a_session_ends_when_the_page_goes() {
    let database = Database::start().await;
    let mut poller = Poller::start(&database).await;
    poller.say(request(1, "o", json!({ "p": "/open/left", "d": true }))).await;
    let page = database.http.get(database.url(&format!("{}&dframe=t", poller.address()))).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("disconn=t"));
    let leave = format!("{}&disconn=t", poller.address());
    assert_eq!(database.http.post(database.url(&leave)).send().await.unwrap().status(), 204);
    assert_eq!(database.get("/open/left.json").await.1, true);
    assert!(poller.load(&poller.address()).await.closes);
}

#[tokio::test]
async fn strangers_are_told_to_close() {
    let database = Database::start().await;
    let mut poller = Poller::start(&database).await;
    poller.password = "wrong".to_owned();
    assert!(poller.load(&poller.address()).await.closes);
    let said = script(&database, "/.lp?id=x&pw=y&ser=1").await;
    assert_eq!(said, "pLPCommand('close');\n");
    assert_eq!(database.http.get(database.url("/.lp?start=t&cb=x')")).send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_web_socket_takes_the_session_over() {
    let database = Database::start().await;
    let mut poller = Poller::start(&database).await;
    poller.say(request(1, "q", json!({ "p": "/open/up", "h": "" }))).await;
    let mut socket = database.socket(&format!("&s={}", poller.id)).await;
    assert_eq!(socket.message().await.unwrap()["d"]["t"], "a");
    for _ in 0..2 {
        socket.raw(r#"{"t":"c","d":{"t":"p","d":{}}}"#).await;
        assert_eq!(socket.message().await.unwrap()["d"]["t"], "o");
    }
    socket.raw(r#"{"t":"c","d":{"t":"a","d":{}}}"#).await;
    // This request waits until the client's last message over polls, which is a write.
    let number = socket.send("g", json!({ "p": "/open/up", "q": {} })).await;
    let said = poller.load(&poller.address()).await;
    assert_eq!(said.messages, [json!({ "t": "c", "d": { "t": "n", "d": {} } })]);
    let segments = poller.segments(&request(2, "p", json!({ "p": "/open/up", "d": "polled" })));
    let waiting = poller.address() + &segments;
    let last = poller.address() + &poller.segments(&json!({ "t": "c", "d": { "t": "n", "d": {} } }));
    let (_, closed) = tokio::join!(script(&database, &waiting), script(&database, &last));
    assert!(closed.contains("pLPCommand('close'"), "{closed}");
    assert_eq!(socket.answer(number).await["d"], "polled");
    assert!(socket.pushes.iter().any(|push| push["d"]["b"]["d"] == "polled"), "{:?}", socket.pushes);
    socket.ok("o", json!({ "p": "/open/down", "d": 1 })).await;
    drop(socket);
    while database.get("/open/down.json").await.1.is_null() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_web_socket_for_no_session_is_reset() {
    let database = Database::start().await;
    let mut socket = database.socket("&s=unknown").await;
    assert_eq!(socket.message().await.unwrap()["d"]["t"], "r");
    assert_eq!(socket.frame().await, None);
}
