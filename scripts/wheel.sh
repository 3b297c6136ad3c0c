#!/usr/bin/env bash
# Makes the package for PyPI and tries it in an environment of its own.
#
#   scripts/wheel.sh wheel DIR      the wheel for this machine; on Linux for glibc 2.17 and later (manylinux2014), linked by zig
#   scripts/wheel.sh sdist DIR      the source distribution; the trial builds it from itself alone
#
# Takes Python and pip, which fetch maturin (and zig), and Rust. A wheel that is to be published also takes what
# `scripts/licences.sh` writes to target/about.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
[[ $# == 2 && "$1" =~ ^(wheel|sdist)$ ]] || { printf 'usage: %s wheel|sdist DIR\n' "$0" >&2 && exit 2; }
mkdir -p "$2"
dist="$(cd "$2" && pwd)"
version="$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml")"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# An environment with nothing in it; its programs are then in the folder that `programs` prints.
environment() {
    python3 -m venv "$scratch/$1"
}

programs() {
    if [[ -d "$scratch/$1/Scripts" ]]; then printf '%s' "$scratch/$1/Scripts"; else printf '%s' "$scratch/$1/bin"; fi
}

environment build
packages=(maturin==1.16.0)
options=()
if [[ "$(uname -s)" == Linux ]]; then
    packages+=(ziglang==0.17.1)
    options=(--zig --compatibility manylinux2014)
fi
PATH="$(programs build):$PATH"
pip install --quiet "${packages[@]}"
cd "$root/pypi"
case "$1" in
wheel)
    # maturin takes no licence from outside of the folder. What is in the program has licences too.
    trap 'rm -rf "$scratch" "$root"/pypi/{LICENSE-*,THIRD-PARTY-LICENSES.txt}' EXIT
    cp "$root"/LICENSE-* .
    [[ ! -s "$root/target/about/THIRD-PARTY-LICENSES.txt" ]] || cp "$root/target/about/THIRD-PARTY-LICENSES.txt" .
    maturin build --release --locked ${options[@]+"${options[@]}"} --out "$scratch/out"
    made="$(echo "$scratch"/out/mtls_lint-"$version"-py3-none-*.whl)"
    [[ "$(uname -s)" != Linux || "$made" == *manylinux_2_17_* ]] || fail "the tag is that of $made"
    python3 -m zipfile --list "$made" | grep licenses/LICENSE-MIT >/dev/null || fail "there is no licence in $made"
    ;;
sdist)
    maturin sdist --out "$scratch/out"
    made="$scratch/out/mtls_lint-$version.tar.gz"
    ! tar -tzf "$made" | grep -E '\.(whl|gz)$|/(target|dist)/' || fail 'it holds what was built before'
    ;;
esac
[[ -s "$made" ]] || fail "there is no $made"

# Outside of the repository, with no registry of wheels but PyPI.
environment try
cd "$scratch"
"$(programs try)/pip" install --quiet "$made"
program="$(programs try)/mtls-lint"
[[ "$("$program" --version)" == "mtls-lint $version" ]] || fail "it is not version $version"
status=0
"$program" "$root/testdata/seed/istio-1.0" >log || status=$?
[[ "$status" == 1 ]] || fail "the story ends with $status: $(cat log)"
cp "$made" "$dist"
printf 'ok: %s\n' "$(basename "$made")"
