//! The program under the name `java`, and `exec-firebase`, which puts it on `PATH`.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpStream,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use crate::runner::Folder;

const COMMAND: &str = env!("CARGO_BIN_EXE_firewarden");

/// A folder `bin` with this program as `java`.
fn installed(folder: &Folder) -> PathBuf {
    let programs = folder.path().join("bin");
    fs::create_dir(&programs).unwrap();
    symlink(COMMAND, programs.join("java")).unwrap();
    programs
}

/// A folder with a `java` that prints its arguments.
fn another(folder: &Folder) -> PathBuf {
    let programs = folder.path().join("jdk");
    fs::create_dir(&programs).unwrap();
    let java = programs.join("java");
    fs::write(&java, "#!/bin/sh\necho \"another java: $*\"\nexit 3\n").unwrap();
    fs::set_permissions(&java, fs::Permissions::from_mode(0o755)).unwrap();
    programs
}

fn java(path: &[&Path], arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(path[0].join("java"))
        .args(arguments)
        .env("PATH", std::env::join_paths(path).unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn the_version_is_one_that_firebase_tools_accepts() {
    let folder = Folder::new("java-version");
    let ran = java(&[&installed(&folder)], &["-Duser.language=en", "-Dfile.encoding=UTF-8", "-version"], "");
    assert!(ran.status.success() && ran.stdout.is_empty());
    assert!(text(&ran.stderr).starts_with("openjdk version \"21.0.0\"\n"), "{ran:?}");
}

#[test]
fn the_runtime_answers_until_its_input_ends_and_writes_no_errors() {
    let folder = Folder::new("java-runtime");
    let jar = "/cache/cloud-storage-rules-runtime-v1.1.3.jar";
    let arguments = ["-Djava.security.manager=disallow", "-Duser.language=en", "-jar", jar, "serve"];
    let ran = java(&[&installed(&folder)], &arguments, "{\"action\":\"x\",\"id\":0}\n");
    assert!(ran.status.success() && ran.stderr.is_empty(), "{ran:?}");
    let lines: Vec<&str> = text(&ran.stdout).lines().collect();
    assert_eq!(lines[0], "{\"id\":-1,\"status\":\"ok\"}");
    assert!(lines[1].starts_with("{\"id\":0,\"status\":\"ok\",\"errors\":[\"unknown action `x`;"), "{lines:?}");
    assert_eq!(lines.len(), 2);
}

#[test]
fn everything_else_is_left_to_the_next_java() {
    let folder = Folder::new("java-next");
    let (own, other) = (installed(&folder), another(&folder));
    let arguments = ["-Dx=1", "-jar", "cloud-firestore-emulator.jar", "--port", "8080"];
    let ran = java(&[&own, &other], &arguments, "");
    let printed = "another java: -Dx=1 -jar cloud-firestore-emulator.jar --port 8080\n";
    assert_eq!((text(&ran.stdout), ran.status.code()), (printed, Some(3)), "{ran:?}");
    // A copy of the program further on is not this program, and it goes on from there.
    let copies = folder.path().join("copies");
    fs::create_dir(&copies).unwrap();
    fs::copy(COMMAND, copies.join("java")).unwrap();
    let ran = java(&[&own, &copies, &own, &other], &arguments, "");
    assert_eq!((text(&ran.stdout), ran.status.code()), (printed, Some(3)), "{ran:?}");
    let ran = java(&[&own, &copies], &arguments, "");
    assert_eq!(ran.status.code(), Some(1));
    assert!(text(&ran.stderr).contains("there is no other `java` on PATH"), "{ran:?}");
}

#[test]
fn the_database_listens_until_it_is_interrupted() {
    let folder = Folder::new("java-database");
    let mut child = Command::new(installed(&folder).join("java"))
        .args(["-Duser.language=en", "-jar", "firebase-database-emulator-v4.11.2.jar"])
        .args(["--host", "127.0.0.1", "--port", "0", "--single_project_mode", "Warning"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().rsplit(' ').next().unwrap();
    TcpStream::connect(address).unwrap();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_taken_port_is_named() {
    let folder = Folder::new("java-port");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ran = java(&[&installed(&folder)], &["-jar", "firebase-database-emulator.jar", "--port", &port], "");
    assert_eq!(ran.status.code(), Some(1));
    assert!(text(&ran.stderr).contains(&format!("cannot listen on 127.0.0.1:{port}")), "{ran:?}");
}

#[test]
fn a_command_finds_java_and_the_files_of_the_emulators_and_its_status_is_passed_on() {
    let folder = Folder::new("exec-firebase");
    let script = "java -version 2>&1 | head -1; command -v java; \
        test -f \"$STORAGE_EMULATOR_BINARY_PATH\" && java -jar \"$STORAGE_EMULATOR_BINARY_PATH\" serve </dev/null; \
        basename \"$DATABASE_EMULATOR_BINARY_PATH\"; exit 7";
    let ran = folder.run(&["exec-firebase", "--", "sh", "-c", script], "");
    let lines: Vec<&str> = ran.out.lines().collect();
    let [version, java, greeting, database] = lines.as_slice() else { panic!("{}{}", ran.out, ran.err) };
    assert_eq!(*version, "openjdk version \"21.0.0\"");
    assert_eq!(*greeting, "{\"id\":-1,\"status\":\"ok\"}");
    assert_eq!(*database, "firebase-database-emulator.jar");
    assert_eq!(ran.status, 7);
    assert!(!Path::new(java).exists(), "{java} is still there");
}

#[test]
fn a_signal_reaches_the_command_and_its_end_is_told() {
    let folder = Folder::new("exec-firebase-signal");
    let script = "trap 'echo interrupted; kill -TERM $$' INT; command -v java; while :; do sleep 0.05; done";
    let mut child = Command::new(COMMAND)
        .args(["exec-firebase", "sh", "-c", script])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let java = lines.next().unwrap().unwrap();
    assert!(Path::new(&java).exists());
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(lines.next().unwrap().unwrap(), "interrupted");
    assert_eq!(child.wait().unwrap().code(), Some(128 + 15));
    assert!(!Path::new(&java).exists(), "{java} is still there");
}

#[test]
fn a_command_that_does_not_exist_is_named() {
    let folder = Folder::new("exec-firebase-missing");
    let ran = folder.run(&["exec-firebase", "--", "./no-such-command"], "");
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("cannot run `./no-such-command`"), "{}", ran.err);
    assert_eq!(folder.run(&["exec-firebase"], "").status, 2);
}
