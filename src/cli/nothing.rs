//! What is said where there is nothing to read: paths that are not there, and runs without a file.

use camino::{Utf8Path, Utf8PathBuf};
use clap::CommandFactory;

use super::args::Cli;
use super::failure::{Exit, Failure};
use super::input::InputArgs;
use crate::diagnostic::counted;
use crate::discover::{EXCLUDED, IGNORED};
use crate::engine::{Request, Summary, Unread};
use crate::rule::nearest;
use crate::source::tree::{ReadError, Tree};

/// Words that other tools have for what a command does here.
const WORDS_OF_OTHERS: [(&str, &str); 14] = [
    ("analyse", "check"),
    ("analyze", "check"),
    ("docs", "rule NAME"),
    ("explain", "rule NAME"),
    ("fix", "check --fix"),
    ("lint", "check"),
    ("list", "rules"),
    ("scan", "check"),
    ("show", "config show"),
    ("template", "render"),
    ("test", "check"),
    ("validate", "check"),
    ("verify", "check"),
    ("version", "--version"),
];

/// Says which named paths could not be read, and what may be meant instead.
pub(super) fn tell_missing(
    missing: &[(Utf8PathBuf, ReadError)],
    input: &InputArgs,
    tree: &dyn Tree,
) -> Exit {
    for (path, error) in missing {
        let failure = Failure::input(format!("cannot read `{path}`: {error}"));
        let help = match error {
            ReadError::Missing => instead_of(path, input, tree),
            ReadError::TooLarge { .. } => "raise `--max-file-size`, or name another file".into(),
            ReadError::PathNotUtf8 => "give it a name in UTF-8".into(),
            ReadError::Io(_) => {
                "make it readable for the user who runs this, or name another".into()
            }
        };
        failure.with_help(help).print();
    }
    Exit::Input
}

/// What to name instead of a path at which nothing stands.
fn instead_of(path: &Utf8Path, input: &InputArgs, tree: &dyn Tree) -> String {
    if input.paths.is_empty() {
        return "`paths` in the config file names it; correct it there".to_owned();
    }
    if Cli::command().find_subcommand(path.as_str()).is_some() {
        return format!("a command comes before flags and paths: `mtls-lint {path} …`");
    }
    if let Some(near) = beside(&input.home.inside(path), tree) {
        return format!("did you mean `{}`?", input.home.shown(&near));
    }
    if let Some(command) = command(path.as_str()) {
        return format!("it is no command either; did you mean `mtls-lint {command}`?");
    }
    "paths are looked up from the folder that this runs in; `mtls-lint --help` lists the commands"
        .to_owned()
}

/// What stands in the same folder under nearly the same name.
fn beside(path: &Utf8Path, tree: &dyn Tree) -> Option<Utf8PathBuf> {
    let name = path.file_name()?;
    let folder = path.parent()?;
    let entries = tree.list(folder, &mut |_| false);
    let entries = entries.into_iter().filter_map(Result::ok);
    let names: Vec<String> = entries
        .filter_map(|entry| entry.path.file_name().map(str::to_owned))
        .collect();
    let near = nearest(name, names.iter().map(String::as_str))?;
    Some(folder.join(near))
}

/// The command that a word stands for.
fn command(word: &str) -> Option<String> {
    let known = WORDS_OF_OTHERS.iter().find(|(other, _)| *other == word);
    if let Some((_, command)) = known {
        return Some((*command).to_owned());
    }
    let cli = Cli::command();
    let names = cli.get_subcommands().map(clap::Command::get_name);
    nearest(word, names).map(str::to_owned)
}

/// Whether a run had nothing to look at: no file, and no more than blanks on standard input.
pub(super) fn is_void(request: &Request, summary: &Summary) -> bool {
    summary.files == 0 || is_empty_stream(request)
}

/// Whether standard input is all that is read, and holds nothing.
fn is_empty_stream(request: &Request) -> bool {
    let stdin = request.stdin.as_ref();
    request.paths.is_empty() && stdin.is_some_and(|bytes| bytes.trim_ascii().is_empty())
}

/// The failure of a run that had nothing to look at.
pub(super) fn nothing_checked(args: &InputArgs, request: &Request, summary: &Summary) -> Failure {
    if is_empty_stream(request) {
        return Failure::input("nothing to check: standard input is empty")
            .with_help("see whether the program before the `|` failed");
    }
    let names: Vec<String> = request
        .paths
        .iter()
        .map(|path| format!("`{}`", args.home.shown(path)))
        .collect();
    let place = if names.is_empty() {
        "standard input".to_owned()
    } else {
        names.join(", ")
    };
    let (why, help) = reason(summary);
    Failure::input(format!("nothing to check in {place}: {why}")).with_help(help)
}

/// Why there is nothing to look at, and what to do.
fn reason(summary: &Summary) -> (String, &'static str) {
    let unread = match summary.unread.as_slice() {
        [] => None,
        [Unread { path, reason, .. }] => Some(format!("`{path}` was not read: {reason}")),
        many => Some(format!(
            "{} could not be read",
            counted(many.len(), "input")
        )),
    };
    if let Some(why) = unread {
        return (why, "repair it, or name a folder with other manifests");
    }
    if let [first, others @ ..] = summary.left_out.as_slice() {
        let more = match others.len() {
            0 => String::new(),
            count => format!(", and {count} more are left out too"),
        };
        let why = format!(
            "`{}` is left out, because {}{more}",
            first.path, first.reason
        );
        let help = match first.reason.as_str() {
            EXCLUDED => "change the globs of `--exclude` or of `exclude` in the config file",
            IGNORED => "name it to read it, or pass `--no-gitignore`",
            _ => "name a folder with manifests",
        };
        return (why, help);
    }
    (
        "no file there is named like a manifest (`*.yaml`, `*.yml`, `*.json`)".to_owned(),
        "name a folder with manifests",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_other_tools_lead_to_commands_that_there_are() {
        let cli = Cli::command();
        for (word, command) in WORDS_OF_OTHERS {
            let name = command.split(' ').next().unwrap_or_default();
            let is_flag = name == "--version";
            assert!(is_flag || cli.find_subcommand(name).is_some(), "{word}");
            assert!(cli.find_subcommand(word).is_none(), "{word}");
        }
    }

    #[test]
    fn a_misspelt_command_is_recognised() {
        assert_eq!(command("chek").as_deref(), Some("check"));
        assert_eq!(command("matrx").as_deref(), Some("matrix"));
        assert_eq!(command("apps/web"), None);
    }
}
