//! A far link: each packet arrives after a while, in the order in which it was sent, or never.
//!
//! Between two devices whose packets come to this process (TUN), each in a network of its own: what a kernel without `netem` does not do
//! by itself.
//!
//! Source: Linux, `Documentation/networking/tuntap.rst`, `include/uapi/linux/if_tun.h`.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::ioctl::{Opcode, Updater, ioctl};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::random::Random;

/// `TUNSETIFF`, and its flags: packets of IP, with nothing before them.
const SET_INTERFACE: Opcode = 0x4004_54ca;
const PACKETS: u16 = 0x0001;
const BARE: u16 = 0x1000;

/// More than a packet can have, in bytes.
const PACKET: usize = 64 << 10;

/// What becomes of packets on the way, in either direction.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// How long one takes.
    pub delay: Duration,
    /// How many of a thousand never arrive.
    pub lost: u32,
}

/// `struct ifreq`, as far as it is needed here.
#[repr(C)]
struct InterfaceRequest {
    name: [u8; 16],
    flags: u16,
    rest: [u8; 22],
}

/// A device of this name in the network of the calling thread.
pub(crate) fn device(name: &str) -> io::Result<File> {
    let device = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/net/tun")?;
    let mut request = InterfaceRequest {
        name: [0; 16],
        flags: PACKETS | BARE,
        rest: [0; 22],
    };
    request.name[..name.len()].copy_from_slice(name.as_bytes());
    // SAFETY: the kernel reads a `struct ifreq` of 40 bytes, which this is, and writes the name back into it.
    unsafe {
        let request = Updater::<SET_INTERFACE, InterfaceRequest>::new(&mut request);
        ioctl(&device, request)?;
    }
    Ok(device)
}

/// The same in the network of a process.
pub(crate) fn device_in(process: u32, name: &str) -> io::Result<File> {
    let network = File::open(format!("/proc/{process}/ns/net"))?;
    let made = thread::scope(|scope| {
        let making = scope.spawn(|| {
            move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))?;
            device(name)
        });
        making.join()
    });
    made.expect("it does not panic")
}

/// Carries packets from one to the other, and back, until one of them is gone.
pub(crate) fn join(one: File, other: File, way: Way) -> io::Result<()> {
    carry(one.try_clone()?, other.try_clone()?, way, Random::new(1));
    carry(other, one, way, Random::new(2));
    Ok(())
}

/// By two threads: one takes packets, one gives them when it is time.
fn carry(mut from: File, mut to: File, way: Way, mut fate: Random) {
    let (packets, arriving) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut packet = vec![0; PACKET];
        while let Ok(length) = from.read(&mut packet) {
            let is_lost = fate.number() % 1000 < u64::from(way.lost);
            let packet = (Instant::now() + way.delay, packet[..length].to_vec());
            if !is_lost && packets.send(packet).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        for (due, packet) in arriving {
            while let left = due.saturating_duration_since(Instant::now())
                && !left.is_zero()
            {
                thread::park_timeout(left); // nobody wakes it
            }
            let _ = to.write_all(&packet); // what cannot arrive is lost
        }
    });
}
