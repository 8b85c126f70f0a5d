//! What a text logs in with: the user and password before a host, and the query of a URL. Nobody is shown them.
//!
//! Planner and host know them by this file alone, so that what one of them hides the other does not tell. A password is taken as
//! people write it, with a `/`, `?` or `@` that no URL allows there.
//!
//! Source: RFC 3986, 3.2.1 and 3.4; OCI references, whose digest stands behind an `@` too.

use std::borrow::Cow;
use std::ops::Range;

/// What is shown in place of a login.
const MASK: &str = "***";
/// What stands between a scheme and the rest of a URL.
const SCHEME_END: &str = "://";

/// The parts of a text that log in somewhere, in their order. The text may be a list, or a sentence.
#[must_use]
pub fn logins(text: &str) -> Vec<Range<usize>> {
    // One sign is found sooner than three, and a file may hold half a million texts.
    if !text.contains(['@', '?']) {
        return Vec::new();
    }
    let is_between = |sign: char| sign.is_whitespace() || matches!(sign, '"' | '\'' | '`');
    let words = text.split(is_between);
    let base = text.as_ptr().addr();
    let places = words.flat_map(|word| {
        let start = word.as_ptr().addr() - base;
        let parts = of_word(word).into_iter();
        parts.map(move |part| start + part.start..start + part.end)
    });
    places.collect()
}

/// The text with a mask in place of each login.
///
/// ```
/// use oci_image_schema::login::masked;
///
/// assert_eq!(masked("https://me:xyzzy@host.example/?token=plugh"), "https://***@host.example/?***");
/// ```
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    let logins = logins(text);
    if logins.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    for login in logins {
        masked.push_str(&text[at..login.start]);
        masked.push_str(MASK);
        at = login.end;
    }
    masked.push_str(&text[at..]);
    Cow::Owned(masked)
}

/// The host of a text without a scheme, and what follows it, up to the query: what to write in place of a text with a login.
#[must_use]
pub fn without(text: &str) -> &str {
    let host = text.rsplit_once('@').map_or(text, |(_, host)| host);
    host.split_once('?').map_or(host, |(host, _)| host)
}

/// Those of a text without white space: a URL, or several, or names with commas between.
fn of_word(word: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if !word.contains(SCHEME_END) {
        let mut start = 0;
        for name in word.split(',') {
            let login = user(name).filter(|end| name[..*end].contains(':'));
            found.extend(login.map(|end| start..start + end));
            start += name.len() + 1;
        }
        return found;
    }
    let mut starts = word.match_indices(SCHEME_END).map(|(at, _)| at).peekable();
    while let Some(at) = starts.next() {
        let start = at + SCHEME_END.len();
        // A comma belongs to a password, unless another URL follows it.
        let end = match starts.peek() {
            Some(next) => word[start..(*next).max(start)]
                .rfind(',')
                .map_or(start, |comma| start + comma),
            None => word.len(),
        };
        let url = &word[start..end];
        let user = user(url);
        found.extend(user.map(|end| start..start + end));
        let host = user.unwrap_or(0);
        let query = url[host..].find('?').map(|at| host + at + 1);
        found.extend(query.map(|query| start + query..end));
    }
    found
}

/// Where the `@` of a login stands in a URL without its scheme.
fn user(url: &str) -> Option<usize> {
    let end = url.find(['/', '?', '#']).unwrap_or(url.len());
    let authority = &url[..end];
    let at = authority.rfind('@').or_else(|| {
        // No port: a password that holds what ends the authority.
        let (_, password) = authority.rsplit_once(':')?;
        let is_port = password.bytes().all(|byte| byte.is_ascii_digit());
        url.rfind('@').filter(|_| !is_port)
    })?;
    let is_digest = url[at..].starts_with("@sha");
    (!is_digest).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_masked_however_they_are_written() {
        for (text, expected) in [
            ("https://u:xyzzy@m.example/a", "https://***@m.example/a"),
            ("https://xyzzy@m.example", "https://***@m.example"),
            ("git+ssh://xy@zzy@m.example", "git+ssh://***@m.example"),
            ("https://u:xy/zzy@m.example/a", "https://***@m.example/a"),
            ("https://u:xy?zzy@m.example", "https://***@m.example"),
            ("https://u:xy,zzy@m.example", "https://***@m.example"),
            (
                "https://u:xyzzy@a,https://u:xyzzy@b",
                "https://***@a,https://***@b",
            ),
            ("see `https://u:xyzzy@a`, b", "see `https://***@a`, b"),
            ("https://m.example/?token=xyzzy", "https://m.example/?***"),
            ("https://u:xyzzy@a/b?xyzzy", "https://***@a/b?***"),
            ("u:xyzzy@m.example:5000", "***@m.example:5000"),
            ("u:xy@zzy@m.example", "***@m.example"),
            ("A=https://u:xyzzy@a", "A=https://***@a"),
            ("a.example,u:xyzzy@b", "a.example,***@b"),
        ] {
            assert_eq!(masked(text), expected);
        }
    }

    #[test]
    fn what_logs_in_nowhere_is_shown() {
        for text in [
            "https://m.example/a@b",
            "https://m.example:5000/a@b",
            "https://[::1]:5000/a@b",
            "m.example/a@sha256:0",
            "alpine:3@sha256:0",
            "docker-image://alpine:3@sha256:0",
            "git@github.com:a/b",
            "me <me@m.example>",
            "what?",
            "://://,,://",
            "",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn host_is_what_is_left_without_a_login() {
        for (name, shown) in [
            ("u:xyzzy@m.example:5000", "m.example:5000"),
            ("u:xyz@zy@m.example", "m.example"),
            ("m.example/?token=xyzzy", "m.example/"),
            ("m.example/a", "m.example/a"),
        ] {
            assert_eq!(without(name), shown);
        }
    }
}
