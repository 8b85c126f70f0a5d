//! A layer of a source map: which part of a text that was made stands where in the text, or the texts, that it was made of.
//!
//! Masking is here, once: what is secret in the text that was made is masked in the one that it was made of, byte for byte, so that
//! places stay true.

use std::collections::BTreeSet;
use std::ops::Range;

use oci_image_schema::diagnostic::Span;
use saphyr_parser::ScalarStyle;

use super::form::{Form, Piece, short, wide};

/// Every part, in the order of the text that was made.
#[derive(Debug, Default)]
pub struct Layer {
    pub(crate) pieces: Vec<Piece>,
    /// Where in the text that is shown which lies beyond them.
    pub(crate) end: Option<u32>,
    /// Parts of the text that came into nothing, and may hold a secret.
    pub(crate) unread: Vec<Range<u32>>,
}

impl Layer {
    pub(crate) fn push(&mut self, from: Range<usize>, to: Range<usize>, form: Form) {
        self.push_of(0, from, to, form);
    }

    pub(crate) fn push_of(
        &mut self,
        origin: u32,
        from: Range<usize>,
        to: Range<usize>,
        form: Form,
    ) {
        self.pieces.push(Piece {
            from: short(from.start)..short(from.end),
            to: short(to.start)..short(to.end),
            origin,
            form,
        });
    }

    /// Forgets a key and its value, which are cut out of what was made.
    pub(crate) fn forget(&mut self, cut: &Range<usize>) {
        let length = short(cut.len());
        let cut = short(cut.start)..short(cut.end);
        let from = self.first_from(cut.start);
        let to = self.first_from(cut.end);
        let values = self.pieces.drain(from..to).skip(1);
        self.unread.extend(values.map(|piece| piece.to));
        for piece in &mut self.pieces[from..] {
            piece.from = piece.from.start - length..piece.from.end - length;
            if let Form::Alias(origin) = &mut piece.form
                && *origin >= cut.end
            {
                *origin -= length;
            }
        }
    }

    /// The number of pieces that begin before a byte.
    fn first_from(&self, offset: u32) -> usize {
        self.pieces
            .partition_point(|piece| piece.from.start < offset)
    }

    /// The piece in which a byte of what was made stands, or the one before it.
    fn piece(&self, offset: u32) -> Option<&Piece> {
        let after = self
            .pieces
            .partition_point(|piece| piece.from.start <= offset);
        self.pieces.get(after.checked_sub(1)?)
    }

    /// Where the token stands that begins at a byte of what was made.
    pub(crate) fn place_at(&self, from: usize) -> Option<Range<usize>> {
        self.piece(short(from)).map(|piece| wide(&piece.to))
    }

    /// Where a part of `from` stands: in the text of that number, which is `to` where there is only one.
    pub(crate) fn place(&self, from: &str, to: &str, span: Span) -> Option<(u32, Span)> {
        let ends_before = |piece: &Piece| piece.from.end <= span.start;
        let begins = self.pieces.partition_point(ends_before);
        let ends = self.first_from(span.end.max(span.start.saturating_add(1)));
        let Some(first) = self.pieces.get(begins..ends).and_then(<[_]>::first) else {
            return self.end.map(|at| (0, Span { start: at, end: at }));
        };
        let is_same = |piece: &&Piece| piece.origin == first.origin;
        let found = self.pieces[begins..ends].iter();
        let last = found.take_while(is_same).last().unwrap_or(first);
        let start = first.begin(from, to, span.start);
        let end = if span.end <= span.start && last.form != Form::Whole {
            start
        } else {
            last.end(from, to, span.end).max(start)
        };
        Some((first.origin, Span { start, end }))
    }

    /// The plain scalar of YAML at a part of what was made; of one that is given by an alias, the one that it stands for.
    pub(crate) fn plain_scalar<'t>(&self, to: &'t str, part: Range<usize>) -> Option<&'t str> {
        let mut piece = self.piece(short(part.start))?;
        if let Form::Alias(origin) = piece.form {
            piece = self.piece(origin + short(part.start) - piece.from.start)?;
        }
        let is_plain = piece.form == Form::Scalar(ScalarStyle::Plain);
        is_plain.then(|| to.get(wide(&piece.to))).flatten()
    }

    /// The part of what was made as which one was written that is given by an alias of YAML.
    pub(crate) fn written_out(&self, part: Range<usize>) -> Range<usize> {
        let (mut start, mut end) = (short(part.start), short(part.end));
        while start < end {
            let (Some(first), Some(last)) = (self.piece(start), self.piece(end - 1)) else {
                break;
            };
            let (Form::Alias(begin), Form::Alias(close)) = (first.form, last.form) else {
                break;
            };
            let written = begin + (start - first.from.start)..close + (end - last.from.start);
            if written.is_empty() || written.len() != (end - start) as usize {
                break;
            }
            (start, end) = (written.start, written.end);
        }
        start as usize..end as usize
    }

    /// What the aliases within a part of what was made stand for, and those within that: each with how far from the part's beginning on
    /// its copy stands.
    pub(crate) fn aliased_within(&self, part: Range<usize>) -> Vec<(Range<usize>, usize)> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![(short(part.start)..short(part.end), 0)];
        while let Some((part, at)) = open.pop() {
            let begins = |piece: &&Piece| piece.from.start < part.end;
            let ends_before = |piece: &Piece| piece.from.end <= part.start;
            let first = self.pieces.partition_point(ends_before);
            for piece in self.pieces[first..].iter().take_while(begins) {
                let Form::Alias(origin) = piece.form else {
                    continue;
                };
                let start = piece.from.start.max(part.start);
                let end = piece.from.end.min(part.end);
                let written =
                    origin + (start - piece.from.start)..origin + (end - piece.from.start);
                let at = at + (start - part.start) as usize;
                if seen.insert((written.start, written.end)) {
                    found.push((wide(&written), at));
                    open.push((written, at));
                }
            }
        }
        found
    }

    /// The text `to`, as long as it is, with a star in place of each byte of what `masked`, which is `from` without its secrets, no
    /// longer shows. What is masked by way of an alias is masked at its anchor too.
    pub(crate) fn mask(&self, to: &str, from: &str, masked: &str) -> String {
        let mut bytes = to.as_bytes().to_vec();
        let mut anchors = BTreeSet::new();
        for piece in &self.pieces {
            let range = wide(&piece.from);
            if from.get(range.clone()) == masked.get(range) {
                continue;
            }
            match piece.form {
                Form::Bracket => {}
                Form::Alias(origin) => {
                    anchors.insert((origin, piece.from.end - piece.from.start));
                }
                Form::Whole | Form::Plain | Form::Quoted { .. } | Form::Scalar(_) => {
                    fill(&mut bytes, content(piece));
                }
            }
        }
        for (start, length) in anchors {
            self.mask_anchor(&mut bytes, start..start + length);
        }
        for unread in &self.unread {
            fill(&mut bytes, wide(unread));
        }
        String::from_utf8(bytes)
            .expect("whole characters were replaced: a piece's range is one of characters")
    }

    /// Masks all that stands where a part of what was made came from.
    fn mask_anchor(&self, bytes: &mut [u8], from: Range<u32>) {
        let pieces = self.pieces[self.first_from(from.start)..].iter();
        let within = pieces.take_while(|piece| piece.from.end <= from.end);
        for piece in within.filter(|piece| piece.form != Form::Bracket) {
            fill(bytes, wide(&piece.to));
        }
    }
}

/// The scalar without its quotes.
fn content(piece: &Piece) -> Range<usize> {
    let range = wide(&piece.to);
    match piece.form {
        Form::Scalar(ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) if range.len() >= 2 => {
            range.start + 1..range.end - 1
        }
        _ => range,
    }
}

/// Masks a part of a text; lines stay lines.
pub(crate) fn fill(bytes: &mut [u8], range: Range<usize>) {
    let shown = |byte: &&mut u8| !matches!(**byte, b'\n' | b'\r');
    for byte in bytes[range].iter_mut().filter(shown) {
        *byte = b'*';
    }
}
