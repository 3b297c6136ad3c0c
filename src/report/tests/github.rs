//! Workflow commands, as the runner of GitHub reads them.

use super::sample::sample;
use super::{STYLE, rendered};
use crate::report::Format;

/// A command: its name, its properties, its message.
#[derive(Debug)]
struct Command {
    name: String,
    properties: Vec<(String, String)>,
    message: String,
}

/// A line as the runner takes it apart; none if it is no command.
fn command(line: &str) -> Option<Command> {
    let (head, message) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let properties = properties.split(',').filter_map(|it| it.split_once('='));
    Some(Command {
        name: name.to_owned(),
        properties: properties
            .map(|(key, value)| (key.to_owned(), property(value)))
            .collect(),
        message: data(message),
    })
}

/// A message as the runner decodes it.
fn data(text: &str) -> String {
    text.replace("%0D", "\r")
        .replace("%0A", "\n")
        .replace("%25", "%")
}

/// A property as the runner decodes it.
fn property(text: &str) -> String {
    let text = text.replace("%0D", "\r").replace("%0A", "\n");
    let text = text.replace("%3A", ":").replace("%2C", ",");
    text.replace("%25", "%")
}

#[test]
fn the_runner_reads_every_finding_with_its_place() {
    let report = sample();
    let text = rendered(&report, Format::Github, STYLE);
    let commands: Vec<Command> = text.lines().filter_map(command).collect();
    assert_eq!(commands.len(), report.diagnostics.len());
    for command in &commands {
        assert!(["error", "warning", "notice"].contains(&command.name.as_str()));
        let keys: Vec<&str> = command.properties.iter().map(|(key, _)| &**key).collect();
        let expected: [&[&str]; 3] = [
            &["file", "line", "endLine", "col", "endColumn", "title"],
            &["file", "line", "title"],
            &["title"],
        ];
        assert!(expected.contains(&keys.as_slice()), "{keys:?}");
    }
    let file = |command: &Command| {
        let mut properties = command.properties.iter();
        let file = properties.find(|(key, _)| key == "file");
        file.map(|(_, path)| path.clone())
    };
    let mut files: Vec<String> = commands.iter().filter_map(file).collect();
    files.sort();
    assert_eq!(files[0], "::error::a b,c/gone.yaml");
    assert!(files.contains(&"mesh/default rule.yaml".to_owned()));
}

#[test]
fn the_runner_reads_messages_of_several_lines_and_percent_signs() {
    let text = rendered(&sample(), Format::Github, STYLE);
    let commands: Vec<Command> = text.lines().filter_map(command).collect();
    let first: Vec<&str> = commands[0].message.lines().collect();
    assert_eq!(first[1], "no `tls` here");
    assert_eq!(
        first.last(),
        Some(&"fix (safe): add `tls: {mode: ISTIO_MUTUAL}`")
    );
    assert!(commands.iter().any(|it| it.message.contains("100%: odd")));
}
