use oci_image_schema::diagnostic::{Diagnostic, Place, Span};

use super::*;

fn json(text: &str) -> String {
    match read(text, Dialect::Core) {
        Ok(document) => document.json,
        Err(mistakes) => panic!("{text}: {mistakes:#?}"),
    }
}

/// Code and marked text of each mistake.
fn mistakes(text: &str) -> Vec<(String, String)> {
    let found = match read(text, Dialect::Core) {
        Ok(document) => document.mistakes,
        Err(mistakes) => mistakes,
    };
    found
        .iter()
        .map(|mistake| (mistake.code.clone(), marked(text, mistake).to_owned()))
        .collect()
}

fn marked<'y>(text: &'y str, mistake: &Diagnostic) -> &'y str {
    let Some(Place::Object(span)) = &mistake.place else {
        panic!("{mistake:?} has no place");
    };
    &text[span.start as usize..span.end as usize]
}

/// What of the YAML is marked if the planner marks `part` of the JSON.
fn marks<'y>(text: &'y str, part: &str) -> &'y str {
    let document = read(text, Dialect::Core).expect("it is read");
    let start = document.json.find(part).expect("the JSON has it") as u32;
    let span = Span {
        start,
        end: start + part.len() as u32,
    };
    let place = document.place(text, &document.json, span);
    &text[place.start as usize..place.end as usize]
}

#[test]
fn yaml_becomes_the_json_that_means_the_same() {
    for (yaml, expected) in [
        (
            "context: .\noutput: image\n",
            r#"{"context":".","output":"image"}"#,
        ),
        ("{a: [1, 'b', \"c\"], d: {}}", r#"{"a":[1,"b","c"],"d":{}}"#),
        ("a:\n- x\n-\n- [y]\n", r#"{"a":["x",null,["y"]]}"#),
        (
            "a: yes\nb: true\nc: ~\nd: 1.0\ne: 0x1f\nf: 2026-01-01\n",
            r#"{"a":"yes","b":true,"c":null,"d":1.0,"e":0,"f":"2026-01-01"}"#,
        ),
        ("1: a\ntrue: b\n~: c\n", r#"{"1":"a","true":"b","~":"c"}"#),
        (
            "a: |\n  one\n    two\nb: >-\n  one\n  two\n",
            r#"{"a":"one\u000a  two\u000a","b":"one two"}"#,
        ),
        (
            "a: \"\\t\\x41\\u00e9\\U0001f600\\\"\\\\\"\n",
            r#"{"a":"\u0009Aé😀\"\\"}"#,
        ),
        ("a: 1\na: 2\n", r#"{"a":1,"a":2}"#),
        (
            "a: &x [1, {b: c}]\nd: *x\ne: &k f\n*k : g\n",
            r#"{"a":[1,{"b":"c"}],"d":[1,{"b":"c"}],"e":"f","f":"g"}"#,
        ),
        ("\u{feff}# remark\n---\na: 1 # one\n...\n", r#"{"a":1}"#),
        ("a: 'it''s'\n", r#"{"a":"it's"}"#),
        ("", "null"),
        ("# nothing\n", "null"),
        ("--- text", r#""text""#),
    ] {
        assert_eq!(json(yaml), expected, "{yaml}");
        serde_json::from_str::<serde_json::Value>(expected).expect("it is JSON");
    }
}

#[test]
fn json_is_yaml_and_stays_the_same() {
    let text = r#"{"a":["b",{"c":true,"d":null}],"e":"\"\\é","f":-1.5e3}"#;

    assert_eq!(json(text), text);
}

#[test]
fn place_of_a_token_is_that_of_the_yaml() {
    let text = "# remark\nä: é\nlist:\n  - one\n  - 'it''s = two'\n  - {key: three}\nlast: *x\n"
        .replace("one", "&x one");
    for (part, expected) in [
        ("\"ä\"", "ä"),
        ("\"é\"", "é"),
        ("\"one\"", "one"),
        ("\"it's = two\"", "'it''s = two'"),
        ("= two", "= two"),
        ("s =", "s ="),
        ("{\"key\":\"three\"}", "{key: three}"),
        ("\"last\":\"one\"", "last: *x"),
    ] {
        assert_eq!(marks(&text, part), expected, "{part}");
    }
}

#[test]
fn place_of_a_value_begins_after_its_properties_and_the_comments_after_them() {
    for (text, value) in [
        ("a: &x # one\n  # two\n  value\n", "value"),
        ("a: !!str # one\n  'value'\n", "'value'"),
        ("a: &x # one\n  !!str value # two\n", "value"),
        ("a: &x#y value\n", "value"),
        ("a: &x # one\r  value\n", "value"),
        ("a: !!str # one\r\n  'value'\n", "'value'"),
        // Neither is white space to YAML.
        ("a: &\u{2028}x value\n", "value"),
        ("a: &x\u{a0}\u{85} # one\n  value\n", "value"),
    ] {
        assert_eq!(marks(text, "\"value\""), value, "{text}");
    }
}

#[test]
fn place_of_a_value_is_all_of_it_whatever_white_space_is_to_others() {
    for value in ["x\u{a0}", "\u{2028}x", "x\u{3000}y\u{85}"] {
        assert_eq!(
            marks(&format!("a: {value}\nb: c\n"), &format!("\"{value}\"")),
            value
        );
    }
    assert_eq!(
        marks("a: |\n  one\n\n  \u{2028}two\n", "\u{2028}two"),
        "\u{2028}two"
    );
}

#[test]
fn place_within_a_scalar_is_found_behind_folds_indentation_and_escapes() {
    let literal = "config: |\n  [dns]\n    nameservers = nothing\n\n  [log]\nnext: 1\n";
    assert_eq!(marks(literal, "nothing"), "nothing");
    assert_eq!(marks(literal, "[log]"), "[log]");
    assert_eq!(
        marks(literal, "nothing\\u000a\\u000a[log]"),
        "nothing\n\n  [log]"
    );
    assert_eq!(marks("a: >-\n  one\n  two\n\n  three\n", "three"), "three");
    assert_eq!(marks("a: one\n  two\n  three\n", "two"), "two");
    assert_eq!(marks("a: \"\\x41\\u00e9\\\n  b=\\\"c\\\"\"\n", "b="), "b=");
    assert_eq!(
        marks("a: \"\\x41\\u00e9\\\n  b=\\\"c\\\"\"\n", "\\\"c"),
        "\\\"c"
    );
    assert_eq!(marks("a: |\r\n  one\r\n  two\r\n", "two"), "two");
}

#[test]
fn value_that_is_left_out_stands_at_the_sign_before_it() {
    assert_eq!(marks("target:\noutput: image\n", "null"), ":");
    assert_eq!(marks("a:\n  -\n  - b\n", "null"), "-");
}

#[test]
fn block_ends_with_its_last_value() {
    let text = "a:\n  b: c\n  # remark\n\nd: e\n";

    assert_eq!(marks(text, "{\"b\":\"c\"}"), "b: c");
    assert_eq!(marks(text, &json(text)), "a:\n  b: c\n  # remark\n\nd: e");
}

#[test]
fn what_json_cannot_say_is_refused_and_what_counts_for_nothing_is_told() {
    let pair = |code: &str, marked: &str| vec![(code.to_owned(), marked.to_owned())];
    let refused = |marked: &str| pair("unsupported-yaml", marked);
    let ignored = |marked: &str| pair("ignored-yaml", marked);
    assert_eq!(mistakes("a: !!str 5\n"), []);
    assert_eq!(mistakes("a: !!int x\n"), refused("x"));
    assert_eq!(mistakes("a: !!binary aGk=\n"), refused("aGk="));
    assert_eq!(mistakes("a: !secret x\n"), ignored("x"));
    assert_eq!(mistakes("a: !x [b]\n").len(), 1);
    assert_eq!(mistakes("a: 1\n--- \nb: [2\n"), ignored("---"));
    assert_eq!(mistakes("? [a]\n: b\n"), refused("["));
    assert_eq!(mistakes("{{a: 1}: b}\n"), refused("{"));
    assert_eq!(mistakes("a: &x [*x]\n"), refused("*x"));
    assert_eq!(mistakes("<<: 1\n"), refused("1"));
    assert_eq!(mistakes("a: &x [1]\nb: {<<: *x}\n"), refused("*x"));
    assert_eq!(mistakes("a: [1, 2\nb: 3\n")[0].0, "invalid-yaml");
    assert_eq!(mistakes("a: *nothing\n")[0].0, "invalid-yaml");
    assert_eq!(mistakes(&"- !!int y\n".repeat(500)).len(), 101);
    assert_eq!(
        mistakes("- A=b\n  - C=d\n"),
        pair("swallowed-item", "A=b\n  - C=d")
    );
}

#[test]
fn tags_make_of_a_value_what_concourse_makes_of_it() {
    for (yaml, expected) in [
        ("!!str 5", r#""5""#),
        ("!!int \"5\"", "5"),
        ("!!float 5", "5"),
        ("!!null ''", "null"),
        ("!!bool 'true'", "true"),
        ("! 5", r#""5""#),
        ("!x 5", r#""5""#),
        ("!!timestamp 2026-01-01", r#""2026-01-01""#),
        ("!!set {a: b}", r#"{"a":"b"}"#),
    ] {
        assert_eq!(json(yaml), expected, "{yaml}");
    }
    let concourse = read("[!!bool yes, 0755, yes, 1.10]", Dialect::Concourse).unwrap();
    assert_eq!(concourse.json, "[true,493,true,1.1]");
    assert!(concourse.mistakes.is_empty());
    let infinite = read("a: .inf", Dialect::Concourse).unwrap();
    assert_eq!(infinite.mistakes[0].code, "unsupported-yaml");
}

#[test]
fn merge_keys_take_maps_over() {
    for (yaml, expected) in [
        (
            "a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n",
            r#"{"a":{"b":1,"c":2},"d":{"c":3,"b":1}}"#,
        ),
        (
            "a: &x {b: 1}\nc: &y {b: 2, d: 3}\ne: {<<: [*x, *y], f: 4}\n",
            r#"{"a":{"b":1},"c":{"b":2,"d":3},"e":{"f":4,"b":1,"d":3}}"#,
        ),
        ("<<: {a: {b: [1]}}\nc: 2\n", r#"{"a":{"b":[1]},"c":2}"#),
        (
            "a: &x {b: 1}\nc: {<<: {<<: *x, d: 2}}\n",
            r#"{"a":{"b":1},"c":{"d":2,"b":1}}"#,
        ),
        (
            "a: &x {b: {c: d}}\ne: &y {<<: *x}\nf: {<<: *y}\n",
            r#"{"a":{"b":{"c":"d"}},"e":{"b":{"c":"d"}},"f":{"b":{"c":"d"}}}"#,
        ),
        ("a: {<<: [{b: 1}, {c: 2}]}\n", r#"{"a":{"b":1,"c":2}}"#),
        ("\"<<\": {a: 1}\n", r#"{"<<":{"a":1}}"#),
        ("a: <<\n", r#"{"a":"<<"}"#),
        ("a: &x {}\n<<: *x\n", r#"{"a":{}}"#),
        ("a: 1\n---\nb: [\n", r#"{"a":1}"#),
    ] {
        assert_eq!(json(yaml), expected, "{yaml}");
    }
    let text = "a: &x {b: [1, no way]}\nd:\n  <<: *x\n  c: 3\n";
    assert_eq!(
        marks(text, r#""d":{"c":3,"b":[1,"no way"]}"#),
        "d:\n  <<: *x\n  c: 3"
    );
}

#[test]
fn laughing_aliases_end_at_the_limit() {
    let mut text = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n".to_owned();
    for level in 1..20 {
        let inner = format!("*a{}, ", level - 1).repeat(9);
        text.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
    }

    assert_eq!(mistakes(&text)[0].0, "object-too-large");
    let merged: String = (0..30)
        .map(|level| {
            format!(
                "m{}: &m{} {{<<: *m{level}, a{level}: *m{level}}}\n",
                level + 1,
                level + 1
            )
        })
        .collect();
    assert_eq!(
        mistakes(&format!("m0: &m0 {{x: y}}\n{merged}"))[0].0,
        "object-too-large"
    );
    let wide = format!(
        "m: &m {{a: \"{}\"}}\nn: {{<<: [{}]}}\n",
        "x".repeat(1 << 16),
        "*m, ".repeat(100_000)
    );
    assert_eq!(mistakes(&wide)[0].0, "object-too-large");
    let long = read(&" ".repeat(MAX_TEXT + 1), Dialect::Core).unwrap_err();
    assert_eq!(long[0].code, "object-too-large");
}

#[test]
fn depth_is_limited_with_aliases_and_without() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(mistakes(&nested(MAX_DEPTH)), []);
    assert_eq!(mistakes(&nested(MAX_DEPTH + 1))[0].0, "unsupported-yaml");
    assert_eq!(mistakes(&"[".repeat(100_000))[0].0, "unsupported-yaml");
    assert_eq!(mistakes(&"- ".repeat(100_000))[0].0, "unsupported-yaml");

    let half = nested(MAX_DEPTH / 2);
    let doubled = half.replacen("[]", "[*x]", 1);
    assert_eq!(
        mistakes(&format!("- &x {half}\n- [{doubled}]\n"))[0].0,
        "unsupported-yaml"
    );
}

#[test]
fn map_that_is_merged_where_it_is_written_may_have_a_name() {
    for (yaml, expected) in [
        (
            "a: {x: 1, <<: &m {b: [2], c: d}}\ne: *m\nf: {<<: *m, c: g}\n",
            r#"{"a":{"x":1,"b":[2],"c":"d"},"e":{"b":[2],"c":"d"},"f":{"c":"g","b":[2]}}"#,
        ),
        (
            "a:\n  <<: [&m {b: c}, &n {d: e}]\n  b: f\ng: [*m, *n]\n",
            r#"{"a":{"b":"c","d":"e","b":"f"},"g":[{"b":"c"},{"d":"e"}]}"#,
        ),
    ] {
        assert_eq!(json(yaml), expected, "{yaml}");
    }
    assert_eq!(
        marks("a: {<<: &m {b: c}}\nd: *m\n", r#""d":{"b":"c"}"#),
        "d: *m"
    );
    let own_alone = "x: &x {y: z}\na: {<<: &m {<<: *x, b: c}}\n";
    assert_eq!(mistakes(own_alone)[0].0, "unsupported-yaml");
}

#[test]
fn secret_is_masked_where_it_stands_and_at_its_anchor() {
    let text = "target: &t hunter3\nbuildkit_secrets:\n  a:\n    text: |\n      hunter2\n      hunter4\n  b: {text: *t}\n  c: {text: \"hunter5\"}\n";
    let document = read(text, Dialect::Core).expect("it is read");
    let masked = document
        .json
        .replace("hunter2\\u000ahunter4\\u000a", &"*".repeat(26))
        .replace("{\"text\":\"hunter3\"}", "{\"text\":\"*******\"}")
        .replace("hunter5", "*******");

    let shown = document.mask(text, &masked);

    assert_eq!(shown.len(), text.len());
    assert!(!shown.contains("hunter"), "{shown}");
    assert!(shown.contains("    text: |\n      ****"), "{shown}");
    assert!(shown.contains("c: {text: \"*******\"}"), "{shown}");
}

#[test]
fn text_that_cannot_be_read_shows_nothing_after_a_name_of_secrets() {
    for text in [
        "context: .\nbuildkit_secrets:\n  a:\n    text: |\nhunter2\n",
        "context: .\n  text: [hunter2\n",
        "{\"text\" : hunter2, ",
        "{'TEXT': hunter2, ",
        "params:\n  BUILDKIT_SECRET_TEXT_a: hunter2\n [",
        "Buildkit-Secrets: {a: hunter2",
    ] {
        let shown = mask_unread(text);
        assert_eq!(shown.len(), text.len());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    assert_eq!(mask_unread("context: [text\n"), "context: [text\n");
}

#[test]
fn any_text_is_read_or_refused_and_places_lie_within() {
    let seed = "a: &x [1, 'b''c', \"d\\n\\u00e9\"]\nb: {c: *x, ? d : e}\nf: |\n  g\n   ü\n# h\n\"i\": >-\n  j\n\n  k\n<<: {n: *x}\np: &y {q: r}\ns: {<<: [*y, *y], t: !t u}\n--- m\n";
    let mut state = 1_u64;
    let mut random = move |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % below
    };
    let mut readable = 0;
    for _ in 0..5_000 {
        let mut characters: Vec<char> = seed.chars().collect();
        for _ in 0..1 + random(4) {
            let at = random(characters.len().max(1));
            match random(3) {
                0 => drop(characters.remove(at)),
                1 => characters[at] = seed.chars().nth(random(60)).expect("the seed is longer"),
                _ => characters.truncate(at.max(9)),
            }
        }
        let text: String = characters.into_iter().collect();
        let Ok(document) = read(&text, Dialect::Core) else {
            continue;
        };
        readable += 1;
        serde_json::from_str::<&serde_json::value::RawValue>(&document.json).expect("it is JSON");
        let masked = document.mask(&text, &"*".repeat(document.json.len()));
        assert_eq!(masked.len(), text.len());
        for start in 0..document.json.len() as u32 {
            for end in [start, start + 1, document.json.len() as u32] {
                let place = document.place(&text, &document.json, Span { start, end });
                assert!(
                    text.get(place.start as usize..place.end as usize).is_some(),
                    "{text:?}"
                );
            }
        }
    }
    assert!(readable > 500, "{readable}");
}

#[test]
fn merged_maps_are_overridden_as_their_reader_does_it() {
    let concourse = |text: &str| match read(text, Dialect::Concourse) {
        Ok(document) => document.json,
        Err(mistakes) => panic!("{text}: {mistakes:#?}"),
    };
    for (yaml, by_specification, by_concourse) in [
        (
            "b: 2\n<<: {b: 1, c: 3}\n",
            r#"{"b":2,"c":3}"#,
            r#"{"b":1,"c":3}"#,
        ),
        (
            "<<: {b: 1, c: 3}\nb: 2\n",
            r#"{"c":3,"b":2}"#,
            r#"{"c":3,"b":2}"#,
        ),
        (
            "<<: [{b: 1}, {b: 2, c: 3}]\n",
            r#"{"b":1,"c":3}"#,
            r#"{"b":1,"c":3}"#,
        ),
        ("<<: {<<: {b: 1}, b: 2}\n", r#"{"b":2}"#, r#"{"b":2}"#),
        ("<<: {b: 2, <<: {b: 1}}\n", r#"{"b":2}"#, r#"{"b":1}"#),
        (
            "{b: {x: [1]}, <<: {b: 1}}",
            r#"{"b":{"x":[1]}}"#,
            r#"{"b":1}"#,
        ),
        (
            "a: &x {b: 1}\nd: {b: 2, <<: *x}\n",
            r#"{"a":{"b":1},"d":{"b":2}}"#,
            r#"{"a":{"b":1},"d":{"b":1}}"#,
        ),
        (
            "a: &x {b: 1}\nd: {<<: [*x, {b: 2}]}\n",
            r#"{"a":{"b":1},"d":{"b":1}}"#,
            r#"{"a":{"b":1},"d":{"b":1}}"#,
        ),
        (
            "a: &x {b: 1}\nd: {<<: [{b: 2}, *x]}\n",
            r#"{"a":{"b":1},"d":{"b":2}}"#,
            r#"{"a":{"b":1},"d":{"b":2}}"#,
        ),
        (
            "{<<: {b: 1}, b: 2, d: &x {e: 3}, f: *x}",
            r#"{"b":2,"d":{"e":3},"f":{"e":3}}"#,
            r#"{"b":2,"d":{"e":3},"f":{"e":3}}"#,
        ),
        ("<<: {b: 1, b: 2}\n", r#"{"b":1,"b":2}"#, r#"{"b":1,"b":2}"#),
        (
            "b: 1\nb: 2\n<<: {c: 3}\n",
            r#"{"b":1,"b":2,"c":3}"#,
            r#"{"b":1,"b":2,"c":3}"#,
        ),
    ] {
        assert_eq!(json(yaml), by_specification, "{yaml}");
        assert_eq!(concourse(yaml), by_concourse, "{yaml}");
    }
    let text = "{<<: {b: 1}, b: 2, c: no way}";
    assert_eq!(marks(text, "no way"), "no way");
}

#[test]
fn value_that_a_merge_overrides_is_told() {
    let document = read("b: old\n<<: {b: new}\n", Dialect::Concourse).unwrap();

    assert_eq!(document.mistakes[0].code, "ignored-yaml");
}

#[test]
fn overridden_value_that_an_alias_stands_for_is_kept_and_told() {
    let text = "{<<: {b: &x 1}, b: 2, c: *x}";
    assert_eq!(json(text), r#"{"b":1,"b":2,"c":1}"#);
}

#[test]
fn what_counts_for_nothing_is_shown_to_nobody() {
    for (text, expected) in [
        ("# a: xyzzy\nb: c # xyzzy\n", "#*********\nb: c #******\n"),
        ("a: \"#b\" #é\nc: d#e\n", "a: \"#b\" #**\nc: d#e\n"),
        (
            "a: !xyzzy\nb: [!xyzzy c, !!str 1]\n",
            "a: !*****\nb: [!***** c, !!str 1]\n",
        ),
        ("a: |\n  # b\n  c\n# d\n", "a: |\n  # b\n  c\n#**\n"),
        ("a: 1\n<<: {a: 2}\n", "a: 1\n<<: {a: *}\n"),
    ] {
        let document = read(text, Dialect::Core).unwrap();
        assert_eq!(document.mask(text, document.json()), expected, "{text}");
    }
}

#[test]
fn separator_of_lines_where_a_value_belongs_has_a_place() {
    for text in ["a: \u{2028}{b: c}", "{a: \u{2028}}", "- \u{85}[\u{2029}]"] {
        let document = match read(text, Dialect::Core) {
            Ok(document) => document,
            Err(mistakes) => {
                assert!(!mistakes.is_empty());
                continue;
            }
        };
        let masked = document.mask(text, &"*".repeat(document.json.len()));
        assert_eq!(masked.len(), text.len());
    }
}
