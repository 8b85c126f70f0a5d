//! What a registry did not give, and what a person may do about it.
//!
//! Reads, writes: nothing. Unknown here: what was wanted of it.

/// The registry of an image reference: its first part if that looks like a host.
pub(super) fn registry_of(reference: &str) -> &str {
    match reference.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        _ => "docker.io",
    }
}

/// The host that was asked, if the reason holds its URL: a mirror, for instance.
fn asked(reason: &str) -> Option<&str> {
    let (_, after) = reason.split_once("://")?;
    after
        .split(['/', '"', '?', ' '])
        .next()
        .filter(|host| !host.is_empty())
}

/// What a person may do about a registry that gave this reason.
pub(super) fn registry_hint(registry: &str, reason: &str) -> String {
    let who = match asked(reason) {
        Some(host)
            if host != registry && !(registry == "docker.io" && host.ends_with(".docker.io")) =>
        {
            format!("registry `{registry}` (asked at `{host}`)")
        }
        _ => format!("registry `{registry}`"),
    };
    let reason = reason.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if says(&["no login is sent"]) {
        format!(
            "{who} sends to a realm that gets no login: whoever runs it has to mend that, unless somebody stands between it and \
             this machine"
        )
    } else if says(&["x509", "certificate"]) {
        format!("the certificate of {who} is not trusted here: a CA for it may be missing")
    } else if says(&["server gave http response"]) {
        format!("{who} speaks plain http, and that must be allowed for it")
    } else if says(&[
        "no such host",
        "server misbehaving",
        "temporary failure in name",
    ]) {
        format!(
            "the name of {who} does not resolve: check its spelling, and this machine's network and DNS"
        )
    } else if says_refused(&reason) {
        format!(
            "{who} wants a login that may pull this image (Docker's `config.json`); some registries also say so when \
             there is no such image"
        )
    } else if says(&["not found", "manifest unknown", "404"]) {
        format!("{who} answers, and has no such image: check its name and tag")
    } else {
        format!("{who} could not be used: check its address, and this machine's network and proxy")
    }
}

/// Whether a reason in lower case is about a login.
pub(super) fn says_refused(reason: &str) -> bool {
    [
        "401",
        "403",
        "unauthorized",
        "denied",
        "forbidden",
        "authoriz",
        "insufficient_scope",
    ]
    .iter()
    .any(|word| reason.contains(word))
}
