//! The configuration of the daemon that an object asks for, in the host's own reading.
//!
//! Each setting is made of a key of the object, or stands in its extra TOML; where nobody configures garbage collection, it is that of
//! the contract. The planner writes the same as text; that both agree is shown by generated objects (tests).
//!
//! Reads and writes: nothing. Unknown here: what the planner wrote (`checked_config`).
//! Source: BuildKit, `cmd/buildkitd/config`.

use oci_image_schema::frontend::NO_FRONTEND;
use oci_image_schema::gc;
use oci_image_schema::key::given;
use oci_image_schema::mirror::Mirror;
use oci_image_schema::object::{KeyPair, Object, Registry};
use toml::{Table, Value};

/// Settings of a worker that configure garbage collection.
const GC: [&str; 6] = [
    "gc",
    "gckeepstorage",
    "reservedSpace",
    "maxUsedSpace",
    "minFreeSpace",
    "gcpolicy",
];

/// What the keys of an object make, joined with its extra TOML.
///
/// # Errors
/// The parser's, if that is no TOML.
pub(super) fn asked_config(object: &Object) -> Result<Table, toml::de::Error> {
    let mut config = Table::new();
    if object.debug {
        set(&mut config, &["log", "level"], "debug".into());
    }
    if !object.registry_mirrors.is_empty() {
        let mirrors = mirrors(&object.registry_mirrors);
        set(&mut config, &["registry", "docker.io", "mirrors"], mirrors);
    }
    for (host, registry) in &object.registries {
        set_registry(&mut config, host, registry);
    }
    set_plain_http(&mut config, object);
    set_frontends(&mut config, object);
    if let Some(extra) = given(&object.buildkit_extra_config) {
        join(&mut config, toml::from_str(extra)?, &mut Vec::new());
    }
    set_gc(&mut config);
    Ok(config)
}

fn set_registry(config: &mut Table, host: &str, registry: &Registry) {
    let mut set = |key: &str, value| set(config, &["registry", host, key], value);
    if !registry.mirrors.is_empty() {
        set("mirrors", mirrors(&registry.mirrors));
    }
    for (key, list) in [
        ("ca", &registry.ca),
        ("tlsconfigdir", &registry.tlsconfigdir),
    ] {
        if !list.is_empty() {
            set(key, list.clone().into());
        }
    }
    for (key, flag) in [("http", registry.http), ("insecure", registry.insecure)] {
        if let Some(flag) = flag {
            set(key, flag.into());
        }
    }
    if !registry.keypair.is_empty() {
        let pair = |pair: &KeyPair| -> Value {
            table([("key", pair.key.clone()), ("cert", pair.cert.clone())]).into()
        };
        let pairs: Vec<Value> = registry.keypair.iter().map(pair).collect();
        set("keypair", pairs.into());
    }
}

/// As buildkitd calls them.
fn mirrors(list: &[String]) -> Value {
    let location = |mirror: &String| Mirror::of(mirror).location.into();
    Value::Array(list.iter().map(location).collect())
}

/// A mirror that is asked by plain HTTP is a registry that is, unless the object says something else of that registry.
fn set_plain_http(config: &mut Table, object: &Object) {
    let others = object.registries.values().map(|registry| &registry.mirrors);
    for text in std::iter::once(&object.registry_mirrors)
        .chain(others)
        .flatten()
    {
        let mirror = Mirror::of(text);
        let own = object.registries.get(mirror.registry());
        if mirror.plain_http && own.is_none_or(|registry| registry.http.is_none()) {
            set(
                config,
                &["registry", mirror.registry(), "http"],
                true.into(),
            );
        }
    }
}

/// Which frontends are allowed; where that is none, there is no gateway.
fn set_frontends(config: &mut Table, object: &Object) {
    let mut set = |key: &str, value| set(config, &["frontend", "gateway.v0", key], value);
    match object.buildkit_frontends.as_deref() {
        None => {}
        Some([]) => set("enabled", false.into()),
        Some([only]) if only == NO_FRONTEND => set("enabled", false.into()),
        Some(repositories) => set("allowedRepositories", repositories.to_vec().into()),
    }
}

/// The limits of the contract, where the worker has none.
fn set_gc(config: &mut Table) {
    let worker = named(config, "worker").and_then(|worker| named(worker.as_table()?, "oci"));
    let is_configured = worker.is_some_and(|worker| {
        let settings = worker.as_table();
        settings.is_none_or(|settings| GC.iter().any(|name| named(settings, name).is_some()))
    });
    if is_configured {
        return;
    }
    let limits = || table(gc::LIMITS.map(|(key, value)| (key, value.to_owned())));
    let mut all = limits();
    all.insert("all".to_owned(), true.into());
    let policies: Vec<Value> = vec![limits().into(), all.into()];
    set(config, &["worker", "oci", "gcpolicy"], policies.into());
}

fn table<const N: usize>(entries: [(&str, String); N]) -> Table {
    let owned = |(key, value): (&str, String)| (key.to_owned(), Value::String(value));
    entries.into_iter().map(owned).collect()
}

/// A setting by its name in any case, as buildkitd knows it.
fn named<'t>(table: &'t Table, name: &str) -> Option<&'t Value> {
    let mut settings = table.iter();
    let found = settings.find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value)
}

/// Sets `value` at the path of `keys`, unless what stands on the way is no table.
fn set(table: &mut Table, keys: &[&str], value: Value) {
    let Some((last, tables)) = keys.split_last() else {
        return;
    };
    let mut inner = table;
    for key in tables {
        let next = inner.entry(*key).or_insert_with(|| Table::new().into());
        let Value::Table(next) = next else {
            return;
        };
        inner = next;
    }
    inner.insert((*last).to_owned(), value);
}

/// Joins `second` into `first`, table by table. buildkitd knows its own names in any case, and those of registries as they are.
fn join(first: &mut Table, second: Table, path: &mut Vec<String>) {
    let own: Vec<String> = if *path == ["registry"] {
        Vec::new()
    } else {
        first.keys().cloned().collect()
    };
    for (key, value) in second {
        let name = own
            .iter()
            .find(|own| own.eq_ignore_ascii_case(&key))
            .map_or_else(|| key.clone(), Clone::clone);
        match (first.get_mut(&name), value) {
            (None, value) => {
                first.insert(key, value);
            }
            (Some(Value::Table(inner)), Value::Table(value)) => {
                path.push(name);
                join(inner, value, path);
                path.pop();
            }
            // Two values of one setting are a mistake of the object, and no plan is made of it.
            (Some(_), _) => {}
        }
    }
}
