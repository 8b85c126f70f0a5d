//! Contexts that are told by their inodes and dates.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use oci_image::boundary::handle::Directory;
use oci_image::buildkit::context::{Identity, IdentityKey, Sent};
use oci_image::buildkit::contexts::Contexts;
use oci_image::buildkit::fault::Fault;
use oci_image::buildkit::solve::SolveError;
use oci_image_tests::archive::Archive;
use oci_image_tests::workplace::Workplace;
use rustix::fs::{Mode, OFlags};
use serde_json::json;

use crate::engine::known_context::edits::{Means, build_after_edits};
use crate::engine::known_context::engine::{Engine, asked, layers};
use crate::engine::known_context::tree::{DEADLINE, DOCKERFILES, Tree};

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

struct ByDates;

impl Means for ByDates {
    fn checkout(&self, _: &Tree) -> Option<Tree> {
        None
    }

    async fn offer(&self, engine: &Engine, tree: &Tree) -> Arc<Contexts> {
        engine.known(tree).await
    }

    async fn disturb(&self, number: u64, engine: &Engine, tree: &Tree) {
        if number == 3 {
            change_while_it_is_sent(engine, tree).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_built_after_any_edit_is_what_a_context_becomes_that_is_compared() {
    build_after_edits(ByDates, 1368).await;
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
