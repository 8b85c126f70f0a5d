//! Lines: what a process prints, as text that is safe to show.
//!
//! However the bytes are cut into messages, the same lines come out. A line holds no control character but the tab, and nothing that turns the direction of text
//! (and colours, where the reader is a terminal): cursor codes, titles and bells would spoil a log or a terminal.
//! Of a progress bar that redraws itself by `\r` only the last state remains, as on a terminal.
//! Bytes that are not UTF-8 are shown as `\xE9`, so nothing is lost or guessed.
//!
//! Reads, writes: nothing. Unknown here: steps, solves.

use vte::{Params, Parser, Perform};

use crate::colour::{Colours, RESET};
use oci_image_boundary::outside::is_unruly;

/// The longest line in bytes; a longer one is shown as several. It bounds what a process without line breaks costs.
const LONGEST_LINE: usize = 16 * 1024;

/// Cuts one stream of a process into lines.
pub(super) struct Lines {
    parser: Parser,
    canvas: Canvas,
    /// The beginning of a character whose other bytes have not come yet: three bytes at most.
    undecoded: Vec<u8>,
}

impl Lines {
    pub(super) fn new(colours: Colours) -> Self {
        Self {
            parser: Parser::new(),
            canvas: Canvas::new(colours),
            undecoded: Vec::new(),
        }
    }

    /// Takes the next bytes and returns the lines that they complete.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut parts = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(part) = parts.next() {
            self.feed_part(part);
            if parts.peek().is_some() {
                self.end_line();
            }
        }
        std::mem::take(&mut self.canvas.finished)
    }

    /// Whether something was printed that no line break has ended yet.
    pub(super) fn has_partial(&self) -> bool {
        !self.canvas.is_empty() || !self.undecoded.is_empty()
    }

    /// How many bytes of unfinished lines are held.
    pub(super) fn held(&self) -> usize {
        self.canvas.before.len() + self.canvas.current.len() + self.undecoded.len()
    }

    /// Ends the unfinished line, if there is one; more than one line only if it was too long.
    pub(super) fn flush(&mut self) -> Vec<String> {
        if self.has_partial() {
            self.end_line();
        }
        std::mem::take(&mut self.canvas.finished)
    }

    fn feed_part(&mut self, part: &[u8]) {
        if self.undecoded.is_empty() {
            return self.decode(part);
        }
        let mut whole = std::mem::take(&mut self.undecoded);
        whole.extend_from_slice(part);
        self.decode(&whole);
    }

    fn decode(&mut self, mut bytes: &[u8]) {
        loop {
            let error = match std::str::from_utf8(bytes) {
                Ok(text) => return self.parser.advance(&mut self.canvas, text.as_bytes()),
                Err(error) => error,
            };
            let (valid, rest) = bytes.split_at(error.valid_up_to());
            self.parser.advance(&mut self.canvas, valid);
            let Some(length) = error.error_len() else {
                self.undecoded.extend_from_slice(rest);
                return;
            };
            self.canvas.print_bytes(&rest[..length]);
            bytes = &rest[length..];
        }
    }

    fn end_line(&mut self) {
        let undecoded = std::mem::take(&mut self.undecoded);
        self.canvas.print_bytes(&undecoded);
        self.canvas.end_line();
        // An escape sequence that its line did not end would swallow the lines after it.
        self.parser = Parser::new();
    }
}

/// Makes one line of a text from elsewhere, for example a vertex's name: line breaks become spaces.
pub(super) fn one_line(text: &str) -> String {
    let mut lines = Lines::new(Colours::Strip);
    let mut shown = lines.feed(text.as_bytes());
    shown.extend(lines.flush());
    shown.join(" ")
}

/// A text of several lines without colours and commands to a terminal.
#[must_use]
pub fn without_colours(text: &str) -> String {
    let mut lines = Lines::new(Colours::Strip);
    let mut shown = lines.feed(text.as_bytes());
    shown.extend(lines.flush());
    shown.join("\n")
}

/// The beginning of a text from elsewhere, so many bytes at most, as one line.
pub(super) fn clipped(text: &str, longest: usize) -> String {
    one_line(beginning(text, longest))
}

/// So many bytes of a text at most, from its beginning.
pub(super) fn beginning(text: &str, longest: usize) -> &str {
    &text[..text.floor_char_boundary(longest)]
}

/// One line of a terminal.
struct Canvas {
    colours: Colours,
    /// The last state of the line before a carriage return, unless it was blank.
    before: String,
    current: String,
    /// Where in `current` the last colour code ends: a backspace must not cut it.
    code_end: usize,
    /// The line was longer than [`LONGEST_LINE`], and its beginning is finished.
    cut: bool,
    finished: Vec<String>,
}

impl Canvas {
    fn new(colours: Colours) -> Self {
        Self {
            colours,
            before: String::new(),
            current: String::new(),
            code_end: 0,
            cut: false,
            finished: Vec::new(),
        }
    }

    fn is_empty(&self) -> bool {
        self.before.is_empty() && self.current.is_empty()
    }

    fn push(&mut self, character: char) {
        self.current.push(character);
        if self.current.len() >= LONGEST_LINE {
            self.end_line();
            self.cut = true;
        }
    }

    fn print_bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            format!("\\x{byte:02X}")
                .chars()
                .for_each(|character| self.push(character));
        }
    }

    /// The cursor is at the left margin again: what follows replaces the line.
    fn restart(&mut self) {
        if self.current.trim().is_empty() {
            self.current.clear();
        } else {
            self.before = std::mem::take(&mut self.current);
        }
        self.code_end = 0;
    }

    fn end_line(&mut self) {
        if std::mem::take(&mut self.cut) && self.is_empty() {
            return;
        }
        let before = std::mem::take(&mut self.before);
        let current = std::mem::take(&mut self.current);
        let mut line = if current.trim().is_empty() && !before.is_empty() {
            before
        } else {
            current
        };
        if line.contains('\x1b') {
            line.push_str(RESET);
        }
        self.code_end = 0;
        self.finished.push(line);
    }

    fn colour(&mut self, params: &Params) {
        if self.colours == Colours::Strip {
            return;
        }
        let codes: Vec<String> = params
            .iter()
            .map(|param| {
                param
                    .iter()
                    .map(u16::to_string)
                    .collect::<Vec<_>>()
                    .join(":")
            })
            .collect();
        self.current.push_str(&format!("\x1b[{}m", codes.join(";")));
        self.code_end = self.current.len();
    }
}

impl Perform for Canvas {
    fn print(&mut self, character: char) {
        // What turns the direction of text would turn the rest of our own line.
        if !is_unruly(character) {
            self.push(character);
        }
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\r' => self.restart(),
            b'\t' => self.push('\t'),
            b'\x08' if self.current.len() > self.code_end => {
                self.current.pop();
            }
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, _: &[u8], _: bool, action: char) {
        let first = params
            .iter()
            .next()
            .and_then(|param| param.first())
            .copied()
            .unwrap_or(0);
        match (action, first) {
            ('m', _) => self.colour(params),
            ('G', 0 | 1) | ('K', 2) => self.restart(),
            // The cursor skips cells, mostly to align columns.
            ('C', cells) => (0..cells.clamp(1, 80)).for_each(|_| self.push(' ')),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(colours: Colours, pieces: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::new(colours);
        let mut shown: Vec<String> = pieces.iter().flat_map(|piece| lines.feed(piece)).collect();
        shown.extend(lines.flush());
        shown
    }

    fn stripped(bytes: &[u8]) -> Vec<String> {
        lines_of(Colours::Strip, &[bytes])
    }

    #[test]
    fn a_progress_bar_shows_its_last_state() {
        let bar = b"\r 10%\r 50%\r100%\nnext\nbar 3/3\r       \r\ncrlf\r\n\r\n";

        assert_eq!(stripped(bar), ["100%", "next", "bar 3/3", "crlf", ""]);
        assert_eq!(
            stripped(b"a 1%\x1b[2K\x1b[1Ga 2%\x1b[2K\x1b[Ga 3%\n"),
            ["a 3%"]
        );
    }

    #[test]
    fn control_codes_are_stripped_and_the_text_stays() {
        let printed = b"\x1b[31mred\x1b[0m\x1b]0;title\x07 after\x1b[3A\x07\x1b[2Jx\x00y\x7f\n\
            a\tb\x08B\n\x1b]8;;http://h/\x1b\\link\x1b]8;;\x1b\\\x1b[2Cend\xc2\x9bq\n";

        assert_eq!(stripped(printed), ["red afterxy", "a\tB", "link  endq"]);
    }

    #[test]
    fn an_escape_sequence_ends_with_its_line() {
        assert_eq!(
            stripped(b"one \x1b]0;never ended\ntwo\n\x1bPdcs\nthree\n"),
            ["one ", "two", "", "three"]
        );
    }

    #[test]
    fn a_terminal_gets_colours_and_nothing_else() {
        let shown = lines_of(
            Colours::Keep,
            &[b"\x1b[1;31mred\x1b[2J\x1b[38:5:9mx\n plain\n"],
        );

        assert_eq!(shown, ["\x1b[1;31mred\x1b[38:5:9mx\x1b[0m", " plain"]);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_shown_as_escapes() {
        assert_eq!(
            stripped(b"caf\xe9 \xff\xfe caf\xc3\xa9\ncut \xe2\x82\nend \xf0\x9f"),
            [
                "caf\\xE9 \\xFF\\xFE café",
                "cut \\xE2\\x82",
                "end \\xF0\\x9F"
            ]
        );
    }

    #[test]
    fn a_line_without_end_is_shown_in_pieces() {
        let shown = stripped(&vec![b'x'; LONGEST_LINE * 2 + 5]);
        let exact = stripped(&[vec![b'x'; LONGEST_LINE], b"\n\n".to_vec()].concat());

        assert_eq!(
            shown.iter().map(String::len).collect::<Vec<_>>(),
            [LONGEST_LINE, LONGEST_LINE, 5]
        );
        assert_eq!(
            exact.iter().map(String::len).collect::<Vec<_>>(),
            [LONGEST_LINE, 0]
        );
    }

    #[test]
    fn any_cut_of_the_same_bytes_gives_the_same_lines() {
        let printed =
            "plain\nüml€ 😀\r\n\r10%\r20%\x1b[31mred\x1b[0m\n\x1b]0;t\x07ti\ttle\n\u{9b}\n\nlast"
                .bytes()
                .chain(*b"\xff\xe2\x82\n\xf0\x9f\x98\nend \xc3")
                .collect::<Vec<u8>>();
        let whole = stripped(&printed);

        for first in 0..=printed.len() {
            for second in first..=printed.len() {
                let pieces = [
                    &printed[..first],
                    &printed[first..second],
                    &printed[second..],
                ];
                assert_eq!(
                    lines_of(Colours::Strip, &pieces),
                    whole,
                    "cut at {first} and {second}"
                );
            }
        }
        let bytes: Vec<&[u8]> = printed.chunks(1).collect();
        assert_eq!(lines_of(Colours::Strip, &bytes), whole);
    }

    #[test]
    fn a_name_of_several_lines_becomes_one() {
        assert_eq!(
            one_line("RUN <<E\necho\x1b[31m hi\r\nE"),
            "RUN <<E echo hi E"
        );
    }
}
