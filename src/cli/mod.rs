//! The command line.
mod jsonl;
/// Runs it.
pub fn run() -> std::process::ExitCode { 
    let _ = jsonl::run(std::io::stdin().lock(), std::io::BufWriter::new(std::io::stdout().lock()));
    std::process::ExitCode::SUCCESS }
