//! The event that the Functions SDK passes to the handler of a blocking function (identity specification, section 4.1).

use serde_json::{Map, Value as Json, json};

use super::Event;
use crate::{
    auth::{Claims, ErrorCode, HttpsError, ecmascript},
    value::Timestamp,
};

/// The request body with a token: `{"data": {"jwt": …}}`.
pub fn request_body(token: &str) -> Json {
    json!({ "data": { "jwt": token } })
}

/// The token in a request to a blocking function.
///
/// # Errors
///
/// 400 `Bad Request` for a method other than POST, a content type other than JSON, or a body without a token.
pub fn read_request(method: &str, content_type: &str, body: &[u8]) -> Result<String, HttpsError> {
    let bad = || HttpsError::new(ErrorCode::InvalidArgument, "Bad Request");
    if method != "POST" || !content_type.to_lowercase().contains("application/json") {
        return Err(bad());
    }
    let body: Json = serde_json::from_slice(body).map_err(|_| bad())?;
    let token = body.get("data").and_then(|data| data.get("jwt")).and_then(Json::as_str);
    token.filter(|token| !token.is_empty()).map(str::to_owned).ok_or_else(bad)
}

/// The event for a token's payload, in the format of the second generation. Its member `data` is the user; events about
/// a message have none. Times are strings in the format of JavaScript's `toUTCString`.
///
/// # Errors
///
/// 500 as in the SDK, if an event about a user has no user, or the user has no id.
pub fn event(payload: &Claims, project: &str, now: Timestamp) -> Result<Json, HttpsError> {
    let get = |name: &str| payload.get(name).cloned();
    let name = payload.text("event_type").unwrap_or_default();
    let method = payload.text("sign_in_method").filter(|method| !method.is_empty());
    let record = payload.get("user_record");
    let about = Event::parse(name);
    let user = match about {
        Some(Event::BeforeCreate | Event::BeforeSignIn) => Some(user_record(record)?),
        _ => None,
    };
    let mut event = Map::new();
    insert_some(&mut event, "locale", get("locale"));
    insert_some(&mut event, "ipAddress", get("ip_address"));
    insert_some(&mut event, "userAgent", get("user_agent"));
    insert_some(&mut event, "eventId", get("event_id"));
    let method_part = method.map(|method| format!(":{method}")).unwrap_or_default();
    // An unknown event has no prefix.
    let prefix = if about.is_some() { "providers/cloud.auth/eventTypes/user." } else { "" };
    insert_some(&mut event, "eventType", Some(json!(format!("{prefix}{name}{method_part}"))));
    insert_some(
        &mut event,
        "authType",
        Some(json!(if ecmascript::is_truthy(record) { "USER" } else { "UNAUTHENTICATED" })),
    );
    let tenant = payload.text("tenant_id").filter(|tenant| !tenant.is_empty());
    let tenant = tenant.map(|tenant| format!("/tenants/{tenant}")).unwrap_or_default();
    let resource = json!({
        "service": "identitytoolkit.googleapis.com",
        "name": format!("projects/{project}{tenant}"),
    });
    insert_some(&mut event, "resource", Some(resource));
    insert_some(&mut event, "timestamp", payload.number("iat").map(|second| json!(to_utc_string(second * 1000.0))));
    insert_some(&mut event, "additionalUserInfo", Some(additional_user_info(payload, method)));
    insert_some(&mut event, "credential", Some(credential(payload, method, now)));
    insert_some(&mut event, "emailType", get("email_type"));
    insert_some(&mut event, "smsType", get("sms_type"));
    insert_some(&mut event, "params", Some(json!({})));
    insert_some(&mut event, "data", user);
    Ok(Json::Object(event))
}

/// The provider of a sign-in method: that of an e-mail link is `password`.
fn provider_id(method: &str) -> &str {
    if method == "emailLink" { "password" } else { method }
}

fn additional_user_info(payload: &Claims, method: Option<&str>) -> Json {
    let profile = payload.text("raw_user_info").and_then(|text| serde_json::from_str::<Json>(text).ok());
    let username = match method {
        Some("github.com") => profile.as_ref().and_then(|profile| profile.get("login")),
        Some("twitter.com") => profile.as_ref().and_then(|profile| profile.get("screen_name")),
        _ => None,
    };
    let mut info = Map::new();
    insert_some(&mut info, "providerId", method.map(|method| json!(provider_id(method))));
    insert_some(&mut info, "username", username.cloned());
    insert_some(&mut info, "profile", profile.clone());
    insert_some(&mut info, "isNewUser", Some(json!(payload.text("event_type") == Some("beforeCreate"))));
    insert_some(&mut info, "recaptchaScore", payload.get("recaptcha_score").cloned());
    insert_some(&mut info, "email", payload.get("email").cloned());
    insert_some(&mut info, "phoneNumber", payload.get("phone_number").cloned());
    Json::Object(info)
}

/// The `credential`, which is null without attributes and tokens of the provider.
fn credential(payload: &Claims, method: Option<&str>, now: Timestamp) -> Json {
    let get = |name: &str| payload.get(name).filter(|value| ecmascript::is_truthy(Some(value))).cloned();
    let parts = ["sign_in_attributes", "oauth_id_token", "oauth_access_token", "oauth_refresh_token"];
    if parts.into_iter().all(|part| get(part).is_none()) {
        return Json::Null;
    }
    let mut credential = Map::new();
    insert_some(&mut credential, "claims", get("sign_in_attributes"));
    insert_some(&mut credential, "idToken", get("oauth_id_token"));
    insert_some(&mut credential, "accessToken", get("oauth_access_token"));
    insert_some(&mut credential, "refreshToken", get("oauth_refresh_token"));
    let expires = get("oauth_expires_in").and_then(|seconds| seconds.as_f64());
    insert_some(
        &mut credential,
        "expirationTime",
        expires.map(|seconds| json!(to_utc_string((now.unix_seconds() as f64 + seconds) * 1000.0))),
    );
    insert_some(&mut credential, "secret", get("oauth_token_secret"));
    insert_some(&mut credential, "providerId", method.map(|method| json!(provider_id(method))));
    insert_some(&mut credential, "signInMethod", method.map(|method| json!(method)));
    Json::Object(credential)
}

/// The `UserRecord` of the Admin SDK.
fn user_record(record: Option<&Json>) -> Result<Json, HttpsError> {
    let failed = |message: &str| HttpsError::new(ErrorCode::Internal, message);
    let crashed = || failed("An unexpected error occurred.");
    let record = record.filter(|record| !record.is_null()).ok_or_else(crashed)?;
    let get = |name: &str| record.get(name).cloned();
    if !ecmascript::is_truthy(record.get("uid")) {
        return Err(failed("INTERNAL ASSERT FAILED: Invalid user response"));
    }
    let mut user = Map::new();
    insert_some(&mut user, "uid", get("uid"));
    insert_some(&mut user, "email", get("email"));
    insert_some(&mut user, "emailVerified", get("email_verified"));
    insert_some(&mut user, "displayName", get("display_name"));
    insert_some(&mut user, "photoURL", get("photo_url"));
    insert_some(&mut user, "phoneNumber", get("phone_number"));
    insert_some(&mut user, "disabled", Some(json!(ecmascript::is_truthy(record.get("disabled")))));
    let metadata = record.get("metadata");
    insert_some(
        &mut user,
        "metadata",
        Some(json!({
            "creationTime": format_date(metadata.and_then(|m| m.get("creation_time"))),
            "lastSignInTime": format_date(metadata.and_then(|m| m.get("last_sign_in_time"))),
        })),
    );
    let providers = record.get("provider_data").and_then(Json::as_array);
    let providers = providers.ok_or_else(crashed)?;
    insert_some(&mut user, "providerData", Some(providers.iter().map(provider_data).collect()));
    insert_some(&mut user, "passwordHash", get("password_hash"));
    insert_some(&mut user, "passwordSalt", get("password_salt"));
    insert_some(&mut user, "customClaims", get("custom_claims"));
    insert_some(&mut user, "tenantId", get("tenant_id"));
    insert_some(&mut user, "tokensValidAfterTime", Some(format_seconds(record.get("tokens_valid_after_time"))));
    let factors = record.get("multi_factor").and_then(|m| m.get("enrolled_factors")).and_then(Json::as_array);
    let factors = factors.into_iter().flatten().map(multi_factor_info).collect::<Option<Vec<_>>>();
    let factors = factors.ok_or_else(|| failed("INTERNAL ASSERT FAILED: Invalid multi-factor info response"))?;
    let multi_factor = if factors.is_empty() { Json::Null } else { json!({ "enrolledFactors": factors }) };
    insert_some(&mut user, "multiFactor", Some(multi_factor));
    Ok(Json::Object(user))
}

fn provider_data(provider: &Json) -> Json {
    rename_fields(
        provider,
        &[
            ("uid", "uid"),
            ("display_name", "displayName"),
            ("email", "email"),
            ("photo_url", "photoURL"),
            ("provider_id", "providerId"),
            ("phone_number", "phoneNumber"),
        ],
    )
}

/// The `MultiFactorInfo` of the Admin SDK; `None` without an id.
fn multi_factor_info(enrolled: &Json) -> Option<Json> {
    enrolled.get("uid").filter(|uid| ecmascript::is_truthy(Some(uid)))?;
    let names =
        [("uid", "uid"), ("factor_id", "factorId"), ("display_name", "displayName"), ("phone_number", "phoneNumber")];
    let mut factor = rename_fields(enrolled, &names);
    if let Json::Object(fields) = &mut factor {
        if fields.contains_key("phoneNumber") && !fields.contains_key("factorId") {
            fields.insert("factorId".to_owned(), json!("phone"));
        }
        fields.insert("enrollmentTime".to_owned(), format_date(enrolled.get("enrollment_time")));
    }
    Some(factor)
}

fn rename_fields(object: &Json, names: &[(&str, &str)]) -> Json {
    let mut fields = Map::new();
    for (from, to) in names {
        insert_some(&mut fields, to, object.get(from).cloned());
    }
    Json::Object(fields)
}

/// Formats a date in milliseconds or RFC 3339; a missing date is null.
fn format_date(value: Option<&Json>) -> Json {
    let Some(value) = value.filter(|value| ecmascript::is_truthy(Some(value))) else { return Json::Null };
    let at = value.as_str().and_then(|text| text.parse::<Timestamp>().ok()).map(|at| at.to_millis() as f64);
    json!(to_utc_string(at.or(value.as_f64()).unwrap_or(f64::NAN)))
}

/// Formats a date in seconds; anything else is null.
fn format_seconds(value: Option<&Json>) -> Json {
    let millis =
        value.filter(|value| ecmascript::is_truthy(Some(value))).and_then(Json::as_f64).map(|second| second * 1000.0);
    millis.filter(|millis| millis.abs() <= MAX_DATE_MILLIS).map_or(Json::Null, |millis| json!(to_utc_string(millis)))
}

/// The range of a JavaScript `Date`: milliseconds before and after 1970.
const MAX_DATE_MILLIS: f64 = 8.64e15;

/// `new Date(millis).toUTCString()` in JavaScript.
fn to_utc_string(millis: f64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    if millis.is_nan() || millis.abs() > MAX_DATE_MILLIS {
        return "Invalid Date".to_owned();
    }
    let seconds = (millis.trunc() as i64).div_euclid(1000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // In years that begin in March, the leap day is the last day.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let year = year_of_era + era * 400 + i64::from(month >= 10);
    let name = |names: &[&'static str], at: i64| usize::try_from(at).ok().and_then(|at| names.get(at).copied());
    let weekday = name(&DAYS, days.rem_euclid(7)).unwrap_or_default();
    let month = name(&MONTHS, (month + 2) % 12).unwrap_or_default();
    let year = if year < 0 { format!("-{:04}", -year) } else { format!("{year:04}") };
    let (hours, minutes, seconds) = (second / 3600, second / 60 % 60, second % 60);
    format!("{weekday}, {day:02} {month} {year} {hours:02}:{minutes:02}:{seconds:02} GMT")
}

fn insert_some(fields: &mut Map<String, Json>, name: &str, value: Option<Json>) {
    if let Some(value) = value {
        fields.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_javascript_does() {
        for (millis, expected) in [
            (0.0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_700_000_000_000.0, "Tue, 14 Nov 2023 22:13:20 GMT"),
            (951_782_400_000.0, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (-1.0, "Wed, 31 Dec 1969 23:59:59 GMT"),
            (8.64e15, "Sat, 13 Sep 275760 00:00:00 GMT"),
            (8.65e15, "Invalid Date"),
            (-62_198_755_200_000.0, "Fri, 01 Jan -0001 00:00:00 GMT"),
        ] {
            assert_eq!(to_utc_string(millis), expected);
        }
    }
}
