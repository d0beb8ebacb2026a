//! Session cookies: the claims of an ID token with a longer lifetime (identity specification, section 2.5).

use std::{ops::RangeInclusive, time::Duration};

use crate::value::Timestamp;

use super::{Claims, policy::SESSION_COOKIE_ISSUER, server_error::ServerError};

/// The lifetimes that a session cookie may have: 5 minutes to 14 days.
pub const SESSION_COOKIE_LIFETIME: RangeInclusive<Duration> = Duration::from_secs(300)..=Duration::from_secs(1_209_600);

/// The claims of a session cookie that is issued at `now` for an ID token. A lifetime of zero means the longest; the
/// lifetime is cut to whole seconds.
///
/// # Errors
///
/// 400 `INVALID_DURATION` for a lifetime outside [`SESSION_COOKIE_LIFETIME`].
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
