//! Conditions that fail or are false because a request leaves out metadata of an object.

use firewarden::{
    internals::{
        eval::{Outcome, Step, StepKind},
        explain::{decisive_step, failed_step},
        service::{Cause, Decision},
    },
    storage::{OBJECT_FIELDS, Object, Request},
    value::Value,
};

/// Metadata that a condition read and the request leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingMetadata {
    /// The field, or the key of custom metadata.
    name: String,
    is_custom: bool,
    /// Whether the object is the incoming one (`request.resource`) or the stored one (`resource`).
    pub(crate) is_incoming: bool,
}

impl MissingMetadata {
    /// Finds the missing metadata that an explained denial read. `size_unstated` tells that the incoming object states
    /// no size; rules then read 0.
    pub fn of(decision: &Decision, request: &Request<'_>, size_unstated: bool) -> Option<Self> {
        let mut conditions = decision.statements().filter_map(|statement| statement.condition.as_ref());
        let search = Search { decision, objects: request.objects(), size_unstated };
        match decision.cause() {
            Cause::Failed(fault) => conditions.find_map(|condition| {
                let failed = matches!(&condition.outcome, Outcome::Error(error) if error == fault);
                search.in_step(failed.then(|| failed_step(condition, fault))?)
            }),
            Cause::ConditionsFalse => conditions.find_map(|condition| search.in_step(decisive_step(condition))),
            _ => None,
        }
    }

    /// The metadata with an example value, in the syntax of suites or, with quotes, of JSON.
    fn example(&self, quote: &str) -> String {
        let MissingMetadata { name, is_custom, .. } = self;
        let field = |name: &str, value: &str| format!("{quote}{name}{quote}: {value}");
        if *is_custom {
            return field("metadata", &format!("{{ {} }}", field(name, "…")));
        }
        match name.as_str() {
            "size" => field(name, "2048"),
            "contentType" => field(name, &format!("{quote}image/png{quote}")),
            "contentLanguage" => field(name, &format!("{quote}en{quote}")),
            _ => field(name, "…"),
        }
    }

    /// The metadata in words.
    fn what(&self) -> String {
        if self.is_custom { format!("metadata `{}`", self.name) } else { format!("`{}`", self.name) }
    }

    /// What to write in a test. `verb` is the key of the test's request, `path` the stored object.
    pub(super) fn in_suite(&self, verb: &str, path: &str) -> String {
        let (what, example) = (self.what(), self.example(""));
        match self.is_incoming {
            true if verb == "update" => format!("the test states no {what}: write `merge: {{ {example} }}`"),
            true => format!("the test states no {what}: write `with: {{ {example} }}`"),
            false => format!("the stored object states no {what}: write `objects: {{ {path}: {{ {example} }} }}`"),
        }
    }

    /// What to add to the options of the command.
    pub fn in_command(&self) -> String {
        let option = if self.is_incoming { "--with" } else { "--existing" };
        format!("{option} states no {}: write {option} '{{ {} }}'", self.what(), self.example("\""))
    }
}

struct Search<'s> {
    decision: &'s Decision,
    /// The incoming and the stored object.
    objects: (Option<&'s Object>, Option<&'s Object>),
    size_unstated: bool,
}

impl Search<'_> {
    /// Searches a step and its operands.
    fn in_step(&self, step: &Step) -> Option<MissingMetadata> {
        let negation = step.kind == StepKind::Not || step.kind == StepKind::Or;
        self.of_text(step).or_else(|| {
            let mut parts = step.parts.iter();
            parts.find_map(|part| if negation { self.in_step(part) } else { self.of_text(part) })
        })
    }

    /// Parses `request.resource.contentType`, `resource.metadata['owner']` and the like, also of a parameter.
    fn of_text(&self, step: &Step) -> Option<MissingMetadata> {
        let is_null = matches!(&step.outcome, Outcome::Value(Value::Null));
        let is_size = self.size_unstated && matches!(&step.outcome, Outcome::Value(Value::Int(0)));
        if !is_null && !is_size && !matches!(step.outcome, Outcome::Error(_)) {
            return None;
        }
        let text: String = self.decision.source().slice(step.span).split_whitespace().collect();
        let (object, name) = match text.strip_suffix(']') {
            Some(text) => {
                let (object, name) = text.rsplit_once('[')?;
                (object, name.trim_matches(['\'', '"']))
            }
            None => text.rsplit_once('.')?,
        };
        let custom = object.strip_suffix(".metadata");
        let is_custom = custom.is_some();
        let lacks = |object: &&Object| match is_custom {
            true => object.to_json().get("metadata").is_none_or(|custom| custom.get(name).is_none()),
            false if name == "size" => self.size_unstated,
            false => OBJECT_FIELDS.contains(&name) && !object.to_json().contains_key(name),
        };
        let (incoming, existing) = (self.objects.0.filter(lacks), self.objects.1.filter(lacks));
        let is_incoming = match custom.unwrap_or(object) {
            "request.resource" => incoming.map(|_| true)?,
            "resource" => existing.map(|_| false)?,
            parameter if parameter.contains(['(', ' ', '"', '\'']) => return None,
            _ => incoming.map(|_| true).or(existing.map(|_| false))?,
        };
        Some(MissingMetadata { name: name.to_owned(), is_custom, is_incoming })
    }
}
