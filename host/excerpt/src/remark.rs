//! A remark: what is said of a text, with the place in it.

use annotate_snippets::{Group, Level as Drawn};

use crate::canvas::Canvas;
use crate::level::Level;
use crate::place::Place;
use crate::printable::printable;

/// What is said of a text. Its own texts may hold words from outside.
#[derive(Debug, Clone)]
pub struct Remark<'text> {
    /// How bad it is.
    pub level: Level,
    /// By which name its rule is known.
    pub code: &'text str,
    /// What is said.
    pub message: &'text str,
    /// Of which place, if it has one.
    pub place: Option<Place<'text>>,
    /// What to do.
    pub help: Option<&'text str>,
    /// What else is known.
    pub note: Option<&'text str>,
}

impl Remark<'_> {
    /// The remark, the place marked between its neighbours, and what to do. The last line has no end.
    #[must_use]
    pub fn draw(&self, canvas: Canvas) -> String {
        let title = self.level.drawn().primary_title(printable(self.message));
        let mut group = Group::with_title(title.id(printable(self.code)));
        if let Some(place) = &self.place {
            group = place.draw(group, canvas.width());
        }
        if let Some(help) = self.help {
            group = group.element(Drawn::HELP.message(printable(help)));
        }
        if let Some(note) = self.note {
            group = group.element(Drawn::NOTE.message(printable(note)));
        }
        canvas.draw(group, canvas.width())
    }
}

#[cfg(test)]
mod tests {
    use console::measure_text_width;

    use super::*;

    /// The drawing of what is said of a part of a text.
    fn drawn(text: &str, marked: &str, columns: usize) -> String {
        let start = text.find(marked).unwrap();
        let remark = Remark {
            level: Level::Error,
            code: "code",
            message: "message",
            place: Some(Place {
                name: "file",
                text,
                span: start..start + marked.len(),
            }),
            help: Some("help"),
            note: None,
        };
        let canvas = Canvas {
            columns,
            ..Canvas::plain()
        };
        remark.draw(canvas)
    }

    #[test]
    fn mark_stands_below_its_word_on_a_terminal_of_any_width() {
        let texts = [
            format!("{{\"a\": \"{}\", \"contxt\": 1}}", "x".repeat(300)),
            format!("{{\"contxt\": \"{}\"}}", "x ".repeat(300)),
            format!(
                "{{\"a\": \"{}\", \"contxt\": \"{}\"}}",
                "日本 ".repeat(60),
                "語 ".repeat(60)
            ),
            format!(
                "{{\n  \"b\": \"{}\",\n  \"contxt\": \"{}\"\n}}",
                "y".repeat(400),
                "z".repeat(90)
            ),
        ];
        for columns in 40..=200 {
            for text in &texts {
                let shown = drawn(text, "\"contxt\"", columns);

                let lines: Vec<&str> = shown.lines().collect();
                let widest = lines.iter().map(|line| measure_text_width(line)).max();
                assert!(widest <= Some(columns), "{columns}: {widest:?}\n{shown}");
                let marks = lines.iter().position(|line| line.contains("^^^")).unwrap();
                let (before, _) = lines[marks - 1].split_once("\"contxt\"").unwrap();
                let (blank, marks) = lines[marks].split_once('^').unwrap();
                assert_eq!(
                    measure_text_width(before),
                    measure_text_width(blank),
                    "{shown}"
                );
                assert_eq!(marks.len() + 1, "\"contxt\"".len(), "{shown}");
            }
        }
    }

    #[test]
    fn place_that_the_text_does_not_have_is_none() {
        let remark = Remark {
            level: Level::Warning,
            code: "code",
            message: "message",
            place: Some(Place {
                name: "file",
                text: "ä",
                span: 1..9,
            }),
            help: None,
            note: Some("note"),
        };

        assert_eq!(
            remark.draw(Canvas::plain()),
            "warning[code]: message\n |\n = note: note"
        );
    }
}
