//! The names of platforms that are known: what the planner accepts, and what the JSON Schema's pattern is made of. And which of them
//! name one platform.
//!
//! Source: Go's list of operating systems and architectures, and the aliases of containerd's `platforms` package.

/// Operating systems, in lower case.
pub const SYSTEMS: &[&str] = &[
    "linux",
    "windows",
    "darwin",
    "freebsd",
    "netbsd",
    "openbsd",
    "dragonfly",
    "solaris",
    "illumos",
    "aix",
    "android",
    "ios",
    "js",
    "plan9",
    "wasip1",
    "zos",
];

/// Other names of operating systems; they are known before a `/` alone.
pub const SYSTEM_ALIASES: &[&str] = &["macos"];

/// Architectures, in lower case.
pub const ARCHITECTURES: &[&str] = &[
    "amd64", "arm64", "arm", "386", "ppc64le", "ppc64", "s390x", "riscv64", "loong64", "mips64le",
    "mips64", "mipsle", "mips", "riscv", "sparc64", "wasm", "wasm32",
];

/// Other names of architectures.
pub const ARCHITECTURE_ALIASES: &[&str] =
    &["i386", "x86_64", "x86-64", "aarch64", "armhf", "armel"];

/// What images are commonly built for.
pub const COMMON: &[&str] = &[
    "linux/amd64",
    "linux/arm64",
    "linux/arm/v7",
    "linux/386",
    "linux/ppc64le",
    "linux/s390x",
    "linux/riscv64",
];

/// What an editor offers: several, and those.
#[cfg(feature = "json-schema")]
pub(crate) fn offered() -> Vec<&'static str> {
    let first = ["linux/amd64,linux/arm64"];
    first.iter().chain(COMMON).copied().collect()
}

/// A platform under its one name, so that aliases of it are seen to be equal; nothing if it names what is not known. That it has the
/// form of a platform is for the caller to know.
#[must_use]
pub fn one_name(platform: &str) -> Option<String> {
    let lower = platform.to_ascii_lowercase();
    let parts: Vec<_> = lower.split('/').collect();
    match parts[..] {
        [alone] if SYSTEMS.contains(&alone) => Some(alone.to_owned()),
        [alone] => architecture(alone, ""),
        [system, machine, ref variant @ ..] => {
            let name = system.split_once('(').map_or(system, |(name, _)| name);
            let is_known = SYSTEMS.contains(&name) || SYSTEM_ALIASES.contains(&name);
            let machine = architecture(machine, variant.first().copied().unwrap_or_default())?;
            is_known.then(|| format!("{system}/{machine}"))
        }
        [] => None,
    }
}

/// A platform as daemons name it: an architecture alone is that of Linux. What is not known stays as it is.
#[must_use]
pub fn full_name(platform: &str) -> String {
    let name = one_name(platform).unwrap_or_else(|| platform.to_owned());
    match name.contains('/') {
        true => name,
        false => format!("linux/{name}"),
    }
}

/// An architecture and its variant, if it is known.
fn architecture(name: &str, variant: &str) -> Option<String> {
    let (name, variant) = match (name, variant) {
        ("i386", _) => ("386", ""),
        ("x86_64" | "x86-64", variant) => ("amd64", variant),
        ("aarch64", variant) => ("arm64", variant),
        ("armhf", _) => ("arm", "v7"),
        ("armel", _) => ("arm", "v6"),
        other => other,
    };
    let variant = match (name, variant) {
        ("amd64", "v1") | ("arm64", "8" | "v8" | "v8.0") | ("arm", "" | "7" | "v7") => {
            String::new()
        }
        (_, variant) if variant.starts_with(|first: char| first.is_ascii_digit()) => {
            format!("v{variant}")
        }
        (_, variant) => variant.to_owned(),
    };
    let known = ARCHITECTURES.contains(&name);
    known.then(|| {
        if variant.is_empty() {
            name.to_owned()
        } else {
            format!("{name}/{variant}")
        }
    })
}
