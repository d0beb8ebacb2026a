//! The users of a test, and what the test expects for each of them.

use crate::{
    file_reader::FileReader,
    node::{Kind, Node, Reader},
    synonyms::Vocabulary,
    users::User,
};
use firewarden::text::Span;

use super::{Expectation, Test};

/// A user of a test, with what the test expects for that user.
pub(super) struct UserExpectation {
    pub(super) user: User,
    pub(super) expect: Expectation,
    /// The entry of the user, in a test for several users.
    pub(super) span: Option<Span>,
}

impl Test<'_, '_> {
    /// Reads the users of a test.
    pub(super) fn users(&self, reading: &mut FileReader<'_>) -> Option<Vec<UserExpectation>> {
        let fields = &self.fields;
        let reader = &mut reading.reader;
        let Some(expect) = fields.get("expect") else {
            reader.missing(fields.node, "missing `expect`: write `expect: allow` or `expect: deny`");
            return None;
        };
        if let Kind::Map(entries) = &expect.kind {
            if entries.is_empty() {
                reader.error(
                    "wrong-value",
                    expect.span,
                    "`expect` names no user; write allow, deny, or a verdict for each user",
                );
                return None;
            }
            if let Some(key) = fields.key("as") {
                reader.error("misplaced-key", key.span, "`expect` names the users, so remove `as`");
                return None;
            }
            let mut users = Vec::new();
            for (key, node) in entries {
                users.push(UserExpectation {
                    user: self.user(reader, &key.text, key.span)?,
                    expect: expected(reader, node)?,
                    span: Some(key.span.to(node.span)),
                });
            }
            return Some(users);
        }
        let expect = expected(reader, expect)?;
        let names = match fields.stated("as") {
            None => return Some(vec![UserExpectation { user: User::nobody("guest"), expect, span: None }]),
            Some(Node { kind: Kind::List(names), span, .. }) if names.is_empty() => {
                reader.error("wrong-value", *span, "`as` names no user; remove it if nobody is signed in");
                return None;
            }
            Some(Node { kind: Kind::List(names), .. }) => names.as_slice(),
            Some(name) => std::slice::from_ref(name),
        };
        let mut users = Vec::new();
        for name in names {
            let user = match &name.kind {
                Kind::Null => User::nobody("guest"),
                Kind::Map(_) => self.stated(reading, name, &users),
                Kind::Text(text) => self.user(&mut reading.reader, text, name.span)?,
                _ => {
                    reading.reader.wrong(name, "as", "the name of a user, or a user such as `{ uid: alice }`");
                    return None;
                }
            };
            users.push(UserExpectation { user, expect, span: Some(name.span) });
        }
        Some(users)
    }

    /// Reads a user that the test itself states. The name is that of the id, the token or the variable; further users
    /// of the same name get numbers.
    fn stated(&self, reading: &mut FileReader<'_>, node: &Node, others: &[UserExpectation]) -> User {
        let text = |node: Option<&Node>, name: &str| node?.get(name)?.as_text().map(str::to_owned);
        let known = [("uid", text(Some(node), "uid")), ("token", text(Some(node), "token"))];
        let of_variable = text(node.get("auth"), "uid");
        let named =
            known.into_iter().chain([("auth", of_variable)]).find_map(|(kind, name)| Some(format!("{kind} {}", name?)));
        let name = named.unwrap_or_else(|| "stated here".to_owned());
        let same = others
            .iter()
            .map(|other| &other.user.name)
            .filter(|other| **other == name || other.starts_with(&format!("{name} (")));
        let same = same.count();
        let name = if same > 0 { format!("{name} ({})", same + 1) } else { name };
        User::read(reading, &name, node, &self.shared.project)
    }

    fn user(&self, reader: &mut Reader, name: &str, span: Span) -> Option<User> {
        let known = &self.shared.users;
        self.shared.used.borrow_mut().users.insert(name.to_owned());
        let found = known.get(name).cloned();
        let found = found.or_else(|| (name == "guest").then(|| User::nobody("guest")));
        if found.is_none() {
            let names = known.keys().map(String::as_str).take(1000).chain(["guest"]);
            let stated = match known.is_empty() {
                true => "; state users under `users:`, or in the test: `as: { uid: alice }`",
                false => "",
            };
            let message = format!("unknown user `{name}`{stated}");
            reader.unknown_name_of(Vocabulary::As, "unknown-user", span, message, name, names);
        }
        found
    }
}

fn expected(reader: &mut Reader, node: &Node) -> Option<Expectation> {
    let scalar = match &node.kind {
        Kind::Bool(value) => value.to_string(),
        Kind::Int(value) => value.to_string(),
        Kind::Text(text) => text.clone(),
        _ => {
            reader.wrong(node, "expect", "allow, deny, no-sign-in, or a verdict for each user");
            return None;
        }
    };
    match scalar.as_str() {
        "allow" => Some(Expectation::Allow),
        "deny" => Some(Expectation::Deny),
        "no-sign-in" => Some(Expectation::NoSignIn),
        other => {
            let message = format!("unknown verdict `{other}`; expected allow, deny or no-sign-in");
            let known = ["allow", "deny", "no-sign-in"].into_iter();
            reader.unknown_name_of(Vocabulary::Expectation, "wrong-value", node.span, message, other, known);
            None
        }
    }
}
