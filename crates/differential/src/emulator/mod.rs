//! The official emulator as a black box: start it, ask it, read what it answers.

pub mod client;
pub mod compiled;
pub mod coverage;
pub mod denial;
mod process;
mod requests;

pub use client::{Answer, Client, Who};
pub use compiled::{Compiled, Issue};
pub use process::{Emulator, NoEmulator};
pub use requests::Project;
