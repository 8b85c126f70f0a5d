//! A file of builders, read.
//!
//! Reads: the file, and whether directories of certificates have any. Source: `schema/src/builders.rs`.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use oci_image::boundary::outside::{listed, shown};
use oci_image::boundary::regular_file;
use oci_image::buildkit::endpoint::{Address, Certificates, Endpoint};
use oci_image::fleet::Builder;
use oci_image::yaml::{self, Dialect};
use oci_image_schema::builders::{BuilderEntry, BuilderTls};
use oci_image_schema::platform;
use serde::Deserialize as _;
use serde_json::Value;

/// Why a file of builders cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildersError {
    /// It cannot be read.
    #[error("cannot read the builders in `{}`", shown(path))]
    Read { path: PathBuf, source: io::Error },
    /// It is not what it should be; each line is a mistake.
    #[error("the builders in `{}` are not as they should be (`oci-image schema builders`)\n{}", shown(path), mistakes.join("\n"))]
    Wrong {
        path: PathBuf,
        mistakes: Vec<String>,
    },
    /// None of them has the labels that are wanted.
    #[error("no builder in `{}` has the labels {}", shown(path), listed(labels))]
    NoneSuch { path: PathBuf, labels: Vec<String> },
}

/// The builders of a file that have all these labels, `NAME=VALUE`.
pub(super) fn read(path: &Path, labels: &[String]) -> Result<Vec<Builder>, BuildersError> {
    let wrong = |mistakes| BuildersError::Wrong {
        path: path.to_owned(),
        mistakes,
    };
    let text = regular_file::read(path).map_err(|source| BuildersError::Read {
        path: path.to_owned(),
        source,
    })?;
    let text = String::from_utf8(text).map_err(|_| wrong(vec!["it is no text".to_owned()]))?;
    let entries = entries(&text).map_err(wrong)?;
    let from = path.parent().unwrap_or(Path::new(""));
    let (mut builders, mut mistakes) = (Vec::new(), Vec::new());
    for (index, entry) in entries.into_iter().enumerate() {
        let place = format!("builders[{index}]");
        match entry {
            Err(mistake) => mistakes.push(format!("`{place}`: {mistake}")),
            Ok(entry) => {
                let has = labels.iter().all(|label| has_label(&entry.labels, label));
                match builder(entry, from) {
                    Ok(builder) if has => builders.push(builder),
                    Ok(_) => {}
                    Err(found) => mistakes.extend(
                        found
                            .into_iter()
                            .map(|(key, said)| format!("`{place}.{key}`: {said}")),
                    ),
                }
            }
        }
    }
    if !mistakes.is_empty() {
        return Err(wrong(mistakes));
    }
    if builders.is_empty() {
        return Err(BuildersError::NoneSuch {
            path: path.to_owned(),
            labels: labels.to_vec(),
        });
    }
    Ok(builders)
}

/// The entries of a text in JSON or YAML, or every mistake that keeps it from having some.
fn entries(text: &str) -> Result<Vec<Result<BuilderEntry, String>>, Vec<String>> {
    // JSON is YAML.
    let document = yaml::read(text, Dialect::Core).map_err(|mistakes| {
        let said = mistakes.into_iter().map(|mistake| mistake.message);
        said.collect::<Vec<_>>()
    })?;
    let value = serde_json::from_str(document.json()).unwrap_or_default();
    let Value::Object(file) = value else {
        return Err(vec!["it is no map with the key `builders`".to_owned()]);
    };
    let unknown = file.keys().filter(|key| *key != "builders");
    let mut mistakes: Vec<String> = unknown
        .map(|key| format!("the key `{}` is not known: there is `builders`", shown(key)))
        .collect();
    match file.get("builders") {
        Some(Value::Array(builders)) if !builders.is_empty() && mistakes.is_empty() => {
            return Ok(builders.iter().map(entry).collect());
        }
        Some(Value::Array(builders)) if !builders.is_empty() => {}
        Some(Value::Array(_)) => mistakes.push("`builders` is empty".to_owned()),
        Some(_) => mistakes.push("`builders` is no list".to_owned()),
        None => mistakes.push("the key `builders` is missing".to_owned()),
    }
    Err(mistakes)
}

fn entry(value: &Value) -> Result<BuilderEntry, String> {
    BuilderEntry::deserialize(value).map_err(|error| error.to_string())
}

/// A builder, or what is wrong with each key.
fn builder(entry: BuilderEntry, from: &Path) -> Result<Builder, Vec<(&'static str, String)>> {
    let mut mistakes = Vec::new();
    let address = entry.address.parse::<Address>();
    let address = address
        .map_err(|error| mistakes.push(("address", error.to_string())))
        .ok();
    let certificates = match &entry.tls {
        None => None,
        Some(_) if !matches!(address, None | Some(Address::Tcp { .. })) => {
            mistakes.push(("tls", "only `tcp://` speaks TLS".to_owned()));
            None
        }
        Some(tls) => certificates(tls, from)
            .map_err(|error| mistakes.push(("tls", error)))
            .ok(),
    };
    let named = entry.platforms.as_deref().unwrap_or_default();
    for unknown in named
        .iter()
        .filter(|named| platform::one_name(named).is_none())
    {
        mistakes.push((
            "platforms",
            format!("`{}` is no platform that is known", shown(unknown)),
        ));
    }
    if entry.most_solves == Some(0) {
        mistakes.push((
            "most_solves",
            "a builder that may have none builds nothing".to_owned(),
        ));
    }
    let platforms = entry.platforms.filter(|platforms| !platforms.is_empty());
    match address {
        Some(address) if mistakes.is_empty() => Ok(Builder {
            endpoint: Endpoint {
                certificates,
                ..Endpoint::new(address)
            },
            platforms: platforms
                .map(|each| each.iter().map(|one| platform::full_name(one)).collect()),
            most_solves: entry.most_solves,
            is_trusted: entry.trusted,
        }),
        _ => Err(mistakes),
    }
}

fn certificates(tls: &BuilderTls, from: &Path) -> Result<Certificates, String> {
    let found = match &tls.directory {
        Some(directory) => {
            if tls.authority.is_some() || tls.certificate.is_some() || tls.key.is_some() {
                return Err("it names a directory, and files beside it".to_owned());
            }
            let found = Certificates::of_directory(&from.join(directory));
            found.map_err(|error| error.to_string())?
        }
        None => Certificates {
            authority: tls.authority.as_ref().map(|path| from.join(path)),
            identity: match (&tls.certificate, &tls.key) {
                (Some(certificate), Some(key)) => Some((from.join(certificate), from.join(key))),
                (None, None) => None,
                (Some(_), None) => return Err("it names a certificate without a `key`".to_owned()),
                (None, Some(_)) => return Err("it names a key without a `certificate`".to_owned()),
            },
            server_name: None,
        },
    };
    Ok(Certificates {
        server_name: tls.server_name.clone(),
        ..found
    })
}

fn has_label(labels: &BTreeMap<String, String>, wanted: &str) -> bool {
    let (name, value) = wanted.split_once('=').unwrap_or((wanted, ""));
    labels.get(name).is_some_and(|has| has == value)
}
