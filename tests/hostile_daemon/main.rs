//! A hostile daemon: serves BuildKit's `Control` in the place of buildkitd, and does one deed that no daemon should.
//!
//! `HOSTILE_DAEMON` names the scenario, `--list` prints them all. What it is given on a session and should not have got goes to
//! the file that `HOSTILE_LOOT` names.
//!
//! - `scenario`: the deeds by name.
//! - `control`: the service that the program under test calls; `tunnel`: its session as a channel.
//! - `visit`: one solve, with all that can be asked of a session.
//! - `exports`, `layouts`, `asks`, `bases`, `reports`, `answers`: deeds, by what they abuse.
//! - `archive`: images, honest and not.
//! - `call`: one call of a session, whatever its name and its messages; `content`: the messages of containerd's content service.

mod answers;
mod archive;
mod asks;
mod bases;
mod call;
mod content;
mod control;
mod exports;
mod layouts;
mod reports;
mod scenario;
mod tunnel;
mod visit;

use std::error::Error;
use std::io::Write as _;
use std::os::unix::net::{UnixDatagram, UnixStream as StdStream};
use std::{env, io};

use bollard_buildkit_proto::moby::buildkit::v1::control_server::ControlServer;
use rustix::process::Signal;
use tokio::net::{UnixListener, UnixStream};
use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::Server;

use crate::control::Hostile;
use crate::scenario::{Manners, Scenario};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().collect();
    if arguments.iter().any(|argument| argument == "--list") {
        let names: Vec<&str> = scenario::all().map(|scenario| scenario.name).collect();
        return Ok(writeln!(io::stdout(), "{}", names.join("\n"))?);
    }
    let address = arguments
        .iter()
        .position(|argument| argument == "--addr")
        .and_then(|at| arguments.get(at + 1))
        .and_then(|address| address.strip_prefix("unix://"))
        .ok_or("no `--addr unix://PATH`")?;
    let name = env::var("HOSTILE_DAEMON")?;
    let scenario = scenario::named(&name).ok_or("no such scenario")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let served = runtime.block_on(serve(address, scenario));
    // What still serves is left behind.
    runtime.shutdown_background();
    served
}

async fn serve(address: &str, scenario: &'static Scenario) -> Result<(), Box<dyn Error>> {
    let listener = UnixListener::bind(address)?;
    let asked = if scenario.manners == Manners::Deaf {
        None
    } else {
        Some(asked_to_end()?)
    };
    // Whoever starts it without such a socket waits for that of `address`.
    if scenario.manners != Manners::NeverReady
        && let Some(waiting) = env::var_os("NOTIFY_SOCKET")
    {
        UnixDatagram::unbound()?.send_to(b"READY=1\n", waiting)?;
    }
    let service = ControlServer::new(Hostile::new(scenario))
        .max_decoding_message_size(64 << 20)
        .max_encoding_message_size(64 << 20);
    let serving = Server::builder()
        .http2_max_header_list_size(32 << 20)
        .add_service(service)
        .serve_with_incoming(UnixListenerStream::new(listener));
    match asked {
        None => Ok(serving.await?),
        Some(asked) => tokio::select! {
            served = serving => Ok(served?),
            heard = asked.readable() => Ok(heard?),
        },
    }
}

/// Readable once SIGTERM has come: the first process of a namespace is not ended by a signal that it does not handle.
fn asked_to_end() -> io::Result<UnixStream> {
    let (tells, heard) = StdStream::pair()?;
    tells.set_nonblocking(true)?;
    heard.set_nonblocking(true)?;
    let note = move || {
        let _ = rustix::io::write(&tells, b"!");
    };
    // SAFETY: the handler makes one system call, write(2), takes no lock and allocates nothing.
    unsafe { signal_hook_registry::register(Signal::TERM.as_raw(), note) }?;
    UnixStream::from_std(heard)
}
