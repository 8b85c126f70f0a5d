//! Regular expressions of the generated JSON Schema, and what an editor says where one does not match.
//!
//! They refuse what the planner refuses and nothing else: generated documents are judged by both (test). The dialect is what
//! ECMA-262, with its flag `u` and without, and `fancy-regex` read alike: no `\s` and no `.`, because what these match differs.
//! An optional string may be empty, which counts as left out.
//!
//! Parameters of a task hold the same values, some as lists with commas between. A value that Concourse fills in, `((name))`, passes.

use crate::address::{authority, host, ipv4, ipv6};
use crate::cache_mounts::{NO_MOUNT, OPTIONS};
use crate::compression::{GZIP, MOST_OF_GZIP, MOST_OF_ZSTD, NAMES, ZSTD};
use crate::frontend::NO_FRONTEND;
use crate::layer_cache::TYPE;
use crate::platform::{ARCHITECTURE_ALIASES, ARCHITECTURES, SYSTEM_ALIASES, SYSTEMS};

/// What an editor shows and inserts for strings of one pattern.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    /// What it says about a string of another form.
    pub(crate) message: &'static str,
    /// What it inserts as a new element of a list, as a snippet.
    pub(crate) element: Option<&'static str>,
}

/// The form that a pattern of this module stands for.
pub(crate) fn form(regex: &str) -> Option<Form> {
    let forms = [
        (component(), COMPONENT),
        (filled(), FILLED),
        (file(), FILE),
        (required_file(), FILE),
        (below(), BELOW),
        (text(), TEXT),
        (element(), ELEMENT),
        (response_path(), RESPONSE_PATH),
        (target(), TARGET),
        (additional_target(), ADDITIONAL_TARGET),
        (pair(), PAIR),
        (image_arg(), IMAGE_ARG),
        (registry(), REGISTRY),
        (mirror(), MIRROR),
        (frontend(), FRONTEND),
        (cache_mount(), CACHE_MOUNT),
        (layer_cache(), LAYER_CACHE),
        (size(), SIZE),
        (extra_hosts(), EXTRA_HOSTS),
        (platforms(), PLATFORMS),
        (ssh(), SSH),
        (compression(), COMPRESSION),
        (compression_level(), COMPRESSION_LEVEL),
        (gzip_level(), GZIP_LEVEL),
    ];
    let found = forms.into_iter().find(|(known, _)| known == regex);
    found.map(|(_, form)| form)
}

impl Form {
    const fn new(message: &'static str) -> Self {
        Self {
            message,
            element: None,
        }
    }

    const fn with_element(message: &'static str, element: &'static str) -> Self {
        Self {
            message,
            element: Some(element),
        }
    }
}

const COMPONENT: Form = Form::new("use one path component, as in `app-image`");
/// One path component: no `/`, not `.` or `..`.
pub(crate) fn component() -> String {
    format!(r"^(?!\.{{1,2}}$)[^/{CONTROL}]+$")
}

const FILLED: Form = Form::new("this is empty, or holds a control character");
/// A path that may lead anywhere; the id of a secret.
pub(crate) fn filled() -> String {
    format!("^[^{CONTROL}]+$")
}

const FILE: Form = Form::new("write the path of a file, without `/` at its end");
/// The path of a file, or nothing.
pub(crate) fn file() -> String {
    format!("^(?:{}[^{CONTROL}]+)?$", not_a_directory())
}
/// The path of a file.
pub(crate) fn required_file() -> String {
    format!("^{}[^{CONTROL}]+$", not_a_directory())
}
/// Stands before a path whose last component is not empty, `.` or `..`.
fn not_a_directory() -> String {
    format!(r"(?!(?:[^{CONTROL}]*/)?\.{{0,2}}$)")
}

const BELOW: Form = Form::new("write a path below the context, as in `vendor/library`");
/// A relative path that stays below its start, and is not its start.
pub(crate) fn below() -> String {
    format!(r"^(?!/)(?!(?:[^{CONTROL}]*/)?\.\.(?:/|$))(?!(?:\.?/)*\.?$)[^{CONTROL}]+$")
}

const TEXT: Form = Form::new("this holds a NUL character");
/// Anything but a NUL.
pub(crate) fn text() -> String {
    r"^[^\u0000]*$".to_owned()
}

const ELEMENT: Form = Form::new("this is empty, or holds a NUL character");
/// An element of a list in which anything else may stand.
pub(crate) fn element() -> String {
    r"^[^\u0000]+$".to_owned()
}
/// The same with commas between, or nothing.
pub(crate) fn elements() -> String {
    loose_list(r"[^,\u0000]+")
}

const RESPONSE_PATH: Form = Form::new("write the path of a file, as in `response.json`");
/// A path that is not refused by its form: not empty, without a NUL, and no directory by its end.
pub(crate) fn response_path() -> String {
    r"^[^\u0000]*[^/\u0000]$".to_owned()
}

const TARGET: Form = Form::new("write the name of a stage, or its number");
/// The name of a stage or its number, or nothing.
pub(crate) fn target() -> String {
    format!("^(?:{STAGE})?$")
}

const ADDITIONAL_TARGET: Form = Form::with_element(
    "write the name of a stage other than `image` and `cache`",
    "${1:tests}",
);
/// The name of a stage or its number, but none of the directories with another use.
pub(crate) fn additional_target() -> String {
    format!("^(?!(?:image|cache)$)(?:{STAGE})$")
}
/// The same with commas between, or nothing.
pub(crate) fn additional_targets() -> String {
    let end = item_end();
    loose_list(&format!("(?!(?:image|cache){end})(?:{STAGE})"))
}

const PAIR: Form = Form::with_element(
    "write `NAME=VALUE`, without white space in the name",
    "${1:NAME}=${2:value}",
);
/// `NAME=VALUE`.
pub(crate) fn pair() -> String {
    format!(r"^[^={CONTROL}{WHITE}]+=[^\u0000]*$")
}
/// `NAME=VALUE` with commas between, or nothing.
pub(crate) fn pairs() -> String {
    loose_list(&format!(r"[^=,{CONTROL}{WHITE}]+=[^,\u0000]*"))
}
/// The name of a pair, in a variable's name.
pub(crate) fn pair_name() -> String {
    format!(r"[^={CONTROL}{WHITE}]+")
}
/// The id of a secret, in a variable's name.
pub(crate) fn secret_name() -> String {
    format!("[^={CONTROL}]+")
}

const IMAGE_ARG: Form = Form::with_element(
    "write `NAME=path`, as in `BASE=base/image.tar`",
    "${1:BASE}=${2:base/image.tar}",
);
/// `NAME=path`.
pub(crate) fn image_arg() -> String {
    format!("^[^={CONTROL}{WHITE}]+=[^{CONTROL}]+$")
}
/// `NAME=path` with commas between, or nothing.
pub(crate) fn image_args() -> String {
    loose_list(&format!(
        "[^=,{CONTROL}{WHITE}]+=[^,{CONTROL}]*[^,{CONTROL}{WHITE}]"
    ))
}

const REGISTRY: Form = Form::new("write `host` or `host:port`, without a scheme");
/// `host` or `host:port`.
pub(crate) fn registry() -> String {
    format!("^{}$", authority("$"))
}

const MIRROR: Form = Form::with_element(
    "write `host` or `host:port`, or a URL of `http` or `https`; a path may follow",
    "${1:mirror.example:5000}",
);
/// A registry, perhaps with a path, perhaps as a URL.
pub(crate) fn mirror() -> String {
    format!("^{}$", registry_and_path("$"))
}
/// The same with commas between, or nothing.
pub(crate) fn mirrors() -> String {
    loose_list(&registry_and_path(&item_end()))
}
/// A registry, perhaps with a path, perhaps as a URL, up to its end.
fn registry_and_path(end: &str) -> String {
    let (schemes, authority) = (any_case(&[&["https", "http"]]), authority(end));
    format!(r"(?:{schemes}://)?{authority}(?:/(?!\.{{1,2}}(?:/|{end}))[A-Za-z0-9._-]+)*/*")
}

const FRONTEND: Form = Form::with_element(
    "write the repository of an image, without a tag, as in `docker/dockerfile`; or `none`",
    "${1:docker/dockerfile}",
);
/// The repository of an image.
pub(crate) fn frontend() -> String {
    format!("^{}$", repository("$"))
}
/// The same with commas between; `none`; or nothing.
pub(crate) fn frontends() -> String {
    let end = item_end();
    let item = format!("(?!{NO_FRONTEND}{end}){}", repository(&end));
    list_or_alone(NO_FRONTEND, &item)
}
/// The name of a repository as Docker reads it, up to its end: of at most 255 characters, and no digest.
fn repository(end: &str) -> String {
    let component = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*";
    let label = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
    let host = format!(r"(?:{label}(?:\.{label})*|\[[A-Fa-f0-9:]+\])(?::[0-9]+)?");
    let short = format!(r"(?=[A-Za-z0-9._:/\[\]-]{{1,255}}{end})(?![a-f0-9]{{64}}{end})");
    format!("{short}(?:{host}/)?{component}(?:/{component})*")
}

const CACHE_MOUNT: Form = Form::with_element(
    "write the id of a cache mount alone, or its target where it has none; or `none`",
    "${1:go-build}",
);
/// The id of a cache mount.
pub(crate) fn cache_mount() -> String {
    format!("^{}[^{CONTROL}]+$", no_option())
}
/// The same with commas between; `none`; or nothing.
pub(crate) fn cache_mounts() -> String {
    let sign = format!("[^,{CONTROL}{WHITE}]");
    let none = format!("(?!{NO_MOUNT}[{WHITE}]*(?:,|$))");
    let item = format!("{none}{}{sign}(?:[^,{CONTROL}]*{sign})?", no_option());
    list_or_alone(NO_MOUNT, &item)
}
/// Stands before what is not an option of a mount.
fn no_option() -> String {
    format!("(?!(?:{})=)", OPTIONS.join("|"))
}

const LAYER_CACHE: Form = Form::with_element(
    "write `type=TYPE,NAME=VALUE`, as in `type=registry,ref=registry.example/app:cache`",
    "type=registry,ref=${1:registry.example/app:cache}",
);
/// A layer cache: the reference of one, or fields with commas between of which one is its type.
pub(crate) fn layer_cache() -> String {
    format!("^(?:{})$", layer_cache_fields())
}
/// The same on a line each, or nothing.
pub(crate) fn layer_caches() -> String {
    let item = layer_cache_fields();
    format!(r"^(?:(?:^|\n)[{WHITE}]*(?:{item})?[{WHITE}]*)*$")
}
fn layer_cache_fields() -> String {
    let name = any_case(&[&[TYPE]]);
    format!("[^=,{CONTROL}]+|(?:[^{CONTROL}]*,)? *{name} *=[^{CONTROL}]*")
}

const SIZE: Form = Form::new("write a number of bytes above zero, such as `500MB` or `2GiB`");
/// A number of bytes above zero, or nothing.
pub(crate) fn size() -> String {
    let unit = "(?:[KMGTkmgt]?[Bb]?|[KMGTkmgt][Ii][Bb])";
    let number = r"(?=[0.]*[1-9])[0-9]+(?:\.[0-9]+)?";
    format!("^(?:[{WHITE}]*{number}[{WHITE}]*{unit}[{WHITE}]*)?$")
}

const EXTRA_HOSTS: Form =
    Form::new("write `host=address` with commas between, as in `db=10.0.0.7`");
/// `host=address` with commas between, or nothing.
pub(crate) fn extra_hosts() -> String {
    let (host, ipv4, ipv6) = (host(), ipv4(), ipv6());
    list(&format!("(?=[^=]{{1,253}}=){host}=(?:{ipv4}|{ipv6})"))
}

const PLATFORMS: Form = Form::new("write known platforms, as in `linux/amd64,linux/arm64`");
/// Platforms with commas between, or nothing. Letters count in both cases.
pub(crate) fn platforms() -> String {
    let systems = any_case(&[SYSTEMS, SYSTEM_ALIASES]);
    let machines = any_case(&[ARCHITECTURES, ARCHITECTURE_ALIASES]);
    let alone = any_case(&[SYSTEMS]);
    let pair = format!(r"{systems}(?:\([A-Za-z0-9_.+%-]*\))?/{machines}(?:/[A-Za-z0-9_.-]+)?");
    list(&format!("(?:{pair}|{alone}|{machines})"))
}

const SSH: Form = Form::new("write `default`, or `id=path`");
/// `id`, or `id=path`, or nothing; commas are for further paths, which are refused when the agent is offered.
pub(crate) fn ssh() -> String {
    let path = format!("(?!raw=)[^,{CONTROL}]+");
    format!("^(?:[^=,{CONTROL}]+(?:={path}(?:,{path})*)?)?$")
}

const COMPRESSION: Form = Form::new("write `gzip` or `zstd`");
/// A codec, or nothing.
pub(crate) fn compression() -> String {
    words(&[NAMES])
}

/// Gzip, or nothing, which is the same.
pub(crate) fn gzip() -> String {
    words(&[&[GZIP]])
}

/// Any codec but zstd, or none.
pub(crate) fn archive_compression() -> String {
    format!("^(?!{ZSTD}$)")
}

const COMPRESSION_LEVEL: Form = Form::new("write a whole number from 1 to 19");
/// A level of any codec, or nothing.
pub(crate) fn compression_level() -> String {
    level(MOST_OF_ZSTD)
}
const GZIP_LEVEL: Form = Form::new("write a whole number from 1 to 12, the levels of `gzip`");
/// A level of gzip, or nothing.
pub(crate) fn gzip_level() -> String {
    level(MOST_OF_GZIP)
}
/// A number from 1 to `most`, which has two digits of which the first is 1; or nothing.
fn level(most: u8) -> String {
    format!("^(?:[1-9]|1[0-{}])?$", most - 10)
}

// --- parts -----------------------------------------------------------------------------------------------------------

/// Control characters, for a class.
const CONTROL: &str = r"\u0000-\u001f\u007f-\u009f";
/// Unicode's `White_Space`, for a class.
const WHITE: &str =
    r"\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";
const STAGE: &str = "[A-Za-z][A-Za-z0-9_.-]*|[0-9]+";

/// What a regular expression matches from end to end, or nothing.
pub(crate) fn or_nothing(regex: &str) -> String {
    let inner = regex
        .strip_prefix('^')
        .and_then(|rest| rest.strip_suffix('$'));
    format!("^(?:{})?$", inner.unwrap_or(regex))
}

/// A text in which Concourse fills in a variable.
pub(crate) fn variable() -> &'static str {
    r"\(\([^()]+\)\)"
}

/// What a regular expression matches, or a text in which Concourse fills in a variable.
pub(crate) fn or_variable(regex: &str) -> String {
    format!("{}|{regex}", variable())
}

/// One of these words, or nothing.
pub(crate) fn words(words: &[&[&str]]) -> String {
    format!("^(?:{})?$", words.concat().join("|"))
}

/// What ends an item of a list.
fn item_end() -> String {
    format!("(?:[,{WHITE}]|$)")
}

/// Items with commas and white space between, or nothing. The item is written once: it may be long.
fn list(item: &str) -> String {
    format!("^(?!,)(?:(?:^|,)[{WHITE}]*{item}[{WHITE}]*)*$")
}

/// The same of a list in which an empty item counts for nothing.
fn loose_list(item: &str) -> String {
    format!("^(?:(?:^|,)[{WHITE}]*(?:{item})?[{WHITE}]*)*$")
}

/// The same, or a word that stands alone.
fn list_or_alone(word: &str, item: &str) -> String {
    let alone = format!("[,{WHITE}]*{word}[,{WHITE}]*");
    let several = loose_list(item);
    let inner = several.trim_start_matches('^').trim_end_matches('$');
    format!("^(?:{alone}|{inner})$")
}

/// One of these words, in any mixture of upper and lower case.
fn any_case(words: &[&[&str]]) -> String {
    let any = |letter: char| match letter.to_ascii_uppercase() {
        upper if upper == letter => letter.to_string(),
        upper => format!("[{upper}{letter}]"),
    };
    let words: Vec<String> = words
        .iter()
        .flat_map(|words| words.iter())
        .map(|word| word.chars().map(any).collect())
        .collect();
    format!("(?:{})", words.join("|"))
}
