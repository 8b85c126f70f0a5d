//! How often each attack is tried. A test takes its count from here, and `tests/README.md` shows the same table: what it says
//! is what the tests do.

/// An attack that a suite tries.
#[derive(Debug, Clone, Copy)]
pub struct Attack {
    /// What it is called.
    pub name: &'static str,
    /// How often it is tried, each time in another way.
    pub tried: u32,
    /// What is tried, and what must not come of it.
    pub what: &'static str,
    /// The suite in `tests/`.
    pub suite: &'static str,
}

/// Every attack, by name.
pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "archives",
        tried: 18,
        what: "archives that two readers take for two different ones (CVE-2025-62518, CVE-2026-33055): every file that is unpacked is one that GNU tar sees, or the archive is refused",
        suite: "bounded.rs",
    },
    Attack {
        name: "brackets",
        tried: 16,
        what: "requests of 24 MiB of brackets, keys and values, as message, object, YAML and task file: refused, in a small multiple of their memory",
        suite: "masking.rs",
    },
    Attack {
        name: "builders that are killed",
        tried: 50,
        what: "SIGKILL to the builder at any moment of a build: the build goes on elsewhere, and makes the same image; nothing is half-written",
        suite: "fleet/killed.rs",
    },
    Attack {
        name: "carrying",
        tried: 8,
        what: "SIGKILL to a build that carries caches of `RUN --mount=type=cache`, or to the step that carries them: each archive is the old one or the new one, nothing torn comes back, nothing is left, and the next build on an empty root is right",
        suite: "kills.rs",
    },
    Attack {
        name: "edits",
        tried: 10766,
        what: "requests with a secret in which one sign is missing, too much, another or at the wrong place: no output shows the secret, in any form of a report",
        suite: "masking.rs",
    },
    Attack {
        name: "frontend",
        tried: 9,
        what: "a frontend that a Dockerfile chose: asks for directories, paths, secrets and agents that nobody gave, says what commands a terminal, floods, lies, is silent, leaves: nothing from outside is in the image, and a success is a whole image",
        suite: "hostile_frontend.rs",
    },
    Attack {
        name: "hostile daemon",
        tried: 194,
        what: "a daemon that asks for, sends and says what none should, started by us or a builder that is reached by TLS: a build succeeds only with a whole image that hashes to the digest named; nothing outside is read or written, no word commands a terminal or a runner, memory stays below 512 MiB, and a stop is heard",
        suite: "hostile_daemon.rs",
    },
    Attack {
        name: "indexes",
        tried: 21,
        what: "bases (archives and directories) and caches with indexes 5,000 deep, each naming the next twice, naming themselves, of 50,000 manifests, of images of 1,025 layers: an end in bounded memory, with the document and the limit",
        suite: "bounded.rs",
    },
    Attack {
        name: "kills",
        tried: 100,
        what: "SIGKILL and SIGTERM at a hundred moments of a build: nothing runs on, is mounted or is half-written, SIGTERM ends it within two seconds, and the next build succeeds",
        suite: "kills.rs",
    },
    Attack {
        name: "layers",
        tried: 6,
        what: "layers that change modes through links (CVE-2026-33056), take files of the working directory by hard links (CVE-2026-50163), name files in annotations (CVE-2026-55092), or hold a large group file (CVE-2026-47262): nothing outside changes",
        suite: "bounded.rs",
    },
    Attack {
        name: "lying components",
        tried: 21,
        what: "a component that plans, or tells of an interface, what nobody asked for: paths, secrets, caches, settings of the daemon, arguments, labels, hosts, fifty thousand solves; each is refused before anything is touched",
        suite: "sandbox.rs",
    },
    Attack {
        name: "lying plans",
        tried: 37_000,
        what: "the honest plan of each fixture changed at one place (each text, flag, option, list and setting; invented, swapped, doubled, left out): every change of meaning is refused",
        suite: "lying_plans.rs",
    },
    Attack {
        name: "realms",
        tried: 20,
        what: "realms of a registry that would give a login away, or that mean harm: plain http, other schemes, users, this machine, redirects, endless, broken and forged answers, one that the registry itself does not name: no password is sent but to the registry, the build fails with the reason",
        suite: "keys_registries.rs",
    },
    Attack {
        name: "roots",
        tried: 12,
        what: "daemon roots that another user made, that others may write to, or whose lock or log is a link, a pipe or a second name of another file: refused with what to write, or a file of its own",
        suite: "bounded.rs",
    },
    Attack {
        name: "swaps",
        tried: 10_000,
        what: "context, secret, base image, cache and output change places with links to what is outside, again and again from the moment when a build has opened them: the image is made of what was opened, and nothing outside is sent, read or written",
        suite: "swaps.rs",
    },
];

/// How often that attack is tried.
///
/// # Panics
/// If the table has no such attack.
#[must_use]
pub fn tried(name: &str) -> u32 {
    let attack = ATTACKS.iter().find(|attack| attack.name == name);
    attack
        .unwrap_or_else(|| panic!("no attack is called `{name}`"))
        .tried
}

/// The table, as Markdown.
#[must_use]
pub fn table() -> String {
    let rows = ATTACKS.iter().map(|attack| {
        let Attack {
            name,
            tried,
            what,
            suite,
        } = attack;
        format!("| {name} | {what} | {tried} | {tried} | `{suite}` |\n")
    });
    let head = "| attack | what is tried | tried | survived | suite |\n| --- | --- | ---: | ---: | --- |\n";
    std::iter::once(head.to_owned()).chain(rows).collect()
}
