//! The program, as it is installed. That it is built whenever tests are is what the suites at the top rely on: Cargo builds a
//! program for the tests of its own package only.

use std::process::Command;

#[test]
fn program_tells_its_version() {
    let output = Command::new(env!("CARGO_BIN_EXE_oci-image"))
        .arg("--version")
        .output()
        .expect("it was built for this test");

    let version = format!("oci-image {}\n", env!("CARGO_PKG_VERSION"));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with(&version));
}

#[test]
fn help_of_commands_about_the_machine_ends_with_examples_that_can_be_typed() {
    let run = |arguments: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_oci-image"));
        program
            .args(arguments)
            .output()
            .expect("it was built for this test")
    };
    for command in ["doctor", "du", "prune"] {
        for help in ["-h", "--help"] {
            let output = run(&[command, help]);

            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let (_, examples) = text.split_once("\nExamples:\n").expect("examples");
            let examples: Vec<&str> = examples
                .lines()
                .take_while(|line| !line.is_empty())
                .collect();
            assert!(examples.len() > 1, "{text}");
            for example in examples {
                let typed = example.split('|').next().expect("a command");
                let mut words: Vec<&str> = typed.split_whitespace().skip(1).collect();
                words.push("--help");
                assert_eq!(words[0], command);
                let output = run(&words);
                assert!(output.status.success(), "{example}");
            }
        }
    }
}
