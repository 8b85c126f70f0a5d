//! A mirror as people write it: a registry, perhaps with a path, perhaps as the URL that Docker's own configuration has.
//!
//! buildkitd is told the registry alone; that a URL begins with `http` is a setting of that registry.
//! Source: BuildKit, `util/resolver` (it drops a scheme and the slashes at the end); Docker's `registry-mirrors`.

/// A mirror without what its registry is not called by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mirror<'a> {
    /// `host` or `host:port`, perhaps with a path, as far as it is one at all.
    pub location: &'a str,
    /// Whether the text asks for plain HTTP. `https` and no scheme ask for nothing.
    pub plain_http: bool,
}

impl<'a> Mirror<'a> {
    /// The mirror that a text is.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        let (plain_http, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (false, rest),
            _ => (false, text),
        };
        Self {
            location: rest.trim_end_matches('/'),
            plain_http,
        }
    }

    /// The registry, without the path.
    #[must_use]
    pub fn registry(self) -> &'a str {
        let registry = self.location.split('/').next();
        registry.unwrap_or(self.location)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_its_registry_and_path_and_http_alone_is_plain() {
        for (text, location, registry, plain_http) in [
            ("mirror.example", "mirror.example", "mirror.example", false),
            (
                "https://mirror.example/",
                "mirror.example",
                "mirror.example",
                false,
            ),
            (
                "HTTP://10.0.0.7:5000/docker.io//",
                "10.0.0.7:5000/docker.io",
                "10.0.0.7:5000",
                true,
            ),
            ("ftp://a", "ftp://a", "ftp:", false),
            ("http://", "", "", true),
        ] {
            let mirror = Mirror::of(text);

            assert_eq!(mirror.location, location, "{text}");
            assert_eq!(mirror.registry(), registry, "{text}");
            assert_eq!(mirror.plain_http, plain_http, "{text}");
        }
    }
}
