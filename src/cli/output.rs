//! Standard output and report files.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};

use super::environment::is_step_summary;
use super::failure::Failure;
use crate::report::{Format, UnknownFormat, inert, visible};
use crate::rule::{did_you_mean, nearest};

/// Where a report goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Standard output, `-`.
    Stdout,
    /// A file.
    File(Utf8PathBuf),
}

/// A report to write: `FORMAT=PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OutputSpec {
    /// The format.
    pub(super) format: Format,
    /// Where it goes.
    pub(super) target: Target,
}

impl OutputSpec {
    /// Whether a person sees the report as it is, beside what stands on standard error.
    pub(super) fn is_read_by_people(&self) -> bool {
        let is_text = matches!(
            self.format,
            Format::Pretty | Format::Concise | Format::Github
        );
        is_text && self.target == Target::Stdout
    }
}

impl FromStr for OutputSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, path) = text
            .split_once('=')
            .filter(|(_, path)| !path.is_empty())
            .ok_or("expected FORMAT=PATH, such as `sarif=results.sarif`")?;
        let format = parse_format(format)?;
        let target = match path {
            "-" => Target::Stdout,
            path => Target::File(path.into()),
        };
        Ok(Self { format, target })
    }
}

/// The format of a name.
pub(super) fn parse_format(name: &str) -> Result<Format, String> {
    let names = Format::ALL.map(Format::as_str);
    name.parse().map_err(|error: UnknownFormat| {
        let near = did_you_mean(nearest(name, names));
        let end = if near.is_empty() { ";" } else { "" };
        format!("{error}{near}{end} expected {}", names.join(", "))
    })
}

/// Writes to standard output, buffered and locked. A reader that has enough is no failure.
pub(super) fn to_stdout(
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::usage(format!(
            "cannot write to standard output: {error}"
        ))),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes to a file, which is created or replaced; the summary of a workflow step is appended to.
#[expect(
    clippy::disallowed_methods,
    reason = "this is where reports are written"
)]
pub(super) fn to_file(
    path: &Utf8Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let file = if is_step_summary(path) {
        File::options().append(true).create(true).open(path)
    } else {
        File::create(path)
    };
    file.and_then(|file| {
        let mut out = BufWriter::new(file);
        write(&mut out)?;
        out.flush()
    })
    .map_err(|error| {
        let help = match error.kind() {
            ErrorKind::NotFound => "the folder of the file must exist; make it first",
            ErrorKind::IsADirectory => "name a file in that folder",
            _ => "name a file that can be written",
        };
        Failure::usage(format!("cannot write `{path}`: {error}")).with_help(help)
    })
}

/// The files that standard output and standard error are sent to, where they are files and the system says which.
#[expect(
    clippy::disallowed_methods,
    reason = "no manifest is read: it is about where reports go"
)]
pub(super) fn redirected() -> Vec<Utf8PathBuf> {
    let streams = ["/dev/stdout", "/dev/stderr"].map(|stream| fs::canonicalize(stream).ok());
    let files = streams.into_iter().flatten();
    files
        .filter(|path| path.is_file())
        .filter_map(|path| Utf8PathBuf::from_path_buf(path).ok())
        .collect()
}

/// Writes a line to standard error. That this fails is nothing a program could tell anybody.
pub(super) fn note(line: &str) {
    drop(writeln!(io::stderr().lock(), "{}", harmless(line)));
}

/// Text that cannot send codes to a terminal or reorder what stands there, nor commands to a workflow runner.
pub(super) fn harmless(text: &str) -> String {
    inert(&visible(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_is_a_format_and_a_path() {
        let spec: OutputSpec = "sarif=a=b.sarif".parse().expect("the output is valid");
        assert_eq!(spec.format, Format::Sarif);
        assert_eq!(spec.target, Target::File("a=b.sarif".into()));
    }

    #[test]
    fn a_dash_is_standard_output() {
        let spec: OutputSpec = "json=-".parse().expect("the output is valid");
        assert_eq!(spec.target, Target::Stdout);
    }

    #[test]
    fn an_output_without_path_or_with_an_unknown_format_is_refused() {
        for text in ["sarif", "sarif=", "=a", "xml=a"] {
            assert!(text.parse::<OutputSpec>().is_err(), "{text}");
        }
    }

    #[test]
    fn terminal_codes_are_made_harmless() {
        assert_eq!(
            harmless("a\u{1b}[31m\u{9b}b\tc\n"),
            "a\u{fffd}[31m\u{fffd}b\tc\n"
        );
    }

    #[test]
    fn commands_of_workflows_are_made_harmless() {
        assert_eq!(harmless("a\n::error::b ##[c]"), "a\n\\::error::b ##\\[c]");
    }
}
