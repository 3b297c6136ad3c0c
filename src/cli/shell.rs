//! `mtls-lint completions` and `mtls-lint man`: what a shell and `man` want to know of the command line.

use std::io;

use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::args::Cli;
use super::failure::{Exit, Failure};
use super::output::to_stdout;

/// What stands at the foot of every page: the program, also on the pages of its commands.
const SOURCE: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));

/// The flags of `completions`.
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// The flags of `man`.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The page of a command, such as `check` or `baseline write` [default: the page of mtls-lint]
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
}

/// Prints the completions of a shell.
pub(super) fn completions(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    // Into memory, because the generator panics when a reader closes the pipe.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    to_stdout(|out| out.write_all(&script))?;
    Ok(Exit::Success)
}

/// Prints a page for `man`.
pub(super) fn man(args: &ManArgs) -> Result<Exit, Failure> {
    let mut command = Cli::command();
    // Gives the commands below it their full names.
    command.build();
    for name in &args.command {
        command = below(&command, name)?;
    }
    let page =
        page(command).map_err(|error| Failure::usage(format!("cannot write the page: {error}")))?;
    to_stdout(|out| out.write_all(&page))?;
    Ok(Exit::Success)
}

fn below(command: &Command, name: &str) -> Result<Command, Failure> {
    let found = command.find_subcommand(name).cloned();
    found.ok_or_else(|| {
        let bin_name = command.get_bin_name().unwrap_or(command.get_name());
        Failure::usage(format!("`{bin_name}` has no command `{name}`"))
            .with_help(format!("`{bin_name} --help` lists what there is"))
    })
}

fn page(command: Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command).source(SOURCE).render(&mut page)?;
    Ok(page)
}
