//! From arguments to the exit status.

use std::process::ExitCode;

use camino::Utf8PathBuf;
use clap::Parser;

use super::args::{CheckArgs, Cli, Command};
use super::environment::Environment;
use super::failure::{Exit, Failure};
use super::{
    baseline, check, config, diff, graph, hook, init, matrix, meshes, render, rules, shell, trace,
    usage, watch,
};
use crate::source::tree::WorkTree;

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let error = usage::improved(error);
            // A closed pipe must not turn `--help` into a failure.
            drop(error.print());
            let exit = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Success
            };
            return exit.code();
        }
    };
    match run(cli) {
        Ok(exit) => exit.code(),
        Err(failure) => {
            failure.print();
            failure.exit.code()
        }
    }
}

/// Runs a subcommand.
fn run(cli: Cli) -> Result<Exit, Failure> {
    match cli.command {
        None => check(cli.check),
        Some(Command::Check(args)) => check(*args),
        Some(Command::Matrix(mut args)) => {
            let tree = args.input.settle();
            let request = args.input.prepared(&tree)?;
            matrix::run(&args, &request, &tree, Environment::read())
        }
        Some(Command::Trace(mut args)) => {
            let tree = args.input.settle();
            let request = args.input.prepared(&tree)?;
            trace::run(&args, &request, &tree, Environment::read())
        }
        Some(Command::Graph(mut args)) => {
            let tree = args.input.settle();
            let request = args.input.prepared(&tree)?;
            graph::run(&args, &request, &tree)
        }
        Some(Command::Meshes(mut args)) => {
            let tree = args.input.settle();
            let request = args.input.prepared(&tree)?;
            meshes::run(&args, &request, &tree)
        }
        Some(Command::Render(mut args)) => {
            let tree = args.input.settle();
            let request = args.input.prepared(&tree)?;
            render::run(&args, &request, &tree)
        }
        Some(Command::Diff(mut args)) => {
            let tree = args.input.settle();
            let request = args.input.prepared(&tree)?;
            diff::run(&args, &request, &tree, Environment::read())
        }
        Some(Command::Baseline(mut args)) => {
            let tree = args.input().settle();
            baseline::run(&args, &tree)
        }
        Some(Command::Config(args)) => config::run(*args),
        Some(Command::Init(args)) => init::run(&args, &WorkTree::new(Utf8PathBuf::new())),
        Some(Command::Rules(args)) => rules::list(&args),
        Some(Command::Rule(args)) => rules::show(&args),
        Some(Command::Completions(args)) => shell::completions(&args),
        Some(Command::Man(args)) => shell::man(&args),
    }
}

/// Lints the files on disk, or what Git is about to commit.
fn check(mut args: CheckArgs) -> Result<Exit, Failure> {
    let tree = args.input.settle();
    let environment = Environment::read();
    if args.mode.hook {
        hook::run(args, environment)
    } else if args.mode.watch {
        if args.input.reads_stdin() {
            return Err(Failure::usage("standard input cannot be watched")
                .with_help("name files and folders, or leave `--watch` out"));
        }
        watch::run(&args, &tree, environment)
    } else {
        check::run(&args, &tree, environment)
    }
}
