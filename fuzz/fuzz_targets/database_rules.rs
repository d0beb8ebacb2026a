//! `firewarden_fuzz::database_rules` under libFuzzer.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| firewarden_fuzz::database_rules(data));

#[cfg(not(fuzzing))]
fn main() {
    println!("run with: cargo +nightly fuzz run database_rules");
}
