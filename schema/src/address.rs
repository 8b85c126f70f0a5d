//! Regular expressions of hosts and addresses, of which patterns are made; each without what holds it at both ends.
//!
//! Source: RFC 4291; the planner's `host` and `registry`, which read the same.

/// A number below 65536 of at most five digits.
const PORT: &str = "(?:[0-5]?[0-9]{1,4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";

/// Labels of at most 63 characters with dots between.
pub(crate) fn host() -> String {
    let label = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";
    format!(r"{label}(?:\.{label})*")
}

/// `host` or `host:port`, up to its end; an IPv6 address stands in brackets.
pub(crate) fn authority(end: &str) -> String {
    let named = format!("(?=[A-Za-z0-9_.-]{{1,253}}(?:[:/]|{end})){}", host());
    format!(r"(?:\[{}\]|{named})(?::{PORT})?", ipv6())
}

/// An IPv4 address: numbers below 256, without leading zeros.
pub(crate) fn ipv4() -> String {
    let number = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    format!(r"{number}(?:\.{number}){{3}}")
}

/// An IPv6 address: up to eight groups, of which `::` leaves out one or more; the last two may be an IPv4 address (RFC 4291).
pub(crate) fn ipv6() -> String {
    let group = "[0-9A-Fa-f]{1,4}";
    let tail = format!("(?:{group}:{group}|{})", ipv4());
    let mut forms = vec![format!("(?:{group}:){{6}}{tail}")];
    for left_of_gap in 0..=5 {
        let between = 5 - left_of_gap;
        forms.push(format!(
            "{}::(?:{group}:){{{between}}}{tail}",
            head(group, left_of_gap)
        ));
    }
    forms.push(format!("{}::{group}", head(group, 6)));
    forms.push(format!("{}::", head(group, 7)));
    format!("(?:{})", forms.join("|"))
}

/// Up to `most` groups with colons between.
fn head(group: &str, most: usize) -> String {
    match most {
        0 => String::new(),
        _ => format!("(?:(?:{group}:){{0,{}}}{group})?", most - 1),
    }
}
