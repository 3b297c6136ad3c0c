//! The stages of an analysis one by one, as `engine::analyse` runs them.

use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use mtls_lint::discover::{self, discover};
use mtls_lint::engine::{self, Analysis, DEFAULT_MAX_FILE_SIZE, Request};
use mtls_lint::gitops;
use mtls_lint::mesh::{Mesh, Settings};
use mtls_lint::resource::{self, Resource};
use mtls_lint::source::tree::{Memory, Tree as _};
use mtls_lint::source::{FileId, FileRole, SourceFile, Sources};
use mtls_lint::yaml::{self, FileContent, ReadOptions};
use rayon::prelude::*;

use crate::support::Repository;

/// A stage.
#[derive(Clone, Copy)]
pub(crate) enum Stage {
    /// Listing and reading files.
    Read,
    /// Texts to documents.
    Parse,
    /// Documents to resources.
    Decode,
    /// Resources to a mesh with all its decisions.
    Build,
}

impl Stage {
    /// How many there are.
    pub(crate) const COUNT: usize = 4;
    /// All, in order.
    pub(crate) const ALL: [Self; Self::COUNT] =
        [Self::Read, Self::Parse, Self::Decode, Self::Build];

    /// The name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Parse => "parse",
            Self::Decode => "decode",
            Self::Build => "build",
        }
    }
}

/// A run of all stages: what came out, and how long each took.
pub(crate) struct Run {
    /// The mesh, decided.
    pub(crate) mesh: Mesh,
    /// The files.
    pub(crate) sources: Sources,
    /// The times, by stage.
    pub(crate) times: [Duration; Stage::COUNT],
}

/// The files of a repository in memory.
pub(crate) fn tree(repository: &Repository) -> Memory {
    Memory::new(repository.files())
}

/// Runs all stages.
pub(crate) fn run(tree: &Memory) -> Run {
    let mut times = [Duration::ZERO; Stage::COUNT];
    let mut stage = |stage: Stage, start: Instant| times[stage as usize] = start.elapsed();
    let start = Instant::now();
    let sources = read(tree);
    stage(Stage::Read, start);
    let start = Instant::now();
    let contents = parse(&sources);
    stage(Stage::Parse, start);
    let start = Instant::now();
    let resources = decode(contents, &sources);
    stage(Stage::Decode, start);
    let start = Instant::now();
    let mesh = build(resources);
    stage(Stage::Build, start);
    Run {
        mesh,
        sources,
        times,
    }
}

/// Lists and reads every file.
pub(crate) fn read(tree: &Memory) -> Sources {
    let settings = discover::Settings {
        paths: vec![Utf8PathBuf::from(".")],
        exclude: Vec::new(),
        gitignore: true,
        max_file_size: DEFAULT_MAX_FILE_SIZE,
    };
    let found = discover(&settings, tree).expect("the settings are sound");
    let file = |path: &Utf8PathBuf| {
        let bytes = tree
            .read(path, DEFAULT_MAX_FILE_SIZE)
            .expect("the file is there");
        let text = String::from_utf8(bytes).expect("the generator writes UTF-8");
        SourceFile::new(path.clone(), text.into(), FileRole::Input)
    };
    Sources::new(found.files.par_iter().map(file).collect())
}

/// Splits, prefilters and parses every file.
pub(crate) fn parse(sources: &Sources) -> Vec<(FileId, FileContent)> {
    let options = ReadOptions {
        prefilter: true,
        alias_budget: 1_000_000,
    };
    let files: Vec<_> = sources.iter().collect();
    files
        .par_iter()
        .map(|&(id, file)| (id, yaml::read(id, file, options)))
        .collect()
}

/// Deploys and decodes every object.
pub(crate) fn decode(contents: Vec<(FileId, FileContent)>, sources: &Sources) -> Vec<Resource> {
    let manifests = gitops::deploy_plain(contents, sources, None);
    let decoded: Vec<_> = manifests
        .objects
        .par_iter()
        .map(|object| resource::decode(object, sources))
        .collect();
    decoded.into_iter().flat_map(|one| one.resources).collect()
}

/// Links the resources to a mesh and decides all its traffic.
pub(crate) fn build(resources: Vec<Resource>) -> Mesh {
    Mesh::build("default", resources, &Settings::default())
}

/// All stages, as every command runs them.
pub(crate) fn analyse(tree: &Memory) -> Analysis {
    let request = Request {
        paths: vec![Utf8PathBuf::from(".")],
        ..Request::default()
    };
    engine::analyse(&request, tree).expect("the request is sound")
}
