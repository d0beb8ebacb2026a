//! `firewarden_fuzz::patterns` under libFuzzer.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| firewarden_fuzz::patterns(data));

#[cfg(not(fuzzing))]
fn main() {
    println!("run with: cargo +nightly fuzz run patterns");
}
