//! Read: which files, their bytes, their documents.

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use super::reach::{Reached, reach};
use super::{Error, Request, Stage, Summary, Unmatched, Unread, presets, problems};
use crate::discover::{self, discover};
use crate::gitops::{Files, Parsed};
use crate::rule::InputProblem;
use crate::source::tree::{ReadError, Tree};
use crate::source::{FileId, FileRole, SourceFile, Sources};
use crate::yaml::{self, FileContent, ReadOptions};

/// What was read.
pub(super) struct Read {
    /// The files.
    pub(super) sources: Arc<Sources>,
    /// The documents of the repository, by file.
    pub(super) input: Files,
    /// The documents given with `--assume`, by file.
    pub(super) assumed: Vec<(FileId, FileContent)>,
    /// Files that could not be read.
    pub(super) problems: Vec<InputProblem>,
    /// How much was read.
    pub(super) summary: Summary,
    /// Paths that the user named and that cannot be read.
    pub(super) missing: Vec<(Utf8PathBuf, ReadError)>,
}

/// The name under which standard input is shown.
const STDIN_NAME: &str = "<stdin>";

/// Discovers, reads and parses, in parallel by file.
pub(super) fn read(request: &Request, tree: &dyn Tree) -> Result<Read, Error> {
    request.progress.enter(Stage::Discover, 0);
    let found = discover(
        &discover::Settings {
            paths: request.paths.clone(),
            exclude: request.exclude.clone(),
            gitignore: request.gitignore,
            max_file_size: request.max_file_size,
        },
        tree,
    )
    .map_err(|discover::Error::Glob { glob, source }| Error::Setting {
        message: format!(
            "`{glob}`, of `--exclude` or of `exclude` in the config file, is not a glob: {}",
            source.kind()
        ),
    })?;
    let mut problems: Vec<InputProblem> = found
        .unread
        .into_iter()
        .map(|(path, reason)| InputProblem::Unreadable { path, reason })
        .collect();
    let mut files = open_all(&found.files, request, tree, &mut problems);
    let named = files.len();
    let reached = reach(&mut files, tree, request.max_file_size);
    problems.extend(
        reached
            .unread
            .iter()
            .map(|(path, error)| InputProblem::Unreadable {
                path: path.clone(),
                reason: error.to_string(),
            }),
    );
    let input_count = files.len();
    for name in &request.assume {
        files.push(assumed(name, request.max_file_size, tree)?);
    }

    let sources = Arc::new(Sources::new(files));
    let mut parsed = parse(&sources, &reached, request);
    let assumed = parsed
        .split_off(input_count)
        .into_iter()
        .map(|one| (one.file, one.content))
        .collect();
    let documents = parsed.iter().map(|one| one.content.document_count).sum();
    let summary = Summary {
        files: input_count,
        documents,
        left_out: found.left_out.into_iter().map(left_out).collect(),
        unmatched: found.unmatched.into_iter().map(excluded).collect(),
        ..Summary::default()
    };
    let beyond: BTreeSet<FileId> = sources
        .iter()
        .map(|(id, _)| id)
        .take(input_count)
        .skip(named)
        .collect();
    let input = Files::new(sources.clone(), parsed).with_reached(beyond, reached.binary);
    Ok(Read {
        sources,
        input,
        assumed,
        problems,
        summary,
        missing: found.missing,
    })
}

/// The files that a run reads.
#[derive(Debug)]
pub struct FilesRead {
    /// The files, by path.
    pub paths: Vec<Utf8PathBuf>,
    /// What was read.
    pub summary: Summary,
    /// Paths that the user named and that cannot be read.
    pub missing: Vec<(Utf8PathBuf, ReadError)>,
}

/// Finds the files that a request names, and those that they lead to.
pub fn files(request: &Request, tree: &dyn Tree) -> Result<FilesRead, Error> {
    let Read {
        sources,
        problems,
        mut summary,
        missing,
        ..
    } = read(request, tree)?;
    let input = sources.iter().take(summary.files);
    let mut paths: Vec<Utf8PathBuf> = input.map(|(_, file)| file.path().to_owned()).collect();
    paths.sort();
    summary.unread = problems::unread(&problems, &sources);
    Ok(FilesRead {
        paths,
        summary,
        missing,
    })
}

/// What the user or Git leaves out.
fn left_out((path, reason): (Utf8PathBuf, &'static str)) -> Unread {
    Unread {
        path,
        line: None,
        reason: reason.to_owned(),
    }
}

/// A glob of `exclude` that leaves nothing out.
fn excluded(glob: String) -> Unmatched {
    let key = "exclude";
    Unmatched { key, glob }
}

/// Opens the files that were found, and standard input; what cannot be opened is a problem.
fn open_all(
    paths: &[Utf8PathBuf],
    request: &Request,
    tree: &dyn Tree,
    problems: &mut Vec<InputProblem>,
) -> Vec<SourceFile> {
    let limit = request.max_file_size;
    request.progress.enter(Stage::Read, paths.len());
    let mut texts: Vec<Result<SourceFile, InputProblem>> = paths
        .par_iter()
        .map(|path| {
            let file = open(path, limit, tree);
            request.progress.step();
            file
        })
        .collect();
    if let Some(bytes) = &request.stdin {
        let role = FileRole::Input;
        texts.push(decode(STDIN_NAME.into(), bytes.clone(), limit, role));
    }
    // What a program failed to render is told where the program was needed.
    texts.extend(request.rendered.iter().filter_map(|rendering| {
        let bytes = rendering.output.as_ref().ok()?;
        let path = rendering.path.clone();
        Some(decode(path, bytes.clone(), limit, FileRole::Input))
    }));
    let mut files = Vec::with_capacity(texts.len());
    for text in texts {
        match text {
            Ok(file) => files.push(file),
            Err(problem) => problems.push(problem),
        }
    }
    files
}

/// Parses every file, in parallel. Documents that cannot matter are left out, except where a kustomization needs the file
/// or the user wants all.
fn parse(sources: &Sources, reached: &Reached, request: &Request) -> Vec<Parsed> {
    let files: Vec<(FileId, &SourceFile)> = sources.iter().collect();
    request.progress.enter(Stage::Parse, files.len());
    files
        .par_iter()
        .map(|&(id, file)| {
            request.progress.step();
            let prefilter = !request.check_all
                && file.role() == FileRole::Input
                && !reached.claimed.contains(file.path());
            let options = ReadOptions {
                prefilter,
                ..ReadOptions::ALL_DOCUMENTS
            };
            Parsed {
                file: id,
                content: yaml::read(id, file, options),
                is_filtered: prefilter,
            }
        })
        .collect()
}

/// Opens one file of the repository.
fn open(path: &Utf8Path, limit: u64, tree: &dyn Tree) -> Result<SourceFile, InputProblem> {
    let unreadable = |error: ReadError| InputProblem::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let bytes = tree.read(path, limit).map_err(unreadable)?;
    decode(path.to_owned(), bytes, limit, FileRole::Input)
}

/// Bytes to text. A file over the cap was cut just after it.
fn decode(
    path: Utf8PathBuf,
    bytes: Vec<u8>,
    limit: u64,
    role: FileRole,
) -> Result<SourceFile, InputProblem> {
    let size = bytes.len() as u64;
    if size > limit {
        let reason = ReadError::TooLarge { size, limit }.to_string();
        return Err(InputProblem::Unreadable { path, reason });
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(SourceFile::new(path, text.into(), role)),
        Err(error) => {
            let line = line_of(error.as_bytes(), error.utf8_error().valid_up_to());
            Err(InputProblem::NotUtf8 { path, line })
        }
    }
}

/// The line (from 1) of a byte.
fn line_of(bytes: &[u8], offset: usize) -> usize {
    memchr::memchr_iter(b'\n', bytes.get(..offset).unwrap_or(bytes)).count() + 1
}

/// A file or preset given with `--assume`; the run cannot do without it.
fn assumed(name: &str, limit: u64, tree: &dyn Tree) -> Result<SourceFile, Error> {
    if let Some(preset) = name.strip_prefix("preset:") {
        let text = presets::find(preset)?;
        return Ok(SourceFile::new(name.into(), text.into(), FileRole::Assumed));
    }
    let path = Utf8PathBuf::from(name);
    let bytes = tree.read(&path, limit).map_err(|source| Error::Path {
        path: path.clone(),
        source,
    })?;
    let text = String::from_utf8(bytes).map_err(|_| Error::Setting {
        message: format!("`{path}`, given with `--assume`, is not UTF-8"),
    })?;
    Ok(SourceFile::new(path, text.into(), FileRole::Assumed))
}
