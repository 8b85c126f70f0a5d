//! `compression` and `compression_level`: how layers are compressed.
//!
//! Reads nothing. Unknown here: the form of the image. Source: `oci_image_schema::compression`.

use oci_image_schema::code::Code;
use oci_image_schema::compression::{GZIP, MOST_OF_GZIP, MOST_OF_ZSTD, NAMES, ZSTD, level};
use oci_image_schema::diagnostic::Span;
use oci_image_schema::plan;

use crate::findings::{Findings, quoted};
use crate::json::{Node, Text};
use crate::nearest::nearest;
use crate::reader::Reader;

/// What is written of how layers are compressed.
#[derive(Debug, Default)]
pub(crate) struct Compression<'t> {
    pub(crate) codec: Codec,
    pub(crate) level: Option<Text<'t>>,
}

/// What `compression` says.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) enum Codec {
    /// This, or nothing.
    #[default]
    Gzip,
    /// This, there.
    Zstd(Span),
    /// What is no codec, and a finding says so.
    Unsound,
}

/// The codec that is named.
pub(crate) fn codec<'t>(reader: &mut Reader<'_, 't>, key: &str, node: Node<'t>) -> Codec {
    let Some(name) = reader.optional(key, node) else {
        let is_empty = |text: Text<'_>| text.as_str().is_empty();
        let is_left_out = node.text().is_some_and(is_empty);
        return if is_left_out {
            Codec::Gzip
        } else {
            Codec::Unsound
        };
    };
    match name.as_str() {
        GZIP => Codec::Gzip,
        ZSTD => Codec::Zstd(name.span()),
        other => {
            let message = format!("{} is no compression that is known", quoted(other));
            let finding = reader
                .findings
                .report(Code::BadCompression, name.span(), message);
            finding.allowed(NAMES);
            match nearest(other, NAMES) {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding.help(format!("write `{GZIP}` or `{ZSTD}`")),
            };
            Codec::Unsound
        }
    }
}

impl Compression<'_> {
    /// The rule about both keys.
    pub(crate) fn judge(&self, findings: &mut Findings<'_>) {
        let Some(written) = &self.level else {
            return;
        };
        let (of, most) = match self.codec {
            Codec::Gzip => (format!(" of `{GZIP}`"), MOST_OF_GZIP),
            Codec::Zstd(_) => (format!(" of `{ZSTD}`"), MOST_OF_ZSTD),
            Codec::Unsound => (String::new(), MOST_OF_ZSTD),
        };
        if level(written.as_str(), most).is_none() {
            let message = format!("{} is no level{of}", quoted(written.as_str()));
            findings
                .report(Code::BadCompressionLevel, written.span(), message)
                .help(format!("write a whole number from 1 to {most}"));
        }
    }

    /// As it is planned.
    pub(crate) fn planned(&self) -> plan::Compression {
        let level = |most| {
            let written = self.level.as_ref();
            written.and_then(|written| level(written.as_str(), most))
        };
        match self.codec {
            Codec::Gzip | Codec::Unsound => plan::Compression::Gzip(level(MOST_OF_GZIP)),
            Codec::Zstd(_) => plan::Compression::Zstd(level(MOST_OF_ZSTD)),
        }
    }
}
