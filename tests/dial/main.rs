//! A step's program: runs a command with the socket of a conduit in the place of its pipes.
//!
//!     dial send|receive|hasty SOCKET COMMAND...
//!
//! `send` passes on what the command prints, shuts down its half, prints what comes back, and ends when that has ended; `hasty` does not
//! wait; `receive` gives the command what comes.

use std::env;
use std::error::Error;
use std::io;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, ExitCode};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [how, socket, program, rest @ ..] = arguments.as_slice() else {
        return Err("give the way, the socket and the command".into());
    };
    let mut stream = UnixStream::connect(socket)?;
    let end = OwnedFd::from(stream.try_clone()?);
    let mut command = Command::new(program);
    command.args(rest);
    let is_receiver = how == "receive";
    if is_receiver {
        command.stdin(end);
    } else {
        command.stdout(end);
    }
    let status = command.status()?;
    if how == "send" {
        stream.shutdown(Shutdown::Write)?;
        io::copy(&mut stream, &mut io::stdout())?;
    }
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
