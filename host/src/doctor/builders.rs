//! Builders: whether daemons answer that are not ours, who they are, what they have to do, and what they would be told.
//!
//! Reads: through those that are met. Writes: nothing.

use crate::boundary::outside::{listed, shown};
use crate::doctor::finding::Finding;
use crate::fleet::{Builder, Fleet, Met, Refusal};
use crate::progress::amount;

/// What a line of this is about.
pub(super) const TOPIC: &str = "builder";
/// The same, of whether it may be told secrets.
const TRUST: &str = "builder_trust";

pub(super) async fn look(fleet: &Fleet) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (builder, met) in fleet.meet_each().await {
        let finding = match &met {
            Ok(met) => answers(met, met.active_solves().await),
            Err(refusal) => refuses(&builder, refusal),
        };
        findings.push(finding.fact("address", builder.endpoint.to_string()));
        if !builder.may_know_secrets() {
            findings.push(unverified(&builder));
        }
    }
    findings
}

fn answers(met: &Met, active: Option<usize>) -> Finding {
    let address = met.builder.endpoint.to_string();
    let (native, emulated): (Vec<String>, Vec<String>) = met
        .platforms
        .iter()
        .cloned()
        .partition(|platform| met.native().any(|native| native == platform));
    let mut said = format!(
        "`{}` is BuildKit {}, for {}",
        shown(&address),
        shown(&met.info.version),
        listed(&native)
    );
    if !emulated.is_empty() {
        said.push_str(&format!(", and by emulation for {}", listed(&emulated)));
    }
    let is_busy = active.is_some_and(|active| met.is_enough(active));
    if let Some(active) = active.filter(|active| *active > 0) {
        said.push_str(&format!(
            "; it has {} under way",
            amount::counted(active, "solve")
        ));
    }
    let finding = if is_busy {
        Finding::remark(TOPIC, said)
            .with_remedy("builds go to the next builder until it has fewer: raise its `most_solves`, or add a builder")
    } else {
        Finding::fine(TOPIC, said)
    };
    finding
        .fact("version", met.info.version.as_str())
        .fact("platforms", native)
        .fact("emulated", emulated)
        .fact("active_solves", active)
        .fact("verified", met.builder.endpoint.is_verified())
}

fn refuses(builder: &Builder, refusal: &Refusal) -> Finding {
    let said = format!(
        "`{}`: {}",
        shown(&builder.endpoint.to_string()),
        refusal.reason()
    );
    let remedy = match refusal {
        Refusal::TooOld { .. } => "update its BuildKit",
        Refusal::NoWorker => "look into its log: a daemon without a worker builds nothing",
        Refusal::Unwelcome { .. } => {
            "look whether its authority (`--tlscacert`) has signed our certificate, and into its log"
        }
        _ => {
            "look whether it runs, and at its address, its port, its certificates, and what stands between"
        }
    };
    Finding::fault(TOPIC, said).with_remedy(remedy)
}

fn unverified(builder: &Builder) -> Finding {
    let said = format!(
        "`{}` is not verified: builds that have secrets, agents or logins for it do not go there",
        shown(&builder.endpoint.to_string())
    );
    Finding::remark(TRUST, said).with_remedy(
        "give it certificates (`--builder-tls`), or say `trusted` of it in a file of builders",
    )
}
