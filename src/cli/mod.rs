//! The `firewarden` command. The only folder that prints, reads files or knows a terminal.

mod args;
mod check;
mod eval;
mod exit;
mod input;
mod jsonl;
mod output;
mod project;
mod report;
mod request;
mod test;
#[cfg(feature = "verify")]
mod token;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command};
use exit::Exit;
use output::Output;

/// Runs the command with the arguments of the process.
pub fn run() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are asked for, everything else is wrong usage. A closed pipe is nobody's fault.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Ok.into() };
        }
    };
    let mut output = Output::new(args.color, args.quiet);
    let exit = match &args.command {
        Command::Check(options) => check::run(options, &mut output),
        Command::Eval(options) => eval::run(options, &mut output),
        Command::Test(options) => test::run(options, &mut output),
        #[cfg(feature = "verify")]
        Command::Token(command) => token::run(command, &mut output),
    };
    match exit {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output.error(&failure.to_string());
            Exit::Usage.into()
        }
    }
}
