use super::*;

#[test]
fn duplicate_keys_and_places_are_kept() {
    let text = r#" {"a": 1, "a" : [true, "x"]} "#;

    let entries = Node::root(text).unwrap().entries().list;

    let places: Vec<_> = entries
        .iter()
        .map(|(key, value)| (&text[key.start..key.end()], &text[value.start..value.end()]))
        .collect();
    assert_eq!(places, [(r#""a""#, "1"), (r#""a""#, r#"[true, "x"]"#)]);
    assert_eq!(
        pointers(
            text,
            &[0, 1, 2, 10, text.find("\"x\"").unwrap(), text.len()]
        ),
        ["", "", "/a", "/a", "/a/1", ""]
    );
}

#[test]
fn a_part_of_a_string_is_found_behind_its_escapes() {
    let text = r#""\n\u00e9\ud83d\ude00é=\"v\"""#;
    let value = Node::root(text).unwrap().text().unwrap();
    assert_eq!(value.as_str(), "\né😀é=\"v\"");

    let equals = value.as_str().find('=').unwrap();
    let place = value.part(&(equals..equals + 2));

    assert_eq!(&text[place.start as usize..place.end as usize], r#"=\""#);
}

#[test]
fn half_a_surrogate_pair_is_no_text() {
    for half in [
        r#""\ud800""#,
        r#""\ud800x""#,
        r#""\ud800\n""#,
        r#""\ud800\u0041""#,
        r#""\udc00\ud800""#,
        r#""\\\udfff""#,
    ] {
        assert!(Node::root(half).unwrap().text().is_none(), "{half}");
    }
}

/// A value as `serde_json` would have it, from pieces.
fn whole(node: Node<'_>) -> Option<serde_json::Value> {
    Some(match node.kind() {
        Kind::Object => {
            let entries = node.entries().list.into_iter();
            entries
                .map(|(key, value)| Some((key.text()?.as_str().to_owned(), whole(value)?)))
                .collect::<Option<_>>()?
        }
        Kind::List => node
            .elements()
            .list
            .into_iter()
            .map(whole)
            .collect::<Option<_>>()?,
        Kind::String => node.text()?.as_str().into(),
        _ => serde_json::from_str(node.raw).unwrap(),
    })
}

#[test]
fn pieces_are_what_serde_json_reads_from_mutated_texts() {
    let seed = r#" {"a" : [ "x,]\"" , {"\u00e9\ud83d\ude00\\":null,"":[]},-1.5e3 ,true], "b":{},"c":"\/\b\f\n\r\t"} "#;
    let mut state = 1_u64;
    let mut random = move |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % below
    };
    let mut valid = 0;
    for _ in 0..50_000 {
        let mut bytes = seed.as_bytes().to_vec();
        for _ in 0..=random(3) {
            let (at, other) = (random(bytes.len()), random(bytes.len()));
            match random(3) {
                0 => bytes[at] = bytes[other],
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, bytes[other]),
            }
        }
        let Ok(text) = String::from_utf8(bytes) else {
            continue;
        };
        let Ok(root) = Node::root(&text) else {
            continue;
        };
        valid += 1;
        assert_eq!(whole(root), serde_json::from_str(&text).ok(), "{text}");
    }
    assert!(valid > 2_000, "{valid}");
}

#[test]
fn a_pointer_escapes_tilde_and_slash() {
    let text = r#"{"a/b~c": {"": 1}}"#;
    assert_eq!(pointers(text, &[text.find('1').unwrap()]), ["/a~1b~0c/"]);
}

#[test]
fn ten_thousand_nested_lists_are_read_without_recursion() {
    let text = format!(
        r#"{{"context": {}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );

    let entries = Node::root(&text).unwrap().entries().list;

    assert_eq!(entries[0].1.kind(), Kind::List);
}
