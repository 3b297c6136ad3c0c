//! Why a run could not be done. What is wrong in manifests is a diagnostic instead.

use camino::Utf8PathBuf;

use crate::source::tree::ReadError;

/// Why a run could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that the run cannot do without cannot be read, such as one given with `--assume`.
    #[error("cannot read `{path}`")]
    Path {
        /// The path as given.
        path: Utf8PathBuf,
        /// Why.
        source: ReadError,
    },
    /// A file with a repair cannot be written.
    #[error("cannot write `{path}`")]
    Write {
        /// The path.
        path: Utf8PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A setting that cannot be used, such as a version that is none.
    #[error("{message}")]
    Setting {
        /// What is wrong with which setting.
        message: String,
    },
}
