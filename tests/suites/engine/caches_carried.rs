//! Caches of `RUN --mount=type=cache` that leave a real daemon and come back on an empty root.

use std::fs;
use std::path::Path;
use std::time::Duration;

use oci_image::boundary::handle::Directory;
use oci_image::buildkit::Solve;
use oci_image::buildkit::cache_mount::CacheOrigin;
use oci_image::mounts::archives::{Archives, Settled};
use oci_image::mounts::{Amount, Carrier, Identity, Key, MountError, Restored, Saved};
use oci_image_tests::daemon::{Context, Daemon, solve};
use tempfile::TempDir;

/// As much as there is.
const NO_LIMIT: u64 = 1 << 40;

/// Where archives are kept, and programs.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        for name in ["archives", "programs"] {
            fs::create_dir(place.path().join(name)).unwrap();
        }
        Self(place)
    }

    fn archives(&self) -> std::path::PathBuf {
        self.0.path().join("archives")
    }

    async fn carrier(&self, daemon: &Daemon, limit: u64) -> Carrier {
        let archives = Archives::open(Directory::open(self.archives()).unwrap()).unwrap();
        let programs = Directory::open(self.0.path().join("programs")).unwrap();
        let client = daemon.client.clone();
        Carrier::new(client, programs, archives, limit)
            .await
            .unwrap()
    }

    /// Its archives by name, of which there is one.
    fn archive(&self) -> std::path::PathBuf {
        let mut entries = fs::read_dir(self.archives()).unwrap();
        entries.next().unwrap().unwrap().path()
    }
}

fn key(id: &str) -> Key {
    Key {
        id: id.to_owned(),
        origin: CacheOrigin::Empty,
    }
}

/// A `RUN` with a cache at `/c`, and a namespace for its id.
fn build(options: &str, namespace: &str, script: &str) -> (Context, Solve) {
    let context = Context::new(&format!(
        "RUN [\"/bin/busybox\", \"--install\", \"-s\", \"/bin\"]\nRUN --mount=type=cache,target=/c{options} {script}\n"
    ));
    let mut asked = context.solve();
    let key = "build-arg:BUILDKIT_CACHE_MOUNT_NS".to_owned();
    asked.frontend_attributes.insert(key, namespace.to_owned());
    (context, asked)
}

/// What a build with a cache at `/c` says.
async fn run(daemon: &Daemon, options: &str, namespace: &str, script: &str) -> String {
    let (_context, asked) = build(options, namespace, script);
    let outcome = solve(daemon, asked).await;
    let logs = outcome.logs();
    assert!(outcome.result.is_ok(), "{script}: {logs}");
    logs
}

/// Saves a cache and gives its archive its name.
async fn save(carrier: &Carrier, key: &Key, limit: u64) -> (Saved, Settled) {
    save_after(carrier, key, None, limit).await
}

/// The same for one that held, before the build, what is kept.
async fn save_after(
    carrier: &Carrier,
    key: &Key,
    restored: Option<Identity>,
    limit: u64,
) -> (Saved, Settled) {
    let (saved, grown) = carrier.save(key, restored).await.unwrap();
    let settled = carrier
        .archives()
        .settle(grown, std::slice::from_ref(key), limit);
    (saved, settled.unwrap())
}

const FILL: &str = "cd /c; head -c 3000000 /dev/urandom > random; mkdir -p a/b; echo text > a/b/file; chmod 640 a/b/file; \
                    chown 5:6 a/b/file; ln -s b/file a/link; ln random hard; touch -d @1000000000 a/b/file; mkfifo pipe; \
                    mkdir -m 1777 open; chmod 4755 a/b/file; touch -h -d @1000000000 a/link; truncate -s 50000000 holes; \
                    name=$(printf %0120d 0); mkdir $name; echo long > $name/$name; ln -s $name/$name long";
const TELL: &str = "cd /c; stat -c '%n %u:%g %a %F %y' . a a/b/file open a/link holes pipe; stat -c '%n %h' hard; readlink a/link; readlink long; \
                    sha256sum random hard a/b/file holes; [ $(du -k holes | cut -f1) -lt 100 ] && echo has holes; cat long; ls -A";

/// Fills a cache by an ordinary build, and gives what a second build sees of it, where a first root's cache was carried over to another.
async fn carried(options: &str, namespace: &str, key: &Key) -> [String; 2] {
    let place = Place::new();
    let before = Daemon::start("").await;
    run(&before, options, namespace, FILL).await;
    let told = run(&before, options, namespace, TELL).await;
    let carrier = place.carrier(&before, NO_LIMIT).await;
    save(&carrier, key, NO_LIMIT).await;

    let after = Daemon::start("").await;
    let carrier = place.carrier(&after, NO_LIMIT).await;
    carrier.restore(key).await.unwrap();
    [told, run(&after, options, namespace, TELL).await]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_is_carried_to_an_empty_root_with_all_that_files_are() {
    let [told, found] = carried("", "", &key("//c")).await;

    for part in [
        "a/b/file 5:6 4755 regular file",
        "open 0:0 1777 directory",
        "hard 2\n",
        "has holes",
        "b/file\n",
        "\nlong\n",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    assert_eq!(found, told);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_with_an_owner_an_id_and_a_namespace_is_found_by_what_it_begins_with() {
    let origin = CacheOrigin::Directory {
        uid: 7,
        gid: 0,
        mode: 0o700,
    };
    let owned = Key {
        origin,
        ..key("ns/kept")
    };

    let options = ",id=kept,uid=7,mode=0700,sharing=locked";
    let [told, found] = carried(options, "ns", &owned).await;

    assert!(told.starts_with(". 7:0 700 directory"), "{told}");
    assert_eq!(found, told);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_changed_is_not_sent_and_what_the_daemon_has_is_left_alone() {
    let place = Place::new();
    let (first, second) = (Daemon::start("").await, Daemon::start("").await);
    let key = key("//c");
    let carrier = place.carrier(&first, NO_LIMIT).await;
    assert_eq!(carrier.restore(&key).await.unwrap(), Restored::Nothing);
    assert_eq!(save(&carrier, &key, NO_LIMIT).await.0, Saved::Nothing);
    run(&first, "", "", FILL).await;
    let (Saved::Grown(amount), settled) = save(&carrier, &key, NO_LIMIT).await else {
        panic!("nothing was saved")
    };
    assert_eq!(settled.kept[&key], settled.size);
    let written = fs::metadata(place.archive()).unwrap();

    let again = save(&carrier, &key, NO_LIMIT).await.0;
    let occupied = carrier.restore(&key).await.unwrap();
    let carrier = place.carrier(&second, NO_LIMIT).await;
    let Restored::Filled(filled, identity) = carrier.restore(&key).await.unwrap() else {
        panic!("nothing was restored")
    };
    // Restored, it is as it was: to the nanosecond.
    let still = save(&carrier, &key, NO_LIMIT).await.0;
    run(&second, "", "", "touch /c/new").await;
    let more = save(&carrier, &key, NO_LIMIT).await.0;

    assert_eq!(again, Saved::Unchanged(amount));
    assert!(matches!(occupied, Restored::Occupied(there) if there != identity));
    assert_eq!(filled, amount);
    assert_eq!(still, Saved::Unchanged(amount));
    let entries = amount.entries + 1;
    assert_eq!(more, Saved::Grown(Amount { entries, ..amount }));
    assert_eq!(written.len(), settled.size);
}

/// Changes the archive that is kept.
fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_is_damaged_leaves_the_cache_as_it_was() {
    let place = Place::new();
    let key = key("//c");
    let first = Daemon::start("").await;
    run(&first, "", "", FILL).await;
    save(&place.carrier(&first, NO_LIMIT).await, &key, NO_LIMIT).await;
    let sound = fs::read(place.archive()).unwrap();
    let second = Daemon::start("").await;
    let carrier = place.carrier(&second, NO_LIMIT).await;

    for how in ["last", "middle", "cut", "version", "empty"] {
        fs::write(place.archive(), &sound).unwrap();
        change(&place.archive(), |bytes| match how {
            "last" => *bytes.last_mut().unwrap() ^= 1,
            "middle" => {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
            }
            "cut" => bytes.truncate(bytes.len() - 1),
            "version" => {
                let at = bytes
                    .windows(10)
                    .position(|found| found == b"\"version\":")
                    .unwrap();
                bytes[at + 10] = b'2';
            }
            _ => bytes.clear(),
        });
        let failed = carrier.restore(&key).await;
        assert!(
            matches!(failed, Err(MountError::Damaged { .. })),
            "{how}: {failed:?}"
        );
    }
    assert_eq!(run(&second, "", "", "ls -A /c").await, "");
    // It was never more than a file in our way.
    fs::write(place.archive(), &sound).unwrap();
    assert!(matches!(
        carrier.restore(&key).await.unwrap(),
        Restored::Filled(..)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_not_kept_and_nothing_is_left_of_it() {
    let place = Place::new();
    let daemon = Daemon::start("").await;
    let key = key("//c");
    run(&daemon, "", "", "head -c 3000000 /dev/urandom > /c/random").await;
    let carrier = place.carrier(&daemon, 1_000_000).await;

    let (saved, settled) = save(&carrier, &key, 1_000_000).await;

    let Saved::TooLarge(size) = saved else {
        panic!("{saved:?}")
    };
    assert!((1_000_000..2_000_000).contains(&size), "{size}");
    assert_eq!(settled, Settled::default());
    assert_eq!(fs::read_dir(place.archives()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poor_stand_in_for_what_was_restored_is_not_kept_in_its_place() {
    let place = Place::new();
    let key = key("//c");
    let daemons = [
        Daemon::start("").await,
        Daemon::start("").await,
        Daemon::start("").await,
    ];
    run(&daemons[0], "", "", FILL).await;
    save(&place.carrier(&daemons[0], NO_LIMIT).await, &key, NO_LIMIT).await;
    let kept = fs::read(place.archive()).unwrap();
    let carrier = place.carrier(&daemons[1], NO_LIMIT).await;
    let Restored::Filled(_, identity) = carrier.restore(&key).await.unwrap() else {
        panic!("nothing was restored")
    };
    // What steps get that miss the one which was restored.
    let other = place.carrier(&daemons[2], NO_LIMIT).await;
    let save_other = async || save_after(&other, &key, Some(identity), NO_LIMIT).await.0;

    let empty = save_other().await;
    run(&daemons[2], "", "", "echo little > /c/file").await;
    let poorer = save_other().await;
    let unknown = fs::read(place.archive()).unwrap();
    run(&daemons[2], "", "", "truncate -s 90M /c/more").await;
    let richer = save_other().await;
    run(&daemons[1], "", "", "rm -r /c/*").await;
    let itself = save_after(&carrier, &key, Some(identity), NO_LIMIT).await.0;

    assert_eq!(empty, Saved::Poorer(Amount::default()));
    let (entries, bytes) = (2, 7);
    assert_eq!(poorer, Saved::Poorer(Amount { entries, bytes }));
    assert_eq!(unknown, kept);
    assert!(matches!(richer, Saved::Grown(_)), "{richer:?}");
    assert_eq!(itself, Saved::Nothing);
}

/// So many files that a daemon takes longer to measure them than to begin a step.
const MANY: &str = "mkdir -p /c/many; cd /c/many; seq 100000 | xargs touch";

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_is_measured_when_nobody_measures_it_any_more() {
    let daemon = Daemon::start("").await;
    run(&daemon, "", "", MANY).await;

    for round in 0..3 {
        run(&daemon, "", "", &format!("touch /c/many/1; : {round}")).await;
        let client = daemon.client.clone();
        let other = tokio::spawn(async move { client.measure_cache_mounts().await });
        tokio::time::sleep(Duration::from_millis(10)).await;
        while daemon.client.measure_cache_mounts().await.unwrap() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let told = run(&daemon, "", "", &format!("ls /c/many | wc -l; : {round}")).await;

        assert_eq!(told, "100000\n", "{round}");
        other.await.unwrap().unwrap();
    }
}
