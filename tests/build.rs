//! Precompiles the hostile planner. As a build script, because the compiler is a build-dependency of the host already: as a
//! dependency of the tests it would be unified into the program that they test.

#[path = "../host/planner/build/component.rs"]
mod component;

fn main() {
    let built = component::Outer::from_environment().and_then(|outer| {
        let paths = ["tests/build.rs", "tests/hostile", "guest/src/bindings.rs"];
        let names = ("oci-image-hostile-planner", "oci_image_hostile_planner");
        component::embed(&outer, names.0, names.1, &paths)
    });
    if let Err(message) = built {
        println!("cargo::error={message}");
    }
}
