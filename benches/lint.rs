//! How long the stages take over a generated repository, and how the time grows with its size.
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark needs a clock, its arguments and the terminal"
)]

mod support;

use std::io::Write as _;
use std::time::{Duration, Instant};

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use mtls_lint::source::{FileRole, SourceFile, Sources};
use mtls_lint::yaml::{self, ReadOptions};
use support::Repository;

/// How many objects the repositories have.
const SIZES: [usize; 3] = [100, 1_000, 10_000];

/// A stage of the run and its name.
type Stage = (&'static str, fn(&Sources));

/// The stages whose growth is printed; a stage that is linear in the size prints about 10 twice.
const STAGES: &[Stage] = &[
    ("parse", parse_all),
    // SEAM: one entry each for what is behind `mtls_lint::engine::analyse`, `…::check` and the renderers, in the form
    // ("analyse", |sources| { mtls_lint::engine::analyse(&request, &tree); }),
];

fn main() {
    divan::main();
    // Cargo says `--bench` for `cargo bench`; tests and listings want no timing.
    if std::env::args().any(|argument| argument == "--bench") {
        print_growth();
    }
}

/// Splits, prefilters and parses every file, on one thread.
#[divan::bench(args = SIZES)]
fn parse(bencher: Bencher<'_, '_>, size: usize) {
    let sources = repository(size);
    let bytes: usize = sources.iter().map(|(_, file)| file.text().len()).sum();
    bencher
        .counter(ItemsCount::new(size))
        .counter(BytesCount::new(bytes))
        .bench(|| parse_all(&sources));
}

// SEAM: benches `analyse`, `check` and `render`, in the form of `parse` above, each over the value of the stage before it.

fn repository(size: usize) -> Sources {
    let files = Repository::of_size(size).files();
    let file =
        |(path, text): (String, String)| SourceFile::new(path.into(), text.into(), FileRole::Input);
    Sources::new(files.into_iter().map(file).collect())
}

fn parse_all(sources: &Sources) {
    let options = ReadOptions {
        prefilter: true,
        alias_budget: 1_000_000,
    };
    for (id, file) in sources.iter() {
        divan::black_box(yaml::read(id, file, options));
    }
}

/// Prints how many times longer each step of `SIZES` takes than the one before: figures that hold on any machine.
fn print_growth() {
    let repositories = SIZES.map(repository);
    let mut out = std::io::stdout().lock();
    for (name, stage) in STAGES {
        let times = repositories
            .each_ref()
            .map(|sources| fastest(|| stage(sources)));
        let ratios = times
            .windows(2)
            .map(|pair| pair[1].as_secs_f64() / pair[0].as_secs_f64());
        let ratios: Vec<_> = ratios.map(|ratio| format!("{ratio:.1}")).collect();
        // A closed pipe is not worth a panic.
        let _ = writeln!(
            out,
            "{name}: ten times the objects take {} times as long",
            ratios.join(" and ")
        );
    }
}

/// The shortest of a few runs: the least disturbed one.
fn fastest(mut run: impl FnMut()) -> Duration {
    let time = |()| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    std::iter::repeat_n((), 5)
        .map(time)
        .min()
        .unwrap_or_default()
}
