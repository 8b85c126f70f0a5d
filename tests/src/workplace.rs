//! A working directory of a build, and a run of the program in it.
//!
//! Everything is below one temporary directory, the daemon's root too; it goes with the value.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use oci_image::boundary::outside::is_unruly;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::engine;

/// A working directory with a context, and a daemon root beside it.
#[derive(Debug)]
pub struct Workplace {
    home: TempDir,
}

/// What a run of the program left behind.
#[derive(Debug)]
pub struct Run {
    /// Exit status; 128 + n where a signal ended it.
    pub status: i32,
    /// What it wrote for programs.
    pub stdout: String,
    /// What it wrote for people.
    pub stderr: String,
    /// The response file, if it wrote one.
    pub response: Option<String>,
}

impl Default for Workplace {
    fn default() -> Self {
        Self::new()
    }
}

impl Workplace {
    /// A directory with `image/`, and a context that holds a static busybox.
    ///
    /// # Panics
    /// If the file system refuses.
    #[must_use]
    pub fn new() -> Self {
        let home = tempfile::Builder::new()
            .prefix("oci-image-test-")
            .tempdir()
            .expect("a directory");
        let place = Self { home };
        for directory in ["work/context", "work/image", "tmp"] {
            fs::create_dir_all(place.home.path().join(directory)).expect("a directory");
        }
        fs::copy(engine::busybox(), place.path("context/busybox")).expect("a copy of busybox");
        place
    }

    /// A path below the working directory.
    #[must_use]
    pub fn path(&self, below: impl AsRef<Path>) -> PathBuf {
        self.home.path().join("work").join(below)
    }

    /// The daemon's root.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.home.path().join("root")
    }

    /// The directory for temporary files that the program is given.
    #[must_use]
    pub fn temporary(&self) -> PathBuf {
        self.home.path().join("tmp")
    }

    /// Writes a file below the working directory, with its parents.
    ///
    /// # Panics
    /// If the file system refuses.
    pub fn write(&self, below: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(below);
        fs::create_dir_all(path.parent().expect("a file has a parent")).expect("a directory");
        fs::write(&path, contents).expect("a file");
        path
    }

    /// Writes the Dockerfile of the context. `BUSYBOX` on a line of its own becomes a stage with a shell.
    pub fn dockerfile(&self, text: &str) {
        let busybox = "FROM scratch AS busybox\nCOPY busybox /bin/busybox\nRUN [\"/bin/busybox\", \"--install\", \"-s\", \"/bin\"]\n";
        self.write("context/Dockerfile", text.replace("BUSYBOX\n", busybox));
    }

    /// A file below the working directory, as text.
    ///
    /// # Panics
    /// If it cannot be read.
    #[must_use]
    pub fn read(&self, below: &str) -> String {
        fs::read_to_string(self.path(below)).unwrap_or_else(|error| panic!("{below}: {error}"))
    }

    /// The program, with the engine on its PATH, in the working directory.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(engine::program());
        command
            .args(arguments)
            .current_dir(self.path(""))
            .env("PATH", engine::path())
            .env("TMPDIR", self.temporary())
            .env_remove("DOCKER_CONFIG")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program with a message that holds `object`.
    #[must_use]
    pub fn send(&self, arguments: &[&str], object: &Value) -> Run {
        let message = json!({"object": object, "response_path": "../response"});
        self.run(arguments, message.to_string().as_bytes())
    }

    /// `oci-image build` of `object`, with this place's daemon root.
    #[must_use]
    pub fn build(&self, object: &Value) -> Run {
        let root = self.root();
        self.send(
            &[
                "build",
                "--root",
                root.to_str().expect("a temporary path is text"),
            ],
            object,
        )
    }

    /// Starts a build and leaves it running.
    ///
    /// # Panics
    /// If the program cannot be started.
    #[must_use]
    pub fn start_build(&self, object: &Value) -> Child {
        let root = self.root();
        let message = json!({"object": object, "response_path": "../response"});
        let mut child = self
            .command(&[
                "build",
                "--root",
                root.to_str().expect("a temporary path is text"),
            ])
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("standard input is piped");
        stdin
            .write_all(message.to_string().as_bytes())
            .expect("the program reads its message");
        child
    }

    /// Starts a build whose step runs until it is stopped, and waits for that: the build, and how its step is called in the process
    /// table, which no other test's is.
    ///
    /// # Panics
    /// If the step does not run.
    #[must_use]
    pub fn start_endless_build(&self) -> (Child, String) {
        let step = format!("sleep {}", self.mark());
        self.dockerfile(&format!(
            "BUSYBOX\nFROM busybox\nRUN echo started; {step}\n"
        ));
        let child = self.start_build(&json!({"context": "context", "output": "image"}));
        self.wait_for("the step to run", || !self.processes(&step).is_empty());
        (child, step)
    }

    /// Runs the program with these bytes on standard input.
    #[must_use]
    pub fn run(&self, arguments: &[&str], stdin: &[u8]) -> Run {
        self.run_command(self.command(arguments), stdin)
    }

    /// Runs a command with these bytes on standard input.
    ///
    /// # Panics
    /// If it cannot be run.
    #[must_use]
    pub fn run_command(&self, mut command: Command, stdin: &[u8]) -> Run {
        let piped = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = piped.spawn().expect("the program starts");
        let mut pipe = child.stdin.take().expect("standard input is piped");
        // It may end before it has read everything (a usage error): a broken pipe is not this function's concern.
        let _ = pipe.write_all(stdin);
        drop(pipe);
        self.finish(child)
    }

    /// What another program prints, run in the working directory.
    ///
    /// # Panics
    /// If it fails.
    #[must_use]
    pub fn output(&self, program: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.path(""))
            .env("PATH", engine::path());
        let output = command
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        assert!(
            output.status.success(),
            "{program}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("text")
    }

    /// Makes a file below the working directory executable.
    ///
    /// # Panics
    /// If the file system refuses.
    pub fn executable(&self, below: &str) {
        fs::set_permissions(self.path(below), fs::Permissions::from_mode(0o755)).expect("a mode");
    }

    /// The sorted names in a directory below the working directory, hidden ones included.
    ///
    /// # Panics
    /// If it cannot be listed.
    #[must_use]
    pub fn names(&self, below: &str) -> Vec<String> {
        let entries =
            fs::read_dir(self.path(below)).unwrap_or_else(|error| panic!("{below}: {error}"));
        let mut names: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    /// Waits for a run that was started.
    ///
    /// # Panics
    /// If its output cannot be read.
    #[must_use]
    pub fn finish(&self, child: Child) -> Run {
        use std::os::unix::process::ExitStatusExt;
        let output = child.wait_with_output().expect("the program's output");
        Run {
            status: output
                .status
                .code()
                .unwrap_or_else(|| 128 + output.status.signal().unwrap_or_default()),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            response: fs::read_to_string(self.path("../response")).ok(),
        }
    }
}

impl Run {
    /// That no line of what it said commands a terminal or a runner; `of` tells which run it was.
    ///
    /// # Panics
    /// With the character or the line that does.
    pub fn assert_commands_nothing(&self, of: &str) {
        let obeyed = |character: &char| is_unruly(*character) && !matches!(character, '\n' | '\t');
        assert_eq!(self.stderr.chars().find(obeyed), None, "{of}");
        let command = |line: &&str| line.trim_start().starts_with("::");
        assert_eq!(self.stderr.lines().find(command), None, "{of}");
    }

    /// This run, if it ended with `status`.
    ///
    /// # Panics
    /// With all that the program said, if it ended otherwise.
    #[must_use]
    pub fn expect(self, status: i32) -> Self {
        assert_eq!(
            self.status, status,
            "stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }
}
