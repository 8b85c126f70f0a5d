//! The daemon's own log beside the progress, in whole lines: as text behind a mark, or each a JSON object for a program.
//!
//! Writes: whole lines to what it was given, in one call for all that are complete. Unknown here: what a line says.

use std::io::{self, Write};

use oci_image_schema::event::ProgramEvent;

use crate::line::one_line;
use crate::mode::Mode;
use oci_image_boundary::outside::within_json;

/// How long a line without an end may become before it is shown in pieces, in bytes.
const LONGEST_LINE: usize = 16 << 10;

/// Takes the daemon's log in any pieces. A line without an end is held back, and shown when this is dropped.
#[derive(Debug)]
pub struct DaemonLog<W: Write> {
    mode: Mode,
    out: W,
    partial: Vec<u8>,
}

impl<W: Write> DaemonLog<W> {
    /// Writes to `out`, as progress of that mode is shown.
    pub fn new(mode: Mode, out: W) -> Self {
        Self {
            mode,
            out,
            partial: Vec::new(),
        }
    }

    fn show(&mut self, lines: &[u8]) -> io::Result<()> {
        let mut text = String::new();
        for line in String::from_utf8_lossy(lines).lines() {
            match self.mode {
                Mode::Json => {
                    let object = serde_json::to_string(&ProgramEvent::Daemon { line });
                    text.push_str(&within_json(object.expect("strings are JSON")));
                }
                Mode::Plain | Mode::Coloured => {
                    text.push_str("| ");
                    text.push_str(&one_line(line));
                }
            }
            text.push('\n');
        }
        self.out.write_all(text.as_bytes())
    }
}

impl<W: Write> Write for DaemonLog<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.partial.extend_from_slice(bytes);
        let last = self.partial.iter().rposition(|byte| *byte == b'\n');
        if last.is_none() && self.partial.len() > LONGEST_LINE {
            let piece = std::mem::take(&mut self.partial);
            self.show(&piece)?;
        }
        if let Some(end) = last {
            let rest = self.partial.split_off(end + 1);
            let lines = std::mem::replace(&mut self.partial, rest);
            self.show(&lines)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<W: Write> Drop for DaemonLog<W> {
    fn drop(&mut self) {
        let rest = std::mem::take(&mut self.partial);
        // Nobody to tell if the reader is gone.
        let _ = self.show(&rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_objects_whatever_the_pieces_are() {
        let mut out = Vec::new();
        let mut log = DaemonLog::new(Mode::Json, &mut out);

        for piece in ["msg=\"o", "ne\"\ntwo\n", "", "three"] {
            log.write_all(piece.as_bytes()).unwrap();
        }
        drop(log);

        let expected = concat!(
            r#"{"event":"daemon","line":"msg=\"one\""}"#,
            "\n",
            r#"{"event":"daemon","line":"two"}"#,
            "\n",
            r#"{"event":"daemon","line":"three"}"#,
            "\n"
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn lines_of_text_stand_behind_a_mark_and_command_nothing() {
        let mut out = Vec::new();
        let mut log = DaemonLog::new(Mode::Plain, &mut out);

        log.write_all(b"::error::x\ntime=1 msg=\x1b[2Jy\n").unwrap();
        drop(log);

        assert_eq!(
            String::from_utf8(out).unwrap(),
            "| ::error::x\n| time=1 msg=y\n"
        );
    }
}
