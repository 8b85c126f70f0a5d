//! A frontend that a Dockerfile chose, and should not have: it asks for what was not given, and says what nobody should obey.
//!
//! It is `host/engine/frontend/main.go`, run by the real daemon as the image of `# syntax=`. Whatever it does, nothing from
//! outside of the context is in the image, no line commands a terminal or a runner, and a success is a whole image.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Child;

use oci_image_tests::archive::Archive;
use oci_image_tests::attacks;
use oci_image_tests::engine;
use oci_image_tests::front::{Door, Front, HOST_NAME};
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

/// What stands outside of the context, and must not be in an image.
const OUTSIDE: &str = "the text of a file outside";
/// What the frontend can do.
const ATTACKS: [&str; 9] = [
    "locals", "secrets", "says", "refuses", "floods", "silent", "nothing", "metadata", "leaves",
];

/// A place whose Dockerfile chooses the frontend, which a registry on loopback has.
fn chosen() -> (Workplace, Front) {
    let image = Workplace::new();
    fs::copy(
        engine::directory().join("frontend"),
        image.path("context/frontend"),
    )
    .unwrap();
    image.dockerfile("FROM scratch\nCOPY frontend /\nENTRYPOINT [\"/frontend\"]\n");
    let _ = image.build(&object(&[])).expect(0);
    let front = Front::plain(&image.path("image/image.tar"), Door::Open);

    let place = Workplace::new();
    // By its number it is asked by plain HTTP.
    let host = front.host().replace(HOST_NAME, "127.0.0.1");
    place.dockerfile(&format!("# syntax={host}/frontend\nFROM scratch\n"));
    place.write("outside", OUTSIDE);
    place.write("cache/index.json", "{}");
    symlink("..", place.path("context/link")).unwrap();
    symlink("link/outside", place.path("context/chain")).unwrap();
    (place, front)
}

fn object(arguments: &[&str]) -> Value {
    json!({"context": "context", "output": "image", "build_args": arguments})
}

fn attacked(place: &Workplace, attack: &str) -> Run {
    place.build(&object(&[&format!("attack={attack}")]))
}

/// Nothing was obeyed, nothing from outside came in, and a success is whole.
fn is_survived(place: &Workplace, run: &Run) {
    run.assert_commands_nothing(&run.stderr);
    assert!(!run.stderr.contains(OUTSIDE), "{}", run.stderr);
    assert!(
        !run.stderr.contains("cannot resolve the frontend"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.len() < 16 << 20, "{}", run.stderr.len());
    assert_eq!(place.leftovers(), Vec::<String>::new(), "{}", run.stderr);
    if run.status != 0 {
        assert_eq!(run.status, 1, "{}", run.stderr);
        assert_eq!(place.names("image"), Vec::<String>::new(), "{}", run.stderr);
        return;
    }
    let archive = Archive::read(&place.path("image/image.tar"));
    assert_eq!(place.read("image/digest"), archive.config_digest);
    for (path, entry) in archive.layers.iter().flatten() {
        let contents = String::from_utf8_lossy(&entry.contents);
        assert!(!contents.contains(OUTSIDE), "{path}");
    }
}

#[test]
fn frontend_reads_nothing_that_stands_outside_of_the_context() {
    let (place, _front) = chosen();

    let run = attacked(&place, "locals").expect(0);

    is_survived(&place, &run);
    let archive = Archive::read(&place.path("image/image.tar"));
    // It was given something: the links of the context, which lead nowhere in an image.
    assert_eq!(archive.entry("2/link").unwrap().link.as_deref(), Some(".."));
    assert_ne!(archive.text("got"), "0 of 15");
}

#[test]
fn frontend_gets_no_secret_and_no_agent_that_nobody_gave() {
    let (place, _front) = chosen();

    let run = attacked(&place, "secrets").expect(0);

    is_survived(&place, &run);
    assert_eq!(
        Archive::read(&place.path("image/image.tar")).text("got"),
        ""
    );
}

#[test]
fn frontend_whose_words_command_is_shown_in_lines_that_do_not() {
    let (place, _front) = chosen();

    let said = attacked(&place, "says").expect(0);
    is_survived(&place, &said);
    assert!(said.stderr.contains("1 warning"), "{}", said.stderr);

    fs::remove_file(place.path("image/image.tar")).unwrap();
    fs::remove_file(place.path("image/digest")).unwrap();
    let refused = attacked(&place, "refuses").expect(1);
    is_survived(&place, &refused);
    assert!(refused.stderr.len() < 64 << 10, "{}", refused.stderr.len());
}

#[test]
fn frontend_that_answers_nothing_or_lies_makes_no_image_that_is_none() {
    let (place, _front) = chosen();

    for attack in ["nothing", "metadata", "leaves", "floods"] {
        let run = attacked(&place, attack);

        is_survived(&place, &run);
        for name in place.names("image") {
            fs::remove_file(place.path("image").join(name)).unwrap();
        }
    }
}

#[test]
fn frontend_that_never_answers_is_stopped() {
    let (place, _front) = chosen();
    let child: Child = place.start_build(&object(&["attack=silent"]));
    place.wait_for("the frontend to run", || {
        // Its process in the daemon's namespace.
        fs::read_dir("/proc").unwrap().flatten().any(|process| {
            fs::read(process.path().join("cmdline")).is_ok_and(|line| line == b"/frontend\0")
        })
    });

    place.signal(&child, "SIGTERM");
    let run = place.finish(child).expect(143);

    assert_eq!(place.leftovers(), Vec::<String>::new(), "{}", run.stderr);
    assert_eq!(place.names("image"), Vec::<String>::new());
}

#[test]
fn each_attack_is_counted() {
    assert_eq!(attacks::tried("frontend"), ATTACKS.len() as u32);
}
