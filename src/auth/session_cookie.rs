//! Session cookies: an ID token's claims for a longer time (identity specification, section 2.5).

use super::{Claims, checks::SESSION_COOKIE_ISSUER, server_error::ServerError};

/// Seconds that a session cookie may live: 5 minutes to 14 days.
pub const SESSION_COOKIE_LIFETIME: std::ops::RangeInclusive<i64> = 300..=1_209_600;

/// The claims of a session cookie made now (seconds since 1970) from those of an ID token. A lifetime of 0 seconds means
/// the longest.
///
/// # Errors
///
/// 400 `INVALID_DURATION` for another lifetime than [`SESSION_COOKIE_LIFETIME`] has.
///
/// ```
/// use firewarden::auth::{Claims, session_cookie};
///
/// let cookie = session_cookie(&Claims::new(), "demo-app", 300, 1_700_000_000)?;
/// assert_eq!(cookie.text("iss"), Some("https://session.firebase.google.com/demo-app"));
/// # Ok::<(), firewarden::auth::ServerError>(())
/// ```
pub fn session_cookie(id_token: &Claims, project: &str, lifetime: i64, now: i64) -> Result<Claims, ServerError> {
    let lifetime = if lifetime == 0 { *SESSION_COOKIE_LIFETIME.end() } else { lifetime };
    if !SESSION_COOKIE_LIFETIME.contains(&lifetime) {
        return Err(ServerError::bad_request("INVALID_DURATION"));
    }
    let mut claims = id_token.clone();
    claims.set("iss", format!("{SESSION_COOKIE_ISSUER}{project}"));
    claims.set("iat", now);
    claims.set("exp", now.saturating_add(lifetime));
    Ok(claims)
}
