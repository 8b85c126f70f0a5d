//! Whether a registry is reached, asked as the daemon would ask it first, and without a login.
//!
//! Reads and writes: through [`Web`]. Unknown here: logins.
//! Source: OCI distribution-spec 1.1 (`end-1`: `GET /v2/`).

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;

use crate::registry::challenge::schemes;
use crate::registry::registries::Registries;
use crate::registry::repositories::{DOCKER_HUB, canonical};
use crate::registry::web::Web;

/// What the daemon dials for Docker Hub.
const DOCKER_HUB_HOST: &str = "registry-1.docker.io";

/// Why a registry is not reached.
#[derive(Debug, thiserror::Error)]
pub enum ReachError {
    /// The name cannot be part of a URL.
    #[error("it is no name of a registry")]
    Name,
    /// It does not answer in time.
    #[error("no answer within {0:?}")]
    Deadline(Duration),
    /// There is no answer.
    #[error("no answer")]
    Unanswered(#[source] Box<dyn Error + Send + Sync>),
}

/// The status of a registry's answer to whoever shows no login: 200 or 401 of one that is well. `registry` is a host, with a port if
/// need be, as images name it.
///
/// # Errors
/// [`ReachError`], at the latest after `deadline`.
pub async fn reach(
    registry: &str,
    registries: &Registries,
    deadline: Duration,
) -> Result<u16, ReachError> {
    let host = match canonical(registry) {
        hub if hub == DOCKER_HUB => DOCKER_HUB_HOST.to_owned(),
        host => host,
    };
    let access = registries.access(&host);
    let web = Web::default();
    let asking = async {
        let mut last = ReachError::Name;
        for scheme in schemes(&access) {
            let request = Request::get(format!("{scheme}://{host}/v2/"));
            let request = request.body(Full::<Bytes>::default());
            let request = request.map_err(|_malformed| ReachError::Name)?;
            match web.ask(&access, request).await {
                Ok(answer) => return Ok(answer.status().as_u16()),
                Err(error) => last = ReachError::Unanswered(Box::new(error)),
            }
        }
        Err(last)
    };
    let asked = tokio::time::timeout(deadline, asking).await;
    asked.unwrap_or(Err(ReachError::Deadline(deadline)))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::registry::web::canned::{Canned, said};

    const SOON: Duration = Duration::from_millis(500);

    async fn reached(registry: &str) -> Result<u16, String> {
        let reached = reach(registry, &Registries::default(), SOON).await;
        reached.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_registry_answers_or_is_said_not_to() {
        let server = Canned::start(|_| said("401 Unauthorized", "", "")).await;
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let silent_host = silent.local_addr().unwrap().to_string();

        assert_eq!(reached(&server.host).await, Ok(401));
        assert!(server.asked()[0].starts_with("GET /v2/ HTTP/1.1\r\n"));
        assert_eq!(
            reached(&silent_host).await,
            Err("no answer within 500ms".into())
        );
        drop(silent);
        assert_eq!(reached(&silent_host).await, Err("no answer".into()));
        assert_eq!(
            reached("not a host").await,
            Err("it is no name of a registry".into())
        );
    }
}
