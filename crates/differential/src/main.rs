//! The command.

use std::process::ExitCode;

use clap::Parser as _;
use firewarden_differential::{
    args::Args,
    emulator::{Emulator, NoEmulator},
    run::run,
};

/// Something differs.
const DIFFERS: u8 = 1;
/// Something went wrong.
const FAILED: u8 = 2;
/// There is no emulator to ask.
const NOT_INSTALLED: u8 = 3;

fn main() -> ExitCode {
    let args = Args::parse();
    let emulator = match &args.emulator {
        Some(address) => Emulator::at(address),
        None => match Emulator::start() {
            Ok(emulator) => emulator,
            Err(missing) => {
                eprintln!("{missing}");
                let installed = matches!(missing, NoEmulator::Failed(_));
                return ExitCode::from(if installed { FAILED } else { NOT_INSTALLED });
            }
        },
    };
    match run(&args, &emulator) {
        Ok(false) => ExitCode::SUCCESS,
        Ok(true) => ExitCode::from(DIFFERS),
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(FAILED)
        }
    }
}
