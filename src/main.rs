//! The `firewarden` command.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    firewarden::cli::run()
}
