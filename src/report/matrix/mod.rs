//! The matrix of decisions as a table for people, as JSON, as CSV.

mod csv;
mod json;
mod table;

use std::io::{self, Write};

use super::Style;
use crate::mesh::{Mesh, PairFilter, Verdict};

/// How the matrix is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatrixFormat {
    /// A table for people; clients with equal answers share a row.
    Table,
    /// The stable interface `mtls-lint/matrix/1`.
    Json,
    /// One line an endpoint.
    Csv,
}

/// What of the matrix is wanted.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The clients and hosts.
    pub pairs: PairFilter,
    /// The verdicts; none for all.
    pub verdicts: Vec<Verdict>,
}

impl Selection {
    /// Whether nothing is left out.
    pub fn is_all(&self) -> bool {
        self.verdicts.is_empty() && self.pairs.client.is_none() && self.pairs.host.is_none()
    }

    /// Whether a verdict is wanted, by its word.
    fn wants(&self, verdict: &str) -> bool {
        self.verdicts.is_empty()
            || self
                .verdicts
                .iter()
                .any(|wanted| wanted.as_str() == verdict)
    }
}

/// Writes the matrix of every mesh; how many pairs that were.
pub fn render_matrix(
    meshes: &[Mesh],
    selection: &Selection,
    format: MatrixFormat,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<usize> {
    match format {
        MatrixFormat::Table => table::render(meshes, selection, style, out),
        MatrixFormat::Json => json::render(meshes, selection, out),
        MatrixFormat::Csv => csv::render(meshes, selection, out),
    }
}
