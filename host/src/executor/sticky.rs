//! By what a build is known again among those of a fleet, so that it goes where its cache is.
//!
//! Reads: which repository a context is of. Writes: nothing. Unknown here: builders. Source: git-config(1).

use std::path::{Path, PathBuf};

use crate::boundary::blocking::blocking;
use crate::executor::host::Host;
use crate::fleet::BuildKey;
use crate::planner::checked_plan::CheckedPlan;

/// Where a checkout says where it is from.
const CONFIG: &str = ".git/config";
/// How much of that is read, in bytes.
const LIMIT: u64 = 64 << 10;

/// The key of a plan's build: its repository, context, Dockerfile and targets.
pub(super) async fn key(plan: &CheckedPlan, host: &Host) -> BuildKey {
    let solves = plan.solves();
    let local = |name| {
        solves
            .first()
            .and_then(|solve| Some(&solve.local(name)?.path))
    };
    let context = local("context").cloned().unwrap_or_default();
    let directory = host.directory.clone();
    let seen_from = context.clone();
    let repository = blocking(move || {
        let ancestors = Path::new(&seen_from).ancestors().map(PathBuf::from);
        let read = |place: PathBuf| {
            let path = place.join(CONFIG);
            directory.handle().text_as_root(path.to_str()?, LIMIT).ok()
        };
        ancestors
            .filter_map(read)
            .find_map(|config| origin(&config))
    })
    .await;
    let mut key = BuildKey::default()
        .with(repository.unwrap_or_default())
        .with(context);
    for solve in solves {
        key = key
            .with(solve.text("filename").unwrap_or_default())
            .with(solve.text("target").unwrap_or_default());
    }
    key
}

/// The address of the first remote, without a login, which may change.
fn origin(config: &[u8]) -> Option<String> {
    let config = String::from_utf8_lossy(config);
    let lines = config.lines().map(str::trim);
    let mut lines = lines.skip_while(|line| !line.starts_with("[remote "));
    let value = lines.find_map(|line| line.strip_prefix("url")?.trim_start().strip_prefix('='))?;
    let address = value.trim();
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    Some(format!("{scheme}://{}", rest.trim_end_matches(".git")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_known_by_its_address_without_a_login() {
        let origin = |url: &str| {
            let config = format!(
                "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = {url}\n\tfetch = x\n"
            );
            origin(config.as_bytes()).unwrap()
        };

        assert_eq!(
            origin("https://me:token@git.example/a.git"),
            "https://git.example/a"
        );
        assert_eq!(origin("https://git.example/a"), "https://git.example/a");
        assert_eq!(origin("git@git.example:a.git"), "://git.example:a");
        assert_eq!(super::origin(b"[core]\nurl = x\n"), None);
    }
}
