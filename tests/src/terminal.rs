//! A terminal, on which nobody ever types; as Concourse gives one to a task it has 500 columns and rows.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// How long a program may take that a test waits for.
const DEADLINE: Duration = Duration::from_secs(120);

/// A terminal whose other end is held open by this value.
#[derive(Debug)]
pub struct Terminal {
    end: File,
    name: PathBuf,
}

/// What a program on a terminal left behind.
#[derive(Debug)]
pub struct Shown {
    /// Exit status; 128 + n where a signal ended it.
    pub status: i32,
    /// What the terminal showed.
    pub text: String,
}

impl Terminal {
    /// A new one, as large as that of a task.
    ///
    /// # Panics
    /// If the system refuses.
    #[must_use]
    pub fn open() -> Self {
        Self::of(500, 500)
    }

    /// One of that many columns and rows.
    ///
    /// # Panics
    /// If the system refuses.
    #[must_use]
    pub fn of(columns: u16, rows: u16) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let end = openpt(flags).expect("a terminal");
        grantpt(&end).expect("a terminal that is ours");
        unlockpt(&end).expect("a terminal that can be opened");
        let name = ptsname(&end, Vec::new()).expect("a terminal has a name");
        let size = Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&end, size).expect("a terminal has a size");
        Self {
            end: end.into(),
            name: std::ffi::OsStr::from_bytes(name.as_bytes()).into(),
        }
    }

    /// Starts a program that has this terminal for all it reads and writes.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn start(&self, command: &mut Command) -> Child {
        let mut options = File::options();
        options.read(true).write(true);
        let side = || OwnedFd::from(options.open(&self.name).expect("the terminal's other side"));
        let (stdin, stdout, stderr) = (side(), side(), side());
        let command = command.stdin(stdin).stdout(stdout).stderr(stderr);
        let child = command.spawn().expect("the program starts");
        // The command holds this side of the terminal too.
        let null = std::process::Stdio::null;
        command.stdin(null()).stdout(null()).stderr(null());
        child
    }

    /// How much of it can be read at once, in bytes.
    ///
    /// # Panics
    /// If the system does not say.
    #[must_use]
    pub fn held(&self) -> u64 {
        rustix::io::ioctl_fionread(&self.end).expect("a terminal says what can be read")
    }

    /// Reads until the terminal shows `part`.
    ///
    /// # Panics
    /// If it does not.
    #[must_use]
    pub fn wait_for(&mut self, part: &str) -> String {
        let mut text = String::new();
        let deadline = Instant::now() + DEADLINE;
        while !text.contains(part) {
            let more = self.read(deadline);
            assert!(!more.is_empty(), "no {part:?} in:\n{text}");
            text += &more;
        }
        text
    }

    /// Waits for the end of a program that was started here.
    ///
    /// # Panics
    /// If it does not end.
    #[must_use]
    pub fn finish(mut self, mut child: Child) -> Shown {
        let (text, is_late) = self.read_all();
        if is_late {
            // The test fails; what it started ends.
            let _ = child.kill();
        }
        let status = child.wait().expect("the program's status");
        let code = status.code();
        Shown {
            status: code.unwrap_or_else(|| 128 + status.signal().unwrap_or_default()),
            text,
        }
    }

    /// Reads until nobody has the terminal any more: what it showed, and whether the time was up before.
    pub fn read_all(&mut self) -> (String, bool) {
        let deadline = Instant::now() + DEADLINE;
        let mut text = String::new();
        loop {
            let more = self.read(deadline);
            if more.is_empty() {
                return (text, Instant::now() >= deadline);
            }
            text += &more;
        }
    }

    /// What is shown next; nothing when nobody has the terminal any more, or the time is up.
    fn read(&mut self, deadline: Instant) -> String {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).expect("a deadline is near");
        let mut polled = [PollFd::new(&self.end, PollFlags::IN)];
        if poll(&mut polled, Some(&left)).expect("the terminal can be waited for") == 0 {
            return String::new();
        }
        let mut buffer = [0; 4096];
        // An error: its other side is closed.
        let count = self.end.read(&mut buffer).unwrap_or_default();
        String::from_utf8_lossy(&buffer[..count]).into_owned()
    }
}
