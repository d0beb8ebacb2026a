//! Functions of the project: those that decide about sign-ups and sign-ins, and those that learn of accounts.

pub mod blocking;
mod discover;
pub mod events;

use std::sync::Mutex;

use crate::lock;

use super::{call::Call, error::Refusal};
use discover::{Discovered, FRESH, Trigger, discover};

/// Where functions run.
#[derive(Debug, Default)]
pub struct Functions {
    emulator: Mutex<Option<Emulator>>,
}

#[derive(Clone, Debug)]
struct Emulator {
    address: String,
    discovered: Option<Discovered>,
}

impl Functions {
    /// The Functions emulator, `HOST:PORT`, which hosts blocking functions and learns of new and deleted accounts.
    pub fn set_emulator(&self, address: Option<String>) {
        *lock(&self.emulator) = address.map(|address| Emulator { address, discovered: None });
    }

    /// The Functions emulator, `HOST:PORT`.
    fn emulator(&self) -> Option<String> {
        lock(&self.emulator).as_ref().map(|emulator| emulator.address.clone())
    }

    /// The blocking function that the emulator hosts for an event. The emulator is asked again after a while, since it
    /// loads functions as their sources change.
    ///
    /// # Errors
    ///
    /// The emulator does not answer. A sign-in without the function might be one that the function refuses.
    async fn hosted(&self, call: &Call, event: &str) -> Result<Option<Trigger>, Refusal> {
        let Some(Emulator { address, discovered }) = lock(&self.emulator).clone() else { return Ok(None) };
        // An emulator hosts the functions of one project.
        if call.project.id != call.auth.shared.settings.project {
            return Ok(None);
        }
        let discovered = match discovered.filter(|discovered| discovered.at.elapsed() < FRESH) {
            Some(discovered) => discovered,
            None => {
                let found = discover(&address, &call.project.id).await.map_err(|why| {
                    let what = format!("((The Functions emulator at {address} does not list its functions: {why}.))");
                    Refusal::internal(format!("BLOCKING_FUNCTION_ERROR_RESPONSE : {what}"))
                })?;
                if let Some(emulator) = lock(&self.emulator).as_mut() {
                    emulator.discovered = Some(found.clone());
                }
                found
            }
        };
        Ok(discovered.triggers.into_iter().find(|trigger| trigger.event == event))
    }
}
