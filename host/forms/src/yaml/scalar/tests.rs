use super::*;

#[test]
fn plain_scalars_are_what_the_core_schema_says() {
    let number = Plain::Number("0".into());
    for (kind, texts) in [
        (Plain::Null, &["", "~", "null", "Null", "NULL"][..]),
        (Plain::True, &["true", "True", "TRUE"]),
        (Plain::False, &["false", "False", "FALSE"]),
        (
            number,
            &[
                "0", "+12", "007", "0o17", "0xfF", "1.", ".5", "+.inf", "-.INF", ".nan",
            ],
        ),
        (
            Plain::Text,
            &[
                "yes",
                "no",
                "on",
                "off",
                "y",
                "N",
                "nULL",
                "tRUE",
                "0o8",
                "0o",
                "0x",
                "0xg",
                "-0x1",
                "1_000",
                "1:30",
                "1e",
                "e1",
                ".",
                "-",
                "+",
                "1.2.3",
                "+.nan",
                "inf",
                "2026-01-01",
                "<<",
                "=",
            ],
        ),
    ] {
        for text in texts {
            assert_eq!(Plain::of(Dialect::Core, text), kind, "{text}");
        }
    }
    for written in ["12", "-1.5e3", "-0", "1.0", "1e-7"] {
        assert_eq!(
            Plain::of(Dialect::Core, written),
            Plain::Number(written.into())
        );
    }
}

/// What Concourse's own libraries made of each scalar, as a value of `params`: a text, or nothing if they refused it. The list was
/// written by a Go program of Concourse's types (`TaskEnv`) and `sigs.k8s.io/yaml` v1.6.0.
#[test]
fn scalars_are_what_concourse_makes_of_them() {
    let list = include_str!("../../../../../tests/fixtures/concourse_scalars.json");
    let list: Vec<(String, Option<String>)> = serde_json::from_str(list).unwrap();

    let wrong: Vec<String> = list
        .iter()
        .filter_map(|(written, expected)| {
            let made = match Plain::of(Dialect::Concourse, written) {
                Plain::Null => Some(String::new()),
                Plain::True => Some("true".to_owned()),
                Plain::False => Some("false".to_owned()),
                Plain::Number(number) => Some(number.into_owned()),
                Plain::NoNumber => None,
                Plain::Text => Some(written.clone()),
            };
            (made != *expected).then(|| format!("{written}: {made:?}, not {expected:?}"))
        })
        .collect();

    assert_eq!(wrong, Vec::<String>::new());
    assert!(list.len() > 3000, "{}", list.len());
}
