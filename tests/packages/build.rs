//! Leaves the components of the planner and of the forms for hosts in other languages. No host is compiled for that.

#[path = "../../host/planner/build/nested.rs"]
mod nested;
#[path = "../../host/planner/build/outer.rs"]
mod outer;

/// What is left: a package, the name of its component, and what that is made of.
const COMPONENTS: [(&str, &str, &[&str]); 2] = [
    (
        "oci-image-guest",
        "oci_image_planner",
        &["guest/Cargo.toml", "guest/src", "tests/packages/build.rs"],
    ),
    (
        "oci-image-forms-component",
        "oci_image_forms",
        &["host/forms", "host/boundary"],
    ),
];

fn main() {
    if let Err(message) = leave() {
        println!("cargo::error={message}");
    }
}

fn leave() -> Result<(), String> {
    let outer = outer::Outer::from_environment()?;
    for (package, name, paths) in COMPONENTS {
        nested::leave(&outer, package, name, paths)?;
    }
    Ok(())
}
