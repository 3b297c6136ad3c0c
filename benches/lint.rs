//! How long the stages take over a generated repository, and how the time grows with its size.
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark needs a clock, its arguments and the terminal"
)]

#[path = "support/scale.rs"]
mod scale;
#[path = "support/stages.rs"]
mod stages;
mod support;

use std::io::Write as _;
use std::time::{Duration, Instant};

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use stages::Stage;
use support::Repository;

/// How many objects the repositories have.
const SIZES: [usize; 3] = [100, 1_000, 10_000];

fn main() {
    if let Some(times) = scale::asked() {
        scale::print_one(times);
        return;
    }
    divan::main();
    // Cargo says `--bench` for `cargo bench`; tests and listings want no timing.
    if std::env::args().any(|argument| argument == "--bench") {
        print_growth();
        scale::print();
    }
}

/// Lists and reads every file.
#[divan::bench(args = SIZES)]
fn read(bencher: Bencher<'_, '_>, size: usize) {
    let tree = stages::tree(&Repository::of_size(size));
    bencher
        .counter(ItemsCount::new(size))
        .bench(|| stages::read(&tree));
}

/// Splits, prefilters and parses every file.
#[divan::bench(args = SIZES)]
fn parse(bencher: Bencher<'_, '_>, size: usize) {
    let sources = stages::read(&stages::tree(&Repository::of_size(size)));
    let bytes: usize = sources.iter().map(|(_, file)| file.text().len()).sum();
    bencher
        .counter(ItemsCount::new(size))
        .counter(BytesCount::new(bytes))
        .bench(|| stages::parse(&sources));
}

/// Deploys and decodes every object.
#[divan::bench(args = SIZES)]
fn decode(bencher: Bencher<'_, '_>, size: usize) {
    let sources = stages::read(&stages::tree(&Repository::of_size(size)));
    bencher
        .counter(ItemsCount::new(size))
        .with_inputs(|| stages::parse(&sources))
        .bench_values(|contents| stages::decode(contents, &sources));
}

/// Links the resources to a mesh and decides all its traffic.
#[divan::bench(args = SIZES)]
fn build(bencher: Bencher<'_, '_>, size: usize) {
    let sources = stages::read(&stages::tree(&Repository::of_size(size)));
    let resources = stages::decode(stages::parse(&sources), &sources);
    bencher
        .counter(ItemsCount::new(size))
        .with_inputs(|| resources.clone())
        .bench_values(stages::build);
}

/// All stages up to the mesh, as every command runs them.
#[divan::bench(args = SIZES)]
fn analyse(bencher: Bencher<'_, '_>, size: usize) {
    let tree = stages::tree(&Repository::of_size(size));
    bencher
        .counter(ItemsCount::new(size))
        .bench(|| stages::analyse(&tree));
}

// SEAM: benches `check` and `render`, in the form of `analyse` above, each over the value of the stage before it.

/// Prints how many times longer each stage takes at each step of `SIZES` than at the one before: figures that hold on any
/// machine. A stage that is linear in the size prints about 10 twice.
fn print_growth() {
    let runs = SIZES.map(|size| {
        let tree = stages::tree(&Repository::of_size(size));
        fastest(|| stages::run(&tree).times)
    });
    let mut out = std::io::stdout().lock();
    for stage in Stage::ALL {
        let ratios = runs
            .windows(2)
            .map(|pair| {
                pair[1][stage as usize].as_secs_f64() / pair[0][stage as usize].as_secs_f64()
            })
            .map(|ratio| format!("{ratio:.1}"));
        let ratios: Vec<_> = ratios.collect();
        // A closed pipe is not worth a panic.
        let _ = writeln!(
            out,
            "{}: ten times the objects take {} times as long",
            stage.name(),
            ratios.join(" and ")
        );
    }
}

/// The shortest time of each stage in a few runs: the least disturbed one.
fn fastest(mut run: impl FnMut() -> [Duration; Stage::COUNT]) -> [Duration; Stage::COUNT] {
    let start = Instant::now();
    let mut best = run();
    for _ in 0..4 {
        for (best, time) in best.iter_mut().zip(run()) {
            *best = time.min(*best);
        }
        if start.elapsed() > Duration::from_secs(20) {
            break;
        }
    }
    best
}
