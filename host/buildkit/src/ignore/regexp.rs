//! The regular expression behind an ignore pattern, in the dialect in which the source reads it.
//!
//! The source writes a pattern with wildcards as a Go regular expression and escapes only a part of what has a meaning
//! there: `|`, `{2}` and `\d` act as in an expression, and a `*` within `[...]` becomes more of the class. Whoever
//! wrote such a pattern has tried it against that, so the same text is made here, read by Go's rules, and written
//! anew for our engine, which also matches in linear time.
//!
//! Reads and writes: nothing. Source: github.com/moby/patternmatcher v0.6.1; Go's `regexp/syntax`.

use std::fmt::Write;

use regex::bytes::Regex;

/// The names `x` in `[[:x:]]`; our engine knows the same.
const CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// How a pattern is to be compared.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// No wildcard: the path is the pattern.
    Exact,
    /// The only wildcard is `**` at the end.
    Prefix,
    /// The only wildcard is `**` at the beginning.
    Suffix,
    /// Everything else: an expression in Go's dialect.
    Regexp(Vec<char>),
}

/// A construct that Go's parser refuses, or that ours cannot express.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused;

/// The highest count in `x{n}`.
const REPEAT_LIMIT: u32 = 1000;

/// Sorts a pattern by the form of comparison that it needs.
pub(super) fn from_pattern(pattern: &[char]) -> Form {
    let mut source: Vec<char> = vec!['^'];
    let mut form = Form::Exact;
    // The scanner of the source takes a byte order mark for none of the text.
    let mut rest = pattern.strip_prefix(&['\u{feff}']).unwrap_or(pattern);
    let mut first = true;
    while let Some((character, after)) = rest.split_first() {
        rest = after;
        match character {
            '*' if rest.first() == Some(&'*') => {
                rest = &rest[1..];
                rest = rest.strip_prefix(&['/']).unwrap_or(rest);
                let at_end = rest.is_empty();
                source.extend(if at_end { ".*" } else { "(.*/)?" }.chars());
                form = match (first, at_end && form == Form::Exact) {
                    (true, _) => Form::Suffix,
                    (false, true) => Form::Prefix,
                    (false, false) => Form::Regexp(Vec::new()),
                };
            }
            '*' => {
                source.extend("[^/]*".chars());
                form = Form::Regexp(Vec::new());
            }
            '?' => {
                source.extend("[^/]".chars());
                form = Form::Regexp(Vec::new());
            }
            // `|`, `{` and `}` are meant to be among these in the source, and are not.
            '.' | '+' | '(' | ')' | '$' => source.extend(['\\', *character]),
            '\\' => {
                source.push('\\');
                if let Some((escaped, after)) = rest.split_first() {
                    rest = after;
                    source.push(*escaped);
                    form = Form::Regexp(Vec::new());
                }
            }
            '[' | ']' => {
                source.push(*character);
                form = Form::Regexp(Vec::new());
            }
            other => source.push(*other),
        }
        first = false;
    }
    source.push('$');
    match form {
        Form::Regexp(_) => Form::Regexp(source),
        other => other,
    }
}

/// Compiles an expression in Go's dialect.
///
/// # Errors
/// [`Refused`], without a reason: the pattern is named by whoever holds it.
pub(super) fn compile(source: &[char]) -> Result<Regex, Refused> {
    let mut translation = Translation {
        rest: source,
        out: String::with_capacity(source.len() * 2),
    };
    translation.expression()?;
    Regex::new(&translation.out).map_err(|_| Refused)
}

/// An expression half read and half written.
struct Translation<'a> {
    rest: &'a [char],
    out: String,
}

/// What was written last: whether a repetition may follow it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    Operand,
    Repetition,
}

impl Translation<'_> {
    fn expression(&mut self) -> Result<(), Refused> {
        let mut last = Last::Nothing;
        while let Some(character) = self.next() {
            last = match character {
                '(' | '|' => {
                    self.out.push(character);
                    Last::Nothing
                }
                ')' | '^' | '$' | '.' => {
                    self.out.push(character);
                    Last::Operand
                }
                '*' | '?' => self.repetition(last, &character.to_string())?,
                '{' => match self.count()? {
                    Some(count) => self.repetition(last, &count)?,
                    None => self.literal('{'),
                },
                '[' => self.class()?,
                '\\' => self.escape(last)?,
                other => self.literal(other),
            };
        }
        Ok(())
    }

    fn next(&mut self) -> Option<char> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn literal(&mut self, character: char) -> Last {
        self.member(character);
        Last::Operand
    }

    /// Writes a character so that it stands for itself, in a class or outside.
    fn member(&mut self, character: char) {
        write!(self.out, "\\x{{{:x}}}", u32::from(character))
            .expect("writing to a string cannot fail");
    }

    fn repetition(&mut self, last: Last, operator: &str) -> Result<Last, Refused> {
        if last != Last::Operand {
            return Err(Refused);
        }
        self.out.push_str(operator);
        Ok(Last::Repetition)
    }

    /// Reads `n}`, `n,}` or `n,m}`; `None`, and nothing read, if the brace is just a brace.
    fn count(&mut self) -> Result<Option<String>, Refused> {
        let counted = |character: &char| character.is_ascii_digit() || *character == ',';
        let end = self
            .rest
            .iter()
            .take_while(|character| counted(character))
            .count();
        if self.rest.get(end) != Some(&'}') {
            return Ok(None);
        }
        let text: String = self.rest[..end].iter().collect();
        let (least, most) = match text.split_once(',') {
            Some((least, "")) => (least, None),
            Some((least, most)) => (least, Some(most)),
            None => (text.as_str(), Some(text.as_str())),
        };
        if !is_number(least) || !most.is_none_or(is_number) {
            return Ok(None);
        }
        let bound = |digits: &str| {
            digits
                .parse::<u32>()
                .ok()
                .filter(|count| *count <= REPEAT_LIMIT)
                .ok_or(Refused)
        };
        let least = bound(least)?;
        if most
            .map(bound)
            .transpose()?
            .is_some_and(|most| most < least)
        {
            return Err(Refused);
        }
        self.rest = &self.rest[end + 1..];
        Ok(Some(format!("{{{text}}}")))
    }

    /// Reads what follows a `\` outside of a class.
    fn escape(&mut self, last: Last) -> Result<Last, Refused> {
        match self.rest.first().ok_or(Refused)? {
            'A' => self.out.push_str("\\A"),
            'z' => self.out.push_str("\\z"),
            'b' => self.out.push_str("(?-u:\\b)"),
            'B' => self.out.push_str("(?-u:\\B)"),
            'Q' => {
                self.next();
                return Ok(self.quotation(last));
            }
            _ => {
                if !self.class_escape()? {
                    let character = self.character_escape()?;
                    self.member(character);
                }
                return Ok(Last::Operand);
            }
        }
        self.next();
        Ok(Last::Operand)
    }

    /// Reads what stands between `\Q` and `\E`, or the end.
    fn quotation(&mut self, mut last: Last) -> Last {
        while let Some(character) = self.next() {
            if character == '\\' && self.rest.first() == Some(&'E') {
                self.next();
                break;
            }
            last = self.literal(character);
        }
        last
    }

    /// Reads the rest of `\d`, `\pL` and the like; `false`, and nothing read, if it is something else.
    fn class_escape(&mut self) -> Result<bool, Refused> {
        let ascii = match self.rest.first() {
            Some('d') => "[0-9]",
            Some('D') => "[^0-9]",
            Some('s') => "[\\t\\n\\f\\r ]",
            Some('S') => "[^\\t\\n\\f\\r ]",
            Some('w') => "[0-9A-Za-z_]",
            Some('W') => "[^0-9A-Za-z_]",
            Some('p' | 'P') => return self.property().map(|()| true),
            _ => return Ok(false),
        };
        self.out.push_str(ascii);
        self.next();
        Ok(true)
    }

    fn property(&mut self) -> Result<(), Refused> {
        let length = match self.rest.get(1) {
            Some('{') => self
                .rest
                .iter()
                .position(|character| *character == '}')
                .ok_or(Refused)?,
            Some(_) => 1,
            None => return Err(Refused),
        };
        self.out.push('\\');
        self.out.extend(&self.rest[..=length]);
        self.rest = &self.rest[length + 1..];
        Ok(())
    }

    /// Reads what follows a `\` and stands for one character.
    fn character_escape(&mut self) -> Result<char, Refused> {
        let first = self.next().ok_or(Refused)?;
        match first {
            'a' => Ok('\u{7}'),
            'f' => Ok('\u{c}'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            'v' => Ok('\u{b}'),
            'x' => self.hexadecimal(),
            '0'..='7' => self.octal(first),
            other if other.is_ascii() && !other.is_ascii_alphanumeric() => Ok(other),
            _ => Err(Refused),
        }
    }

    fn octal(&mut self, first: char) -> Result<char, Refused> {
        let is_octal = |character: Option<&char>| matches!(character, Some('0'..='7'));
        // One digit that is not 0 would refer back to a group.
        if first != '0' && !is_octal(self.rest.first()) {
            return Err(Refused);
        }
        let mut digits = String::from(first);
        while digits.len() < 3 && is_octal(self.rest.first()) {
            digits.extend(self.next());
        }
        u32::from_str_radix(&digits, 8)
            .ok()
            .and_then(char::from_u32)
            .ok_or(Refused)
    }

    fn hexadecimal(&mut self) -> Result<char, Refused> {
        let digits: String = if self.rest.first() == Some(&'{') {
            let end = self
                .rest
                .iter()
                .position(|character| *character == '}')
                .ok_or(Refused)?;
            let digits = self.rest[1..end].iter().collect();
            self.rest = &self.rest[end + 1..];
            digits
        } else {
            let digits = self.rest.get(..2).ok_or(Refused)?.iter().collect();
            self.rest = &self.rest[2..];
            digits
        };
        if digits.is_empty() || !digits.chars().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(Refused);
        }
        u32::from_str_radix(&digits, 16)
            .ok()
            .and_then(char::from_u32)
            .ok_or(Refused)
    }

    /// Reads a class; the `[` is behind us.
    fn class(&mut self) -> Result<Last, Refused> {
        self.out.push('[');
        if self.rest.first() == Some(&'^') {
            self.out.push('^');
            self.next();
        }
        let mut first = true;
        while first || self.rest.first() != Some(&']') {
            first = false;
            self.class_item()?;
        }
        self.next();
        self.out.push(']');
        Ok(Last::Operand)
    }

    fn class_item(&mut self) -> Result<(), Refused> {
        if self.rest.starts_with(&['[', ':'])
            && let Some(end) = self.rest[2..]
                .windows(2)
                .position(|pair| pair == [':', ']'])
        {
            let name: String = self.rest[2..end + 2].iter().collect();
            if !CLASSES.contains(&name.strip_prefix('^').unwrap_or(&name)) {
                return Err(Refused);
            }
            self.out.extend(&self.rest[..end + 4]);
            self.rest = &self.rest[end + 4..];
            return Ok(());
        }
        if self.rest.first() == Some(&'\\') {
            let before = self.rest;
            self.next();
            if self.class_escape()? {
                return Ok(());
            }
            self.rest = before;
        }
        let low = self.class_character()?;
        if !(self.rest.first() == Some(&'-') && self.rest.get(1).is_some_and(|next| *next != ']')) {
            self.member(low);
            return Ok(());
        }
        self.next();
        let high = self.class_character()?;
        if high < low {
            return Err(Refused);
        }
        self.member(low);
        self.out.push('-');
        self.member(high);
        Ok(())
    }

    fn class_character(&mut self) -> Result<char, Refused> {
        match self.next().ok_or(Refused)? {
            '\\' => self.character_escape(),
            other => Ok(other),
        }
    }
}

/// Whether Go takes the text for a count: digits, and no leading zero.
fn is_number(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|digit| digit.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'))
}
