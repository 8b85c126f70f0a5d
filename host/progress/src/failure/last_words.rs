//! The last words of a step: what shells, runc and the kernel print where nothing ran, and what an exit code says.
//!
//! Reads, writes: nothing. Source: runc; GNU and busybox.

/// What could not be found to be run: `exec /s.sh: no such file or directory`, `/bin/sh: 1: ./s.sh: not found`.
pub(super) fn not_found(line: &str) -> Option<&str> {
    let named = line
        .strip_suffix(": not found")
        .or_else(|| line.strip_suffix(": no such file or directory"))
        .or_else(|| line.strip_suffix(": No such file or directory"))?;
    let named = named.rsplit(": ").next().unwrap_or(named);
    Some(
        named
            .strip_prefix("exec ")
            .unwrap_or(named)
            .trim_matches('"'),
    )
}

/// What runc says where the daemon itself lacks what it has to give to every step.
pub(super) fn refused_by_kernel(line: &str) -> Option<&'static str> {
    const LACKS: [&str; 2] = ["unable to apply caps: ", "unable to setup user: "];
    let wants_login = line.starts_with("runc run failed: ")
        && line.ends_with(": operation not permitted")
        && LACKS.iter().any(|lack| line.contains(lack));
    wants_login.then_some(
        "this builder lacks capabilities that every step gets: run it as root with all that root may do (a container: \
         `--privileged`; a task of Concourse: `privileged: true`)",
    )
}

/// What may not be executed: `exec: "/s.sh": permission denied`, `/bin/sh: 1: /s.sh: Permission denied`.
pub(super) fn not_executable(line: &str) -> Option<&str> {
    let is_of_a_shell = line.contains("exec") || line.starts_with("/bin/") || line.contains("sh: ");
    let named = line
        .strip_suffix(": permission denied")
        .or_else(|| line.strip_suffix(": Permission denied"))
        .filter(|_| is_of_a_shell)?;
    let named = named.rsplit(": ").next().unwrap_or(named);
    let path = named
        .strip_prefix("exec ")
        .unwrap_or(named)
        .trim_matches('"');
    path.contains('/').then_some(path)
}

/// What an exit code usually means; from 128 on it is a shell's word for a signal.
pub(super) fn exit_code(code: u32) -> Option<String> {
    let meaning = match code {
        126 => "exit code 126: the command cannot be executed",
        127 => {
            "exit code 127: the command is not there: install it in an earlier step, or check its name and `PATH`"
        }
        132 => {
            "exit code 132: an illegal instruction, as of a program that is built for another processor"
        }
        134 => "exit code 134: the program aborted itself",
        137 => {
            "exit code 137: it was killed, most often for want of memory: allow it more, or let it do less at a time"
        }
        139 => "exit code 139: a segmentation fault",
        143 => "exit code 143: it was terminated",
        _ => return None,
    };
    Some(meaning.to_owned())
}
