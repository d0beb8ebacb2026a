//! Session cookies: an ID token's claims for a longer time (identity specification, section 2.5).

use std::{ops::RangeInclusive, time::Duration};

use crate::value::Timestamp;

use super::{Claims, checks::SESSION_COOKIE_ISSUER, server_error::ServerError};

/// How long a session cookie may live: 5 minutes to 14 days.
pub const SESSION_COOKIE_LIFETIME: RangeInclusive<Duration> = Duration::from_secs(300)..=Duration::from_secs(1_209_600);

/// The claims of a session cookie made now from those of an ID token. A lifetime of zero means the longest; tokens count
/// whole seconds.
///
/// # Errors
///
/// 400 `INVALID_DURATION` for another lifetime than [`SESSION_COOKIE_LIFETIME`] has.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use firewarden::auth::{Claims, session_cookie};
///
/// let cookie = session_cookie(&Claims::new(), "demo-app", Duration::from_secs(300), SystemTime::now().into())?;
/// assert_eq!(cookie.text("iss"), Some("https://session.firebase.google.com/demo-app"));
/// # Ok::<(), firewarden::auth::ServerError>(())
/// ```
pub fn session_cookie(
    id_token: &Claims,
    project: &str,
    lifetime: Duration,
    now: Timestamp,
) -> Result<Claims, ServerError> {
    let lifetime = if lifetime.is_zero() { *SESSION_COOKIE_LIFETIME.end() } else { lifetime };
    if !SESSION_COOKIE_LIFETIME.contains(&lifetime) {
        return Err(ServerError::bad_request("INVALID_DURATION"));
    }
    let mut claims = id_token.clone();
    claims.set("iss", format!("{SESSION_COOKIE_ISSUER}{project}"));
    claims.set("iat", now.unix_seconds());
    claims.set("exp", now.saturating_add(Duration::from_secs(lifetime.as_secs())).unix_seconds());
    Ok(claims)
}
