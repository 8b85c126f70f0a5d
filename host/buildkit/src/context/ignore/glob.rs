//! A glob: one path component's pattern with `*`, `?`, `[...]` and `\`.
//!
//! Two uses: follow paths with wildcards are resolved by it, and a pattern that is malformed as a glob is refused before
//! it is used. A `*` takes no `/`. Reads and writes: nothing.
//! Source: Go's `path/filepath.Match`.

/// A pattern, read but perhaps malformed.
#[derive(Debug)]
pub(crate) struct Glob {
    chunks: Vec<Stretch>,
}

/// A part of a pattern without `*`.
#[derive(Debug)]
struct Stretch {
    /// Whether a `*` stands before it.
    star: bool,
    /// `None` if it is malformed.
    parts: Option<Vec<Atom>>,
}

/// A pattern, or what was read of it, is malformed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

#[derive(Debug)]
enum Atom {
    Byte(u8),
    /// Any character but `/`.
    Any,
    /// Any character within one of the ranges, or within none of them.
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Glob {
    /// Reads a pattern.
    pub(crate) fn new(mut pattern: &[u8]) -> Self {
        let mut chunks = Vec::new();
        while !pattern.is_empty() {
            let stars = pattern.iter().take_while(|byte| **byte == b'*').count();
            let (chunk, rest) = pattern[stars..].split_at(chunk_length(&pattern[stars..]));
            chunks.push(Stretch {
                star: stars > 0,
                parts: parse(chunk),
            });
            pattern = rest;
        }
        Self { chunks }
    }

    /// Whether no part of it is malformed.
    pub(crate) fn is_well_formed(&self) -> bool {
        self.chunks.iter().all(|chunk| chunk.parts.is_some())
    }

    /// Whether the whole of `name` matches.
    ///
    /// # Errors
    /// [`Malformed`] if the comparison comes upon a malformed part; one behind the first difference is not seen.
    pub(crate) fn matches(&self, name: &[u8]) -> Result<bool, Malformed> {
        let mut rest = name;
        for (index, chunk) in self.chunks.iter().enumerate() {
            let parts = chunk.parts.as_deref().ok_or(Malformed)?;
            let last = index + 1 == self.chunks.len();
            if last && chunk.star && parts.is_empty() {
                return Ok(!rest.contains(&b'/'));
            }
            // The first place at which a chunk fits is as good as any later one, but for the last chunk.
            let skippable = rest.iter().take_while(|byte| **byte != b'/').count();
            let skips = 0..=if chunk.star { skippable } else { 0 };
            let fit = |skip: usize| {
                take_all(parts, &rest[skip..]).filter(|left| left.is_empty() || !last)
            };
            match skips.into_iter().find_map(fit) {
                Some(left) => rest = left,
                None => return Ok(false),
            }
        }
        Ok(rest.is_empty())
    }
}

/// The length of the pattern up to a `*` outside of a class.
fn chunk_length(pattern: &[u8]) -> usize {
    let mut in_class = false;
    let mut at = 0;
    while let Some(byte) = pattern.get(at) {
        match byte {
            b'\\' => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'*' if !in_class => return at,
            _ => {}
        }
        at += 1;
    }
    pattern.len()
}

fn parse(mut rest: &[u8]) -> Option<Vec<Atom>> {
    let mut parts = Vec::with_capacity(rest.len());
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'?' => parts.push(Atom::Any),
            b'[' => parts.push(class(&mut rest)?),
            b'\\' => {
                let (escaped, after) = rest.split_first()?;
                rest = after;
                parts.push(Atom::Byte(*escaped));
            }
            byte => parts.push(Atom::Byte(*byte)),
        }
    }
    Some(parts)
}

/// What is left of `name` behind the parts; `None` if it does not begin with them.
fn take_all<'a>(parts: &[Atom], name: &'a [u8]) -> Option<&'a [u8]> {
    parts
        .iter()
        .try_fold(name, |rest, part| Some(&rest[part.take(rest)?..]))
}

impl Atom {
    /// How many bytes of `name` this takes; `None` if it does not match.
    fn take(&self, name: &[u8]) -> Option<usize> {
        let first = *name.first()?;
        match self {
            Self::Byte(byte) => (first == *byte).then_some(1),
            Self::Any => (first != b'/').then(|| decode(name).1),
            Self::Class { negated, ranges } => {
                let (character, length) = decode(name);
                let within = ranges
                    .iter()
                    .any(|(low, high)| (*low..=*high).contains(&character));
                (within != *negated).then_some(length)
            }
        }
    }
}

/// Reads a class up to its `]`; the `[` is behind us.
fn class(rest: &mut &[u8]) -> Option<Atom> {
    let negated = rest.first() == Some(&b'^');
    if negated {
        *rest = &rest[1..];
    }
    let mut ranges = Vec::new();
    while ranges.is_empty() || rest.first() != Some(&b']') {
        let low = class_character(rest)?;
        let high = if rest.first() == Some(&b'-') {
            *rest = &rest[1..];
            class_character(rest)?
        } else {
            low
        };
        ranges.push((low, high));
    }
    *rest = &rest[1..];
    Some(Atom::Class { negated, ranges })
}

fn class_character(rest: &mut &[u8]) -> Option<char> {
    match rest.first()? {
        b'-' | b']' => return None,
        b'\\' => *rest = &rest[1..],
        _ => {}
    }
    if rest.is_empty() {
        return None;
    }
    let (character, length) = decode(rest);
    // A byte that is no character cannot be a bound.
    if character == char::REPLACEMENT_CHARACTER && length == 1 {
        return None;
    }
    *rest = &rest[length..];
    (!rest.is_empty()).then_some(character)
}

/// The first character of bytes that are not empty, and its length; U+FFFD and 1 for a byte that is no character.
fn decode(bytes: &[u8]) -> (char, usize) {
    bytes[..bytes.len().min(4)]
        .utf8_chunks()
        .next()
        .and_then(|chunk| chunk.valid().chars().next())
        .map_or((char::REPLACEMENT_CHARACTER, 1), |first| {
            (first, first.len_utf8())
        })
}
