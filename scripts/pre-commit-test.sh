#!/usr/bin/env bash
# Runs the hooks as pre-commit and prek run them, in throw-away repositories. Skips what is not installed, and says so.
#
#   scripts/pre-commit-test.sh [--src] [--wheel DIR]
#
# --src        also build and run `mtls-lint-src` (some minutes)
# --wheel DIR  also run `mtls-lint` with the wheel in a folder (`cd pypi && maturin build --out DIR` made it)
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
breaker=apps/circuit-breaker.yaml
builds_source=false
wheels=

while (($#)); do
    case "$1" in
    --src) builds_source=true ;;
    --wheel) wheels="$(cd "$2" && pwd)" && shift ;;
    *) printf 'usage: %s [--src] [--wheel DIR]\n' "$0" >&2 && exit 2 ;;
    esac
    shift
done

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
export GIT_CONFIG_GLOBAL=/dev/null PRE_COMMIT_HOME="$scratch/pre-commit" PREK_HOME="$scratch/prek"
unset GIT_DIR GIT_INDEX_FILE GIT_WORK_TREE

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    [[ -f "$scratch/log" ]] && cat "$scratch/log" >&2
    exit 1
}

git_at() {
    git -C "$1" -c user.name=t -c user.email=t@example.com -c commit.gpgsign=false "${@:2}"
}

# A repository with the story of the linter, without the rule that breaks mutual TLS.
new_repository() {
    local repository
    repository="$(mktemp -d "$scratch/repository.XXXXXX")"
    cp -r "$root/testdata/seed/istio-1.0/." "$repository"
    mv "$repository/$breaker" "$repository.breaker"
    git_at "$repository" init --quiet --initial-branch=main
    git_at "$repository" add --all
    git_at "$repository" commit --quiet --message=start
    printf '%s' "$repository"
}

# What the hook must do with a repository: `expect STATUS PATTERN COMMAND…`.
expect() {
    local wanted="$1" pattern="$2" status=0
    shift 2
    "$@" >"$scratch/log" 2>&1 || status=$?
    [[ "$status" == "$wanted" ]] || fail "$* ended with $status, not $wanted"
    grep -q -- "$pattern" "$scratch/log" || fail "$* did not print: $pattern"
}

# A commit that breaks mutual TLS is refused, in the ways in which it can be made.
use() {
    local tool="$1" id="$2" hooks="$3" repository
    repository="$(new_repository)"
    printf 'repos: [{repo: "%s", rev: "%s", hooks: [{id: %s}]}]\n' \
        "$hooks" "$(git -C "$hooks" rev-parse HEAD)" "$id" >"$repository.config.yaml"
    local run=("$tool" run --config "$repository.config.yaml" --verbose)
    cd "$repository"

    cp "$repository.breaker" "$breaker"
    expect 0 'Passed' "${run[@]}"                            # it is not staged
    git add "$breaker"
    expect 1 'error\[override-drops-mtls\]' "${run[@]}"
    printf '# more\n' >>"$breaker"
    sed -i.orig 's/^  trafficPolicy:$/&\n    tls: {mode: ISTIO_MUTUAL}/' "$breaker" && rm "$breaker.orig"
    expect 1 'error\[override-drops-mtls\]' "${run[@]}"      # what is staged counts
    git add "$breaker"
    expect 0 'Passed' "${run[@]}"
    git_at . commit --quiet --message=sound
    git rm --quiet mesh/destination-rule.yaml mesh/mesh-policy.yaml
    expect 0 'Passed' "${run[@]}"
    git_at . reset --quiet --hard
    git rm --quiet mesh/destination-rule.yaml
    expect 1 'error\[' "${run[@]}"                           # a commit that only deletes
    git_at . reset --quiet --hard
    cp "$repository.breaker" "$breaker"
    git_at . commit --quiet --all --message=broken
    expect 1 'error\[override-drops-mtls\]' "${run[@]}" --all-files
    expect 1 'error\[override-drops-mtls\]' "${run[@]}" --from-ref HEAD~1 --to-ref HEAD
    printf 'text\n' >README.md
    git add README.md
    expect 0 'Passed' "${run[@]}"                            # nothing that matters
    git reset --quiet --hard
    use_files "${run[@]}"
    printf 'ok: %s %s\n' "$tool" "$id"
}

# A file that Git does not track, one that is renamed, and three thousand.
use_files() {
    local repository index
    repository="$(new_repository)"
    cd "$repository"
    cp "$repository.breaker" "$breaker"
    printf '# more\n' >>mesh/destination-rule.yaml
    git add mesh
    expect 0 "does not track: .*$breaker" "$@"                    # it is named, and does not count
    git add "$breaker"
    git_at . commit --quiet --message=broken
    git mv "$breaker" apps/breaker.yaml
    expect 1 'apps/breaker.yaml:.*error\[override-drops-mtls\]' "$@"
    git_at . reset --quiet --hard HEAD~1
    mkdir many
    for ((index = 0; index < 3000; index++)); do
        printf 'apiVersion: v1\nkind: Service\nmetadata: {name: s%d, namespace: many}\nspec: {ports: [{port: 80}]}\n' \
            "$index" >"many/$index.yaml"
    done
    git add many
    expect 0 'Passed' "$@"
    cp "$repository.breaker" "$breaker"
    git add "$breaker"
    expect 1 'error\[override-drops-mtls\]' "$@" --files many/*.yaml "$breaker"
    git_at . reset --quiet --hard
}

# The hook as somebody tries it before adding it to a repository.
try_repository() {
    local tool="$1" id="$2" hooks="$3" repository
    repository="$(new_repository)"
    cd "$repository"
    expect 0 'Passed' "$tool" try-repo "$hooks" "$id" --verbose
    cp "$repository.breaker" "$breaker"
    git add "$breaker"
    expect 1 'error\[override-drops-mtls\]' "$tool" try-repo "$hooks" "$id" --verbose
    printf 'ok: %s try-repo %s\n' "$tool" "$id"
}

# What the README says, to the letter: the address is that of the hooks on disk, and the tag is there.
use_readme() {
    local tool="$1" hooks="$2" repository
    repository="$(new_repository)"
    cd "$repository"
    # shellcheck disable=SC2016 # nothing may expand this
    sed -n '/^# .pre-commit-config.yaml$/,/^```$/{/^```$/!p}' "$root/README.md" >.pre-commit-config.yaml
    grep -q 'id: mtls-lint' .pre-commit-config.yaml || fail 'the README has no configuration of the hook'
    local address tag
    address="$(sed -n 's/.*repo: *//p' .pre-commit-config.yaml)"
    tag="$(sed -n 's/.*rev: *//p' .pre-commit-config.yaml)"
    git_at "$hooks" tag --force "$tag" >/dev/null
    # Of Git's variables pre-commit hands on these alone.
    local redirected=(env GIT_CONFIG_COUNT=1 "GIT_CONFIG_KEY_0=url.$hooks.insteadOf" "GIT_CONFIG_VALUE_0=$address")
    git add .pre-commit-config.yaml
    expect 0 '[Ii]nstalled' "${redirected[@]}" "$tool" install
    cp "$repository.breaker" "$breaker"
    git add "$breaker"
    expect 1 'error\[override-drops-mtls\]' "${redirected[@]}" \
        git -c user.name=t -c user.email=t@example.com commit --message=broken
    printf 'ok: %s with the configuration of the README\n' "$tool"
}

# The hooks as a repository of their own, as they are on disk.
hooks="$scratch/hooks"
mkdir "$hooks"
(cd "$root" && git ls-files -z --cached --others --exclude-standard | tar --null --files-from=- -cf -) |
    tar -xf - -C "$hooks"
git_at "$hooks" init --quiet
git_at "$hooks" add --all
git_at "$hooks" commit --quiet --message=hooks

program="$(command -v mtls-lint || true)"
[[ -n "$program" ]] || program="$root/target/debug/mtls-lint"
[[ -x "$program" ]] || fail "no mtls-lint on the PATH and none in target/debug; cargo build makes it"
PATH="$(dirname "$program"):$PATH"

for tool in pre-commit prek; do
    if ! command -v "$tool" >/dev/null; then
        printf 'skipped: %s is not installed\n' "$tool"
        continue
    fi
    "$tool" validate-manifest "$root/.pre-commit-hooks.yaml"
    use "$tool" mtls-lint-system "$hooks"
    try_repository "$tool" mtls-lint-system "$hooks"
    if [[ "$builds_source" == true ]]; then
        use "$tool" mtls-lint-src "$hooks"
        try_repository "$tool" mtls-lint-src "$hooks"
    fi
    if [[ -n "$wheels" ]]; then
        export PIP_FIND_LINKS="$wheels" UV_FIND_LINKS="$wheels"
        use "$tool" mtls-lint "$hooks"
        try_repository "$tool" mtls-lint "$hooks"
        use_readme "$tool" "$hooks"
    fi
done
