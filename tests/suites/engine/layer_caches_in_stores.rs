//! `cache_from`, `cache_to` in stores of objects that ask for a login: S3's, Azure's, and that of a run of Actions.

use std::path::PathBuf;

use oci_image_tests::secrecy::Secrets;
use oci_image_tests::stores::Store;
use oci_image_tests::workplace::Workplace;

use super::keys_layer_caches::{afresh, cached, executed, object, place, says};

/// Looks for the login of a store wherever a build on an empty root leaves something, and while it runs.
fn tells_no_login(place: &Workplace, store: &Store) {
    let secrets = Secrets::new(store.secrets());
    let object = object(&[store.cache()], &[format!("{},mode=max", store.cache())]);
    let planned = (place.run(&["plan"], object.to_string().as_bytes())).expect(0);
    let _ = std::fs::remove_dir_all(place.root());
    let root = place.root();
    let mut command = place.command(&["build", "--file", "../object.json", "--progress", "json"]);
    command.args(["--report", "report.html", "--metadata-file", "metadata"]);
    place.write("../object.json", object.to_string());
    let mut child = command.arg("--root").arg(root).spawn().unwrap();
    let mut telling = Vec::new();
    while child.try_wait().unwrap().is_none() {
        telling.extend(secrets.telling_processes());
    }
    let built = place.finish(child).expect(0);

    // The store knows its own login.
    telling.retain(|file| Some(file) != store.knows().as_ref());
    assert_eq!(telling, Vec::<PathBuf>::new(), "{}", store.kind);
    for text in [
        &planned.stdout,
        &planned.stderr,
        &built.stdout,
        &built.stderr,
    ] {
        assert!(!secrets.show_in(text.as_bytes()), "{}: {text}", store.kind);
    }
    assert!(place.path("report.html").exists());
    assert_eq!(secrets.holders(&place.path("")), Vec::<PathBuf>::new());
}

#[test]
fn store_spares_a_fresh_root_its_steps_and_no_login_is_shown() {
    for store in Store::all() {
        let place = place();

        let first = afresh(&place, &[], &[format!("{},mode=max", store.cache())]).expect(0);
        let digest = place.read("image/digest");
        let second = afresh(&place, &[store.cache()], &[]).expect(0);

        assert_eq!(executed(&first), ["tools", "image"], "{}", store.kind);
        assert_eq!(executed(&second), Vec::<&str>::new(), "{}", second.stderr);
        assert!(cached(&second) >= 4, "{}", second.stderr);
        assert_eq!(place.read("image/digest"), digest, "{}", store.kind);
        tells_no_login(&place, &store);
    }
}

#[test]
fn login_that_is_refused_is_told_with_its_cache_and_what_to_do() {
    for store in Store::all() {
        let place = place();
        let of = format!("the layer cache of the type `{}`", store.kind);
        for cache in store.refused() {
            let fields = cache.split(',').filter_map(|field| field.split_once('='));
            let of_login =
                fields.filter(|(name, _)| name.contains("key") || name.contains("token"));
            let secrets = Secrets::new(of_login.map(|(_, value)| value));

            let refused = afresh(&place, &[], std::slice::from_ref(&cache)).expect(1);
            let ignored = format!("{cache},mode=max,ignore-error=true");
            let ignored = afresh(&place, std::slice::from_ref(&cache), &[ignored]).expect(0);

            says(
                &refused,
                &[
                    &format!("error: cannot write {of}: "),
                    "hint: it wants another login: `",
                    "; with `ignore-error=true` in `cache_to`",
                ],
            );
            for what in ["read", "written"] {
                let warning = format!("warning: {of} was not {what}: ");
                let told = ignored
                    .stderr
                    .lines()
                    .find(|line| line.starts_with(&warning));
                let told = told.unwrap_or_else(|| panic!("no {warning} in {}", ignored.stderr));
                assert!(told.contains(": it wants another login: `"), "{told}");
            }
            assert_eq!(executed(&ignored), ["tools", "image"], "{}", ignored.stderr);
            for run in [&refused, &ignored] {
                assert!(!secrets.show_in(run.stderr.as_bytes()), "{}", run.stderr);
            }
        }
    }
}

#[test]
fn cache_that_is_neither_read_nor_written_is_told_as_what_ends_the_build() {
    let store = Store::all()
        .into_iter()
        .find(|store| store.kind == "s3")
        .unwrap();
    let place = place();
    let nowhere = store.cache().replace("bucket=builds", "bucket=nobodys");

    let run = afresh(
        &place,
        std::slice::from_ref(&nowhere),
        std::slice::from_ref(&nowhere),
    );

    let told = "error: cannot write the layer cache of the type `s3`: ";
    says(
        &run.expect(1),
        &[
            told,
            "NoSuchBucket",
            "also failed: importing cache manifest from s3:",
        ],
    );
}
