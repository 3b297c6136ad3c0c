//! The matrix as a table for people.
//!
//! The worst comes first: whoever opens the table looks for what is broken, and in a mesh of thousands of pairs nobody
//! scrolls to it. Within a verdict the order is that of destinations, then of clients.

use std::collections::BTreeMap;
use std::io::{self, Write};

use indexmap::IndexMap;

use super::Selection;
use crate::diagnostic::counted;
use crate::mesh::{MatrixEndpoint, MatrixPair, Mesh, Verdict};
use crate::report::Style;
use crate::report::text::{inert, one_line};

/// The titles of the columns.
const TITLES: [&str; COLUMNS] = [
    "VERDICT",
    "CLIENT",
    "DESTINATION",
    "RULE",
    "SENDS → ACCEPTS",
];
const COLUMNS: usize = 5;
/// The columns that can be cut, and how much wider than others they may stay: a destination that is cut says least.
const CUT: [(usize, usize); 3] = [(3, 0), (1, 6), (2, 14)];
/// No column is cut below this width.
const MIN_COLUMN: usize = 12;
/// What stands between columns.
const GAP: &str = "  ";

/// The cells of a line.
type Line = [String; COLUMNS];

/// What clients with one row have in common, in the order of the rows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Row {
    rank: u8,
    host: String,
    port: u16,
    subset: Option<String>,
    verdict: &'static str,
    partial: bool,
    rules: Vec<String>,
    traffic: Vec<String>,
}

impl Row {
    fn of(pair: &MatrixPair<'_>) -> Self {
        Self {
            rank: rank(pair.verdict),
            host: pair.host.to_owned(),
            port: pair.port,
            subset: pair.subset.map(str::to_owned),
            verdict: pair.verdict,
            partial: pair.partial,
            rules: pair.rules.clone(),
            traffic: traffic(pair),
        }
    }

    /// The lines; `suffix` is what Kubernetes hosts end with. What else is sent and accepted gets further lines.
    fn lines(&self, clients: &Clients, brevity: Brevity, suffix: &str) -> Vec<Line> {
        let stem = self.host.strip_suffix(suffix);
        let host = stem
            .filter(|_| brevity > Brevity::Full)
            .unwrap_or(&self.host);
        let subset = self.subset.as_ref().map(|subset| format!("/{subset}"));
        let destination = format!("{host}:{}{}", self.port, subset.unwrap_or_default());
        let partial = if self.partial { " (partly)" } else { "" };
        let rules = if self.rules.is_empty() {
            "-".to_owned()
        } else {
            self.rules.join(" + ")
        };
        let cells = [
            format!("{}{partial}", self.verdict),
            clients.cell(brevity),
            destination,
            rules,
            self.traffic.first().cloned().unwrap_or_default(),
        ];
        let further = self.traffic.iter().skip(1).map(|traffic| {
            let mut line = Line::default();
            line[COLUMNS - 1].clone_from(traffic);
            line
        });
        let first = cells.map(|cell| one_line(&cell).into_owned());
        std::iter::once(first).chain(further).collect()
    }
}

/// What is sent and accepted, the worst first.
fn traffic(pair: &MatrixPair<'_>) -> Vec<String> {
    match (pair.tls, pair.endpoints.as_slice()) {
        ("no_cluster", _) => vec!["no such subset".to_owned()],
        ("blackhole", _) => vec!["nothing is let out".to_owned()],
        (_, []) => vec!["no endpoint here".to_owned()],
        (_, endpoints) => {
            let one = |e: &MatrixEndpoint<'_>| (rank(e.verdict), e.sends, e.accepts);
            let mut all: Vec<_> = endpoints.iter().map(one).collect();
            all.sort_unstable();
            all.dedup();
            let words = all
                .iter()
                .map(|(_, sends, accepts)| format!("{sends} → {accepts}"));
            words.collect()
        }
    }
}

/// How much is left out so that a table fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Brevity {
    /// Nothing.
    Full,
    /// What all hosts of Kubernetes end with.
    ShortHosts,
    /// Also the kinds of clients.
    ShortClients,
}

/// The clients of a row.
struct Clients {
    namespace: String,
    workload: String,
    count: usize,
}

impl Clients {
    fn cell(&self, brevity: Brevity) -> String {
        let name = self.workload.split_once('/').map(|(_, name)| name);
        let name = name.filter(|_| brevity == Brevity::ShortClients);
        let first = format!("{}/{}", self.namespace, name.unwrap_or(&self.workload));
        match self.count {
            1 => first,
            count => format!("{first} (+{} more)", count - 1),
        }
    }
}

/// Writes a table for every mesh.
pub(super) fn render(
    meshes: &[Mesh],
    selection: &Selection,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<usize> {
    let mut total = 0;
    for mesh in meshes {
        if meshes.len() > 1 {
            writeln!(out, "mesh {}", one_line(mesh.name()))?;
        }
        total += render_mesh(mesh, selection, style, out)?;
    }
    Ok(total)
}

fn render_mesh(
    mesh: &Mesh,
    selection: &Selection,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<usize> {
    let mut rows: IndexMap<Row, Clients> = IndexMap::new();
    let mut counts: BTreeMap<u8, (&str, usize)> = BTreeMap::new();
    for pair in mesh.matrix().pairs_of(&selection.pairs) {
        if !selection.wants(pair.verdict) {
            continue;
        }
        counts
            .entry(rank(pair.verdict))
            .or_insert((pair.verdict, 0))
            .1 += 1;
        let clients = rows.entry(Row::of(&pair)).or_insert_with(|| Clients {
            namespace: pair.client.namespace.to_owned(),
            workload: pair.client.workload.clone(),
            count: 0,
        });
        clients.count += 1;
    }
    rows.sort_by(|a, x, b, y| {
        a.cmp(b)
            .then_with(|| x.cell(Brevity::Full).cmp(&y.cell(Brevity::Full)))
    });
    if !rows.is_empty() {
        write_rows(&rows, &mesh.kubernetes_suffix(), style, out)?;
    }
    let count = counts.values().map(|(_, count)| count).sum();
    let parts: Vec<String> = counts
        .values()
        .map(|(verdict, count)| format!("{count} {verdict}"))
        .collect();
    let parts = if parts.is_empty() {
        String::new()
    } else {
        format!(": {}", parts.join(", "))
    };
    writeln!(out, "{}{parts}", counted(count, "pair"))?;
    Ok(count)
}

fn write_rows(
    rows: &IndexMap<Row, Clients>,
    suffix: &str,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let cells_of = |brevity: Brevity| -> Vec<Line> {
        let rows = rows.iter();
        rows.flat_map(|(row, clients)| row.lines(clients, brevity, suffix))
            .collect()
    };
    let mut cells = cells_of(Brevity::Full);
    for brevity in [Brevity::ShortHosts, Brevity::ShortClients] {
        if total(&widths(&cells)) > style.width {
            cells = cells_of(brevity);
        }
    }
    let widths = fit(widths(&cells), style.width);
    write_line(&TITLES.map(str::to_owned), widths, |title, _| title, out)?;
    for line in &cells {
        let paint = |cell: String, column: usize| match (style.color, column) {
            (true, 0) => painted(&cell),
            (true | false, _) => cell,
        };
        write_line(line, widths, paint, out)?;
    }
    writeln!(out)
}

fn write_line(
    cells: &Line,
    widths: [usize; COLUMNS],
    paint: impl Fn(String, usize) -> String,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut line = String::new();
    for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let cell = cut(cell, width);
        let blank = width - cell.chars().count();
        line.push_str(&paint(cell, column));
        if column + 1 < COLUMNS {
            line.push_str(&" ".repeat(blank));
            line.push_str(GAP);
        }
    }
    writeln!(out, "{}", inert(line.trim_end()))
}

/// The widths that show everything.
fn widths(cells: &[Line]) -> [usize; COLUMNS] {
    let mut widths = TITLES.map(|title| title.chars().count());
    for line in cells {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    widths
}

fn total(widths: &[usize; COLUMNS]) -> usize {
    widths.iter().sum::<usize>() + GAP.len() * (COLUMNS - 1)
}

/// The widths that fit, as far as columns can be cut, character by character.
fn fit(mut widths: [usize; COLUMNS], limit: usize) -> [usize; COLUMNS] {
    while total(&widths) > limit {
        let can_be_cut = CUT
            .into_iter()
            .filter(|&(column, _)| widths[column] > MIN_COLUMN);
        match can_be_cut.max_by_key(|&(column, wider)| widths[column].saturating_sub(wider)) {
            Some((column, _)) => widths[column] -= 1,
            None => break,
        }
    }
    widths
}

/// A cell in a column of some width; what it ends with in brackets is kept.
fn cut(cell: &str, width: usize) -> String {
    if cell.chars().count() <= width {
        return cell.to_owned();
    }
    let at = cell.rfind(" (+").unwrap_or(cell.len());
    let (name, end) = cell.split_at(at);
    let room = width.saturating_sub(end.chars().count() + 1);
    let (name, end) = if room < 4 { (cell, "") } else { (name, end) };
    let room = width.saturating_sub(end.chars().count() + 1);
    let kept: String = name.chars().take(room).collect();
    format!("{kept}…{end}")
}

/// The order of verdicts, by their words.
fn rank(verdict: &str) -> u8 {
    Verdict::ALL
        .into_iter()
        .find(|known| known.as_str() == verdict)
        .map_or(u8::MAX, Verdict::rank)
}

/// A verdict in its colour.
fn painted(cell: &str) -> String {
    let word = cell.split(' ').next().unwrap_or(cell);
    let verdict = Verdict::ALL
        .into_iter()
        .find(|known| known.as_str() == word);
    verdict.map_or_else(
        || cell.to_owned(),
        |verdict| crate::report::paint::verdict(verdict, cell),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_cut_before_what_it_ends_with() {
        let table = [
            ("short", 9, "short"),
            ("foo/Deployment/sleep", 9, "foo/Depl…"),
            ("foo/Deployment/sleep (+3 more)", 17, "foo/De… (+3 more)"),
            ("foo/Deployment/sleep (+3 more)", 12, "foo/Deploym…"),
        ];
        for (cell, width, expected) in table {
            let cell = cut(cell, width);
            assert_eq!(cell, expected);
        }
    }

    #[test]
    fn the_widest_column_that_can_be_cut_gives_way() {
        assert_eq!(fit([9, 40, 30, 20, 15], 116), [9, 34, 30, 20, 15]);
    }

    #[test]
    fn columns_that_cannot_be_cut_further_stay() {
        assert_eq!(fit([9, 40, 30, 20, 15], 10), [9, 12, 12, 12, 15]);
    }
}
