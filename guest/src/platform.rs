//! `image_platform`: platforms with commas between.
//!
//! BuildKit takes any architecture after an operating system; we take those that exist, because a mistyped one fails only after
//! minutes, or builds an image that runs nowhere. Passed on as written: BuildKit knows the aliases too.
//!
//! Source: containerd's `platforms` package: form, aliases, known names (Go's list).

use oci_image_schema::code::Code;
use oci_image_schema::platform::{ARCHITECTURES, COMMON, SYSTEM_ALIASES, SYSTEMS, one_name};

use crate::findings::{Findings, quoted};
use crate::json::Text;
use crate::nearest::nearest;
use crate::reader::Reader;

/// What an image is built for.
#[derive(Debug, Default)]
pub(crate) struct Platforms {
    /// The platforms as they are written, each once; none: the machine's.
    pub(crate) list: Vec<String>,
    /// How many are written. Several mean an OCI layout, be they one platform or not.
    pub(crate) written: usize,
}

/// The platforms of a list with commas.
pub(crate) fn platforms<'t>(findings: &mut Findings<'t>, list: &Text<'t>) -> Platforms {
    let mut seen = std::collections::BTreeSet::new();
    let mut platforms = Platforms::default();
    for (item, range) in (Reader { findings }).items("image_platform", list) {
        if item.is_empty() {
            findings
                .report(
                    Code::EmptyValue,
                    list.empty_item(&range),
                    "a platform of `image_platform` is empty",
                )
                .help("remove the comma");
            continue;
        }
        match normal(item) {
            Ok(normal) if seen.insert(normal.clone()) => {
                platforms.written += 1;
                platforms.list.push(item.to_owned());
            }
            Ok(normal) => {
                platforms.written += 1;
                let message = format!("the platform {} is listed twice", quoted(&normal));
                findings
                    .report(Code::RepeatedPlatform, list.part(&range), message)
                    .help("remove one of the two");
            }
            Err(mistake) => {
                let finding =
                    findings.report(Code::BadPlatform, list.part(&range), mistake.message);
                finding.allowed(COMMON);
                if let Some(near) = mistake.near {
                    finding.help(format!("did you mean {}?", quoted(&near)));
                }
            }
        }
    }
    platforms
}

struct PlatformMistake {
    message: String,
    near: Option<String>,
}

impl PlatformMistake {
    fn new(message: String) -> Self {
        Self {
            message,
            near: None,
        }
    }
}

/// A platform under its one name, so that aliases of it are seen to be equal.
fn normal(platform: &str) -> Result<String, PlatformMistake> {
    let lower = platform.to_ascii_lowercase();
    let parts: Vec<_> = lower.split('/').collect();
    let sound = |part: &&str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
    };
    let (system, version) = match parts[0].split_once('(') {
        Some((system, rest)) if rest.ends_with(')') => (system, &rest[..rest.len() - 1]),
        _ => (parts[0], ""),
    };
    let version_is_sound = version
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_.+%-".contains(&byte));
    if parts.len() > 3 || !sound(&system) || !version_is_sound || !parts[1..].iter().all(sound) {
        return Err(PlatformMistake::new(format!(
            "{} is not of the form `os/architecture` or `os/architecture/variant`",
            quoted(platform)
        )));
    }
    if let Some(name) = one_name(platform) {
        return Ok(name);
    }
    let is_known = SYSTEMS.contains(&system) || SYSTEM_ALIASES.contains(&system);
    Err(match parts[..] {
        [alone] => unknown("operating system or architecture", alone, platform),
        [_, machine, ..] if is_known => unknown("architecture", machine, platform),
        _ => unknown("operating system", system, platform),
    })
}

fn unknown(what: &str, word: &str, platform: &str) -> PlatformMistake {
    let known: Vec<_> = match what {
        "operating system" => SYSTEMS.to_vec(),
        "architecture" => ARCHITECTURES.to_vec(),
        _ => [SYSTEMS, ARCHITECTURES].concat(),
    };
    let near =
        nearest(word, &known).map(|near| platform.to_ascii_lowercase().replacen(word, near, 1));
    PlatformMistake {
        message: format!("{} names no known {what}", quoted(platform)),
        near,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_have_one_name() {
        for (written, meant) in [
            ("linux/x86_64", "linux/amd64"),
            ("Linux/AMD64", "linux/amd64"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm/7", "linux/arm"),
            ("linux/armel", "linux/arm/v6"),
            ("arm64", "arm64"),
            ("linux", "linux"),
            ("windows(10.0.17763)/amd64", "windows(10.0.17763)/amd64"),
        ] {
            assert_eq!(normal(written).ok().as_deref(), Some(meant), "{written}");
        }
    }

    #[test]
    fn what_is_no_platform_is_refused_with_a_near_miss() {
        let mistake = normal("linux/amd46").err().unwrap();
        assert_eq!(mistake.message, "`linux/amd46` names no known architecture");
        assert_eq!(mistake.near.as_deref(), Some("linux/amd64"));
        for wrong in [
            "linux/",
            "/amd64",
            "linux/amd64/v1/x",
            "linux/*",
            "linux amd64",
            "linux;amd64",
            "windows(10 0)/amd64",
            "windows(10)(0)/amd64",
        ] {
            assert!(normal(wrong).is_err(), "{wrong}");
        }
    }
}
