//! What to read and to assume: the flags that `check`, `matrix` and `trace` share, joined with the config file.

use std::io::{self, Read};

use camino::Utf8PathBuf;
use clap::Args;

use super::environment::{shows_progress, today};
use super::failure::{Exit, Failure};
use super::home::Home;
use super::nothing::{is_void, nothing_checked, tell_missing};
use super::output::note;
use super::progress::Line;
use crate::config::{self, Config, MeshSettings};
use crate::engine::{self, Analysis, DEFAULT_MAX_FILE_SIZE, Renderer, Request, Shown, Summary};
use crate::source::tree::{Tree, WorkTree};

/// The path that stands for standard input.
const STDIN: &str = "-";

/// What to read and to assume.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub(super) struct InputArgs {
    /// Files and folders to read; `-` reads a rendered stream from standard input [default: .]
    #[arg(value_name = "PATH", help_heading = None::<&'static str>)]
    pub(super) paths: Vec<Utf8PathBuf>,
    /// Leave out paths that match a glob
    #[arg(long, value_name = "GLOB")]
    pub(super) exclude: Vec<String>,
    /// Read files that `.gitignore` names too
    #[arg(long)]
    pub(super) no_gitignore: bool,
    /// Do not read files of more than this many bytes
    #[arg(
        long,
        value_name = "BYTES",
        default_value_t = DEFAULT_MAX_FILE_SIZE,
        value_parser = clap::value_parser!(u64).range(1..u64::from(u32::MAX)),
    )]
    pub(super) max_file_size: u64,
    /// Let an installed program render what cannot be evaluated without it: helm, kustomize
    ///
    /// `helm` runs `helm template` for the charts of the repository, with their own values; `kustomize` runs `kustomize build`, or `kubectl kustomize`, for kustomizations that need more than the repository, which may use the network.
    #[arg(long, value_name = "PROGRAM", value_delimiter = ',', value_parser = parse_renderer)]
    pub(super) render: Vec<Renderer>,
    /// Use this config file
    #[arg(
        long,
        value_name = "FILE",
        env = "MTLS_LINT_CONFIG",
        hide_env_values = true,
        help_heading = "Config"
    )]
    pub(super) config: Option<Utf8PathBuf>,
    /// Use no config file
    #[arg(long, help_heading = "Config")]
    pub(super) isolated: bool,
    /// What is known about the mesh beyond the repository.
    #[command(flatten)]
    pub(super) mesh: MeshArgs,
    /// What paths are counted from.
    #[arg(skip)]
    pub(super) home: Home,
}

/// What is known about the mesh beyond the repository.
#[derive(Debug, Args)]
#[command(next_help_heading = "Mesh")]
pub(super) struct MeshArgs {
    /// Add objects that are in the cluster and not in the repository
    #[arg(long, value_name = "FILE|preset:NAME")]
    pub(super) assume: Vec<String>,
    /// The version of Istio
    #[arg(long, value_name = "VERSION")]
    pub(super) istio_version: Option<String>,
    /// Whether auto mTLS is on
    #[arg(long, value_name = "true|false", hide_possible_values = true)]
    pub(super) auto_mtls: Option<bool>,
    /// The root namespace of the mesh
    #[arg(long, value_name = "NAMESPACE")]
    pub(super) root_namespace: Option<String>,
    /// Look at this mesh alone, of those that `mtls-lint meshes` names
    #[arg(long, value_name = "NAME")]
    pub(super) mesh: Option<String>,
}

impl InputArgs {
    /// Looks for the config file from the working directory upwards, unless the user says which counts. Returns the files
    /// that are read.
    pub(super) fn settle(&mut self) -> WorkTree {
        if self.isolated {
            self.home = Home::of_paths(&self.paths);
        } else if self.named_config().is_none() {
            self.home = Home::find();
            let has_none = matches!(config::discover(&self.home.tree()), Ok(None));
            if has_none {
                self.home = Home::of_paths(&self.paths);
            }
        }
        self.home.tree()
    }

    /// The settings of the config file that counts.
    pub(super) fn config(&self, tree: &dyn Tree) -> Result<Config, Failure> {
        Ok(match self.config_path(tree)? {
            Some(path) => config::load(tree, &path, &self.home.shown(&path))?,
            None => Config::default(),
        })
    }

    /// The config file that the user names. An empty variable is how a workflow unsets it.
    fn named_config(&self) -> Option<&Utf8PathBuf> {
        self.config.as_ref().filter(|path| *path != "")
    }

    /// The config file that counts; `--isolated` wins over `MTLS_LINT_CONFIG`.
    pub(super) fn config_path(&self, tree: &dyn Tree) -> Result<Option<Utf8PathBuf>, Failure> {
        if self.isolated || self.home.is_named() {
            return Ok(None);
        }
        Ok(match self.named_config() {
            Some(path) => Some(path.clone()),
            None => config::discover(tree)?,
        })
    }

    /// The request of a command that only shows something, with what it needs rendered.
    pub(super) fn prepared(&self, tree: &dyn Tree) -> Result<Request, Failure> {
        let mut request = self.request(&self.config(tree)?)?;
        self.render(&mut request, tree)?;
        Ok(request)
    }

    /// Lets installed programs render what a request needs, if the user asks for it.
    pub(super) fn render(&self, request: &mut Request, tree: &dyn Tree) -> Result<(), Failure> {
        request.rendered = engine::render_externally(request, tree, &self.render)?;
        Ok(())
    }

    /// What to read: flags win over the config file, and lists add up. Reads standard input if it is named.
    pub(super) fn request(&self, config: &Config) -> Result<Request, Failure> {
        let (paths, stdin) = self.sources(&config.paths, || read_stdin(self.max_file_size))?;
        let mesh = &self.mesh;
        let inside = |globs: &[String]| -> Vec<String> {
            let globs = globs.iter();
            globs.map(|glob| self.home.inside_glob(glob)).collect()
        };
        let assumed = mesh.assume.iter();
        let assumed: Vec<String> = assumed.map(|it| self.home.inside_assumed(it)).collect();
        let mut request = Request {
            paths,
            stdin,
            exclude: joined(&config.exclude, &inside(&self.exclude)),
            gitignore: !self.no_gitignore,
            max_file_size: self.max_file_size,
            assume: joined(&config.assume, &assumed),
            istio_version: either(mesh.istio_version.as_ref(), config.istio_version.as_ref()),
            auto_mtls: mesh.auto_mtls.or(config.auto_mtls),
            root_namespace: either(mesh.root_namespace.as_ref(), config.root_namespace.as_ref()),
            cluster_domain: config.cluster_domain.clone(),
            system_namespaces: config.system_namespaces(),
            meshes: config.meshes.iter().map(MeshSettings::configured).collect(),
            mesh: mesh.mesh.clone(),
            ..Request::default()
        };
        request.rules.options = config.options();
        request.exceptions = config.exceptions(today());
        Ok(request)
    }

    /// Shows the paths of a result from the working directory, where they are counted from elsewhere.
    pub(super) fn show_paths(&self, show: impl FnOnce(Shown<'_>)) {
        if !self.home.is_here() {
            show(&|path| self.home.shown(path));
        }
    }

    /// Whether standard input is read.
    pub(super) fn reads_stdin(&self) -> bool {
        self.paths.iter().any(|path| path == STDIN)
    }

    /// Whether all of the repository is looked at; what is left out by the config file is no part of it.
    pub(super) fn is_whole(&self) -> bool {
        let is_home = |path: &Utf8PathBuf| matches!(self.home.inside(path).as_str(), "" | ".");
        !self.home.is_named()
            && self.paths.iter().all(is_home)
            && self.exclude.is_empty()
            && self.mesh.mesh.is_none()
    }

    /// The paths to read, those of the config file where the command line names none, and standard input if one is `-`.
    fn sources(
        &self,
        configured: &[String],
        read_stdin: impl FnOnce() -> Result<Vec<u8>, Failure>,
    ) -> Result<(Vec<Utf8PathBuf>, Option<Vec<u8>>), Failure> {
        let paths: Vec<Utf8PathBuf> = match self.paths.as_slice() {
            [] if configured.is_empty() => vec![".".into()],
            [] => configured.iter().map(Utf8PathBuf::from).collect(),
            paths => paths
                .iter()
                .filter(|path| *path != STDIN)
                .map(|path| self.home.inside(path))
                .collect(),
        };
        let stdin = self.reads_stdin().then(read_stdin).transpose()?;
        Ok((paths, stdin))
    }
}

/// A program by its name.
fn parse_renderer(name: &str) -> Result<Renderer, String> {
    let known = Renderer::ALL.into_iter().find(|one| one.as_str() == name);
    known.ok_or_else(|| "write `helm` or `kustomize`".to_owned())
}

/// Standard input up to one byte over the cap, so that the engine sees that it is too large.
fn read_stdin(limit: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::input(format!("cannot read standard input: {error}")))?;
    Ok(bytes)
}

/// Analyses what a request names for a command that only shows it. A named path that cannot be read, or nothing to read
/// at all, ends the run.
pub(super) fn analyse(
    args: &InputArgs,
    request: &Request,
    tree: &dyn Tree,
) -> Result<Analysis, Exit> {
    let line = Line::start(&request.progress, shows_progress());
    let analysis = engine::analyse(request, tree);
    drop(line);
    let mut analysis = analysis.map_err(|error| print(&error.into()))?;
    args.show_paths(|shown| analysis.show_paths(shown));
    if !analysis.missing.is_empty() {
        return Err(tell_missing(&analysis.missing, args, tree));
    }
    tell_unread(&analysis.summary);
    if is_void(request, &analysis.summary) {
        return Err(print(&nothing_checked(args, request, &analysis.summary)));
    }
    Ok(analysis)
}

/// Prints a failure, for its exit status.
fn print(failure: &Failure) -> Exit {
    failure.print();
    failure.exit
}

/// How many inputs that were not read are named.
const UNREAD: usize = 5;

/// Says what was not read: the answer may be another with it.
pub(super) fn tell_unread(summary: &Summary) {
    for unread in summary.unread.iter().take(UNREAD) {
        let line = unread
            .line
            .map_or_else(String::new, |line| format!(":{line}"));
        note(&format!(
            "not read: {}{line}: {}",
            unread.path, unread.reason
        ));
    }
    if summary.unread.len() > UNREAD {
        note(&format!("not read: {} more", summary.unread.len() - UNREAD));
    }
}

/// The entries of the config file and then those of the flags.
pub(super) fn joined(config: &[String], flags: &[String]) -> Vec<String> {
    config.iter().chain(flags).cloned().collect()
}

/// The flag if it is given, else the config file's value.
fn either(flag: Option<&String>, config: Option<&String>) -> Option<String> {
    flag.or(config).cloned()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::Cli;

    fn input(arguments: &[&str]) -> InputArgs {
        let arguments = std::iter::once("mtls-lint").chain(arguments.iter().copied());
        let cli = Cli::try_parse_from(arguments).expect("the arguments are valid");
        cli.check.input
    }

    fn request(arguments: &[&str], config: &Config) -> Request {
        input(arguments)
            .request(config)
            .expect("nothing can go wrong without standard input")
    }

    #[test]
    fn the_working_directory_is_read_by_default() {
        assert_eq!(request(&[], &Config::default()).paths, ["."]);
    }

    #[test]
    fn flags_win_over_the_config_file() {
        let config = Config {
            auto_mtls: Some(true),
            istio_version: Some("1.20".into()),
            root_namespace: Some("mesh".into()),
            ..Config::default()
        };
        let request = request(&["--auto-mtls=false", "--istio-version=1.26"], &config);
        assert_eq!(request.auto_mtls, Some(false));
        assert_eq!(request.istio_version.as_deref(), Some("1.26"));
        assert_eq!(request.root_namespace.as_deref(), Some("mesh"));
    }

    #[test]
    fn excluded_and_assumed_things_add_up() {
        let config = Config {
            exclude: vec!["a".into()],
            assume: vec!["b".into()],
            ..Config::default()
        };
        let request = request(&["--exclude=c", "--assume=preset:d"], &config);
        assert_eq!(request.exclude, ["a", "c"]);
        assert_eq!(request.assume, ["b", "preset:d"]);
    }

    #[test]
    fn a_dash_is_standard_input_and_no_path() {
        let sources = input(&["-", "apps"]).sources(&[], || Ok(b"stream".to_vec()));
        let (paths, stdin) = sources.expect("the stream is read");
        assert_eq!(paths, ["apps"]);
        assert_eq!(stdin.as_deref(), Some(b"stream".as_slice()));
    }

    #[test]
    fn standard_input_alone_reads_no_folder() {
        let sources = input(&["-"]).sources(&[], || Ok(Vec::new()));
        let (paths, stdin) = sources.expect("the stream is read");
        assert_eq!((paths, stdin), (Vec::new(), Some(Vec::new())));
    }
}
