//! Addresses of texts: those of files as their paths.
//!
//! Source: RFC 3986, RFC 8089.

use std::path::{Path, PathBuf};

use lsp_types::Uri;
use oci_image::diagnostics;

/// The path of a file; nothing for what is no file.
pub(super) fn path_of(uri: &Uri) -> Option<PathBuf> {
    let is_file = uri
        .scheme()
        .is_some_and(|scheme| scheme.as_str().eq_ignore_ascii_case("file"));
    if !is_file {
        return None;
    }
    let path = uri.path().as_estr().decode().into_string().ok()?;
    Some(PathBuf::from(path.into_owned()))
}

/// The name of a text for people: its path, or its address.
pub(super) fn name_of(uri: &Uri) -> PathBuf {
    path_of(uri).unwrap_or_else(|| PathBuf::from(uri.path().as_str()))
}

/// The address of a file.
pub(super) fn address_of(path: &Path) -> Option<Uri> {
    diagnostics::uri(path.to_str()?).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_of_a_file_is_its_address_and_back() {
        for (address, path) in [
            ("file:///tmp/a%20b/%C3%A4.yml", Some("/tmp/a b/ä.yml")),
            ("file://localhost/x", Some("/x")),
            ("untitled:Untitled-1", None),
            ("file:///tmp/%FF", None),
        ] {
            let uri: Uri = address.parse().unwrap();
            assert_eq!(path_of(&uri).as_deref(), path.map(Path::new), "{address}");
        }
        let uri = address_of(Path::new("/tmp/a b/ä.yml")).unwrap();
        assert_eq!(uri.as_str(), "file:///tmp/a%20b/%C3%A4.yml");
    }
}
