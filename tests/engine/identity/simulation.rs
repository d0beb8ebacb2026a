//! Blocking functions beyond the recorded cases: where production and emulator differ, and a handler that is really driven.

use std::time::Duration;

use firewarden::auth::{
    Claims, EnrolledFactor, HttpsError, ProviderAccount, SecondFactor, Session, Trust, UserRecord, Verifier,
    blocking::{
        Details, Event, Flow, FunctionResponse, HandlerResult, Handlers, Message, OAuthTokens, Profile,
        RecaptchaAction, Report, Simulation, event, read_request, request_body, respond,
    },
};
use serde_json::{Value as Json, json};

use super::keys::{self, NOW, PROJECT, at};

fn user() -> UserRecord {
    UserRecord { email: Some("a@example.com".to_owned()), email_verified: Some(false), ..UserRecord::new("alice") }
}

/// A sign-up whose handlers answer as stated.
fn sign_up(profile: Profile, create: Option<FunctionResponse>, sign_in: Option<FunctionResponse>) -> Report {
    let mut handlers = |event: Event, _: &Claims| match event {
        Event::BeforeCreate => create.clone(),
        _ => sign_in.clone(),
    };
    Simulation::new(PROJECT, Flow::PasswordSignUp, at(NOW)).profile(profile).run(user(), &mut handlers)
}

fn returns(event: Event, value: Json) -> Option<FunctionResponse> {
    Some(respond(event, &HandlerResult::Returns(value)))
}

fn claims(report: &Report) -> &Claims {
    &report.outcome.as_ref().unwrap().as_ref().unwrap().claims
}

#[test]
fn seven_seconds_are_the_deadline_and_sixty_in_the_emulator() {
    let after =
        |millis| returns(Event::BeforeCreate, json!({})).map(|answer| answer.after(Duration::from_millis(millis)));
    for (profile, millis, in_time) in [
        (Profile::Production, 7_000, true),
        (Profile::Production, 7_001, false),
        (Profile::Emulator, 60_000, true),
        (Profile::Emulator, 60_500, false),
    ] {
        let report = sign_up(profile, after(millis), None);
        assert_eq!(report.outcome.is_ok(), in_time, "{profile:?} {millis}");
        if let Err(error) = report.outcome {
            assert_eq!((error.status(), error.client_code()), (500, "auth/internal-error"));
            assert!(error.message().contains("Deadline exceeded") && report.stored.is_none());
        }
    }
}

#[test]
fn only_200_is_success_in_production() {
    for (profile, accepted) in [(Profile::Production, false), (Profile::Emulator, true)] {
        let created =
            Some(FunctionResponse::new(201, r#"{"userRecord": {"displayName": "z", "updateMask": "displayName"}}"#));
        assert_eq!(sign_up(profile, created, None).outcome.is_ok(), accepted, "{profile:?}");
    }
}

#[test]
fn a_picture_has_two_names_in_production() {
    for (profile, name, expected) in [
        (Profile::Production, "photoURL", Some("p")),
        (Profile::Production, "photoUrl", Some("p")),
        (Profile::Emulator, "photoURL", None),
        (Profile::Emulator, "photoUrl", Some("p")),
    ] {
        let report = sign_up(profile, returns(Event::BeforeCreate, json!({ name: "p" })), None);
        assert_eq!(claims(&report).text("picture"), expected, "{profile:?} {name}");
    }
}

#[test]
fn a_new_user_who_may_not_sign_in_is_stored_by_the_emulator_only() {
    let refused = Some(respond(
        Event::BeforeSignIn,
        &HandlerResult::Throws { code: "permission-denied".to_owned(), message: "not you".to_owned(), details: None },
    ));
    for (profile, stored) in [(Profile::Production, false), (Profile::Emulator, true)] {
        let report = sign_up(profile, None, refused.clone());
        assert_eq!(report.stored.is_some(), stored, "{profile:?}");
        let error = report.outcome.unwrap_err();
        assert_eq!((error.status(), error.client_code()), (400, "auth/internal-error"));
        assert!(error.message().starts_with("BLOCKING_FUNCTION_ERROR_RESPONSE : "));
        // What the handler said reaches the client within the text.
        assert!(error.message().contains("not you") && error.message().contains("PERMISSION_DENIED"));
        assert_eq!(error.to_json()["error"]["code"], 400);
    }
    // One who was there before stays as he was.
    let mut handlers = |_: Event, _: &Claims| refused.clone();
    let report = Simulation::new(PROJECT, Flow::PasswordSignIn, at(NOW)).run(user(), &mut handlers);
    assert_eq!(report.stored, Some(user()));
}

#[test]
fn session_claims_are_checked_in_production_only() {
    let answered = |claims: Json| {
        let record = json!({ "sessionClaims": claims, "updateMask": "sessionClaims" });
        Some(FunctionResponse::new(200, json!({ "userRecord": record }).to_string()))
    };
    for (claims_stated, message) in [
        (json!({ "firebase": 1 }), "FORBIDDEN_CLAIM : firebase"),
        (json!([1]), "INVALID_CLAIMS"),
        (json!({ "k": "x".repeat(1000) }), "CLAIMS_TOO_LARGE"),
    ] {
        let production = sign_up(Profile::Production, None, answered(claims_stated.clone()));
        assert_eq!(production.outcome.unwrap_err().message(), message);
        assert!(sign_up(Profile::Emulator, None, answered(claims_stated)).outcome.is_ok());
    }
    let spread = sign_up(Profile::Emulator, None, answered(json!(["x"])));
    assert_eq!(claims(&spread).get("0"), Some(&json!("x")));
    let none = sign_up(Profile::Production, None, answered(json!(null)));
    assert!(none.outcome.is_ok());
}

#[test]
fn session_claims_win_in_tokens_and_are_not_stored() {
    let create = returns(Event::BeforeCreate, json!({ "customClaims": { "role": "db", "x": 1 } }));
    let sign_in = returns(Event::BeforeSignIn, json!({ "sessionClaims": { "role": "session" } }));
    let report = sign_up(Profile::Production, create, sign_in);
    let stored = report.stored.as_ref().unwrap();
    assert_eq!((claims(&report).text("role"), stored.custom_claims["role"].as_str()), (Some("session"), Some("db")));
    // They stay with the session: a refresh has them, the next sign-in does not.
    let session = report.outcome.as_ref().unwrap().as_ref().unwrap().session.clone();
    let mut none = |_: Event, _: &Claims| None;
    let refreshed =
        Simulation::new(PROJECT, Flow::Refresh, at(NOW + 3600)).session(session).run(stored.clone(), &mut none);
    assert_eq!(claims(&refreshed).text("role"), Some("session"));
    assert_eq!(claims(&refreshed).number("auth_time"), Some(NOW as f64));
    assert!(refreshed.sent.is_empty());
    let again = Simulation::new(PROJECT, Flow::PasswordSignIn, at(NOW + 7200)).run(stored.clone(), &mut none);
    assert_eq!(claims(&again).text("role"), Some("db"));
}

#[test]
fn what_recaptcha_shall_do_is_reported() {
    let report = sign_up(
        Profile::Production,
        returns(Event::BeforeCreate, json!({ "recaptchaActionOverride": "ALLOW" })),
        returns(Event::BeforeSignIn, json!({ "recaptchaActionOverride": "BLOCK" })),
    );
    assert_eq!(report.recaptcha, Some(RecaptchaAction::Block));
    assert!(report.outcome.is_ok());
}

#[test]
fn a_disabled_user_reaches_no_handler() {
    let disabled = UserRecord { disabled: true, ..user() };
    let mut handlers = |_: Event, _: &Claims| -> Option<FunctionResponse> { panic!("called") };
    let report = Simulation::new(PROJECT, Flow::PasswordSignIn, at(NOW)).run(disabled, &mut handlers);
    assert!(report.sent.is_empty());
    assert_eq!(report.outcome.unwrap_err().client_code(), "auth/user-disabled");
}

#[test]
fn an_administrator_may_make_a_disabled_account() {
    let disabled = || UserRecord { disabled: true, ..user() };
    let run = |flow| Simulation::new(PROJECT, flow, at(NOW)).run(disabled(), &mut |_: Event, _: &Claims| None);
    let made = run(Flow::AdminCreate);
    assert_eq!(made.outcome, Ok(None));
    assert!(made.stored.unwrap().disabled);
    for flow in [Flow::PasswordSignUp, Flow::Anonymous, Flow::CustomToken, Flow::FirstFactor, Flow::Refresh] {
        let error = run(flow.clone()).outcome.unwrap_err();
        assert_eq!(error.client_code(), "auth/user-disabled", "{flow:?}");
    }
}

#[test]
fn answers_that_cannot_be_read_end_in_500() {
    for body in
        ["null", r#"{"userRecord": {"updateMask": 5}}"#, r#"{"userRecord": {"updateMask": "customClaims"}}"#, ""]
    {
        let report = sign_up(Profile::Emulator, Some(FunctionResponse::new(200, body)), None);
        assert_eq!(report.outcome.unwrap_err().status(), 500, "{body}");
    }
    for body in ["{}", "[]", "5", r#"{"userRecord": null}"#, r#"{"userRecord": 0, "x": 1}"#] {
        assert!(sign_up(Profile::Emulator, Some(FunctionResponse::new(200, body)), None).outcome.is_ok(), "{body}");
    }
}

#[test]
fn odd_results_of_handlers_are_what_javascript_makes_of_them() {
    let body = |value: Json| respond(Event::BeforeCreate, &HandlerResult::Returns(value)).body;
    for falsy in [json!(false), json!(0), json!(""), json!(null), json!(5), json!(true)] {
        assert_eq!(body(falsy.clone()), "{}", "{falsy}");
    }
    assert_eq!(body(json!(["a", 1])), r#"{"userRecord":{"0":"a","1":1,"updateMask":"0,1"}}"#);
    assert_eq!(body(json!({ "recaptchaActionOverride": null })), r#"{"recaptchaActionOverride":null}"#);
}

/// A handler behind HTTP: it verifies the token, reads the event and answers.
struct Real {
    verifier: Verifier,
    seen: Vec<Json>,
}

impl Real {
    fn serve(&mut self, body: &[u8]) -> Result<HandlerResult, HttpsError> {
        let token = read_request("POST", "application/json; charset=utf-8", body)?;
        let payload = self.verifier.verify(&token, at(NOW)).expect("a good token");
        assert!(payload.auth().is_none(), "no credential for rules");
        let event = event(payload.claims(), PROJECT, at(NOW))?;
        let email = event["data"]["email"].as_str().unwrap_or_default().to_owned();
        self.seen.push(event);
        Ok(if email.ends_with("@example.com") {
            HandlerResult::Returns(json!({ "sessionClaims": { "domain": "example.com" } }))
        } else {
            HandlerResult::Throws {
                code: "invalid-argument".to_owned(),
                message: format!("not {email}"),
                details: None,
            }
        })
    }
}

impl Handlers for Real {
    fn call(&mut self, event: Event, payload: &Claims) -> Option<FunctionResponse> {
        let body = request_body(&keys::signed(payload)).to_string();
        Some(match self.serve(body.as_bytes()) {
            Ok(handled) => respond(event, &handled),
            Err(error) => FunctionResponse::new(error.status(), error.to_json().to_string()),
        })
    }
}

#[test]
fn a_real_handler_is_driven_with_signed_requests() {
    let mut real = Real { verifier: Verifier::blocking_tokens(PROJECT, keys::known()), seen: Vec::new() };
    let details = Details {
        raw_user_info: Some(r#"{"login": "octo"}"#.to_owned()),
        sign_in_attributes: Some(json!({ "role": "admin" })),
        oauth: OAuthTokens {
            access_token: Some("secret".to_owned()),
            expires_in: Some(Duration::from_secs(60)),
            ..OAuthTokens::default()
        },
        recaptcha_score: Some(0.5),
        ..Details::default()
    };
    assert!(!format!("{details:?}").contains("secret"));
    let account = UserRecord {
        providers: vec![ProviderAccount {
            provider_id: "github.com".to_owned(),
            raw_id: Some("7".to_owned()),
            ..ProviderAccount::default()
        }],
        second_factors: vec![EnrolledFactor {
            uid: "f1".to_owned(),
            phone_number: Some("+1".to_owned()),
            enrolled_at: Some("2023-11-14T22:13:20Z".to_owned()),
            ..EnrolledFactor::default()
        }],
        valid_since: Some(at(NOW)),
        ..user()
    };
    let simulation = Simulation::new(PROJECT, Flow::ProviderSignUp("github.com".to_owned()), at(NOW))
        .details(details)
        .tenant("t1")
        .event_id("e1");
    let report = simulation.run(account, &mut real);
    assert_eq!(claims(&report).text("domain"), Some("example.com"));
    let [create, sign_in] = &real.seen[..] else { panic!("two events") };
    assert_eq!(create["eventType"], "providers/cloud.auth/eventTypes/user.beforeCreate:github.com");
    assert_eq!(sign_in["eventType"], "providers/cloud.auth/eventTypes/user.beforeSignIn:github.com");
    assert_eq!((&create["authType"], &create["eventId"]), (&json!("USER"), &json!("e1")));
    assert_eq!(create["resource"]["name"], "projects/demo-x/tenants/t1");
    assert_eq!(create["timestamp"], "Tue, 14 Nov 2023 22:13:20 GMT");
    assert_eq!(
        create["additionalUserInfo"],
        json!({ "providerId": "github.com", "username": "octo", "profile": { "login": "octo" }, "isNewUser": true,
                "recaptchaScore": 0.5 })
    );
    assert_eq!(sign_in["additionalUserInfo"]["isNewUser"], false);
    assert_eq!(create["credential"]["claims"], json!({ "role": "admin" }));
    assert_eq!(create["credential"]["accessToken"], "secret");
    assert_eq!(create["credential"]["expirationTime"], "Tue, 14 Nov 2023 22:14:20 GMT");
    assert_eq!(create["data"]["providerData"], json!([{ "uid": "7", "providerId": "github.com" }]));
    assert_eq!(
        create["data"]["multiFactor"]["enrolledFactors"],
        json!([{ "uid": "f1", "phoneNumber": "+1", "factorId": "phone",
                 "enrollmentTime": "Tue, 14 Nov 2023 22:13:20 GMT" }])
    );
    assert_eq!(create["data"]["tokensValidAfterTime"], "Tue, 14 Nov 2023 22:13:20 GMT");

    let stranger = UserRecord { email: Some("x@elsewhere.org".to_owned()), ..UserRecord::new("x") };
    let refused = Simulation::new(PROJECT, Flow::PasswordSignUp, at(NOW)).run(stranger, &mut real);
    assert!(refused.outcome.unwrap_err().message().contains("not x@elsewhere.org"));
    assert!(refused.stored.is_none());
}

#[test]
fn the_emulator_sends_attributes_as_text() {
    let details = Details { sign_in_attributes: Some(json!({ "role": "admin" })), ..Details::default() };
    let flow = || Flow::ProviderSignUp("saml.corp".to_owned());
    let run = |profile| {
        let mut none = |_: Event, _: &Claims| None;
        Simulation::new(PROJECT, flow(), at(NOW)).profile(profile).details(details.clone()).run(user(), &mut none)
    };
    let sent = |profile| run(profile).sent[0].payload.get("sign_in_attributes").unwrap().clone();
    assert_eq!(sent(Profile::Production), json!({ "role": "admin" }));
    assert_eq!(sent(Profile::Emulator), json!(r#"{"role":"admin"}"#));
    let report = run(Profile::Production);
    assert_eq!(claims(&report).firebase("sign_in_attributes"), Some(&json!({ "role": "admin" })));
}

#[test]
fn the_emulator_loses_attributes_on_refresh() {
    let details = Details { sign_in_attributes: Some(json!({ "role": "admin" })), ..Details::default() };
    let attributes = json!({ "role": "admin" });
    for (profile, refreshed) in [(Profile::Production, Some(&attributes)), (Profile::Emulator, None)] {
        let mut none = |_: Event, _: &Claims| None;
        let flow = Flow::ProviderSignIn("saml.corp".to_owned());
        let first =
            Simulation::new(PROJECT, flow, at(NOW)).profile(profile).details(details.clone()).run(user(), &mut none);
        assert_eq!(claims(&first).firebase("sign_in_attributes"), Some(&attributes), "{profile:?}");
        let session = first.outcome.unwrap().unwrap().session;
        let refresh = Simulation::new(PROJECT, Flow::Refresh, at(NOW + 3600)).profile(profile).session(session);
        let second = refresh.run(user(), &mut none);
        assert_eq!(claims(&second).firebase("sign_in_attributes"), refreshed, "{profile:?}");
    }
}

#[test]
fn messages_are_events_without_a_user() {
    let simulation = Simulation::new(PROJECT, Flow::PasswordSignIn, at(NOW));
    let mail = Message::Email { to: "a@example.com".to_owned(), kind: "PASSWORD_RESET".to_owned() };
    let payload = simulation.message(&mail);
    assert_eq!((payload.text("email_type"), payload.subject()), (Some("PASSWORD_RESET"), None));
    let verifier = Verifier::blocking_tokens(PROJECT, keys::known());
    let verified = verifier.verify(&keys::signed(&payload), at(NOW)).unwrap();
    let seen = event(verified.claims(), PROJECT, at(NOW)).unwrap();
    assert_eq!((&seen["authType"], &seen["emailType"]), (&json!("UNAUTHENTICATED"), &json!("PASSWORD_RESET")));
    assert_eq!(seen["eventType"], "providers/cloud.auth/eventTypes/user.beforeSendEmail");
    assert_eq!(seen["additionalUserInfo"], json!({ "isNewUser": false, "email": "a@example.com" }));
    assert!(seen.get("data").is_none() && seen.get("smsType").is_none());
    let text = Message::Sms { to: "+1".to_owned(), kind: "SIGN_IN_OR_SIGN_UP".to_owned() };
    let seen = event(&simulation.message(&text), PROJECT, at(NOW)).unwrap();
    assert_eq!((&seen["authType"], &seen["smsType"]), (&json!("UNAUTHENTICATED"), &json!("SIGN_IN_OR_SIGN_UP")));
    assert_eq!(seen["additionalUserInfo"], json!({ "isNewUser": false, "phoneNumber": "+1" }));
    assert!(seen.get("data").is_none() && seen.get("emailType").is_none());
    // A user who comes along is no part of what the event is about.
    let mut odd = simulation.message(&text);
    odd.set("user_record", json!({ "x": 1 }));
    assert!(event(&odd, PROJECT, at(NOW)).unwrap().get("data").is_none());
}

#[test]
fn the_times_of_a_user_are_milliseconds_but_for_the_one_of_his_tokens() {
    let mut real = Real { verifier: Verifier::blocking_tokens(PROJECT, keys::known()), seen: Vec::new() };
    let account = UserRecord {
        created_at: Some(at(NOW - 86_400)),
        last_sign_in_at: Some(at(NOW - 3600)),
        valid_since: Some(at(NOW)),
        ..user()
    };
    Simulation::new(PROJECT, Flow::PasswordSignIn, at(NOW)).run(account, &mut real).outcome.unwrap();
    let data = &real.seen[0]["data"];
    assert_eq!(
        data["metadata"],
        json!({ "creationTime": "Mon, 13 Nov 2023 22:13:20 GMT", "lastSignInTime": "Tue, 14 Nov 2023 21:13:20 GMT" })
    );
    assert_eq!(data["tokensValidAfterTime"], "Tue, 14 Nov 2023 22:13:20 GMT");
    let seen = |created: Json, valid: Json| {
        let record = json!({ "uid": "u", "provider_data": [], "metadata": { "creation_time": created },
                             "tokens_valid_after_time": valid });
        let payload = keys::claims(json!({ "event_type": "beforeCreate", "user_record": record }));
        let data = event(&payload, PROJECT, at(NOW)).unwrap()["data"].clone();
        (data["metadata"]["creationTime"].clone(), data["tokensValidAfterTime"].clone())
    };
    assert_eq!(seen(json!(0), json!(0)), (json!(null), json!(null)));
    assert_eq!(seen(json!("1700000000000"), json!(1e300)), (json!("Invalid Date"), json!(null)));
    assert_eq!(seen(json!("2023-11-14T22:13:20Z"), json!(null)).0, "Tue, 14 Nov 2023 22:13:20 GMT");
}

#[test]
fn events_about_users_need_one() {
    let crash = "An unexpected error occurred.";
    let assertion = "INTERNAL ASSERT FAILED: Invalid user response";
    for name in ["beforeCreate", "beforeSignIn"] {
        for (record, message) in [
            (None, crash),
            (Some(json!(null)), crash),
            (Some(json!({ "uid": "u" })), crash),
            (Some(json!(false)), assertion),
            (Some(json!({ "x": 1 })), assertion),
            (Some(json!({ "uid": "", "provider_data": [] })), assertion),
        ] {
            let mut payload = keys::claims(json!({ "event_type": name }));
            payload.set("user_record", record.clone().unwrap_or_default());
            if record.is_none() {
                payload.remove("user_record");
            }
            let error = event(&payload, PROJECT, at(NOW)).unwrap_err();
            assert_eq!((error.status(), error.message()), (500, message), "{name} {record:?}");
        }
    }
    let other = event(&keys::claims(json!({ "event_type": "other" })), PROJECT, at(NOW)).unwrap();
    assert_eq!((&other["eventType"], &other["authType"]), (&json!("other"), &json!("UNAUTHENTICATED")));
}

#[test]
fn the_second_factor_stands_in_event_and_token() {
    let factor = SecondFactor { provider: "phone".to_owned(), identifier: "f1".to_owned() };
    let mut none = |_: Event, _: &Claims| None;
    let simulation =
        Simulation::new(PROJECT, Flow::SecondFactor("google.com".to_owned()), at(NOW)).second_factor(factor);
    let report = simulation.run(user(), &mut none);
    assert_eq!(report.sent[0].payload.text("sign_in_second_factor"), Some("phone"));
    assert_eq!(claims(&report).firebase("second_factor_identifier"), Some(&json!("f1")));
    assert_eq!(claims(&report).firebase("sign_in_provider"), Some(&json!("google.com")));
}

#[test]
fn requests_to_handlers_have_one_form() {
    let body = request_body("a.b.c").to_string();
    assert_eq!(read_request("POST", "Application/JSON", body.as_bytes()).as_deref(), Ok("a.b.c"));
    for (method, kind, body) in [
        ("GET", "application/json", body.as_str()),
        ("POST", "text/plain", body.as_str()),
        ("POST", "application/json", "{}"),
        ("POST", "application/json", r#"{"data": {"jwt": ""}}"#),
        ("POST", "application/json", "x"),
    ] {
        assert_eq!(read_request(method, kind, body.as_bytes()).unwrap_err().status(), 400, "{method} {kind} {body}");
    }
}

#[test]
fn decisions_follow_the_claims_that_a_handler_gives() {
    use firewarden::storage::{Request, Ruleset};
    let rules: Ruleset = "rules_version = '2'; service firebase.storage { match /b/{b}/o/{name=**} {
        allow read: if request.auth.token.domain == 'example.com'; } }"
        .parse()
        .unwrap();
    let mut real = Real { verifier: Verifier::blocking_tokens(PROJECT, keys::known()), seen: Vec::new() };
    let report = Simulation::new(PROJECT, Flow::PasswordSignUp, at(NOW)).run(user(), &mut real);
    let token = keys::signed(claims(&report));
    let verified = Verifier::id_tokens(PROJECT, keys::known()).verify(&token, at(NOW)).unwrap();
    let auth = verified.auth().unwrap();
    assert_eq!(auth.trust(), Trust::Verified);
    assert!(rules.permits(&Request::get("b", "x").auth(auth), &()).unwrap());
    let without = Session::new("password", at(NOW)).id_token(&user(), PROJECT, at(NOW)).unwrap();
    let verified = Verifier::id_tokens(PROJECT, keys::known()).verify(&keys::signed(&without), at(NOW)).unwrap();
    assert!(!rules.permits(&Request::get("b", "x").auth(verified.auth().unwrap()), &()).unwrap());
}
