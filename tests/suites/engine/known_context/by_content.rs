//! Contexts that are told by what their files hold: fresh checkouts.

use std::fs::{self, File};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use oci_image::boundary::cancel::Cancel;
use oci_image::boundary::handle::Directory;
use oci_image::buildkit::context::{Checkout, Identity, Sent, forget_dates};
use oci_image::buildkit::contexts::Contexts;
use oci_image::buildkit::fault::Fault;
use oci_image::buildkit::solve::SolveError;
use oci_image_tests::archive::Archive;
use oci_image_tests::workplace::Workplace;
use serde_json::json;

use crate::engine::known_context::edits::{Means, build_after_edits};
use crate::engine::known_context::engine::{Engine, asked, layers};
use crate::engine::known_context::tree::{DEADLINE, DOCKERFILES, Tree, directory};

impl Tree {
    /// Another tree of the same files, all dates of which are new.
    fn fresh(&self) -> Self {
        let fresh = Self(directory());
        let from = self.at(".");
        let mut copy = Command::new("cp");
        copy.args(["-R", "--no-dereference"]);
        copy.arg("--preserve=mode,links,xattr");
        let copied = copy.arg(from).arg(fresh.0.path()).status().unwrap();
        assert!(copied.success());
        fresh
    }

    fn checkout(&self) -> Checkout {
        Checkout::look(self.questions(), &Cancel::default()).unwrap()
    }
}

impl Engine {
    /// A tree under the identity that it has here by what it holds, once its directories were left alone for long enough.
    async fn checked_out(&self, tree: &Tree) -> Arc<Contexts> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let identity = self.key().identify_checkout(tree.checkout()).unwrap();
            if matches!(&identity, Identity::Checkout { known: Some(_), .. }) {
                return self.offer(tree, identity).await;
            }
            assert!(Instant::now() < deadline);
        }
    }
}

fn changed(error: &SolveError) -> String {
    let SolveError::Failed { cause, .. } = error else {
        panic!("not as failed: {error}")
    };
    let Some(Fault::Local { source, .. }) = cause.as_deref() else {
        panic!("for another reason: {cause:?}")
    };
    source.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_fresh_checkout_only_what_differs_is_sent_and_only_that_has_a_new_date() {
    let mut engine = Engine::start().await;
    let tree = Tree::new();
    let (first, sent) = engine.build(engine.checked_out(&tree).await).await;
    assert_eq!((sent.transfers, sent.files), (3, 8), "{sent:?}");

    let (second, same) = engine.build(engine.checked_out(&tree.fresh()).await).await;
    engine.restart().await;
    let (third, restarted) = engine.build(engine.checked_out(&tree.fresh()).await).await;
    let changed = tree.fresh();
    changed.replace(&changed.at("sub/c1"), b"other sub/c1");
    fs::write(changed.at("Dockerfile"), DOCKERFILES[0]).unwrap();
    let (fourth, one) = engine.build(engine.checked_out(&changed).await).await;

    assert_eq!((same, restarted), (Sent::default(), Sent::default()));
    // Of a Dockerfile the daemon wants the whole at any time.
    assert_eq!(one.files, 2, "{one:?}");
    assert_eq!(layers(&first), layers(&second));
    assert_eq!(layers(&first), layers(&third));
    assert_eq!(fourth.text("copied/sub/c1"), "other sub/c1");
    assert_eq!(fourth.text("copied/sub/deep/d1"), "first sub/deep/d1");
    engine.stop().await;
}

struct ByContent;

impl Means for ByContent {
    fn checkout(&self, tree: &Tree) -> Option<Tree> {
        Some(tree.fresh())
    }

    async fn offer(&self, engine: &Engine, tree: &Tree) -> Arc<Contexts> {
        engine.checked_out(tree).await
    }

    async fn disturb(&self, number: u64, engine: &Engine, tree: &Tree) {
        match number {
            3 | 4 => change_after_the_look(engine, tree).await,
            5 => forget_dates(&Directory::open(engine.root.path()).unwrap()).unwrap(),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_any_edit_a_fresh_checkout_becomes_what_one_becomes_that_is_compared() {
    build_after_edits(ByContent, 87).await;
}

/// Changes the tree between the look and the transfer, and puts it back after it.
async fn change_after_the_look(engine: &Engine, tree: &Tree) {
    let contexts = engine.checked_out(tree).await;
    let files = tree.files();
    let Some(file) = files.first() else { return };
    let text = fs::read(file).unwrap();
    let away = tree.at("away");
    fs::rename(file, &away).unwrap();
    engine.solve(asked(&contexts)).await.ok();
    drop(contexts);
    fs::rename(&away, file).unwrap();
    let contexts = engine.checked_out(tree).await;
    tree.replace(file, &vec![b'!'; text.len()]);
    engine.solve(asked(&contexts)).await.ok();
    tree.replace(file, &text);
}

/// What is done to a tree, and where that is seen.
type Change = (&'static str, fn(&Tree));

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_after_the_look_is_built_from_and_never_again_under_that_identity() {
    let mut engine = Engine::start().await;
    let changes: [Change; 4] = [
        ("text", |tree| {
            fs::write(tree.at("sub/c1"), "longer than before").unwrap();
        }),
        ("gone", |tree| {
            fs::remove_file(tree.at("sub/deep/d1")).unwrap();
        }),
        ("new", |tree| {
            fs::write(tree.at("sub/deep/new"), "").unwrap();
        }),
        ("at the top", |tree| {
            fs::write(tree.at("new"), "").unwrap();
        }),
    ];
    for (what, change) in changes {
        let tree = Tree::new();
        // No two of these are the same to the daemon.
        fs::write(tree.at("b1"), what).unwrap();
        let before = tree.fresh();
        let contexts = engine.checked_out(&tree).await;
        change(&tree);

        let (changed, _) = engine.build(contexts).await;
        let (archive, sent) = engine.build(engine.checked_out(&before).await).await;

        let names = |archive: &Archive| -> Vec<String> {
            let names = archive.layers.iter().flat_map(|layer| layer.keys());
            names.cloned().collect()
        };
        let is_same =
            (changed.text("copied/sub/c1") == "first sub/c1") && names(&changed) == names(&archive);
        assert!(!is_same, "{what}");
        assert_eq!(archive.text("copied/sub/c1"), "first sub/c1");
        assert_eq!(archive.text("copied/sub/deep/d1"), "first sub/deep/d1");
        assert_eq!(names(&archive).len(), 11, "{what}: {:?}", names(&archive));
        assert!(sent.transfers > 0, "{what}: {sent:?}");
    }
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_changes_after_its_time_was_told_ends_the_build() {
    let mut engine = Engine::start().await;
    let tree = Tree::new();
    let before = tree.fresh();
    let contexts = engine.checked_out(&tree).await;
    tree.replace(&tree.at("a1"), b"OTHER a1");

    let (built, _) = engine.try_build(contexts).await;

    let said = changed(&built.unwrap_err());
    let file = tree.at("a1").display().to_string();
    let expected = format!("`{file}` changed between two looks at it; ");
    assert!(said.starts_with(&expected), "{said}");
    let (archive, _) = engine.build(engine.checked_out(&before).await).await;
    assert_eq!(archive.text("copied/a1"), "first a1");
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_context_that_its_own_image_is_written_into_is_built() {
    let place = Workplace::new();
    place.write("Dockerfile", "FROM scratch\nCOPY version* same /\n");
    place.write("same", "same");
    let object = json!({"context": ".", "output": "image", "context_by_content": true});
    for version in ["1", "1", "2"] {
        place.write("version", version);
        let _ = place.build(&object).expect(0);

        let archive = Archive::read(&place.path("image/image.tar"));
        assert_eq!(archive.text("version"), version);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_as_it_is_keeps_its_date_until_a_build_goes_by_other_dates() {
    let place = Workplace::new();
    let date = |number: u64| 1_000_000_000 + 86_400 * number;
    let mut dates = Vec::new();
    for (number, by_content) in (0..).zip([true, true, true, false, true]) {
        let _ = fs::remove_dir_all(place.path("context"));
        place.dockerfile("FROM scratch\nCOPY version same /\n");
        let version = format!("version {}", number.max(1));
        for (name, text) in [("version", &*version), ("same", "same")] {
            let file = place.write(&format!("context/{name}"), text);
            let file = File::options().write(true).open(file).unwrap();
            let since = Duration::from_secs(date(number));
            file.set_modified(UNIX_EPOCH + since).unwrap();
        }
        let object =
            json!({"context": "context", "output": "image", "context_by_content": by_content});
        let _ = place.build(&object).expect(0);

        let archive = Archive::read(&place.path("image/image.tar"));
        assert_eq!(archive.text("version"), version);
        let of = |name: &str| archive.entry(name).unwrap().modified;
        dates.push((of("version"), of("same")));
    }

    let changed = dates[2].0;
    assert!(changed > date(1000), "later than its own date: {changed}");
    assert_eq!(
        dates,
        [
            (date(0), date(0)),
            (date(0), date(0)),
            (changed, date(0)),
            (date(3), date(3)),
            (date(4), date(4)),
        ]
    );
}
