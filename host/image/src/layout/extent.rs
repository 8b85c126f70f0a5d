//! How far it is from an index to the end: what whoever pulls may have to go through.
//!
//! Here each document is read once, however often it is named. Others ask for one index after the other, and again for one that is
//! named again: 5,000 above one another took a daemon minutes, and 16 that name the next a hundred times take for ever.
//!
//! Reads and writes: nothing. Unknown here: documents, archives.

use std::collections::HashMap;

use oci_spec::image::Digest;

/// How many indexes may stand above one another; of images they are one or two.
pub(super) const HEIGHT_LIMIT: usize = 16;

/// How many ways may lead from an index to manifests.
pub(super) const WAYS_LIMIT: usize = 1 << 16;

/// The extents of indexes that are known with all that is below them.
#[derive(Debug, Default)]
pub(super) struct Extents(HashMap<Digest, Extent>);

/// What is beyond a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beyond {
    Height,
    Ways,
}

#[derive(Debug, Clone, Copy, Default)]
struct Extent {
    /// How many indexes stand above one another.
    height: usize,
    /// How many ways lead to manifests: two to one that is named twice.
    ways: usize,
}

/// What is no index.
const MANIFEST: Extent = Extent { height: 0, ways: 1 };

impl Extents {
    /// Takes an index that names these, each of which was taken before or is none.
    pub(super) fn take(&mut self, index: &Digest, children: &[Digest]) -> Result<(), Beyond> {
        let extents = children
            .iter()
            .map(|child| self.0.get(child).unwrap_or(&MANIFEST));
        let below = extents.fold(Extent::default(), |whole, child| Extent {
            height: whole.height.max(child.height),
            ways: whole.ways.saturating_add(child.ways),
        });
        if below.height == HEIGHT_LIMIT {
            return Err(Beyond::Height);
        }
        if below.ways > WAYS_LIMIT {
            return Err(Beyond::Ways);
        }
        let height = below.height + 1;
        self.0.insert(index.clone(), Extent { height, ..below });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: usize) -> Digest {
        Digest::try_from(format!("sha256:{number:064x}")).unwrap()
    }

    /// A tower whose indexes name the one below so many times; where it is refused, and why.
    fn tower(times: usize) -> (usize, Beyond) {
        let mut extents = Extents::default();
        let refusal = |level| {
            let below = vec![digest(level); times];
            let taken = extents.take(&digest(level + 1), &below);
            taken.err().map(|beyond| (level, beyond))
        };
        (0..100).find_map(refusal).unwrap()
    }

    #[test]
    fn towers_end_at_their_height_or_at_the_ways_through_them() {
        assert_eq!(tower(1), (16, Beyond::Height));
        assert_eq!(tower(2), (16, Beyond::Height));
        assert_eq!(tower(3), (10, Beyond::Ways));
        assert_eq!(tower(300), (1, Beyond::Ways));
    }
}
