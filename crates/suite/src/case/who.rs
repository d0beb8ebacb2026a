//! Who asks in a test, and what is expected for each of them.

use crate::{
    idioms::Context,
    node::{Kind, Node, Reader},
    reading::Reading,
    users::User,
};
use firewarden::text::Span;

use super::{Expect, Test};

impl Test<'_, '_> {
    /// The users for whom the test is run, each with what is expected and, of several, where that stands.
    pub(super) fn users(&self, reading: &mut Reading<'_>) -> Option<Vec<(User, Expect, Option<Span>)>> {
        let fields = &self.fields;
        let reader = &mut reading.reader;
        let Some(expect) = fields.get("expect") else {
            reader.missing(fields.node, "a test says what is expected: `expect: allow` or `expect: deny`");
            return None;
        };
        if let Kind::Map(entries) = &expect.kind {
            if entries.is_empty() {
                reader.error(
                    "wrong-value",
                    expect.span,
                    "expect names no user: write allow, deny, or one of them by user",
                );
                return None;
            }
            if let Some(key) = fields.key("as") {
                reader.error("misplaced-key", key.span, "expect says for which users: leave out `as`");
                return None;
            }
            let mut users = Vec::new();
            for (key, node) in entries {
                let row = Some(key.span.to(node.span));
                users.push((self.user(reader, &key.text, key.span)?, expected(reader, node)?, row));
            }
            return Some(users);
        }
        let expect = expected(reader, expect)?;
        let names = match fields.stated("as") {
            None => return Some(vec![(User::nobody("guest"), expect, None)]),
            Some(Node { kind: Kind::List(names), span, .. }) if names.is_empty() => {
                reader.error("wrong-value", *span, "as names no user; leave it out where nobody is signed in");
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
            users.push((user, expect, Some(name.span)));
        }
        Some(users)
    }

    /// A user who is stated in the test itself, named by the id, the token or the variable. Further users of the same name
    /// get numbers.
    fn stated(&self, reading: &mut Reading<'_>, node: &Node, others: &[(User, Expect, Option<Span>)]) -> User {
        let text = |node: Option<&Node>, name: &str| node?.get(name)?.as_text().map(str::to_owned);
        let known = [("uid", text(Some(node), "uid")), ("token", text(Some(node), "token"))];
        let of_variable = text(node.get("auth"), "uid");
        let named =
            known.into_iter().chain([("auth", of_variable)]).find_map(|(kind, name)| Some(format!("{kind} {}", name?)));
        let name = named.unwrap_or_else(|| "stated here".to_owned());
        let same =
            others.iter().filter(|(user, ..)| user.name == name || user.name.starts_with(&format!("{name} ("))).count();
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
                true => "; users are stated under `users:`, or where they ask: `as: { uid: alice }`",
                false => "",
            };
            let message = format!("there is no user {name:?}{stated}");
            reader.unknown_name_of(Context::As, "unknown-user", span, message, name, names);
        }
        found
    }
}

fn expected(reader: &mut Reader, node: &Node) -> Option<Expect> {
    let scalar = match &node.kind {
        Kind::Bool(value) => value.to_string(),
        Kind::Int(value) => value.to_string(),
        Kind::Text(text) => text.clone(),
        _ => {
            reader.wrong(node, "expect", "allow, deny, no-sign-in, or one of them by user");
            return None;
        }
    };
    match scalar.as_str() {
        "allow" => Some(Expect::Allow),
        "deny" => Some(Expect::Deny),
        "no-sign-in" => Some(Expect::NoSignIn),
        other => {
            let message = format!("expect: {other:?} is none of allow, deny, no-sign-in");
            let known = ["allow", "deny", "no-sign-in"].into_iter();
            reader.unknown_name_of(Context::Expect, "wrong-value", node.span, message, other, known);
            None
        }
    }
}
