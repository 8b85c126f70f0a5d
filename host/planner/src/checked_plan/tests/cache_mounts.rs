//! Lies about which cache mounts are kept.

use super::*;

fn mounts(ids: Option<&[&str]>, limit: u64, read_only: bool) -> CacheMounts {
    let texts = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    CacheMounts {
        ids: ids.map(texts),
        limit,
        read_only,
    }
}

fn judged(keys: &str, mounts: Option<CacheMounts>) -> Result<(), String> {
    let text = OBJECT.replacen('{', &format!("{{{keys}"), 1);
    let object: Object = serde_json::from_str(&text).unwrap();
    let mut plan = truth();
    plan.cache.as_mut().unwrap().mounts = mounts;
    checked(&plan, &object).map_err(|error| error.to_string())
}

#[test]
fn cache_mounts_are_those_that_the_object_has() {
    let two = 2 << 30;
    for (keys, planned) in [
        ("", Some(mounts(None, two, false))),
        (
            r#""cache_mounts": null, "cache_mounts_limit": "", "cache_mounts_read_only": null,"#,
            Some(mounts(None, two, false)),
        ),
        (
            r#""cache_mounts": ["b", "a"], "cache_mounts_limit": "1.5 kB", "cache_mounts_read_only": true,"#,
            Some(mounts(Some(&["b", "a"]), 1500, true)),
        ),
        (r#""cache_mounts": [],"#, None),
        (
            r#""cache_mounts": ["none"], "cache_mounts_limit": "1","#,
            None,
        ),
    ] {
        assert_eq!(judged(keys, planned), Ok(()), "{keys}");
    }
}

fn refused(keys: &str, planned: Option<CacheMounts>, told: &str) {
    let told = format!("the planner lies: the object {told}");
    assert_eq!(judged(keys, planned), Err(told), "{keys}");
}

#[test]
fn other_cache_mounts_than_those_asked_for_are_refused() {
    let two = 2 << 30;
    let list = r#""cache_mounts": ["a"],"#;
    for (keys, planned, told) in [
        (
            r#""cache_mounts": ["none"],"#,
            Some(mounts(None, two, false)),
            "asks for no cache mounts in `cache`",
        ),
        (
            r#""cache_mounts": [],"#,
            Some(mounts(Some(&[]), two, false)),
            "asks for no cache mounts in `cache`",
        ),
        (
            "",
            None,
            "asks for the cache mounts in `cache`, and the plan has none",
        ),
        (
            "",
            Some(mounts(Some(&["a"]), two, false)),
            "asks for no choice of `cache_mounts`",
        ),
        (
            list,
            Some(mounts(None, two, false)),
            "asks for the choice of `cache_mounts`, and the plan has none",
        ),
        (
            list,
            Some(mounts(Some(&["a", "b"]), two, false)),
            "asks for no cache mount `b`",
        ),
        (
            list,
            Some(mounts(Some(&[]), two, false)),
            "asks for the cache mount `a`, and the plan has none",
        ),
    ] {
        refused(keys, planned, told);
    }
}

#[test]
fn what_is_said_of_cache_mounts_and_was_not_asked_for_is_refused() {
    let two = 2 << 30;
    for (keys, planned, told) in [
        (
            r#""cache_mounts": ["a"],"#,
            Some(mounts(Some(&["a"]), two + 1, false)),
            "asks for no limit of cache mounts `2147483649`",
        ),
        // No size, whatever the object says.
        (
            r#""cache_mounts_limit": "much","#,
            Some(mounts(None, two, false)),
            "asks for no limit of cache mounts `2147483648`",
        ),
        (
            "",
            Some(mounts(None, two, true)),
            "asks for no key `cache_mounts_read_only`",
        ),
        (
            r#""cache_mounts_read_only": true,"#,
            Some(mounts(None, two, false)),
            "asks for the key `cache_mounts_read_only`, and the plan has none",
        ),
    ] {
        refused(keys, planned, told);
    }
}
