//! The files that documents name, where the client works. Nothing leads out of the directories that are worked on.
//!
//! A document does not say from where its paths are seen: a request's are relative to the directory in which it is built, a task's begin
//! with the name of an input, which may be the repository that holds the document. So a file is looked for beside the document and in
//! the directories around it, with its first part and without.
//!
//! Reads: what documents name. Writes: nothing.

use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use oci_image::boundary::handle::Directory;

/// How many directories around a document are looked into.
const MOST_AROUND: usize = 32;
/// How long a file may be that is read.
const LONGEST: u64 = 1 << 20;

/// A file that is there.
pub(super) struct FoundFile {
    pub(super) path: PathBuf,
    /// What it holds; empty if that is no text, or a long one.
    pub(super) text: String,
}

/// The first of the files of these names, as a document at that path names them.
pub(super) fn find(roots: &[PathBuf], document: &Path, names: &[String]) -> Option<FoundFile> {
    let beside = document.parent()?;
    let of_document = roots.iter().filter(|root| document.starts_with(root));
    let root = of_document.max_by_key(|root| root.as_os_str().len());
    let root = root.map_or(beside, PathBuf::as_path);
    let directory = Directory::open(root).ok()?;
    let below = beside.strip_prefix(root).ok()?;
    let around: Vec<&Path> = below.ancestors().take(MOST_AROUND).collect();
    let full = names.iter().filter_map(|name| relative(name));
    let short = names
        .iter()
        .filter_map(|name| without_first(&relative(name)?));
    let names: Vec<PathBuf> = full.chain(short).collect();
    names.iter().find_map(|name| {
        let mut places = around.iter().map(|around| around.join(name));
        places.find_map(|path| {
            let file = directory.file_beneath(&path).ok()?;
            let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
            if !is_file {
                return None;
            }
            let mut text = String::new();
            let read = file.take(LONGEST).read_to_string(&mut text);
            Some(FoundFile {
                path: root.join(&path),
                text: read.map(|_| text).unwrap_or_default(),
            })
        })
    })
}

/// A name as a path below somewhere.
fn relative(name: &str) -> Option<PathBuf> {
    let parts = Path::new(name).components();
    let parts: Vec<Component<'_>> = parts.filter(|part| *part != Component::CurDir).collect();
    let is_below = parts
        .iter()
        .all(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    (is_below && !parts.is_empty()).then(|| parts.iter().collect())
}

/// It without its first part, which may be the name of an input.
fn without_first(path: &Path) -> Option<PathBuf> {
    let mut parts = path.components();
    parts.next();
    let rest = parts.as_path();
    (!rest.as_os_str().is_empty()).then(|| rest.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn files_are_found_beside_a_document_and_around_it_and_nowhere_else() {
        let top = tempfile::tempdir().unwrap();
        let root = top.path().join("root");
        fs::create_dir_all(root.join("ci/deep")).unwrap();
        fs::create_dir_all(root.join("app")).unwrap();
        fs::write(top.path().join("outside"), "x").unwrap();
        fs::write(root.join("app/Dockerfile"), "FROM a").unwrap();
        fs::write(root.join("ci/args"), "A=1").unwrap();
        std::os::unix::fs::symlink(top.path().join("outside"), root.join("link")).unwrap();
        let roots = [root.clone()];
        let document = root.join("ci/deep/build.yml");
        let found = |name: &str| {
            let found = find(&roots, &document, &[name.to_owned()])?;
            let path = found
                .path
                .strip_prefix(&root)
                .unwrap()
                .display()
                .to_string();
            Some((path, found.text))
        };

        let dockerfile = Some(("app/Dockerfile".to_owned(), "FROM a".to_owned()));
        assert_eq!(found("app/Dockerfile"), dockerfile);
        assert_eq!(found("./source/app/Dockerfile"), dockerfile);
        assert_eq!(
            found("args"),
            Some(("ci/args".to_owned(), "A=1".to_owned()))
        );
        for nothing in ["../../../outside", "link", "/etc/passwd", "app", "", "."] {
            assert_eq!(found(nothing), None, "{nothing}");
        }
        assert!(find(&[], Path::new("Untitled-1"), &["args".to_owned()]).is_none());
    }
}
