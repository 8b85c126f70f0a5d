//! Content that is written as a file with holes: where it has a whole block of zeroes, nothing is written.
//!
//! Writes: the file. Unknown here: where its content comes from.

use std::fs::File;
use std::io;
use std::iter;
use std::os::unix::fs::FileExt as _;

/// The unit in which file systems keep content, in bytes.
const BLOCK: usize = 4096;

/// A file that takes content from its beginning on.
pub(crate) struct FileWithHoles {
    file: File,
    /// How much it took.
    length: u64,
    /// How long the file is.
    written: u64,
}

impl FileWithHoles {
    pub(crate) fn new(file: File) -> Self {
        Self {
            file,
            length: 0,
            written: 0,
        }
    }

    /// Takes what follows.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        for (is_hole, run) in runs(bytes) {
            let start = self.length;
            self.length += run.len() as u64;
            if !is_hole {
                self.file.write_all_at(run, start)?;
                self.written = self.length;
            }
        }
        Ok(())
    }

    /// The file, as long as what it took.
    pub(crate) fn finish(self) -> io::Result<File> {
        if self.written < self.length {
            self.file.set_len(self.length)?;
        }
        Ok(self.file)
    }
}

/// Whether nothing needs to be written of it.
fn is_hole(block: &[u8]) -> bool {
    block.len() == BLOCK && block.iter().all(|byte| *byte == 0)
}

/// Bytes in runs of blocks that are all holes or none, and which of both.
fn runs(bytes: &[u8]) -> impl Iterator<Item = (bool, &[u8])> {
    let mut left = bytes;
    iter::from_fn(move || {
        let mut blocks = left.chunks(BLOCK);
        let is_first = is_hole(blocks.next()?);
        let more = blocks
            .take_while(|block| is_hole(block) == is_first)
            .count();
        let (run, rest) = left.split_at(left.len().min((more + 1) * BLOCK));
        left = rest;
        Some((is_first, run))
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn content_is_what_was_given_and_zeroes_take_no_room() {
        let directory = tempfile::tempdir().unwrap();
        let mut content = vec![0; 40 * BLOCK];
        content[..10].fill(1);
        content[20 * BLOCK + 7] = 2;
        let mut more = content.clone();
        more.extend([3; 100]);
        more.extend([0; 5000]);

        for (content, pieces, most) in [
            (&content, 1 << 20, 2),
            (&more, 16 * BLOCK, 5),
            (&more, 1000, 90),
        ] {
            let path = directory.path().join("file");
            let mut file = FileWithHoles::new(File::create(&path).unwrap());
            for piece in content.chunks(pieces) {
                file.append(piece).unwrap();
            }
            let blocks = file.finish().unwrap().metadata().unwrap().blocks();

            assert_eq!(std::fs::read(&path).unwrap(), *content);
            assert!(blocks <= most * BLOCK as u64 / 512, "{blocks} of {pieces}");
        }
    }
}
