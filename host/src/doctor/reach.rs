//! Reach: whether registries answer that somebody asks about, in bounded time and without a login.
//!
//! Reads: the network. Writes: nothing.

use std::time::Duration;

use crate::boundary::chain::chain;
use crate::boundary::outside::shown;
use crate::buildkit::registry::{ReachError, Registries, reach};
use crate::doctor::finding::Finding;

/// What a line of this is about.
pub(super) const TOPIC: &str = "reach";

/// How long a registry may take.
const DEADLINE: Duration = Duration::from_secs(10);

pub(super) async fn look(registry: &str) -> Finding {
    let answer = reach(registry, &Registries::default(), DEADLINE).await;
    judged(registry, &answer)
}

fn judged(registry: &str, answer: &Result<u16, ReachError>) -> Finding {
    let name = shown(registry);
    let finding = match answer {
        Ok(200) => Finding::fine(TOPIC, format!("`{name}` answers")),
        Ok(401) => Finding::fine(TOPIC, format!("`{name}` answers, and wants a login")),
        Ok(status) => Finding::fault(TOPIC, format!("`{name}` answers with status {status}, as no registry does"))
            .with_remedy("look whether its name and port are right"),
        Err(error) => Finding::fault(TOPIC, format!("`{name}`: {}", chain(error)))
            .with_remedy("look at its name, at proxies (`HTTPS_PROXY`) and at the certificates that this machine trusts (`SSL_CERT_FILE`)"),
    };
    finding
        .fact("registry", registry)
        .fact("status", answer.as_ref().ok().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;

    #[test]
    fn a_registry_that_wants_a_login_is_reached() {
        let judged = |answer| judged("r.test", &answer).state;

        assert_eq!(judged(Ok(200)), Verdict::Fine);
        assert_eq!(judged(Ok(401)), Verdict::Fine);
        assert_eq!(judged(Ok(404)), Verdict::Fault);
        assert_eq!(judged(Err(ReachError::Name)), Verdict::Fault);
    }
}
