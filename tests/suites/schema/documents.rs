//! Texts that nobody wrote: objects with a few keys, whose strings are sound or a soup of what matters to their rule, and mutants of
//! them.

use oci_image_schema::key::{KEYS, Key, Rule, Shape};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value, json};

/// How many are generated.
pub(crate) const DOCUMENTS: u32 = 20_000;

/// Judges what is generated, the same in each run. Fails with the smallest that is not as it should be.
pub(crate) fn judge_each<T: std::fmt::Debug>(
    generated: &impl Strategy<Value = T>,
    judge: impl Fn(T) -> Result<(), String>,
) {
    let config = Config {
        cases: DOCUMENTS,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let judged = TestRunner::new_with_rng(config, rng)
        .run(generated, |one| judge(one).map_err(TestCaseError::fail));
    if let Err(error) = judged {
        panic!("{error}");
    }
}

/// Texts of objects.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let keys = optional_keys();
    let some = subsequence((0..keys.len()).collect::<Vec<_>>(), 0..=4);
    let optional = some.prop_flat_map(move |some| {
        let some: Vec<_> = some
            .into_iter()
            .map(|index| keys[index].1.clone().prop_map(move |value| (index, value)))
            .collect();
        some
    });
    let names: Vec<&str> = optional_keys().into_iter().map(|(name, _)| name).collect();
    let object = (path(), name(), optional).prop_map(move |(context, output, optional)| {
        let mut object = Map::new();
        object.insert("context".to_owned(), context);
        object.insert("output".to_owned(), output);
        object.extend(
            optional
                .into_iter()
                .map(|(index, value)| (names[index].to_owned(), value)),
        );
        Value::Object(object)
    });
    let mutations = prop_oneof![2 => Just(Vec::new()), 1 => vec(mutation(), 1..3)];
    let twice = prop_oneof![49 => Just(None), 1 => any::<Index>().prop_map(Some)];
    (object, mutations, twice).prop_map(|(mut object, mutations, twice)| {
        for mutation in mutations {
            mutation.apply(&mut object);
        }
        written(&object, twice)
    })
}

/// The object as text, perhaps with one of its keys twice.
fn written(object: &Value, twice: Option<Index>) -> String {
    let text = object.to_string();
    match (twice, object.as_object()) {
        (Some(index), Some(map)) if !map.is_empty() => {
            let key = index.get(&map.keys().collect::<Vec<_>>()).to_owned();
            text.replacen('{', &format!("{{{}:7,", json!(key)), 1)
        }
        _ => text,
    }
}

// --- keys ------------------------------------------------------------------------------------------------------------

fn optional_keys() -> Vec<(&'static str, BoxedStrategy<Value>)> {
    let optional = KEYS.iter().filter(|key| key.required.is_none());
    let of_editors = ("$schema", or_nothing(path()));
    std::iter::once(of_editors)
        .chain(optional.map(|key| (key.name, value(key))))
        .collect()
}

fn or_nothing(given: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    prop_oneof![9 => given, 1 => Just(json!(""))].boxed()
}

/// Values of a key: what its row says, else what its own rules do.
fn value(key: &Key) -> BoxedStrategy<Value> {
    match (key.rule, key.shape) {
        (Rule::Free, Shape::Flag) => any::<bool>().prop_map(Value::from).boxed(),
        (Rule::Free, Shape::Text) => or_nothing(path()),
        (Rule::Free, Shape::List) => list(path()),
        (Rule::File, _) => or_nothing(file()),
        _ => own(key.name),
    }
}

fn own(key: &str) -> BoxedStrategy<Value> {
    match key {
        "context_inputs" => map(name(), place()),
        "dockerfile" => or_nothing(file()),
        "cache_from" | "cache_to" => list(layer_cache()),
        "target" => or_nothing(target()),
        "additional_targets" => list(target()),
        "build_args" | "labels" | "image_args" => list(pair()),
        "registry_mirrors" => list(mirror()),
        "registries" => map(registry(), registry_settings()),
        "buildkit_extra_config" => toml(),
        "buildkit_secrets" => map(path(), secret()),
        "buildkit_ssh" => or_nothing(ssh()),
        "buildkit_frontends" => list(frontend()),
        "cache_mounts" => list(cache_mount()),
        "cache_mounts_limit" => or_nothing(size()),
        "add_hosts" => or_nothing(hosts()),
        "image_platform" => or_nothing(platforms()),
        "compression" => or_nothing(compression()),
        "compression_level" => or_nothing(compression_level()),
        other => panic!("`{other}` has rules of its own, and no values here"),
    }
}

fn list(element: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    vec(element, 0..4).prop_map(Value::Array).boxed()
}

/// A map whose names are among the strings of a strategy.
fn map(name: BoxedStrategy<Value>, value: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let entry = (name, value).prop_map(|(name, value)| {
        let name = name.as_str().unwrap_or_default().to_owned();
        (name, value)
    });
    vec(entry, 0..3)
        .prop_map(|entries| Value::Object(entries.into_iter().collect()))
        .boxed()
}

fn registry_settings() -> BoxedStrategy<Value> {
    let certificates = vec((file(), file()), 0..2).prop_map(|pairs| {
        let pair = |(key, cert)| json!({"key": key, "cert": cert});
        Value::Array(pairs.into_iter().map(pair).collect())
    });
    let setting = prop_oneof![
        list(mirror()).prop_map(|mirrors| ("mirrors", mirrors)),
        any::<bool>().prop_map(|http| ("http", http.into())),
        any::<bool>().prop_map(|insecure| ("insecure", insecure.into())),
        list(path()).prop_map(|ca| ("ca", ca)),
        certificates.prop_map(|keypair| ("keypair", keypair)),
        list(path()).prop_map(|directories| ("tlsconfigdir", directories)),
    ];
    let settings = |settings: Vec<(&str, Value)>| {
        let named = settings
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value));
        Value::Object(named.collect())
    };
    vec(setting, 0..3).prop_map(settings).boxed()
}

fn secret() -> BoxedStrategy<Value> {
    let inline = path().prop_map(|text| json!({"text": text}));
    prop_oneof![file(), inline].boxed()
}

// --- strings ---------------------------------------------------------------------------------------------------------

/// A label of the most characters, and of one more.
const LONG: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
const TOO_LONG: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

/// A sound string most of the time, else a soup of pieces.
fn string(sound: &'static [&'static str], pieces: &'static [&'static str]) -> BoxedStrategy<Value> {
    let soup = vec(select(pieces), 0..7).prop_map(|pieces| Value::from(pieces.concat()));
    prop_oneof![5 => select(sound).prop_map(Value::from), 1 => soup].boxed()
}

const PATHS: &[&str] = &[
    "a", "b.c", "/", "/", "..", ".", "./", "\u{0}", "\n", "\u{7f}", "\u{85}", "\u{2028}", "é", " ",
    "\u{feff}", "=", "..a",
];

pub(crate) fn path() -> BoxedStrategy<Value> {
    string(&["a", ".", "../a/", "/a b/c", "é\u{2028}"], PATHS)
}

pub(crate) fn file() -> BoxedStrategy<Value> {
    string(&["a", "./a/b.c", "../a", "/a b", "a/..b"], PATHS)
}

fn place() -> BoxedStrategy<Value> {
    string(&["a", "./a//b/", "a/.", "..a", "a b/c"], PATHS)
}

fn name() -> BoxedStrategy<Value> {
    string(&["app", "app-image", "...", "a b", "é"], PATHS)
}

pub(crate) fn target() -> BoxedStrategy<Value> {
    let pieces = &[
        "a", "Z9", "-", "_", ".", "0", "12", "image", "cache", "app", "é", " ", "/", "..",
    ];
    string(&["a", "app", "release-1.0_x", "0", "17", "Tests"], pieces)
}

pub(crate) fn pair() -> BoxedStrategy<Value> {
    let pieces = &[
        "A", "my-x", "=", "=", "b c", " ", "\u{a0}", "\u{feff}", "\u{180e}", "\u{85}", "\u{2029}",
        "\u{0}", "\n", "é",
    ];
    string(
        &["A=b", "A=b=c d", "é.x=\u{1f600}", "1-2=y", "B=/x"],
        pieces,
    )
}

const AUTHORITIES: &[&str] = &[
    "host", "a", "Z", ".", ".", ":", ":", "0", "80", "65535", "65536", "99999", "00080", "000080",
    "+80", "[", "]", "::", "1", "ffff", "10.0.0.1", "/", "/", "..", "-", "_", "é", " ", "http://",
    "\u{feff}", "\n", LONG, TOO_LONG, "[::1]", "[1::",
];

fn registry() -> BoxedStrategy<Value> {
    let sound = string(
        &[
            "docker.io",
            "a_b:5000",
            "10.0.0.1:0",
            "[fd00::2]:65535",
            "x",
        ],
        AUTHORITIES,
    );
    let address = ipv6().prop_map(|address| Value::from(format!("[{address}]")));
    prop_oneof![4 => sound, 1 => address].boxed()
}

pub(crate) fn mirror() -> BoxedStrategy<Value> {
    let path = string(&["docker.io/a", "a:5000/b/c.d", "[::1]/_"], AUTHORITIES);
    prop_oneof![registry(), path].boxed()
}

/// Layer caches, or nearly.
const LAYER_CACHES: &[&str] = &[
    "type",
    "Type",
    "=",
    "=",
    ",",
    ",",
    " ",
    "registry",
    "s3",
    "ref",
    "a/b",
    "mode",
    "max",
    "secret_access_key",
    "x",
    "\u{a0}",
    "\u{0}",
    "\n",
    "\"",
    "é",
];

pub(crate) fn layer_cache() -> BoxedStrategy<Value> {
    let sound = &[
        "type=registry,ref=registry.example/app:cache",
        "registry.example/app:cache",
        " ref=a/b , type = registry ",
        "type=gha,scope=main,token=x",
        "type=s3,bucket=b,region=r,secret_access_key=x=",
        "type=inline",
        "type=registry,ref=a/b,mode=max,ignore-error=true",
    ];
    string(sound, LAYER_CACHES)
}

/// Repositories, or nearly.
const REPOSITORIES: &[&str] = &[
    "docker",
    "a",
    "Z",
    ".",
    "-",
    "_",
    "__",
    "---",
    "/",
    "/",
    ":",
    "5000",
    "1",
    "[::1]",
    "[",
    "é",
    " ",
    "none",
    "@sha256:0",
    "https://",
    "localhost",
    LONG,
    TOO_LONG,
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
];

pub(crate) fn frontend() -> BoxedStrategy<Value> {
    string(
        &[
            "docker/dockerfile",
            "registry.example:5000/a-b/c.d__e",
            "REGISTRY/a",
            "none",
        ],
        REPOSITORIES,
    )
}

/// Ids of cache mounts, or nearly.
pub(crate) fn cache_mount() -> BoxedStrategy<Value> {
    string(
        &[
            "go-build",
            "/root/.cache/go",
            "a b",
            "none",
            "none of it",
            "/a/",
        ],
        &[
            "none", "None", "id=", "target=", "=", "a", "/", ".", " ", "\u{a0}", "\u{85}", "\n",
            "\u{0}", "é",
        ],
    )
}

/// Numbers of bytes, or nearly.
pub(crate) fn size() -> BoxedStrategy<Value> {
    string(
        &[
            "2GiB",
            "500MB",
            "1.5 gib",
            " 7 ",
            "0.001k",
            "00.10TB",
            "18446744073709551616",
        ],
        &[
            "0",
            "0",
            "1",
            "9",
            ".",
            "k",
            "K",
            "m",
            "G",
            "t",
            "i",
            "I",
            "b",
            "B",
            " ",
            "\u{a0}",
            "\u{85}",
            "\u{feff}",
            "\n",
            "-",
            "e3",
            "٣",
            "\u{212a}",
            "99999999999999999999",
            "0000000000000000",
        ],
    )
}

/// Texts that are an IPv6 address, or nearly.
fn ipv6() -> impl Strategy<Value = String> {
    let groups = &[
        "0",
        "1",
        "ab",
        "FFFF",
        "0001",
        "12345",
        "g",
        "",
        "10.0.0.1",
        "1.2.3.256",
    ];
    let groups = || {
        let group = prop_oneof![20 => select(&groups[..5]), 1 => select(&groups[5..])];
        vec(group, 0..9).prop_map(|groups| groups.join(":"))
    };
    (
        groups(),
        select(&["", "", "::", "::", ":", ":::"][..]),
        groups(),
    )
        .prop_map(|(head, gap, tail)| format!("{head}{gap}{tail}"))
}

pub(crate) fn hosts() -> BoxedStrategy<Value> {
    let pieces = &[
        "db",
        "=",
        "=",
        "10.0.0.7",
        "10.0.0",
        "256.1.1.1",
        "01.2.3.4",
        "::",
        "1",
        ":",
        "f",
        "::ffff:10.0.0.1",
        ",",
        ",",
        " ",
        "\n",
        "\u{85}",
        "\u{a0}",
        "\u{feff}",
        "-",
        "_",
        ".",
        "[::1]",
        LONG,
        TOO_LONG,
    ];
    let sound = &[
        "db=10.0.0.7",
        " a.b_c=::1 , d=1.2.3.4\n",
        "db=::ffff:10.0.0.1",
    ];
    let address = ipv6().prop_map(|address| Value::from(format!("db={address}")));
    prop_oneof![4 => string(sound, pieces), 1 => address].boxed()
}

pub(crate) fn compression() -> BoxedStrategy<Value> {
    select(&["gzip", "zstd", "zstd", "zsdt", "GZIP", "gzip\0", "xz"][..])
        .prop_map(Value::from)
        .boxed()
}

pub(crate) fn compression_level() -> BoxedStrategy<Value> {
    let odd = ["01", "+1", "-1", " 1", "1.0", "", "1\0", "one", "256"];
    let number = (0..22_u8).prop_map(|level| level.to_string().into());
    prop_oneof![4 => number, 1 => select(odd.to_vec()).prop_map(Value::from)].boxed()
}

pub(crate) fn platforms() -> BoxedStrategy<Value> {
    let pieces = &[
        "linux",
        "Windows",
        "macos",
        "amd64",
        "ARM64",
        "arm",
        "/",
        "/",
        "v7",
        "8",
        ",",
        ",",
        " ",
        "\u{3000}",
        "\u{feff}",
        "(",
        "10.0",
        "+%-",
        ")",
        "(10.0.17763)",
        "amd46",
        "x86_64",
        "é",
        "*",
        "armhf",
        "js",
    ];
    let sound = &[
        "linux/amd64",
        "linux/amd64,linux/arm64",
        " Linux/ARM/v7 ,\u{a0}386",
        "linux",
        "armhf",
        "windows(10.0.17763)/x86-64",
        "macos/aarch64/8",
        "linux(+a)/wasm32",
        "linux/amd64,linux/x86_64",
    ];
    string(sound, pieces)
}

pub(crate) fn ssh() -> BoxedStrategy<Value> {
    let pieces = &[
        "default", "id", "=", "=", "a", "/", "raw=", ",", ",", "\n", "é", " ",
    ];
    string(&["default", "id=a/b", "a b=c=d", "id=a,b"], pieces)
}

pub(crate) fn toml() -> BoxedStrategy<Value> {
    let pieces = &[
        "[", "]", "a", "=", "1", "\n", "debug", "\"", "true", "\u{0}", "é", ".",
    ];
    let sound = &[
        "",
        "[dns]\nsearchDomains = []",
        "debug = true",
        "root = 'é'",
        "[registry.'docker.io']\nmirrors = ['docker.io/a']\nhttp = true\n[[registry.x.keypair]]\nkey = 'a'\ncert = 'b'",
        "log = {level = 'debug', format = \"te\\u0078t\"}\nworker.oci.gc = false",
        "[[worker.oci.gcpolicy]]\nall = true\n[[worker.oci.gcpolicy]]\n[worker.oci.labels]\n'a b' = '''\n\r\n\"'''",
        "[worker.oci]\ngcpolicy = []\n[worker.containerd]\nlabels = {}",
    ];
    // Each type, and what is odd about it.
    let value = select(vec![
        "-0",
        "0x1F",
        "1_000",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "0xffffffffffffffff",
        "0o17",
        "nan",
        "-nan",
        "+inf",
        "-0.0",
        "1e400",
        "5.0",
        "1979-05-27T07:32:00.999999999-07:00",
        "1979-05-27 07:32:00z",
        "1979-05-27",
        "07:32:00",
        "[nan]",
        "[[], {}]",
        "[{}, {a = nan}]",
        "[1, {a = 1}]",
        "\"\\e\\u0000\"",
        "''",
    ]);
    let key = select(vec![
        "a",
        "worker.oci.a",
        "Worker.OCI.gc",
        "LOG.level",
        "REGISTRY.x.HTTP",
        "\"\"",
        "'a.b'.c",
        "history.maxAge",
        "registry.'docker.io'.mirrors",
    ]);
    let setting = (key, value).prop_map(|(key, value)| Value::from(format!("{key} = {value}")));
    prop_oneof![2 => string(sound, pieces), 1 => setting].boxed()
}

// --- mutants ---------------------------------------------------------------------------------------------------------

/// A change at one of the values of an object, chosen by an index.
#[derive(Debug, Clone)]
enum Mutation {
    /// Another value.
    Replace(Index, Value),
    /// In a list of its own.
    Wrap(Index),
    /// Another key; of what is in no map, another value.
    Rename(Index, &'static str),
    /// Without it, if it is in a map.
    Remove(Index),
    /// A key more, if it is a map.
    Add(Index, &'static str, Value),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let values = select(vec![
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(-1.5e30),
        json!(""),
        json!("x"),
        json!("a\u{0}"),
        json!("a=b"),
        json!([]),
        json!(["", 5]),
        json!(["a", "a"]),
        json!([null]),
        json!({}),
        json!({"": null}),
        json!({"text": ""}),
        json!({"text": "a\u{0}b"}),
        json!({"text": "x", "path": "y"}),
        json!({"key": "a"}),
        json!({"key": "a", "cert": "b/"}),
        json!({"mirrors": ["a/"]}),
    ]);
    let keys = select(
        &[
            "contxt", "Context", "", "é/~", "$schema", "schema", "text", "mirrors", "a.b:80", "..",
            "a\u{0}", "output", "cache",
        ][..],
    );
    let at = any::<Index>;
    prop_oneof![
        (at(), values.clone()).prop_map(|(at, value)| Mutation::Replace(at, value)),
        at().prop_map(Mutation::Wrap),
        (at(), keys.clone()).prop_map(|(at, key)| Mutation::Rename(at, key)),
        at().prop_map(Mutation::Remove),
        (at(), keys, values).prop_map(|(at, key, value)| Mutation::Add(at, key, value)),
    ]
}

impl Mutation {
    fn apply(self, object: &mut Value) {
        let (Self::Replace(at, _)
        | Self::Wrap(at)
        | Self::Rename(at, _)
        | Self::Remove(at)
        | Self::Add(at, ..)) = &self;
        let place = at.get(&places("", object)).clone();
        match self {
            Self::Replace(_, value) => *value_at(object, &place) = value,
            Self::Wrap(_) => {
                let inner = value_at(object, &place).take();
                *value_at(object, &place) = json!([inner]);
            }
            Self::Rename(_, key) => {
                if let Some(value) = removed(object, &place) {
                    let (map, _) = place.rsplit_once('/').expect("it was in a map");
                    value_at(object, map)[key] = value;
                } else {
                    *value_at(object, &place) = key.into();
                }
            }
            Self::Remove(_) => drop(removed(object, &place)),
            Self::Add(_, key, value) => {
                if let Some(map) = value_at(object, &place).as_object_mut() {
                    map.insert(key.to_owned(), value);
                }
            }
        }
    }
}

/// The places of a value and of all values in it, as JSON Pointers.
fn places(place: &str, value: &Value) -> Vec<String> {
    let token = |key: &str| key.replace('~', "~0").replace('/', "~1");
    let inner: Vec<String> = match value {
        Value::Object(map) => map
            .iter()
            .flat_map(|(key, value)| places(&format!("{place}/{}", token(key)), value))
            .collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .flat_map(|(index, value)| places(&format!("{place}/{index}"), value))
            .collect(),
        _ => Vec::new(),
    };
    std::iter::once(place.to_owned()).chain(inner).collect()
}

fn value_at<'v>(object: &'v mut Value, place: &str) -> &'v mut Value {
    object
        .pointer_mut(place)
        .expect("the place is in the object")
}

/// Takes an entry out of its map.
fn removed(object: &mut Value, place: &str) -> Option<Value> {
    let (map, key) = place.rsplit_once('/')?;
    let map = value_at(object, map).as_object_mut()?;
    map.remove(&key.replace("~1", "/").replace("~0", "~"))
}
