//! The daemon's TOML, completed with what the plan cannot know.
//!
//! Reads and writes: nothing. Source: BuildKit v0.32.2, `docs/buildkitd.toml.md`.

use toml::{Table, Value};

use super::DaemonError;

/// `buildkitd.toml` as it is written for the daemon.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) text: String,
    /// Whether it says itself which runtime is to be used.
    pub(super) names_runtime: bool,
}

/// The configuration with `group` as the parent of every step's cgroup, unless it names another.
///
/// The parent is this daemon's alone: its steps can be killed and its directories removed without a thought for
/// other daemons, which a shared `buildkit` directory does not allow. There is no flag for it.
pub(super) fn complete(text: &str, group: &str) -> Result<Config, DaemonError> {
    let mut config: Table = text
        .parse()
        .map_err(|source| DaemonError::Config { source })?;
    let Some(oci) = table(&mut config, "worker").and_then(|worker| table(worker, "oci")) else {
        // `worker` is not a table: the daemon says so better than we could.
        return Ok(Config {
            text: text.to_owned(),
            names_runtime: false,
        });
    };
    oci.entry("defaultCgroupParent")
        .or_insert_with(|| Value::from(group));
    let names_runtime = oci.contains_key("binary");
    Ok(Config {
        text: config.to_string(),
        names_runtime,
    })
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

    #[test]
    fn steps_get_a_cgroup_parent_and_all_else_stays() {
        let config = complete(
            "[worker.oci]\ngc = false\n[registry.\"docker.io\"]\nmirrors = [\"m\"]\n",
            "oci-x",
        )
        .unwrap();

        assert_eq!(
            config.text,
            "[registry.\"docker.io\"]\nmirrors = [\"m\"]\n\n[worker.oci]\ndefaultCgroupParent = \"oci-x\"\ngc = false\n"
        );
        assert!(!config.names_runtime);
    }

    #[test]
    fn a_cgroup_parent_and_a_runtime_that_the_user_names_are_kept() {
        let text = "[worker.oci]\nbinary = \"crun\"\ndefaultCgroupParent = \"mine\"\n";

        let config = complete(text, "oci-x").unwrap();

        assert_eq!((config.text.as_str(), config.names_runtime), (text, true));
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
