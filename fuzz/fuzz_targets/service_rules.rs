//! `firewarden_fuzz::service_rules` under libFuzzer.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| firewarden_fuzz::service_rules(data));

#[cfg(not(fuzzing))]
fn main() {
    println!("run with: cargo +nightly fuzz run service_rules");
}
