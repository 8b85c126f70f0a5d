//! A daemon that is believed in nothing: whatever it asks for, sends and says, the build succeeds only with a whole image that
//! is the one it names; nothing outside is read or written, nothing is left, memory is bounded, and no word of it commands
//! whoever reads.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::page_markup::assert_own_markup;
use oci_image_tests::attacks;
use oci_image_tests::base::{Layer, write_image};
use oci_image_tests::builder::client_certificates;
use oci_image_tests::certificates::{Certificates, HOST_NAME};
use oci_image_tests::memory::high_water_mark;
use oci_image_tests::tls_door::TlsDoor;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long any of these builds may take; a bound on a hang, and no measure.
const END: Duration = Duration::from_secs(120);
/// How long a program may take to end that is asked to, whatever its daemon does. Two seconds are promised; a machine that runs
/// other tests beside is given more.
const STOP: Duration = Duration::from_secs(5);
/// How much memory the program may use for any of them, in bytes.
const MEMORY: u64 = 512 << 20;
/// What is given to the build as a secret, and what lies beside its context.
const SECRET: &str = "hunter2-of-the-build";
const OUTSIDE: &str = "of-nobody-but-the-user";
/// The page about the build.
const PAGE: &str = "../report.html";
/// What stands in the context.
const INSIDE: &str = "the text of a file of the context";

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Archive,
    Tree,
    Layout,
}

use Asked::{Archive, Layout, Tree};

/// Deeds whose end is known: the exit status, and a part of what is said.
const DEEDS: &[(&str, Asked, i32, &str)] = &[
    ("honest", Archive, 0, ""),
    ("honest", Tree, 0, ""),
    ("nothing-is-sent", Archive, 3, MISSING),
    ("nothing-is-sent-or-said", Archive, 3, NO_WORD),
    ("nothing-is-sent", Tree, 3, MISSING),
    ("streams-for-nobody", Archive, 0, ""),
    (
        "digest-of-another-image",
        Archive,
        3,
        "and is said to hold `sha256:000",
    ),
    ("digest-of-the-manifest", Archive, 3, NOT_THE_IMAGE),
    ("digest-with-control-characters", Archive, 3, NO_DIGEST),
    ("digest-is-a-path", Archive, 3, NO_DIGEST),
    ("digest-is-a-path-of-an-algorithm", Archive, 3, NO_DIGEST),
    ("digest-is-empty", Archive, 3, NO_DIGEST),
    ("digest-of-another-algorithm", Archive, 3, NO_DIGEST),
    ("digest-in-capitals", Archive, 3, NO_DIGEST),
    ("digest-of-a-megabyte", Archive, 3, NO_DIGEST),
    ("digest-with-a-line-break", Archive, 3, NO_DIGEST),
    ("answer-of-nothing", Archive, 3, NO_WORD),
    (
        "tree-ends-in-the-middle",
        Tree,
        1,
        "ends within an entry at byte",
    ),
    ("tree-has-no-end", Tree, 0, ""),
    ("tree-is-no-tar", Tree, 1, "ends within an entry at byte 14"),
    ("tree-leads-out", Tree, 0, ""),
    ("tree-hides-what-is-outside", Tree, 0, ""),
    (
        "tree-hides-what-has-no-name",
        Tree,
        1,
        "has an invalid whiteout name",
    ),
    ("tree-goes-where-the-image-belongs", Tree, 0, ""),
    ("stream-is-broken-off", Tree, 0, ""),
    ("stream-of-an-exporter-without-a-number", Tree, 0, ""),
    ("config-is-missing", Archive, 3, MISSING),
    ("config-is-changed", Archive, 3, MISSING),
    ("manifest-is-changed", Archive, 3, MISSING),
    ("layer-is-missing", Archive, 3, MISSING),
    ("layer-is-short", Archive, 3, MISSING),
    ("layout-honest", Layout, 0, ""),
    ("layout-of-nothing", Layout, 3, MISSING),
    ("layout-without-its-layer", Layout, 3, MISSING),
    ("layout-without-its-manifest", Layout, 3, MISSING),
    ("layout-of-damaged-blobs", Layout, 3, MISSING),
    ("layout-with-a-blob-that-nothing-names", Layout, 0, ""),
    ("layout-of-odd-digests", Layout, 0, ""),
    ("layout-that-no-answer-describes", Layout, 3, MALFORMED),
    ("layout-that-is-described-by-noise", Layout, 3, MALFORMED),
    (
        "layout-that-is-described-by-no-descriptor",
        Layout,
        3,
        MALFORMED,
    ),
    ("layout-that-is-described-as-another", Layout, 3, MALFORMED),
    ("layout-that-is-described-with-a-path", Layout, 3, MALFORMED),
    ("layout-with-another-digest", Layout, 3, MALFORMED),
    ("layout-write-with-gaps", Layout, 0, ""),
    ("files-outside", Archive, 0, ""),
    ("locals-never-given", Archive, 0, ""),
    ("entries-never-offered", Archive, 3, "which was not offered"),
    // Whether the second question finds an entry depends on when the first was answered.
    ("entry-asked-for-twice", Archive, ANY, ""),
    ("requests-without-end", Archive, 3, "which was not offered"),
    ("data-to-the-sender", Archive, ANY, ""),
    ("sync-is-given-up-with-noise", Archive, 0, ""),
    ("patterns-that-cannot-be-read", Archive, ANY, ""),
    ("secrets-never-given", Archive, 0, ""),
    ("agents-never-given", Archive, 0, ""),
    ("stores-never-given", Archive, 0, ""),
    ("logins-never-asked-for", Archive, 0, ""),
    ("blobs-never-offered", Archive, 0, ""),
    ("parts-beyond-the-ends-of-blobs", Archive, 0, ""),
    // It may be that the session ends with what is reset.
    ("reads-that-nobody-takes", Archive, ANY, ""),
    ("services-that-are-unknown", Archive, 0, ""),
    ("headers-without-end", Archive, ANY, ""),
    ("reports-that-command", Archive, 0, ""),
    ("reports-out-of-order", Archive, 0, ""),
    ("vertices-in-a-circle", Archive, 0, ""),
    ("vertices-without-end", Archive, 0, ""),
    ("parts-without-end", Archive, 0, ""),
    ("lines-without-end", Archive, 0, ""),
    ("line-that-never-ends", Archive, 0, ""),
    ("sequence-that-never-ends", Archive, 0, ""),
    ("streams-without-end", Archive, 0, ""),
    ("logs-of-many-vertices", Archive, 0, ""),
    ("messages-of-nothing", Archive, 0, ""),
    ("names-of-megabytes", Archive, 0, ""),
    ("restarts-without-end", Archive, 0, ""),
    ("warnings-without-end", Archive, 0, ""),
    ("report-over-the-limit", Archive, 0, ""),
    ("reports-of-the-past-and-the-future", Archive, 0, ""),
    ("failure-that-commands", Archive, 1, "error: "),
    ("failure-of-a-megabyte", Archive, 1, "error: "),
    ("failure-with-details-that-command", Archive, 1, "error: "),
    ("failure-with-details-of-noise", Archive, 1, "error: noise"),
    ("failure-with-many-details", Archive, 1, "error: "),
    (
        "failure-as-if-a-disk-were-full",
        Archive,
        3,
        "no space left on device",
    ),
    ("answer-over-the-limit", Archive, ANY, ""),
    ("answer-of-many-keys", Archive, 0, ""),
    (
        "death-in-the-midst",
        Archive,
        3,
        "buildkitd ended in the middle of the build",
    ),
    (
        "session-is-refused",
        Archive,
        3,
        "the daemon refuses a session",
    ),
];

/// Deeds without an end: a stop ends them.
const ENDLESS: &[(&str, Asked)] = &[
    ("reports-without-end", Archive),
    ("many-syncs-at-once", Archive),
    ("layout-of-many-writes-that-never-end", Layout),
    ("silence-in-the-solve", Archive),
    ("silence-in-a-stream", Tree),
    ("silence-after-the-streams", Archive),
    ("silence-that-is-deaf", Archive),
    ("silence-before-it-is-ready", Archive),
    ("silence-to-the-session", Archive),
];

/// Of whatever end; only what is true of all of them is.
const ANY: i32 = -1;
const NOT_THE_IMAGE: &str = "is not the image that it reports";
const NO_DIGEST: &str = "which is no sha256 digest";
const NO_WORD: &str = "does not tell the digest of";
const MISSING: &str = "of the image has not come, and is not kept either";
const MALFORMED: &str = "does not describe the image of `image`, or not as one does";

/// A workplace whose daemon is hostile.
struct Scene {
    place: Workplace,
    asked: Asked,
    reached: Reached,
    builder: Option<HostileBuilder>,
    peak: u64,
}

/// How the program comes to its daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    /// It has started it.
    Started,
    /// It is a builder, reached by TLS, which has a certificate and is believed.
    ByTls,
}

use Reached::{ByTls, Started};

/// A daemon that somebody else has started. It ends with the value.
struct HostileBuilder {
    child: Child,
    door: TlsDoor,
    _home: TempDir,
}

impl HostileBuilder {
    /// One that does this deed, in a place where a client's certificates are.
    fn start(deed: &str, place: &Workplace) -> Self {
        let home = tempfile::tempdir().unwrap();
        let socket = home.path().join("socket");
        let child = Command::new(env!("CARGO_BIN_EXE_hostile-daemon"))
            .arg("--addr")
            .arg(format!("unix://{}", socket.display()))
            .env("HOSTILE_DAEMON", deed)
            .env("HOSTILE_LOOT", place.path("../loot"))
            .env_remove("NOTIFY_SOCKET")
            .spawn()
            .unwrap();
        place.wait_for("the daemon to listen", || socket.exists());
        let certificates = Certificates::new();
        client_certificates(&certificates, &place.path("../tls"));
        Self {
            child,
            door: TlsDoor::before(&socket, &certificates),
            _home: home,
        }
    }
}

impl Drop for HostileBuilder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Scene {
    fn new(reached: Reached, asked: Asked) -> Self {
        let place = Workplace::new();
        place.dockerfile(match reached {
            Started => "FROM scratch\nCOPY busybox /\n",
            ByTls => "ARG base\nFROM ${base}\nCOPY busybox /\n",
        });
        let layer = Layer::new().file("large", vec![b'x'; 8 << 20]);
        write_image(&place.path("base.tar"), &[layer]);
        place.write("outside/file", OUTSIDE);
        place.write("context/file", INSIDE);
        std::os::unix::fs::symlink("../outside", place.path("context/link")).unwrap();
        Self {
            place,
            asked,
            reached,
            builder: None,
            peak: 0,
        }
    }

    fn object(&self) -> Value {
        let mut object = json!({
            "context": "context", "output": "image",
            "unpack_rootfs": self.asked == Tree, "output_oci": self.asked == Layout,
            "buildkit_secrets": {"given": {"text": SECRET}},
        });
        if self.reached == ByTls {
            object["image_args"] = json!(["base=base.tar"]);
        }
        object
    }

    /// What the program is told of its builder, which is started for this deed.
    fn builders(&mut self, deed: &str) -> Vec<String> {
        if self.reached == Started {
            return Vec::new();
        }
        let builder = HostileBuilder::start(deed, &self.place);
        let tls = json!({"directory": "tls", "server_name": HOST_NAME});
        let builders = json!({"builders": [{"address": builder.door.address(), "tls": tls}]});
        self.place.write("../builders.json", builders.to_string());
        self.builder = Some(builder);
        vec!["--builders".to_owned(), "../builders.json".to_owned()]
    }

    /// The program with that daemon, its message on a file.
    fn command(&mut self, deed: &str, arguments: &[&str]) -> Command {
        let builders = self.builders(deed);
        let root = self.place.root();
        let message = json!({"object": self.object(), "response_path": "../response"});
        let message = self.place.write("../message", message.to_string());
        let always = ["build", "--root", root.to_str().unwrap(), "--report", PAGE];
        let arguments = [&always, arguments].concat();
        let mut command = self.place.command(&arguments);
        command
            .args(builders)
            .stdin(fs::File::open(message).unwrap())
            .env("OCI_IMAGE_BUILDKITD", env!("CARGO_BIN_EXE_hostile-daemon"))
            .env("HOSTILE_DAEMON", deed)
            .env("HOSTILE_LOOT", self.place.path("../loot"));
        command
    }

    /// Runs a deed to its end.
    fn run(&mut self, deed: &str, arguments: &[&str]) -> Run {
        let child = self.command(deed, arguments).spawn().unwrap();
        self.watch(child, deed)
    }

    /// Waits for the program, looking at its memory.
    fn watch(&mut self, child: Child, deed: &str) -> Run {
        let started = Instant::now();
        let id = child.id();
        let (ended, end) = std::sync::mpsc::channel::<()>();
        let watching = std::thread::spawn(move || {
            let mut peak = 0;
            while end.recv_timeout(Duration::from_millis(5))
                == Err(std::sync::mpsc::RecvTimeoutError::Timeout)
            {
                peak = peak.max(high_water_mark(id).unwrap_or_default());
                if started.elapsed() > END {
                    let id = rustix::process::Pid::from_raw(id.cast_signed()).unwrap();
                    let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
                }
            }
            peak
        });
        let run = self.place.finish(child);
        drop(ended);
        self.peak = watching.join().unwrap();
        assert!(started.elapsed() < END, "{deed} did not end");
        run
    }

    /// What is true after every deed.
    fn assert_unharmed(&self, deed: &str, run: &Run) {
        let said = format!(
            "{deed}: {}",
            run.stderr.chars().take(3_000).collect::<String>()
        );
        assert_ne!(run.status, 101, "{said}");
        assert!(!run.stderr.contains("panicked"), "{said}");
        run.assert_commands_nothing(&said);
        // It is written when the build is over, whatever becomes of it; of what the daemon says it holds no more than it may.
        assert!(self.place.path(PAGE).exists(), "{said}");
        let page = self.place.read(PAGE);
        assert!(
            page.len() < 24 << 20,
            "{deed}: a page of {} bytes",
            page.len()
        );
        assert_own_markup(&page);
        assert!(!page.contains(SECRET), "{deed}");
        let longest = run.stderr.lines().map(str::len).max().unwrap_or_default();
        assert!(longest < 70_000, "{deed}: a line of {longest} bytes");
        assert!(!run.stderr.contains(SECRET), "{said}");
        assert_eq!(self.place.leftovers(), Vec::<String>::new(), "{said}");
        assert!(
            !Path::new("/tmp/hostile-daemon-was-here").exists(),
            "{said}"
        );
        assert_eq!(self.place.read("outside/file"), OUTSIDE);
        assert_eq!(self.place.names("outside"), ["file"], "{said}");
        let loot = fs::read(self.place.path("../loot")).unwrap_or_default();
        let loot = String::from_utf8_lossy(&loot);
        for kept in [OUTSIDE, SECRET, "a secret", "an agent", "a store", "root:"] {
            assert!(!loot.contains(kept), "{deed} got {kept}");
        }
        let is_given =
            deed != "files-outside" || loot.contains("listed link\n") && loot.contains(INSIDE);
        assert!(is_given, "what is inside can be asked for: {loot}");
        let is_read = self.reached == Started
            || deed != "parts-beyond-the-ends-of-blobs"
            || loot.contains("all of the base");
        assert!(is_read, "what is offered can be read: {loot}");
        assert!(self.peak < MEMORY, "{deed} took {} MiB", self.peak >> 20);
        if run.status == 0 {
            return self.assert_built(deed);
        }
        assert_eq!(self.place.names("image"), Vec::<String>::new(), "{said}");
        assert_eq!(run.response.as_deref().unwrap_or_default(), "", "{said}");
    }

    fn assert_built(&self, deed: &str) {
        let names: &[&str] = match self.asked {
            Archive => &["digest", "image.tar"],
            Tree => &["digest", "image.tar", "metadata.json", "rootfs"],
            Layout => &["digest", "image"],
        };
        assert_eq!(self.place.names("image"), names, "{deed}");
        let digest = self.place.read("image/digest");
        match self.asked {
            Archive | Tree => {
                let archive =
                    oci_image_tests::archive::Archive::read(&self.place.path("image/image.tar"));
                assert_eq!(digest, archive.config_digest, "{deed}");
            }
            Layout => {
                oci_image_tests::layout::assert_sound(&self.place.path("image/image"));
                assert_eq!(
                    self.place.names("image/image/blobs/sha256").len(),
                    3,
                    "{deed}"
                );
            }
        }
    }
}

fn does(reached: Reached, part: usize, of: usize) {
    let mut other = Vec::new();
    for (at, (deed, asked, status, said)) in DEEDS.iter().enumerate() {
        if at % of != part {
            continue;
        }
        let mut scene = Scene::new(reached, *asked);
        let run = scene.run(deed, &[]);
        scene.assert_unharmed(deed, &run);
        let shown: String = run.stderr.chars().take(3_000).collect();
        let is_expected = *status == ANY || run.status == *status;
        let said = match (reached, *deed) {
            (ByTls, "death-in-the-midst") => "was lost: its connection has ended",
            (ByTls, "failure-as-if-a-disk-were-full") => "no space is left on the builder",
            _ => said,
        };
        if !is_expected || !run.stderr.contains(said) {
            other.push(format!("{deed} ended with {}: {shown}", run.status));
        }
    }
    assert_eq!(other, Vec::<String>::new());
}

#[test]
fn a_third_of_what_a_daemon_can_do_fails_the_build_or_builds_the_image_that_it_names() {
    does(Started, 0, 3);
}

#[test]
fn another_third_of_it_does() {
    does(Started, 1, 3);
}

#[test]
fn the_last_third_of_it_does() {
    does(Started, 2, 3);
}

#[test]
fn a_third_of_it_over_tls_does() {
    does(ByTls, 0, 3);
}

#[test]
fn another_third_over_tls_does() {
    does(ByTls, 1, 3);
}

#[test]
fn the_last_third_over_tls_does() {
    does(ByTls, 2, 3);
}

#[test]
fn what_never_ends_is_ended_by_a_stop_within_two_seconds() {
    stops(Started);
}

#[test]
fn what_never_ends_over_tls_is_ended_by_one_too() {
    stops(ByTls);
}

fn stops(reached: Reached) {
    for (deed, asked) in ENDLESS {
        let mut scene = Scene::new(reached, *asked);
        let mut child = scene.command(deed, &[]).spawn().unwrap();
        scene.place.wait_for("the daemon to run", || {
            scene.builder.is_some() || !scene.place.processes("hostile-daemon").is_empty()
        });
        pass(Duration::from_millis(1_500));
        // Read, or the program waits for its reader.
        let mut stderr = child.stderr.take().unwrap();
        let reading = std::thread::spawn(move || {
            let mut text = Vec::new();
            stderr.read_to_end(&mut text).map(|_| text)
        });

        let asked = Instant::now();
        scene.place.signal(&child, "SIGTERM");
        let mut run = scene.watch(child, deed);
        let elapsed = asked.elapsed();
        run.stderr = String::from_utf8_lossy(&reading.join().unwrap().unwrap()).into_owned();

        assert_eq!(run.status, 143, "{deed}");
        assert!(
            run.stderr.ends_with("error: stopped by SIGTERM\n"),
            "{deed}"
        );
        assert!(elapsed < STOP, "{deed} ended after {elapsed:?}");
        scene.assert_unharmed(deed, &run);
    }
}

#[test]
fn reports_that_nobody_reads_are_waited_with_and_a_stop_is_heard() {
    let mut scene = Scene::new(Started, Archive);
    let child = scene.command("reports-without-end", &[]).spawn().unwrap();
    scene.place.wait_for("the pipe to be full", || {
        let held = rustix::io::ioctl_fionread(child.stderr.as_ref().unwrap());
        held.unwrap() > 60_000
    });
    let before = high_water_mark(child.id()).unwrap();
    pass(Duration::from_secs(3));
    let after = high_water_mark(child.id()).unwrap();

    let asked = Instant::now();
    scene.place.signal(&child, "SIGTERM");
    let mut child = child;
    let status = child.wait().unwrap();
    let elapsed = asked.elapsed();

    assert_eq!(status.code(), Some(143));
    assert!(elapsed < STOP, "ended after {elapsed:?}");
    assert!(
        after < before + (32 << 20),
        "{before} bytes grew to {after}"
    );
    scene.peak = after;
    let run = scene.place.finish(child);
    scene.assert_unharmed("reports-without-end", &run);
}

#[test]
fn reports_for_programs_command_nothing_either() {
    for deed in [
        "reports-that-command",
        "names-of-megabytes",
        "warnings-without-end",
        "failure-that-commands",
    ] {
        let mut scene = Scene::new(Started, Archive);
        let run = scene.run(deed, &["--progress", "json"]);

        for line in run.stderr.lines() {
            serde_json::from_str::<Value>(line)
                .unwrap_or_else(|error| panic!("{deed}: {error}: {line}"));
        }
        scene.assert_unharmed(deed, &run);
    }
}

#[test]
fn every_deed_of_the_daemon_is_tried() {
    let listed = Command::new(env!("CARGO_BIN_EXE_hostile-daemon"))
        .arg("--list")
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let known: BTreeSet<&str> = listed.lines().collect();
    let deeds = DEEDS.iter().map(|(deed, ..)| *deed);
    let tried: BTreeSet<&str> = deeds.chain(ENDLESS.iter().map(|(deed, _)| *deed)).collect();

    assert_eq!(tried, known);
    // Each way.
    let count = u32::try_from(2 * (DEEDS.len() + ENDLESS.len())).unwrap();
    assert_eq!(count, attacks::tried("hostile daemon"));
}

/// Lets time go by.
#[expect(
    clippy::disallowed_methods,
    reason = "nothing tells when a daemon is at its worst"
)]
fn pass(time: Duration) {
    std::thread::sleep(time);
}
