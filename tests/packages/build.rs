//! Leaves the planner's component for hosts in other languages. No host is compiled for that.

#[path = "../../host/planner/build/nested.rs"]
mod nested;
#[path = "../../host/planner/build/outer.rs"]
mod outer;

fn main() {
    let paths = ["guest/Cargo.toml", "guest/src", "tests/packages/build.rs"];
    let left = outer::Outer::from_environment()
        .and_then(|outer| nested::leave(&outer, "oci-image-guest", "oci_image_planner", &paths));
    if let Err(message) = left {
        println!("cargo::error={message}");
    }
}
