//! Logins: a registry on loopback that lets nobody in without one.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use oci_image::buildkit::fault::Fault;
use oci_image::buildkit::registry::{
    DockerConfig, DockerConfigError, Given, Logins, Origin, Registries, UsedLogin,
};
use oci_image::buildkit::solve::SolveError;
use oci_image_tests::archive::sha256;
use oci_image_tests::daemon::{Context, Daemon, solve};

/// `user:pass`.
const LOGIN: &str = "Basic dXNlcjpwYXNz";
const CONFIG: &str = r#"{"architecture":"amd64","os":"linux","config":{"Env":["FROM=registry"]},"rootfs":{"type":"layers","diff_ids":[]}}"#;

/// How a registry wants to be shown a login.
#[derive(Clone, Copy, PartialEq)]
enum Scheme {
    Basic,
    Token,
}

/// A registry with one image without layers, behind a password.
struct Registry {
    address: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Registry {
    fn start(scheme: Scheme) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let challenge = match scheme {
            Scheme::Basic => "Basic realm=\"test\"".to_owned(),
            Scheme::Token => format!("Bearer realm=\"http://{address}/token\",service=\"test\""),
        };
        // Ends with the process of the test: nothing but the test knows its port.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (log, challenge) = (Arc::clone(&log), challenge.clone());
                std::thread::spawn(move || while answer(&stream, &challenge, &log).is_some() {});
            }
        });
        Self { address, seen }
    }
}

/// Answers one request; `None` at the end of the connection.
fn answer(mut stream: &TcpStream, challenge: &str, seen: &Mutex<Vec<String>>) -> Option<()> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let request = lines.next()?;
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let authorization = head
        .iter()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("authorization"))
        .map(|(_, value)| value)
        .unwrap_or_default();
    seen.lock().unwrap().push(authorization.to_owned());
    let config = sha256(CONFIG.as_bytes());
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"{kind}","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{config}","size":{}}},"layers":[]}}"#,
        CONFIG.len()
    );
    let (status, headers, body) = if authorization == LOGIN && request.starts_with("GET /token") {
        ("200 OK", String::new(), r#"{"token":"t0k3n"}"#)
    } else if challenge.starts_with("Basic") && authorization != LOGIN
        || challenge.starts_with("Bearer") && authorization != "Bearer t0k3n"
    {
        (
            "401 Unauthorized",
            format!("Www-Authenticate: {challenge}\r\n"),
            "",
        )
    } else if request.contains("/manifests/") {
        let digest = sha256(manifest.as_bytes());
        (
            "200 OK",
            format!("Content-Type: {kind}\r\nDocker-Content-Digest: {digest}\r\n"),
            manifest.as_str(),
        )
    } else if request.contains(&config) {
        ("200 OK", String::new(), CONFIG)
    } else {
        ("404 Not Found", String::new(), "")
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    )
    .ok()?;
    if !request.starts_with("HEAD") {
        stream.write_all(body.as_bytes()).ok()?;
    }
    Some(())
}

/// The result of a build from the registry, with this Docker configuration.
async fn build(
    registry: &Registry,
    config: &str,
) -> (
    Result<(), SolveError>,
    std::path::PathBuf,
    tempfile::TempDir,
) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config.json");
    fs::write(&path, config.replace("REGISTRY", &registry.address)).unwrap();
    let toml = format!("[registry.\"{}\"]\nhttp = true\n", registry.address);
    let daemon = Daemon::start(&toml).await;
    let dockerfile = format!(
        "FROM {}/private/base:1\nCOPY Dockerfile /\n",
        registry.address
    );
    let context = Context::with_dockerfile(&dockerfile);
    let mut asked = context.solve();
    let logins = Logins::new(Arc::new(DockerConfig::new(path.clone())))
        .with_registries(Registries::of_configuration(&toml, home.path()));
    asked.logins = Arc::new(logins);
    (solve(&daemon, asked).await.result.map(drop), path, home)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_image_is_fetched_with_the_login_of_dockers_configuration() {
    let registry = Registry::start(Scheme::Basic);

    let (result, ..) = build(
        &registry,
        r#"{"auths": {"REGISTRY": {"auth": "dXNlcjpwYXNz"}}}"#,
    )
    .await;

    result.unwrap();
    assert!(
        registry
            .seen
            .lock()
            .unwrap()
            .iter()
            .any(|login| login == LOGIN)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_is_refused_is_told_with_its_registry_and_origin() {
    let registry = Registry::start(Scheme::Basic);

    let (result, path, _home) = build(
        &registry,
        r#"{"auths": {"REGISTRY": {"username": "user", "password": "wrong"}}}"#,
    )
    .await;

    let SolveError::Failed {
        failure,
        cause: None,
        logins,
    } = result.unwrap_err()
    else {
        panic!("not as failed")
    };
    assert!(
        failure.message.contains("401 Unauthorized"),
        "{}",
        failure.message
    );
    let used = UsedLogin {
        host: registry.address.clone(),
        username: "user".into(),
        origin: Origin::File(path),
        given: Given::Password { is_proven: true },
    };
    assert_eq!(logins, [used]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_cannot_be_read_is_the_cause_of_the_failure() {
    let registry = Registry::start(Scheme::Basic);

    let (result, path, _home) = build(&registry, "{").await;

    let SolveError::Failed {
        cause: Some(cause),
        logins,
        ..
    } = result.unwrap_err()
    else {
        panic!("not as failed")
    };
    let Fault::Credentials { host, source } = &*cause else {
        panic!("{cause:?}")
    };
    assert_eq!((host, logins), (&registry.address, vec![]));
    assert!(source.is::<DockerConfigError>());
    assert_eq!(
        source.to_string(),
        format!(
            "`{}` is not a configuration of Docker: line 1, column 1",
            path.display()
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_with_tokens_gives_one_for_the_login() {
    let registry = Registry::start(Scheme::Token);

    let (result, ..) = build(
        &registry,
        r#"{"auths": {"REGISTRY": {"auth": "dXNlcjpwYXNz"}}}"#,
    )
    .await;

    result.unwrap();
    assert!(
        registry
            .seen
            .lock()
            .unwrap()
            .iter()
            .any(|login| login == "Bearer t0k3n")
    );
}
