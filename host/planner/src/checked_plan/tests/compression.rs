//! Lies about how layers are compressed.

use super::*;

#[test]
fn compression_that_was_not_asked_for_is_refused() {
    let of = |name: Option<&str>, level: Option<&str>, compression| {
        let mut object = object();
        object.compression = name.map(str::to_owned);
        object.compression_level = level.map(str::to_owned);
        let mut plan = truth();
        plan.compression = compression;
        checked(&plan, &object).map_err(|error| error.to_string())
    };
    for (name, level, compression) in [
        (None, None, Compression::Gzip(None)),
        (Some(""), Some(""), Compression::Gzip(None)),
        (None, Some("9"), Compression::Gzip(Some(9))),
        (Some("zstd"), None, Compression::Zstd(None)),
        (Some("zstd"), Some("19"), Compression::Zstd(Some(19))),
    ] {
        of(name, level, compression).unwrap();
    }
    for (name, level, compression, told) in [
        (None, None, Compression::Zstd(None), "zstd"),
        (Some("zstd"), None, Compression::Gzip(None), "gzip"),
        (None, Some("9"), Compression::Gzip(None), "gzip"),
        (None, None, Compression::Gzip(Some(1)), "gzip at level 1"),
        // No level of that codec, whatever the object says.
        (
            None,
            Some("19"),
            Compression::Gzip(Some(19)),
            "gzip at level 19",
        ),
    ] {
        assert_eq!(
            of(name, level, compression).unwrap_err(),
            format!("the planner lies: the object asks for no compression `{told}`")
        );
    }
}
