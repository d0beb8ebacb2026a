//! The `firewarden` command, the only crate that prints, reads the environment or accesses a terminal.

#![forbid(unsafe_code)]

mod analysis;
mod args;
mod check;
mod coverage;
mod draft;
mod eval;
mod exec_firebase;
mod exit;
mod init;
mod input;
mod java;
mod jsonl;
mod output;
mod project;
mod report;
mod repository;
mod request;
mod serve;
mod signals;
mod test;
mod token;
mod yaml;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use args::{Args, Command};
use exit::Exit;
use output::Output;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    if java::is_name_of(arguments.next().as_deref()) {
        return java::run(&arguments.collect::<Vec<_>>());
    }
    // Longer lines of prose are hard to read.
    let command = Args::command().term_width(output::columns().clamp(40, 100));
    let args = match command.try_get_matches().and_then(|found| Args::from_arg_matches(&found)) {
        Ok(args) => args,
        Err(error) => {
            // Help and version were requested; anything else is wrong usage. A closed pipe is not an error.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Ok.into() };
        }
    };
    let mut output = Output::new(args.color, args.quiet);
    let exit = match &args.command {
        Command::Check(options) => check::run(options, &mut output),
        Command::Diff(options) => analysis::diff(options, &mut output),
        Command::Prove(options) => analysis::prove(options, &mut output),
        Command::WhoCan(options) => analysis::who_can(options, &mut output),
        Command::Eval(options) => eval::run(options, &mut output),
        Command::ExecFirebase(options) => exec_firebase::run(options),
        Command::Init(options) => init::run(options, &mut output),
        Command::Exec(options) => serve::exec(options, &mut output),
        Command::Serve(options) => serve::serve(options, &mut output),
        Command::Test(options) => test::run(options, &mut output),
        Command::Token(command) => token::run(command, &mut output),
    };
    let exit = exit.unwrap_or_else(|failure| {
        output.error(&failure.to_string());
        Exit::Usage
    });
    // A lost result must not look like a verdict.
    if let Some(lost) = output.lost() {
        output.error(&format!("cannot write the result to standard output: {lost}"));
        return Exit::Usage.into();
    }
    exit.into()
}
