//! `firewarden_fuzz::requests` under libFuzzer.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| firewarden_fuzz::requests(data));

#[cfg(not(fuzzing))]
fn main() {
    println!("run with: cargo +nightly fuzz run requests");
}
