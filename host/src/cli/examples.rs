//! What the help of each command ends with: lines that can be typed, and what its status means.
//!
//! No line is longer than a terminal of 80 columns shows. Lines that are indented stay as they are, in pages of the manual too.

/// Of the program.
pub(super) const PROGRAM: &str = "\
Examples:
  oci-image doctor
  oci-image validate ci/build.yml
  oci-image build --file ci/build.yml
  CONTEXT=src oci-image task
  oci-image explain unknown-key

Exit status:
  0      the image is built
         (other commands: the question is answered, what was to go is gone)
  1      the build failed: a step, the Dockerfile, a base image
  2      the request or the command line is wrong
  3      the engine or this machine failed
  128+n  stopped by signal n";

pub(super) const BUILD: &str = "\
Examples:
  oci-image build object.yaml
  oci-image build --file ci/build.yml --directory .. --root /scratch/buildkitd
  oci-image build --progress plain --metadata-file built.json object.json
  oci-image build --quiet object.json > digest
  oci-image build < message.json";

pub(super) const TASK: &str = "\
Examples:
  CONTEXT=src oci-image task
  CONTEXT=src TARGET=tests BUILD_ARG_VERSION=1.10 oci-image task
  CONTEXT=src oci-image task --directory .. --root /scratch/buildkitd";

pub(super) const PLAN: &str = "\
Examples:
  oci-image plan object.yaml
  oci-image plan ci/build.yml --directory ..
  oci-image plan object.json | jq .
  oci-image plan --outline object.json | jq .outline
  oci-image plan < message.json";

pub(super) const CHECK: &str = "\
Examples:
  oci-image check object.json
  oci-image check --directory .. ci/build.yml
  oci-image check --output-format sarif object.json > check.sarif

Exit status:
  0  nothing is found
  1  something is: a warning or an error
  2  the request is wrong
  3  the engine or this machine failed";

pub(super) const OUTLINE: &str = "\
Examples:
  oci-image outline object.json
  oci-image outline --json ci/build.yml | jq '.[].secrets'";

pub(super) const TARGETS: &str = "\
Examples:
  oci-image targets object.json
  oci-image targets --json ci/build.yml | jq -r '.stages[].target'";

pub(super) const LSP: &str = "\
Examples:
  oci-image lsp
  oci-image lsp --stdio

In the configuration of an editor:
  vim.lsp.config('oci-image', { cmd = { 'oci-image', 'lsp' } })    Neovim
  language-server.oci-image = { command = 'oci-image', args = ['lsp'] }  Helix

Exit status:
  0  the editor has ended the session
  2  it left without a word";

pub(super) const VALIDATE: &str = "\
Examples:
  oci-image validate object.yaml ci/build.yml
  oci-image validate --directory .. ci/build.yml
  oci-image validate --directory .. ci/pipeline.yml
  oci-image validate ci
  oci-image validate --output-format sarif ci/build.yml > build.sarif
  oci-image validate --output-format github ci/build.yml
  oci-image validate --fix ci/pipeline.yml
  oci-image validate --fix --write ci
  oci-image validate < message.json

Exit status:
  0  no request has an error (remarks may be)
  2  one has";

pub(super) const EXPLAIN: &str = "\
Examples:
  oci-image explain
  oci-image explain unknown-key";

pub(super) const DOCTOR: &str = "\
Examples:
  oci-image doctor
  oci-image doctor --root /scratch/buildkitd
  oci-image doctor --reach docker.io --reach registry.example:5000
  oci-image doctor --builder tcp://builder.example:1234 --builder-tls tls
  oci-image doctor --json | jq '.findings[] | select(.state != \"fine\")'

Exit status:
  0  a build would start, and every builder and registry that was asked answers
  3  there is a fault";

pub(super) const DU: &str = "\
Examples:
  oci-image du
  oci-image du --root /scratch/buildkitd --json | jq .total";

pub(super) const PRUNE: &str = "\
Without --keep, --older-than or --all it removes of the kept blobs what was not used for two weeks, and what is beyond \
8 GiB, and leaves the daemon's cache alone. A part of that is removed by a daemon, which is started for it.

Examples:
  oci-image prune
  oci-image prune --keep 5GB --older-than 7d
  oci-image prune --all --root /scratch/buildkitd";

pub(super) const SCHEMA: &str = "\
Examples:
  oci-image schema > oci-image.schema.json
  oci-image schema task > oci-image-task.schema.json
  oci-image schema pipeline > oci-image-pipeline.schema.json";

pub(super) const COMPLETIONS: &str = "\
Examples:
  oci-image completions bash > /etc/bash_completion.d/oci-image
  oci-image completions zsh > /usr/local/share/zsh/site-functions/_oci-image
  oci-image completions fish > ~/.config/fish/completions/oci-image.fish";

pub(super) const MAN: &str = "\
Examples:
  oci-image man --out /usr/local/share/man/man1
  oci-image man --out . && man ./oci-image-build.1";

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use clap::CommandFactory as _;

    use crate::cli::Cli;

    /// What a terminal of 80 columns shows of a line.
    const COLUMNS: usize = 80;

    /// The examples at the end of a command's help.
    fn examples(command: &clap::Command) -> Vec<String> {
        let help = command.get_after_help().map(ToString::to_string);
        let help = help.unwrap_or_default();
        assert!(
            help.lines()
                .all(|line| line.len() < COLUMNS || !line.starts_with(' '))
        );
        let (_, examples) = help.split_once("Examples:\n").unwrap_or_default();
        let lines = examples.lines().take_while(|line| !line.is_empty());
        lines.map(|line| line.trim().to_owned()).collect()
    }

    /// What the program is called with, by what a shell makes of a line.
    fn arguments(example: &str) -> Vec<OsString> {
        let words = example.split_whitespace();
        let words = words.take_while(|word| !["|", ">", "<", "&&"].contains(word));
        let words = words.skip_while(|word| word.contains('='));
        words.map(OsString::from).collect()
    }

    #[test]
    fn every_command_has_examples_and_each_can_be_typed() {
        let program = Cli::command();
        for command in program.get_subcommands().chain([&program]) {
            let examples = examples(command);
            assert!(
                examples.len() > 1,
                "{} has {examples:?}",
                command.get_name()
            );
            for example in examples {
                let arguments = arguments(&example);

                assert_eq!(arguments[0], "oci-image", "{example}");
                let is_its_own =
                    arguments[1] == command.get_name() || command.get_name() == "oci-image";
                assert!(is_its_own, "{example}");
                if let Err(error) = Cli::parse_from_call(arguments) {
                    panic!("{example}: {error}");
                }
            }
        }
    }
}
