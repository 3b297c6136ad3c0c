//! A large mesh (2,000 services in 200 namespaces, 4,000 workloads, 3,000 DestinationRules) once, twice and four times over:
//! how long each stage takes, how much memory the process had at most, and how both grow. Then the same with a Sidecar
//! resource in every namespace.

use std::io::Write as _;
use std::process::Command;

use crate::stages::{self, Stage};
use crate::support::Repository;

/// How many times the mesh is there.
const TIMES: [usize; 3] = [1, 2, 4];
/// The argument of the processes that run one size each, so that each has a peak of its own.
const ONE: &str = "--times";
/// The argument for a Sidecar in every namespace.
const SIDECARS: &str = "--sidecars";

/// The size that this process is to run alone, if it is one of those that `print` starts.
pub(crate) fn asked() -> Option<usize> {
    let mut arguments = std::env::args().skip_while(|argument| argument != ONE);
    arguments.nth(1)?.parse().ok()
}

/// Runs one size and prints a figure per line: milliseconds by stage, then the peak of memory in megabytes.
pub(crate) fn print_one(times: usize) {
    let mut repository = Repository::large(times);
    if std::env::args().any(|argument| argument == SIDECARS) {
        repository.sidecars = repository.namespaces;
    }
    let run = stages::run(&stages::tree(&repository));
    let mut out = std::io::stdout().lock();
    for stage in Stage::ALL {
        let millis = run.times[stage as usize].as_secs_f64() * 1e3;
        let _ = writeln!(out, "{} {millis}", stage.name());
    }
    let total: f64 = run.times.iter().map(std::time::Duration::as_secs_f64).sum();
    let _ = writeln!(out, "all {}", total * 1e3);
    let _ = writeln!(out, "peak {}", peak_megabytes());
    // Both are alive at the peak of a real run.
    drop((run.mesh, run.sources));
}

/// Prints both tables.
pub(crate) fn print() {
    print_table("a large mesh", &[]);
    print_table("with a Sidecar in every namespace", &[SIDECARS]);
}

/// Runs every size in a process of its own and prints a table.
fn print_table(title: &str, arguments: &[&str]) {
    let program = std::env::current_exe().expect("the benchmark knows its own path");
    let runs = TIMES.map(|times| {
        let output = Command::new(&program)
            .args([ONE, &times.to_string()])
            .args(arguments)
            .output()
            .expect("the benchmark can be run");
        String::from_utf8_lossy(&output.stdout).into_owned()
    });
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{title}");
    let _ = writeln!(
        out,
        "{:<8}{:>10}{:>10}{:>10}   growth",
        "", "1x", "2x", "4x"
    );
    let rows = runs.each_ref().map(|text| text.lines());
    let [first, second, third] = rows;
    for ((one, two), four) in first.zip(second).zip(third) {
        let name = one.split(' ').next().unwrap_or_default();
        let unit = if name == "peak" { "MB" } else { "ms" };
        let figures = [one, two, four].map(figure);
        let [one, two, four] = figures;
        let _ = writeln!(
            out,
            "{name:<8}{one:>7.0} {unit}{two:>7.0} {unit}{four:>7.0} {unit}   {:.1} and {:.1}",
            two / one,
            four / two
        );
    }
}

/// The figure of a line.
fn figure(line: &str) -> f64 {
    let figure = line.split(' ').next_back();
    figure
        .and_then(|text| text.parse().ok())
        .unwrap_or(f64::NAN)
}

/// The most memory this process had at once; not a number where the system does not say.
fn peak_megabytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kilobytes.map_or(f64::NAN, |kilobytes| kilobytes / 1024.0)
}
