//! Random edits of a context, and what it becomes after each, beside what it becomes where it is compared.

use std::env;
use std::fs;
use std::sync::Arc;

use oci_image::buildkit::context::{Identity, Sent};
use oci_image::buildkit::contexts::Contexts;
use oci_image_tests::random::Random;

use crate::engine::known_context::engine::{Engine, layers};
use crate::engine::known_context::tree::Tree;

/// How many edits are built; `OCI_IMAGE_EDITS` asks for more.
const EDITS: usize = 60;

/// By what a daemon knows a context.
pub(super) trait Means {
    /// The tree that is built from in the place of this one, if it is another.
    fn checkout(&self, tree: &Tree) -> Option<Tree>;

    /// Offers a tree as it is now.
    async fn offer(&self, engine: &Engine, tree: &Tree) -> Arc<Contexts>;

    /// What happens between two builds to the side that knows, by a number below 20: 0 to 2 happen to both sides.
    async fn disturb(&self, number: u64, engine: &Engine, tree: &Tree);
}

/// Builds after each edit on a daemon that knows the context and on one that compares it; `OCI_IMAGE_SEED` is another seed than this.
pub(super) async fn build_after_edits(means: impl Means, seed: u64) {
    let edits = env::var("OCI_IMAGE_EDITS").map_or(EDITS, |edits| edits.parse().unwrap());
    let seed = env::var("OCI_IMAGE_SEED").map_or(seed, |seed| seed.parse().unwrap());
    let (mut knowing, mut comparing) = (Engine::start().await, Engine::start().await);
    let tree = Tree::new();
    let mut random = Random::new(seed);
    let key = fs::read(knowing.root.path().join("oci-image.key"));
    assert!(key.is_err(), "there is none before the first build");
    let (mut known, mut failed) = (0, 0);
    for edit in 0..edits {
        let what = tree.edit(&mut random);
        let checkout = means.checkout(&tree);
        let ours = checkout.as_ref().unwrap_or(&tree);
        // Each on both: what is built from is then the same, also where a layer is kept whose links are others.
        match random.number() % 20 {
            0 => {
                knowing.restart().await;
                comparing.restart().await;
            }
            1 => prune_both(&knowing, &comparing, &["--all"]),
            2 => prune_both(&knowing, &comparing, &[]),
            other => means.disturb(other, &knowing, ours).await,
        }

        let (built, sent) = knowing.try_build(means.offer(&knowing, ours).await).await;
        let compared = comparing.offer(&tree, Identity::Random).await;
        let (expected, _) = comparing.try_build(compared).await;

        let edit = format!("edit {edit} of seed {seed}: {what}");
        let Ok(expected) = expected else {
            assert!(built.is_err(), "{edit}");
            failed += 1;
            continue;
        };
        let built = built.unwrap_or_else(|error| panic!("{edit}: {error}"));
        assert_eq!(built.layers, expected.layers, "{edit}");
        assert_eq!(layers(&built), layers(&expected), "{edit}");
        known += usize::from(sent == Sent::default());
        if random.number().is_multiple_of(4) {
            let checkout = means.checkout(&tree);
            let ours = checkout.as_ref().unwrap_or(&tree);
            let (again, sent) = knowing.build(means.offer(&knowing, ours).await).await;
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
