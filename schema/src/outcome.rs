//! What a build has come to, as data: the `result` event, and the file of `--metadata-file`.

use serde::Serialize;

/// A build that is done.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct BuildResult<'a> {
    /// The images that were exported: those of additional targets first, the final one last. Empty where nothing was.
    pub images: Vec<ImageResult<'a>>,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// How many steps there were.
    pub steps: usize,
    /// Of these, how many had a result already.
    pub cached: usize,
    /// The steps that ran longest, for a second or more; the slowest first, three at most.
    pub slowest: Vec<SlowStep<'a>>,
    /// How many bytes of files the engine has taken of the contexts.
    pub sent: u64,
    /// How many bytes of results it has sent. What this machine had has not come.
    pub received: u64,
    /// The builders on which it was built; empty where a daemon was started for it.
    pub builders: Vec<BuilderResult<'a>>,
    /// The caches of `RUN --mount=type=cache` that are kept between builds: those that were restored, then what became of each at the end.
    pub caches: Vec<CacheResult<'a>>,
    /// How many things the Dockerfile's frontend warns of.
    pub warnings: usize,
}

/// An image that was exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct ImageResult<'a> {
    /// Where it is, relative to the working directory.
    pub image: &'a str,
    /// The stage that was built; null: the last one.
    pub target: Option<&'a str>,
    /// Digest of its config, or of its manifest or index where it is an OCI layout.
    pub digest: &'a str,
    /// What its layers and documents take, in bytes.
    pub size: u64,
    /// How many layers it has.
    pub layers: usize,
    /// Of these, how many this machine did not have before, in this form.
    pub new_layers: usize,
}

/// A builder that somebody else runs, on which a build was made, or some of its platforms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct BuilderResult<'a> {
    /// Where it is.
    pub address: &'a str,
    /// Which BuildKit it says it is.
    pub version: &'a str,
    /// The platforms for which it built; null: for all of them.
    pub platforms: Option<&'a [String]>,
}

/// A step for which the build waited.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct SlowStep<'a> {
    /// The number that plain text shows as `#7`.
    pub step: u32,
    /// What a person calls it.
    pub name: &'a str,
    /// For how long it ran in all.
    pub seconds: f64,
}

/// What became of a cache that steps mount.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct CacheResult<'a> {
    /// Its id: that of the mount, or else its target.
    pub id: &'a str,
    /// What became of it.
    pub state: CacheState,
    /// How many bytes its files have; null where that is not known.
    pub bytes: Option<u64>,
    /// How many files, directories and links it has; null where that is not known.
    pub entries: Option<u64>,
    /// How many bytes it takes in `cache/`, or would take at least; null where it was not written.
    pub archive: Option<u64>,
    /// How long that took, in seconds.
    pub seconds: f64,
}

/// What became of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CacheState {
    /// Before the build: it holds what was kept.
    Restored,
    /// Before the build: the engine has it still.
    InEngine,
    /// After the build: what it holds is kept.
    Kept,
    /// After the build: it holds what was kept already.
    Unchanged,
    /// After the build: the engine had given its steps another cache of the id, with less in it than what is kept, which stays.
    Missed,
    /// After the build: it is not kept, for want of room.
    LeftOut,
    /// After the build: it holds nothing, so there is nothing to keep.
    Empty,
}
