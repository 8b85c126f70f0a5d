//! A name with several addresses: each of them is a builder, on a machine of its own.

use oci_image_tests::builder::{Builder, build_on};
use oci_image_tests::network::{Network, Trouble, with_network};
use oci_image_tests::workplace::Workplace;
use serde_json::json;

/// All builders have it.
const NAME: &str = "builders.test";

/// On which of the name's addresses a context of this name is built.
fn taken(place: &Workplace, context: &str) -> String {
    let dockerfile = format!("FROM scratch\nLABEL of={context}\n");
    place.write(&format!("{context}/Dockerfile"), dockerfile);
    let object = json!({"context": context, "output": "image"});
    place.write("object.json", object.to_string());
    let address = format!("tcp://{NAME}:1234");
    let mut command = place.command(&["build", "object.json", "--builder", &address]);
    command.arg("--root").arg(place.root());
    let run = place.run_command(command, b"").expect(0);
    let named = run
        .stderr
        .split(&format!("building on `{address} ("))
        .nth(1);
    let named = named.unwrap_or_else(|| panic!("{}", run.stderr));
    named.split(')').next().unwrap().to_owned()
}

#[test]
fn each_address_of_a_name_is_a_builder_and_only_what_a_missing_one_had_moves() {
    with_network(|network: &Network| {
        let builders = [(); 3].map(|()| Builder::in_network(network));
        let place = Workplace::new();
        let contexts: Vec<String> = (0..9).map(|number| format!("context-{number}")).collect();
        let places_of = |builders: &[&Builder]| -> Vec<String> {
            network.name(
                NAME,
                &builders
                    .iter()
                    .map(|builder| builder.host())
                    .collect::<Vec<_>>(),
            );
            let taken = |context: &String| taken(&place, context);
            contexts.iter().map(taken).collect()
        };
        let [one, two, three] = &builders;
        let before = places_of(&[one, two, three]);
        assert_eq!(places_of(&[three, one, two]), before);
        let gone = two.host().to_string();
        assert!(before.contains(&gone), "{before:?}");

        let after = places_of(&[one, three]);

        for (before, after) in before.iter().zip(&after) {
            assert!(before == after || *before == gone, "{before} -> {after}");
            assert_ne!(*after, gone);
        }
    });
}

#[test]
fn why_no_address_is_reached_is_told_of_each() {
    with_network(|network: &Network| {
        let builders = [(); 3].map(|()| Builder::in_network(network));
        let troubles = [
            (Trouble::Silence, "it does not answer within 5 s"),
            (Trouble::Refusal, "Connection refused"),
            (Trouble::Unreachable, "No route to host"),
        ];
        for (builder, (trouble, _)) in builders.iter().zip(troubles) {
            network.trouble(builder.host(), trouble);
        }
        let place = Workplace::new();
        place.dockerfile("FROM scratch\nLABEL a=b\n");
        let object = json!({"context": "context", "output": "image"});
        let mut command = build_on(&place, &object, &builders.each_ref());
        command.args(["--builder-wait", "0s"]);

        let run = place.run_command(command, b"").expect(3);

        for (builder, (_, reason)) in builders.iter().zip(troubles) {
            let name = format!("`{}`: ", builder.address());
            let line = run.stderr.lines().find(|line| line.contains(&name));
            let line = line.unwrap_or_else(|| panic!("{}", run.stderr));
            assert!(line.contains(reason), "{line}");
        }
    });
}
