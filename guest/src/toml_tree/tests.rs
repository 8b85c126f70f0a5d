//! TOML that is joined, judged and written.

use super::*;
use crate::toml_text::write;

fn joined(first: &str, second: &str) -> (String, Vec<Conflict>) {
    let mut tree = parse(first).ok().unwrap();
    let conflicts = join(&mut tree, parse(second).ok().unwrap());
    (write(&tree), conflicts)
}

#[test]
fn tables_are_joined_and_written_sorted() {
    let (text, conflicts) = joined(
        "[registry.\"docker.io\"]\nmirrors = [\"a\"]\n",
        "z = 1\n[[worker.oci.gcpolicy]]\nall = true\n[registry.'docker.io']\nhttp = true\n[dns]\nnameservers = ['1.1.1.1']\nx = {b = 1, a = 0x1f}",
    );

    assert_eq!(
        text,
        "z = 1\n\n[dns]\nnameservers = [\"1.1.1.1\"]\n\n[dns.x]\na = 0x1f\nb = 1\n\n[registry.\"docker.io\"]\nhttp = true\n\
         mirrors = [\"a\"]\n\n[[worker.oci.gcpolicy]]\nall = true\n"
    );
    assert_eq!(conflicts, []);
}

#[test]
fn a_setting_with_two_values_is_a_conflict_with_both_places() {
    let (_, conflicts) = joined("[log]\nlevel = \"debug\"", "log.level = \"info\"");

    assert_eq!(
        conflicts,
        [Conflict {
            setting: "log.level".to_owned(),
            first: 14..21,
            second: 12..18
        }]
    );
}

#[test]
fn a_setting_is_one_in_any_case_and_a_registry_is_not() {
    let (text, conflicts) = joined(
        "[log]\nlevel = 'debug'\n[registry.a]\nhttp = true",
        "Log.LEVEL = 'info'\nLOG.Format = 'json'\n[registry.A]\nhttp = false",
    );

    let settings: Vec<_> = conflicts
        .iter()
        .map(|conflict| &*conflict.setting)
        .collect();
    assert_eq!(settings, ["log.level"]);
    assert_eq!(
        text,
        "[log]\nFormat = \"json\"\nlevel = \"debug\"\n\n[registry.A]\nhttp = false\n\n[registry.a]\nhttp = true\n"
    );
}

#[test]
fn a_setting_with_one_value_twice_is_none() {
    let (_, conflicts) = joined("[a]\nb = [\"x\", {c = true}]", "a.b = ['x', {c = true}]");

    assert_eq!(conflicts, []);
}

#[test]
fn hostile_text_stays_a_value() {
    let hostile = "x\"]\nroot = \"/\"\n[a.'b'\u{7f}\\";
    let mut tree = DeTable::new();
    set(
        &mut tree,
        &["registry", hostile, "mirrors"],
        list([string(hostile, 0..0)], 0..0),
    );

    let text = write(&tree);

    let back = parse(&text).ok().unwrap();
    assert_eq!(back.len(), 1);
    let mirrors = get(&back, &["registry", hostile, "mirrors"])
        .unwrap()
        .get_ref()
        .as_array()
        .unwrap();
    assert_eq!(mirrors.first().unwrap().get_ref().as_str(), Some(hostile));
}

#[test]
fn what_is_written_is_read_back_the_same() {
    let text = "a = [[1, 2.5], {b = [], c = {}}]\n\n[d]\n\n[[e]]\nf = 1979-05-27T07:32:00Z\n\n[[e]]\n\n[e.g]\nh = \"\\u0000\\n\"\n";

    assert_eq!(write(&parse(text).ok().unwrap()), text);
}

#[test]
fn each_number_that_no_reader_takes_is_found() {
    let text = "a = 0x8000000000000000\nb = [1e400, {c = -9223372036854775809}]\nd = [0x7fffffffffffffff, -inf, nan, 1e300]";

    let mistakes = parse(text).unwrap_err();

    let said: Vec<_> = mistakes
        .iter()
        .map(|mistake| (&*mistake.message, &text[mistake.range.clone()]))
        .collect();
    assert_eq!(
        said,
        [
            (
                "the number 0x8000000000000000 does not fit into 64 bits",
                "0x8000000000000000"
            ),
            ("the number 1e400 is too large", "1e400"),
            (
                "the number -9223372036854775809 does not fit into 64 bits",
                "-9223372036854775809"
            ),
        ]
    );
}

#[test]
fn depth_is_bounded() {
    let dotted = format!("{} = 1", vec!["a"; 100_000].join("."));
    let inline = format!("a = {}1{}", "{b = ".repeat(10_000), "}".repeat(10_000));
    let lists = format!("a = {}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let inner = vec!["a"; 40].join(".");
    let both = format!("{inner} = {{ {inner} = 1 }}");
    for text in [dotted, inline, lists, both] {
        assert!(parse(&text).is_err());
    }
}
