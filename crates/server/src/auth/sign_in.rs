//! What all ways to sign in have in common: blocking functions, the second factor, the check of disabled accounts.

use firewarden::auth::blocking::{Details, Event, Flow};
use serde_json::{Map, Value as Json, json};

use super::{
    account::{Account, Factor, masked},
    answer::Answer,
    call::Call,
    error::{Refusal, refuse},
    functions::{blocking::Blocking, events::AccountEvent},
    token::{PendingCredential, SignIn, Tokens},
};

impl Call {
    /// Creates an account: asks the blocking function, stores, and reports the event. The flow says how the user came.
    pub async fn create(&self, mut account: Account, flow: &Flow, details: &Details) -> Result<Account, Refusal> {
        if flow.events().contains(&Event::BeforeCreate) {
            let blocking = Blocking { call: self, flow, details, second_factor: None };
            let updates = blocking.ask(Event::BeforeCreate, &account).await?;
            account.apply(&updates);
        }
        self.store_new(account)
    }

    /// Stores an account whose id must be free, and reports the event.
    pub fn store_new(&self, mut account: Account) -> Result<Account, Refusal> {
        account.tenant_id.clone_from(&self.tenant);
        let account = {
            let mut scope = self.lock();
            if scope.pool().get(&account.local_id).is_some() {
                return refuse("DUPLICATE_LOCAL_ID");
            }
            scope.pool_mut().put(account).clone()
        };
        self.auth.functions.report(self, AccountEvent::Create, &account);
        Ok(account)
    }

    /// Signs a stored user in: notes the time, asks the blocking function, refuses disabled users, issues the tokens of
    /// the session.
    pub async fn start_session(
        &self,
        id: &str,
        flow: &Flow,
        details: &Details,
        mut sign_in: SignIn,
    ) -> Result<(Account, Tokens), Refusal> {
        let account = self.lock().account(id)?.clone();
        if account.is_disabled() {
            return refuse("USER_DISABLED");
        }
        let time = Some(self.now.to_millis().to_string());
        let mut asked = account;
        asked.last_login_at.clone_from(&time);
        let updates = match flow.events().contains(&Event::BeforeSignIn) {
            true => {
                let second_factor = sign_in.second_factor.as_ref();
                let blocking = Blocking { call: self, flow, details, second_factor };
                Some(blocking.ask(Event::BeforeSignIn, &asked).await?)
            }
            false => None,
        };
        if let Some(claims) = updates.as_ref().and_then(|updates| updates.session_claims.clone()) {
            sign_in.claims = claims;
        }
        let account = self.lock().change(id, |account| {
            account.last_login_at = time;
            if let Some(updates) = &updates {
                account.apply(updates);
            }
        })?;
        if account.is_disabled() {
            return refuse("USER_DISABLED");
        }
        let tokens = self.issue(&mut self.lock(), id, &sign_in)?;
        Ok((account, tokens))
    }

    /// Whether a sign-in of the account has to show a second factor.
    pub fn needs_second_factor(&self, account: &Account) -> bool {
        !account.factors().is_empty() && self.lock().allows(|tenant| tenant.mfa_config.is_enabled())
    }

    /// The answer to a first factor: tokens come after the second.
    pub fn second_factor_wanted(&self, answer: Answer, account: &Account, provider: &str) -> Answer {
        let factors: Vec<Json> = account.factors().iter().map(redacted).collect();
        let pending = PendingCredential::new(self, &account.local_id, provider);
        answer.with("mfaPendingCredential", pending.encode()).with("mfaInfo", factors)
    }
}

/// A factor as clients see it.
fn redacted(factor: &Factor) -> Json {
    let mut fields = match json!(factor) {
        Json::Object(fields) => fields,
        _ => Map::new(),
    };
    fields.shift_remove("unobfuscatedPhoneInfo");
    if let Some(number) = &factor.phone_info {
        fields.insert("phoneInfo".to_owned(), json!(masked(number)));
    }
    Json::Object(fields)
}
