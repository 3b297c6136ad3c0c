//! What is said about arguments that are wrong, beyond what clap says.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};

use super::args::Cli;

/// Flags that other tools have for the file that output goes to.
const TO_FILE: [&str; 2] = ["--output", "-o"];

/// The error with better tips for a flag that the command does not have.
///
/// clap's own says how to pass the flag as a path, which nobody wants.
pub(super) fn improved(mut error: clap::Error) -> clap::Error {
    if error.kind() != ErrorKind::UnknownArgument {
        return error;
    }
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let tips: Vec<StyledStr> = tips(flag).into_iter().map(StyledStr::from).collect();
    error.remove(ContextKind::Suggested);
    if !tips.is_empty() && error.get(ContextKind::SuggestedArg).is_none() {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
    error
}

/// What a user may have wanted with a flag.
fn tips(flag: &str) -> Vec<String> {
    let mut tips = Vec::new();
    if TO_FILE.contains(&flag) {
        tips.push("what a command prints goes to a file with '> FILE'".to_owned());
    }
    let cli = Cli::command();
    let having = cli.get_subcommands().filter(|command| has(command, flag));
    let names: Vec<String> = having
        .map(|command| format!("'mtls-lint {}'", command.get_name()))
        .collect();
    if !names.is_empty() {
        tips.push(format!("'{flag}' is a flag of {}", names.join(", ")));
    }
    tips
}

/// Whether a command has a flag.
fn has(command: &Command, flag: &str) -> bool {
    let Some(name) = flag.strip_prefix("--") else {
        return false;
    };
    command
        .get_arguments()
        .any(|argument| argument.get_long() == Some(name))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn shown(arguments: &[&str]) -> String {
        let arguments = std::iter::once("mtls-lint").chain(arguments.iter().copied());
        let error = Cli::try_parse_from(arguments).expect_err("the arguments are wrong");
        improved(error).to_string()
    }

    #[test]
    fn a_flag_of_another_command_is_known_to_be_one() {
        let text = shown(&["graph", "--fail-on", "error"]);
        assert!(
            text.contains("'--fail-on' is a flag of 'mtls-lint check'"),
            "{text}"
        );
        assert!(!text.contains("as a value"), "{text}");
    }

    #[test]
    fn a_flag_for_a_file_leads_to_the_shell() {
        let text = shown(&["graph", "--output", "graph.html"]);
        assert!(text.contains("with '> FILE'"), "{text}");
    }

    #[test]
    fn a_misspelt_flag_keeps_its_nearest() {
        let text = shown(&["--fromat", "json"]);
        assert!(
            text.contains("a similar argument exists: '--format'"),
            "{text}"
        );
    }
}
