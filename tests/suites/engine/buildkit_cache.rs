//! The local cache: what one daemon leaves, another reuses.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use oci_image::boundary::handle::Directory;
use oci_image::buildkit::content::{CacheExport, ContentError, LocalCache};
use oci_image::buildkit::fault::Fault;
use oci_image::buildkit::solve::SolveError;
use oci_image_tests::archive::sha256;
use oci_image_tests::daemon::{Context, Daemon, Outcome, program, solve, tar};

const STEP: &str = "RUN head -c 1000000 /dev/urandom > /noise";

fn context() -> Context {
    Context::new("RUN head -c 1000000 /dev/urandom > /noise\n")
}

fn held(directory: &Path) -> Directory {
    fs::create_dir_all(directory).unwrap();
    Directory::open(directory).unwrap()
}

fn export(directory: &Path, tag: &str) -> CacheExport {
    let attributes = BTreeMap::from([("mode".into(), "max".into())]);
    CacheExport::Local {
        directory: held(directory),
        tag: tag.into(),
        attributes,
    }
}

async fn fill(daemon: &Daemon, context: &Context, directory: &Path, tag: &str) -> Outcome {
    let mut asked = context.solve();
    asked.cache_imports = LocalCache::new(held(directory)).imports().unwrap();
    asked.cache_exports = vec![export(directory, tag)];
    let outcome = solve(daemon, asked).await;
    let solved = outcome.result.as_ref().unwrap();
    assert!(solved.cache_error.is_none(), "{solved:?}");
    outcome
}

fn blobs(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory.join("blobs/sha256")).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_makes_a_fresh_daemon_skip_the_step_and_buildctl_can_read_it() {
    let out = tempfile::tempdir().unwrap();
    let directory = out.path().join("cache");
    let context = context();
    let first = fill(&Daemon::start("").await, &context, &directory, "latest").await;
    assert!(!first.is_cached(STEP));

    let daemon = Daemon::start("").await;
    let second = fill(&daemon, &context, &directory, "latest").await;

    assert!(second.is_cached(STEP), "{:?}", second.reports);
    for name in blobs(&directory) {
        assert_eq!(
            sha256(&fs::read(directory.join("blobs/sha256").join(&name)).unwrap()),
            format!("sha256:{name}")
        );
    }
    let rival = Daemon::start("").await;
    let build = Command::new(program("buildctl"))
        .arg("--addr")
        .arg(format!("unix://{}", rival.socket().display()))
        .args(["build", "--progress=plain", "--frontend=dockerfile.v0"])
        .arg(format!("--local=context={}", context.path().display()))
        .arg(format!("--local=dockerfile={}", context.path().display()))
        .arg(format!(
            "--import-cache=type=local,src={}",
            directory.display()
        ))
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&build.stderr).into_owned();
    assert!(build.status.success() && log.contains("CACHED"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_that_is_rebuilt_with_a_changing_file_does_not_grow() {
    let out = tempfile::tempdir().unwrap();
    let directory = out.path().join("cache");
    let context = Context::new("COPY changing /changing\nRUN cat /changing > /copy\n");
    let daemon = Daemon::start("").await;
    let mut sizes = Vec::new();

    for round in 0..4 {
        fs::write(context.path().join("changing"), format!("round {round}")).unwrap();
        fill(&daemon, &context, &directory, "latest").await;
        sizes.push(blobs(&directory).len());
    }

    assert_eq!(sizes, [sizes[0]; 4]);
    assert_eq!(fs::read_dir(directory.join("ingest")).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn solves_at_the_same_time_keep_their_caches_under_their_tags() {
    let out = tempfile::tempdir().unwrap();
    let directory = out.path().join("cache");
    let daemon = Daemon::start("").await;
    let contexts =
        ["a", "b", "c"].map(|name| Context::new(&format!("RUN echo {name} > /{name}\n")));

    tokio::join!(
        fill(&daemon, &contexts[0], &directory, "a"),
        fill(&daemon, &contexts[1], &directory, "b"),
        fill(&daemon, &contexts[2], &directory, "c"),
    );

    let cache = LocalCache::new(held(&directory));
    assert_eq!(cache.imports().unwrap().len(), 3);
    let whole = blobs(&directory).len();
    cache.retain(&["a", "c"]).unwrap();
    cache.prune().unwrap();
    assert_eq!(cache.imports().unwrap().len(), 2);
    assert!(blobs(&directory).len() < whole);
    let fresh = fill(&Daemon::start("").await, &contexts[2], &directory, "c").await;
    assert!(fresh.is_cached("RUN echo c > /c"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_cache_is_reported_and_can_be_cleared_and_filled_again() {
    let out = tempfile::tempdir().unwrap();
    let directory = out.path().join("cache");
    let context = context();
    let daemon = Daemon::start("").await;
    fill(&daemon, &context, &directory, "latest").await;
    let cache = LocalCache::new(held(&directory));
    let victim = blobs(&directory).pop().unwrap();
    fs::write(directory.join("blobs/sha256").join(&victim), "damaged").unwrap();

    let error = cache.imports().unwrap_err();
    cache.clear().unwrap();

    assert_eq!(
        error.to_string(),
        format!(
            "blob sha256:{victim} in `{}` is missing or damaged",
            directory.display()
        )
    );
    assert_eq!(blobs(&directory), Vec::<String>::new());
    fill(&daemon, &context, &directory, "latest").await;
    assert_eq!(cache.imports().unwrap().len(), 1);
    fs::write(directory.join("index.json"), "{").unwrap();
    let unreadable = cache.imports().unwrap_err();
    let index = directory.join("index.json");
    assert_eq!(
        unreadable.to_string(),
        format!("`{}` is not an index or a manifest", index.display())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_cache_there_is_nothing_to_import() {
    let empty = tempfile::tempdir().unwrap();
    let imports = LocalCache::new(held(empty.path())).imports().unwrap();
    assert!(imports.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_in_a_layer_is_the_cause_of_the_failure() {
    let out = tempfile::tempdir().unwrap();
    let directory = out.path().join("cache");
    let context = context();
    fill(&Daemon::start("").await, &context, &directory, "latest").await;
    let paths = blobs(&directory)
        .into_iter()
        .map(|name| directory.join("blobs/sha256").join(name));
    let victim = paths
        .max_by_key(|path| fs::metadata(path).unwrap().len())
        .unwrap();
    let mut bytes = fs::read(&victim).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&victim, bytes).unwrap();

    let mut asked = context.solve();
    asked.cache_imports = LocalCache::new(held(&directory)).imports().unwrap();
    asked.exporters = vec![tar(&out.path().join("rootfs.tar"))];
    let error = solve(&Daemon::start("").await, asked)
        .await
        .result
        .unwrap_err();

    let SolveError::Failed {
        cause: Some(cause), ..
    } = error
    else {
        panic!("{error:?}")
    };
    let Fault::Content(ContentError::Damaged { path }) = &*cause else {
        panic!("{cause:?}")
    };
    assert_eq!(*path, victim);
}
