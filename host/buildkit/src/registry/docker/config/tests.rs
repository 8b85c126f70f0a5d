use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

struct Home(tempfile::TempDir);

impl Home {
    fn new(config: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("config.json"), config).unwrap();
        Self(directory)
    }

    fn helper(self, name: &str, script: &str) -> Self {
        let path = self.0.path().join(format!("docker-credential-{name}"));
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("config.json")
    }

    async fn find(&self, host: &str) -> Result<Option<Login>, DockerConfigError> {
        self.find_for(host, "").await
    }

    /// The login for repositories of the host.
    async fn find_for(
        &self,
        host: &str,
        repositories: &str,
    ) -> Result<Option<Login>, DockerConfigError> {
        let search_path = format!("{}:/usr/bin:/bin", self.0.path().display());
        let config = DockerConfig::new(self.path()).with_search_path(search_path.into());
        find(&config, host, repositories).await
    }
}

async fn find(
    config: &DockerConfig,
    host: &str,
    repositories: &str,
) -> Result<Option<Login>, DockerConfigError> {
    let scopes = repositories.split_whitespace();
    let scopes: Vec<String> = scopes
        .map(|name| format!("repository:{name}:pull"))
        .collect();
    let repositories = Repositories::of_scopes(host, &scopes);
    config.find(host, &repositories).await
}

/// Who logs in at a registry for a repository of it.
async fn user(home: &Home, repositories: &str) -> String {
    let login = home.find_for("r.test:5000", repositories).await.unwrap();
    login.map_or_else(String::new, |login| login.username)
}

fn login(username: &str, password: &str, origin: Origin) -> Option<Login> {
    Some(Login {
        username: username.into(),
        password: SecretBytes::new(password),
        registry_token: None,
        origin,
    })
}

#[tokio::test]
async fn an_entry_is_found_by_host_by_url_and_for_docker_hub() {
    let home = Home::new(
        r#"{"auths": {
            "plain:5000": {"auth": "dXNlcjpwYTpzcw=="},
            "https://old.example/v2/": {"username": "u", "password": "p"},
            "token.example": {"auth": "dXNlcjpwYXNz", "identitytoken": "t"},
            "https://index.docker.io/v1/": {"auth": "aHViOnB3"},
            "empty.example": {}
        }}"#,
    );
    let file = || Origin::File(home.path());

    assert_eq!(
        home.find("plain:5000").await.unwrap(),
        login("user", "pa:ss", file())
    );
    assert_eq!(
        home.find("old.example").await.unwrap(),
        login("u", "p", file())
    );
    assert_eq!(
        home.find("token.example").await.unwrap(),
        login("", "t", file())
    );
    assert_eq!(
        home.find("registry-1.docker.io").await.unwrap(),
        login("hub", "pw", file())
    );
    assert_eq!(home.find("empty.example").await.unwrap(), None);
    assert_eq!(home.find("other.example").await.unwrap(), None);
}

#[tokio::test]
async fn without_a_file_there_is_no_login() {
    let config = DockerConfig::new("/nowhere/config.json".into());

    assert_eq!(find(&config, "any.example", "").await.unwrap(), None);
}

#[tokio::test]
async fn the_login_with_the_longest_path_of_the_repository_counts() {
    // users: o, t, a, h
    let home = Home::new(
        r#"{"auths": {
            "r.test:5000/other": {"auth": "bzpw"},
            "r.test:5000/team": {"auth": "dDpw"},
            "https://r.test:5000/v2/team/app/": {"auth": "YTpw"},
            "r.test/team/app": {"auth": "eDpw"},
            "r.test:5000": {"auth": "aDpw"}
        }}"#,
    );

    for (repositories, expected) in [
        ("team/app", "a"),
        ("team/app/part", "a"),
        ("team/apple", "t"),
        ("team", "t"),
        ("other/app", "o"),
        ("third/app", "h"),
        ("team/one team/two", "t"),
        // The daemon does not say for which of them it asks.
        ("team/app other/app", "h"),
        ("", "h"),
    ] {
        assert_eq!(user(&home, repositories).await, expected, "{repositories}");
    }
}

#[tokio::test]
async fn without_a_login_for_the_whole_registry_none_is_taken_by_chance() {
    let home = Home::new(
        r#"{"auths": {"r.test:5000/other": {"auth": "bzpw"}, "r.test:5000/team": {"auth": "dDpw"}}}"#,
    );
    let alone = Home::new(r#"{"auths": {"r.test:5000/other": {"auth": "bzpw"}}}"#);
    let same = Home::new(
        r#"{"auths": {"r.test:5000/other": {"auth": "bzpw"}, "r.test:5000/team": {"auth": "bzpw"}}}"#,
    );

    assert_eq!(user(&home, "team/app").await, "t");
    assert_eq!(user(&home, "third/app").await, "");
    assert_eq!(user(&home, "").await, "");
    // Docker takes it for the whole registry, and so do those who wrote it.
    assert_eq!(user(&alone, "third/app").await, "o");
    assert_eq!(user(&same, "third/app").await, "o");
}

#[tokio::test]
async fn logins_of_the_variable_count_before_those_of_the_file() {
    let home =
        Home::new(r#"{"auths": {"a.test": {"auth": "ZjpmaWxl"}, "b.test": {"auth": "ZjpmaWxl"}}}"#);
    let variable = br#"{"auths": {"a.test": {"auth": "dTp2YXI="}, "c.test": {"auth": "?"}}}"#;
    let config = DockerConfig::new(home.path()).with_variable(variable);
    let broken = DockerConfig::new(home.path()).with_variable(b"{\"auths\": \"hunter2\"}");

    let first = find(&config, "a.test", "").await.unwrap();
    let second = find(&config, "b.test", "").await.unwrap();
    let third = find(&broken, "a.test", "").await.unwrap();

    assert_eq!(first, login("u", "var", Origin::Variable(VARIABLE)));
    assert_eq!(second, login("f", "file", Origin::File(home.path())));
    assert_eq!(third, second);
    assert_eq!(
        config.warnings(),
        [
            "the login for `c.test` in `DOCKER_AUTH_CONFIG` is left out: its `auth` is not a user and a password in base64"
        ]
    );
    assert_eq!(
        broken.warnings(),
        [
            "`DOCKER_AUTH_CONFIG` is left out: it is not a configuration of Docker (line 1, column 19)"
        ]
    );
}

#[tokio::test]
async fn whether_there_is_a_login_is_told_for_the_registry_and_its_parts() {
    let home = Home::new(
        r#"{"auths": {"a.test": {"registrytoken": "r"}, "b.test/team": {"auth": "dTpw"}, "e.test": {}}}"#,
    );
    let config = DockerConfig::new(home.path())
        .with_variable(br#"{"auths": {"c.test": {"identitytoken": "r"}}}"#);

    for (host, expected) in [
        ("a.test", true),
        ("b.test", true),
        ("c.test", true),
        ("d.test", false),
        ("e.test", false),
    ] {
        assert_eq!(config.has_login(host).await.unwrap(), expected, "{host}");
    }
}

#[tokio::test]
async fn a_helper_is_asked_once_and_not_where_the_file_has_a_login() {
    let home = Home::new(
        r#"{"auths": {"b.test/team": {"auth": "dTpw"}}, "credsStore": "counted"}"#,
    )
    .helper(
        "counted",
        r#"echo >>"$0.runs"; [ "$(cat)" = a.test ] && echo '{"Username":"u","Secret":"s"}' && exit; echo credentials not found in native keychain; exit 1"#,
    );
    let search_path = format!("{}:/usr/bin:/bin", home.0.path().display());
    let config = DockerConfig::new(home.path()).with_search_path(search_path.into());
    let runs = || {
        fs::read(home.0.path().join("docker-credential-counted.runs")).map_or(0, |runs| runs.len())
    };

    assert!(config.has_login("b.test").await.unwrap());
    assert_eq!(runs(), 0);
    for _ in 0..3 {
        assert!(config.has_login("a.test").await.unwrap());
        let found = find(&config.clone(), "a.test", "").await.unwrap();
        assert_eq!(found.unwrap().username, "u");
        assert!(!config.has_login("c.test").await.unwrap());
        assert_eq!(find(&config, "c.test", "").await.unwrap(), None);
    }
    assert_eq!(runs(), 2);
}

#[tokio::test]
async fn a_key_is_told_without_the_user_in_it() {
    let home = Home::new(r#"{"auths": {"https://u:hunter2@a.test/v1/": {"auth": "?"}}}"#);

    let error = home.find("a.test").await.unwrap_err().to_string();

    assert!(
        error.starts_with("`auth` of `https://a.test/v1/` in"),
        "{error}"
    );
}

#[tokio::test]
async fn a_helper_of_one_registry_may_be_none() {
    let home = Home::new(
        r#"{"auths": {"a.test": {"auth": "dTpw"}}, "credsStore": "gone", "credHelpers": {"a.test": ""}}"#,
    );

    let found = home.find("a.test").await.unwrap();

    assert_eq!(found, login("u", "p", Origin::File(home.path())));
}

#[tokio::test]
async fn what_a_helper_prints_beside_its_answer_does_not_count() {
    let home = Home::new(r#"{"credsStore": "chatty"}"#).helper(
        "chatty",
        r#"cat >/dev/null; echo warning: slow >&2; printf '{"username":"u","SECRET":"s","ServerURL":null}\n\nbye\n'"#,
    );

    let found = home.find("a.test").await.unwrap();

    let origin = Origin::Helper {
        program: "docker-credential-chatty".into(),
        configured_in: home.path(),
    };
    assert_eq!(found, login("u", "s", origin));
}

#[tokio::test]
async fn a_helper_is_asked_on_its_standard_input_and_wins_over_the_entry() {
    let home = Home::new(
        r#"{"auths": {"a.example": {"auth": "dXNlcjpwYXNz"}},
            "credHelpers": {"a.example": "one"}, "credsStore": "rest"}"#,
    )
    .helper(
        "one",
        r#"test "$1" = get && printf '{"Username":"of %s","Secret":"s1"}' "$(cat)""#,
    )
    .helper(
        "rest",
        r#"cat >/dev/null; printf '{"Username":"<token>","Secret":"s2"}'"#,
    );
    let origin = |name: &str| Origin::Helper {
        program: format!("docker-credential-{name}"),
        configured_in: home.path(),
    };

    let one = home.find("a.example").await.unwrap();
    let rest = home.find("b.example").await.unwrap();

    assert_eq!(one, login("of a.example", "s1", origin("one")));
    assert_eq!(rest, login("", "s2", origin("rest")));
}

#[tokio::test]
async fn a_helper_that_knows_no_login_is_not_an_error() {
    let home = Home::new(r#"{"credsStore": "none"}"#).helper(
        "none",
        "cat >/dev/null; echo credentials not found in native keychain; exit 1",
    );

    assert_eq!(home.find("a.example").await.unwrap(), None);
}

#[tokio::test]
async fn a_helper_that_fails_is_named_with_what_it_says() {
    let failing = Home::new(r#"{"credsStore": "bad"}"#).helper("bad", "echo locked; exit 1");
    let silent = Home::new(r#"{"credsStore": "bad"}"#).helper("bad", "echo hunter2");
    let missing = Home::new(r#"{"credsStore": "gone"}"#);

    let failed = failing.find("a.example").await.unwrap_err();
    let answered = silent.find("a.example").await.unwrap_err();
    let lost = missing.find("a.example").await.unwrap_err();

    assert_eq!(
        failed.to_string(),
        "the credential helper `docker-credential-bad` has no login for `a.example`: locked"
    );
    assert_eq!(
        answered.to_string(),
        "the credential helper `docker-credential-bad` answers for `a.example` with something that is not a login"
    );
    assert_eq!(
        lost.to_string(),
        format!(
            "cannot run the credential helper `docker-credential-gone`, which `{}` names",
            missing.path().display()
        )
    );
}

#[tokio::test]
async fn a_malformed_file_is_named_by_place_and_not_quoted() {
    let broken = Home::new("{\"auths\": {\n\"a.example\": \"hunter2\"}}");
    let entry = Home::new(r#"{"auths": {"a.example": {"auth": "hunter2"}}}"#);

    let error = broken.find("a.example").await.unwrap_err();
    let defect = entry.find("a.example").await.unwrap_err();

    assert_eq!(
        error.to_string(),
        format!(
            "`{}` is not a configuration of Docker: line 2, column 22",
            broken.path().display()
        )
    );
    assert_eq!(
        defect.to_string(),
        format!(
            "`auth` of `a.example` in `{}` is not a user and a password in base64",
            entry.path().display()
        )
    );
}
