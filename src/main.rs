//! The `mtls-lint` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    mtls_lint::cli::main()
}
