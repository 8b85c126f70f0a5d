//! Embeds the planner: builds the guest as a component, compiles it ahead of time, and leaves it where
//! `planner/embedded.rs` includes it. So `cargo build` alone makes a working product, and no compiler is linked into it.

#[path = "build/component.rs"]
mod component;

fn main() {
    if let Err(message) = embed() {
        println!("cargo::error={message}");
    }
}

fn embed() -> Result<(), String> {
    let outer = component::Outer::from_environment()?;
    let paths = ["guest/Cargo.toml", "guest/src", "host/planner/build.rs"];
    component::embed(&outer, "oci-image-guest", "oci_image_planner", &paths)
}
