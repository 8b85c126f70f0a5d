//! Emulators: of which platforms steps can be run beside those of this machine's own.
//!
//! A handler that the kernel holds open (`F`) serves every step, whatever is in it; another one only those that have its program. The
//! daemon brings its own, where it finds them on `PATH`.
//!
//! Reads: `/proc/sys/fs/binfmt_misc`, `PATH`. Writes: nothing.
//! Source: the kernel's `admin-guide/binfmt-misc.rst`; BuildKit, `util/archutil`.

use std::env;
use std::ffi::OsStr;
use std::path::Path;

use crate::daemon::on_path;
use crate::doctor::finding::Finding;
use crate::doctor::machine::Machine;

const TOPIC: &str = "emulators";

/// Where the kernel tells of handlers.
const HANDLERS: &str = "proc/sys/fs/binfmt_misc";

/// What QEMU, and Rust, call an architecture, and what images call its platform.
const PLATFORMS: [(&str, &str); 10] = [
    ("x86_64", "linux/amd64"),
    ("aarch64", "linux/arm64"),
    ("arm", "linux/arm/v7"),
    ("i386", "linux/386"),
    ("loongarch64", "linux/loong64"),
    ("mips64", "linux/mips64"),
    ("mips64el", "linux/mips64le"),
    ("ppc64le", "linux/ppc64le"),
    ("riscv64", "linux/riscv64"),
    ("s390x", "linux/s390x"),
];

pub(super) fn look(machine: &Machine, path: &OsStr) -> Finding {
    let own = platform(env::consts::ARCH).unwrap_or("linux");
    let mut platforms = registered(machine);
    let brought = PLATFORMS.iter().filter(|(architecture, _)| {
        let name = format!("buildkit-qemu-{architecture}");
        on_path(OsStr::new(&name), path).is_some()
    });
    platforms.extend(brought.map(|(_, platform)| *platform));
    platforms.sort_unstable();
    platforms.dedup();
    platforms.retain(|platform| *platform != own);
    let finding = if platforms.is_empty() {
        let unknown = match machine.names(HANDLERS) {
            Some(names) if names.iter().any(|name| name == "register") => "",
            _ => ", or none that is told here, where `binfmt_misc` is not mounted",
        };
        let said = format!(
            "none{unknown}: steps run for `{own}` alone, `COPY` and `ADD` for every platform"
        );
        Finding::remark(TOPIC, said).with_remedy(
            "nothing, unless steps of other platforms are built: then register emulators (Debian: `apt-get install \
             qemu-user-static`), or use an image with `EMULATORS_IMAGE`",
        )
    } else {
        Finding::fine(TOPIC, format!("for {}, beside `{own}`", listed(&platforms)))
    };
    finding.fact("own", own).fact("platforms", platforms)
}

/// The platforms of handlers that serve every step.
fn registered(machine: &Machine) -> Vec<&'static str> {
    let names = machine.names(HANDLERS).unwrap_or_default();
    let handlers = names
        .iter()
        .filter(|name| *name != "register" && *name != "status");
    let texts = handlers.filter_map(|name| machine.text(&format!("{HANDLERS}/{name}")));
    texts.filter_map(|text| handled(&text)).collect()
}

/// The platform of a handler: lines `enabled`, `interpreter PATH`, `flags: F`.
fn handled(text: &str) -> Option<&'static str> {
    let is_enabled = text.lines().next() == Some("enabled");
    let mut flags = text.lines().filter_map(|line| line.strip_prefix("flags:"));
    let is_held = flags.next().is_some_and(|flags| flags.contains('F'));
    let mut interpreters = text
        .lines()
        .filter_map(|line| line.strip_prefix("interpreter "));
    let name = Path::new(interpreters.next()?).file_name()?.to_str()?;
    let (_, architecture) = name.split_once("qemu-")?;
    let architecture = architecture.strip_suffix("-static").unwrap_or(architecture);
    platform(architecture).filter(|_| is_enabled && is_held)
}

fn platform(architecture: &str) -> Option<&'static str> {
    let mut known = PLATFORMS.iter();
    let (_, platform) = known.find(|(name, _)| *name == architecture)?;
    Some(platform)
}

fn listed(platforms: &[&str]) -> String {
    crate::boundary::outside::listed(platforms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;
    use crate::doctor::machine;

    #[test]
    fn handlers_that_serve_every_step_are_told_by_platform() {
        let handler = |name: &str, flags: &str| {
            format!("enabled\ninterpreter /usr/bin/{name}\nflags: {flags}\noffset 0\nmagic 7f\n")
        };
        let riscv = handler("qemu-riscv64-static", "OCF");
        let files = [
            ("proc/sys/fs/binfmt_misc/register", "".to_owned()),
            ("proc/sys/fs/binfmt_misc/status", "enabled\n".to_owned()),
            ("proc/sys/fs/binfmt_misc/qemu-riscv64", riscv),
            (
                "proc/sys/fs/binfmt_misc/qemu-s390x",
                handler("buildkit-qemu-s390x", "POCF"),
            ),
            (
                "proc/sys/fs/binfmt_misc/qemu-ppc64le",
                handler("qemu-ppc64le", "OC"),
            ),
            (
                "proc/sys/fs/binfmt_misc/mips64",
                handler("qemu-mips64", "F").replace("enabled", "disabled"),
            ),
            ("proc/sys/fs/binfmt_misc/python3", handler("python3", "F")),
        ];
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (*path, text.as_str()))
            .collect();
        let (_files, machine) = machine::of(&files);

        let finding = look(&machine, OsStr::new(""));

        assert_eq!(finding.state, Verdict::Fine);
        assert!(
            finding
                .said
                .starts_with("for `linux/riscv64`, `linux/s390x`, beside `linux/"),
            "{}",
            finding.said
        );
    }

    #[test]
    fn a_machine_without_handlers_says_whether_it_would_know() {
        let said = |files: &[(&str, &str)]| {
            let (_files, machine) = machine::of(files);
            look(&machine, OsStr::new("")).said
        };

        assert!(said(&[]).starts_with("none, or none that is told here, "));
        assert!(said(&[("proc/sys/fs/binfmt_misc/register", "")]).starts_with("none: "));
    }
}
