//! A keychain: logins that a credential helper keeps; the helper is asked for one at a time, and its answer kept for a while.
//!
//! Helpers are slow, and some ask a person or a cloud; a daemon wants to know of a login more than once.
//!
//! Runs: `docker-credential-*`. Reads and writes: nothing itself.
//! Source: the credential helpers' protocol.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::sync::Mutex;

use crate::registry::docker::document::{Answer, VARIABLE};
use crate::registry::docker::error::DockerConfigError;
use crate::registry::login::{Login, Origin};
use crate::secrets::SecretBytes;

/// How long a credential helper may take.
// The daemon waits 60 s for a login; an answer after that serves nobody.
const DEADLINE: Duration = Duration::from_secs(30);
/// How long an answer is kept.
// Passwords that clouds make for a workload hold five minutes; BuildKit's own client asks anew after as long.
const KEPT: Duration = Duration::from_secs(290);
/// The most that is read of a helper's answer, in bytes; tokens of cloud registries have 2 to 20 KB.
const ANSWER_LIMIT: u64 = 1 << 20;
/// The user name that marks an identity token.
const TOKEN_USER: &str = "<token>";
/// What a helper prints, by its protocol, if it knows no login.
const NOT_FOUND: &str = "credentials not found in native keychain";

/// What helpers have answered, by program and key. One is asked at a time: some hang if two are.
#[derive(Clone, Default)]
pub(super) struct Asked(Arc<Mutex<HashMap<(String, String), Answered>>>);

/// An answer, and when it came.
struct Answered {
    at: Instant,
    login: Option<Login>,
}

/// The keychain of a helper that a configuration names.
pub(super) struct Keychain<'c> {
    /// What is run: `docker-credential-NAME`.
    pub(super) program: String,
    /// The configuration's file.
    pub(super) configured_in: &'c Path,
    /// Where programs are looked up; `None` for `$PATH`.
    pub(super) search_path: Option<&'c OsStr>,
    /// Variables that the helper is not given.
    pub(super) withheld: &'c [OsString],
}

impl Asked {
    /// The login that a keychain has for `key`, as it was told lately.
    ///
    /// # Errors
    /// As [`Keychain::ask`]; an error is not kept.
    pub(super) async fn once(
        &self,
        keychain: &Keychain<'_>,
        key: &str,
    ) -> Result<Option<Login>, DockerConfigError> {
        let mut answers = self.0.lock().await;
        let by = (keychain.program.clone(), key.to_owned());
        if let Some(answered) = answers
            .get(&by)
            .filter(|answered| answered.at.elapsed() < KEPT)
        {
            return Ok(answered.login.clone());
        }
        let login = keychain.ask(key).await?;
        let answered = Answered {
            at: Instant::now(),
            login: login.clone(),
        };
        answers.insert(by, answered);
        Ok(login)
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Asked(..)")
    }
}

impl Keychain<'_> {
    /// The login that is kept for `key`, if there is one.
    ///
    /// # Errors
    /// [`DockerConfigError`], of the variants about helpers.
    pub(super) async fn ask(&self, key: &str) -> Result<Option<Login>, DockerConfigError> {
        let answer = tokio::time::timeout(DEADLINE, self.run(key))
            .await
            .map_err(|_| DockerConfigError::HelperDeadline {
                program: self.program.clone(),
                limit: DEADLINE,
            })?;
        let (succeeded, output) = answer.map_err(|source| DockerConfigError::RunHelper {
            path: self.configured_in.to_owned(),
            program: self.program.clone(),
            source,
        })?;
        if !succeeded {
            let message = String::from_utf8_lossy(&output).trim().to_owned();
            if message.lines().any(|line| line.trim() == NOT_FOUND) {
                return Ok(None);
            }
            let (program, key) = (self.program.clone(), key.to_owned());
            return Err(DockerConfigError::HelperFailed {
                program,
                key,
                message,
            });
        }
        let Some(answer) = Answer::read(&output) else {
            let (program, key) = (self.program.clone(), key.to_owned());
            return Err(DockerConfigError::HelperAnswer { program, key });
        };
        if answer.secret.is_empty() {
            return Ok(None);
        }
        let username = if answer.username == TOKEN_USER {
            String::new()
        } else {
            answer.username
        };
        let origin = Origin::Helper {
            program: self.program.clone(),
            configured_in: self.configured_in.to_owned(),
        };
        Ok(Some(Login {
            username,
            password: SecretBytes::new(answer.secret),
            registry_token: None,
            origin,
        }))
    }

    /// Runs `get` with `key` on standard input; whether it succeeded, and what it printed.
    async fn run(&self, key: &str) -> io::Result<(bool, Vec<u8>)> {
        let mut command = Command::new(&self.program);
        if let Some(search_path) = self.search_path {
            command.env("PATH", search_path);
        }
        for name in self.withheld {
            command.env_remove(name);
        }
        let mut child = command
            .arg("get")
            // It has logins of its own.
            .env_remove(VARIABLE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let mut input = child.stdin.take().expect("standard input is piped");
        // A helper that fails early does not read its input; its answer says why.
        let _ = input.write_all(key.as_bytes()).await;
        drop(input);
        let output = child.stdout.take().expect("standard output is piped");
        let mut answer = Vec::new();
        output.take(ANSWER_LIMIT).read_to_end(&mut answer).await?;
        Ok((child.wait().await?.success(), answer))
    }
}
