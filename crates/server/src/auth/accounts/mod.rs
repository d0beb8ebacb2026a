//! The operations on accounts, one file for each family.

pub mod batch;
pub mod create_auth_uri;
pub mod custom_token;
pub mod delete;
pub mod email_code;
pub mod email_link;
pub mod idp;
pub mod idp_response;
pub mod import;
pub mod lookup;
pub mod password;
pub mod phone;
pub mod reset_password;
pub mod session_cookie;
pub mod sign_up;
pub mod update;
pub mod update_fields;

use crate::auth::{
    account::{Factor, is_phone_number},
    error::{Refusal, refuse},
    fields::{Text, given},
    ids,
};

/// A second factor in a request.
#[derive(Clone, Debug, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestedFactor {
    mfa_enrollment_id: Option<Text>,
    display_name: Option<Text>,
    phone_info: Option<Text>,
    enrolled_at: Option<Text>,
}

impl RequestedFactor {
    /// The factor to store, with the id and the number that the caller has checked.
    fn enrolled(self, id: String, number: String) -> Factor {
        Factor::phone(id, number, self.display_name.map(String::from), self.enrolled_at.map(String::from))
    }
}

/// The factors to store. New accounts get ids for theirs; later each must have one. Repeated numbers are dropped.
pub fn factors(requested: Vec<RequestedFactor>, makes_ids: bool) -> Result<Vec<Factor>, Refusal> {
    let mut found: Vec<Factor> = Vec::new();
    for factor in requested {
        let Some(number) = given(&factor.phone_info).filter(|number| is_phone_number(number)) else {
            return refuse("INVALID_MFA_PHONE_NUMBER : Invalid format.");
        };
        let number = number.to_owned();
        let id = match (given(&factor.mfa_enrollment_id), makes_ids) {
            (_, true) => ids::account_id(),
            (Some(id), false) => id.to_owned(),
            (None, false) => return refuse("INVALID_MFA_ENROLLMENT_ID : mfaEnrollmentId must be defined."),
        };
        if found.iter().any(|known| known.phone_info.as_deref() == Some(&number)) {
            continue;
        }
        if found.iter().any(|known| known.mfa_enrollment_id.as_deref() == Some(&id)) {
            return refuse("DUPLICATE_MFA_ENROLLMENT_ID");
        }
        found.push(factor.enrolled(id, number));
    }
    Ok(found)
}
