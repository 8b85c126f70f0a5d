//! The components' bindings are what wit-bindgen makes of `planner.wit` and `forms.wit`.
//!
//! They are committed, so that building a component needs no procedural macro (9 s in place of 28 s).
//! `BLESS=1 cargo test -p oci-image-tests bindings::` writes them.

use std::fs;
use std::path::Path;

use oci_image_tests::engine::checkout;
use wit_bindgen_core::wit_parser::{PackageId, Resolve};
use wit_bindgen_core::{Files, WorldGenerator};
use wit_bindgen_rust::{Opts, WithOption};

const HEADER: &str = "\
//! The component's side of `CONTRACT`: imports, exports, and the types that cross.
//!
//! Generated from `schema/CONTRACT` by wit-bindgen; do not edit. Written by
//! `BLESS=1 cargo test -p oci-image-tests bindings::`, which also compares it.
#![allow(
    missing_docs,
    unreachable_pub,
    unsafe_op_in_unsafe_fn,
    unused_qualifications,
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::needless_pass_by_value,
    clippy::redundant_clone,
    clippy::too_many_lines,
    clippy::undocumented_unsafe_blocks,
    clippy::unwrap_used,
    reason = \"generated\"
)]
";

#[test]
fn bindings_of_the_planner_are_what_wit_bindgen_makes_of_its_contract() {
    compare(
        "guest/src/bindings.rs",
        "planner.wit",
        "image-planner",
        SCHEMA_TYPES,
    );
}

#[test]
fn bindings_of_the_forms_are_what_wit_bindgen_makes_of_their_contract() {
    compare(
        "host/forms/component/src/bindings.rs",
        "forms.wit",
        "image-forms",
        &SCHEMA_TYPES[..DIAGNOSTICS],
    );
}

fn compare(file: &str, contract: &str, world: &str, types: &[(&str, &str)]) {
    let header = HEADER.replace("CONTRACT", contract);
    let generated = format!("{header}\n{}", generate(world, types));
    let path = checkout().join(file);

    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &generated).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();

    assert!(
        committed == generated,
        "{file} differs from what `{contract}` gives; write it with `BLESS=1 cargo test -p oci-image-tests bindings::`"
    );
}

/// How many of the types are those of diagnostics.
const DIAGNOSTICS: usize = 5;

/// Types of the contract that are the schema's own: the planner's values cross without a conversion.
const SCHEMA_TYPES: &[(&str, &str)] = &[
    ("diagnostics/severity", "diagnostic::Severity"),
    ("diagnostics/span", "diagnostic::Span"),
    ("diagnostics/file-place", "diagnostic::FilePlace"),
    ("diagnostics/place", "diagnostic::Place"),
    ("diagnostics/diagnostic", "diagnostic::Diagnostic"),
    ("types/input", "interface::Input"),
    ("types/output", "interface::Output"),
    ("types/build-interface", "interface::Interface"),
    ("types/attribute-value", "plan::AttributeValue"),
    ("types/frontend-attribute", "plan::FrontendAttribute"),
    ("types/local", "plan::Local"),
    ("types/image-format", "plan::ImageFormat"),
    ("types/image-export", "plan::ImageExport"),
    ("types/solve", "plan::Solve"),
    ("types/base-image", "plan::BaseImage"),
    ("types/cache-mounts", "plan::CacheMounts"),
    ("types/cache", "plan::Cache"),
    ("types/layer-cache-value", "plan::LayerCacheValue"),
    ("types/layer-cache-attribute", "plan::LayerCacheAttribute"),
    ("types/layer-cache", "plan::LayerCache"),
    ("types/compression", "plan::Compression"),
    ("types/secret-source", "plan::SecretSource"),
    ("types/secret", "plan::Secret"),
    ("types/ssh", "plan::Ssh"),
    ("types/build-plan", "plan::BuildPlan"),
];

fn generate(world: &str, types: &[(&str, &str)]) -> String {
    let mut resolve = Resolve::default();
    let texts = [
        ("planner.wit", oci_image_schema::WIT),
        ("forms.wit", oci_image_schema::FORMS_WIT),
    ];
    let packages = texts.map(|(name, text)| {
        let pushed = resolve.push_str(Path::new(name), text);
        pushed.expect("the contract is WIT")
    });
    let is_of = |package: &PackageId| resolve.packages[*package].worlds.contains_key(world);
    let package = packages
        .into_iter()
        .find(is_of)
        .expect("the contract has its world");
    let world = resolve
        .select_world(&[package], Some(world))
        .expect("the contract has its world");
    let options = Opts {
        format: true,
        generate_all: true,
        with: types
            .iter()
            .map(|(ours, theirs)| schema_type(ours, theirs))
            .collect(),
        ..Default::default()
    };
    let mut files = Files::default();
    options
        .build()
        .generate(&mut resolve, world, &mut files)
        .expect("each remapped type is there");
    let (_, text) = files.iter().next().expect("one world gives one file");
    String::from_utf8(text.to_vec()).expect("Rust is text")
}

fn schema_type(name: &str, rust: &str) -> (String, WithOption) {
    (
        schema_name(name),
        WithOption::Path(format!("oci_image_schema::{rust}")),
    )
}

fn schema_name(name: &str) -> String {
    let (interface, name) = name.split_once('/').expect("an interface and a type");
    let version = oci_image_schema::PLANNER_VERSION;
    format!("oci-image:planner/{interface}@{version}/{name}")
}
