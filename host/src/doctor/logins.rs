//! Logins: for which registries there are any, and where they are kept; never what they are.
//!
//! Reads: through Docker's configuration; no helper is asked. Writes: nothing.

use std::ffi::OsStr;

use serde_json::{Value, json};

use crate::boundary::chain::chain;
use crate::boundary::outside::shown;
use crate::buildkit::registry::{
    Credentials, DockerConfig, DockerConfigError, ListedLogin, Origin,
};
use crate::daemon::on_path;
use crate::doctor::finding::Finding;

const TOPIC: &str = "logins";

pub(super) async fn look(config: &DockerConfig, path: &OsStr) -> Vec<Finding> {
    let listed = config.listed().await;
    let warnings = config.warnings().iter();
    let warnings =
        warnings.map(|warning| Finding::remark(TOPIC, warning).with_remedy("write it anew"));
    warnings.chain(judged(listed, path)).collect()
}

fn judged(listed: Result<Vec<ListedLogin>, DockerConfigError>, path: &OsStr) -> Vec<Finding> {
    let logins = match listed {
        Err(error) => {
            let said = format!(
                "{}: a build that asks a registry for something fails",
                chain(&error)
            );
            return vec![
                Finding::remark(TOPIC, said)
                    .with_remedy("mend it, or let `DOCKER_CONFIG` name another directory"),
            ];
        }
        Ok(logins) => logins,
    };
    let lines: Vec<String> = logins.iter().map(line).collect();
    let facts: Vec<Value> = logins.iter().map(fact).collect();
    let said = if lines.is_empty() {
        "none: registries are asked without".to_owned()
    } else {
        lines.join("; ")
    };
    let whole = Finding::fine(TOPIC, said).fact("registries", facts);
    let mut odd: Vec<Finding> = logins
        .iter()
        .filter_map(|login| remark(login, path))
        .collect();
    odd.dedup();
    [whole].into_iter().chain(odd).collect()
}

fn name(login: &ListedLogin) -> String {
    match &login.registry {
        Some(registry) => format!("`{}`", shown(registry)),
        None => "all others".to_owned(),
    }
}

fn line(login: &ListedLogin) -> String {
    format!("{} from {}", name(login), login.origin)
}

fn fact(login: &ListedLogin) -> Value {
    let (from, at) = match &login.origin {
        Origin::File(path) => ("file", path.to_string_lossy().into_owned()),
        Origin::Variable(name) => ("variable", (*name).to_owned()),
        Origin::Helper { program, .. } => ("helper", program.clone()),
    };
    json!({"registry": login.registry, "from": from, "at": at})
}

/// What is odd about a login.
fn remark(login: &ListedLogin, path: &OsStr) -> Option<Finding> {
    if !login.is_readable {
        let said = format!(
            "that for {} in {} cannot be read",
            name(login),
            login.origin
        );
        return Some(Finding::remark(TOPIC, said).with_remedy("log in once more"));
    }
    let Origin::Helper { program, .. } = &login.origin else {
        return None;
    };
    let is_there = on_path(OsStr::new(program), path).is_some();
    (!is_there).then(|| {
        let said = format!("{} is not on PATH", login.origin);
        Finding::remark(TOPIC, said).with_remedy("install it, or log in without it")
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::doctor::finding::Verdict;

    async fn told(config: &DockerConfig) -> Vec<(Verdict, String)> {
        let findings = look(config, OsStr::new("")).await;
        let line = |finding: Finding| {
            let all = serde_json::to_string(&finding).unwrap();
            assert!(
                !all.contains("hunter2") && !all.contains("aHVudGVyMg"),
                "{all}"
            );
            (finding.state, finding.said)
        };
        findings.into_iter().map(line).collect()
    }

    #[tokio::test]
    async fn registries_are_named_and_helpers_that_are_missing_and_never_a_password() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config.json");
        let text = r#"{"auths": {"a.test": {"auth": "dTpodW50ZXIy"}, "b.test": {"auth": "hunter2"}}, "credHelpers": {"c.test": "none"}}"#;
        fs::write(&path, text).unwrap();
        let at = path.display();
        let config = DockerConfig::new(path.clone())
            .with_variable(br#"{"auths": {"d.test": {"auth": "dTpodW50ZXIy"}}}"#);

        let told = told(&config).await;

        let helper = format!("`docker-credential-none`, which `{at}` names");
        let whole = format!(
            "`d.test` from `$DOCKER_AUTH_CONFIG`; `c.test` from {helper}; `a.test` from `{at}`; `b.test` from `{at}`"
        );
        let expected = [
            (Verdict::Fine, whole),
            (Verdict::Remark, format!("{helper} is not on PATH")),
            (
                Verdict::Remark,
                format!("that for `b.test` in `{at}` cannot be read"),
            ),
        ];
        assert_eq!(told, expected);
    }

    #[tokio::test]
    async fn a_file_that_is_none_is_remarked_on_and_one_that_is_missing_is_not() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config.json");

        let missing = told(&DockerConfig::new(path.clone())).await;
        fs::write(&path, "{\"auths\": {\"a.test\": \"hunter2\"}}").unwrap();
        let wrong = told(&DockerConfig::new(path)).await;

        assert_eq!(
            missing,
            [(
                Verdict::Fine,
                "none: registries are asked without".to_owned()
            )]
        );
        assert_eq!(wrong[0].0, Verdict::Remark);
    }
}
