//! `build_args`, `labels` and their files: forms, precedence, and mistakes with file and line.

use oci_image_tests::archive::Archive;
use oci_image_tests::workplace::{Run, Workplace};
use serde_json::{Value, json};

/// An image whose labels are the arguments that the frontend got: no step has to run.
fn place(arguments: &[&str]) -> Workplace {
    let place = Workplace::new();
    let declared: String = arguments
        .iter()
        .map(|name| format!("ARG {name}=unset\nLABEL arg.{name}=\"${name}\"\n"))
        .collect();
    place.dockerfile(&format!("FROM scratch\nCOPY Dockerfile /\n{declared}"));
    place
}

fn build(place: &Workplace, more: Value) -> Run {
    let mut object = json!({"context": "context", "output": "image"});
    for (key, value) in more.as_object().unwrap() {
        object[key] = value.clone();
    }
    place.build(&object)
}

fn labels(place: &Workplace) -> Value {
    Archive::read(&place.path("image/image.tar")).config["config"]["Labels"].clone()
}

fn refused(place: &Workplace, more: Value, parts: &[&str]) {
    let run = build(place, more).expect(2);

    for part in parts {
        assert!(run.stderr.contains(part), "no {part:?} in:\n{}", run.stderr);
    }
    assert!(!place.root().exists(), "the daemon was started");
    assert_eq!(place.names("image"), Vec::<String>::new());
}

#[test]
fn file_of_lines_wins_over_the_list_and_keeps_every_blank() {
    let place = place(&["LIST", "FILE", "BOTH", "EMPTY", "SIGNS", "QUOTES", "UNSET"]);
    place.write(
        "settings/args",
        "FILE=  from the file \n\n\nBOTH=file\nEMPTY=\nSIGNS=a=b,c #d $HOME\nQUOTES=\"kept\" 'as is'\n",
    );
    place.write("settings/labels", "\nlabel.both=file\nlabel.file=a = b\n\n");

    let _ = build(
        &place,
        json!({
            "build_args": ["LIST=list", "BOTH=list", "LIST=the last counts"],
            "build_args_file": "settings/args",
            "labels": ["label.both=list", "label.list=list"],
            "labels_file": "settings/labels",
        }),
    )
    .expect(0);

    assert_eq!(
        labels(&place),
        json!({
            "arg.LIST": "the last counts", "arg.FILE": "  from the file ", "arg.BOTH": "file", "arg.EMPTY": "",
            "arg.SIGNS": "a=b,c #d $HOME", "arg.QUOTES": "\"kept\" 'as is'", "arg.UNSET": "unset",
            "label.both": "file", "label.file": "a = b", "label.list": "list",
        })
    );
}

#[test]
fn odd_files_build_what_they_always_built_and_are_told() {
    let place = place(&["VERSION", "CHANNEL", "INDENTED", "SPACED", "RETURN"]);
    place.write(
        "settings/args",
        "# default=1\n  # CHANNEL=none\nVERSION=2\n   \nexport CHANNEL=stable\n INDENTED=1\nSPACED = x\nRETURN=1\r\n",
    );
    place.write(
        "settings/labels",
        "# title=none\ntitle=hello\n indented=1\n",
    );

    let run = build(
        &place,
        json!({"build_args_file": "settings/args", "labels_file": "settings/labels"}),
    )
    .expect(0);

    assert_eq!(
        labels(&place),
        json!({
            "arg.VERSION": "2", "arg.CHANNEL": "unset", "arg.INDENTED": "unset", "arg.SPACED": "unset",
            "arg.RETURN": "1\r", "title": "hello", " indented": "1",
        })
    );
    for told in [
        "settings/args:5:",
        "write `CHANNEL` alone, without `export`",
        "settings/args:6:",
        "settings/args:7:",
        "carriage return",
        "settings/labels:1:",
        "becomes no label",
        "settings/labels:3:",
    ] {
        assert!(run.stderr.contains(told), "no {told:?} in:\n{}", run.stderr);
    }
    assert!(!run.stderr.contains("settings/args:1:"), "{}", run.stderr);
    // And not once more as what the Dockerfile does not declare.
    assert_eq!(
        run.stderr.matches("`export CHANNEL`").count(),
        1,
        "{}",
        run.stderr
    );
}

#[test]
fn yaml_file_with_aliases_merges_and_a_second_document_is_read_as_its_writer_meant_it() {
    let place = place(&["VERSION", "BASE", "CHANNEL"]);
    place.write(
        "settings/args.yml",
        "VERSION: &version 1.10\nBASE: *version\n<<: {VERSION: 2, CHANNEL: stable}\n---\nBASE: 3\n",
    );

    let run = build(&place, json!({"build_args_file": "settings/args.yml"})).expect(0);

    assert_eq!(
        labels(&place),
        json!({"arg.VERSION": "1.10", "arg.BASE": "1.10", "arg.CHANNEL": "stable"})
    );
    assert!(run.stderr.contains("a second document"), "{}", run.stderr);
}

#[test]
fn yaml_file_gives_its_scalars_as_they_are_written() {
    let place = place(&["VERSION", "YES", "NOTHING", "LINES", "QUOTED"]);
    place.write(
        "settings/args.yml",
        "# versions\nVERSION: 1.10\nYES: yes\nNOTHING:\nLINES: |\n  one\n  two\nQUOTED: \"a: b\\tc\"\n",
    );

    let _ = build(
        &place,
        json!({"build_args": ["VERSION=2"], "build_args_file": "settings/args.yml"}),
    )
    .expect(0);

    assert_eq!(
        labels(&place),
        json!({"arg.VERSION": "1.10", "arg.YES": "yes", "arg.NOTHING": "", "arg.LINES": "one\ntwo\n", "arg.QUOTED": "a: b\tc"})
    );
}

#[test]
fn mistakes_in_files_are_all_shown_with_file_and_line_before_the_daemon_starts() {
    let place = place(&[]);
    place.write("settings/args", "GOOD=1\n\nno sign\n");
    place.write("settings/labels", "=no name\n");

    refused(
        &place,
        json!({"build_args_file": "settings/args", "labels_file": "settings/labels"}),
        &[
            "settings/args:3:1",
            "no sign",
            "settings/labels:1:1",
            "=no name",
        ],
    );
}

#[test]
fn yaml_that_is_no_map_of_plain_values_is_shown_with_its_line() {
    let place = place(&[]);
    place.write("settings/args.yaml", "GOOD: 1\nBAD:\n  - a list\n");

    refused(
        &place,
        json!({"build_args_file": "settings/args.yaml"}),
        &["settings/args.yaml:3:", "- a list"],
    );
}

#[test]
fn mistake_in_a_list_is_shown_where_it_stands_in_the_message() {
    refused(
        &place(&[]),
        json!({"build_args": ["GOOD=1", "no sign"], "labels": ["=b"]}),
        &[
            "error[missing-equals]: `no sign` has no `=`",
            "<stdin>:1:36",
            "error[bad-label-name]",
            "<stdin>:1:77",
        ],
    );
}

#[test]
fn file_that_is_missing_or_no_text_is_named() {
    let place = place(&[]);
    place.write("settings/labels", [0xff, 0xfe]);

    refused(
        &place,
        json!({"build_args_file": "settings/none", "labels_file": "settings/labels"}),
        &["`settings/none`", "`settings/labels`", "not UTF-8"],
    );
}
