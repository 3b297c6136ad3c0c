//! The matrix as comma-separated values: one line an endpoint, one with empty columns for a pair without endpoints.

use std::borrow::Cow;
use std::io::{self, Write};

use csv::WriterBuilder;

use super::Selection;
use crate::mesh::{MatrixEndpoint, MatrixPair, Mesh};
use crate::report::text::one_line;

/// The columns.
const HEADER: [&str; 15] = [
    "client_namespace",
    "client_workload",
    "proxy",
    "host",
    "port",
    "subset",
    "rules",
    "tls",
    "workload",
    "endpoint_port",
    "sends",
    "accepts",
    "endpoint_verdict",
    "verdict",
    "partial",
];

/// Writes the matrix.
pub(super) fn render(
    meshes: &[Mesh],
    selection: &Selection,
    out: &mut dyn Write,
) -> io::Result<usize> {
    let mut count = 0;
    let mut writer = WriterBuilder::new().from_writer(out);
    writer.write_record(HEADER)?;
    for mesh in meshes {
        for pair in mesh.matrix().pairs_of(&selection.pairs) {
            if !selection.wants(pair.verdict) {
                continue;
            }
            count += 1;
            if pair.endpoints.is_empty() {
                write_line(&mut writer, &pair, None)?;
            }
            for endpoint in &pair.endpoints {
                write_line(&mut writer, &pair, Some(endpoint))?;
            }
        }
    }
    writer.flush()?;
    Ok(count)
}

fn write_line<W: Write>(
    writer: &mut csv::Writer<W>,
    pair: &MatrixPair<'_>,
    endpoint: Option<&MatrixEndpoint<'_>>,
) -> io::Result<()> {
    let of = |part: fn(&MatrixEndpoint<'_>) -> String| endpoint.map(part).unwrap_or_default();
    let cells = [
        pair.client.namespace.to_owned(),
        pair.client.workload.clone(),
        pair.client.proxy.to_owned(),
        pair.host.to_owned(),
        pair.port.to_string(),
        pair.subset.unwrap_or_default().to_owned(),
        pair.rules.join(" "),
        pair.tls.to_owned(),
        of(|endpoint| endpoint.workload.to_owned()),
        of(|endpoint| endpoint.port.to_string()),
        of(|endpoint| endpoint.sends.to_owned()),
        of(|endpoint| endpoint.accepts.to_owned()),
        of(|endpoint| endpoint.verdict.to_owned()),
        pair.verdict.to_owned(),
        pair.partial.to_string(),
    ];
    writer.write_record(cells.iter().map(|cell| harmless(cell).into_owned()))?;
    Ok(())
}

/// A cell that no spreadsheet takes for a formula, no terminal for a code, and no workflow runner for a command.
fn harmless(cell: &str) -> Cow<'_, str> {
    let mut cell = one_line(cell);
    if cell.contains("##[") {
        cell = Cow::Owned(cell.replace("##[", r"##\["));
    }
    // The runner trims a line before it looks for a command.
    let is_command = cell.trim_start().starts_with("::");
    if is_command || cell.starts_with(['=', '+', '-', '@']) {
        Cow::Owned(format!("'{cell}"))
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula_and_no_terminal_code() {
        let table = [
            ("web", "web"),
            ("*.example.com", "*.example.com"),
            ("=1+1", "'=1+1"),
            ("-2", "'-2"),
            ("@x", "'@x"),
            ("a\u{1b}[31m\nb", "a\u{fffd}[31m b"),
            ("a ##[error]b", r"a ##\[error]b"),
            ("\n::error::a", "' ::error::a"),
            ("a::b", "a::b"),
        ];
        for (cell, expected) in table {
            assert_eq!(harmless(cell), expected);
        }
    }
}
