//! README's table of the keys is made from their rows. `BLESS=1` writes it anew.

use std::fs;

use oci_image_schema::key::{KEYS, Key, Member};
use oci_image_tests::engine::checkout;

/// What the table begins with.
const HEAD: &str = "| key | in a task | type | meaning |\n| --- | --- | --- | --- |\n";

#[test]
fn readme_shows_the_rows_of_the_keys() {
    let path = checkout().join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(HEAD).expect("README has the table");
    let end = rest.find("\n\n").expect("the table ends") + 1;
    let (found, after) = rest.split_at(end);

    let mut keys: Vec<&Key> = KEYS.iter().collect();
    keys.sort_by_key(|key| key.place);
    let table: String = keys.into_iter().map(row).collect();

    if std::env::var_os("BLESS").is_some() {
        fs::write(path, format!("{before}{HEAD}{table}{after}")).unwrap();
    } else {
        assert_eq!(found, table, "BLESS=1 rewrites it");
    }
}

fn row(key: &Key) -> String {
    let families = key.families.iter().map(|(prefix, member)| match member {
        Member::Pair => format!("`{prefix}NAME`"),
        Member::File | Member::SecretText => format!("`{prefix}ID`"),
    });
    let single = key.parameter.into_iter().chain(key.argument);
    let parameters: Vec<String> = single
        .map(|name| format!("`{name}`"))
        .chain(families)
        .collect();
    let (name, kind, help) = (key.name, key.kind, key.help);
    let parameters = parameters.join(", ");
    format!("| `{name}` | {parameters} | {kind} | {help} |\n").replace("|  |", "| |")
}
