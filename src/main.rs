//! The `firewarden` command.

fn main() -> std::process::ExitCode {
    firewarden::cli::run()
}
