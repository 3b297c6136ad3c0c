//! Small repositories for tests.

use std::sync::Arc;

use super::{Files, Parsed};
use crate::source::{FileRole, SourceFile, Sources};
use crate::yaml::{self, ReadOptions};

/// The files of a repository by path, after a first reading.
pub(super) fn files_read(texts: &[(&str, &str)], options: ReadOptions) -> Files {
    let sources = texts
        .iter()
        .map(|(path, text)| SourceFile::new((*path).into(), (*text).into(), FileRole::Input));
    let sources = Arc::new(Sources::new(sources.collect()));
    let parsed = sources.iter().map(|(file, source)| Parsed {
        file,
        content: yaml::read(file, source, options),
        is_filtered: options.prefilter,
    });
    let parsed = parsed.collect();
    Files::new(sources, parsed)
}

/// The files of a repository as those that nothing claims are read: documents that matter to no mesh are left out.
pub(super) fn files(texts: &[(&str, &str)]) -> Files {
    let options = ReadOptions {
        prefilter: true,
        alias_budget: 0,
    };
    files_read(texts, options)
}
