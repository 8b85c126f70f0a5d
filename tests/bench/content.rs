//! What is in the files of a context: bytes that do not compress, and such that do as programs and their texts.

use oci_image_tests::random::Random;

/// How many words the files of a tree are made of.
const WORDS: usize = 512;
/// How long a word is, in bytes.
const SHORTEST: usize = 3;
const LONGEST: usize = 14;
/// After how many words, on average, bytes follow that do not compress, and how many.
const NOISE_AFTER: u64 = 24;
const NOISE: usize = 16;
/// The smallest and the largest file, as powers of two.
const SMALLEST: u64 = 8;
const LARGEST: u64 = 21;

/// Bytes that do not compress.
pub(crate) fn noise(random: &mut Random, size: usize) -> Vec<u8> {
    let mut bytes = random.bytes(size.next_multiple_of(8));
    bytes.truncate(size);
    bytes
}

/// Words, some often and most of them seldom, with noise between: gzip leaves a third of them, as it does of `/usr`.
pub(crate) struct Words(Vec<Vec<u8>>);

impl Words {
    /// The words of a tree.
    pub(crate) fn new(random: &mut Random) -> Self {
        let word = |_| {
            let size = SHORTEST + below(random, (LONGEST - SHORTEST) as u64);
            noise(random, size)
        };
        Self((0..WORDS).map(word).collect())
    }

    /// A file of them, of a size between 256 bytes and 2 MiB; most are small.
    pub(crate) fn file(&self, random: &mut Random) -> Vec<u8> {
        let mut power = || SMALLEST + random.number() % (LARGEST - SMALLEST);
        let power = power().min(power());
        let size = (1 << power) + below(random, 1 << power);
        self.text(random, size)
    }

    /// So many bytes of them.
    pub(crate) fn text(&self, random: &mut Random, size: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(size + NOISE);
        while bytes.len() < size {
            let scale = below(random, WORDS as u64) + 1;
            bytes.extend_from_slice(&self.0[below(random, scale as u64)]);
            if random.number().is_multiple_of(NOISE_AFTER) {
                bytes.extend(noise(random, NOISE));
            }
        }
        bytes.truncate(size);
        bytes
    }
}

fn below(random: &mut Random, limit: u64) -> usize {
    (random.number() % limit) as usize
}
