//! `planner.wit` keeps its promise: within one minor version of 0.x nothing changes shape, and everything is documented.
//!
//! `schema/contracts/planner-VERSION.wit` is each released contract, without its documentation. A new minor version gets a new
//! file: `BLESS=1` writes one that is missing, and never changes one that is there.

use std::fs;
use std::path::{Path, PathBuf};

use oci_image_tests::engine::checkout;
use wit_bindgen_core::wit_parser::{
    Docs, Interface, PackageId, Resolve, TypeDef, TypeDefKind, WorldId,
};
use wit_component::{WitPrinter, semver_check};

/// The name of the world that the component is of.
const WORLD: &str = "image-planner";

#[test]
fn contract_has_the_shape_that_was_released_under_its_version() {
    let current = oci_image_schema::WIT;
    let snapshot = snapshot_of(current);
    if std::env::var_os("BLESS").is_some() && !snapshot.exists() {
        fs::write(&snapshot, shape_of(current)).expect("the schema can be written");
    }
    let released = fs::read_to_string(&snapshot).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; a new version is released with `BLESS=1 cargo test -p oci-image-tests contract::`",
            snapshot.display()
        )
    });

    assert_eq!(breach(&released, current), None);
}

#[test]
fn newest_released_contract_is_the_one_in_force() {
    let mut versions: Vec<Version> = fs::read_dir(contracts())
        .expect("the contracts are committed")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| version_of(&fs::read_to_string(path).expect("a contract is text")))
        .collect();
    versions.sort_unstable();

    assert_eq!(versions.last(), Some(&version_of(oci_image_schema::WIT)));
}

#[test]
fn version_that_programs_tell_is_that_of_the_contract() {
    assert_eq!(
        oci_image_schema::PLANNER_VERSION,
        version_text(oci_image_schema::WIT)
    );
}

#[test]
fn every_change_of_shape_is_a_breach_until_the_minor_version_is_raised() {
    let released = shape_of(oci_image_schema::WIT);
    let current = version_of(&released);
    for (what, old, new) in CHANGES {
        let changed = oci_image_schema::WIT.replacen(old, new, 1);
        assert_ne!(changed, oci_image_schema::WIT, "{what}: nothing to change");

        assert!(breach(&released, &changed).is_some(), "{what}");
        let patched = at_version(&changed, current.patched());
        assert!(breach(&released, &patched).is_some(), "{what}, as a patch");
        let raised = at_version(&changed, current.raised());
        assert_eq!(breach(&released, &raised), None, "{what}, as a minor");
    }
}

#[test]
fn documentation_and_layout_may_change_and_the_version_never_falls() {
    let released = shape_of(oci_image_schema::WIT);
    let reworded = oci_image_schema::WIT
        .replace("///", "/// Said otherwise:")
        .replace(",\n", ",\n\n");
    let lowered = at_version(oci_image_schema::WIT, version_of(&released).lowered());

    assert_eq!(breach(&released, &reworded), None);
    assert!(breach(&released, &lowered).is_some());
}

#[test]
fn everything_in_the_contract_is_documented() {
    let (resolve, package) = parsed(oci_image_schema::WIT);
    let mut bare = Vec::new();
    let mut look = |name: String, docs: &Docs| {
        if docs
            .contents
            .as_ref()
            .is_none_or(|text| text.trim().is_empty())
        {
            bare.push(name);
        }
    };
    look("the package".to_owned(), &resolve.packages[package].docs);
    for (name, world) in &resolve.packages[package].worlds {
        look(name.clone(), &resolve.worlds[*world].docs);
    }
    for (name, interface) in &resolve.packages[package].interfaces {
        let interface = &resolve.interfaces[*interface];
        look(name.clone(), &interface.docs);
        for (function, item) in &interface.functions {
            look(format!("{name}/{function}"), &item.docs);
        }
        for (type_name, item) in own_types(&resolve, interface) {
            look(format!("{name}/{type_name}"), &item.docs);
            for (part, docs) in parts(item) {
                look(format!("{name}/{type_name}.{part}"), docs);
            }
        }
    }

    assert_eq!(bare, Vec::<String>::new());
}

/// Changes that a program built against the released contract would meet: what, and the text of it.
const CHANGES: &[(&str, &str, &str)] = &[
    (
        "a field more",
        "        debug: bool,",
        "        debug: bool,\n        quiet: bool,",
    ),
    ("a field less", "        debug: bool,", ""),
    (
        "a field of another type",
        "debug: bool",
        "debug: option<bool>",
    ),
    ("a field of another name", "debug: bool", "verbose: bool"),
    (
        "fields in another order",
        "        id: string,\n        /// Where its bytes are.\n        source: secret-source,",
        "        source: secret-source,\n        id: string,",
    ),
    (
        "a case more",
        "        inline,",
        "        inline,\n        environment(string),",
    ),
    ("a case less", "        denied,", ""),
    (
        "a case with another load",
        "too-large(u64)",
        "too-large(u32)",
    ),
    (
        "a value of an enum more",
        "        warning,",
        "        warning,\n        hint,",
    ),
    (
        "a parameter more",
        "plan: func(object: string)",
        "plan: func(object: string, strict: bool)",
    ),
    (
        "a parameter of another name",
        "plan: func(object: string)",
        "plan: func(request: string)",
    ),
    (
        "another result",
        "-> list<diagnostic>;",
        "-> result<_, list<diagnostic>>;",
    ),
    (
        "a question more to the planner",
        "    validate: func",
        "    version: func() -> string;\n    validate: func",
    ),
    (
        "a question of another name",
        "    describe: func",
        "    interface-of: func",
    ),
    (
        "a question more to the workspace",
        "    read-text: func",
        "    size-of: func(path: string) -> u64;\n    read-text: func",
    ),
    ("an import less", "    import workspace;", ""),
    (
        "an import more",
        "    import workspace;",
        "    import workspace;\n    import clock: func() -> u64;",
    ),
    (
        "an export less",
        "    export planner;",
        "    import planner;",
    ),
];

/// What is wrong with calling `current` what its version says, beside what was released; nothing, if nothing is.
fn breach(released: &str, current: &str) -> Option<String> {
    let (old, new) = (version_of(released), version_of(current));
    if new < old {
        return Some(format!("the version fell from {old:?} to {new:?}"));
    }
    if new.track() != old.track() {
        return None;
    }
    // Either may meet the other: an old host a new component, and a new host an old one.
    let both = [("newer", released, current), ("older", current, released)];
    both.into_iter()
        .find_map(|(which, from, to)| Some(format!("{which}: {:#}", incompatible(from, to)?)))
}

/// Why a component of the world `from` cannot stand where one of `to` is expected.
fn incompatible(from: &str, to: &str) -> Option<String> {
    let mut resolve = Resolve::default();
    let worlds = [("from", from), ("to", to)].map(|(which, text)| {
        // The check ignores versions, and a `Resolve` takes no package twice.
        let text = text.replacen(version_text(text), which_version(which), 1);
        world(&mut resolve, &text)
    });
    let [from, to] = worlds;
    semver_check(resolve, from, to)
        .err()
        .map(|error| format!("{error:#}"))
}

fn which_version(which: &str) -> &'static str {
    if which == "from" { "0.0.1" } else { "0.0.2" }
}

fn world(resolve: &mut Resolve, text: &str) -> WorldId {
    let package = resolve
        .push_str(Path::new("planner.wit"), text)
        .unwrap_or_else(|error| panic!("{error:#}\n{text}"));
    resolve
        .select_world(&[package], Some(WORLD))
        .expect("the contract has its world")
}

fn parsed(text: &str) -> (Resolve, PackageId) {
    let mut resolve = Resolve::default();
    let package = resolve
        .push_str(Path::new("planner.wit"), text)
        .expect("the contract is WIT");
    (resolve, package)
}

/// A contract without its documentation.
fn shape_of(text: &str) -> String {
    let (resolve, package) = parsed(text);
    let mut printer = WitPrinter::default();
    printer.emit_docs(false);
    printer
        .print(&resolve, package, &[])
        .expect("what was parsed can be printed");
    printer.output.to_string()
}

/// A version without a pre-release or build part: the contract has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

impl Version {
    /// What stays as long as nothing breaks: the major version, and before 1.0 the minor one too.
    fn track(self) -> (u32, u32) {
        (self.major, if self.major == 0 { self.minor } else { 0 })
    }

    fn patched(self) -> Self {
        Self {
            patch: self.patch + 1,
            ..self
        }
    }

    fn raised(self) -> Self {
        Self {
            minor: self.minor + 1,
            patch: 0,
            ..self
        }
    }

    /// A version before it: every contract so far has a minor version above zero.
    fn lowered(self) -> Self {
        Self {
            minor: self.minor - 1,
            patch: 9,
            ..self
        }
    }
}

fn version_of(text: &str) -> Version {
    let parts: Vec<u32> = version_text(text)
        .split('.')
        .map(|part| part.parse().expect("a version is three numbers"))
        .collect();
    let [major, minor, patch] = parts[..] else {
        panic!("a version is three numbers: {parts:?}");
    };
    Version {
        major,
        minor,
        patch,
    }
}

fn version_text(text: &str) -> &str {
    let (_, rest) = text
        .split_once("package oci-image:planner@")
        .expect("the package has its version");
    rest.split_once(';').expect("the package's line ends").0
}

fn at_version(text: &str, version: Version) -> String {
    let Version {
        major,
        minor,
        patch,
    } = version;
    let version = format!("planner@{major}.{minor}.{patch}");
    text.replacen(&format!("planner@{}", version_text(text)), &version, 1)
}

fn contracts() -> PathBuf {
    checkout().join("schema/contracts")
}

fn snapshot_of(text: &str) -> PathBuf {
    contracts().join(format!("planner-{}.wit", version_text(text)))
}

/// The types that an interface defines; not those that it names of another one.
fn own_types<'wit>(
    resolve: &'wit Resolve,
    interface: &'wit Interface,
) -> impl Iterator<Item = (&'wit String, &'wit TypeDef)> {
    interface
        .types
        .iter()
        .map(|(name, id)| (name, &resolve.types[*id]))
        .filter(|(_, item)| !matches!(item.kind, TypeDefKind::Type(_)))
}

/// The fields or cases of a type.
fn parts(item: &TypeDef) -> Vec<(&String, &Docs)> {
    match &item.kind {
        TypeDefKind::Record(record) => record.fields.iter().map(|f| (&f.name, &f.docs)).collect(),
        TypeDefKind::Variant(variant) => variant.cases.iter().map(|c| (&c.name, &c.docs)).collect(),
        TypeDefKind::Enum(cases) => cases.cases.iter().map(|c| (&c.name, &c.docs)).collect(),
        TypeDefKind::Flags(flags) => flags.flags.iter().map(|f| (&f.name, &f.docs)).collect(),
        _ => Vec::new(),
    }
}
