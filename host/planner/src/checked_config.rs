//! The daemon's configuration in a plan, checked setting by setting.
//!
//! Each setting is the one that the object asks for, and none of those is left out. buildkitd can be configured to run programs
//! (`binary`, hooks), read keys, listen anywhere and keep its data anywhere; all of these are settings like any other here, and none
//! is the planner's to invent. What an object restricts (`allowedRepositories`) is not the planner's to drop.
//!
//! Reads and writes: nothing. Unknown here: which settings those are (`asked_config`).
//! Source: BuildKit, `cmd/buildkitd/config`.

use oci_image_schema::object::Object;
use toml::{Table, Value};

use super::asked_config::asked_config;
use super::lie::LyingPlanner;

/// Checks a configuration against the object that it was made from.
pub(super) fn check(config: &str, object: &Object) -> Result<(), LyingPlanner> {
    let no_toml = |error| LyingPlanner::Config(Box::new(error));
    let planned: Table = toml::from_str(config).map_err(no_toml)?;
    let asked = asked_config(object).map_err(no_toml)?;
    check_table(&planned, &asked, &mut Vec::new())
}

fn check_table<'a>(
    planned: &'a Table,
    asked: &'a Table,
    path: &mut Vec<&'a str>,
) -> Result<(), LyingPlanner> {
    let left_out = asked.keys().filter(|name| !planned.contains_key(*name));
    for name in planned.keys().chain(left_out) {
        path.push(name);
        match (planned.get(name), asked.get(name)) {
            (Some(Value::Table(planned)), Some(Value::Table(asked))) => {
                check_table(planned, asked, path)?;
            }
            (Some(planned), Some(asked)) if same(planned, asked) => {}
            (planned, asked) => {
                let value = planned.or(asked);
                return Err(LyingPlanner::Setting {
                    setting: first_setting(path, value),
                });
            }
        }
        path.pop();
    }
    Ok(())
}

/// The first setting of a table that stands on one side alone.
fn first_setting(path: &[&str], value: Option<&Value>) -> String {
    let mut setting = path.join(".");
    let mut inner = value.and_then(Value::as_table);
    while let Some((name, value)) = inner.and_then(|table| table.iter().next()) {
        setting = format!("{setting}.{name}");
        inner = value.as_table();
    }
    setting
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

#[cfg(test)]
mod tests {
    use super::*;

    fn object(keys: &str) -> Object {
        serde_json::from_str(&format!(r#"{{"context": ".", "output": "image", {keys}}}"#)).unwrap()
    }

    fn refused(config: &str, keys: &str) -> String {
        check(config, &object(keys)).unwrap_err().to_string()
    }

    /// What is configured where nobody configures garbage collection.
    const GC: &str = "
        [[worker.oci.gcpolicy]]
        reservedSpace = '10GB'
        maxUsedSpace = '100GB'
        minFreeSpace = '20%'
        [[worker.oci.gcpolicy]]
        all = true
        reservedSpace = '10GB'
        maxUsedSpace = '100GB'
        minFreeSpace = '20%'
    ";
    const REGISTRIES: &str = r#""debug": true, "registry_mirrors": ["https://mirror.example/", "http://c.example:5000/hub/"], "registries": {"a.example": {
        "mirrors": ["b.example"], "http": true, "insecure": false, "ca": ["ca.pem"], "tlsconfigdir": ["certs"],
        "keypair": [{"key": "key.pem", "cert": "cert.pem"}]}}"#;
    const OF_REGISTRIES: [(&str, &str); 9] = [
        ("log.level", "\"debug\""),
        (
            "registry.\"docker.io\".mirrors",
            "[\"mirror.example\", \"c.example:5000/hub\"]",
        ),
        ("registry.\"c.example:5000\".http", "true"),
        ("registry.\"a.example\".mirrors", "[\"b.example\"]"),
        ("registry.\"a.example\".http", "true"),
        ("registry.\"a.example\".insecure", "false"),
        ("registry.\"a.example\".ca", "[\"ca.pem\"]"),
        ("registry.\"a.example\".tlsconfigdir", "[\"certs\"]"),
        (
            "registry.\"a.example\".keypair",
            "[{key = \"key.pem\", cert = \"cert.pem\"}]",
        ),
    ];

    fn lines<'a>(settings: impl Iterator<Item = &'a (&'a str, &'a str)>) -> String {
        let line = |(name, value): &(&str, &str)| format!("{name} = {value}\n");
        settings.map(line).collect::<String>() + GC
    }

    #[test]
    fn settings_that_keys_of_the_object_make_pass() {
        check(&lines(OF_REGISTRIES.iter()), &object(REGISTRIES)).unwrap();
        check(GC, &object(r#""debug": false"#)).unwrap();
    }

    #[test]
    fn setting_that_is_left_out_is_refused() {
        for (name, _) in OF_REGISTRIES {
            let rest = OF_REGISTRIES.iter().filter(|(other, _)| *other != name);
            assert_eq!(
                refused(&lines(rest), REGISTRIES),
                format!(
                    "the planner lies: the object does not set `{}` of the daemon so",
                    name.replace('"', "")
                )
            );
        }
        assert_eq!(
            refused("", r#""debug": false"#),
            "the planner lies: the object does not set `worker.oci.gcpolicy` of the daemon so"
        );
    }

    #[test]
    fn settings_of_the_extra_configuration_pass_where_they_stand() {
        let extra = r#""buildkit_extra_config": "root = '/data'\n[worker.oci]\nbinary = 'crun'\n[dns]\nnameservers = ['10.0.0.2']\nx = [nan, 1e3, 0x1f, 1979-05-27T07:32:00Z]""#;
        let text = "root = '/data'\nworker.oci.binary = 'crun'\n[dns]\nnameservers = ['10.0.0.2']\nx = [nan, 1e3, 0x1f, 1979-05-27T07:32:00Z]\n".to_owned() + GC;

        check(&text, &object(extra)).unwrap();
        for (part, other, setting) in [
            ("'/data'", "'crun'", "root"),
            (
                "worker.oci.binary",
                "worker.containerd.binary",
                "worker.containerd.binary",
            ),
            ("nan", "inf", "dns.x"),
            ("1e3", "1e4", "dns.x"),
            ("0x1f", "30", "dns.x"),
            (
                "['10.0.0.2']",
                "['10.0.0.2', '10.0.0.3']",
                "dns.nameservers",
            ),
            ("07:32", "07:33", "dns.x"),
        ] {
            let told = refused(&text.replacen(part, other, 1), extra);
            let said =
                format!("the planner lies: the object does not set `{setting}` of the daemon so");
            assert_eq!(told, said, "{part}");
        }
    }

    #[test]
    fn settings_of_the_extra_configuration_pass_in_any_case() {
        let extra = object(
            r#""debug": true, "buildkit_extra_config": "Log.Format = 'json'\nREGISTRY.a.Http = true\nWORKER.Oci.GC = false""#,
        );
        let rest = "REGISTRY.a.Http = true\nWORKER.Oci.GC = false\n";

        check(
            &format!("log.level = 'debug'\nlog.Format = 'json'\n{rest}"),
            &extra,
        )
        .unwrap();
        assert!(
            check(
                &format!("log.level = 'debug'\nLog.Format = 'json'\n{rest}"),
                &extra
            )
            .is_err()
        );
    }

    #[test]
    fn garbage_collection_is_that_of_the_contract_or_of_the_object() {
        for (from, to) in [
            ("'10GB'", "'1GB'"),
            ("all = true", "all = false"),
            ("all = true", ""),
        ] {
            assert_eq!(
                refused(&GC.replacen(from, to, 1), r#""debug": false"#),
                "the planner lies: the object does not set `worker.oci.gcpolicy` of the daemon so",
                "{to}"
            );
        }
        let own = r#""buildkit_extra_config": "worker.oci.reservedSpace = '1GB'""#;
        check("worker.oci.reservedSpace = '1GB'", &object(own)).unwrap();
        assert!(
            check(
                &format!("worker.oci.reservedSpace = '1GB'\n{GC}"),
                &object(own)
            )
            .is_err()
        );
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
