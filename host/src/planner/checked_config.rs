//! The daemon's configuration in a plan, checked setting by setting.
//!
//! A setting must stand in the object's extra TOML at the same place, or be one of the few that a key of the object makes.
//! buildkitd can be configured to run programs (`binary`, hooks), read keys, listen anywhere and keep its data anywhere; all
//! of these are settings like any other here, and none is the planner's to invent.
//!
//! Source: BuildKit v0.32.2, `cmd/buildkitd/config`.

use oci_image_schema::mirror::Mirror;
use oci_image_schema::object::{KeyPair, Object, Registry};
use toml::{Table, Value};

use super::lie::LyingPlanner;

/// The settings of a rule of garbage collection: sizes and a flag.
const GC_RULE: [&str; 4] = ["all", "reservedSpace", "maxUsedSpace", "minFreeSpace"];

/// Checks a configuration against the object that it was made from.
pub(super) fn check(config: &str, object: &Object) -> Result<(), LyingPlanner> {
    let config = parse(config)?;
    let extra = parse(object.buildkit_extra_config.as_deref().unwrap_or_default())?;
    check_table(&config, Some(&extra), &mut Vec::new(), object)
}

fn parse(text: &str) -> Result<Table, LyingPlanner> {
    toml::from_str(text).map_err(|error| LyingPlanner::Config(Box::new(error)))
}

fn check_table<'a>(
    table: &'a Table,
    extra: Option<&Table>,
    path: &mut Vec<&'a str>,
    object: &Object,
) -> Result<(), LyingPlanner> {
    for (key, value) in table {
        let asked = extra.and_then(|extra| setting(extra, key, path));
        path.push(key);
        if !asked.is_some_and(|asked| same(asked, value)) && !is_made_of_a_key(path, value, object)
        {
            match value {
                Value::Table(inner) => {
                    check_table(inner, asked.and_then(Value::as_table), path, object)?;
                }
                _ => {
                    return Err(LyingPlanner::Setting {
                        setting: path.join("."),
                    });
                }
            }
        }
        path.pop();
    }
    Ok(())
}

/// A setting of the object's extra TOML. buildkitd knows its own names in any case, and those of registries as they are.
fn setting<'e>(extra: &'e Table, name: &str, path: &[&str]) -> Option<&'e Value> {
    let in_any_case = || {
        let found = extra.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    };
    match path {
        ["registry"] => extra.get(name),
        _ => extra.get(name).or_else(in_any_case),
    }
}

/// Whether two values are written alike: `nan`, which is not equal to itself, is the same as `nan`.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Float(one), Value::Float(other)) => one.total_cmp(other).is_eq(),
        (Value::Array(one), Value::Array(other)) => {
            let mut pairs = one.iter().zip(other);
            one.len() == other.len() && pairs.all(|(one, other)| same(one, other))
        }
        (Value::Table(one), Value::Table(other)) => {
            let has = |(key, value)| other.get(key).is_some_and(|other| same(value, other));
            one.len() == other.len() && one.iter().all(has)
        }
        _ => one == other,
    }
}

/// Whether a key of the object makes this setting.
fn is_made_of_a_key(path: &[&str], value: &Value, object: &Object) -> bool {
    match path {
        ["log", "level"] => object.debug && value.as_str() == Some("debug"),
        ["registry", host, setting] => is_made_of_a_registry(host, setting, value, object),
        ["worker", "oci", "gcpolicy"] => is_list(value, |rule| {
            rule.as_table()
                .is_some_and(|rule| rule.keys().all(|key| GC_RULE.contains(&key.as_str())))
        }),
        _ => false,
    }
}

fn is_made_of_a_registry(host: &str, setting: &str, value: &Value, object: &Object) -> bool {
    let none = Registry::default();
    let registry = object.registries.get(host).unwrap_or(&none);
    match setting {
        "mirrors" if host == "docker.io" => {
            are_mirrors_of(value, &registry.mirrors)
                || are_mirrors_of(value, &object.registry_mirrors)
        }
        "mirrors" => are_mirrors_of(value, &registry.mirrors),
        "ca" => are_texts_of(value, &registry.ca),
        "tlsconfigdir" => are_texts_of(value, &registry.tlsconfigdir),
        "http" if registry.http.is_none() => {
            value.as_bool() == Some(true) && is_plain_mirror(host, object)
        }
        "http" => value.as_bool() == registry.http,
        "insecure" => registry.insecure.is_some() && value.as_bool() == registry.insecure,
        "keypair" => is_list(value, |pair| is_one_of(pair, &registry.keypair)),
        _ => false,
    }
}

fn is_list(value: &Value, of: impl Fn(&Value) -> bool) -> bool {
    value.as_array().is_some_and(|list| list.iter().all(of))
}

/// Whether each is a mirror of a list, by the name that buildkitd has for it.
fn are_mirrors_of(value: &Value, asked: &[String]) -> bool {
    is_list(value, |text| {
        let is_asked = |asked: &String| text.as_str() == Some(Mirror::of(asked).location);
        asked.iter().any(is_asked)
    })
}

/// Whether a mirror of the object's is this registry, asked by plain HTTP.
fn is_plain_mirror(host: &str, object: &Object) -> bool {
    let others = object.registries.values().map(|registry| &registry.mirrors);
    std::iter::once(&object.registry_mirrors)
        .chain(others)
        .flatten()
        .map(|mirror| Mirror::of(mirror))
        .any(|mirror| mirror.plain_http && mirror.registry() == host)
}

fn are_texts_of(value: &Value, asked: &[String]) -> bool {
    is_list(value, |text| {
        text.as_str()
            .is_some_and(|text| asked.iter().any(|asked| asked == text))
    })
}

fn is_one_of(pair: &Value, asked: &[KeyPair]) -> bool {
    let file = |name: &str| pair.get(name).and_then(Value::as_str);
    let is_pair = pair.as_table().is_some_and(|pair| pair.len() == 2);
    is_pair
        && asked
            .iter()
            .any(|asked| file("key") == Some(&asked.key) && file("cert") == Some(&asked.cert))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(keys: &str) -> Object {
        serde_json::from_str(&format!(r#"{{"context": ".", "output": "image", {keys}}}"#)).unwrap()
    }

    fn refused(config: &str, keys: &str) -> String {
        check(config, &object(keys)).unwrap_err().to_string()
    }

    #[test]
    fn settings_that_keys_of_the_object_make_pass() {
        let object = object(
            r#""debug": true, "registry_mirrors": ["https://mirror.example/", "http://c.example:5000/hub/"], "registries": {"a.example": {
                "mirrors": ["b.example"], "http": true, "insecure": false, "ca": ["ca.pem"], "tlsconfigdir": ["certs"],
                "keypair": [{"key": "key.pem", "cert": "cert.pem"}]}}"#,
        );
        let config = r#"
            [log]
            level = "debug"
            [registry."docker.io"]
            mirrors = ["mirror.example", "c.example:5000/hub"]
            [registry."c.example:5000"]
            http = true
            [registry."a.example"]
            mirrors = ["b.example"]
            http = true
            insecure = false
            ca = ["ca.pem"]
            tlsconfigdir = ["certs"]
            keypair = [{key = "key.pem", cert = "cert.pem"}]
            [[worker.oci.gcpolicy]]
            reservedSpace = "10GB"
            all = true
        "#;

        check(config, &object).unwrap();
    }

    #[test]
    fn settings_of_the_extra_configuration_pass_where_they_stand() {
        let extra = r#""buildkit_extra_config": "root = '/data'\n[worker.oci]\nbinary = 'crun'\n[dns]\nnameservers = ['10.0.0.2']""#;

        check("", &object(extra)).unwrap();
        check("root = '/data'\n[worker.oci]\nbinary = 'crun'\n[dns]\nnameservers = ['10.0.0.2']\n[[worker.oci.gcpolicy]]\nall = true", &object(extra)).unwrap();
        assert_eq!(
            refused("root = 'crun'", extra),
            "the planner lies: the object does not set `root` of the daemon so"
        );
        assert_eq!(
            refused("[worker.containerd]\nbinary = 'crun'", extra),
            "the planner lies: the object does not set `worker.containerd.binary` of the daemon so"
        );
    }

    #[test]
    fn settings_of_the_extra_configuration_pass_in_any_case() {
        let extra = object(
            r#""debug": true, "buildkit_extra_config": "Log.Format = 'json'\nREGISTRY.a.Http = true""#,
        );

        check(
            "[log]\nlevel = 'debug'\nFormat = 'json'\n[registry.a]\nHttp = true",
            &extra,
        )
        .unwrap();
        assert!(check("registry.A.Http = true", &extra).is_err());
    }

    #[test]
    fn invented_settings_are_refused() {
        let keys = r#""registry_mirrors": ["https://c.example"], "registries": {"a.example": {"ca": ["ca.pem"], "http": true, "keypair": [{"key": "k", "cert": "c"}]}}"#;
        for (config, setting) in [
            ("debug = true", "debug"),
            ("log.level = 'debug'", "log.level"),
            ("root = '/'", "root"),
            (
                "insecure-entitlements = ['security.insecure']",
                "insecure-entitlements",
            ),
            ("[grpc]\naddress = ['tcp://0.0.0.0:1234']", "grpc.address"),
            ("[worker.oci]\nbinary = './evil'", "worker.oci.binary"),
            ("[worker.oci.labels]\na = 'b'", "worker.oci.labels.a"),
            (
                "[[worker.oci.gcpolicy]]\nhook = './evil'",
                "worker.oci.gcpolicy",
            ),
            (
                "[registry.'a.example']\nca = ['/etc/shadow']",
                "registry.a.example.ca",
            ),
            (
                "[registry.'a.example']\nca = 'ca.pem'",
                "registry.a.example.ca",
            ),
            (
                "[registry.'a.example']\nhttp = false",
                "registry.a.example.http",
            ),
            (
                "[registry.'a.example']\ninsecure = true",
                "registry.a.example.insecure",
            ),
            (
                "[registry.'a.example']\nkeypair = [{key = 'c', cert = 'k'}]",
                "registry.a.example.keypair",
            ),
            (
                "[registry.'b.example']\nca = ['ca.pem']",
                "registry.b.example.ca",
            ),
            (
                "[registry.'docker.io']\nmirrors = ['a.example']",
                "registry.docker.io.mirrors",
            ),
            (
                "[registry.'c.example']\nhttp = true",
                "registry.c.example.http",
            ),
            (
                "[registry.'a.example']\nplugin = 'ca.pem'",
                "registry.a.example.plugin",
            ),
        ] {
            assert_eq!(
                refused(config, keys),
                format!("the planner lies: the object does not set `{setting}` of the daemon so")
            );
        }
    }

    #[test]
    fn configuration_that_is_no_toml_is_refused() {
        assert_eq!(
            refused("root = ", r#""debug": false"#),
            "the planner's configuration of the daemon is not TOML"
        );
    }
}
