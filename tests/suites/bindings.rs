//! The guest's bindings are what wit-bindgen makes of `planner.wit`.
//!
//! They are committed, so that building the guest needs no procedural macro (9 s in place of 28 s).
//! `BLESS=1 cargo test -p oci-image-tests bindings::` writes them.

use std::fs;
use std::path::Path;

use wit_bindgen_core::wit_parser::Resolve;
use wit_bindgen_core::{Files, WorldGenerator};
use wit_bindgen_rust::{Opts, WithOption};

const BINDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../guest/src/bindings.rs");

const HEADER: &str = "\
//! The component's side of `planner.wit`: imports, exports, and the types that cross.
//!
//! Generated from `schema/planner.wit` by wit-bindgen; do not edit. Written by
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
fn guest_bindings_are_what_wit_bindgen_makes_of_the_contract() {
    let generated = format!("{HEADER}\n{}", generate());

    if std::env::var_os("BLESS").is_some() {
        fs::write(BINDINGS, &generated).unwrap();
    }
    let committed = fs::read_to_string(BINDINGS).unwrap_or_default();

    assert!(
        committed == generated,
        "guest/src/bindings.rs differs from what `planner.wit` gives; write it with `BLESS=1 cargo test -p oci-image-tests bindings::`"
    );
}

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
    ("types/compression", "plan::Compression"),
    ("types/secret-source", "plan::SecretSource"),
    ("types/secret", "plan::Secret"),
    ("types/ssh", "plan::Ssh"),
    ("types/build-plan", "plan::BuildPlan"),
];

fn generate() -> String {
    let mut resolve = Resolve::default();
    let package = resolve
        .push_str(Path::new("planner.wit"), oci_image_schema::WIT)
        .expect("the contract is WIT");
    let world = resolve
        .select_world(&[package], Some("image-planner"))
        .expect("the contract has its world");
    let options = Opts {
        format: true,
        generate_all: true,
        with: SCHEMA_TYPES
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
