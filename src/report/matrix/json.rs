//! The matrix in JSON, schema `mtls-lint/matrix/1`: one pair a line, written as it is computed.

use std::io::{self, Write};

use super::Selection;
use crate::mesh::Mesh;
use crate::report::text::inert_json;

/// Writes the matrix.
pub(super) fn render(
    meshes: &[Mesh],
    selection: &Selection,
    out: &mut dyn Write,
) -> io::Result<usize> {
    let mut count = 0;
    write!(out, r#"{{"schema":"mtls-lint/matrix/1","meshes":["#)?;
    for (position, mesh) in meshes.iter().enumerate() {
        let matrix = mesh.matrix();
        let text = |value: &str| serde_json::to_string(value);
        write!(
            out,
            "{}\n{{\"name\":{},\"istio\":{},\"autoMtls\":{},\"rootNamespace\":{},\"pairs\":[",
            if position > 0 { "," } else { "" },
            inert_json(&text(mesh.name())?),
            inert_json(&text(&matrix.istio())?),
            matrix.auto_mtls(),
            inert_json(&text(matrix.root_namespace())?),
        )?;
        let mut separator = "";
        for pair in matrix.pairs_of(&selection.pairs) {
            if !selection.wants(pair.verdict) {
                continue;
            }
            let json = serde_json::to_string(&pair)?;
            write!(out, "{separator}\n{}", inert_json(&json))?;
            separator = ",";
            count += 1;
        }
        write!(out, "\n]}}")?;
    }
    writeln!(out, "\n]}}")?;
    Ok(count)
}
