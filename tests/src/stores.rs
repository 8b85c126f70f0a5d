//! Stores of objects for layer caches, on loopback: that of S3 by moto, that of Azure by azurite. Each asks for its login.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::park_timeout;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use oci_image_packages::package::Package;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::actions::Actions;
use crate::builder::free_port;

/// How long one may take to start.
const DEADLINE: Duration = Duration::from_secs(60);
/// The form that a token of Actions has, which lasts until 2100; nobody judges its signature, the last part.
const RUN: &str = "eyJhbGciOiJub25lIn0.eyJhYyI6Ilt7XCJTY29wZVwiOiBcInJlZnMvaGVhZHMvbWFpblwiLCBcIlBlcm1pc3Npb25cIjogM31dIiwiaWF0IjoxNzAwMDAwMDAwLCJuYmYiOjE3MDAwMDAwMDAsImV4cCI6NDEwMjQ0NDgwMH0";

/// A store that lives until it is dropped.
#[derive(Debug)]
pub struct Store {
    /// The type of layer caches that it is for.
    pub kind: &'static str,
    /// Where it is, as attributes of a layer cache.
    place: String,
    /// What logs in there, by the names of attributes.
    login: Vec<(&'static str, String)>,
    process: Option<Child>,
    _service: Option<Actions>,
}

impl Store {
    /// One of each type that there is.
    #[must_use]
    pub fn all() -> [Self; 3] {
        let package = Package::stores();
        [Self::s3(&package), Self::azure(&package), Self::actions()]
    }

    /// That of S3, with a bucket.
    fn s3(package: &Package) -> Self {
        let mut process = Command::new(package.directory.join("venv/bin/python"))
            .arg(package.directory.join("s3.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python runs");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("it is piped");
        let _ = BufReader::new(stdout).read_line(&mut line);
        let told: Value = serde_json::from_str(&line).expect("s3.py says its login");
        let text = |key: &str| told[key].as_str().expect("a text").to_owned();
        Self {
            kind: "s3",
            place: format!(
                "bucket=builds,region=us-east-1,endpoint_url=http://127.0.0.1:{},use_path_style=true,retry_max_attempts=1",
                told["port"]
            ),
            login: vec![
                ("access_key_id", text("id")),
                ("secret_access_key", text("key")),
                ("session_token", text("session")),
            ],
            process: Some(process),
            _service: None,
        }
    }

    /// That of Azure; a container is made by whoever writes.
    fn azure(package: &Package) -> Self {
        let port = free_port();
        let key = STANDARD.encode(format!("the key of an account on port {port}"));
        let process = Command::new("node")
            .arg(
                package
                    .directory
                    .join("node_modules/azurite/dist/src/blob/main.js"),
            )
            .args([
                "--inMemoryPersistence",
                "--disableTelemetry",
                "--silent",
                "--blobPort",
            ])
            .arg(port.to_string())
            .env("AZURITE_ACCOUNTS", format!("builder:{key}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("node runs");
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < DEADLINE, "azurite does not listen");
            park_timeout(Duration::from_millis(50));
        }
        Self {
            kind: "azblob",
            place: format!("account_url=http://127.0.0.1:{port}/builder,account_name=builder"),
            login: vec![("secret_access_key", key)],
            process: Some(process),
            _service: None,
        }
    }

    /// That of a run of Actions.
    fn actions() -> Self {
        let token = format!("{RUN}.{}", URL_SAFE_NO_PAD.encode("a run of ours"));
        let service = Actions::new(&token);
        Self {
            kind: "gha",
            place: format!("url_v2={},version=2", service.url()),
            login: vec![("token", token)],
            process: None,
            _service: Some(service),
        }
    }

    /// A cache in it.
    #[must_use]
    pub fn cache(&self) -> String {
        let login = self.login.iter();
        let login: String = login
            .map(|(name, value)| format!(",{name}={value}"))
            .collect();
        format!("type={},{}{login}", self.kind, self.place)
    }

    /// The same with logins that it does not know: a wrong key, and a wrong token.
    #[must_use]
    pub fn refused(&self) -> Vec<String> {
        let wrong = |name: &str| match self.kind {
            "gha" => format!("{RUN}.{}", URL_SAFE_NO_PAD.encode("not of this run")),
            _ => STANDARD.encode(format!("no {name} of anybody here")),
        };
        let places = 0..self.login.len();
        // A name that nobody has is told like a wrong key.
        let places = places.filter(|place| self.login[*place].0 != "access_key_id");
        let with_wrong = |place: usize| {
            let login = self.login.iter().enumerate();
            let login: String = login
                .map(|(index, (name, value))| match index == place {
                    true => format!(",{name}={}", wrong(name)),
                    false => format!(",{name}={value}"),
                })
                .collect();
            format!("type={},{}{login}", self.kind, self.place)
        };
        places.map(with_wrong).collect()
    }

    /// The environment of its own process, which may hold the login.
    #[must_use]
    pub fn knows(&self) -> Option<PathBuf> {
        let process = self.process.as_ref()?;
        Some(PathBuf::from(format!("/proc/{}/environ", process.id())))
    }

    /// What nobody may be shown.
    pub fn secrets(&self) -> impl Iterator<Item = String> {
        self.login.iter().map(|(_, value)| value.clone())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = kill_process(Pid::from_child(process), Signal::KILL);
            let _ = process.wait();
        }
    }
}
