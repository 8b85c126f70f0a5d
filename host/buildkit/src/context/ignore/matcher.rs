//! The matcher: which paths a list of `.dockerignore` patterns matches.
//!
//! The frontend reads `.dockerignore` itself and sends the patterns with each call; what has to be exact is the
//! matching, because a path more or less is another layer. These are not gitignore's rules: a pattern is anchored at
//! the root, `*` takes no `/`, `**` takes any number of components, and a match of a directory holds for all below it
//! until a later `!` pattern matches.
//!
//! Paths and patterns are bytes, as they are for the kernel. Reads and writes: nothing.
//! Unknown here: directories, and which of them need not be entered (`walk::filter`).
//! Source: github.com/moby/patternmatcher v0.6.1.

use std::borrow::Cow;
use std::sync::OnceLock;

use regex::bytes::Regex;

use crate::context::ignore::error::PatternError;
use crate::context::ignore::glob::{Glob, Malformed};
use crate::context::ignore::regexp;

/// A list of patterns, in their order.
///
/// ```
/// use oci_image_buildkit::context::{Inherited, Matcher};
///
/// let matcher = Matcher::new(&["*", "!docs"])?;
/// let (excluded, inherited) = matcher.matches_directory(b"docs", &Inherited::default())?;
/// assert!(!excluded && !matcher.matches(b"docs/a.md", &inherited)?);
/// assert!(matcher.matches(b"target", &Inherited::default())?);
/// # Ok::<(), oci_image_buildkit::context::PatternError>(())
/// ```
#[derive(Debug)]
pub struct Matcher {
    patterns: Vec<Pattern>,
}

/// One pattern of a list.
#[derive(Debug)]
pub(crate) struct Pattern {
    text: Vec<u8>,
    exception: bool,
    program: OnceLock<Program>,
}

/// Which patterns a directory matched: what its entries inherit.
#[derive(Debug, Clone, Default)]
pub struct Inherited(Vec<bool>);

/// How a pattern is compared with a path.
#[derive(Debug)]
enum Program {
    /// The path is the pattern.
    Exact,
    /// The path begins with this.
    Prefix(Vec<u8>),
    /// The path ends with this, or is this without its leading `/`.
    Suffix(Vec<u8>),
    Regexp(Regex),
    /// What is refused only once a path is compared with it.
    Broken,
}

impl Inherited {
    /// The place of the last pattern that matched, which has the say.
    pub fn last(&self) -> Option<usize> {
        self.0.iter().rposition(|matched| *matched)
    }
}

impl Matcher {
    /// Reads a list of patterns; blank ones are skipped.
    ///
    /// # Errors
    /// [`PatternError`] for the first pattern that is malformed.
    pub fn new<P: AsRef<[u8]>>(patterns: &[P]) -> Result<Self, PatternError> {
        let patterns = patterns
            .iter()
            .map(|pattern| trim(pattern.as_ref()))
            .filter(|pattern| !pattern.is_empty())
            .map(Pattern::new)
            .collect::<Result<_, _>>()?;
        Ok(Self { patterns })
    }

    /// Whether the last pattern that has a say excludes `path`; its directory's matches are `inherited`.
    ///
    /// # Errors
    /// [`PatternError::Syntax`] if a pattern turns out to be malformed only now.
    pub fn matches(&self, path: &[u8], inherited: &Inherited) -> Result<bool, PatternError> {
        self.evaluate(path, inherited, |_| {})
    }

    /// Like [`Matcher::matches`], for a directory: also what its entries inherit.
    ///
    /// # Errors
    /// As [`Matcher::matches`].
    pub fn matches_directory(
        &self,
        path: &[u8],
        inherited: &Inherited,
    ) -> Result<(bool, Inherited), PatternError> {
        let mut own = Vec::with_capacity(self.patterns.len());
        let matched = self.evaluate(path, inherited, |matched| own.push(matched))?;
        Ok((matched, Inherited(own)))
    }

    /// The patterns, in their order.
    pub(crate) fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    fn evaluate(
        &self,
        path: &[u8],
        inherited: &Inherited,
        mut record: impl FnMut(bool),
    ) -> Result<bool, PatternError> {
        let path = Path::new(path);
        let mut matched = false;
        for (index, pattern) in self.patterns.iter().enumerate() {
            let from_parent = inherited.0.get(index).copied().unwrap_or(false);
            // A pattern that could change nothing is not compared, and its entries will not inherit it either: the
            // source does the same, and `["a", "!a/b", "a"]` depends on it.
            let hit = from_parent || (pattern.exception == matched && pattern.is_match(&path)?);
            record(hit);
            if hit {
                matched = !pattern.exception;
            }
        }
        Ok(matched)
    }
}

impl Pattern {
    /// The pattern, cleaned and without its `!`.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Whether a `!` stood before it.
    pub(crate) fn is_exception(&self) -> bool {
        self.exception
    }

    fn new(pattern: &[u8]) -> Result<Self, PatternError> {
        let cleaned = clean(pattern);
        let (text, exception) = match cleaned.strip_prefix(b"!") {
            Some([]) => return Err(PatternError::LoneException),
            Some(rest) => (rest.to_vec(), true),
            None => (cleaned, false),
        };
        // Only as much of the pattern is looked at as a comparison with this path needs; so it is in the source.
        Glob::new(&text)
            .matches(b".")
            .map_err(|Malformed| malformed(&text))?;
        Ok(Self {
            text,
            exception,
            program: OnceLock::new(),
        })
    }

    fn is_match(&self, path: &Path<'_>) -> Result<bool, PatternError> {
        match self.program.get_or_init(|| Program::new(&self.text)) {
            Program::Exact => Ok(path.bytes == self.text),
            Program::Prefix(prefix) => Ok(path.bytes.starts_with(prefix)),
            Program::Suffix(suffix) => {
                Ok(path.bytes.ends_with(suffix) || suffix.strip_prefix(b"/") == Some(path.bytes))
            }
            Program::Regexp(regexp) => Ok(regexp.is_match(path.text.as_bytes())),
            Program::Broken => Err(malformed(&self.text)),
        }
    }
}

impl Program {
    fn new(pattern: &[u8]) -> Self {
        let characters = characters(pattern);
        match regexp::from_pattern(&characters) {
            regexp::Form::Exact => Self::Exact,
            regexp::Form::Prefix => Self::Prefix(pattern[..pattern.len() - 2].to_vec()),
            regexp::Form::Suffix => Self::Suffix(pattern[2..].to_vec()),
            regexp::Form::Regexp(source) => {
                regexp::compile(&source).map_or(Self::Broken, Self::Regexp)
            }
        }
    }
}

/// A path in the two forms in which patterns look at it.
struct Path<'a> {
    bytes: &'a [u8],
    text: Cow<'a, str>,
}

impl<'a> Path<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            text: characters(bytes),
        }
    }
}

/// Whether every part of a pattern, with or without its `!`, can be read; a comparison may not come upon the part that cannot.
pub fn is_well_formed(pattern: &[u8]) -> bool {
    pattern != b"!" && Glob::new(pattern.strip_prefix(b"!").unwrap_or(pattern)).is_well_formed()
}

/// The shortest equivalent of a path, by its text alone: what Go's `filepath.Clean` makes of it.
pub fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => {
                parts.pop();
            }
            b".." if rooted => {}
            _ => parts.push(part),
        }
    }
    let joined = parts.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/", joined.as_slice()].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}

/// The characters of some bytes; each byte that belongs to no character stands for U+FFFD, as in Go.
fn characters(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len() * 2);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Cow::Owned(text)
}

/// Cuts white space, as Unicode defines it, off both ends.
fn trim(mut bytes: &[u8]) -> &[u8] {
    while let Some(chunk) = bytes.utf8_chunks().next() {
        let blank = chunk.valid().len() - chunk.valid().trim_start().len();
        if blank == 0 {
            break;
        }
        bytes = &bytes[blank..];
    }
    while let Some(length) = (1..=bytes.len().min(3)).find(|length| {
        std::str::from_utf8(&bytes[bytes.len() - length..])
            .is_ok_and(|end| end.chars().all(char::is_whitespace))
    }) {
        bytes = &bytes[..bytes.len() - length];
    }
    bytes
}

fn malformed(pattern: &[u8]) -> PatternError {
    PatternError::Syntax {
        pattern: String::from_utf8_lossy(pattern).into_owned(),
    }
}

#[cfg(test)]
mod tests;
