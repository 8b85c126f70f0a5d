//! The regular expression behind an ignore pattern, in the dialect in which the source reads it.
//!
//! The source writes a pattern with wildcards as a Go regular expression and escapes only a part of what has a meaning
//! there: `|`, `{2}` and `\d` act as in an expression, and a `*` within `[...]` becomes more of the class. Whoever
//! wrote such a pattern has tried it against that, so the same text is made here, and what our engine, which also matches in
//! linear time, would read otherwise is written anew.
//!
//! Reads and writes: nothing. Source: github.com/moby/patternmatcher v0.6.1; Go's `regexp/syntax`.

use std::fmt::Write;

use regex::bytes::{Regex, RegexBuilder};

/// The names `x` in `[[:x:]]`; our engine takes others for a class within the class.
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
    Regexp(String),
}

/// A construct that Go's parser refuses, or that ours cannot express.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused;

/// The highest count in `x{n}`.
const REPEAT_LIMIT: u32 = 1000;

/// Sorts a pattern by the form of comparison that it needs.
pub(super) fn from_pattern(pattern: &str) -> Form {
    let mut source = String::from("^");
    let mut form = Form::Exact;
    // The scanner of the source takes a byte order mark for none of the text.
    let mut rest = pattern.strip_prefix('\u{feff}').unwrap_or(pattern);
    let mut first = true;
    while let Some(character) = take(&mut rest) {
        match character {
            '*' if rest.starts_with('*') => {
                rest = &rest[1..];
                rest = rest.strip_prefix('/').unwrap_or(rest);
                let at_end = rest.is_empty();
                source.push_str(if at_end { ".*" } else { "(.*/)?" });
                form = match (first, at_end && form == Form::Exact) {
                    (true, _) => Form::Suffix,
                    (false, true) => Form::Prefix,
                    (false, false) => Form::Regexp(String::new()),
                };
            }
            // `|`, `{` and `}` are meant to be among these in the source, and are not.
            '.' | '+' | '(' | ')' | '$' => source.extend(['\\', character]),
            '*' | '?' | '[' | ']' => {
                form = Form::Regexp(String::new());
                match character {
                    '*' => source.push_str("[^/]*"),
                    '?' => source.push_str("[^/]"),
                    bracket => source.push(bracket),
                }
            }
            '\\' => {
                source.push('\\');
                if let Some(escaped) = take(&mut rest) {
                    source.push(escaped);
                    form = Form::Regexp(String::new());
                }
            }
            other => source.push(other),
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
pub(super) fn compile(source: &str) -> Result<Regex, Refused> {
    let mut translation = Translation {
        rest: source,
        out: String::with_capacity(source.len() * 2),
    };
    translation.expression()?;
    let mut builder = RegexBuilder::new(&translation.out);
    builder.octal(true).build().map_err(|_| Refused)
}

/// Takes the first character off a text.
fn take(text: &mut &str) -> Option<char> {
    let first = text.chars().next()?;
    *text = &text[first.len_utf8()..];
    Some(first)
}

/// An expression half read and half written.
struct Translation<'a> {
    rest: &'a str,
    out: String,
}

impl Translation<'_> {
    fn expression(&mut self) -> Result<(), Refused> {
        let mut is_repeated = false;
        while let Some(character) = take(&mut self.rest) {
            let was_repeated = std::mem::take(&mut is_repeated);
            match character {
                '(' | ')' | '|' | '^' | '$' | '.' => self.out.push(character),
                '*' | '?' => {
                    is_repeated = true;
                    self.out.push(character);
                }
                '{' => match self.count()? {
                    Some(_) if was_repeated => return Err(Refused),
                    Some(count) => {
                        is_repeated = true;
                        self.out.push_str(&count);
                    }
                    None => self.literal('{'),
                },
                '[' => self.class()?,
                '\\' => self.escape()?,
                other => self.literal(other),
            }
        }
        Ok(())
    }

    /// Writes a character so that it stands for itself, in a class or outside.
    fn literal(&mut self, character: char) {
        let code = u32::from(character);
        write!(self.out, "\\x{{{code:x}}}").expect("writing to a string cannot fail");
    }

    /// Reads `n}`, `n,}` or `n,m}`; `None`, and nothing read, if the brace is just a brace.
    fn count(&mut self) -> Result<Option<String>, Refused> {
        let Some((counted, rest)) = self.rest.split_once('}') else {
            return Ok(None);
        };
        let (least, most) = counted.split_once(',').unwrap_or((counted, counted));
        if !is_number(least) || !(most.is_empty() || is_number(most)) {
            return Ok(None);
        }
        let too_many = |digits: &str| {
            !digits.is_empty()
                && digits
                    .parse()
                    .map_or(true, |count: u32| count > REPEAT_LIMIT)
        };
        if too_many(least) || too_many(most) {
            return Err(Refused);
        }
        self.rest = rest;
        Ok(Some(format!("{{{counted}}}")))
    }

    /// Reads what follows a `\` outside of a class.
    fn escape(&mut self) -> Result<(), Refused> {
        match self.rest.chars().next() {
            Some('A' | 'z') => self.pass(1, "\\", ""),
            Some('b' | 'B') => self.pass(1, "(?-u:\\", ")"),
            Some('Q') => {
                let quoted = &self.rest[1..];
                let (quoted, rest) = quoted.split_once("\\E").unwrap_or((quoted, ""));
                quoted.chars().for_each(|character| self.literal(character));
                self.rest = rest;
            }
            _ => self.member_escape()?,
        }
        Ok(())
    }

    /// Reads what follows a `\` and may stand in a class too.
    fn member_escape(&mut self) -> Result<(), Refused> {
        if self.class_escape()? {
            return Ok(());
        }
        self.character_escape()
    }

    /// Reads the rest of `\d`, `\pL` and the like; `false`, and nothing read, if it is something else.
    fn class_escape(&mut self) -> Result<bool, Refused> {
        let ascii = match self.rest.chars().next() {
            Some('d') => "[0-9]",
            Some('D') => "[^0-9]",
            Some('s') => "[\\t\\n\\f\\r ]",
            Some('S') => "[^\\t\\n\\f\\r ]",
            Some('w') => "[0-9A-Za-z_]",
            Some('W') => "[^0-9A-Za-z_]",
            Some('p' | 'P') => {
                self.pass(self.braced(1)?, "\\", "");
                return Ok(true);
            }
            _ => return Ok(false),
        };
        self.rest = &self.rest[1..];
        self.out.push_str(ascii);
        Ok(true)
    }

    /// Reads what follows a `\` and stands for one character; ours reads most of it as Go does, or refuses it.
    fn character_escape(&mut self) -> Result<(), Refused> {
        let length = match self.rest.chars().next().ok_or(Refused)? {
            'x' => self.braced(2)?,
            first @ '0'..='7' => {
                let digits = self
                    .rest
                    .chars()
                    .take(3)
                    .take_while(|digit| ('0'..='7').contains(digit))
                    .count();
                // One that is not 0 would refer back to a group.
                if digits == 1 && first != '0' {
                    return Err(Refused);
                }
                digits
            }
            'a' | 'f' | 'n' | 'r' | 't' | 'v' => 1,
            // Ours has a meaning for `\<`.
            sign if sign.is_ascii() && !sign.is_ascii_alphanumeric() => {
                self.rest = &self.rest[1..];
                self.literal(sign);
                return Ok(());
            }
            _ => return Err(Refused),
        };
        self.pass(length, "\\", "");
        Ok(())
    }

    /// The length of a letter with what belongs to it: so many characters, or what stands in braces.
    fn braced(&self, bare: usize) -> Result<usize, Refused> {
        let behind = self.rest.get(1..).ok_or(Refused)?;
        if behind.starts_with('{') {
            return behind.find('}').map(|end| end + 2).ok_or(Refused);
        }
        let bare: usize = behind.chars().take(bare).map(char::len_utf8).sum();
        Ok(1 + bare)
    }

    /// Writes so many bytes as they are, between two texts.
    fn pass(&mut self, length: usize, before: &str, behind: &str) {
        let (passed, rest) = self.rest.split_at(length);
        self.out.extend([before, passed, behind]);
        self.rest = rest;
    }

    /// Reads a class; the `[` is behind us.
    fn class(&mut self) -> Result<(), Refused> {
        self.out.push('[');
        if self.rest.starts_with('^') {
            self.pass(1, "", "");
        }
        let mut first = true;
        while first || !self.rest.starts_with(']') {
            first = false;
            self.class_item()?;
        }
        self.pass(1, "", "");
        Ok(())
    }

    fn class_item(&mut self) -> Result<(), Refused> {
        if let Some((name, _)) = self
            .rest
            .strip_prefix("[:")
            .and_then(|named| named.split_once(":]"))
        {
            if !CLASSES.contains(&name.strip_prefix('^').unwrap_or(name)) {
                return Err(Refused);
            }
            self.pass(name.len() + 4, "", "");
            return Ok(());
        }
        if let Some(escaped) = self.rest.strip_prefix('\\') {
            let before = std::mem::replace(&mut self.rest, escaped);
            if self.class_escape()? {
                return Ok(());
            }
            self.rest = before;
        }
        self.class_character()?;
        let bound = self
            .rest
            .strip_prefix('-')
            .filter(|bound| !bound.starts_with(']') && !bound.is_empty());
        if let Some(bound) = bound {
            self.rest = bound;
            self.out.push('-');
            self.class_character()?;
        }
        Ok(())
    }

    fn class_character(&mut self) -> Result<(), Refused> {
        match take(&mut self.rest).ok_or(Refused)? {
            '\\' => self.character_escape(),
            other => {
                self.literal(other);
                Ok(())
            }
        }
    }
}

/// Whether Go takes the text for a count: digits, and no leading zero.
fn is_number(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|digit| digit.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'))
}
