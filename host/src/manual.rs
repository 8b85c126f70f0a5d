//! The manual: a page of the program and one of each command, of the types that the help is made of.
//!
//! Reads, writes: nothing. Unknown here: where the pages go.

use std::io;

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::cli::Cli;

/// A page of the manual.
pub(crate) struct Page {
    /// The name of its file: `oci-image-build.1`.
    pub(crate) name: String,
    /// What is in it, as `man` reads it.
    pub(crate) text: Vec<u8>,
}

/// All pages.
pub(crate) fn pages() -> io::Result<Vec<Page>> {
    // Nobody looks up a page of the command that shows help.
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let commands = program.get_subcommands().cloned();
    std::iter::once(program.clone())
        .chain(commands)
        .map(page)
        .collect()
}

fn page(command: Command) -> io::Result<Page> {
    let end = command.get_after_help().map(ToString::to_string);
    let has_commands = command.has_subcommands();
    let man = Man::new(command);
    let name = man.get_filename();
    // Written out: an argument that is empty, as the date is, would be left out.
    let title = format!(
        ".TH {} 1 \"\" \"oci-image {}\" \"oci-image\"\n",
        name.trim_end_matches(".1").to_uppercase(),
        env!("CARGO_PKG_VERSION"),
    );
    let mut text = title.into_bytes();
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if has_commands {
        man.render_subcommands_section(&mut text)?;
    }
    sections(&end.unwrap_or_default()).to_writer(&mut text)?;
    Ok(Page { name, text })
}

/// The end of a help page as sections: `man` would fill their lines, and examples are typed as they stand.
fn sections(end: &str) -> Roff {
    let mut page = Roff::new();
    let paragraphs: Vec<&str> = end.split("\n\n").collect();
    for paragraph in paragraphs {
        match paragraph.split_once(":\n") {
            Some((title, lines)) => {
                page.control("SH", [title.to_uppercase().as_str()]);
                page.control("nf", []);
                for line in lines.lines() {
                    page.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
                }
                page.control("fi", []);
            }
            None => {
                page.control("PP", []);
                page.text([roman(paragraph)]);
            }
        }
    }
    page
}
