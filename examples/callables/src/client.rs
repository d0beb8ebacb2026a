//! A client that calls each function once and prints what comes back: plain HTTP over loopback.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

/// Calls everything in turn.
pub fn tour(server: SocketAddr, token: &str) -> std::io::Result<()> {
    let calls = [
        ("a guest's message", "addMessage", None, r#"{"data": {"text": "hi"}}"#),
        ("a forged token", "addMessage", Some("a.b.c"), r#"{"data": {"text": "hi"}}"#),
        ("a message", "addMessage", Some(token), r#"{"data": {"text": "hi"}}"#),
        ("no text", "addMessage", Some(token), r#"{"data": {}}"#),
        ("not a call", "addMessage", Some(token), r#"{"text": "hi"}"#),
        ("a guest in the chat", "getChatToken", None, r#"{"data": null}"#),
        ("a token before there is a chat user", "getChatToken", Some(token), r#"{"data": null}"#),
        ("a chat user and his token", "createChatUser", Some(token), r#"{"data": null}"#),
        ("another token", "getChatToken", Some(token), r#"{"data": null}"#),
        ("all of them revoked", "revokeChatToken", Some(token), r#"{"data": null}"#),
    ];
    for (what, name, token, body) in calls {
        show(what, &request(server, "POST", &format!("/functions/{name}"), token, body)?);
    }
    show("alice's account is deleted", &request(server, "DELETE", "/accounts/alice", None, "")?);
    show(
        "and with it the chat user",
        &request(server, "POST", "/functions/getChatToken", Some(token), r#"{"data": null}"#)?,
    );
    Ok(())
}

fn show(what: &str, answer: &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let status = head.split(' ').nth(1).unwrap_or_default();
    println!("{what:<38} {status} {body}");
}

fn request(server: SocketAddr, method: &str, path: &str, token: Option<&str>, body: &str) -> std::io::Result<String> {
    let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let mut stream = TcpStream::connect(server)?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n{authorization}\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
