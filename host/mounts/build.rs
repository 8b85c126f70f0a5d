//! Embeds the courier: a static program for the machine that the product is for, because a step has it on an empty root.

#[path = "../planner/build/outer.rs"]
mod outer;

fn main() {
    if let Err(message) = embed() {
        println!("cargo::error={message}");
    }
}

fn embed() -> Result<(), String> {
    let outer = outer::Outer::from_environment()?;
    outer.watch(&[
        "host/boundary/src",
        "host/courier",
        "host/tree",
        "host/mounts/build.rs",
        "host/planner/build/outer.rs",
    ]);
    let triple = outer.triple.as_str();
    let flags = format!(
        "target.{triple}.rustflags=['-Ctarget-feature=+crt-static','-Crelocation-model=static']"
    );
    let directory = outer.target_directory.join("courier");
    let selected = [
        "--bin",
        "courier",
        "--profile",
        "courier",
        "--target",
        triple,
    ];
    outer.build(
        "oci-image-courier",
        &directory,
        &[&selected[..], &["--config", &flags]].concat(),
    )?;
    let program = outer::read(&directory.join(triple).join("courier/courier"))?;
    outer::write(&outer.out.join("courier"), &program)
}
