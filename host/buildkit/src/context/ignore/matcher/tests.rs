//! Expected values were written down from runs of github.com/moby/patternmatcher v0.6.1, never from our own.

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Patterns, then the paths that they match, then some that they do not.
type Case<'a> = (&'a [&'a str], &'a [&'a str], &'a [&'a str]);

const CASES: &[Case<'_>] = &[
    // Plain names are anchored, and hold for all below.
    (&["a"], &["a", "a/b", "a/b/c"], &["b/a", "ab", "A"]),
    (&["a/b"], &["a/b", "a/b/c"], &["a", "b", "c/a/b"]),
    (&["./a/../b/"], &["b", "b/c"], &["a", "a/b"]),
    (&["/a"], &[], &["a", "a/b"]),
    (
        &["  a\t", "", "\u{2003}b\u{a0}"],
        &["a", "b"],
        &[" a", "\u{2003}"],
    ),
    (&["."], &[], &["a", "a/b"]),
    // One star, one mark: never a slash, but a line break.
    (&["*"], &["a", "a/b", ".hidden", "é", "a\nb"], &[]),
    (
        &["*.md"],
        &["a.md", ".md", "a\nb.md"],
        &["a/b.md", "a.mdx", "amd"],
    ),
    (&["a/*"], &["a/b", "a/b/c"], &["a", "b/a"]),
    (&["a*c"], &["ac", "abc", "abc/d"], &["a/c", "abcd"]),
    (&["?"], &["a", "é", "\n"], &["", "ab", "ab/c"]),
    (&["a?c"], &["abc", "aéc"], &["ac", "a/c", "abbc"]),
    // Two stars: any number of components.
    (&["**"], &["a", "a/b", "a\nb"], &[]),
    (
        &["**/a"],
        &["a", "b/a", "b/c/a", "b/a/c", "x\ny/a"],
        &["ba", "a.b"],
    ),
    (&["**a"], &["a", "ba", "b/a", "b/ca"], &["ab"]),
    (&["a/**"], &["a/b", "a/b/c", "a/b\n"], &["a", "ab/c"]),
    (&["a**"], &["a", "ab", "ab/c", "a/b"], &["b"]),
    (
        &["a/**/b"],
        &["a/b", "a/x/b", "a/x/y/b", "a/b/c"],
        &["b", "a/xb", "a/x\ny/b"],
    ),
    (
        &["**/*.go"],
        &["a.go", "a/b.go", "a/b.go/c"],
        &["a.gox", "a/b"],
    ),
    (&["**/**/a"], &["a", "x/a", "x/y/a"], &["xa"]),
    (&["**/a/**"], &["a/b", "x/a/b"], &["a", "x/a"]),
    (
        &["a/***/b"],
        &["a/x/b", "a/x/yb/b", "a/x/b/b"],
        &["a/b", "a"],
    ),
    // Classes and escapes.
    (&["[a-c]x"], &["ax", "cx"], &["dx", "-x"]),
    (&["[^a]x"], &["bx", "éx", "/x"], &["ax", "x"]),
    (&["[[:digit:]]?"], &["1a", "1é"], &["a", "1"]),
    (&["\\*"], &["*"], &["a", "\\*"]),
    (&["a\\?b"], &["a?b"], &["axb"]),
    (
        &["a.b+c$(d)*"],
        &["a.b+c$(d)", "a.b+c$(d)e"],
        &["aab+c$(d)", "a.bbc$(d)"],
    ),
    // What the source leaves unescaped means what it means in a regular expression.
    (&["a|b*"], &["a", "ax", "b", "bx", "a/b", "xb"], &["x", "c"]),
    (&["a{2}*"], &["aa", "aab"], &["a{2}", "ab"]),
    (&["a{2}"], &["a{2}"], &["aa"]),
    (&["\\d?"], &["1a", "1a/b"], &["da", "aa"]),
    (&["[*]"], &["]", "^]", "[^]", "^/]"], &["*", "a", "*]"]),
    (&["a^*"], &[], &["a^", "a^b", "ab"]),
    // Exceptions: the last pattern that matches decides, for a directory's entries too.
    (&["*", "!a"], &["b", "b/a", "ab"], &["a", "a/b"]),
    (&["a", "!a/b"], &["a", "a/c"], &["a/b", "a/b/c"]),
    (
        &["a", "!a/b", "a/b/c"],
        &["a", "a/c", "a/b/c", "a/b/c/d"],
        &["a/b", "a/b/d"],
    ),
    (&["a", "!a/b", "a"], &["a", "a/c"], &["a/b", "a/b/c"]),
    (&["a/b", "!a"], &["a/b", "a/b/c"], &["a", "a/c"]),
    (&["!a"], &[], &["a", "b"]),
    (
        &["**", "!**/*.md"],
        &["a", "a/b"],
        &["a.md", "a/b.md", "a.md/b"],
    ),
    (
        &["*", "!*/keep/**"],
        &["a", "a/keep", "keep/a"],
        &["a/keep/b", "a/keep/b/c"],
    ),
    (&["!!a"], &[], &["!a", "a"]),
    (&["a", "! a"], &["a", "a/b"], &[" a"]),
    (
        &["docs", "!docs/**/*.md", "docs/private"],
        &["docs", "docs/a", "docs/private", "docs/private/a"],
        &["docs/a.md", "docs/a/b.md"],
    ),
];

/// Whether a path is excluded, asked as a walk asks: directory by directory.
fn excluded(patterns: &Matcher, path: &[u8]) -> Result<bool, PatternError> {
    let mut inherited = Inherited::default();
    for (at, byte) in path.iter().enumerate() {
        if *byte == b'/' {
            inherited = patterns.matches_directory(&path[..at], &inherited)?.1;
        }
    }
    patterns.matches(path, &inherited)
}

#[test]
fn patterns_match_what_they_match_for_docker() {
    for (patterns, matched, unmatched) in CASES {
        let matcher = Matcher::new(patterns).unwrap();
        let paths = matched.iter().map(|path| (path, true));
        for (path, expected) in paths.chain(unmatched.iter().map(|path| (path, false))) {
            let found = excluded(&matcher, path.as_bytes());
            assert_eq!(found, Ok(expected), "{patterns:?} and `{path}`");
        }
    }
}

#[test]
fn names_that_are_no_text_match_byte_by_byte_and_character_by_character() {
    for (pattern, path, expected) in [
        (&b"a\xff"[..], &b"a\xff"[..], true),
        (b"a\xff", b"a\xfe", false),
        (b"**/\xff", b"x/\xff", true),
        (b"?", b"\xff", true),
        (b"?", b"\xff\xfe", false),
        (b"??", b"\xff\xfe", true),
        (b"??", "\u{e9}".as_bytes(), false),
        (b"*\xff", b"a\xfe", true),
        (b"*.c", b"\xff.c", true),
        ("\u{feff}a*".as_bytes(), b"ab", true),
        ("\u{feff}a".as_bytes(), b"a", false),
    ] {
        let matcher = Matcher::new(&[pattern]).unwrap();
        assert_eq!(
            excluded(&matcher, path),
            Ok(expected),
            "{pattern:?} and {path:?}"
        );
    }
}

#[test]
fn a_malformed_pattern_is_refused_when_it_is_read_or_when_it_is_compared() {
    let read = |pattern: &str| {
        Matcher::new(&[pattern])
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    let compared = |pattern: &str| {
        let matcher = Matcher::new(&[pattern]).unwrap();
        matcher
            .matches(b"foo", &Inherited::default())
            .unwrap_err()
            .to_string()
    };

    assert_eq!(read("!"), "the pattern `!` excepts nothing");
    for pattern in [
        "[", "a[", "[]", "[]a]", "[^]a]", "[-x]", "[a-]", "[x-]", "a\\", "[\\",
    ] {
        assert_eq!(read(pattern), format!("`{pattern}` is not a pattern"));
    }
    assert_eq!(read("!["), "`[` is not a pattern");
    for pattern in [
        "foo*[", "[b-a]", "*{2}", "\\8*", "\\y", "f{2,1}*", "f{1001}*", "[[:no:]]",
    ] {
        assert_eq!(compared(pattern), format!("`{pattern}` is not a pattern"));
    }
}

#[test]
fn a_pattern_that_could_change_nothing_is_not_compared() {
    let matcher = Matcher::new(&["a", "foo*["]).unwrap();

    assert_eq!(matcher.matches(b"a", &Inherited::default()), Ok(true));
    assert!(matcher.matches(b"b", &Inherited::default()).is_err());
}

#[test]
fn a_path_is_cleaned_by_its_text() {
    for (path, cleaned) in [
        ("", "."),
        (".", "."),
        ("./a", "a"),
        ("a//b/", "a/b"),
        ("a/./b", "a/b"),
        ("a/../b", "b"),
        ("a/..", "."),
        ("..", ".."),
        ("../a", "../a"),
        ("a/../../b", "../b"),
        ("/", "/"),
        ("/..", "/"),
        ("/../a", "/a"),
        ("//a", "/a"),
        ("../../a/..", "../.."),
        ("!a/../b", "b"),
    ] {
        assert_eq!(clean(path.as_bytes()), cleaned.as_bytes(), "`{path}`");
    }
}

#[test]
fn a_glob_matches_a_whole_name() {
    for (pattern, name, expected) in [
        ("*", "abc", Ok(true)),
        ("*", "a/b", Ok(false)),
        ("a*", "abc", Ok(true)),
        ("*c", "abcc", Ok(true)),
        ("a*b*c", "aXbYbZc", Ok(true)),
        ("a*b?c*x", "abxbbxdbxebxczzx", Ok(true)),
        ("a*b?c*x", "abxbbxdbxebxczzy", Ok(false)),
        ("", "", Ok(true)),
        ("", "a", Ok(false)),
        ("a", "", Ok(false)),
        ("?", "\u{e9}", Ok(true)),
        ("[a-z]", "q", Ok(true)),
        ("[^a-z]", "q", Ok(false)),
        ("[b-a]", "a", Ok(false)),
        ("\\*", "*", Ok(true)),
        ("[\\]]", "]", Ok(true)),
        ("[*]", "*", Ok(true)),
        ("a*[", "b", Ok(false)),
        ("a*[", "a", Err(Malformed)),
    ] {
        assert_eq!(
            Glob::new(pattern.as_bytes()).matches(name.as_bytes()),
            expected,
            "`{pattern}`, `{name}`"
        );
    }
}

/// Bytes of which patterns are made, the meaningful ones more often than the others.
fn pattern() -> impl Strategy<Value = Vec<u8>> {
    let meaningful = proptest::sample::select(&b"**??[]!^-\\/{},|.()ab1"[..]);
    vec(prop_oneof![4 => meaningful, 1 => any::<u8>()], 0..24)
}

proptest! {
    #[test]
    fn no_pattern_and_no_path_makes_the_matcher_panic(
        patterns in vec(pattern(), 0..4),
        path in vec(prop_oneof![4 => proptest::sample::select(&b"a/b]"[..]), 1 => any::<u8>()], 0..24),
    ) {
        let _ = Glob::new(patterns.first().map_or(&b""[..], Vec::as_slice)).matches(&path);
        if let Ok(matcher) = Matcher::new(&patterns) {
            let _ = excluded(&matcher, &path);
        }
    }
}

#[test]
fn no_pattern_takes_more_than_linear_time() {
    let path = "a/".repeat(2000) + "b";
    let name = "a".repeat(250);
    let began = Instant::now();

    for pattern in [
        "**/".repeat(40) + "a/c",
        "*/".repeat(40) + "**/c",
        "**/a".repeat(40) + "/c",
        "*a".repeat(40) + "/c",
    ] {
        let matcher = Matcher::new(&[pattern]).unwrap();
        assert_eq!(
            matcher.matches(path.as_bytes(), &Inherited::default()),
            Ok(false)
        );
    }
    assert_eq!(
        Glob::new(("a*".repeat(100) + "b").as_bytes()).matches(name.as_bytes()),
        Ok(false)
    );

    // Backtracking would take longer than anyone waits; this takes some milliseconds.
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
}
