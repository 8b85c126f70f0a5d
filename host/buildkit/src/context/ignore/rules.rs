//! Rules: the lines of a `.dockerignore` as the patterns that the frontend makes of them.
//!
//! Reads and writes: nothing. Unknown here: which file counts.
//! Source: moby/patternmatcher, `ignorefile`.

use crate::context::ignore::matcher::clean;

/// The patterns of a list with their lines, as the frontend sends them.
pub fn rules(text: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let rule = |(number, line): (u32, &[u8])| {
        let pattern = line.trim_ascii();
        if line.starts_with(b"#") || pattern.is_empty() {
            return None;
        }
        let (exception, pattern) = match pattern.strip_prefix(b"!") {
            Some(rest) => (&b"!"[..], rest.trim_ascii()),
            None => (&b""[..], pattern),
        };
        let cleaned = match pattern {
            [] => Vec::new(),
            pattern => clean(pattern),
        };
        let relative = match cleaned.strip_prefix(b"/") {
            Some(rest) if !rest.is_empty() => rest,
            _ => &cleaned,
        };
        Some((number, [exception, relative].concat()))
    };
    (1..)
        .zip(text.split(|byte| *byte == b'\n'))
        .filter_map(rule)
        .collect()
}
