#!/usr/bin/env bash
# Runs the commands of the README, as they are written, as somebody who has Git and Rust and nothing else: a new home, empty caches,
# a clone of the last commit, the crates from crates.io. It builds for some minutes.
#
#   scripts/fresh-machine-test.sh
#
# What needs a program that is not installed is skipped with a printed line.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
for tool in git cargo rustc; do
    command -v "$tool" >/dev/null || { printf 'skipped: %s is not installed\n' "$tool" && exit 0; }
done
[[ -z "$(git -C "$root" status --porcelain)" ]] || printf 'what is not committed is not tried\n'
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
clone="$scratch/work/mtls-lint"
project="$scratch/project"
mkdir "$scratch/work" "$scratch/home"

# Rust stays where it is; all else that is taken from the environment is what a login gives.
rustup="${RUSTUP_HOME:-$HOME/.rustup}"
[[ ! -d "$rustup" ]] || export RUSTUP_HOME="$rustup"
rust="$(dirname "$(command -v cargo)")"
export HOME="$scratch/home" GITHUB_STEP_SUMMARY="$scratch/summary.md" MANPAGER=cat
mkdir "$scratch/rust"
for program in cargo rustc rustdoc rustfmt; do
    [[ ! -x "$rust/$program" ]] || ln -s "$rust/$program" "$scratch/rust/$program"
done
PATH="$HOME/.cargo/bin:$scratch/rust:/usr/local/bin:/usr/bin:/bin"
unset CARGO_HOME CARGO_TARGET_DIR RUSTFLAGS RUSTC_WRAPPER XDG_CACHE_HOME XDG_CONFIG_HOME MTLS_LINT_CONFIG
unset GIT_DIR GIT_INDEX_FILE GIT_WORK_TREE
git config --global user.name t
git config --global user.email t@example.com
git config --global "url.file://$root.insteadOf" https://github.com/mtls-lint/mtls-lint

# `commands FILE FIRST`: the commands in the fences for a shell of a page, from a line that begins with FIRST on.
commands() {
    awk -v first="$2" '
        /^```sh$/ { fenced = 1; next }
        /^```/ { fenced = 0 }
        index($0, first) == 1 { started = 1 }
        fenced && started && NF
    ' "$1"
}

# A program of a pipeline that is not there.
lacking() {
    local program
    while read -r program _; do
        command -v "$program" >/dev/null || { printf '%s' "$program" && return; }
    done < <(printf '%s\n' "$1" | sed 's/ *#.*//' | tr '|' '\n')
}

# `try FOLDER COMMAND`: 1 says that there are findings, which is what the linter is for.
try() {
    local start=$SECONDS status=0 program
    program="$(lacking "$2")"
    if [[ -n "$program" ]]; then
        printf 'skipped: %s (%s is not installed)\n' "$2" "$program"
        return
    fi
    if [[ "$2" == *--watch* ]]; then
        # Somebody looks for some seconds, and presses Ctrl-C.
        (cd "$1" && timeout --foreground --signal=INT 5 bash -c "exec $2") >"$scratch/log" 2>&1 </dev/null || status=$?
        [[ "$status" != 124 && "$status" != 130 ]] || status=0
    else
        (cd "$1" && bash -o pipefail -c "$2") >"$scratch/log" 2>&1 </dev/null || status=$?
    fi
    if ((status > 1)) || [[ "$status" == 1 && ! "$2" =~ ^(mtls-lint|cargo run|kustomize) ]]; then
        printf 'FAILED with %s: %s\n' "$status" "$2" >&2
        tail -n 40 "$scratch/log" >&2
        exit 1
    fi
    printf 'ok: %s (%s, %s s)\n' "$2" "$status" "$((SECONDS - start))"
}

# What "With cargo" of docs/install.md says, up to the first output of the program.
while read -r command; do
    case "$command" in
    'cd '*) continue ;; # the folder of those below
    'git clone '*) try "$scratch/work" "$command" ;;
    *) try "$clone" "$command" ;;
    esac
    [[ "$command" != 'mtls-lint --version' ]] || break
done < <(commands "$root/docs/install.md" 'git clone')

# A repository that has what the README names: folders, a file, an overlay, a branch to compare with.
mkdir -p "$project/overlays/prod"
cp -r "$clone/testdata/seed/istio-1.0/." "$project"
mv "$project/apps/circuit-breaker.yaml" "$scratch/rule.yaml"
printf 'resources: [limits.yaml]\nnamespace: prod\n' >"$project/overlays/prod/kustomization.yaml"
printf 'apiVersion: v1\nkind: LimitRange\nmetadata: {name: limits}\n' >"$project/overlays/prod/limits.yaml"
git -C "$project" init --quiet --initial-branch=main
git -C "$project" add --all
git -C "$project" commit --quiet --message=start
git -C "$project" update-ref refs/remotes/origin/main HEAD
mv "$scratch/rule.yaml" "$project/rule.yaml"
git -C "$project" add --all
git -C "$project" commit --quiet --message=break

while read -r command; do
    case "$command" in
    'cargo '*) try "$clone" "$command" ;;
    *) try "$project" "$command" ;;
    esac
done < <(commands "$root/README.md" 'cargo run')
[[ -s "$project/mtls.sarif" && -s "$GITHUB_STEP_SUMMARY" ]] || { printf 'FAILED: a report is missing\n' >&2 && exit 1; }
[[ -z "$(git -C "$clone" status --porcelain)" ]] || { printf 'FAILED: the clone has changed\n' >&2 && exit 1; }
printf 'ok: the README on a fresh machine, after %s s\n' "$SECONDS"
