//! The daemon's TOML, completed with what the plan cannot know.
//!
//! Reads and writes: nothing. Source: BuildKit, `docs/buildkitd.toml.md`.

use toml::{Table, Value};

use crate::error::DaemonError;

/// `buildkitd.toml` as it is written for the daemon.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) text: String,
    pub(super) names: Names,
}

/// What the configuration says itself, of that which is not ours to say then.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Names {
    /// Which runtime is to be used.
    pub(super) runtime: bool,
    /// In which cgroup steps are put.
    pub(super) group: bool,
    /// How the file systems of steps are made.
    pub(super) snapshotter: bool,
}

/// The configuration with what it does not say itself:
///
/// - `group` as the parent of every step's cgroup. The parent is this daemon's alone: its steps can be killed and its
///   directories removed without a thought for other daemons, which a shared `buildkit` directory does not allow. There
///   is no flag for it.
/// - The machine's own platform as that of the workers. Otherwise the daemon unpacks and starts a small program for each
///   architecture that it knows before it is ready. A step for another platform makes it look all the same.
/// - No history: the daemon ends with its build, so nobody could ask for it, and it is written to the disk while we wait.
pub(super) fn complete(text: &str, group: &str) -> Result<Config, DaemonError> {
    let mut config: Table = text
        .parse()
        .map_err(|source| DaemonError::Config { source })?;
    leave_out_history(&mut config);
    let completed =
        table(&mut config, "worker").and_then(|workers| complete_workers(workers, group));
    Ok(match completed {
        Some(names) => Config {
            text: config.to_string(),
            names,
        },
        // `worker` or its `oci` is not a table: the daemon says so better than we could.
        None => Config {
            text: text.to_owned(),
            names: Names::default(),
        },
    })
}

/// Returns what they name themselves; nothing where a table is needed and another value stands.
fn complete_workers(workers: &mut Table, group: &str) -> Option<Names> {
    let oci = table(workers, "oci")?;
    let names = Names {
        runtime: oci.contains_key("binary"),
        group: oci.contains_key("defaultCgroupParent"),
        snapshotter: oci
            .get("snapshotter")
            .is_some_and(|name| name.as_str() != Some("auto")),
    };
    oci.entry("defaultCgroupParent")
        .or_insert_with(|| Value::from(group));
    if let Some(platform) = native_platform() {
        name_platform(oci, platform);
        if let Some(containerd) = table(workers, "containerd") {
            name_platform(containerd, platform);
        }
    }
    Some(names)
}

/// The daemon knows a table in any case.
fn leave_out_history(config: &mut Table) {
    if !config
        .keys()
        .any(|name| name.eq_ignore_ascii_case("history"))
    {
        let none = Table::from_iter([("maxEntries".to_owned(), Value::from(0))]);
        config.insert("history".to_owned(), Value::Table(none));
    }
}

fn name_platform(worker: &mut Table, platform: &str) {
    worker
        .entry("platforms")
        .or_insert_with(|| Value::from(vec![platform]));
}

/// This machine's platform, where its name says all of it: the variant of a 32-bit ARM is the daemon's to find out.
fn native_platform() -> Option<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Some("linux/amd64"),
        "aarch64" => Some("linux/arm64"),
        _ => None,
    }
}

fn table<'a>(parent: &'a mut Table, key: &str) -> Option<&'a mut Table> {
    parent
        .entry(key)
        .or_insert_with(|| Value::Table(Table::new()))
        .as_table_mut()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(text: &str) -> Table {
        complete(text, "oci-x").unwrap().text.parse().unwrap()
    }

    #[test]
    fn steps_get_a_cgroup_parent_and_all_else_stays() {
        let text = "[worker.oci]\ngc = false\n[registry.\"docker.io\"]\nmirrors = [\"m\"]\n";

        let config = completed(text);

        let oci = &config["worker"]["oci"];
        assert_eq!(oci["defaultCgroupParent"].as_str(), Some("oci-x"));
        assert_eq!(oci["gc"].as_bool(), Some(false));
        let mirrors = &config["registry"]["docker.io"]["mirrors"];
        assert_eq!(mirrors[0].as_str(), Some("m"));
        assert_eq!(complete(text, "oci-x").unwrap().names, Names::default());
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn daemon_need_not_look_for_platforms() {
        let config = completed("");

        for worker in ["oci", "containerd"] {
            let platforms = config["worker"][worker]["platforms"].as_array().unwrap();
            assert_eq!(platforms, &[Value::from("linux/amd64")], "{worker}");
        }
    }

    #[test]
    fn no_history_is_written_unless_the_user_wants_one() {
        let written = |text: &str| completed(text)["history"].to_string();

        assert_eq!(written(""), "{ maxEntries = 0 }");
        assert_eq!(written("[history]\nmaxAge = 60\n"), "{ maxAge = 60 }");
        assert!(!completed("[History]\nmaxEntries = 9\n").contains_key("history"));
    }

    #[test]
    fn what_the_user_names_is_kept() {
        let text = "[worker.oci]\nbinary = \"crun\"\nsnapshotter = \"native\"\ndefaultCgroupParent = \"mine\"\nplatforms = [\"linux/s390x\"]\n";

        let config = completed(text);

        let named: Table = text.parse().unwrap();
        assert_eq!(config["worker"]["oci"], named["worker"]["oci"]);
        let names = Names {
            runtime: true,
            group: true,
            snapshotter: true,
        };
        assert_eq!(complete(text, "oci-x").unwrap().names, names);
    }

    #[test]
    fn a_worker_that_is_no_table_is_left_for_the_daemon_to_refuse() {
        assert_eq!(
            complete("worker = 1\n", "oci-x").unwrap().text,
            "worker = 1\n"
        );
    }

    #[test]
    fn text_that_is_not_toml_starts_no_daemon() {
        let error = complete("[worker", "oci-x").unwrap_err();

        assert_eq!(error.to_string(), "the daemon's configuration is not TOML");
    }
}
