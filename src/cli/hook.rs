//! `check --hook`: lints what Git is about to commit, or what is pushed, in place of the files on disk.

use camino::{Utf8Path, Utf8PathBuf};

use super::args::CheckArgs;
use super::check;
use super::environment::{Environment, git_index_file, pre_commit_range};
use super::failure::{Exit, Failure};
use super::output::{Target, note};
use crate::diagnostic::Severity;
use crate::engine::{self, Request};
use crate::gitops::is_kustomization_file;
use crate::report::Format;
use crate::source::tree::{
    GitIndex, GitRevision, IndexFile, Tree, changes_between, staged_changes,
};

/// The working directory.
const HERE: &str = "";

/// How many bytes of a kustomization are looked at for names; a larger one may name anything.
const KUSTOMIZATION_SIZE: u64 = 1 << 20;

/// How many untracked files are named.
const UNTRACKED: usize = 3;

/// Runs `check --hook`.
pub(super) fn run(mut args: CheckArgs, environment: Environment) -> Result<Exit, Failure> {
    let is_plain = settle(&mut args);
    let exit = match pre_commit_range() {
        Some((from, to)) => check_revision(&args, &from, &to, environment)?,
        None => check_index(&args, environment)?,
    };
    if is_plain && exit == Exit::Findings {
        note("`mtls-lint check --hook --format pretty` shows why, and what to do");
    }
    Ok(exit)
}

/// Sets what a hook is given unless the user says otherwise: one line a finding, and no failure where nothing is left to
/// check. Whether there is more to say than findings, in the hook's own format.
fn settle(args: &mut CheckArgs) -> bool {
    args.exit.allow_empty = true;
    let output = &mut args.output;
    let takes_stdout = output.outputs.iter().any(|it| it.target == Target::Stdout);
    let is_own = output.format.is_none() && !takes_stdout && !output.is_silent();
    if is_own {
        output.format = Some(Format::Concise);
    }
    is_own && !output.is_quiet()
}

/// Lints the index.
fn check_index(args: &CheckArgs, environment: Environment) -> Result<Exit, Failure> {
    let file = match git_index_file() {
        Some(name) => IndexFile::named(Utf8Path::new(HERE), Utf8Path::new(&name))?,
        None => IndexFile::default(),
    };
    let changes = staged_changes(Utf8Path::new(HERE), &file)?;
    let index = GitIndex::open(args.input.home.root(), &file)?;
    if changes_nothing(&changes, args, &index) {
        return Ok(Exit::Success);
    }
    let exit = check::run(args, &index, environment)?;
    if !args.output.is_quiet() && matches!(exit, Exit::Success | Exit::Findings) {
        tell_untracked(args, &index)?;
    }
    Ok(exit)
}

/// Lints the revision that is pushed.
fn check_revision(
    args: &CheckArgs,
    from: &str,
    to: &str,
    environment: Environment,
) -> Result<Exit, Failure> {
    let tree = GitRevision::open(args.input.home.root(), to)?;
    // Where it starts may be unknown here, as on a branch that was pushed by force; then nothing can be left out.
    if let Ok(changes) = changes_between(Utf8Path::new(HERE), from, to)
        && changes_nothing(&changes, args, &tree)
    {
        return Ok(Exit::Success);
    }
    check::run(args, &tree, environment)
}

/// Whether something changes and nothing of it can matter. Where nothing changes at all, everything is meant: that is
/// how `pre-commit run --all-files` looks from here.
fn changes_nothing(changes: &[Utf8PathBuf], args: &CheckArgs, tree: &dyn Tree) -> bool {
    let matters = |path: &Utf8PathBuf| can_matter(path) || is_argument(path, args);
    if changes.is_empty()
        || changes.iter().any(matters)
        || is_named_in_a_kustomization(changes, tree)
    {
        return false;
    }
    if args.output.verbose {
        note("nothing that changes is a manifest or is read by one; nothing was checked");
    }
    true
}

/// Whether an argument names a file.
fn is_argument(path: &Utf8Path, args: &CheckArgs) -> bool {
    let config = args.input.config.as_deref();
    let assumed = args.input.mesh.assume.iter().map(Utf8Path::new);
    // Paths are of the repository on one side and of the working directory on the other; the names tell enough.
    let mut named = config.into_iter().chain(assumed);
    named.any(|named| named.file_name() == path.file_name())
}

/// Whether a kustomization names one of some files, whatever its extension: a patch, a resource. The name of the file alone is
/// looked for, anywhere in the text, and a kustomization that cannot be read may name anything.
fn is_named_in_a_kustomization(files: &[Utf8PathBuf], tree: &dyn Tree) -> bool {
    let names: Vec<&str> = files.iter().filter_map(|path| path.file_name()).collect();
    let entries = tree.list(Utf8Path::new(HERE), &mut |_| true).into_iter();
    let kustomizations = entries.filter_map(Result::ok).map(|entry| entry.path);
    let mut kustomizations = kustomizations.filter(|path| is_kustomization_file(path));
    kustomizations.any(|path| {
        let text = tree.read(&path, KUSTOMIZATION_SIZE);
        text.map_or(true, |text| {
            let text = String::from_utf8_lossy(&text);
            names.iter().any(|name| text.contains(name))
        })
    })
}

/// Whether a file can be a manifest, a config file, a `.gitignore`, or what kustomize generates objects from. Names
/// without an extension are any of these.
pub(super) fn can_matter(path: &Utf8Path) -> bool {
    let Some(extension) = path.extension() else {
        return true;
    };
    let extension = extension.to_ascii_lowercase();
    matches!(
        extension.as_str(),
        "yaml" | "yml" | "json" | "tpl" | "tmpl" | "env" | "properties" | "conf" | "cfg" | "ini"
    )
}

/// Says which untracked manifests are left out, where the findings would be others with them.
fn tell_untracked(args: &CheckArgs, index: &GitIndex) -> Result<(), Failure> {
    let mut untracked = index.untracked()?;
    untracked.retain(|path| can_matter(path));
    if untracked.is_empty() {
        return Ok(());
    }
    let config = args.input.config(index)?;
    let request = check::request(args, &config)?;
    let with_them = index.with_untracked(&untracked)?;
    if findings(&request, index)? == findings(&request, &with_them)? {
        return Ok(());
    }
    let shown = untracked.iter().take(UNTRACKED);
    let mut names: Vec<String> = shown
        .map(|path| format!("`{}`", args.input.home.shown(&index.in_tree(path))))
        .collect();
    if untracked.len() > UNTRACKED {
        names.push(format!("{} more", untracked.len() - UNTRACKED));
    }
    note(&format!(
        "warning: the findings would be others with what Git does not track: {}; `git add` what belongs to the commit",
        names.join(", ")
    ));
    Ok(())
}

/// What is found in a tree, in an order that tells two answers apart.
fn findings(
    request: &Request,
    tree: &dyn Tree,
) -> Result<Vec<(&'static str, Severity, String)>, Failure> {
    let report = engine::lint(request, tree)?.report;
    let mut findings: Vec<_> = report
        .diagnostics
        .into_iter()
        .map(|finding| (finding.rule, finding.severity, finding.message))
        .collect();
    findings.sort();
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::Cli;
    use crate::source::tree::Memory;

    fn args(arguments: &[&str]) -> CheckArgs {
        let arguments = ["mtls-lint", "--hook"].iter().chain(arguments);
        let cli = Cli::try_parse_from(arguments).expect("the arguments are valid");
        cli.check
    }

    fn is_skipped(changes: &[&str], arguments: &[&str]) -> bool {
        let changes: Vec<Utf8PathBuf> = changes.iter().map(Utf8PathBuf::from).collect();
        let tree = Memory::new([(
            "b/kustomization.yaml",
            "patches: [{path: files/pool.patch}]",
        )]);
        changes_nothing(&changes, &args(arguments), &tree)
    }

    #[test]
    fn manifests_and_what_they_are_made_of_matter() {
        for path in [
            "a/b.yaml",
            "b.YML",
            "c.json",
            "Kustomization",
            ".gitignore",
            "mesh.properties",
            "files/mesh",
        ] {
            assert!(can_matter(Utf8Path::new(path)), "{path}");
        }
        for path in ["README.md", "src/main.rs", "a.yaml.d/logo.png"] {
            assert!(!can_matter(Utf8Path::new(path)), "{path}");
        }
    }

    #[test]
    fn one_change_that_matters_is_enough() {
        assert!(is_skipped(&["README.md"], &[]));
        assert!(!is_skipped(&["README.md", "a.yaml"], &[]));
    }

    #[test]
    fn what_a_kustomization_names_matters_whatever_its_name() {
        assert!(!is_skipped(&["b/files/pool.patch"], &[]));
        assert!(is_skipped(&["b/files/other.patch"], &[]));
    }

    #[test]
    fn nothing_changed_means_everything() {
        assert!(!is_skipped(&[], &[]));
    }

    #[test]
    fn a_config_file_that_is_named_matters_whatever_its_name() {
        assert!(!is_skipped(&["ci/lint.txt"], &["--config=ci/lint.txt"]));
        assert!(!is_skipped(&["ci/mesh.md"], &["--assume=./ci/mesh.md"]));
    }

    #[test]
    fn a_hook_prints_one_line_a_finding_unless_told_otherwise() {
        let table: [(&[&str], _, _); 5] = [
            (&[], Some(Format::Concise), true),
            (&["--format=json"], Some(Format::Json), false),
            (&["--output=sarif=-"], None, false),
            (&["--quiet"], Some(Format::Concise), false),
            (&["-qq"], None, false),
        ];
        for (arguments, format, is_plain) in table {
            let mut args = args(arguments);
            assert_eq!(settle(&mut args), is_plain, "{arguments:?}");
            assert_eq!(args.output.format, format, "{arguments:?}");
            assert!(args.exit.allow_empty);
        }
    }
}
