//! Lies about layer caches, and what an honest plan has of them.

use super::*;
use crate::mask;

const CACHES: &str = r#"{"context": "app", "output": "image",
    "cache_from": ["registry.example/app:cache"],
    "cache_to": ["type=s3,bucket=b,region=r,secret_access_key=xyzzy"]}"#;

fn text(key: &str, value: &str) -> LayerCacheAttribute {
    LayerCacheAttribute {
        key: key.to_owned(),
        value: LayerCacheValue::Text(value.to_owned()),
    }
}

fn read() -> LayerCache {
    LayerCache {
        kind: "registry".to_owned(),
        attributes: vec![text("ref", "registry.example/app:cache")],
    }
}

fn written() -> LayerCache {
    let secret = LayerCacheAttribute {
        key: "secret_access_key".to_owned(),
        value: LayerCacheValue::Inline,
    };
    LayerCache {
        kind: "s3".to_owned(),
        attributes: vec![text("bucket", "b"), text("region", "r"), secret],
    }
}

/// What is said of a plan with these caches.
fn said(cache_from: &[LayerCache], cache_to: &[LayerCache]) -> Option<String> {
    let object = mask(CACHES);
    let read = object.read().unwrap();
    let asked = Asked {
        object: read,
        answers: &answers(),
    };
    let refused = check_layer_caches(cache_from, &asked.cache_from())
        .and_then(|()| check_layer_caches(cache_to, &asked.cache_to()));
    refused.err().map(|error| error.to_string())
}

#[test]
fn caches_that_the_object_lists_pass_and_their_secrets_stay_beside_them() {
    assert_eq!(said(&[read()], &[written()]), None);
    let object = mask(CACHES);
    let secrets = object.cache_secrets().of_written(0).unwrap();
    assert_eq!(secrets["secret_access_key"].reveal(), b"xyzzy");
    assert!(!object.text().contains("xyzzy"));
}

#[test]
fn cache_that_was_not_listed_so_is_refused() {
    let mut elsewhere = read();
    elsewhere.attributes = vec![text("ref", "evil.example/app")];
    let mut insecure = read();
    insecure.attributes.push(text("registry.insecure", "true"));
    let mut told = written();
    told.attributes[2] = text("secret_access_key", "mine");
    for (from, to, told) in [
        (
            vec![elsewhere],
            vec![written()],
            "the object asks for no layer cache `type=registry,ref=evil.example/app`",
        ),
        (
            vec![insecure],
            vec![written()],
            "the object asks for no layer cache `type=registry,ref=registry.example/app:cache,registry.insecure=true`",
        ),
        (
            vec![read()],
            vec![told],
            "the object asks for no layer cache `type=s3,bucket=b,region=r,secret_access_key=mine`",
        ),
        (
            vec![read()],
            vec![written(), read()],
            "the object asks for no layer cache `type=registry,ref=registry.example/app:cache`",
        ),
        (
            vec![],
            vec![written()],
            "the object asks for the layer cache `type=registry,ref=registry.example/app:cache`, and the plan has none",
        ),
    ] {
        assert_eq!(said(&from, &to), Some(format!("the planner lies: {told}")));
    }
}
