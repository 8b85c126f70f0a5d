//! Contexts that the daemon knows: nothing is sent of one that is as it was, and never is one built from what it was before.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use oci_image::boundary::cancel::Cancel;
use oci_image::boundary::handle::Directory;
use oci_image::buildkit::client::Client;
use oci_image::buildkit::context::{
    Fingerprint, Identity, IdentityKey, Local, LocalQuestion, Patterns, Sent, Unknown, rules,
};
use oci_image::buildkit::contexts::Contexts;
use oci_image::buildkit::fault::Fault;
use oci_image::buildkit::solve::{Exporter, Solve, SolveError, Solved};
use oci_image::daemon::{Daemon, Options, Overrides, Programs};
use oci_image_tests::archive::Archive;
use oci_image_tests::daemon::{docker, program};
use oci_image_tests::random::Random;
use oci_image_tests::workplace::Workplace;
use rustix::fs::{Mode, OFlags, XattrFlags};
use serde_json::json;
use tempfile::TempDir;

/// How long a tree is left alone to be known: a kernel's clock for files ticks every 10 ms at the slowest.
const TICKS: Duration = Duration::from_millis(25);

/// How long a state may take to come.
const DEADLINE: Duration = Duration::from_secs(120);

/// Everything in an image is dated so: what a layer is does not depend on when it was made.
const EPOCH: &str = "1";

/// How many edits are built; `OCI_IMAGE_EDITS` asks for more.
const EDITS: usize = 60;

/// A directory on a disk, where every change is dated: `/tmp` may be none.
fn directory() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// A daemon on a root that stays when it is stopped and started again.
struct Engine {
    root: TempDir,
    running: Option<(Daemon, Client)>,
}

impl Engine {
    async fn start() -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut engine = Self {
            root,
            running: None,
        };
        engine.restart().await;
        engine
    }

    async fn restart(&mut self) {
        self.stop().await;
        let programs = Overrides {
            buildkitd: Some(program("buildkitd").into()),
            ..Overrides::default()
        };
        let options = Options::new(self.root.path(), Programs::find(&programs).unwrap());
        let daemon = Daemon::start(options, |_root| panic!("nobody else has it"));
        let daemon = daemon.await.unwrap();
        let client = Client::connect(daemon.socket()).await.unwrap();
        self.running = Some((daemon, client));
    }

    async fn stop(&mut self) {
        if let Some((daemon, client)) = self.running.take() {
            drop(client);
            daemon.stop().await.unwrap();
        }
    }

    fn prune(&self, arguments: &[&str]) {
        let (daemon, _) = self.running.as_ref().unwrap();
        let mut command = Command::new(program("buildctl"));
        let address = format!("unix://{}", daemon.socket().display());
        let pruned = command.args(["--addr", &address, "prune"]).args(arguments);
        assert!(pruned.output().unwrap().status.success());
    }

    fn client(&self) -> &Client {
        &self.running.as_ref().unwrap().1
    }

    /// The key that identities are made with here.
    fn key(&self) -> IdentityKey {
        IdentityKey::kept_in(Directory::open(self.root.path()).unwrap()).unwrap()
    }

    async fn offer(&self, tree: &Tree, identity: Identity) -> Arc<Contexts> {
        let offered = self.client().offer(tree.locals(), identity).await;
        Arc::new(offered.unwrap())
    }

    async fn solve(&self, solve: Solve) -> Result<Solved, SolveError> {
        let (status, mut reports) = tokio::sync::mpsc::channel(8);
        let taken = async { while reports.recv().await.is_some() {} };
        tokio::join!(self.client().solve(solve, status), taken).0
    }

    /// Builds what is offered: the image, and what was sent for it.
    async fn build(&self, contexts: Arc<Contexts>) -> (Archive, Sent) {
        let (built, sent) = self.try_build(contexts).await;
        (built.unwrap(), sent)
    }

    /// The same of what may not be built: a file that is copied may not be there.
    async fn try_build(&self, contexts: Arc<Contexts>) -> (Result<Archive, SolveError>, Sent) {
        let out = tempfile::tempdir().unwrap();
        let archive = out.path().join("image.tar");
        let mut exporter = docker(&archive);
        if let Exporter::Docker { attributes, .. } = &mut exporter {
            attributes.insert("rewrite-timestamp".into(), "true".into());
        }
        let asked = Solve {
            exporters: vec![exporter],
            ..asked(&contexts)
        };
        let solved = self.solve(asked).await;
        let built = solved.map(|_solved| Archive::read(&archive));
        (built, contexts.sent())
    }

    /// A tree under the identity that it has here.
    async fn known(&self, tree: &Tree) -> Arc<Contexts> {
        let identity = self.key().identify(tree.known());
        self.offer(tree, identity).await
    }

    async fn build_known(&self, tree: &Tree) -> (Archive, Sent) {
        self.build(self.known(tree).await).await
    }
}

fn asked(contexts: &Arc<Contexts>) -> Solve {
    let epoch = ("build-arg:SOURCE_DATE_EPOCH".into(), EPOCH.into());
    Solve {
        frontend: "dockerfile.v0".into(),
        frontend_attributes: [epoch].into(),
        contexts: Some(Arc::clone(contexts)),
        ..Solve::default()
    }
}

fn layers(archive: &Archive) -> &serde_json::Value {
    &archive.config["rootfs"]["diff_ids"]
}

/// A context.
struct Tree(TempDir);

const DOCKERFILES: [&str; 3] = [
    "FROM scratch\nCOPY . /copied/\n",
    "FROM scratch\nCOPY a* lin[k] /copied/\nCOPY su[b] /sub/\n",
    "# another\nFROM scratch\nCOPY --chmod=700 . /\n",
];

impl Tree {
    fn new() -> Self {
        let tree = Self(directory());
        fs::create_dir_all(tree.at("sub/deep")).unwrap();
        for name in ["a1", "a2", "b1", "sub/c1", "sub/deep/d1", "sub/deep/d2"] {
            fs::write(tree.at(name), format!("first {name}")).unwrap();
        }
        symlink("a1", tree.at("link")).unwrap();
        fs::write(tree.at("Dockerfile"), DOCKERFILES[0]).unwrap();
        tree
    }

    fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(path)
    }

    fn locals(&self) -> Vec<Local> {
        let local = |name: &str| Local {
            name: name.into(),
            directory: Directory::open(self.0.path()).unwrap(),
        };
        vec![local("context"), local("dockerfile")]
    }

    /// What the frontend asks of it.
    fn questions(&self) -> Vec<LocalQuestion> {
        let [context, dockerfile] = self.locals().try_into().unwrap();
        let bytes = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect();
        let question = |local: &Local, follow: &[&str], exclude| LocalQuestion {
            local: local.clone(),
            patterns: Patterns {
                include: Vec::new(),
                exclude,
                follow: bytes(follow),
            },
        };
        let list = fs::read(self.at(".dockerignore")).unwrap_or_default();
        let exclude = rules(&list).into_iter().map(|(_, pattern)| pattern);
        let texts = ["Dockerfile", "Dockerfile.dockerignore", "dockerfile"];
        vec![
            question(&dockerfile, &texts, Vec::new()),
            question(&context, &[".dockerignore"], Vec::new()),
            question(&context, &[], exclude.collect()),
        ]
    }

    /// Its fingerprint, as soon as it was left alone for long enough.
    fn known(&self) -> Fingerprint {
        let deadline = Instant::now() + DEADLINE;
        loop {
            match Fingerprint::take(self.questions(), TICKS, &Cancel::default()) {
                Err(Unknown::Young { .. }) => assert!(Instant::now() < deadline),
                known => return known.unwrap(),
            }
        }
    }

    /// Replaces a file by another of the same size and times.
    fn replace(&self, path: &Path, text: &[u8]) {
        let before = fs::symlink_metadata(path).unwrap();
        fs::write(path, text).unwrap();
        let file = File::options().write(true).open(path).unwrap();
        file.set_modified(before.modified().unwrap()).unwrap();
    }

    /// The files in it, none of them by a link.
    fn files(&self) -> Vec<PathBuf> {
        let paths = oci_image_tests::tree::paths(self.0.path()).into_iter();
        let is_file = |path: &PathBuf| fs::symlink_metadata(path).unwrap().is_file();
        let is_other = |path: &PathBuf| {
            let name = path.file_name().and_then(OsStr::to_str).unwrap();
            name != "Dockerfile" && name != ".dockerignore"
        };
        let files = paths.map(|path| self.at(path)).filter(is_file);
        files.filter(is_other).collect()
    }

    /// One of the things that people and programs do to a context; says which.
    fn edit(&self, random: &mut Random) -> &'static str {
        let files = self.files();
        let mut pick = |count: usize| usize::try_from(random.number()).unwrap() % count;
        if files.is_empty() {
            fs::write(self.at("a1"), "anew").unwrap();
            return "made anew";
        }
        let (kind, file, other) = (pick(14), pick(files.len()), pick(4));
        let file = &files[file];
        match kind {
            0..6 => edit_file(self, file, kind, pick(10)),
            6..10 => self.edit_names(file, kind, other),
            10 => {
                let lists = [
                    "",
                    "b*\n",
                    "sub\n!sub/deep/d1\n",
                    "*\n!a*\n!Dockerfile\n!link\n!sub\n",
                ];
                fs::write(self.at(".dockerignore"), lists[other]).unwrap();
                ".dockerignore"
            }
            11 => {
                let text = DOCKERFILES[pick(DOCKERFILES.len())];
                fs::write(self.at("Dockerfile"), text).unwrap();
                "Dockerfile"
            }
            12 => {
                let (sub, away) = (self.at("sub"), self.at("away"));
                fs::rename(&sub, &away).unwrap();
                fs::create_dir_all(sub.join("deep")).unwrap();
                fs::write(sub.join("deep/d1"), "anew").unwrap();
                fs::remove_dir_all(&away).unwrap();
                "directory made anew"
            }
            _ => "nothing",
        }
    }

    fn edit_names(&self, file: &Path, kind: usize, number: usize) -> &'static str {
        let other = self.at(format!("a{number}"));
        match kind {
            6 => {
                fs::rename(file, other).unwrap();
                "rename"
            }
            7 => {
                let link = self.at("link");
                let _ = fs::remove_file(&link);
                symlink(["a1", "a2", "sub/deep", "b1"][number], &link).unwrap();
                "symlink"
            }
            8 => {
                let _ = fs::remove_file(&other);
                // It may have been the file.
                let _ = fs::hard_link(file, &other);
                "hard link"
            }
            _ => {
                fs::remove_file(file).unwrap();
                "removed"
            }
        }
    }
}

/// What can be done to one file that keeps its name.
fn edit_file(tree: &Tree, file: &Path, kind: usize, number: usize) -> &'static str {
    match kind {
        0 | 1 => {
            let mut text = fs::read(file).unwrap();
            text.iter_mut()
                .for_each(|byte| *byte = byte.wrapping_add(1));
            tree.replace(file, &text);
            "same size and times"
        }
        2 => {
            let mut file = File::options().append(true).open(file).unwrap();
            file.write_all(b"more").unwrap();
            "longer"
        }
        3 => {
            let mode = [0o644, 0o600, 0o755, 0o4755][number % 4];
            fs::set_permissions(file, Permissions::from_mode(mode)).unwrap();
            "mode"
        }
        4 => {
            let value = [b'0' + u8::try_from(number).unwrap()];
            rustix::fs::setxattr(file, "user.note", &value, XattrFlags::empty()).unwrap();
            "attribute"
        }
        _ => {
            let text = fs::read(file).unwrap();
            fs::remove_file(file).unwrap();
            fs::write(file, text).unwrap();
            let made = File::options().write(true).open(file).unwrap();
            let time = UNIX_EPOCH + Duration::from_secs(7);
            made.set_modified(time).unwrap();
            "removed and made anew"
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_context_that_is_as_it_was_nothing_is_sent_also_after_a_restart() {
    let mut engine = Engine::start().await;
    let tree = Tree::new();
    let (first, sent) = engine.build_known(&tree).await;
    assert_eq!((sent.transfers, sent.files), (3, 8), "{sent:?}");

    let (second, again) = engine.build_known(&tree).await;
    engine.restart().await;
    let (third, after_restart) = engine.build_known(&tree).await;
    engine.prune(&["--all"]);
    let (fourth, after_prune) = engine.build_known(&tree).await;

    assert_eq!((again, after_restart), (Sent::default(), Sent::default()));
    assert!(after_prune.files > 0, "{after_prune:?}");
    for later in [second, third, fourth] {
        assert_eq!(layers(&later), layers(&first));
    }
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_built_after_any_edit_is_what_a_context_becomes_that_is_compared() {
    let edits = env::var("OCI_IMAGE_EDITS").map_or(EDITS, |edits| edits.parse().unwrap());
    let seed = env::var("OCI_IMAGE_SEED").map_or(1368, |seed| seed.parse().unwrap());
    let (mut knowing, mut comparing) = (Engine::start().await, Engine::start().await);
    let tree = Tree::new();
    let mut random = Random::new(seed);
    let key = fs::read(knowing.root.path().join("oci-image.key"));
    assert!(key.is_err(), "there is none before the first build");
    let (mut known, mut failed) = (0, 0);
    for edit in 0..edits {
        let what = tree.edit(&mut random);
        // Each on both: what is built from is then the same, also where a layer is kept whose links are others.
        match random.number() % 20 {
            0 => {
                knowing.restart().await;
                comparing.restart().await;
            }
            1 => prune_both(&knowing, &comparing, &["--all"]),
            2 => prune_both(&knowing, &comparing, &[]),
            3 => change_while_it_is_sent(&knowing, &tree).await,
            _ => {}
        }

        let (built, sent) = knowing.try_build(knowing.known(&tree).await).await;
        let compared = comparing.offer(&tree, Identity::Random).await;
        let (expected, _) = comparing.try_build(compared).await;

        let edit = format!("edit {edit} of seed {seed}: {what}");
        let Ok(expected) = expected else {
            assert!(built.is_err(), "{edit}");
            failed += 1;
            continue;
        };
        let built = built.unwrap_or_else(|error| panic!("{edit}: {error}"));
        assert_eq!(layers(&built), layers(&expected), "{edit}");
        known += usize::from(sent == Sent::default());
        if random.number().is_multiple_of(4) {
            let (again, sent) = knowing.build_known(&tree).await;
            assert_eq!(layers(&again), layers(&expected), "{edit}");
            assert_eq!(sent, Sent::default(), "{edit}");
        }
    }
    println!("{edits} edits: of {known} nothing was sent, {failed} cannot be built");
    assert!(failed * 4 < edits, "{failed} of {edits}");
    // A question that was not expected would have ended it.
    assert!(knowing.root.path().join("oci-image.key").exists());
    knowing.stop().await;
    comparing.stop().await;
}

fn prune_both(one: &Engine, other: &Engine, arguments: &[&str]) {
    one.prune(arguments);
    other.prune(arguments);
}

/// Has the daemon keep another tree under the fingerprint of this one, as if it had changed between the look and the transfer,
/// and puts everything back as far as a program can.
async fn change_while_it_is_sent(engine: &Engine, tree: &Tree) {
    let identity = engine.key().identify(tree.known());
    let contexts = engine.offer(tree, identity).await;
    let files = tree.files();
    let before = files.first().map(|file| fs::read(file).unwrap());
    if let (Some(file), Some(text)) = (files.first(), &before) {
        tree.replace(file, &vec![b'!'; text.len()]);
    }
    let (fleeting, moved) = (tree.at("a-fleeting"), tree.at("moved"));
    fs::write(&fleeting, "fleeting").unwrap();
    fs::rename(tree.at("sub"), &moved).unwrap();
    engine.solve(asked(&contexts)).await.ok();
    fs::rename(&moved, tree.at("sub")).unwrap();
    fs::remove_file(&fleeting).unwrap();
    if let (Some(file), Some(text)) = (files.first(), &before) {
        tree.replace(file, text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_changes_a_context_unseen_by_size_and_time_is_seen() {
    let place = Workplace::new();
    place.dockerfile("FROM scratch\nCOPY version /\n");
    let object = json!({"context": "context", "output": "image"});
    for version in ["1.0.1", "1.0.2", "1.0.1"] {
        let file = place.write("context/version", version);
        let file = File::options().write(true).open(file).unwrap();
        let time = UNIX_EPOCH + Duration::from_secs(1);
        file.set_modified(time).unwrap();
        let deadline = Instant::now() + DEADLINE;
        loop {
            let run = place.build(&object).expect(0);
            let archive = Archive::read(&place.path("image/image.tar"));
            assert_eq!(archive.text("version"), version);
            // At first it is young; then it is sent once more under its name.
            if !run.stderr.contains("transferring context") {
                break;
            }
            assert!(Instant::now() < deadline, "{}", run.stderr);
        }
    }

    let key = fs::metadata(place.root().join("oci-image.key")).unwrap();
    assert_eq!(key.permissions().mode() & 0o7777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn solves_that_share_a_session_share_a_transfer_and_what_goes_wrong_in_it() {
    let engine = Engine::start().await;
    let tree = Tree::new();
    let dockerfile = "FROM scratch AS one\nCOPY . /one/\nFROM scratch AS two\nCOPY . /two/\n";
    fs::write(tree.at("Dockerfile"), dockerfile).unwrap();
    let contexts = engine.offer(&tree, Identity::Random).await;
    let of = |target: &str| {
        let mut asked = asked(&contexts);
        let attribute = ("target".to_owned(), target.to_owned());
        asked.frontend_attributes.extend([attribute]);
        engine.solve(asked)
    };

    let (one, two) = tokio::join!(of("one"), of("two"));

    one.unwrap();
    two.unwrap();
    let sent = contexts.sent();
    assert_eq!((sent.transfers, sent.files), (3, 8), "{sent:?}");

    // Nobody can send what is too deep; each solve says why.
    make_too_deep(tree.0.path());
    let contexts = engine.offer(&tree, Identity::Random).await;
    let solve = || engine.solve(asked(&contexts));
    let (first, second) = tokio::join!(solve(), solve());
    for failed in [first, second] {
        let SolveError::Failed { cause, .. } = failed.unwrap_err() else {
            panic!("not as failed")
        };
        let told = cause.as_deref();
        assert!(
            matches!(told, Some(Fault::Local { name, .. }) if name == "context"),
            "{told:?}"
        );
    }
}

/// Makes directories in each other until no path reaches the last.
fn make_too_deep(top: &Path) {
    let mut directory = File::open(top).unwrap();
    let name = "d".repeat(250);
    for _ in 0..17 {
        rustix::fs::mkdirat(&directory, &*name, Mode::RWXU).unwrap();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let opened = rustix::fs::openat(&directory, &*name, flags, Mode::empty());
        directory = File::from(opened.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_the_context_and_not_the_key_plants_nothing() {
    let engine = Engine::start().await;
    let (ours, planted) = (Tree::new(), Tree::new());
    fs::write(planted.at("a1"), "planted").unwrap();
    let stranger = tempfile::tempdir().unwrap();
    let guess = IdentityKey::kept_in(Directory::open(stranger.path()).unwrap()).unwrap();

    // The stranger sends another tree as ours, and keeps the session.
    let guessed = guess.identify(ours.known());
    let theirs = engine.client().offer(planted.locals(), guessed).await;
    let theirs = Arc::new(theirs.unwrap());
    let (stolen, _) = engine.build(Arc::clone(&theirs)).await;
    let (built, sent) = engine.build_known(&ours).await;

    assert_eq!(stolen.text("copied/a1"), "planted");
    assert_eq!(built.text("copied/a1"), "first a1");
    assert!(sent.files > 0, "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frontend_that_asks_for_more_than_was_expected_ends_the_key() {
    let engine = Engine::start().await;
    let tree = Tree::new();
    let key = engine.root.path().join("oci-image.key");
    let (_, sent) = engine.build_known(&tree).await;
    assert!(sent.files > 0 && key.exists());

    // Another Dockerfile than the one that was looked at.
    fs::write(tree.at("Other"), DOCKERFILES[0]).unwrap();
    let identity = engine.key().identify(tree.known());
    let contexts = engine.offer(&tree, identity).await;
    let mut other = asked(&contexts);
    let attribute = ("filename".to_owned(), "Other".to_owned());
    other.frontend_attributes.extend([attribute]);
    engine.solve(other).await.unwrap();

    assert!(!key.exists());
    let (_, sent) = engine.build_known(&tree).await;
    assert!(sent.files > 0, "it is sent anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_an_identity_is_taken_another_session_has_a_random_one() {
    let engine = Engine::start().await;
    let tree = Tree::new();
    let identity = || engine.key().identify(tree.known());
    let first = engine.offer(&tree, identity()).await;
    let second = engine.offer(&tree, identity()).await;

    let (one, _) = engine.build(Arc::clone(&first)).await;
    let (two, sent) = engine.build(second).await;
    drop(first);
    let (three, _) = engine.build_known(&tree).await;
    let (_, again) = engine.build_known(&tree).await;

    assert_eq!((layers(&one), layers(&two)), (layers(&two), layers(&three)));
    assert!(sent.transfers > 0, "{sent:?}");
    assert_eq!(again, Sent::default());
}
