# The commands of a working day; `just` lists them.

_default:
    @just --list

# Formatting and lints.
check:
    cargo fmt --check
    cargo clippy --all-targets --locked -- -D warnings

# All tests, or those whose name contains a word.
test *filter:
    INSTA_UPDATE=no cargo test --locked {{ filter }}

# Takes today's output as the expected one: snapshots, rule pages, schemas. Review the diff like code.
bless:
    INSTA_UPDATE=always BLESS=1 cargo test --locked --no-fail-fast

# The benchmarks, or those whose name contains a word.
bench *filter:
    cargo bench --locked --bench lint -- {{ filter }}

# The documentation as a book in target/book, with its links, contents and outputs checked; takes mdBook (`cargo install mdbook`).
book:
    cargo test --locked --test book
    mdbook build

# Runs the hooks, the action and the commands for other CI systems as their users do, with what is installed of pre-commit, prek,
# act, zizmor, actionlint, hadolint, reviewdog, kustomize.
# Then the SARIF multitool judges the reports, and the README runs on a fresh machine. Hooks are built from source and from a
# wheel, so all of this takes half an hour.
integration:
    cargo build --locked
    scripts/wheel.sh wheel target/wheels
    scripts/pre-commit-test.sh --src --wheel target/wheels
    scripts/action-test.sh
    scripts/other-ci-test.sh
    scripts/sarif-test.sh
    scripts/fresh-machine-test.sh

# The archive of a release for this machine, in dist, tried; takes cargo-about and cargo-cyclonedx.
package:
    scripts/licences.sh
    scripts/package.py
    scripts/package-test.sh dist/mtls-lint-"$(rustc --print host-tuple)".tar.gz

# The wheel for this machine and the source distribution, in dist, tried.
wheel:
    scripts/wheel.sh wheel dist
    scripts/wheel.sh sdist dist

# Uses the page of `mtls-lint graph` in headless Chromium, with clicks and keys; takes Node.js and Chromium.
picture:
    cargo test --locked --test graph
    npm install --prefix scripts --no-audit --no-fund
    node scripts/graph-browser-test.mjs

# Everything that must hold before a change is merged.
ready:
    .ci/run
