//! Paths as addresses.
//!
//! Source: RFC 3986, RFC 8089.

/// A path as a URI: relative as it is, absolute as a file's.
#[must_use]
pub fn uri(path: &str) -> String {
    let mut uri = if path.starts_with('/') {
        "file://".to_owned()
    } else {
        String::new()
    };
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_becomes_a_uri() {
        assert_eq!(uri("ci/image.yml"), "ci/image.yml");
        assert_eq!(uri("/tmp/ä b.json"), "file:///tmp/%C3%A4%20b.json");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
        assert_eq!(uri("a:b"), "a%3Ab");
    }
}
