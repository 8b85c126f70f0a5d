//! What a file of arguments in YAML means.

use std::fmt::Write as _;

use super::*;
use crate::json::Node;

/// The arguments in a text, and what is said about it.
fn read_from(text: &str) -> (Vec<(String, String)>, Vec<String>) {
    let path = Node::root("\"args.yml\"").unwrap().text().unwrap();
    let mut findings = Findings::new("\"args.yml\"");
    let mut pairs = Pairs::new(PairKind::BuildArg);
    read(&mut findings, &mut pairs, &path, text);
    let pairs = pairs.list.into_iter().map(|pair| (pair.name, pair.value));
    let said = findings.into_diagnostics().into_iter();
    (pairs.collect(), said.map(|one| one.message).collect())
}

fn arguments(text: &str) -> String {
    let (pairs, said) = read_from(text);
    assert_eq!(said, Vec::<String>::new(), "{text}");
    let mut arguments: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    arguments.sort_unstable();
    arguments.join(" ")
}

fn mistake(text: &str) -> String {
    let (_, said) = read_from(text);
    said.join("; ")
}

#[test]
fn merge_adds_what_the_map_does_not_say_and_the_first_of_several_wins() {
    for (text, expected) in [
        ("<<: {A: 1, B: 2}\nB: 3", "A=1 B=3"),
        ("<<: [{A: 1}, {A: 2, B: 3}]\nC: 4", "A=1 B=3 C=4"),
        ("<<: {<<: {A: 1, B: 2}, A: 3}", "A=3 B=2"),
        ("<<: [&a {A: 1}, *a, {B: 2}]", "A=1 B=2"),
    ] {
        assert_eq!(arguments(text), expected, "{text}");
    }
    // In quotes it is a name like any other, if an odd one.
    assert_eq!(read_from("\"<<\": a\nA: 1").0.len(), 2);
}

#[test]
fn text_of_a_scalar_is_its_value_whatever_its_tag_anchor_or_line_ends_are() {
    for (text, expected) in [
        ("A: &v 1.10\r\nB: *v\r\n", "A=1.10 B=1.10"),
        (
            "A: !!int 010\nB: !local x\nC: ! null\nD: !!str",
            "A=010 B=x C=null D=",
        ),
        ("A: !!null x\nB: null\nC: 'null'", "A= B= C=null"),
        ("\u{feff}A: 1", "A=1"),
        ("--- {A: 1}", "A=1"),
        ("&all\nA: 1", "A=1"),
        ("", ""),
        ("# nothing\n", ""),
    ] {
        assert_eq!(arguments(text), expected, "{text}");
    }
}

#[test]
fn first_document_is_read_and_what_follows_is_told() {
    let told = "the file holds a second document, and nothing of it is read";
    for (text, count) in [
        ("A: 1\n---\nB: 2", 1),
        ("---\n---\nB: 2", 0),
        ("A: 1\n...\n}", 1),
    ] {
        let (pairs, said) = read_from(text);

        assert_eq!(pairs.len(), count, "{text}");
        assert_eq!(said, [told], "{text}");
    }
}

#[test]
fn what_no_argument_can_mean_is_refused() {
    let deep = "<<: {".repeat(9) + &"}".repeat(9);
    let mut aliases = format!("A: &a {}\n", "x".repeat(1 << 10));
    for index in 0..=1 << 10 {
        writeln!(aliases, "A{index}: *a").unwrap();
    }
    for (text, expected) in [
        ("A: [1]", "expected a value, found a list"),
        ("A: {B: 1}", "expected a value, found a map"),
        ("[1]: a", "expected a name, found a list"),
        ("- A=1", "the file holds no map"),
        ("A: !!binary aGk=", "`aGk=` has a tag"),
        ("<<: 1", "expected a map after `<<`"),
        (
            "A: &a 1\n<<: *a",
            "expected a map after `<<`, found an alias of something else",
        ),
        (
            "&a\n<<: *a",
            "expected a map after `<<`, found an alias of something else",
        ),
        (&deep, "maps stand deeper in each other than 8"),
        (&aliases, "aliases stand for more than 1048576 bytes"),
    ] {
        assert_eq!(mistake(text), expected, "{:.40}", text);
    }
    assert!(mistake("A: *unknown").starts_with("this is not YAML: "));
}

#[test]
fn merges_that_multiply_are_bounded() {
    let mut text = "<<: &a {".to_owned();
    for index in 0..6_000 {
        write!(text, "A{index}: 1, ").unwrap();
    }
    text.push_str("}\n<<: [*a, *a]\n");

    assert_eq!(
        mistake(&text),
        "aliases and `<<` stand for more than a file may hold"
    );
}
