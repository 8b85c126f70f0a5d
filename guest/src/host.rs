//! Hosts: `add_hosts`, and the names of registries and mirrors.
//!
//! A registry's name becomes a key of the daemon's TOML and part of a URL; only what can be a host passes.
//! Source: BuildKit's `add-hosts` (CSV of `host=ip`, Go's `net.ParseIP`), `registry` tables (`host[:port]`; a mirror may have a path,
//! and may be a URL).

use std::net::IpAddr;

use oci_image_schema::code::Code;
use oci_image_schema::login;
use oci_image_schema::mirror::Mirror;

use crate::findings::{Finding, Findings, quoted};
use crate::json::Text;
use crate::reader::Reader;

/// Extra hosts in BuildKit's form, without blanks.
pub(crate) fn extra_hosts<'t>(findings: &mut Findings<'t>, list: &Text<'t>) -> String {
    let mut hosts = Vec::new();
    for (item, range) in (Reader { findings }).items("add_hosts", list) {
        if item.is_empty() {
            findings
                .report(
                    Code::EmptyValue,
                    list.empty_item(&range),
                    "an entry of `add_hosts` is empty",
                )
                .help("remove the comma");
            continue;
        }
        let Some((host, address)) = item.split_once('=') else {
            let message = format!("{} is not `host=address`", quoted(item));
            let finding = findings.report(Code::BadHostEntry, list.part(&range), message);
            if let Some((host, address)) = item.split_once(':') {
                finding.help(format!("write {}", quoted(&format!("{host}={address}"))));
            }
            continue;
        };
        let equals = range.start + host.len();
        let named = host_is_sound(host);
        if !named {
            let message = format!("{} cannot be the name of a host", quoted(host));
            findings
                .report(
                    Code::BadHostName,
                    list.part(&(range.start..equals)),
                    message,
                )
                .help("use letters, digits, `-` and `_`, with dots between");
        }
        let found = address_is_sound(findings, list, address, equals + 1);
        if named && found {
            hosts.push(item);
        }
    }
    hosts.join(",")
}

fn address_is_sound<'t>(
    findings: &mut Findings<'t>,
    list: &Text<'t>,
    address: &str,
    start: usize,
) -> bool {
    if address.parse::<IpAddr>().is_ok() {
        return true;
    }
    let message = format!("{} is not an IPv4 or IPv6 address", quoted(address));
    let finding = findings.report(
        Code::BadAddress,
        list.part(&(start..start + address.len())),
        message,
    );
    let bare = address.trim_start_matches('[').trim_end_matches(']');
    if address == "host-gateway" {
        finding.help("`host-gateway` is known to Docker alone; write the address");
    } else if bare.parse::<IpAddr>().is_ok() {
        finding.help(format!("write `{bare}`, without brackets"));
    } else {
        finding.help("write an address, as in `10.0.0.7` or `fd00::7`");
    }
    false
}

/// Labels of letters, digits, `-` and `_` with dots between (RFC 1123, and `_`, which Docker's networks use).
fn host_is_sound(host: &str) -> bool {
    let label_is_sound = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    host.len() <= 253 && host.split('.').all(label_is_sound)
}

/// Whether a text is the name of a registry.
pub(crate) fn registry_is_sound<'t>(findings: &mut Findings<'t>, name: &Text<'t>) -> bool {
    let Some(wrong) = registry_mistake(name.as_str(), false) else {
        return true;
    };
    let help = match name.as_str().split_once("://") {
        Some((scheme, rest)) => {
            let rest = quoted(login::without(rest.trim_end_matches('/')));
            match scheme {
                "http" => format!("write {rest}, and set `http` for it to `true`"),
                _ => format!("write {rest}"),
            }
        }
        None => "write `host` or `host:port`, as in `registry.example:5000`".to_owned(),
    };
    report(findings, name, wrong).help(help);
    false
}

/// Whether a text is a mirror: a registry, perhaps with a path, perhaps as a URL.
pub(crate) fn mirror_is_sound<'t>(findings: &mut Findings<'t>, name: &Text<'t>) -> bool {
    let location = Mirror::of(name.as_str()).location;
    let Some(wrong) = registry_mistake(location, true) else {
        return true;
    };
    let help = match location.split_once("://") {
        Some((_, rest)) => format!("write {}", quoted(login::without(rest))),
        None if location.contains('@') => {
            "remove it: the logins are those of Docker's configuration".to_owned()
        }
        None => "write `host` or `host:port`, as in `mirror.example:5000`".to_owned(),
    };
    report(findings, name, wrong).help(help);
    false
}

fn report<'f, 't>(findings: &'f mut Findings<'t>, name: &Text<'t>, wrong: &str) -> &'f mut Finding {
    let message = format!("{} is not a registry: {wrong}", quoted(name.as_str()));
    findings.report(Code::BadRegistry, name.span(), message)
}

fn registry_mistake(text: &str, is_mirror: bool) -> Option<&'static str> {
    if text.contains("://") {
        return Some(if is_mirror {
            "its scheme is neither `http` nor `https`"
        } else {
            "it begins with a scheme"
        });
    }
    let (authority, path) = text
        .split_once('/')
        .map_or((text, None), |(authority, path)| (authority, Some(path)));
    if authority.contains('@') {
        return Some("it holds a login");
    }
    match path {
        Some(_) if !is_mirror => return Some("it has a path"),
        Some(path) if !path_is_sound(path) => {
            return Some("its path holds an empty component or a character that no repository has");
        }
        _ => {}
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    // Rust reads `+80` and `0000080` too.
    let is_port = |port: &str| {
        port.len() <= 5
            && port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u16>().is_ok()
    };
    if port.is_some_and(|port| !is_port(port)) {
        return Some("its port is not a number below 65536");
    }
    let address = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let sound = address.map_or_else(
        || host_is_sound(host),
        |address| address.parse::<std::net::Ipv6Addr>().is_ok(),
    );
    (!sound).then_some("its host is no name and no address")
}

fn path_is_sound(path: &str) -> bool {
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    path.split('/')
        .all(|component| !matches!(component, "" | "." | "..") && component.bytes().all(sound))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_is_told() {
        for is_mirror in [true, false] {
            let mistake = registry_mistake("u:xyzzy@m.example/", is_mirror);
            assert_eq!(mistake, Some("it holds a login"));
        }
    }

    #[test]
    fn registries_are_hosts_with_a_port_and_mirrors_may_have_a_path() {
        for sound in [
            "docker.io",
            "localhost:5000",
            "10.0.0.1:80",
            "[::1]:5000",
            "[fd00::2]",
            "my_registry",
        ] {
            assert_eq!(registry_mistake(sound, false), None, "{sound}");
        }
        assert_eq!(
            registry_mistake("mirror.example:5000/proxy/docker.io", true),
            None
        );
        for wrong in [
            "",
            "a b",
            "a\"]\nroot=1",
            "host:port",
            "host:99999",
            "host:+80",
            "host:000080",
            "-a",
            "a..b",
            "[::1",
            "user@host",
            "::1",
            "a/b",
            "a/",
        ] {
            assert!(registry_mistake(wrong, false).is_some(), "{wrong}");
        }
        for wrong in ["a/", "a//b", "a/../b", "a/b?c"] {
            assert!(registry_mistake(wrong, true).is_some(), "{wrong}");
        }
    }
}
