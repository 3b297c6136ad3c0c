//! `mtls-lint config`: the settings in force with where each comes from, and what a config file may hold.

use std::fmt::Write as _;
use std::io::{self, Write};

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::args::RuleSelectionArgs;
use super::failure::{Exit, Failure};
use super::input::InputArgs;
use super::output::{harmless, to_stdout};
use super::selection::check_names;
use crate::baseline::{self, DEFAULT_PATH};
use crate::config::{self, Config, FailOn, Lines};
use crate::mesh::SYSTEM_NAMESPACES;
use crate::source::tree::Tree;

/// The subcommands of `config`.
#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    /// What to do.
    #[command(subcommand)]
    command: ConfigCommand,
}

/// What to do with the settings.
#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print the settings in force and where each comes from
    Show(Box<ShowArgs>),
    /// Print the JSON Schema of the config file, for editors
    Schema,
}

/// The flags of `config show`: those of `check` that a config file has too.
#[derive(Debug, Args)]
struct ShowArgs {
    /// What to read and to assume.
    #[command(flatten)]
    input: InputArgs,
    /// Which rules run.
    #[command(flatten)]
    rules: RuleSelectionArgs,
    /// The file of the baseline
    #[arg(long, value_name = "FILE", help_heading = "Baseline")]
    baseline: Option<Utf8PathBuf>,
    /// Fail on findings of this severity and above
    #[arg(long, value_name = "SEVERITY", help_heading = "Exit status")]
    fail_on: Option<FailOn>,
}

/// Runs a subcommand of `config`.
pub(super) fn run(args: ConfigArgs) -> Result<Exit, Failure> {
    match args.command {
        ConfigCommand::Show(mut args) => {
            let tree = args.input.settle();
            let text = harmless(&show(&args, &tree)?);
            to_stdout(|out| out.write_all(text.as_bytes()))?;
        }
        ConfigCommand::Schema => to_stdout(write_schema)?,
    }
    Ok(Exit::Success)
}

fn write_schema(out: &mut dyn Write) -> io::Result<()> {
    let schema = serde_json::to_string_pretty(&config::schema())?;
    writeln!(out, "{schema}")
}

/// A flag that counts beside a key of the config file.
struct Flag {
    key: &'static str,
    name: &'static str,
    value: Value,
    /// Whether it is added to what the config file says, instead of replacing it.
    adds: bool,
}

/// The flags that are given.
fn flags(args: &ShowArgs) -> Vec<Flag> {
    let mesh = &args.input.mesh;
    let list = |key, name, values: &[String], adds| Flag {
        key,
        name,
        value: if values.is_empty() {
            Value::Null
        } else {
            json!(values)
        },
        adds,
    };
    let one = |key, name, value: Value| Flag {
        key,
        name,
        value,
        adds: false,
    };
    let paths: Vec<String> = args.input.paths.iter().map(ToString::to_string).collect();
    let flags = [
        list("paths", "the command line", &paths, false),
        list("exclude", "--exclude", &args.input.exclude, true),
        list("assume", "--assume", &mesh.assume, true),
        one(
            "istio-version",
            "--istio-version",
            json!(mesh.istio_version),
        ),
        one("auto-mtls", "--auto-mtls", json!(mesh.auto_mtls)),
        one(
            "root-namespace",
            "--root-namespace",
            json!(mesh.root_namespace),
        ),
        list("select", "--select", &args.rules.select, false),
        list("ignore", "--ignore", &args.rules.ignore, true),
        one("baseline", "--baseline", json!(args.baseline)),
        one("fail-on", "--fail-on", json!(args.fail_on)),
    ];
    let given = flags.into_iter().filter(|flag| !flag.value.is_null());
    given.collect()
}

/// The settings in force as a config file, each with where it comes from as a comment.
fn show(args: &ShowArgs, tree: &dyn Tree) -> Result<String, Failure> {
    check_names(&args.rules)?;
    let path = args.input.config_path(tree)?;
    let shown = path.as_deref().map(|path| args.input.home.shown(path));
    let shown = shown.unwrap_or_default();
    let (config, file) = match &path {
        Some(path) => {
            let lines = config::lines(tree, path)?;
            (args.input.config(tree)?, Some((shown.as_path(), lines)))
        }
        None => (Config::default(), None),
    };
    let mut text = header(path.as_ref().map(|_| shown.as_path()), args.input.isolated);
    let has_baseline = !args.input.isolated
        && baseline::exists(tree, &args.input.home.beside_config(DEFAULT_PATH));
    let settings = serde_json::to_value(&config).expect("settings are text, numbers and lists");
    let flags = flags(args);
    for (key, value) in settings.as_object().into_iter().flatten() {
        let flag = flags.iter().find(|flag| flag.key == key);
        let from_file = FromFile {
            key,
            file: file.as_ref(),
        };
        match (flag, value) {
            (Some(flag), _) if !flag.adds => {
                push(&mut text, key, &flag.value, |_| flag.name.into());
            }
            (None, value) if is_unset(value) => push_default(&mut text, key, value, has_baseline),
            (None, value) => push(&mut text, key, value, |part| from_file.origin(part)),
            (Some(flag), value) => {
                let mut items = value.as_array().cloned().unwrap_or_default();
                let count = items.len();
                items.extend(flag.value.as_array().cloned().unwrap_or_default());
                push(&mut text, key, &Value::Array(items), |part| match part {
                    Part::Item(index) if index >= count => flag.name.into(),
                    Part::Whole | Part::Item(_) | Part::Member(_) => from_file.origin(part),
                });
            }
        }
    }
    Ok(text)
}

/// Which config file counts.
fn header(path: Option<&Utf8Path>, is_isolated: bool) -> String {
    match path {
        Some(path) => format!("# config file: {}\n", one_line(path.as_str())),
        None if is_isolated => "# no config file: --isolated\n".to_owned(),
        None => format!("# no config file: none of {}\n", config::NAMES.join(", ")),
    }
}

/// A part of a setting that has a line of its own.
#[derive(Clone, Copy)]
enum Part<'a> {
    Whole,
    Item(usize),
    Member(&'a str),
}

/// A setting of the config file.
struct FromFile<'a> {
    key: &'a str,
    file: Option<&'a (&'a Utf8Path, Lines)>,
}

impl FromFile<'_> {
    /// The file and line of a part.
    fn origin(&self, part: Part<'_>) -> String {
        let Some((path, lines)) = self.file else {
            return "default".to_owned();
        };
        let line = match part {
            Part::Whole => lines.key(self.key),
            Part::Item(index) => lines.item(self.key, index),
            Part::Member(name) => lines.member(self.key, name),
        };
        let path = one_line(path.as_str());
        line.map_or_else(|| path.clone(), |line| format!("{path}:{line}"))
    }
}

/// Whether nobody said anything.
fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Pushes a setting that nobody made.
fn push_default(text: &mut String, key: &str, value: &Value, has_baseline: bool) {
    let (value, why) = match key {
        "istio-version" | "auto-mtls" | "root-namespace" => {
            (Value::Null, "default: as the manifests say")
        }
        "paths" => (json!(["."]), "default"),
        "cluster-domain" => (Value::Null, "default: `cluster.local`"),
        "system-namespaces" => (json!(SYSTEM_NAMESPACES), "default"),
        "meshes" => (json!([]), "default: as `mtls-lint meshes` says"),
        "select" => (json!([]), "default: all rules"),
        "fail-on" => (json!(FailOn::default()), "default"),
        "baseline" if has_baseline => (json!(DEFAULT_PATH), "default: it exists"),
        _ => (value.clone(), "default"),
    };
    push_line(text, &format!("{key}: {value}"), why);
}

/// Pushes a setting, a line for each part that may come from elsewhere.
fn push<'v>(text: &mut String, key: &str, value: &'v Value, origin: impl Fn(Part<'v>) -> String) {
    match value {
        Value::Array(items) => {
            writeln!(text, "{key}:").expect("a String takes any text");
            for (index, item) in items.iter().enumerate() {
                push_line(text, &format!("  - {item}"), &origin(Part::Item(index)));
            }
        }
        Value::Object(members) => {
            writeln!(text, "{key}:").expect("a String takes any text");
            for (name, member) in members {
                let line = format!("  {name}: {member}");
                push_line(text, &line, &origin(Part::Member(name)));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            push_line(text, &format!("{key}: {value}"), &origin(Part::Whole));
        }
    }
}

fn push_line(text: &mut String, line: &str, origin: &str) {
    writeln!(text, "{line}  # {origin}").expect("a String takes any text");
}

/// A path without what would end a comment.
fn one_line(path: &str) -> String {
    path.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::{Cli, Command};
    use crate::engine::Request;
    use crate::source::tree::Memory;

    fn args(arguments: &[&str]) -> ShowArgs {
        let arguments = ["mtls-lint", "config", "show"].iter().chain(arguments);
        let cli = Cli::try_parse_from(arguments).expect("the arguments are valid");
        match cli.command {
            Some(Command::Config(config)) => match config.command {
                ConfigCommand::Show(args) => *args,
                ConfigCommand::Schema => panic!("it is `show`"),
            },
            _ => panic!("it is `config`"),
        }
    }

    fn shown(text: &str, arguments: &[&str]) -> String {
        let tree = Memory::new([("mtls-lint.yaml", text)]);
        show(&args(arguments), &tree).expect("the settings are valid")
    }

    /// What is read and assumed with a config file and flags.
    fn request(text: &str, arguments: &[&str]) -> Request {
        let config = config::parse("c.yaml".into(), text).expect("it is a config file");
        let args = args(arguments);
        let mut request = args.input.request(&config).expect("nothing is read");
        crate::cli::selection::select(&args.rules, &config, &mut request).expect("the rules exist");
        request
    }

    const CONFIG: &str = "\
exclude: [a, b]
istio-version: 1.20
meshes:
- name: prod
  roots: [apps/prod]
rules:
  unread-input: {}
ignore:
- unread-input
fail-on: error
";

    #[test]
    fn each_setting_says_where_it_comes_from() {
        let flags = ["--exclude=c", "--auto-mtls=false", "--fail-on=note"];
        insta::assert_snapshot!(shown(CONFIG, &flags), @r#"
        # config file: mtls-lint.yaml
        paths: ["."]  # default
        exclude:
          - "a"  # mtls-lint.yaml:1
          - "b"  # mtls-lint.yaml:1
          - "c"  # --exclude
        assume: []  # default
        istio-version: "1.20"  # mtls-lint.yaml:2
        auto-mtls: false  # --auto-mtls
        root-namespace: null  # default: as the manifests say
        cluster-domain: null  # default: `cluster.local`
        system-namespaces: ["istio-system","kube-system","kube-public","kube-node-lease","local-path-storage"]  # default
        extend-system-namespaces: []  # default
        meshes:
          - {"name":"prod","roots":["apps/prod"],"shared":[],"root-namespace":null,"cluster-domain":null,"vars":{}}  # mtls-lint.yaml:4
        rules:
          unread-input: {}  # mtls-lint.yaml:7
        select: []  # default: all rules
        ignore:
          - "unread-input"  # mtls-lint.yaml:9
        overrides: []  # default
        baseline: null  # default
        fail-on: "note"  # --fail-on
        "#);
    }

    #[test]
    fn what_is_shown_is_a_config_file_with_the_same_effect() {
        let table: [&[&str]; 3] = [
            &[],
            &[
                "--exclude=c",
                "--select=unread-input",
                "--ignore=patch-drops-tls",
            ],
            &[
                "--istio-version=1.26",
                "--root-namespace=mesh",
                "--assume=preset:strict",
            ],
        ];
        for flags in table {
            let shown = shown(CONFIG, flags);
            assert_eq!(request(&shown, &[]), request(CONFIG, flags), "{shown}");
        }
    }

    #[test]
    fn an_isolated_run_has_defaults_alone() {
        let shown = shown(CONFIG, &["--isolated"]);
        assert!(
            shown.starts_with("# no config file: --isolated\n"),
            "{shown}"
        );
        assert_eq!(request(&shown, &[]), request("", &[]));
    }
}
