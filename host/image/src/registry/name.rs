//! Repository names, from the names of build arguments or any other text.
//!
//! Source: OCI distribution-spec 1.1, `Pulling manifests`: lower-case words joined by one `.`, one or two `_`, or `-`.

/// The longest name, in characters; registries and clients take 255 with the host before it.
const LENGTH_LIMIT: usize = 128;

/// A repository name for each of these, which may be any text: `IMAGE_ARG_Base` becomes `image_arg_base`. No two are the same.
pub fn repositories<'name>(names: impl IntoIterator<Item = &'name str>) -> Vec<String> {
    let mut repositories: Vec<String> = Vec::new();
    for name in names {
        let name = repository(name, |name| repositories.iter().any(|taken| taken == name));
        repositories.push(name);
    }
    repositories
}

/// A repository name for `name` that is not `taken`.
fn repository(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let name = valid(name);
    if !taken(&name) {
        return name;
    }
    // Numbers without end, and `taken` knows finitely many names.
    (2_u64..)
        .map(|number| format!("{name}-{number}"))
        .find(|name| !taken(name))
        .unwrap_or(name)
}

/// The nearest valid name: lower case, and a single separator wherever there is anything else.
fn valid(name: &str) -> String {
    let mut valid = String::new();
    let mut separator = None;
    for character in name.chars().map(|character| character.to_ascii_lowercase()) {
        if !matches!(character, 'a'..='z' | '0'..='9') {
            // The first of several is kept, where it may stand in a name at all.
            separator.get_or_insert(if matches!(character, '.' | '_') {
                character
            } else {
                '-'
            });
            continue;
        }
        if valid.len() + 2 > LENGTH_LIMIT {
            break;
        }
        match separator.take() {
            Some(separator) if !valid.is_empty() => valid.push(separator),
            _ => {}
        }
        valid.push(character);
    }
    if valid.is_empty() {
        "image".into()
    } else {
        valid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_becomes_a_valid_one() {
        let long = "x".repeat(300);
        let cases = [
            ("IMAGE_ARG_Base", "image_arg_base"),
            ("base", "base"),
            ("a.b-c_d", "a.b-c_d"),
            ("a___b", "a_b"),
            ("_.-a-._", "a"),
            ("../../etc/passwd", "etc-passwd"),
            ("a/manifests/latest", "a-manifests-latest"),
            ("Größe", "gr-e"),
            ("a b\n", "a-b"),
            ("日本", "image"),
            ("", "image"),
            (&long, &long[..127]),
        ];
        for (name, expected) in cases {
            assert_eq!(valid(name), expected);
        }
    }

    #[test]
    fn names_that_meet_stay_apart() {
        let repositories = repositories(["Base", "base", "base-2", "BASE"]);

        assert_eq!(repositories, ["base", "base-2", "base-2-2", "base-3"]);
    }
}
