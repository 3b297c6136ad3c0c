//! `mtls-lint init`: a config file to start from, with what the repository already says.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use camino::Utf8PathBuf;
use clap::Args;
use serde_json::json;

use super::failure::{Exit, Failure};
use super::home::Home;
use super::output::{harmless, to_stdout};
use crate::config;
use crate::engine::{self, Analysis, Request};
use crate::gitops::{Basis, Deployment, MeshScope};
use crate::source::tree::Tree;

/// The flags of `init`.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Replace a config file that exists
    #[arg(long)]
    force: bool,
}

/// Writes the file.
#[expect(
    clippy::disallowed_methods,
    reason = "this is where the config file is written"
)]
pub(super) fn run(args: &InitArgs, tree: &dyn Tree) -> Result<Exit, Failure> {
    let home = Home::find();
    let there = config::discover(&home.tree())?;
    if let Some(path) = there.as_deref().filter(|_| !args.force) {
        let path = home.shown(path);
        let force = if home.is_here() {
            "`--force` replaces the file"
        } else {
            "`--force` writes one that counts in this folder in its place"
        };
        return Err(
            Failure::usage(format!("the config file `{path}` exists")).with_help(format!(
                "`mtls-lint config show` prints what is in force; {force}"
            )),
        );
    }
    let first = || {
        config::NAMES
            .first()
            .map_or_else(Utf8PathBuf::new, Into::into)
    };
    let path = there.filter(|_| home.is_here()).unwrap_or_else(first);
    let request = Request {
        paths: vec![".".into()],
        ..Request::default()
    };
    let analysis = engine::analyse(&request, tree)?;
    fs::write(&path, starter(&analysis)).map_err(|error| {
        Failure::usage(format!("cannot write `{path}`: {error}"))
            .with_help("run it in a folder that can be written to")
    })?;
    let told = format!(
        "wrote {path}; a setting in it counts when the `#` before it is taken away\n\
         next: `mtls-lint` lints the repository, `mtls-lint baseline write` accepts what it finds today\n"
    );
    to_stdout(|out| out.write_all(harmless(&told).as_bytes()))?;
    Ok(Exit::Success)
}

/// The config file for a repository: settings behind `#`, words behind `#` and a blank.
fn starter(analysis: &Analysis) -> String {
    let mut text = format!(
        "# yaml-language-server: $schema={}\n\
         # Settings of mtls-lint. `mtls-lint config show` prints those in force, `mtls-lint config schema` all there are.\n\
         \n\
         # What to read where the command line names nothing, and paths to leave out, as globs.\n\
         #paths: [\".\"]\n\
         #exclude: [\"vendor/**\"]\n\
         \n",
        config::SCHEMA_URL
    );
    text.push_str(&version(analysis));
    text.push_str(
        "\n\
         # What the cluster has and the repository has not: files with objects, or presets.\n\
         #assume: [\"preset:strict\"]\n\
         \n\
         # Whether clients send mutual TLS by themselves, and where mesh-wide policies stand, where the manifests do not say it.\n\
         #auto-mtls: true\n\
         #root-namespace: istio-system\n\
         \n\
         # Namespaces of the cluster and the mesh themselves, beside those that are known as such: nobody is told about them.\n\
         #extend-system-namespaces: [monitoring]\n\
         \n",
    );
    text.push_str(&meshes(&analysis.deployment));
    text.push_str(
        "\n\
         # Rules that do not run, which `mtls-lint rules` lists, and exceptions that hide some findings of a rule.\n\
         #ignore:\n\
         #  - mtls-to-external-host\n\
         #  - rule: tls-disabled-in-mesh\n\
         #    path: apps/legacy/**  # or kind, namespace, name, mesh\n\
         #    reason: no sidecar yet\n\
         #    expires: 2030-12-31\n\
         \n\
         # How bad the findings of a rule are: error, warning, note or off; and what differs in some paths.\n\
         #rules:\n\
         #  partly-qualified-host: note\n\
         #overrides:\n\
         #  - paths: [\"staging/**\"]\n\
         #    rules: {tls-disabled-in-mesh: warning}\n\
         \n\
         # The least severity that makes a run fail: error, warning, note or never.\n\
         #fail-on: warning\n\
         \n\
         # Where `mtls-lint baseline write` puts the findings that are accepted for now.\n\
         #baseline: .mtls-lint-baseline.json\n",
    );
    harmless(&text)
}

/// The version of Istio, and how it is known.
fn version(analysis: &Analysis) -> String {
    let mut text = "# The version of Istio.".to_owned();
    let mut facts: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for mesh in &analysis.meshes {
        let fact = &mesh.config.version.fact;
        let place = fact.place.filter(|place| !place.is_assumed()).map(|place| {
            let file = analysis.sources.file(place.span.file);
            let line = file.position(place.span.start as usize).line;
            format!(" ({}:{line})", file.path())
        });
        let words = format!("{}{}", fact.text, place.unwrap_or_default());
        facts.entry(comment(&words)).or_default().push(mesh.name());
    }
    let is_one = facts.len() == 1;
    for (words, names) in &facts {
        let names = if is_one {
            String::new()
        } else {
            format!("{}: ", comment(&names.join(", ")))
        };
        write!(text, "\n# Here: {names}{words}.").expect("a String takes any text");
    }
    let version = analysis
        .meshes
        .first()
        .map(|mesh| mesh.config.version.value);
    if let Some(version) = version {
        write!(text, "\n#istio-version: \"{version}\"").expect("a String takes any text");
    }
    text + "\n"
}

/// The meshes that were found, as settings where nothing declares them.
fn meshes(deployment: &Deployment) -> String {
    let scopes = &deployment.meshes;
    let names: Vec<String> = scopes
        .iter()
        .map(|mesh| format!("`{}`", mesh.name))
        .collect();
    let names = comment(&names.join(", "));
    let basis = scopes.iter().map(|mesh| mesh.basis).min();
    match basis {
        Some(Basis::Collision) => {
            let mut text = format!(
                "# Meshes. Directories define the same objects, so they are taken for {names}. Take this up if it is right:\n\
                 #meshes:\n"
            );
            for mesh in scopes {
                text.push_str(&settings(mesh, deployment));
            }
            text
        }
        Some(Basis::Cd | Basis::Configured) => format!(
            "# Meshes. The clusters of the CD tool are {names}; name meshes only if that is wrong:\n{EXAMPLE}"
        ),
        Some(Basis::Single) | None => {
            format!(
                "# Meshes. Everything is taken for one; if there are several, name them:\n{EXAMPLE}"
            )
        }
    }
}

/// Meshes as settings, where the repository has no better ones.
const EXAMPLE: &str = "\
#meshes:
#  - name: prod
#    roots: [clusters/prod]
#    shared: [platform]
";

/// A mesh as a setting: what is in it alone, and what it shares.
fn settings(mesh: &MeshScope, deployment: &Deployment) -> String {
    let is_in_others = |unit: &usize| {
        let mut others = deployment.meshes.iter().filter(|other| *other != mesh);
        others.any(|other| other.units.contains(unit))
    };
    let (shared, own): (Vec<usize>, Vec<usize>) =
        mesh.units.iter().partition(|unit| is_in_others(unit));
    let directories = |units: Vec<usize>| {
        let units = units
            .into_iter()
            .filter_map(|unit| deployment.units.get(unit));
        json!(units.map(|unit| &*unit.name).collect::<Vec<_>>())
    };
    let mut text = format!(
        "#  - name: {}\n#    roots: {}\n",
        json!(mesh.name),
        directories(own)
    );
    if !shared.is_empty() {
        writeln!(text, "#    shared: {}", directories(shared)).expect("a String takes any text");
    }
    text
}

/// Words that stay in their comment.
fn comment(words: &str) -> String {
    words.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::config::Config;
    use crate::source::tree::Memory;

    fn analysed(files: &[(&str, &str)], request: Request) -> Analysis {
        let request = Request {
            paths: vec![".".into()],
            ..request
        };
        engine::analyse(&request, &Memory::new(files.iter().copied())).expect("the run is sound")
    }

    fn written(files: &[(&str, &str)]) -> String {
        starter(&analysed(files, Request::default()))
    }

    /// A starter with all its settings taken up.
    fn taken_up(text: &str) -> String {
        let lines = text.lines().map(|line| match line.strip_prefix('#') {
            Some(setting) if !setting.starts_with(' ') || setting.starts_with("  ") => setting,
            Some(_) | None => line,
        });
        lines.flat_map(|line| [line, "\n"]).collect()
    }

    fn parsed(text: &str) -> Config {
        config::parse(Utf8Path::new("mtls-lint.yaml"), text)
            .unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    const SERVICE: &str = "\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{port: 80}]}
";

    const RULE: &str = "\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec: {host: web}
";

    #[test]
    fn a_starter_changes_nothing_until_it_is_edited() {
        assert_eq!(parsed(&written(&[("a.yaml", SERVICE)])), Config::default());
    }

    #[test]
    fn every_setting_of_a_starter_can_be_taken_up() {
        let config = parsed(&taken_up(&written(&[])));
        assert_eq!(config.exclude, ["vendor/**"]);
        assert_eq!(config.meshes.len(), 1);
        assert!(config.istio_version.is_some());
        assert!(config.baseline.is_some());
        assert_eq!(config.paths, ["."]);
        assert_eq!(config.levels().len(), 1);
        assert_eq!(config.overrides.len(), 1);
        assert!(config.system_namespaces().is_some());
    }

    #[test]
    fn an_editor_is_told_the_schema_in_the_first_line() {
        let text = written(&[]);
        let first = text.lines().next();
        let expected = format!("# yaml-language-server: $schema={}", config::SCHEMA_URL);
        assert_eq!(first, Some(&*expected));
    }

    #[test]
    fn meshes_that_are_guessed_become_settings_with_the_same_meshes() {
        let files = [
            ("prod/web.yaml", SERVICE),
            ("staging/web.yaml", SERVICE),
            ("rules/web.yaml", RULE),
        ];
        let before = analysed(&files, Request::default());
        let config = parsed(&taken_up(&starter(&before)));
        let request = Request {
            meshes: config
                .meshes
                .iter()
                .map(config::MeshSettings::configured)
                .collect(),
            ..Request::default()
        };
        let after = analysed(&files, request);
        let scopes = |analysis: &Analysis| {
            let scopes = analysis.deployment.meshes.iter();
            let scopes = scopes.map(|mesh| {
                let mut units = mesh.units.clone();
                units.sort_unstable();
                (mesh.name.clone(), units)
            });
            scopes.collect::<Vec<_>>()
        };
        assert_eq!(scopes(&before).len(), 2);
        assert_eq!(scopes(&after), scopes(&before));
    }

    #[test]
    fn a_version_that_the_manifests_state_is_named_with_its_place() {
        let pod = "\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
  - {name: istio-proxy, image: 'docker.io/istio/proxyv2:1.20.3'}
";
        let text = written(&[("web.yaml", pod)]);
        assert!(text.contains("(web.yaml:6)"), "{text}");
        assert!(text.contains("#istio-version: \"1.20.3\"\n"), "{text}");
    }
}
