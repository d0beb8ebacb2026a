//! `firewarden token callable`: the checks before a callable function, for one request.

use std::path::Path;

use serde_json::{Value as Json, json};

use super::{
    options::{CallableOptions, Format, GenerationKind},
    read,
};
use crate::{
    exit::Exit,
    input::{self, InputError},
    output::Output,
    report::pretty,
};
use firewarden::{
    auth::{
        HttpsError, TokenKind, Trust, Verifier,
        callable::{AppCheck, Call, CallableAuth, Context, Gate, Generation, TokenStatus},
        token_hint,
    },
    text::one_line,
};

pub(super) fn run(options: &CallableOptions, output: &mut Output) -> Result<Exit, InputError> {
    let now = read::now(options.common.now.as_deref())?;
    let headers = headers(options)?;
    let body = body(options)?;
    let gate = gate(options)?;
    let call = Call::new(&options.method, headers.iter().map(|(name, value)| (name.as_str(), value.as_str())), &body);
    let admitted = gate.admit(&call, now);
    match options.common.format {
        Format::Json => output.raw(&pretty(&match &admitted {
            Ok(context) => as_json(context),
            Err(error) => error_as_json(error),
        })),
        Format::Plain => output.result(&match &admitted {
            Ok(context) => in_words(context, options.generation),
            Err(error) => error_in_words(error),
        }),
    }
    if let Ok(Context { auth: Some(auth), .. }) = &admitted {
        // The emulator accepts any token; production refuses those of other kinds.
        if auth.trust() == Trust::Unsigned {
            token_hint(TokenKind::IdToken, auth.raw_token()).iter().for_each(|hint| output.warning(hint));
        }
        if auth.uid().is_none() {
            output.note(
                "the emulator creates a user without uid for a token that it cannot decode or that names no user: a \
                 function that only tests whether auth exists lets this user pass; test auth.uid",
            );
        } else if auth.trust() != Trust::Verified {
            output.note("the user is unverified: the emulator accepts any token");
        }
    }
    Ok(if admitted.is_ok() { Exit::Ok } else { Exit::Denied })
}

fn gate(options: &CallableOptions) -> Result<Gate, InputError> {
    let failed = |error: firewarden::auth::callable::WrongVerifier| InputError(error.to_string());
    let gate = match &options.keys.file {
        None => Gate::emulator(),
        Some(file) => {
            let Some(project) = options.keys.project.as_deref() else {
                return Err(InputError("missing --project, the project of the tokens".to_owned()));
            };
            let keys = read::keys(file, options.keys.kid.as_deref())?;
            let profile = options.profile.into();
            let gate = Gate::new(Verifier::id_tokens(project, keys).profile(profile)).map_err(failed)?;
            match &options.app_check_keys {
                None => gate,
                Some(file) => {
                    let keys = read::keys(file, None)?;
                    gate.app_check(Verifier::app_check(project, keys).profile(profile)).map_err(failed)?
                }
            }
        }
    };
    let generation = match options.generation {
        GenerationKind::First => Generation::First,
        GenerationKind::Second => Generation::Second,
    };
    Ok(gate.generation(generation).enforce_app_check(options.enforce_app_check))
}

/// The headers of the request, with those that every client library sends.
fn headers(options: &CallableOptions) -> Result<Vec<(String, String)>, InputError> {
    let mut headers = Vec::new();
    for stated in &options.headers {
        match stated.strip_prefix('@') {
            None => headers.push(header("--header", stated)?),
            Some(file) => {
                let file = Path::new(file);
                for (at, line) in input::text(file)?.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
                    headers.push(header(&format!("{}:{}", input::name(file), at + 1), line)?);
                }
            }
        }
    }
    let is_stated =
        |headers: &[(String, String)], name: &str| headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
    let tokens = [
        (&options.token, "--token", "Authorization", "Bearer "),
        (&options.app_check_token, "--app-check-token", "X-Firebase-AppCheck", ""),
    ];
    for (file, option, name, scheme) in tokens {
        let Some(file) = file else { continue };
        if is_stated(&headers, name) {
            return Err(InputError(format!("{option} sets the header `{name}`, which is stated, too")));
        }
        headers.push((name.to_owned(), format!("{scheme}{}", read::token(file)?)));
    }
    if !is_stated(&headers, "Content-Type") {
        headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    }
    Ok(headers)
}

/// Parses a header line. Whitespace around the value is not part of it.
fn header(location: &str, line: &str) -> Result<(String, String), InputError> {
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    let is_name = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let is_line = line.contains(':') && !line.trim_end().contains(['\r', '\n', '\0']);
    if !is_line || name.is_empty() || !name.chars().all(is_name) {
        let example = "write the name, a colon and the value, such as 'Content-Type: application/json'";
        return Err(InputError(format!("{location}: not a header; {example}")));
    }
    Ok((name.to_owned(), value.trim().to_owned()))
}

fn body(options: &CallableOptions) -> Result<Vec<u8>, InputError> {
    if let Some(body) = &options.body {
        return input::argument_bytes(body);
    }
    let data = options.data.as_ref().map_or(Ok(Json::Null), |data| input::json("--data", data))?;
    Ok(json!({ "data": data }).to_string().into_bytes())
}

/// What the function receives, without the token itself (`rawToken`), which is a secret.
fn as_json(context: &Context) -> Json {
    let trust = |trust| match trust {
        Trust::Verified => "verified",
        Trust::Unsigned => "unsigned",
        Trust::Given => "given",
    };
    let auth = |auth: &CallableAuth| {
        let (token, trust) = (auth.token().as_object(), trust(auth.trust()));
        json!({ "uid": auth.uid(), "token": token, "trust": trust })
    };
    let app = |app: &AppCheck| json!({ "appId": app.app_id, "token": app.token.as_object() });
    json!({
        "admitted": true,
        "auth": context.auth.as_ref().map(auth),
        "app": context.app.as_ref().map(app),
        "appCheck": status(context.app_check),
        "appCheckReason": context.app_check_refusal,
        "instanceIdToken": context.instance_id_token,
        "data": context.data,
    })
}

fn error_as_json(error: &HttpsError) -> Json {
    json!({
        "admitted": false,
        "status": error.status(),
        "code": error.code().name(),
        "message": error.message(),
        "body": error.to_json(),
        "reason": error.reason(),
        "hint": error.hint(),
    })
}

fn status(status: TokenStatus) -> &'static str {
    match status {
        TokenStatus::Missing => "missing",
        TokenStatus::Valid => "valid",
        TokenStatus::Invalid => "invalid",
    }
}

fn in_words(context: &Context, generation: GenerationKind) -> String {
    let (scope, data) = match generation {
        GenerationKind::First => ("context", "data"),
        GenerationKind::Second => ("request", "request.data"),
    };
    let mut text = String::from("ADMITTED  the function runs\n");
    let mut line = |name: &str, value: &str| text += &format!("  {name:<24}  {value}\n");
    match &context.auth {
        None => line(&format!("{scope}.auth"), "undefined: nobody is signed in"),
        Some(auth) => {
            let uid = auth.uid().map_or_else(|| "undefined".to_owned(), |uid| json!(uid).to_string());
            line(&format!("{scope}.auth.uid"), &uid);
            line(&format!("{scope}.auth.token"), &auth.token().to_string());
        }
    }
    let app = match (&context.app, &context.app_check_refusal) {
        (Some(app), _) => json!(app.app_id).to_string(),
        (None, Some(refusal)) => format!("undefined: {}; App Check is not enforced", one_line(refusal)),
        (None, None) => "undefined: no App Check token".to_owned(),
    };
    line(&format!("{scope}.app{}", if context.app.is_some() { ".appId" } else { "" }), &app);
    if let Some(token) = &context.instance_id_token {
        line(&format!("{scope}.instanceIdToken"), &json!(token).to_string());
    }
    line(data, &context.data.to_string());
    text
}

fn error_in_words(error: &HttpsError) -> String {
    let mut text = format!("REFUSED  {} {}\n", error.status(), error.code().name());
    let mut line = |name: &str, value: &str| text += &format!("  {name:<8}  {}\n", one_line(value));
    line("answer", &error.to_json().to_string());
    error.reason().iter().for_each(|reason| line("reason", reason));
    error.hint().iter().for_each(|hint| line("hint", hint));
    text
}
