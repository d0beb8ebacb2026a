//! Files of invariants.

use std::path::{Path, PathBuf};

use firewarden_analysis::{
    ask::law::{Law, Quantifier},
    schema::Method,
};
use serde_json::{Map, Value as Json};

use super::method;
use crate::input::{self, InputError};

/// What a file of invariants says.
pub(super) struct Invariants {
    /// The rules that it names.
    pub(super) rules: Option<PathBuf>,
    /// The time from which its proofs hold.
    pub(super) now: Option<String>,
    /// Functions that its expressions may call.
    pub(super) functions: String,
    /// The invariants.
    pub(super) laws: Vec<Law>,
}

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<Invariants, InputError> {
    let name = input::name(path);
    let fail = |why: String| InputError(format!("{name}: {why}"));
    let json =
        firewarden_suite::to_json(&name, &input::text(path)?).map_err(|problems| InputError(problems.to_string()))?;
    let Json::Object(fields) = json else { return Err(fail("a map of `rules`, `never` and `always`".to_owned())) };
    let text = |key: &str| fields.get(key).and_then(Json::as_str);
    let mut laws = Vec::new();
    for (key, value) in &fields {
        match key.as_str() {
            "rules" | "now" | "functions" => {}
            "never" => laws.extend(each(value, Quantifier::Never).map_err(&fail)?),
            "always" => laws.extend(each(value, Quantifier::Always).map_err(&fail)?),
            "frozen" => laws.extend(frozen(value).map_err(&fail)?),
            other => {
                return Err(fail(format!(
                    "`{other}` is none of `rules`, `now`, `functions`, `never`, `always`, `frozen`"
                )));
            }
        }
    }
    let beside = path.parent().unwrap_or(Path::new(""));
    Ok(Invariants {
        rules: text("rules").map(|rules| beside.join(rules)),
        now: text("now").map(str::to_owned),
        functions: text("functions").unwrap_or_default().to_owned(),
        laws,
    })
}

/// The laws of a list of maps from a name to a law.
fn each(value: &Json, quantifier: Quantifier) -> Result<Vec<Law>, String> {
    let items = value.as_array().ok_or("a list of laws, each `- name: { METHOD: PATH, when: … }`")?;
    let mut laws = Vec::new();
    for item in items {
        let entries = item.as_object().ok_or("a law is a map: `name: { METHOD: PATH, when: … }`")?;
        for (name, body) in entries {
            let body =
                body.as_object().ok_or_else(|| format!("`{name}` is no law: write `{{ METHOD: PATH, when: … }}`"))?;
            laws.push(law(name, body, quantifier)?);
        }
    }
    Ok(laws)
}

fn law(name: &str, body: &Map<String, Json>, quantifier: Quantifier) -> Result<Law, String> {
    let (mut methods, mut path) = (Vec::new(), None);
    for (key, value) in body {
        match key.as_str() {
            "when" | "unless" => {}
            // Several methods are written with commas: all but the last have no path in YAML's short form.
            names => {
                for one in names.split(',') {
                    methods.extend(named(one.trim())?);
                }
                if let Some(text) = value.as_str() {
                    path = Some(text.to_owned());
                }
            }
        }
    }
    let text = |key: &str| match body.get(key) {
        Some(Json::String(text)) => Some(text.clone()),
        Some(Json::Bool(b)) => Some(b.to_string()),
        _ => None,
    };
    let path = path.ok_or_else(|| format!("`{name}` has no path: write `{{ METHOD: PATH, when: … }}`"))?;
    Ok(Law { name: name.to_owned(), quantifier, methods, path, when: text("when"), unless: text("unless") })
}

/// The methods of a name: `write` means three.
pub(super) fn named(name: &str) -> Result<Vec<Method>, String> {
    match name {
        "read" => Ok(vec![Method::Get, Method::List]),
        "write" => Ok(vec![Method::Create, Method::Update, Method::Delete]),
        name => method(name).map(|method| vec![method]).map_err(|error| error.to_string()),
    }
}

/// Fields that never change: a list of maps from a path to names.
fn frozen(value: &Json) -> Result<Vec<Law>, String> {
    let items = value.as_array().ok_or("`frozen` is a list of `- PATH: [FIELD, …]`")?;
    let mut laws = Vec::new();
    for (path, names) in items.iter().filter_map(Json::as_object).flatten() {
        for name in names.as_array().into_iter().flatten().filter_map(Json::as_str) {
            laws.push(Law {
                name: format!("{name} of {path} never changes"),
                quantifier: Quantifier::Never,
                methods: vec![Method::Update],
                path: path.clone(),
                when: Some(format!("request.resource.data.diff(resource.data).affectedKeys().hasAny(['{name}'])")),
                unless: None,
            });
        }
    }
    Ok(laws)
}

/// A law on the command line: `METHOD PATH [when EXPRESSION] [unless EXPRESSION]`.
pub(super) fn argument(text: &str) -> Result<Law, InputError> {
    let fail = |why: &str| InputError(format!("--never `{text}`: {why}"));
    let (head, unless) = match text.split_once(" unless ") {
        Some((head, unless)) => (head, Some(unless.to_owned())),
        None => (text, None),
    };
    let (head, when) = match head.split_once(" when ") {
        Some((head, when)) => (head, Some(when.to_owned())),
        None => (head, None),
    };
    let (names, path) = head.trim().split_once(' ').ok_or_else(|| fail("write `METHOD PATH [when …] [unless …]`"))?;
    let mut methods = Vec::new();
    for name in names.split(',') {
        methods.extend(named(name).map_err(|why| fail(&why))?);
    }
    Ok(Law {
        name: text.to_owned(),
        quantifier: Quantifier::Never,
        methods,
        path: path.trim().to_owned(),
        when,
        unless,
    })
}
