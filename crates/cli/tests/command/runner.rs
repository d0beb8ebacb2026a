//! The command, run in a folder.

#![allow(dead_code, reason = "not every test file needs all of it")]

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A folder for one test.
pub struct Folder(PathBuf);

pub struct Ran {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Everything, for messages.
    pub fn all(&self) -> String {
        format!("status {}\n{}\n{}", self.status, self.out, self.err)
    }
}

impl Folder {
    /// An empty folder; `name` is one of the test's own.
    pub fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("command-{name}"));
        let _ = std::fs::remove_dir_all(&folder);
        // A repository of its own: what a run keeps of it stays here.
        std::fs::create_dir_all(folder.join(".git")).unwrap();
        Folder(folder)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap()
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn run(&self, arguments: &[&str], input: &str) -> Ran {
        self.run_in("", arguments, input)
    }

    /// Runs the command in a folder below this one, with a text on its standard input.
    pub fn run_in(&self, below: &str, arguments: &[&str], input: &str) -> Ran {
        run(&self.0.join(below), arguments, input)
    }
}

/// Variables that the command reads, and that those who run the tests may have set.
const VARIABLES: [&str; 4] = ["COLUMNS", "NO_COLOR", "GITHUB_WORKSPACE", "GITHUB_STEP_SUMMARY"];

/// Runs the command in a folder, with a text on its standard input.
pub fn run(folder: &Path, arguments: &[&str], input: &str) -> Ran {
    run_with(folder, arguments, input, &[])
}

/// The same with environment variables.
pub fn run_with(folder: &Path, arguments: &[&str], input: &str, variables: &[(&str, &str)]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firewarden"));
    for name in VARIABLES {
        command.env_remove(name);
    }
    let mut child = command
        .args(arguments)
        .envs(variables.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may have ended already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    Ran { status: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}
