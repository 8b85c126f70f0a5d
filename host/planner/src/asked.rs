//! What an object asks for, in the host's own reading: the values that a plan may hold, each as it must be.
//!
//! A value stands in the object, or in the text that the workspace handed out for the very file that the object names for it; what
//! depends on the machine (whether a directory is there) is as the workspace said. So an object and its answers leave one plan, but
//! for remarks.
//!
//! Reads and writes: nothing. Unknown here: the plan that is compared with it (`checked_plan`), the daemon's settings (`asked_config`).
//! Source: the rows of the keys (`oci_image_schema::key`), natively compiled; BuildKit's Dockerfile frontend for the names of attributes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use oci_image_schema::cache_mounts;
use oci_image_schema::compression;
use oci_image_schema::key::{KEYS, given};
use oci_image_schema::layer_cache;
use oci_image_schema::object::{self, Object};
use oci_image_schema::plan::{
    AttributeValue, BaseImage, Cache, CacheMounts, Compression, FrontendAttribute, ImageExport,
    ImageFormat, LayerCache, Local, Secret, SecretSource, Ssh,
};
use oci_image_schema::platform;

use super::answers::Answers;
use super::file_pairs::{self, Pairs};
use super::lie::LyingPlanner;
use super::path::single;
use super::workspace::Entry;

/// The name of the final solve, and the directory of its output.
pub(super) const IMAGE: &str = "image";
/// The directory of the build cache, and the file in it without which there is nothing to import.
pub(super) const CACHE: &str = "cache";
const CACHE_INDEX: &str = "cache/index.json";

/// An object, and what was answered while it was planned.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) object: &'a Object,
    pub(super) answers: &'a Answers,
}

/// What every solve tells the frontend, by key; and the target of the final one.
pub(super) struct Attributes {
    shared: BTreeMap<String, AttributeValue>,
    target: Option<String>,
}

impl Asked<'_> {
    /// Images to load, in the order of the object; of one argument, the last path.
    pub(super) fn base_images(self) -> Vec<BaseImage> {
        let mut images: Vec<BaseImage> = Vec::new();
        let mut places = BTreeMap::new();
        for (argument, path) in pairs_of(&self.object.image_args) {
            let place = *places.entry(argument).or_insert(images.len());
            let image = BaseImage {
                argument: argument.to_owned(),
                path: path.to_owned(),
            };
            match images.get_mut(place) {
                Some(earlier) => *earlier = image,
                None => images.push(image),
            }
        }
        images
    }

    /// The build cache, if its directory is there.
    pub(super) fn cache(self) -> Option<Cache> {
        let kept = self.object.cache && self.answers.said(CACHE, Entry::Directory);
        kept.then(|| Cache {
            directory: CACHE.to_owned(),
            import: self.answers.said(CACHE_INDEX, Entry::File),
            mounts: self.cache_mounts(),
        })
    }

    /// The cache mounts that are kept with it, if any are.
    fn cache_mounts(self) -> Option<CacheMounts> {
        let ids = self.object.cache_mounts.as_deref();
        let is_none = ids.is_some_and(|ids| ids.is_empty() || ids == [cache_mounts::NO_MOUNT]);
        let limit = given(&self.object.cache_mounts_limit);
        (!is_none).then(|| CacheMounts {
            ids: ids.map(<[String]>::to_vec),
            limit: limit.map_or(cache_mounts::DEFAULT_LIMIT, |limit| {
                cache_mounts::limit(limit).unwrap_or_default()
            }),
            read_only: self.object.cache_mounts_read_only,
        })
    }

    /// Layer caches that the daemon reads itself.
    pub(super) fn cache_from(self) -> Vec<LayerCache> {
        layer_caches(&self.object.cache_from)
    }

    /// Those that it writes itself.
    pub(super) fn cache_to(self) -> Vec<LayerCache> {
        layer_caches(&self.object.cache_to)
    }

    /// How layers are compressed.
    pub(super) fn compression(self) -> Compression {
        let level = |most| {
            let level = given(&self.object.compression_level);
            level.and_then(|level| compression::level(level, most))
        };
        match given(&self.object.compression) {
            Some(compression::ZSTD) => Compression::Zstd(level(compression::MOST_OF_ZSTD)),
            _ => Compression::Gzip(level(compression::MOST_OF_GZIP)),
        }
    }

    /// Secrets, sorted by id.
    pub(super) fn secrets(self) -> Vec<Secret> {
        let source = |secret: &object::Secret| match secret {
            object::Secret::File(path) => SecretSource::File(path.clone()),
            object::Secret::Inline(_) => SecretSource::Inline,
        };
        let secret = |(id, secret): (&String, &object::Secret)| Secret {
            id: id.clone(),
            source: source(secret),
        };
        self.object.buildkit_secrets.iter().map(secret).collect()
    }

    /// `default`, or `id=path,path`.
    pub(super) fn ssh(self) -> Vec<Ssh> {
        let agent = |ssh: &str| {
            let (id, paths) = ssh
                .split_once('=')
                .map_or((ssh, None), |(id, paths)| (id, Some(paths)));
            let paths = paths.into_iter().flat_map(|paths| paths.split(','));
            Ssh {
                id: id.to_owned(),
                paths: paths.map(str::to_owned).collect(),
            }
        };
        given(&self.object.buildkit_ssh)
            .into_iter()
            .map(agent)
            .collect()
    }

    /// The context, and the directory of the Dockerfile.
    pub(super) fn locals(self) -> [Local; 2] {
        let context = self.object.context.as_str();
        let dockerfile = given(&self.object.dockerfile).map_or(context, |path| {
            let parent = Path::new(path).parent().and_then(Path::to_str);
            parent.unwrap_or_default()
        });
        [("context", context), ("dockerfile", dockerfile)].map(|(name, path)| Local {
            name: name.to_owned(),
            path: path.to_owned(),
        })
    }

    /// What is written of a solve's image: nothing where its directory is not there. The name of a solve is `image` or that of a
    /// target, which may be written in any way.
    pub(super) fn export(self, solve: &str) -> Option<ImageExport> {
        let exported = single(solve).is_some() && self.answers.said(solve, Entry::Directory);
        let platforms = given(&self.object.image_platform);
        let several = platforms.is_some_and(|platforms| platforms.contains(','));
        exported.then(|| ImageExport {
            directory: solve.to_owned(),
            format: if self.object.output_oci || several {
                ImageFormat::OciLayout
            } else {
                ImageFormat::DockerArchive
            },
            rootfs: self.object.unpack_rootfs,
        })
    }

    /// What the frontend is told.
    ///
    /// # Errors
    /// [`LyingPlanner::Unread`] if a file of them was not handed out, or nothing can be planned from its text.
    pub(super) fn attributes(self) -> Result<Attributes, LyingPlanner> {
        let object = self.object;
        let mut shared = BTreeMap::new();
        let mut set = |key: String, value: &str| {
            shared.insert(key, AttributeValue::Text(value.to_owned()));
        };
        let dockerfile = Path::new(given(&object.dockerfile).unwrap_or("Dockerfile"));
        set(
            "filename".to_owned(),
            dockerfile
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default(),
        );
        for (name, value) in pairs_of(&object.build_args).chain(of_file(&self.arguments()?)) {
            set(format!("build-arg:{name}"), value);
        }
        for (name, value) in pairs_of(&object.labels).chain(of_file(&self.labels()?)) {
            set(format!("label:{name}"), value);
        }
        for passed in KEYS.iter().filter_map(|key| key.passed) {
            if let Some(text) = (passed.of)(object).text() {
                set(passed.attribute.to_owned(), &text);
            }
        }
        if let Some(platforms) = given(&object.image_platform) {
            let mut seen = BTreeSet::new();
            let mut platforms: Vec<_> = items(platforms).collect();
            platforms.retain(|platform| seen.insert(platform::one_name(platform)));
            set("platform".to_owned(), &platforms.join(","));
        }
        for (argument, _) in pairs_of(&object.image_args) {
            let image = AttributeValue::BaseImage(argument.to_owned());
            shared.insert(format!("build-arg:{argument}"), image);
        }
        let target = self.target()?;
        Ok(Attributes { shared, target })
    }

    fn arguments(self) -> Result<Pairs, LyingPlanner> {
        self.of_text(&self.object.build_args_file, file_pairs::arguments)
    }

    fn labels(self) -> Result<Pairs, LyingPlanner> {
        self.of_text(&self.object.labels_file, |_, text| file_pairs::lines(text))
    }

    /// The stage that is built last; nothing if it is the last one of the Dockerfile.
    fn target(self) -> Result<Option<String>, LyingPlanner> {
        if given(&self.object.target_file).is_none() {
            return Ok(given(&self.object.target).map(str::to_owned));
        }
        let target = self.of_text(&self.object.target_file, |_, text| {
            Some(text.trim().to_owned())
        })?;
        Ok(Some(target).filter(|target| !target.is_empty()))
    }

    /// What stands in the text of a file that the object may name.
    fn of_text<T: Default>(
        self,
        file: &Option<String>,
        read: impl FnOnce(&str, &str) -> Option<T>,
    ) -> Result<T, LyingPlanner> {
        let Some(path) = given(file) else {
            return Ok(T::default());
        };
        let text = self.answers.handed_out(path);
        text.and_then(|text| read(path, text))
            .ok_or_else(|| LyingPlanner::Unread {
                path: path.to_owned(),
            })
    }
}

impl Attributes {
    /// Those of a solve, sorted by key.
    pub(super) fn of(&self, solve: &str) -> Vec<FrontendAttribute> {
        let mut attributes = self.shared.clone();
        let target = if solve == IMAGE {
            self.target.as_deref()
        } else {
            Some(solve)
        };
        if let Some(target) = target {
            attributes.insert("target".to_owned(), AttributeValue::Text(target.to_owned()));
        }
        let attribute = |(key, value)| FrontendAttribute { key, value };
        attributes.into_iter().map(attribute).collect()
    }
}

/// The targets that are built besides, each once.
pub(super) fn additional_targets(object: &Object) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    let targets = object.additional_targets.iter().map(String::as_str);
    targets.filter(|target| seen.insert(*target)).collect()
}

fn layer_caches(list: &[String]) -> Vec<LayerCache> {
    let caches = list.iter().map(String::as_str);
    caches.filter_map(layer_cache::read).collect()
}

/// The pairs of a list of `NAME=VALUE`.
fn pairs_of(list: &[String]) -> impl Iterator<Item = (&str, &str)> {
    list.iter().filter_map(|pair| pair.split_once('='))
}

fn of_file(pairs: &Pairs) -> impl Iterator<Item = (&str, &str)> {
    pairs.iter().map(|(name, value)| (&**name, &**value))
}

/// The parts between commas, without blanks around them.
fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim)
}
